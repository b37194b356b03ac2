"""A float64 in the type's name is not yet float64 in the arithmetic. With Keras's float type set to float64, its
product of matrices takes the way over float32 on PyTorch: nine digits are gone. A layer casts the product back, and
then no type shows it.
"""

import numpy as np

TITLE = "Is float64 computed in float64?"
QUESTION = "With float64 switched on: the type of a product of matrices, and whether its relative error is below 1e-12."
TRUE_FLOAT64 = {"type": "float64", "accurate": True}
EXPECTED = {
    "numpy": TRUE_FLOAT64,
    "tensorflow": TRUE_FLOAT64,
    "keras-tf": {"survives conversion": True, **TRUE_FLOAT64},
    "keras-jax": {"survives conversion": True, **TRUE_FLOAT64},
    "keras-torch": {"survives conversion": True, "type": "float32", "accurate": False},
    "keras_theano": TRUE_FLOAT64,
    "pytorch": TRUE_FLOAT64,
    "jax": TRUE_FLOAT64,
    "theano": TRUE_FLOAT64,
}
NOTES = {"keras-torch": "The array itself arrives whole; it is Keras's matmul that computes in float32."}

left = 1 / np.arange(1.0, 101).reshape(10, 10)
right = 1 / np.arange(101.0, 201).reshape(10, 10)


def read_off(product):
    product = np.asarray(product)
    exact = left @ right
    return {"type": str(product.dtype), "accurate": bool(np.abs(product / exact - 1).max() < 1e-12)}


def numpy():
    return read_off(left @ right)


def tensorflow():
    import tensorflow as tf

    return read_off(tf.matmul(left, right))


def keras():
    import keras

    through = keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(left))
    product = keras.ops.convert_to_numpy(keras.ops.matmul(left, right))
    return {"survives conversion": bool((through == left).all()), **read_off(product)}


def keras_theano():
    import keras

    return read_off(keras.backend.eval(keras.backend.dot(keras.backend.variable(left), keras.backend.variable(right))))


def pytorch():
    import torch

    return read_off(torch.tensor(left) @ torch.tensor(right))


def jax():
    import jax.numpy as jnp

    return read_off(jnp.asarray(left) @ jnp.asarray(right))


def theano():
    import theano.tensor as tt

    return read_off(tt.dot(tt.as_tensor_variable(left), tt.as_tensor_variable(right)).eval())
