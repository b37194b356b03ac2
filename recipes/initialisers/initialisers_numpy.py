# %% [markdown]
# # Initialisers, in NumPy
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import math
from statistics import NormalDist

import numpy as np

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of SELU
ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "selu": lambda z: SCALE * np.where(z > 0, z, ALPHA * np.expm1(np.minimum(z, 0))),
}


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return math.sqrt(squares[initialiser])


# %% Through ten layers
def signal(images, first, rest, activation, initialiser):
    """What each layer gives, ten of (N, 100), for images (N, 784). The draws are scaled here."""
    layers = [images]
    for draws in (first, *rest):
        layers.append(ACTIVATIONS[activation](layers[-1] @ (draws * deviation(initialiser, *draws.shape))))
    return tuple(layers[1:])


def spread(images, first, rest, activation, initialiser):
    """The standard deviation of each layer, (10,)."""
    return np.array([layer.std() for layer in signal(images, first, rest, activation, initialiser)])


# %% [markdown]
# NumPy has a generator but no initialisers: the formulas scale its draws. A convolution's fan-in counts the pixels
# under the kernel, not the channels alone. Are the draws what they should be? Kolmogorov and Smirnov look for the
# largest gap between the share of draws below a number and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    random, pixels = np.random.default_rng(seed), math.prod(shape[:-2])
    scale = deviation(initialiser, pixels * shape[-2], pixels * shape[-1])
    if initialiser == "glorot":
        return as_promised(
            random.uniform(-math.sqrt(3) * scale, math.sqrt(3) * scale, shape) / scale,
            lambda x: x / math.sqrt(12) + 0.5,
        )
    return as_promised(random.normal(0, scale, shape) / scale, NormalDist().cdf)


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
