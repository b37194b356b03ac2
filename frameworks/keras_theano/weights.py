"""Weights into a Keras 2 model on Theano and out of it, as NumPy arrays.

A weight's name is its layer's and its own: the `kernel` of a layer named `conv1` is `conv1_kernel`. Name the layers;
names that Keras makes up are counted on from model to model. Batch normalisation has `gamma`, `beta`, `moving_mean` and
`moving_variance`, an embedding `embeddings`.

With channels last the layout is the canonical one: convolution kernels (height, width, in, out), dense kernels (in,
out), maps flattened in the order height, width, channel. But on Theano Keras 2 convolves as mathematicians do, with the
kernel turned by 180 degrees, where every other backend correlates: convolution kernels are turned on their way.

The precision is `keras.backend.floatx()` when the layers are made.
"""

import numpy as np
from keras.utils.conv_utils import convert_kernel


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    found = variables(model)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    return {name: turned(found[name].get_value()) for name in names}


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
        found[name].set_value(turned(array))
    return model


def turned(array):
    """A copy; a convolution kernel is turned by 180 degrees, which is its own inverse."""
    return convert_kernel(array) if array.ndim == 4 else np.array(array)


def variables(model):
    """Theano's shared variables by canonical name; Keras calls them `conv1/kernel`."""
    return {
        f"{layer.name}_{variable.name.split('/')[-1]}": variable for layer in model.layers for variable in layer.weights
    }
