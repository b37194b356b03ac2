"""Leaky ReLU lets a little through below 0. How little is a default, and four are about: 0.01, 0.2, 0.3, and in Keras
the layer's differs from the function's.
"""

import numpy as np

TITLE = "The slope of leaky ReLU"
QUESTION = "What leaky ReLU makes of −1 when nothing else is said."
EXPECTED = {
    "tensorflow": {"function": -0.2},
    "tensorflow_v1": {"function": -0.2},
    "keras": {"function": -0.2, "layer": -0.3},
    "keras_theano": {"layer": -0.3},
    "pytorch": {"function": -0.01, "layer": -0.01},
    "jax": {"function": -0.01},
}
DOCUMENTED = {
    "tensorflow": ({"function": -0.2}, "https://www.tensorflow.org/api_docs/python/tf/nn/leaky_relu"),
    "keras": ({"layer": -0.3}, "https://keras.io/api/layers/activation_layers/leaky_relu/"),
    "pytorch": ({"layer": -0.01}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html"),
    "jax": ({"function": -0.01}, "https://docs.jax.dev/en/latest/_autosummary/jax.nn.leaky_relu.html"),
}


def tensorflow():
    import tensorflow as tf

    return {"function": float(tf.nn.leaky_relu(np.float32(-1)).numpy())}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        return {"function": float(session.run(tf.nn.leaky_relu(tf.constant(-1.0))))}


def keras():
    import keras

    below = keras.ops.convert_to_tensor([-1.0])
    found = {"function": keras.ops.leaky_relu(below), "layer": keras.layers.LeakyReLU()(below)}
    return {name: float(keras.ops.convert_to_numpy(value)[0]) for name, value in found.items()}


def keras_theano():
    import keras

    model = keras.Sequential([keras.layers.LeakyReLU(input_shape=(1,))])
    return {"layer": float(model.predict(-np.ones((1, 1)))[0, 0])}


def pytorch():
    import torch

    below = torch.tensor(-1.0)
    return {"function": torch.nn.functional.leaky_relu(below).item(), "layer": torch.nn.LeakyReLU()(below).item()}


def jax():
    import jax

    return {"function": float(jax.nn.leaky_relu(np.float32(-1)))}
