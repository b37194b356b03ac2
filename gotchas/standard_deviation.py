"""The deviation of a sample is divided by its count, or by one less, which is right on average where the sample stands
for more. PyTorch's `std` and `var` take one less, everyone else's the count: normalising by hand gives other numbers,
and for a single value NaN.
"""

import numpy as np

TITLE = "Standard deviation: by the count or one less"
QUESTION = "std of 1, 2, 3, 4: 1.118 divides by the count, 1.291 by one less."
BY_THE_COUNT = {"std": 1.118034, "of one value": 0.0}
EXPECTED = {
    "numpy": BY_THE_COUNT,
    "tensorflow": BY_THE_COUNT,
    "keras": BY_THE_COUNT,
    "keras_theano": BY_THE_COUNT,
    "pytorch": {"std": 1.290994, "of one value": "nan"},
    "jax": BY_THE_COUNT,
    "theano": BY_THE_COUNT,
}
DOCUMENTED = {
    "numpy": ({"std": 1.118034}, "https://numpy.org/doc/stable/reference/generated/numpy.std.html"),
    "pytorch": ({"std": 1.290994}, "https://docs.pytorch.org/docs/stable/generated/torch.std.html"),
}
NOTES = {
    "pytorch": "correction=0 divides by the count. Batch normalisation does, but its moving variance does not.",
}

values = [1.0, 2.0, 3.0, 4.0]


def read_off(std, one):
    return {"std": round(float(std), 6), "of one value": "nan" if np.isnan(float(one)) else float(one)}


def numpy():
    return read_off(np.std(values), np.std(values[:1]))


def tensorflow():
    import tensorflow as tf

    return read_off(tf.math.reduce_std(values).numpy(), tf.math.reduce_std(values[:1]).numpy())


def keras():
    import keras

    found = (keras.ops.std(keras.ops.convert_to_tensor(part)) for part in (values, values[:1]))
    return read_off(*map(keras.ops.convert_to_numpy, found))


def keras_theano():
    from keras import backend

    return read_off(*(backend.eval(backend.std(backend.variable(part))) for part in (values, values[:1])))


def pytorch():
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of the single value
        return read_off(torch.std(torch.tensor(values)), torch.std(torch.tensor(values[:1])))


def jax():
    import jax.numpy as jnp

    return read_off(jnp.std(jnp.array(values)), jnp.std(jnp.array(values[:1])))


def theano():
    import theano.tensor as tt

    return read_off(*(tt.std(tt.as_tensor_variable(np.array(part))).eval() for part in (values, values[:1])))
