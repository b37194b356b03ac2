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
# A network is its variables: zeros at first, by the names under which they will be saved.


# %% The network
def network(weights):
    return {name: tf.Variable(0 * array, name=name) for name, array in zip(NAMES, weights, strict=True)}


def logits(network, images):
    maps = tf.nn.conv2d(images, network["conv_kernel"], strides=[1, 1, 1, 1], padding="VALID") + network["conv_bias"]
    flat = tf.reshape(tf.nn.relu(maps), [len(images), -1])
    return tf.matmul(flat, network["dense_kernel"]) + network["dense_bias"]


# %% [markdown]
# TensorFlow's layout is channels last. Values live in a session, not in the graph.


# %% Weights in and out
def write(session, network, weights):
    for variable, array in zip(network.values(), weights, strict=True):
        variable.load(array, session)
    return network


def read(session, network):
    return tuple(session.run(list(network.values())))


# %% [markdown]
# A `Saver` writes the graph's variables by name, and must be made after them. Two sessions are two networks, as values
# live in sessions: the second one reads the file of the first. `use` is given it, and the variables.


# %% A file
def through_file(weights, use):
    with TemporaryDirectory() as folder, tf.Graph().as_default(), tf.Session() as first, tf.Session() as second:
        variables = write(first, network(weights), weights)
        saver = tf.train.Saver()
        saver.save(first, f"{folder}/weights")
        saver.restore(second, f"{folder}/weights")
        return use(second, variables)


# %% Round trip
def answers(images, maps, *weights):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(logits(write(session, network(weights), weights), images))


def reloaded(images, maps, *weights):
    return through_file(weights, lambda session, network: session.run(logits(network, images)))


def round_trip(maps, *weights):
    return through_file(weights, read)


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
