# %% [markdown]
# # Checking a gradient, in TensorFlow
# The tape's gradient is right unless somebody has written a backward pass by hand, as for `tf.custom_gradient`. Then
# move a weight a little to both sides, see how the cost changes, and compare.

# %% Init
import numpy as np
import tensorflow as tf


# %% The cost
def cost(x, labels, w1, w2, activation):
    hidden = getattr(tf.nn, activation)(x @ w1)  # tf.nn.tanh or tf.nn.relu, (N, hidden)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=hidden @ w2))


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by the tape: what is to be checked."""
    w1 = tf.Variable(w1)
    with tf.GradientTape() as tape:
        value = cost(x, labels, w1, w2, activation)
    return tape.gradient(value, w1).numpy()


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.
# A tensor can't be changed in place; NumPy's array can. `tf.test.compute_gradient` does the same for all inputs.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    def moved(place, by):
        weights = w1.copy()
        weights.flat[place] += by
        return cost(x, labels, tf.constant(weights), w2, activation)

    found = [[(moved(place, step) - moved(place, -step)) / (2 * step) for place in places] for step in steps]
    return tf.stack(found).numpy()


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
