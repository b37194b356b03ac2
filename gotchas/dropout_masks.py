"""No two generators draw the same dropout mask from the same seed, so a network with dropout can't be compared number
by number: it needs a mask from outside, or statistics. What is shown here is the mask itself, on a processor of the
x86-64 kind; elsewhere PyTorch may draw another.
"""

import numpy as np

TITLE = "Dropout masks from one seed"
QUESTION = "Which of 24 units are kept (1) by dropout of 0.5 with the seed 0."
EXPECTED = {
    "tensorflow": "001101011011100111100011",
    "tensorflow_v1": "000101001110000010001010",
    "keras-tf": "010100001111111000010011",
    "keras-jax": "010111100100001100110110",
    "keras-torch": "001000110111101111001010",
    "keras_theano": "001010000000011011001111",
    "pytorch": "001000110111101111001010",
}
NOTES = {"keras-torch": "The one exception: Keras on PyTorch drops with PyTorch's own generator, so the two agree."}


def bits(dropped):
    return "".join("1" if value else "0" for value in np.ravel(dropped))


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(0)
    return bits(tf.nn.dropout(tf.ones(24), 0.5).numpy())


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        return bits(session.run(tf.nn.dropout(tf.ones(24), rate=0.5)))


def keras():
    import keras

    keras.utils.set_random_seed(0)
    return bits(keras.ops.convert_to_numpy(keras.layers.Dropout(0.5)(np.ones((1, 24)), training=True)))


def keras_theano():
    import keras

    np.random.seed(0)  # Keras 2 draws its seeds from NumPy
    return bits(keras.backend.eval(keras.backend.dropout(keras.backend.variable(np.ones(24)), 0.5)))


def pytorch():
    import torch

    torch.manual_seed(0)
    return bits(torch.nn.functional.dropout(torch.ones(24), 0.5).numpy())
