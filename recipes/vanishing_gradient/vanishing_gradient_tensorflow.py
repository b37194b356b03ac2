# %% [markdown]
# # The vanishing gradient, in TensorFlow
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import numpy as np
import tensorflow as tf


# %% The network
def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = getattr(tf.nn, activation)(layer @ kernel + bias)
    return layer @ kernels[-1] + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.


# %% The cost
def cost(logits, labels):
    targets = tf.one_hot(labels, 10, dtype=logits.dtype)
    by_output = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)  # (N, 10)
    return tf.reduce_mean(tf.reduce_sum(by_output, axis=1))


# %% [markdown]
# The tape watches variables by itself. It gives the gradients in the structure in which it is asked for them.


# %% Gradients
def gradients(images, labels, first, rest, last, biases, last_bias, activation):
    """Of the mean cost, by the kernels and by the biases: two lists, first layer first."""
    kernels = [tf.Variable(kernel) for kernel in (first, *rest, last)]
    biases = [tf.Variable(bias) for bias in (*biases, last_bias)]
    with tf.GradientTape() as tape:
        value = cost(forward(images, kernels, biases, activation), labels)
    return tape.gradient(value, (kernels, biases))


# %% [markdown]
# A layer's speed: how long the gradient by its biases is, as a vector.


# %% Speeds
def speeds(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[1]
    return np.array([tf.norm(gradient) for gradient in found])


def kernel_norms(images, labels, first, rest, last, biases, last_bias, activation):
    found = gradients(images, labels, first, rest, last, biases, last_bias, activation)[0]
    return np.array([tf.norm(gradient) for gradient in found])


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    images, labels = random.random((100, 784)), random.integers(0, 10, 100)
    for activation, gain in (("sigmoid", 1), ("relu", 2)):
        kernels = [random.normal(0, (gain / s[-2]) ** 0.5, s) for s in ((784, 100), (7, 100, 100), (100, 10))]
        print(activation, speeds(images, labels, *kernels, np.zeros((8, 100)), np.zeros(10), activation))
