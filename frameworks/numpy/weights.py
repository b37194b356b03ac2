"""Weights into a NumPy model and out of it.

The model is a dictionary of arrays, or an object that has one as `parameters`. NumPy has no layout of its own, so this
layout is the one that the other frameworks are translated to and from: channels last, convolution kernels (height,
width, in, out), dense kernels (in, out), and maps flattened in the order height, width, channel.

There is no switch for the precision either: what is computed has the precision of the weights and images.
"""

import copy


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    found = getattr(model, "parameters", model)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    return {name: found[name].copy() for name in names}


def write(model, arrays, flattened={}):
    """A model like this one, with copies of these arrays, in their precision.

    Raises:
        ValueError: a name or shape isn't the model's, or a weight of the model is left out.
    """
    read(model, arrays)
    found = getattr(model, "parameters", model)
    if missing := [name for name in found if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        if array.shape != found[name].shape:
            raise ValueError(f"{name} has the shape {array.shape}, expected {found[name].shape}")
    written = {name: arrays[name].copy() for name in found}
    if model is found:
        return written
    model = copy.copy(model)
    model.parameters = written
    return model
