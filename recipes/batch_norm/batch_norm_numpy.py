# %% [markdown]
# # Batch normalisation, in NumPy
# Each neuron's inputs are brought to mean 0 and variance 1 within the batch. Everything is written out here, the
# gradient too: it goes back through the mean and the variance, which depend on each image of the batch.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

EPSILON = 1e-5  # beside the variance, which may be zero
KEPT = 0.9  # of a moving average, at each step

# %% [markdown]
# In training the batch's own mean and variance are used, and moving averages of them are kept for later. The variance
# is the mean of the squares, divided by N and not by N - 1. Scale and shift, gamma and beta, are learnt.


# %% Normalise
def normalise(model, layer, inputs, training):
    """Gives the outputs (N, 100), and the normal inputs and their deviation, which the gradient needs."""
    mean, variance = model[f"{layer}_moving_mean"], model[f"{layer}_moving_variance"]
    if training:
        old = mean, variance
        mean, variance = inputs.mean(axis=0), inputs.var(axis=0)
        model[f"{layer}_moving_mean"] = KEPT * old[0] + (1 - KEPT) * mean
        model[f"{layer}_moving_variance"] = KEPT * old[1] + (1 - KEPT) * variance
    deviation = np.sqrt(variance + EPSILON)
    normal = (inputs - mean) / deviation
    return model[f"{layer}_gamma"] * normal + model[f"{layer}_beta"], normal, deviation


def gradient_of_inputs(gradient, normal, deviation):
    """What is handed on: without its mean, and without its part along the normal inputs, which can't grow."""
    return (gradient - gradient.mean(axis=0) - normal * (gradient * normal).mean(axis=0)) / deviation


# %% [markdown]
# The model is a dictionary of arrays. The hidden layers need no bias: the normalisation would take it away again.


# %% Network
def variables(seed=0, hidden=(100, 100, 100)):
    random, model, fan_in = np.random.default_rng(seed), {}, 784
    for number, size in enumerate(hidden, 1):
        model[f"dense{number}_kernel"] = random.normal(0, np.sqrt(2 / fan_in), (fan_in, size))
        model |= {f"norm{number}_gamma": np.ones(size), f"norm{number}_beta": np.zeros(size)}
        model |= {f"norm{number}_moving_mean": np.zeros(size), f"norm{number}_moving_variance": np.ones(size)}
        fan_in = size
    last = len(hidden) + 1
    model[f"dense{last}_kernel"] = random.normal(0, np.sqrt(2 / fan_in), (fan_in, 10))
    model[f"dense{last}_bias"] = np.zeros(10)
    return {name: array.astype(np.float32) for name, array in model.items()}


def network(model, images, training=False):
    outputs, layers, last = images.reshape(len(images), -1), [], len(model) // 5 + 1  # (N, 784)
    for number in range(1, last):
        inputs = outputs
        scaled, *kept = normalise(model, f"norm{number}", inputs @ model[f"dense{number}_kernel"], training)
        outputs = np.maximum(scaled, 0)
        layers.append((inputs, *kept, scaled > 0))
    return outputs @ model[f"dense{last}_kernel"] + model[f"dense{last}_bias"], (layers, outputs)


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array that is trained; moves the moving averages."""
    logits, (layers, outputs) = network(model, images, training=True)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    last = len(layers) + 1
    gradients = {f"dense{last}_kernel": outputs.T @ gradient, f"dense{last}_bias": gradient.sum(axis=0)}
    for number in range(last - 1, 0, -1):
        inputs, normal, deviation, positive = layers[number - 1]
        gradient = gradient @ model[f"dense{number + 1}_kernel"].T * positive
        gradients[f"norm{number}_gamma"] = (gradient * normal).sum(axis=0)
        gradients[f"norm{number}_beta"] = gradient.sum(axis=0)
        gradient = gradient_of_inputs(gradient * model[f"norm{number}_gamma"], normal, deviation)
        gradients[f"dense{number}_kernel"] = inputs.T @ gradient
    return loss, gradients


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# With the moving averages an image's scores don't depend on the images beside it.


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    images, labels = mnist["x_train"][:5_000, ..., None] / np.float32(255), mnist["y_train"][:5_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
