# %% [markdown]
# # Save and load, in TensorFlow 1
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% The network
def variables(weights):
    """A new network's, by the names under which they will be saved: zeros."""
    names = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"
    return [tf.Variable(np.zeros_like(array), name=name) for name, array in zip(names, weights, strict=True)]


def logits(variables, images):
    conv_kernel, conv_bias, dense_kernel, dense_bias = variables
    maps = tf.nn.relu(tf.nn.conv2d(images, conv_kernel, strides=[1, 1, 1, 1], padding="VALID") + conv_bias)
    return tf.matmul(tf.reshape(maps, [len(images), -1]), dense_kernel) + dense_bias


# %% [markdown]
# TensorFlow's layout is channels last. Values live in a session, not in the graph.


# %% Weights in and out
def write(session, network, weights):
    for variable, array in zip(network, weights, strict=True):
        variable.load(array, session)


def read(session, network):
    return tuple(session.run(network))


# %% [markdown]
# A `Saver` writes the graph's variables by name, and must be made after them.


# %% A file
def save(session, path):
    tf.train.Saver().save(session, path)


def load(session, path):
    tf.train.Saver().restore(session, path)


# %% Round trip
def first(weights, use):
    """What `use` makes of the session and the variables of a network with these weights."""
    with tf.Graph().as_default(), tf.Session() as session:
        network = variables(weights)
        write(session, network, weights)
        return use(session, network)


def second(weights, use):
    """The same with a new graph, whose variables are read from the first one's file."""
    with tempfile.TemporaryDirectory() as folder:
        first(weights, lambda session, network: save(session, f"{folder}/weights"))
        with tf.Graph().as_default(), tf.Session() as session:
            network = variables(weights)
            load(session, f"{folder}/weights")
            return use(session, network)


def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return first(weights, lambda session, network: session.run(logits(network, images)))


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return second(weights, lambda session, network: session.run(logits(network, images)))


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return second((conv_kernel, conv_bias, dense_kernel, dense_bias), read)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    weights = [random.random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    back = round_trip((4, 3), *weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
