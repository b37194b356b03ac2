# %% [markdown]
# # Backpropagation by hand, in TensorFlow
# A `GradientTape` records the operations of the forward pass and is played backwards. By hand it is the same walk: each
# layer passes on how the cost changes with what it was given.

# %% Init
import numpy as np
import tensorflow as tf


# %% Forward
def network(x, y, w1, b1, w2, b2):
    """x (N, in), y (N, out): the hidden layer (N, hidden), the output (N, out), the mean cost."""
    hidden = tf.sigmoid(x @ w1 + b1)
    output = tf.sigmoid(hidden @ w2 + b2)
    return hidden, output, tf.reduce_sum((output - y) ** 2) / 2 / len(x)


def forward(x, y, w1, b1, w2, b2):
    return tuple(value.numpy() for value in network(x, y, *map(tf.constant, (w1, b1, w2, b2))))


# %% [markdown]
# A sigmoid's slope is a(1 - a): its own output is all it takes. A weight's derivative is what came in through it times
# the derivative by the neuron's input z, summed over the examples: a matrix product.


# %% Backward by hand
def gradients_by_hand(x, y, w1, b1, w2, b2):
    w1, b1, w2, b2 = map(tf.constant, (w1, b1, w2, b2))
    hidden, output, _ = network(x, y, w1, b1, w2, b2)
    by_z2 = (output - y) / len(x) * output * (1 - output)  # (N, out)
    by_z1 = tf.matmul(by_z2, w2, transpose_b=True) * hidden * (1 - hidden)  # (N, hidden)
    by_w1, by_w2 = tf.matmul(x, by_z1, transpose_a=True), tf.matmul(hidden, by_z2, transpose_a=True)
    gradients = by_w1, tf.reduce_sum(by_z1, axis=0), by_w2, tf.reduce_sum(by_z2, axis=0)
    return tuple(gradient.numpy() for gradient in gradients)


# %% [markdown]
# The tape watches variables by itself. Other tensors have to be named, or their gradient is None.


# %% Backward with the framework
def gradients_by_framework(x, y, w1, b1, w2, b2):
    weights = [tf.Variable(array) for array in (w1, b1, w2, b2)]
    with tf.GradientTape() as tape:
        _, _, cost = network(x, y, *weights)
    return tuple(gradient.numpy() for gradient in tape.gradient(cost, weights))


# %% Run
if __name__ == "__main__":
    x, y, b1, b2 = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]]), np.full(2, 0.35), np.full(2, 0.6)
    w1, w2 = np.array([[0.15, 0.25], [0.2, 0.3]]), np.array([[0.4, 0.5], [0.45, 0.55]])
    for by in (gradients_by_hand, gradients_by_framework):
        print(f"{by.__name__}, of w2:\n{by(x, y, w1, b1, w2, b2)[2]}")
