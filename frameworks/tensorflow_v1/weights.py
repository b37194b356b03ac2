"""Weights into a TensorFlow 1 model and out of it, as NumPy arrays.

The model has a `session`, whose graph holds the variables. A weight's name is its variable's, with scopes joined by an
underscore: `conv1/kernel` is `conv1_kernel`. TensorFlow's layout is the canonical one: channels last, convolution
kernels (height, width, in, out), dense kernels (in, out), and maps flattened in the order height, width, channel.
Nothing has to be turned.

A graph's dtypes are fixed when it is drawn: draw it in float64 for float64 arrays. What an optimiser keeps for itself,
`conv1/kernel/Momentum`, is a variable too; it is left as it is.
"""

import tensorflow.compat.v1 as tf


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the graph has no variable of that name.
    """
    found = variables(model)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the graph has no {', '.join(missing)}; it has {', '.join(found)}")
    values = model.session.run([found[name] for name in names])
    return {name: value.copy() for name, value in zip(names, values, strict=True)}


def write(model, arrays, flattened={}):
    """Loads these arrays into the model's variables; gives the model.

    Raises:
        ValueError: a name, shape or dtype isn't the graph's, or a trained variable is left out.
    """
    for name, old in read(model, arrays).items():
        if (arrays[name].shape, arrays[name].dtype) != (old.shape, old.dtype):
            given = f"{name} has the shape {arrays[name].shape} and dtype {arrays[name].dtype}"
            raise ValueError(f"{given}, expected {old.shape} and {old.dtype}")
    found = variables(model)
    if missing := [name for name, variable in found.items() if variable.trainable and name not in arrays]:
        raise ValueError(f"the graph also has {', '.join(missing)}; give all of its weights")
    for name, array in arrays.items():
        found[name].load(array, model.session)
    return model


def variables(model):
    """The variables of the model's graph by canonical name."""
    every = model.session.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    return {variable.op.name.replace("/", "_"): variable for variable in every}
