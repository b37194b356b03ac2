# %% [markdown]
# # The vanishing gradient, in Keras
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import keras
import numpy as np
from keras import ops


# %% The network
def tanh(x):
    """On JAX `ops.tanh` computes in float32, whatever comes in (Keras 3.15); this doesn't."""
    u = ops.expm1(-2 * ops.abs(x))
    return -ops.sign(x) * u / (2 + u)


ACTIVATIONS = {"sigmoid": ops.sigmoid, "tanh": tanh, "relu": ops.relu}


def forward(images, kernels, biases, activation):
    """Logits (N, 10)."""
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = ACTIVATIONS[activation](layer @ kernel + bias)
    return layer @ kernels[-1] + biases[-1]


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.
# (`keras.losses.BinaryCrossentropy` takes the mean over both, a tenth of that.)


# %% The cost
def cost(kernels, biases, images, labels, activation):
    logits = forward(images, kernels, biases, activation)
    targets = ops.one_hot(labels, 10, dtype=logits.dtype)
    return ops.sum(ops.softplus(logits) - targets * logits) / len(labels)


# %% [markdown]
# Keras has no gradients to look at: each backend is asked in its own way.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    """Of the mean cost, by the kernels and by the biases: two lists, first layer first."""
    images, *tensors = [ops.convert_to_tensor(array) for array in (images, first, *rest, last, *biases, last_bias)]
    kernels, biases = tensors[: len(tensors) // 2], tensors[len(tensors) // 2 :]
    if keras.config.backend() == "jax":
        import jax

        return jax.grad(cost, argnums=(0, 1))(kernels, biases, images, labels, activation)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = cost(kernels, biases, images, labels, activation)
        return tape.gradient(value, (kernels, biases))
    for tensor in tensors:
        tensor.requires_grad_()  # PyTorch
    cost(kernels, biases, images, labels, activation).backward()
    return [kernel.grad for kernel in kernels], [bias.grad for bias in biases]


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[1]
    return np.array([np.linalg.norm(ops.convert_to_numpy(gradient)) for gradient in found])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[0]
    return np.array([np.linalg.norm(ops.convert_to_numpy(gradient)) for gradient in found])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784), np.float32), random.integers(0, 10, 100)
    shapes = {"first": (784, 100), "rest": (7, 100, 100), "last": (100, 10)}
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = {name: random.normal(0, (gain / s[-2]) ** 0.5, s).astype(np.float32) for name, s in shapes.items()}
        biases = {"biases": np.zeros((8, 100), np.float32), "last_bias": np.zeros(10, np.float32)}
        print(activation, speeds(images=images, labels=labels, activation=activation, **kernels, **biases))
