"""He's normal initialiser is a normal distribution in PyTorch. Elsewhere draws beyond two deviations are taken again,
and all are widened by 1/0.88, so that the variance is He's all the same. A truncated normal that is asked for by
itself isn't widened anywhere: it has 0.88 of the deviation that one gave it. Keras's documentation promises all of it.
"""

import numpy as np

TITLE = "What He's normal draws"
QUESTION = (
    "The largest of 100,000 draws of He's normal initialiser, in deviations; and the deviation of a truncated normal "
    "that is given 1."
)
EXPECTED = {
    "tensorflow": {"truncated": 0.88},
    "tensorflow_v1": {"he_normal": "2.27, then cut off", "truncated": 0.88},
    "keras": {"he_normal": "2.27, then cut off", "truncated": 0.88},
    "keras_theano": {"he_normal": "2.27, then cut off", "truncated": 0.89},
    "pytorch": {"he_normal": "more than 4", "truncated": 0.88},
    "jax": {"he_normal": "2.27, then cut off", "truncated": 0.88},
}
DOCUMENTED = {
    "keras": ({"truncated": 1.0}, "https://keras.io/api/layers/initializers/"),
    "jax": (
        {"truncated": 0.88},
        "https://docs.jax.dev/en/latest/_autosummary/jax.nn.initializers.truncated_normal.html",
    ),
}

INPUTS, OUTPUTS = 400, 250


def largest(kernel):
    """The largest of He's draws (any shape), in deviations of sqrt(2 / inputs)."""
    most = float(np.abs(kernel).max() / np.sqrt(2 / INPUTS))
    return "more than 4" if most > 4 else f"{most:.2f}, then cut off"


def deviation(kernel):
    return round(float(np.std(kernel)), 2)


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(0)
    return {"truncated": deviation(tf.random.truncated_normal((INPUTS, OUTPUTS)))}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        he, truncated = session.run(
            [tf.initializers.he_normal()((INPUTS, OUTPUTS)), tf.truncated_normal((INPUTS, OUTPUTS))]
        )
    return {"he_normal": largest(he), "truncated": deviation(truncated)}


def keras():
    import keras

    shape, initializers = (INPUTS, OUTPUTS), keras.initializers
    draws = {"he_normal": initializers.HeNormal(seed=0), "truncated": initializers.TruncatedNormal(stddev=1, seed=0)}
    he, truncated = (keras.ops.convert_to_numpy(draw(shape)) for draw in draws.values())
    return {"he_normal": largest(he), "truncated": deviation(truncated)}


def keras_theano():
    import keras

    he = keras.backend.eval(keras.initializers.he_normal(seed=1)((INPUTS, OUTPUTS)))
    truncated = keras.backend.eval(keras.initializers.TruncatedNormal(stddev=1, seed=1)((INPUTS, OUTPUTS)))
    return {"he_normal": largest(he), "truncated": deviation(truncated)}


def pytorch():
    import torch

    torch.manual_seed(0)
    he = torch.nn.init.kaiming_normal_(torch.empty(OUTPUTS, INPUTS))
    truncated = torch.nn.init.trunc_normal_(torch.empty(OUTPUTS, INPUTS))
    return {"he_normal": largest(he.numpy()), "truncated": deviation(truncated.numpy())}


def jax():
    import jax

    initializers, key = jax.nn.initializers, jax.random.key(0)
    he = initializers.he_normal()(key, (INPUTS, OUTPUTS))
    truncated = initializers.truncated_normal(stddev=1)(key, (INPUTS, OUTPUTS))
    return {"he_normal": largest(he), "truncated": deviation(truncated)}
