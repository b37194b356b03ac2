"""Dropout and batch normalisation behave differently in training and in evaluation. Who just calls a fresh layer gets
evaluation in Keras and training in PyTorch, where `model.eval()` is yours to remember and yours to undo. The
functions of raw TensorFlow always drop.
"""

import numpy as np

TITLE = "The mode of a layer that is just called"
QUESTION = "Whether dropout drops, and whether batch normalisation uses the batch, when nothing is said."
EXPECTED = {
    "tensorflow": {"dropout drops": True},
    "tensorflow_v1": {"dropout drops": True, "batch statistics": True},
    "keras": {"dropout drops": False, "batch statistics": False},
    "keras_theano": {"dropout drops": False, "batch statistics": False},
    "pytorch": {"dropout drops": True, "batch statistics": True},
}
NOTES = {"keras": "fit switches to training by itself, and back."}


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(0)  # the harness asks for deterministic kernels, and those for a seed
    dropped = tf.nn.dropout(tf.ones(1000), 0.5).numpy()
    return {"dropout drops": bool((dropped == 0).any())}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        dropped = session.run(tf.nn.dropout(tf.ones(1000), 0.5))
        normal, _, _ = session.run(tf.nn.fused_batch_norm(3 * tf.ones((2, 1, 1, 1)), tf.ones(1), tf.zeros(1)))
        return {"dropout drops": bool((dropped == 0).any()), "batch statistics": bool((abs(normal) < 0.1).all())}


def keras():
    import keras

    dropped = keras.ops.convert_to_numpy(keras.layers.Dropout(0.5)(np.ones((1, 1000))))
    normal = keras.ops.convert_to_numpy(keras.layers.BatchNormalization()(3 * np.ones((2, 1))))
    return {"dropout drops": bool((dropped == 0).any()), "batch statistics": bool((abs(normal) < 0.1).all())}


def keras_theano():
    import keras

    dropped = keras.Sequential([keras.layers.Dropout(0.5, input_shape=(1000,))]).predict(np.ones((1, 1000)))
    normal = keras.Sequential([keras.layers.BatchNormalization(input_shape=(1,))]).predict(3 * np.ones((2, 1)))
    return {"dropout drops": bool((dropped == 0).any()), "batch statistics": bool((abs(normal) < 0.1).all())}


def pytorch():
    import torch

    dropped = torch.nn.Dropout(0.5)(torch.ones(1000))
    normal = torch.nn.BatchNorm1d(1)(3 * torch.ones(2, 1)).detach()
    return {"dropout drops": bool((dropped == 0).any()), "batch statistics": bool((abs(normal) < 0.1).all())}
