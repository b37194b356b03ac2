# %% [markdown]
# # Save and load, in TensorFlow 1
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"

# %% [markdown]
# A network is its variables, by the names under which they will be saved.


# %% The network
def logits(network, images):
    maps = tf.nn.conv2d(images, network["conv_kernel"], strides=[1, 1, 1, 1], padding="VALID") + network["conv_bias"]
    flat = tf.reshape(tf.nn.relu(maps), [len(images), -1])
    return tf.matmul(flat, network["dense_kernel"]) + network["dense_bias"]


# %% [markdown]
# TensorFlow's layout is channels last. Values live in a session, not in the graph: there the variables get them when
# the initialiser runs.


# %% Weights in and out
def write(session, weights):
    network = {name: tf.Variable(array, name=name) for name, array in zip(NAMES, weights, strict=True)}
    session.run(tf.global_variables_initializer())
    return network


def read(network):
    return tuple(network.values())


# %% [markdown]
# A `Saver` writes the graph's variables by name, and must be made after them. Two sessions are two networks, as values
# live in sessions: the second one gets its values from the file of the first alone, and gives what is asked for.


# %% A file
def through_file(weights, fetch):
    with TemporaryDirectory() as folder, tf.Graph().as_default(), tf.Session() as first, tf.Session() as second:
        network = write(first, weights)
        saver = tf.train.Saver()
        saver.save(first, f"{folder}/weights")
        saver.restore(second, f"{folder}/weights")
        return second.run(fetch(network))


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(logits(write(session, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images))


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return through_file((conv_kernel, conv_bias, dense_kernel, dense_bias), lambda network: logits(network, images))


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return through_file((conv_kernel, conv_bias, dense_kernel, dense_bias), read)


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
