# %% [markdown]
# # Initialisers, in TensorFlow 1
# A layer adds up many products. If its weights are too small, the sums are smaller than what came in, layer after
# layer, until nothing is left; if they are too large, it explodes. The initialisers' formulas keep the size.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% The formulas
def deviation(initialiser, fan_in, fan_out):
    """Of the start weights: ReLU throws half of the signal away, hence He's 2."""
    squares = {"he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out), "lecun": 1 / fan_in, "small": 1e-4, "unit": 1}
    return squares[initialiser] ** 0.5


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
# An initialiser is called with a shape and adds its draws to the graph. `he_normal` is cut off at two deviations, and
# widened again so that the deviation stays; `tf.truncated_normal` isn't.
# Are the draws what they should be? All are uniform: the share of draws below a number grows in a straight line.
# Kolmogorov and Smirnov look for the largest gap between the share that there is and the share that there should be.


# %% The framework's own
def own_draws(initialiser, shape, seed):
    """Whether mean, variance and distribution are right; shape is (in, out) or (height, width, in, out)."""
    scale = deviation(initialiser, fan_in=np.prod(shape[:-1]), fan_out=np.prod(shape) / shape[-2])
    draw = {"glorot": tf.glorot_uniform_initializer, "he": tf.initializers.he_uniform}[initialiser]
    with tf.Graph().as_default(), tf.Session() as session:
        draws = np.sort(session.run(draw(seed=seed)(shape)), axis=None) / scale
    gap = np.abs(draws / 12**0.5 + 0.5 - np.arange(draws.size) / draws.size).max()
    return np.abs([draws.mean(), (draws.var() - 1) / 2**0.5, gap]) * draws.size**0.5 < [5, 5, 2]


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(0)
    start = random.normal(size=(200, 784)), random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    for pair in (("relu", "he"), ("relu", "glorot"), ("relu", "small"), ("tanh", "unit")):
        print(f"{' with '.join(pair)}, layers 1 to 10: {spread(*start, *pair).round(3)}")
