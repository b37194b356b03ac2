# %% [markdown]
# # The wrong loss, in NumPy
# What a network learns is what its loss asks for. Five losses of the same ten scores, each with its gradient by hand.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of arrays, He-normal kernels and zero biases. It ends in logits, whatever the loss makes of
# them.


# %% Network
def variables(seed=0):
    random, model = np.random.default_rng(seed), {}
    for layer, shape in {"dense1": (784, 100), "dense2": (100, 10)}.items():
        model[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / shape[0]), shape).astype(np.float32)
        model[f"{layer}_bias"] = np.zeros(shape[1], np.float32)
    return model


def network(model, images):
    inputs = images.reshape(len(images), -1)  # (N, 784)
    hidden = np.maximum(inputs @ model["dense1_kernel"] + model["dense1_bias"], 0)  # (N, 100)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"], (inputs, hidden)


# %% [markdown]
# Each function gives the loss of each image, (N,), and its gradient for the logits, (N, 10). Cross-entropy's is as
# simple as that of the squares of the logits: the exponential and the logarithm cancel. Wherever a softmax or a sigmoid
# stands alone, its own slope remains as a factor, and where it is saturated that is nearly 0.


# %% Losses
def cross_entropy(logits, truth):
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(truth * log_probabilities).sum(axis=1), np.exp(log_probabilities) - truth


def logit_squares(logits, truth):
    return ((logits - truth) ** 2).sum(axis=1), 2 * (logits - truth)


def double_softmax(logits, truth):
    return of_softmax(cross_entropy, logits, truth)


def softmax_squares(logits, truth):
    return of_softmax(logit_squares, logits, truth)


def of_softmax(loss, logits, truth):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    losses, gradient = loss(probabilities, truth)
    return losses, probabilities * (gradient - (probabilities * gradient).sum(axis=1, keepdims=True))


def sigmoid_squares(logits, truth):
    outputs = (1 + np.tanh(logits / 2)) / 2
    losses, gradient = logit_squares(outputs, truth)
    return losses / 2, gradient / 2 * outputs * (1 - outputs)


losses = {f.__name__: f for f in (cross_entropy, double_softmax, softmax_squares, sigmoid_squares, logit_squares)}


# %% Train
def loss_and_gradients(model, images, labels, loss):
    """The mean loss, and its gradient for each array of the model."""
    logits, (inputs, hidden) = network(model, images)
    each, gradient = losses[loss](logits, np.eye(10, dtype=logits.dtype)[labels])
    gradient = gradient / len(labels)  # (N, 10)
    gradient_of_hidden = gradient @ model["dense2_kernel"].T * (hidden > 0)
    return each.mean(), {
        "dense1_kernel": inputs.T @ gradient_of_hidden,
        "dense1_bias": gradient_of_hidden.sum(axis=0),
        "dense2_kernel": hidden.T @ gradient,
        "dense2_bias": gradient.sum(axis=0),
    }


def train(
    model,
    images,
    labels,
    *,
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    loss="cross_entropy",
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            mean, gradients = loss_and_gradients(model, images[batch], labels[batch], loss)
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
            total += mean * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The highest score is the answer, whichever loss it was trained with: softmax and sigmoid keep the order.


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
