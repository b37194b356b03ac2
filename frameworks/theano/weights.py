"""Weights into a Theano model and out of it, as NumPy arrays.

The model has `parameters`, shared variables by name. Theano's layout puts channels first:

- Convolution kernels are (out, in, height, width), and maps (N, channels, height, width).
- Dense kernels are (in, out), as they should be.
- Flattened maps come in the order channel, height, width. The dense layer that follows gets its rows in that order too:
  name it with the size of the maps, `flattened={"dense1": (height, width, channels)}`.

`conv2d` turns the kernel by 180 degrees unless it is told `filter_flip=False`; these kernels are not turned. The
precision is `theano.config.floatX`, which the environment variable `THEANO_FLAGS` sets before the import.
"""

import numpy as np


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`, channels last.

    Args:
        flattened: by name of a dense layer that follows a flatten, the (height, width, channels) of the maps.

    Raises:
        ValueError: the model has no weight of that name.
    """
    if missing := [name for name in names if name not in model.parameters]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(model.parameters)}")
    return {name: channels_last(name, model.parameters[name].get_value(), flattened) for name in names}


def write(model, arrays, flattened={}):
    """Copies these arrays into the shared variables; gives the model.

    Raises:
        ValueError: a name, shape or dtype isn't the model's, or a weight of the model is left out.
    """
    for name, old in read(model, arrays, flattened).items():
        if (arrays[name].shape, arrays[name].dtype) != (old.shape, old.dtype):
            given = f"{name} has the shape {arrays[name].shape} and dtype {arrays[name].dtype}"
            raise ValueError(f"{given}, expected {old.shape} and {old.dtype}")
    if missing := [name for name in model.parameters if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        model.parameters[name].set_value(channels_first(name, array, flattened))
    return model


def channels_last(name, array, flattened):
    """A copy in the canonical layout."""
    if array.ndim == 4:
        array = array.transpose(2, 3, 1, 0)  # (out, in, height, width) to (height, width, in, out)
    elif name.endswith("_kernel") and name[:-7] in flattened:
        height, width, channels = flattened[name[:-7]]
        maps = array.reshape(channels, height, width, -1)
        array = maps.transpose(1, 2, 0, 3).reshape(array.shape)
    return np.array(array, order="C")


def channels_first(name, array, flattened):
    """A copy in Theano's layout."""
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)  # (height, width, in, out) to (out, in, height, width)
    elif name.endswith("_kernel") and name[:-7] in flattened:
        maps = array.reshape(*flattened[name[:-7]], -1)
        array = maps.transpose(2, 0, 1, 3).reshape(array.shape)
    return np.array(array, order="C")
