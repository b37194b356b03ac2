# %% [markdown]
# # Initialisers, in Keras 2 on Theano
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import activations, backend, initializers


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return squares[initialiser] ** 0.5


# %% Through ten layers
def network(images, first, rest, activation, initialiser):
    """What each layer gives, ten of (N, 100), for images (N, 784). The draws are scaled here."""
    layers = [backend.variable(images, images.dtype)]
    for draws in (first, *rest):
        weights = backend.variable(draws * deviation(initialiser, *draws.shape), draws.dtype)
        layers.append(activations.get(activation)(backend.dot(layers[-1], weights)))
    return layers[1:]


def signal(images, first, rest, activation, initialiser):
    return tuple(backend.function([], network(images, first, rest, activation, initialiser))([]))


def spread(images, first, rest, activation, initialiser):
    """The standard deviation of each layer, (10,)."""
    layers = network(images, first, rest, activation, initialiser)
    return backend.eval(backend.stack([backend.std(layer) for layer in layers]))


# %% [markdown]
# `Dense(10, kernel_initializer="he_uniform")` is all it takes. Uniform, because `he_normal` is cut off at two
# deviations, and Theano draws what lies beyond again, but too far out: the variance comes out 3 % too large.
# Are the draws what they should be? All are uniform: the share of draws below a number grows in a straight line.
# Kolmogorov and Smirnov look for the largest gap between the share that there is and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    scale = deviation(initialiser, fan_in=np.prod(shape[:-1]), fan_out=np.prod(shape) / shape[-2])
    draw = {"glorot": initializers.glorot_uniform, "he": initializers.he_uniform}[initialiser]
    draws = np.sort(backend.eval(draw(seed=seed)(shape)), axis=None) / scale
    gap = np.abs(draws / 12**0.5 + 0.5 - np.arange(draws.size) / draws.size).max()
    return np.abs([draws.mean(), (draws.var() - 1) / 2**0.5, gap]) * draws.size**0.5 < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
