"""A Python number has float64's digits, but TensorFlow makes float32 of it wherever no type is said at that moment. A
cast to float64 afterwards doesn't bring the digits back: `tf.cast(0.1, tf.float64)` is 0.10000000149. Keras's
initialiser `Constant` casts, so on TensorFlow a float64 model starts from float32's 0.1.
"""

import numpy as np

TITLE = "Python's 0.1 in a float64 model"
QUESTION = "By how much 0.1 is missed in float64: by a constant initialiser, and by a cast."
PRECISION = "float64"
TOLERANCE = 1e-3
EXACT = {"initialiser": 0, "cast": 0}
FLOAT32 = 1.490116e-9  # what float32 misses it by
EXPECTED = {
    "numpy": {"cast": 0},
    "tensorflow": {"initialiser": 0, "cast": FLOAT32},
    "tensorflow_v1": {"initialiser": 0, "cast": FLOAT32},
    "keras-tf": {"initialiser": FLOAT32, "cast": FLOAT32},
    "keras-jax": EXACT,
    "keras-torch": EXACT,
    "pytorch": EXACT,
    "jax": EXACT,
}
NOTES = {
    "keras-tf": "Constant(np.float64(0.1)) is exact.",
    "tensorflow": "tf.constant(0.1, tf.float64) is exact: there the type is said at once.",
}


def numpy():
    return {"cast": np.asarray(0.1).astype(np.float64) - 0.1}


def tensorflow():
    import tensorflow as tf

    initialised = tf.constant_initializer(0.1)((), tf.float64)
    return {"initialiser": initialised.numpy() - 0.1, "cast": tf.cast(0.1, tf.float64).numpy() - 0.1}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        initialised = tf.get_variable("weight", (), tf.float64, tf.constant_initializer(0.1))
        session.run(initialised.initializer)
        return {"initialiser": session.run(initialised) - 0.1, "cast": session.run(tf.cast(0.1, tf.float64)) - 0.1}


def keras():
    import keras

    initialised = keras.initializers.Constant(0.1)((), "float64")
    cast = keras.ops.cast(0.1, "float64")
    return {
        "initialiser": keras.ops.convert_to_numpy(initialised) - 0.1,
        "cast": keras.ops.convert_to_numpy(cast) - 0.1,
    }


def pytorch():
    import torch

    initialised = torch.nn.init.constant_(torch.empty((), dtype=torch.float64), 0.1)
    return {"initialiser": initialised.item() - 0.1, "cast": torch.asarray(0.1, dtype=torch.float64).item() - 0.1}


def jax():
    import jax
    import jax.numpy as jnp

    initialised = jax.nn.initializers.constant(0.1)(jax.random.key(0), (), jnp.float64)
    return {"initialiser": initialised.item() - 0.1, "cast": jnp.asarray(0.1, jnp.float64).item() - 0.1}
