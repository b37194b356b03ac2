# %% [markdown]
# # Initialisers, in Keras
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import math
from statistics import NormalDist

import keras
import numpy as np
from keras import ops


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return math.sqrt(squares[initialiser])


# %% Through ten layers
def tanh(x):
    """On JAX `ops.tanh` computes in float32, whatever comes in (Keras 3.15); this doesn't."""
    u = ops.expm1(-2 * ops.abs(x))
    return -ops.sign(x) * u / (2 + u)


def network(images, first, rest, activation, initialiser):
    """Yields what each layer gives, ten times (N, 100), for images (N, 784). The draws are scaled here."""
    layer = ops.convert_to_tensor(images)
    for draws in (first, *rest):
        weights = ops.convert_to_tensor(draws) * deviation(initialiser, *draws.shape)
        layer = (tanh if activation == "tanh" else keras.activations.get(activation))(layer @ weights)
        yield layer


def signal(images, first, rest, activation, initialiser):
    return tuple(ops.convert_to_numpy(layer) for layer in network(images, first, rest, activation, initialiser))


def spread(images, first, rest, activation, initialiser):
    """The standard deviation of each layer, (10,)."""
    layers = network(images, first, rest, activation, initialiser)
    return ops.convert_to_numpy(ops.stack([ops.std(layer) for layer in layers]))


# %% [markdown]
# `Dense(10, kernel_initializer="he_normal")` is all it takes. He's normal distribution is cut off at two deviations,
# and widened again so that the deviation stays; `TruncatedNormal` isn't.
# Are the draws what they should be? Kolmogorov and Smirnov look for the largest gap between the share of draws below a
# number and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    pixels = math.prod(shape[:-2])
    scale = deviation(initialiser, pixels * shape[-2], pixels * shape[-1])
    draw = {"glorot": keras.initializers.GlorotUniform, "he": keras.initializers.HeNormal}[initialiser]
    draws = ops.convert_to_numpy(draw(seed=seed)(shape)) / scale
    if initialiser == "glorot":
        return as_promised(draws, lambda x: x / math.sqrt(12) + 0.5)
    return as_promised(draws, cut_off)


def cut_off(x):
    """The share below x of a normal distribution without its ends that is widened to a deviation of 1 again."""
    inside = NormalDist().cdf(2) - NormalDist().cdf(-2)
    return 0.5 + (NormalDist().cdf(x * 0.87962566103423978) - 0.5) / inside


def as_promised(draws, share_below):
    draws, count = np.sort(draws, axis=None), draws.size
    gap = abs([share_below(x) for x in draws] - np.arange(count) / count).max()
    return np.abs([draws.mean(), (draws.var() - 1) / math.sqrt(2), gap]) * math.sqrt(count) < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
