# %% [markdown]
# # Checking a gradient, in Keras 2 on Theano
# `backend.gradients` is what Keras's optimisers call. It is right unless somebody has written a backward pass by hand.
# Then move a weight a little to both sides, see how the cost changes, and compare.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import activations, backend


# %% The cost
def cost(x, labels, w1, w2, activation):
    x, w2, targets = (backend.variable(array, x.dtype) for array in (x, w2, np.eye(10)[labels]))
    hidden = activations.get(activation)(backend.dot(x, w1))  # "tanh" or "relu", (N, hidden)
    probabilities = backend.softmax(backend.dot(hidden, w2))  # (N, 10)
    return -backend.mean(backend.log(backend.sum(probabilities * targets, axis=1)))


# %% The gradient
def gradient(x, labels, w1, w2, activation):
    """Of the first layer, by automatic differentiation: what is to be checked."""
    weights = backend.variable(w1, w1.dtype)
    return backend.eval(backend.gradients(cost(x, labels, weights, w2, activation), weights))


# %% [markdown]
# From both sides, so that the error shrinks with the square of the step; from one side it shrinks with the step alone.
# The cost is compiled once, as a function of the weights.


# %% Central differences
def differences(x, labels, w1, w2, activation, places, steps):
    weights = backend.placeholder(w1.shape, dtype=w1.dtype)
    value = backend.function([weights], [cost(x, labels, weights, w2, activation)])

    def moved(place, by):
        array = w1.copy()
        array.flat[place] += by
        return value([array])[0]

    slopes = [[(moved(place, step) - moved(place, -step)) / (2 * step) for place in places] for step in steps]
    return np.array(slopes, w1.dtype)


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
