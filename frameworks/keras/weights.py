"""Weights into a Keras model and out of it, as NumPy arrays.

A weight's name is its layer's and its own: the `kernel` of a layer named `conv1` is `conv1_kernel`. Name the layers;
names that Keras makes up are counted on from model to model. Batch normalisation has `gamma`, `beta`, `moving_mean` and
`moving_variance`, an embedding `embeddings`.

Keras's layout is the canonical one on each backend, PyTorch too: channels last, convolution kernels (height, width, in,
out), dense kernels (in, out), and maps flattened in the order height, width, channel. Nothing has to be turned.

The precision is `keras.config.floatx()` when the layers are made.
"""

import keras
import numpy as np


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    found = variables(model)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    return {name: np.array(keras.ops.convert_to_numpy(found[name])) for name in names}


def write(model, arrays, flattened={}):
    """Copies these arrays into the model's variables; gives the model.

    Raises:
        ValueError: a name, shape or dtype isn't the model's, or a weight of the model is left out.
    """
    for name, old in read(model, arrays).items():
        if (arrays[name].shape, arrays[name].dtype) != (old.shape, old.dtype):
            given = f"{name} has the shape {arrays[name].shape} and dtype {arrays[name].dtype}"
            raise ValueError(f"{given}, expected {old.shape} and {old.dtype}")
    found = variables(model)
    if missing := [name for name in found if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        found[name].assign(np.array(array))
    return model


def variables(model):
    """The variables of the model's layers by canonical name."""
    return {f"{layer.name}_{variable.name}": variable for layer in model.layers for variable in layer.weights}
