"""With a stride, SAME padding of TensorFlow puts the odd zero at the end: the first window may begin without any
padding. PyTorch and Theano pad both ends alike, so the windows lie one pixel further to the left. Shapes agree,
numbers don't.
"""

import numpy as np

TITLE = "SAME padding with a stride"
QUESTION = "Sums of three neighbours of (1, 2, 3, 4), stride 2: [6, 7] is padded at the end, [3, 9] at both ends."
EXPECTED = {
    "tensorflow": [6, 7],
    "keras": [6, 7],
    "keras_theano": [3, 9],
    "pytorch": {"same": "refused", "padding=1": [3, 9]},
    "jax": [6, 7],
    "theano": [3, 9],
}
NOTES = {
    "keras": "The same on all three backends: on PyTorch, Keras pads by itself first.",
    "keras_theano": "The word is the same as in Keras 3, the numbers are Theano's.",
    "pytorch": "PyTorch has padding='same' for a stride of 1 alone.",
}

image = np.array([1.0, 2, 3, 4])
kernel = np.ones(3)


def tensorflow():
    import tensorflow as tf

    return (
        tf.nn.conv2d(image.reshape(1, 1, 4, 1), kernel.reshape(1, 3, 1, 1), strides=2, padding="SAME").numpy().ravel()
    )


def keras():
    import keras

    maps = keras.ops.conv(image.reshape(1, 1, 4, 1), kernel.reshape(1, 3, 1, 1), strides=2, padding="same")
    return keras.ops.convert_to_numpy(maps).ravel()


def keras_theano():
    import keras

    layer = keras.layers.Conv2D(1, (1, 3), strides=2, padding="same", kernel_initializer="ones", input_shape=(1, 4, 1))
    return keras.Sequential([layer]).predict(image.reshape(1, 1, 4, 1)).ravel()


def pytorch():
    import torch

    image_tensor, kernel_tensor = torch.tensor(image).reshape(1, 1, 1, 4), torch.tensor(kernel).reshape(1, 1, 1, 3)
    try:
        torch.conv2d(image_tensor, kernel_tensor, stride=2, padding="same")
    except RuntimeError:
        same = "refused"
    return {"same": same, "padding=1": torch.conv2d(image_tensor, kernel_tensor, stride=2, padding=(0, 1)).ravel()}


def jax():
    import jax

    return jax.lax.conv(image.reshape(1, 1, 1, 4), kernel.reshape(1, 1, 1, 3), (2, 2), "SAME").ravel()


def theano():
    import theano.tensor as tt

    maps = tt.nnet.conv2d(
        image.reshape(1, 1, 1, 4), kernel.reshape(1, 1, 1, 3), border_mode="half", subsample=(2, 2), filter_flip=False
    )
    return maps.eval().ravel()
