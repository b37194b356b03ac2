"""Layer normalisation divides by a deviation, and a small number keeps it from dividing by zero. How small is a
default, and Keras's is a hundred times PyTorch's: where the features of an image hardly differ, the outputs are others.
"""

import numpy as np

TITLE = "Epsilon in layer normalisation"
QUESTION = "What becomes of the features −0.01 and 0.01: 1 would be an epsilon of nothing."
EXPECTED = {
    "keras": {"of 0.01": 0.3015, "epsilon": 1e-3},
    "pytorch": {"of 0.01": 0.9535, "epsilon": 1e-5},
    "jax": {"of 0.01": 0.9535, "epsilon": 1e-5},
}
DOCUMENTED = {
    "keras": ({"epsilon": 1e-3}, "https://keras.io/api/layers/normalization_layers/layer_normalization/"),
    "pytorch": ({"epsilon": 1e-5}, "https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html"),
}
NOTES = {"jax": "jax.nn.standardize; Flax's LayerNorm has a default of its own."}
PRECISION = "float32"

features = np.array([[-0.01, 0.01]], np.float32)


def read_off(normal, found=None):
    value = float(np.asarray(normal)[0, 1])
    return {"of 0.01": round(value, 4), "epsilon": found or float(f"{1e-4 / value**2 - 1e-4:.0e}")}


def keras():
    import keras

    layer = keras.layers.LayerNormalization()
    return read_off(keras.ops.convert_to_numpy(layer(features)), layer.epsilon)


def pytorch():
    import torch

    layer = torch.nn.LayerNorm(2)
    return read_off(layer(torch.tensor(features)).detach().numpy(), layer.eps)


def jax():
    import jax

    return read_off(jax.nn.standardize(features, axis=-1))
