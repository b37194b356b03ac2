# %% [markdown]
# # Checking a gradient, in TensorFlow 1
# `tf.gradients` is right unless somebody has written a backward pass by hand, as for `tf.custom_gradient`. Then move a
# weight a little to both sides, see how the cost changes, and compare.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% The cost
def cost(x, labels, w1, w2, activation):
    hidden = getattr(tf.nn, activation)(x @ w1)  # tf.nn.tanh or tf.nn.relu, (N, hidden)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=hidden @ w2))


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by the graph's gradient: what is to be checked."""
    with tf.Graph().as_default(), tf.Session() as session:
        weights = tf.placeholder(w1.dtype, w1.shape)
        return session.run(tf.gradients(cost(x, labels, weights, w2, activation), weights)[0], {weights: w1})


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.
# The graph is built once, and fed with one start after the other. `tf.test.compute_gradient` does the same.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    with tf.Graph().as_default(), tf.Session() as session:
        weights = tf.placeholder(w1.dtype, w1.shape)
        value = cost(x, labels, weights, w2, activation)
        found = np.empty((len(steps), len(places)), w1.dtype)
        for i, j in np.ndindex(found.shape):
            right, left = w1.copy(), w1.copy()
            right.flat[places[j]] += steps[i]
            left.flat[places[j]] -= steps[i]
            found[i, j] = (session.run(value, {weights: right}) - session.run(value, {weights: left})) / (2 * steps[i])
    return found


# %% [markdown]
# The error relative to the size of both, as a number of digits. A large step is off because the cost is curved, a tiny
# one because two nearly equal costs are subtracted: there is a best step in between.


# %% The check
def digits(x, labels, w1, w2, activation, places, steps, precision=None):
    given = x.dtype
    x, w1, w2, steps = (array.astype(precision or given) for array in (x, w1, w2, steps))
    slopes = gradient(x, labels, w1, w2, activation).flat[places]
    found = differences(x, labels, w1, w2, activation, places, steps)  # (steps, places)
    errors = np.linalg.norm(found - slopes, axis=1) / np.linalg.norm(slopes)
    return -np.log10(errors.astype(given))


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    x, w1, w2 = random.random((20, 50)), random.normal(0, 0.2, (50, 30)), random.normal(0, 0.2, (30, 10))
    print("digits that are right, for steps of 1, 0.1, … 1e-13:")
    print(digits(x, np.arange(20) % 10, w1, w2, "tanh", np.arange(0, 1500, 50), 10.0 ** -np.arange(14)).round(1))
