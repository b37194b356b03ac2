"""Weights into a JAX model and out of it, as NumPy arrays.

The model is any tree of arrays. A weight's name is its path in the tree, joined by underscores:
`model["conv1"]["kernel"]` is `conv1_kernel`. JAX has no layers, so it has no layout either: its convolution takes
whatever `dimension_numbers` say. Channels last, `("NHWC", "HWIO", "NHWC")`, is the canonical layout: kernels (height,
width, in, out), dense kernels (in, out), and maps flattened in the order height, width, channel.

Without `jax_enable_x64` JAX makes float32 of float64 arrays, and says nothing; `write` refuses that. Functions under
`jax.jit` give dictionaries back in alphabetical order, so names and not places count.
"""

import jax
import jax.numpy as jnp
import numpy as np


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`. No layer needs to be `flattened` here.

    Raises:
        ValueError: the model has no weight of that name.
    """
    found = {name_of(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(model)}
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    return {name: np.array(found[name]) for name in names}


def write(model, arrays, flattened={}):
    """A tree like this one, with copies of these arrays.

    Raises:
        ValueError: a name, shape or dtype isn't the model's, or a weight of the model is left out.
    """
    for name, old in read(model, arrays).items():
        if (arrays[name].shape, arrays[name].dtype) != (old.shape, old.dtype):
            given = f"{name} has the shape {arrays[name].shape} and dtype {arrays[name].dtype}"
            raise ValueError(f"{given}, expected {old.shape} and {old.dtype}")
    every = [name_of(path) for path, _ in jax.tree_util.tree_leaves_with_path(model)]
    if missing := [name for name in every if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    # The second copy: JAX makes its own later than it says, and would see what the caller does meanwhile.
    return jax.tree_util.tree_map_with_path(lambda path, old: jnp.array(arrays[name_of(path)].copy()), model)


def name_of(path):
    """A weight's canonical name: its path in the tree."""
    return jax.tree_util.keystr(path, simple=True, separator="_")
