# %% [markdown]
# # Save and load, in TensorFlow
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np
import tensorflow as tf

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"

# %% [markdown]
# A network is its variables, here by name. A `tf.Module` or a Keras model would keep them as attributes.


# %% The network
def logits(network, images):
    maps = tf.nn.relu(tf.nn.conv2d(images, network["conv_kernel"], 1, "VALID") + network["conv_bias"])
    flat = tf.reshape(maps, (len(images), -1))
    return (flat @ network["dense_kernel"] + network["dense_bias"]).numpy()


# %% [markdown]
# TensorFlow's layout is channels last. A variable that is there already gets an array by `assign`.


# %% Weights in and out
def write(weights):
    return {name: tf.Variable(array) for name, array in zip(NAMES, weights, strict=True)}


def read(network):
    return tuple(variable.numpy() for variable in network.values())


# %% [markdown]
# A checkpoint holds the values of all variables that it is given, by name. What isn't found in the file is left as it
# is, without a word, unless one asks. What comes back is a new network, which has read the file of one with these
# weights.


# %% A file
def through_file(weights):
    first, second = write(weights), write([tf.zeros_like(array) for array in weights])
    with tempfile.TemporaryDirectory() as folder:
        tf.train.Checkpoint(**first).write(f"{folder}/weights")
        tf.train.Checkpoint(**second).read(f"{folder}/weights").assert_consumed()
    return second


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(write((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
