"""Adam divides by the root of the mean square plus epsilon. The number's default differs: Kingma and Ba's paper,
PyTorch and TensorFlow 1 have 1e-8, Keras has 1e-7. It matters where gradients are tiny, at the end of a training for
instance.
"""

TITLE = "Adam's epsilon: the default"
QUESTION = "The epsilon of an Adam that is made without saying one."
EXPECTED = {"tensorflow_v1": 1e-8, "keras": 1e-7, "keras_theano": 1e-7, "pytorch": 1e-8}
DOCUMENTED = {
    "tensorflow_v1": (
        1e-8,
        "https://www.tensorflow.org/versions/r2.7/api_docs/python/tf/compat/v1/train/AdamOptimizer.md.txt",
    ),
    "keras": (1e-7, "https://keras.io/api/optimizers/adam"),
}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    return tf.train.AdamOptimizer()._epsilon


def keras():
    import keras

    return keras.optimizers.Adam().epsilon


def keras_theano():
    import keras

    return keras.optimizers.Adam().epsilon


def pytorch():
    import torch

    return torch.optim.Adam([torch.zeros(1)]).defaults["eps"]
