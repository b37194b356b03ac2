# %% [markdown]
# # Save and load, in TensorFlow 1
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"


# %% The network
def network(weights):
    """A new one's variables: zeros, by the names under which they will be saved."""
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


def read(session, network):
    return tuple(session.run(list(network.values())))


# %% [markdown]
# A `Saver` writes the graph's variables by name, and must be made after them.


# %% A file
def through_file(weights, use):
    """What `use` makes of a session and a new network that has read the file of one with these weights."""
    with tempfile.TemporaryDirectory() as folder:
        with tf.Graph().as_default(), tf.Session() as session:
            write(session, network(weights), weights)
            tf.train.Saver().save(session, f"{folder}/weights")
        with tf.Graph().as_default(), tf.Session() as session:
            second = network(weights)
            tf.train.Saver().restore(session, f"{folder}/weights")
            return use(session, second)


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    with tf.Graph().as_default(), tf.Session() as session:
        first = network(weights)
        write(session, first, weights)
        return session.run(logits(first, images))


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return through_file(weights, lambda session, network: session.run(logits(network, images)))


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return through_file((conv_kernel, conv_bias, dense_kernel, dense_bias), read)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    shapes = {"conv_kernel": (3, 3, 1, 2), "conv_bias": (2,), "dense_kernel": (24, 5), "dense_bias": (5,)}
    weights = {name: random.random(shape, np.float32) for name, shape in shapes.items()}
    back = round_trip((4, 3), **weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights.values(), back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), **weights))
