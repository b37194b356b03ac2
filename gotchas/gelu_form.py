"""GELU is x times the share of a normal distribution below x. An older form puts a tanh in place of that share and is
off by up to 0.0005. Both are called gelu, and the frameworks' defaults differ: weights that were trained with one are
slightly wrong with the other, at every layer.
"""

import numpy as np

TITLE = "Which GELU?"
QUESTION = "gelu(1) by default, and whether it is the exact form, 0.841345, or the one with a tanh, 0.841192."
EXACT = {"gelu(1)": 0.841345, "exact": True}
EXPECTED = {
    "tensorflow": EXACT,
    "keras": {**EXACT, "exact in keras.ops": False},
    "pytorch": EXACT,
    "jax": {"gelu(1)": 0.841192, "exact": False},
}
DOCUMENTED = {
    "jax": ({"exact": False}, "https://docs.jax.dev/en/latest/_autosummary/jax.nn.gelu.html"),
    "pytorch": ({"exact": True}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html"),
}
NOTES = {
    "jax": "approximate=False gives the exact one.",
    "tensorflow": "approximate=True gives the one with a tanh.",
    "keras": "A layer's activation=\"gelu\" is exact; keras.ops.gelu isn't, unless it is given approximate=False.",
    "pytorch": 'approximate="tanh" gives the other one.',
}


def read_off(value):
    return {"gelu(1)": round(float(value), 6), "exact": bool(abs(value - 0.8413447) < 1e-5)}


def tensorflow():
    import tensorflow as tf

    return read_off(tf.nn.gelu(np.float64(1)).numpy())


def keras():
    import keras

    one = keras.ops.convert_to_tensor(1.0)
    found = {"": keras.activations.gelu(one), "ops.": keras.ops.gelu(one)}
    read = {name: read_off(keras.ops.convert_to_numpy(value)) for name, value in found.items()}
    return read[""] | {"exact in keras.ops": read["ops."]["exact"]}


def pytorch():
    import torch

    return read_off(torch.nn.functional.gelu(torch.tensor(1.0)).item())


def jax():
    import jax

    return read_off(jax.nn.gelu(np.float64(1)))
