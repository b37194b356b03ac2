"""A misspelt option should be an error. Theano's `conv2d` takes any keyword: a misspelt one is warned of, at most,
and ignored, so that `flip_filters=False` (Lasagne's name for it) leaves the kernel flipped.
"""

import warnings

import numpy as np

TITLE = "A misspelt option"
QUESTION = "What becomes of an option whose name doesn't exist: which exception, or that it is ignored?"
EXPECTED = {
    "numpy": "TypeError",
    "tensorflow": "TypeError",
    "keras": "ValueError",
    "keras_theano": "TypeError",
    "pytorch": "TypeError",
    "jax": "TypeError",
    "theano": "ignored, with a warning",
}


def refusal(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
        except Exception as error:
            return type(error).__name__
    return "ignored, with a warning" if caught else "ignored in silence"


def numpy():
    return refusal(lambda: np.convolve([1, 2, 3], [1, 0], mod="valid"))


def tensorflow():
    import tensorflow as tf

    image, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
    return refusal(lambda: tf.nn.conv2d(image, kernel, strides=1, paddings="VALID"))


def keras():
    import keras

    return refusal(lambda: keras.layers.Conv2D(1, 2, pading="same"))


def keras_theano():
    import keras

    return refusal(lambda: keras.layers.Conv2D(1, 2, pading="same"))


def pytorch():
    import torch

    return refusal(lambda: torch.nn.Conv2d(1, 1, 2, pading="same"))


def jax():
    import jax

    image, kernel = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))
    return refusal(lambda: jax.lax.conv(image, kernel, (1, 1), pading="VALID"))


def theano():
    import theano.tensor as tt

    image, kernel = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))
    return refusal(lambda: tt.nnet.conv2d(image, kernel, flip_filters=False))
