"""A batch of images and a kernel have four axes each, and every framework orders them in its own way. JAX's plain
`lax.conv` is channels first, although the libraries above it are channels last. A wrong order is not always an error:
if the sizes happen to fit, the convolution runs along the wrong axes.
"""

import numpy as np

TITLE = "The order of a convolution's axes"
QUESTION = "Shapes for one image of height 4, width 5 and 3 channels, and 7 kernels of height 1 and width 2."
LAST = {"images": [1, 4, 5, 3], "kernel": [1, 2, 3, 7], "maps": [1, 4, 4, 7]}
FIRST = {"images": [1, 3, 4, 5], "kernel": [7, 3, 1, 2], "maps": [1, 7, 4, 4]}
EXPECTED = {
    "tensorflow": LAST,
    "tensorflow_v1": LAST,
    "keras": LAST,
    "keras_theano": LAST,
    "pytorch": FIRST,
    "jax": FIRST,
    "theano": FIRST,
}
NOTES = {
    "keras": "On PyTorch too. A user's keras.json may say otherwise; Concord asks for Keras's default.",
    "jax": "lax.conv_general_dilated takes any order; flax and Keras on JAX are channels last.",
}


def tensorflow():
    import tensorflow as tf

    images, kernel = np.ones((1, 4, 5, 3)), np.ones((1, 2, 3, 7))
    maps = tf.nn.conv2d(images, kernel, strides=1, padding="VALID")
    return {"images": images.shape, "kernel": kernel.shape, "maps": tuple(maps.shape)}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    images, kernel = np.ones((1, 4, 5, 3)), np.ones((1, 2, 3, 7))
    with tf.Graph().as_default():
        maps = tf.nn.conv2d(images, kernel, padding="VALID")
    return {"images": images.shape, "kernel": kernel.shape, "maps": tuple(maps.shape)}


def keras():
    import keras

    images, layer = np.ones((1, 4, 5, 3)), keras.layers.Conv2D(7, (1, 2))
    maps = layer(images)
    return {"images": images.shape, "kernel": tuple(layer.kernel.shape), "maps": tuple(maps.shape)}


def keras_theano():
    import keras

    images, layer = np.ones((1, 4, 5, 3)), keras.layers.Conv2D(7, (1, 2), input_shape=(4, 5, 3))
    maps = keras.Sequential([layer]).predict(images)
    return {"images": images.shape, "kernel": layer.get_weights()[0].shape, "maps": maps.shape}


def pytorch():
    import torch

    images, layer = torch.ones(1, 3, 4, 5), torch.nn.Conv2d(3, 7, (1, 2))
    return {"images": images.shape, "kernel": layer.weight.shape, "maps": layer(images).shape}


def jax():
    import jax

    images, kernel = np.ones((1, 3, 4, 5)), np.ones((7, 3, 1, 2))
    maps = jax.lax.conv(images, kernel, (1, 1), "VALID")
    return {"images": images.shape, "kernel": kernel.shape, "maps": maps.shape}


def theano():
    import theano.tensor as tt

    images, kernel = np.ones((1, 3, 4, 5)), np.ones((7, 3, 1, 2))
    maps = tt.nnet.conv2d(images, kernel).eval()
    return {"images": images.shape, "kernel": kernel.shape, "maps": maps.shape}
