# %% [markdown]
# # Dropout, in NumPy
# A mask of zeros and ones, drawn anew for each image of each batch, is multiplied with what the hidden layer gives.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of arrays, He-normal kernels and zero biases. `kept` is what dropout leaves of each neuron;
# in evaluation it is 1, and nothing else changes.


# %% Network
def variables(seed=0):
    random, model = np.random.default_rng(seed), {}
    for layer, shape in {"dense1": (784, 100), "dense2": (100, 10)}.items():
        model[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / shape[0]), shape).astype(np.float32)
        model[f"{layer}_bias"] = np.zeros(shape[1], np.float32)
    return model


def network(model, images, kept=1):
    inputs = images.reshape(len(images), -1)  # (N, 784)
    hidden = np.maximum(inputs @ model["dense1_kernel"] + model["dense1_bias"], 0) * kept  # (N, 100)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"], (inputs, hidden)


# %% [markdown]
# What is kept is made larger, so that the next layer's sums stay the same on average and evaluation needs no
# correction. Masks may also come from outside: with them two frameworks can be compared number by number.


# %% Dropout
def what_is_kept(random, images, dropout, mask=None):
    """What the hidden neurons are multiplied with, (N, 100): 0 or 1 / (1 - dropout)."""
    mask = random.random((len(images), 100)) >= dropout if mask is None else mask[: len(images)]
    return (mask / (1 - dropout)).astype(images.dtype)


# %% Train
def loss_and_gradients(model, images, labels, kept=1):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, (inputs, hidden) = network(model, images, kept)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    gradient_of_hidden = gradient @ model["dense2_kernel"].T * kept * (hidden > 0)  # through dropout and ReLU
    return loss, {
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
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    dropout=0.5,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    random, history, masks = np.random.default_rng(seed), [], iter(() if masks is None else masks)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            kept = what_is_kept(random, images[batch], dropout, next(masks, None))
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch], kept)
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Every neuron takes part: `kept` is 1.


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
    images, labels = mnist["x_train"][:1_000, ..., None] / np.float32(255), mnist["y_train"][:1_000]
    model, history = train(variables(), images, labels)
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
