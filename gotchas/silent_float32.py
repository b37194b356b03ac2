"""NumPy computes in float64, deep learning in float32. What happens at the border differs: JAX turns float64 arrays
into float32 without a word, unless 64-bit mode is switched on; TensorFlow and PyTorch keep them, and then refuse to
mix the two; Keras's layers cast them to its own float type.
"""

import numpy as np

TITLE = "What becomes of float64"
QUESTION = "The type of a float64 array, and of a plain 1.0, once the framework has it and its float type is float32."
PRECISION = "float32"
KEPT = {"array": "float64", "1.0": "float32"}
EXPECTED = {
    "numpy": {"array": "float64", "1.0": "float64"},
    "tensorflow": KEPT,
    "tensorflow_v1": KEPT,
    "keras-tf": {**KEPT, "after a layer": "float32"},
    "keras-jax": {"array": "float32", "1.0": "float32", "after a layer": "float32"},
    "keras-torch": {**KEPT, "after a layer": "float32"},
    "keras_theano": {"array": "float32", "after a layer": "float32"},
    "pytorch": KEPT,
    "jax": {"array": "float32", "1.0": "float32"},
    "theano": KEPT,
}
DOCUMENTED = {"jax": ({"array": "float32", "1.0": "float32"}, "https://docs.jax.dev/en/latest/default_dtypes.html")}
NOTES = {"theano": "Theano's float type is float64 unless its flags say otherwise; here they say float32."}

array = np.ones((1, 1))


def numpy():
    return {"array": str(np.asarray(array).dtype), "1.0": str(np.array(1.0).dtype)}


def tensorflow():
    import tensorflow as tf

    return {"array": tf.constant(array).dtype.name, "1.0": tf.constant(1.0).dtype.name}


def tensorflow_v1():
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default():
        return {"array": tf.constant(array).dtype.name, "1.0": tf.constant(1.0).dtype.name}


def keras():
    import keras

    def dtype(value):
        return keras.backend.standardize_dtype(keras.ops.convert_to_tensor(value).dtype)

    return {"array": dtype(array), "1.0": dtype(1.0), "after a layer": dtype(keras.layers.Dense(1)(array))}


def keras_theano():
    import keras

    output = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))]).predict(array)
    return {"array": keras.backend.variable(array).dtype, "after a layer": str(output.dtype)}


def pytorch():
    import torch

    def dtype(value):
        return str(torch.tensor(value).dtype).removeprefix("torch.")

    return {"array": dtype(array), "1.0": dtype(1.0)}


def jax():
    import jax.numpy as jnp

    return {"array": str(jnp.asarray(array).dtype), "1.0": str(jnp.asarray(1.0).dtype)}


def theano():
    import theano
    import theano.tensor as tt

    return {"array": theano.shared(array).dtype, "1.0": tt.constant(1.0).dtype}
