# %% [markdown]
# # The vanishing gradient, in JAX
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid, one_hot


# %% The network
def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = getattr(jax.nn, activation)(layer @ kernel + bias)
    return layer @ kernels[-1] + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.


# %% The cost
def cost(parameters, images, labels, activation):
    logits = forward(images, *parameters, activation)
    targets = one_hot(labels, 10, dtype=logits.dtype)
    return -(targets * log_sigmoid(logits) + (1 - targets) * log_sigmoid(-logits)).sum() / len(labels)


# %% [markdown]
# A gradient has the structure of what it is taken by: here two lists of arrays.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    """Of the mean cost, by the kernels and by the biases: two lists, first layer first."""
    parameters = [first, *rest, last], [*biases, last_bias]
    return jax.grad(cost)(parameters, jnp.asarray(images), labels, activation)


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[1]
    return np.array([jnp.linalg.norm(gradient) for gradient in found])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[0]
    return np.array([jnp.linalg.norm(gradient) for gradient in found])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
