"""Weights into a TensorFlow model and out of it, as NumPy arrays.

The model is a dictionary of `tf.Variable`s, or an object that has one as `parameters`. TensorFlow's layout is the
canonical one: channels last, convolution kernels (height, width, in, out), dense kernels (in, out), and maps flattened
in the order height, width, channel. Nothing has to be turned.

A variable's dtype is fixed when it is made, and TensorFlow has no switch for all of them: float64 arrays need new
variables. So `write` gives a new model.
"""

import copy

import numpy as np
import tensorflow as tf


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    found = getattr(model, "parameters", model)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    return {name: np.array(found[name]) for name in names}


def write(model, arrays, flattened={}):
    """A model like this one, with new variables that hold these arrays, in their precision.

    Raises:
        ValueError: a name or shape isn't the model's, or a weight of the model is left out.
    """
    read(model, arrays)
    found = getattr(model, "parameters", model)
    if missing := [name for name in found if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        if array.shape != found[name].shape:
            raise ValueError(f"{name} has the shape {array.shape}, expected {tuple(found[name].shape)}")
    written = {
        name: tf.Variable(np.array(arrays[name]), trainable=variable.trainable, name=name)
        for name, variable in found.items()
    }
    if model is found:
        return written
    model = copy.copy(model)
    model.parameters = written
    return model
