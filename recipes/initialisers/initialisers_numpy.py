# %% [markdown]
# # Initialisers, in NumPy
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
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
    return squares[initialiser] ** 0.5


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
# NumPy has a generator but no initialisers: the formulas scale its draws. Uniform numbers from -√3 to √3 have a
# deviation of 1. A convolution's fan-in counts the pixels under the kernel, not the channels alone.
# Are the draws what they should be? All are uniform: the share of draws below a number grows in a straight line.
# Kolmogorov and Smirnov look for the largest gap between the share that there is and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    scale = deviation(initialiser, fan_in=np.prod(shape[:-1]), fan_out=np.prod(shape) / shape[-2])
    limit = 3**0.5 * scale
    draws = np.sort(np.random.default_rng(seed).uniform(-limit, limit, shape), axis=None) / scale
    gap = np.abs(draws / 12**0.5 + 0.5 - np.arange(draws.size) / draws.size).max()
    return np.abs([draws.mean(), (draws.var() - 1) / 2**0.5, gap]) * draws.size**0.5 < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
