"""What deep learning calls a convolution is in most frameworks a cross-correlation: the kernel is laid on the image
as it is. Theano's, and Keras 2's on it, is the convolution of mathematics, which turns the kernel by 180 degrees
first. Trained kernels that are moved from one to the other give nonsense, without an error.
"""

import numpy as np

TITLE = "Is the kernel flipped?"
QUESTION = "The image (1, 2, 3) under the kernel (1, 0): [1, 2] is a cross-correlation, [2, 3] a convolution."
EXPECTED = {
    "numpy": [2, 3],
    "tensorflow": [1, 2],
    "tensorflow_v1": [1, 2],
    "keras": [1, 2],
    "keras_theano": [2, 3],
    "pytorch": [1, 2],
    "jax": [1, 2],
    "theano": {"conv2d": [2, 3], "filter_flip=False": [1, 2]},
}
NOTES = {
    "numpy": "np.convolve is meant for signals, where convolution means just that; np.correlate doesn't flip.",
    "keras_theano": "Keras 2 hands its kernel on as it is; keras.utils.conv_utils.convert_kernel turns it round.",
}

image = np.array([1.0, 2, 3])
kernel = np.array([1.0, 0])


def numpy():
    return np.convolve(image, kernel, mode="valid")


def tensorflow():
    import tensorflow as tf

    return (
        tf.nn.conv2d(image.reshape(1, 1, 3, 1), kernel.reshape(1, 2, 1, 1), strides=1, padding="VALID").numpy().ravel()
    )


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        maps = tf.nn.conv2d(image.reshape(1, 1, 3, 1), kernel.reshape(1, 2, 1, 1), padding="VALID")
        return session.run(maps).ravel()


def keras():
    import keras

    maps = keras.ops.conv(image.reshape(1, 1, 3, 1), kernel.reshape(1, 2, 1, 1), padding="valid")
    return keras.ops.convert_to_numpy(maps).ravel()


def keras_theano():
    import keras

    layer = keras.layers.Conv2D(1, (1, 2), weights=[kernel.reshape(1, 2, 1, 1), np.zeros(1)], input_shape=(1, 3, 1))
    return keras.Sequential([layer]).predict(image.reshape(1, 1, 3, 1)).ravel()


def pytorch():
    import torch

    image_tensor, kernel_tensor = torch.tensor(image), torch.tensor(kernel)
    return torch.conv2d(image_tensor.reshape(1, 1, 1, 3), kernel_tensor.reshape(1, 1, 1, 2)).ravel()


def jax():
    import jax

    return jax.lax.conv(image.reshape(1, 1, 1, 3), kernel.reshape(1, 1, 1, 2), (1, 1), "VALID").ravel()


def theano():
    import theano.tensor as tt

    image_tensor, kernel_tensor = image.reshape(1, 1, 1, 3), kernel.reshape(1, 1, 1, 2)
    return {
        "conv2d": tt.nnet.conv2d(image_tensor, kernel_tensor).eval().ravel(),
        "filter_flip=False": tt.nnet.conv2d(image_tensor, kernel_tensor, filter_flip=False).eval().ravel(),
    }
