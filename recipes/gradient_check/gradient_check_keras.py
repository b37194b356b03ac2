# %% [markdown]
# # Checking a gradient, in Keras
# The gradient comes from the backend, and is right unless somebody has written a backward pass by hand, as for
# `keras.ops.custom_gradient`. Then move a weight a little to both sides, see how the cost changes, and compare.

# %% Init
import numpy as np
from keras import config, ops

# %% [markdown]
# On JAX `ops.tanh` computes in float32, whatever comes in (Keras 3.15). A tanh is a sigmoid, stretched and moved.


# %% The cost
def cost(x, labels, w1, w2, activation):
    x, labels, w1, w2 = (ops.convert_to_tensor(array) for array in (x, labels, w1, w2))
    hidden = 2 * ops.sigmoid(2 * x @ w1) - 1 if activation == "tanh" else ops.relu(x @ w1)  # (N, hidden)
    return ops.sum(ops.sparse_categorical_crossentropy(labels, hidden @ w2, from_logits=True)) / len(x)


# %% [markdown]
# Of the first layer, by the backend: what is to be checked. TensorFlow has a tape, JAX and PyTorch make one function
# of another.


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    if config.backend() == "tensorflow":
        import tensorflow as tf

        weights = tf.Variable(w1)
        with tf.GradientTape() as tape:
            return tape.gradient(cost(x, labels, weights, w2, activation), weights).numpy()
    if config.backend() == "jax":
        from jax import grad
    else:
        from torch.func import grad
    return ops.convert_to_numpy(grad(cost, argnums=2)(x, labels, ops.convert_to_tensor(w1), w2, activation))


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    def moved(place, by):
        weights = w1.copy()
        weights.flat[place] += by
        return ops.convert_to_numpy(cost(x, labels, weights, w2, activation))

    return np.array([[(moved(place, step) - moved(place, -step)) / (2 * step) for place in places] for step in steps])


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
