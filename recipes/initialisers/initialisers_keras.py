# %% [markdown]
# # Initialisers, in Keras
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import keras
import numpy as np
from keras import ops


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return squares[initialiser] ** 0.5


# %% [markdown]
# On JAX `ops.tanh` computes in float32, whatever comes in (Keras 3.15): written down it is exact, near 0 too.


# %% Through ten layers
def tanh(x):
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
# `Dense(10, kernel_initializer="he_uniform")` is all it takes. `he_normal` is cut off at two deviations, and widened
# again so that the deviation stays; `TruncatedNormal` isn't.
# Are the draws what they should be? All are uniform: the share of draws below a number grows in a straight line.
# Kolmogorov and Smirnov look for the largest gap between the share that there is and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    scale = deviation(initialiser, fan_in=np.prod(shape[:-1]), fan_out=np.prod(shape) / shape[-2])
    draw = {"glorot": keras.initializers.GlorotUniform, "he": keras.initializers.HeUniform}[initialiser]
    draws = np.sort(ops.convert_to_numpy(draw(seed=seed)(shape)), axis=None) / scale
    gap = np.abs(draws / 12**0.5 + 0.5 - np.arange(draws.size) / draws.size).max()
    return np.abs([draws.mean(), (draws.var() - 1) / 2**0.5, gap]) * draws.size**0.5 < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
