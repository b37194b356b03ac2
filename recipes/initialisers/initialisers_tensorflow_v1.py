# %% [markdown]
# # Initialisers, in TensorFlow 1
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import math
from statistics import NormalDist

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return math.sqrt(squares[initialiser])


# %% Through ten layers
def network(images, first, rest, activation, initialiser):
    """What each layer gives, ten of (N, 100), for images (N, 784). The draws are scaled here."""
    layers = [images]
    for draws in (first, *rest):
        z = tf.matmul(layers[-1], draws * deviation(initialiser, *draws.shape))
        layers.append(getattr(tf.nn, activation)(z))  # tf.nn.relu, tf.nn.tanh, tf.nn.sigmoid, tf.nn.selu
    return layers[1:]


def signal(images, first, rest, activation, initialiser):
    with tf.Graph().as_default(), tf.Session() as session:
        return tuple(session.run(network(images, first, rest, activation, initialiser)))


def spread(images, first, rest, activation, initialiser):
    """The standard deviation of each layer, (10,)."""
    with tf.Graph().as_default(), tf.Session() as session:
        layers = network(images, first, rest, activation, initialiser)
        return session.run(tf.stack([tf.math.reduce_std(layer) for layer in layers]))


# %% [markdown]
# An initialiser is called with a shape and adds its draws to the graph. He's normal distribution is cut off at two
# deviations, and widened again so that the deviation stays; `tf.truncated_normal` isn't.
# Are the draws what they should be? Kolmogorov and Smirnov look for the largest gap between the share of draws below a
# number and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    pixels = math.prod(shape[:-2])
    scale = deviation(initialiser, pixels * shape[-2], pixels * shape[-1])
    with tf.Graph().as_default(), tf.Session() as session:
        draw = {"glorot": tf.glorot_uniform_initializer, "he": tf.initializers.he_normal}[initialiser]
        draws = session.run(draw(seed=seed)(shape)) / scale
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
