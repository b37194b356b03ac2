"""Between the last convolution and the first dense layer the maps become one long vector, in the order in which they
are stored. Channels last and channels first give the same numbers in another order, so a dense kernel that is moved
between the two must have its rows sorted anew; its shape fits either way.
"""

import numpy as np

TITLE = "The order of a flattened image"
QUESTION = "An image of the channels (1, 2, 3, 4) and (10, 20, 30, 40), as one vector."
BY_PIXEL = [1, 10, 2, 20, 3, 30, 4, 40]
BY_CHANNEL = [1, 2, 3, 4, 10, 20, 30, 40]
EXPECTED = {
    "numpy": BY_PIXEL,
    "tensorflow": BY_PIXEL,
    "keras": {"channels_last": BY_PIXEL, "channels_first": BY_PIXEL},
    "keras_theano": {"channels_last": BY_PIXEL, "channels_first": BY_PIXEL},
    "pytorch": BY_CHANNEL,
    "jax": BY_PIXEL,
    "theano": BY_CHANNEL,
}
NOTES = {
    "numpy": "As stored: here channels last.",
    "keras": "The layer moves the channels to the end before it flattens, so that weights fit either way.",
    "jax": "As stored: here channels last, as in flax.",
}

channels_last = np.array([[[[1.0, 10], [2, 20]], [[3, 30], [4, 40]]]])  # (1, 2, 2, 2): image, height, width, channel
channels_first = channels_last.transpose(0, 3, 1, 2)


def numpy():
    return channels_last.reshape(1, -1)[0]


def tensorflow():
    import tensorflow as tf

    return tf.reshape(channels_last, (1, -1))[0].numpy()


def keras():
    import keras

    last, first = keras.layers.Flatten(), keras.layers.Flatten(data_format="channels_first")
    return {
        "channels_last": keras.ops.convert_to_numpy(last(channels_last))[0],
        "channels_first": keras.ops.convert_to_numpy(first(channels_first))[0],
    }


def keras_theano():
    import keras

    last = keras.layers.Flatten(input_shape=(2, 2, 2))
    first = keras.layers.Flatten(data_format="channels_first", input_shape=(2, 2, 2))
    return {
        "channels_last": keras.Sequential([last]).predict(channels_last)[0],
        "channels_first": keras.Sequential([first]).predict(channels_first)[0],
    }


def pytorch():
    import torch

    return torch.nn.Flatten()(torch.tensor(channels_first))[0]


def jax():
    import jax.numpy as jnp

    return jnp.asarray(channels_last).reshape(1, -1)[0]


def theano():
    import theano.tensor as tt

    return tt.as_tensor_variable(channels_first).flatten(2).eval()[0]
