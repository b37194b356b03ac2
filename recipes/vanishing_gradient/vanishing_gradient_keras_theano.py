# %% [markdown]
# # The vanishing gradient, in Keras 2 on Theano
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend

# %% The network
# Keras's own ReLU is (x + |x|) / 2 on Theano, whose slope at 0 is 1/2.
ACTIVATIONS = {"sigmoid": backend.sigmoid, "tanh": backend.tanh, "relu": lambda z: backend.switch(z > 0, z, 0 * z)}


def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = ACTIVATIONS[activation](backend.dot(layer, kernel) + bias)
    return backend.dot(layer, kernels[-1]) + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.


# %% The cost
def cost(logits, targets):
    return backend.mean(backend.sum(backend.softplus(logits) - targets * logits, axis=1))


# %% [markdown]
# `backend.gradients` takes a list and gives one: formulas, which `backend.function` compiles.


# %% Gradients
def norms(which, images, labels, first, rest, last, biases, last_bias, activation):
    """Of the gradients of the mean cost by the kernels (`which` is 0) or the biases (1), first layer first."""
    kernels = [backend.variable(kernel, kernel.dtype) for kernel in (first, *rest, last)]
    biases = [backend.variable(bias, bias.dtype) for bias in (*biases, last_bias)]
    targets = backend.variable(np.eye(10)[labels], images.dtype)
    value = cost(forward(backend.variable(images, images.dtype), kernels, biases, activation), targets)
    found = [backend.sqrt(backend.sum(g**2)) for g in backend.gradients(value, (kernels, biases)[which])]
    return np.array(backend.function([], found)([]))


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(1, images, labels, first, rest, last, biases, last_bias, activation)


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(0, images, labels, first, rest, last, biases, last_bias, activation)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
