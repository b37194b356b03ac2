"""The number that dropout takes is the share that is dropped, except in TensorFlow 1, where it is the share that is
kept: the same 0.2 drops four fifths of the network. What is kept is scaled up in training, so that evaluation needs
no scaling; the original paper did it the other way round.
"""

import numpy as np

TITLE = "What dropout's number means"
QUESTION = "Of ones under dropout of 0.2: the share that stays (in tenths), and what a one becomes."
EXPECTED = {
    "tensorflow": {"stays": 0.8, "becomes": 1.25},
    "tensorflow_v1": {"stays": 0.2, "becomes": 5},
    "keras": {"stays": 0.8, "becomes": 1.25},
    "keras_theano": {"stays": 0.8, "becomes": 1.25},
    "pytorch": {"stays": 0.8, "becomes": 1.25},
}
DOCUMENTED = {
    "tensorflow_v1": (
        {"stays": 0.2, "becomes": 5},
        "https://tensorflow.org/versions/r2.9/api_docs/python/tf/compat/v1/nn/dropout",
    ),
}


def read_off(dropped):
    dropped = np.ravel(dropped)
    return {"stays": round(np.mean(dropped != 0), 1), "becomes": dropped.max()}


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(0)
    return read_off(tf.nn.dropout(tf.ones(10_000), 0.2).numpy())


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        return read_off(session.run(tf.nn.dropout(tf.ones(10_000), 0.2)))


def keras():
    import keras

    return read_off(keras.ops.convert_to_numpy(keras.layers.Dropout(0.2)(np.ones((1, 10_000)), training=True)))


def keras_theano():
    import keras

    return read_off(keras.backend.eval(keras.backend.dropout(keras.backend.variable(np.ones(10_000)), 0.2)))


def pytorch():
    import torch

    return read_off(torch.nn.functional.dropout(torch.ones(10_000), 0.2))
