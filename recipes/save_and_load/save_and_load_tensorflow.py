# %% [markdown]
# # Save and load, in TensorFlow
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np
import tensorflow as tf


# %% The network
class Network(tf.Module):
    """Zeros of these weights' sizes and precision."""

    def __init__(self, weights):
        super().__init__()
        self.conv_kernel, self.conv_bias, self.dense_kernel, self.dense_bias = map(
            tf.Variable, map(np.zeros_like, weights)
        )

    def __call__(self, images):
        maps = tf.nn.relu(tf.nn.conv2d(images, self.conv_kernel, 1, "VALID") + self.conv_bias)
        return tf.reshape(maps, (len(images), -1)) @ self.dense_kernel + self.dense_bias


def network(maps, weights):
    return Network(weights)


def logits(network, images):
    return network(images).numpy()


# %% [markdown]
# TensorFlow's layout is channels last.


# %% Weights in and out
def variables(network):
    return network.conv_kernel, network.conv_bias, network.dense_kernel, network.dense_bias


def write(network, maps, weights):
    for variable, array in zip(variables(network), weights, strict=True):
        variable.assign(array)
    return network


def read(network, maps):
    return tuple(variable.numpy() for variable in variables(network))


# %% [markdown]
# A checkpoint holds the values of all variables that it finds in an object, by the names of its attributes. What isn't
# found in the file is left as it is, without a word, unless one asks.


# %% A file
def save(network, path):
    tf.train.Checkpoint(network).write(path)


def load(network, path):
    tf.train.Checkpoint(network).read(path).assert_consumed()
    return network


# %% Round trip
def through_file(maps, weights):
    """A new network that read the file of one with these weights."""
    with tempfile.TemporaryDirectory() as folder:
        save(write(network(maps, weights), maps, weights), f"{folder}/weights")
        return load(network(maps, weights), f"{folder}/weights")


def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(maps, weights), maps, weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    weights = [random.random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    back = round_trip((4, 3), *weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
