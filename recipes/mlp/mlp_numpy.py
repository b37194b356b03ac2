# %% [markdown]
# # A network with a hidden layer, in NumPy
# Matrix products forwards, the chain rule backwards: with a loop over the layers, backpropagation takes a dozen lines.

# %% Init
from itertools import pairwise
from math import erf, pi
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlretrieve

import numpy as np

# %% [markdown]
# The model is a dictionary of arrays, He-normal kernels and zero biases, and the name of the activation, which bends
# what each hidden layer gives. Without one, several layers could be multiplied into a single one. NumPy has no erf, but
# Python has.


# %% Network
def normal(x):  # the share of a normal distribution below x
    return (1 + np.vectorize(erf, [float])(x / 2**0.5)).astype(x.dtype) / 2


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # of SELU
activations = {  # the function; and its slope, of what the function was given and gave
    "relu": (lambda x: np.maximum(x, 0), lambda x, y: y > 0),
    "sigmoid": (lambda x: (1 + np.tanh(x / 2)) / 2, lambda x, y: y * (1 - y)),
    "tanh": (np.tanh, lambda x, y: 1 - y**2),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x, y: np.where(x > 0, 1, 0.01).astype(x.dtype)),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x, y: np.minimum(y, 0) + 1),
    "selu": (
        lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x, y: np.where(x > 0, x.dtype.type(SCALE), y + SCALE * ALPHA),
    ),
    "gelu": (lambda x: x * normal(x), lambda x, y: normal(x) + x * np.exp(-x * x / 2) / (2 * pi) ** 0.5),
    "none": (lambda x: x, lambda x, y: 1),
}


def variables(seed=0, hidden=(100,), activation="relu"):
    random, parameters = np.random.default_rng(seed), {}
    for number, shape in enumerate(pairwise((784, *hidden, 10)), 1):
        parameters[f"dense{number}_kernel"] = random.normal(0, np.sqrt(2 / shape[0]), shape).astype(np.float32)
        parameters[f"dense{number}_bias"] = np.zeros(shape[1], np.float32)
    return SimpleNamespace(parameters=parameters, activation=activation)


def network(model, images):
    activate, _ = activations[model.activation]
    inputs, sums, last = [images.reshape(len(images), -1)], [], len(model.parameters) // 2  # (N, 784)
    for number in range(1, last + 1):
        sums.append(inputs[-1] @ model.parameters[f"dense{number}_kernel"] + model.parameters[f"dense{number}_bias"])
        inputs.append(activate(sums[-1]) if number < last else sums[-1])
    return inputs.pop(), inputs, sums  # the logits (N, 10), and what each layer is given and adds up


# %% [markdown]
# The gradient of the loss for the logits is probability minus truth. Each layer hands on to the one before it what its
# kernel, transposed, and the slope of the activation make of its gradient.


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits, inputs, sums = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()

    _, slope = activations[model.activation]
    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    gradients = {}
    for number in range(len(inputs), 0, -1):
        gradients[f"dense{number}_kernel"] = inputs[number - 1].T @ gradient
        gradients[f"dense{number}_bias"] = gradient.sum(axis=0)
        if number > 1:
            gradient = gradient @ model.parameters[f"dense{number}_kernel"].T
            gradient = gradient * slope(sums[number - 2], inputs[number - 1])
    return loss, gradients


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model.parameters[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# The highest score is the answer; it needs no softmax.


# %% Evaluate
def predict(model, images):
    return network(model, images)[0]


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
