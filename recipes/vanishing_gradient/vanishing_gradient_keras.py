# %% [markdown]
# # The vanishing gradient, in Keras
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import numpy as np
from keras import config, ops, tree

# %% [markdown]
# On JAX `ops.tanh` computes in float32, whatever comes in (Keras 3.15). A tanh is a sigmoid, stretched and moved.

# %% The network
ACTIVATIONS = {"sigmoid": ops.sigmoid, "tanh": lambda z: 2 * ops.sigmoid(2 * z) - 1, "relu": ops.relu}


def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = ACTIVATIONS[activation](layer @ kernel + bias)
    return layer @ kernels[-1] + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.
# (`keras.losses.BinaryCrossentropy` takes the mean over both, a tenth of that.)


# %% The cost
def cost(parameters, images, labels, activation):
    logits = forward(images, *parameters, activation)
    return ops.sum(ops.softplus(logits) - ops.one_hot(labels, 10, dtype=logits.dtype) * logits) / len(labels)


# %% [markdown]
# Keras has no gradients to look at: TensorFlow has a tape, JAX and PyTorch make one function of another.
# They come by the kernels and by the biases: two lists, first layer first.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    x, *parameters = tree.map_structure(ops.convert_to_tensor, (images, [first, *rest, last], [*biases, last_bias]))
    if config.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(parameters)
            return tape.gradient(cost(parameters, x, labels, activation), parameters)
    if config.backend() == "jax":
        from jax import grad
    else:
        from torch.func import grad
    return grad(cost)(parameters, x, labels, activation)


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def norms(tensors):
    return np.array([np.linalg.norm(ops.convert_to_numpy(tensor)) for tensor in tensors])


def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(gradients(images, labels, first, rest, last, biases, last_bias, activation)[1])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    return norms(gradients(images, labels, first, rest, last, biases, last_bias, activation)[0])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
