# %% [markdown]
# # The vanishing gradient, in TensorFlow 1
# Each step back through a layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's
# slope is at most 1/4. So the first layer of a deep network gets next to nothing of what the last one gets.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% The network
def forward(images, kernels, biases, activation):
    layer = images
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        layer = getattr(tf.nn, activation)(tf.matmul(layer, kernel) + bias)
    return tf.matmul(layer, kernels[-1]) + biases[-1]  # logits (N, 10)


# %% [markdown]
# The cross-entropy of ten independent sigmoids, as in Nielsen's book: added up over the ten, the mean over the images.


# %% The cost
def cost(logits, labels):
    targets = tf.one_hot(labels, 10, dtype=logits.dtype)
    by_output = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)  # (N, 10)
    return tf.reduce_mean(tf.reduce_sum(by_output, axis=1))


# %% [markdown]
# `tf.gradients` adds the backward pass to the graph; what is asked for here is only its norms.


# %% Gradients
def norms(which, images, labels, first, rest, last, biases, last_bias, activation):
    """Of the gradients of the mean cost by the kernels (`which` is 0) or the biases (1), first layer first."""
    with tf.Graph().as_default(), tf.Session() as session:
        kernels = [tf.Variable(kernel) for kernel in (first, *rest, last)]
        biases = [tf.Variable(bias) for bias in (*biases, last_bias)]
        value = cost(forward(tf.constant(images), kernels, biases, activation), labels)
        found = [tf.norm(gradient) for gradient in tf.gradients(value, (kernels, biases)[which])]
        session.run(tf.global_variables_initializer())
        return np.array(session.run(found))


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
