# %% [markdown]
# # The vanishing gradient, in NumPy
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# %% [markdown]
# An activation, and its slope in terms of its value. The forward pass gives the images, the value of each hidden layer
# (N, units), and last the logits (N, 10): the backward pass wants them again.


# %% The network
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
}


def forward(images, kernels, biases, activation):
    layers = [images]
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layers.append(ACTIVATIONS[activation][0](layers[-1] @ kernel + bias))
    return [*layers, layers[-1] @ kernels[-1] + biases[-1]]


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: its slope is the error itself.


# %% The cost
def slope_of_cost(logits, labels):
    return (sigmoid(logits) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)


# %% [markdown]
# From the last layer to the first: each time the weights, and each time the slope. The gradients of the mean cost come
# by the kernels and by the biases, each from the first layer to the last.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    kernels = [first, *rest, last]
    *layers, logits = forward(images, kernels, [*biases, last_bias], activation)
    slope, found = slope_of_cost(logits, labels), []
    for kernel, layer in zip(kernels[::-1], layers[::-1], strict=True):
        found.insert(0, (layer.T @ slope, slope.sum(axis=0)))
        slope = (slope @ kernel.T) * ACTIVATIONS[activation][1](layer)
    return tuple(zip(*found, strict=True))


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[1]
    return np.array([np.linalg.norm(gradient) for gradient in found])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[0]
    return np.array([np.linalg.norm(gradient) for gradient in found])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
