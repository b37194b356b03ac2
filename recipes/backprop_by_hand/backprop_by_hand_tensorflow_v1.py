# %% [markdown]
# # Backpropagation by hand, in TensorFlow 1
# `tf.gradients` walks backwards through the graph and adds operations for the gradients to it. By hand it is the same
# walk: each layer passes on how the cost changes with what it was given.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = tf.sigmoid(x @ w1 + b1)
    output = tf.sigmoid(hidden @ w2 + b2)
    return hidden, output, tf.reduce_sum((output - y) ** 2) / 2 / len(x)


def run(build, x, y, *weights):
    """Builds a graph for these shapes, and runs it with these weights."""
    with tf.Graph().as_default(), tf.Session() as session:
        placeholders = [tf.placeholder(array.dtype, array.shape) for array in weights]
        return tuple(session.run(build(x, y, *placeholders), dict(zip(placeholders, weights, strict=True))))


def forward(x, y, w1, b1, w2, b2):
    return run(network, x, y, w1, b1, w2, b2)


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def backward(x, y, w1, b1, w2, b2):
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = tf.matmul(by_z2, w2, transpose_b=True) * hidden * (1 - hidden)  # (N, hidden)
    by_w1, by_w2 = tf.matmul(x, by_z1, transpose_a=True), tf.matmul(hidden, by_z2, transpose_a=True)
    return by_w1, tf.reduce_sum(by_z1, axis=0), by_w2, tf.reduce_sum(by_z2, axis=0)


def gradients_by_hand(x, y, w1, b1, w2, b2):
    return run(backward, x, y, w1, b1, w2, b2)


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    return run(lambda x, y, *weights: tf.gradients(network(x, y, *weights)[2], weights), x, y, w1, b1, w2, b2)


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
