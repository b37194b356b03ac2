"""Weights into a CUDA model and out of it.

A kernel is given arrays and a model is a dictionary of them, so the layout is whatever the kernels index: here the one
that the other frameworks are translated to and from, channels last, convolution kernels (height, width, in, out), dense
kernels (in, out). The precision is that of the arrays.
"""


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    if missing := [name for name in names if name not in model]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(model)}")
    return {name: model[name].copy() for name in names}


def write(model, arrays, flattened={}):
    """A new model with copies of these arrays, in their precision.

    Raises:
        ValueError: a name or shape isn't the model's, or a weight of the model is left out.
    """
    read(model, arrays)
    if missing := [name for name in model if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        if array.shape != model[name].shape:
            raise ValueError(f"{name} has the shape {array.shape}, expected {model[name].shape}")
    return {name: arrays[name].copy() for name in model}
