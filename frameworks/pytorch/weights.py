"""Weights into a PyTorch model and out of it, as NumPy arrays with channels last.

A weight's name is its module's and what it is: the kernel of `model.conv1` is `conv1_kernel`. Name the modules, in an
`nn.Sequential` too: `nn.Sequential(OrderedDict(conv1=nn.Conv2d(...), ...))`. PyTorch's layout differs:

- `nn.Conv2d` has kernels (out, in, height, width), and maps (N, channels, height, width).
- `nn.Linear` has its kernel as (out, in).
- `nn.Flatten` gives the order channel, height, width. The `nn.Linear` that follows gets its inputs in that order: name
  it with the size of the maps, `flattened={"dense1": (height, width, channels)}`.
- Batch normalisation says `weight`, `bias`, `running_mean` and `running_var` where others say gamma, beta, moving mean
  and moving variance. Two rules differ, which no layout can mend: `momentum` is the share of the new batch, not of the
  old average, and the moving variance is the unbiased one.
- `nn.Embedding` has its table as (words, features), like everyone else.

The precision is that of `torch.set_default_dtype` when the modules are made.
"""

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm


def read(model, names, flattened={}):
    """Copies of the model's weights by name, in the order of `names`, channels last.

    Args:
        flattened: by name of an `nn.Linear` that follows a flatten, the (height, width, channels) of the maps.

    Raises:
        ValueError: the model has no weight of that name, or the maps don't fit.
    """
    found = views(model, flattened)
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"the model has no {', '.join(missing)}; it has {', '.join(found)}")
    arrays = {name: found[name].detach().cpu().numpy().copy() for name in names}
    inputs = {f"{name}_kernel": height * width * channels for name, (height, width, channels) in flattened.items()}
    return {name: array.reshape(inputs[name], -1) if name in inputs else array for name, array in arrays.items()}


def write(model, arrays, flattened={}):
    """Copies these arrays into the model's tensors, wherever they are; gives the model.

    Raises:
        ValueError: a name, shape or dtype isn't the model's, or a weight of the model is left out.
    """
    for name, old in read(model, arrays, flattened).items():
        if (arrays[name].shape, arrays[name].dtype) != (old.shape, old.dtype):
            given = f"{name} has the shape {arrays[name].shape} and dtype {arrays[name].dtype}"
            raise ValueError(f"{given}, expected {old.shape} and {old.dtype}")
    found = views(model, flattened)
    if missing := [name for name in found if name not in arrays]:
        raise ValueError(f"the model also has {', '.join(missing)}; give all of its weights")
    with torch.no_grad():
        for name, view in found.items():
            view.copy_(torch.from_numpy(arrays[name].copy()).reshape(view.shape))
    return model


def views(model, flattened):
    """The model's tensors by canonical name, seen in the canonical layout: what changes a view changes the model."""
    found = {}
    for path, module in model.named_modules():
        part = path.replace(".", "_")
        for name, tensor in seen(module, flattened.get(part)).items():
            if tensor is not None:  # a layer may do without a bias
                found[f"{part}_{name}" if part else name] = tensor
    return found


def seen(module, maps):
    """A module's own tensors in the canonical layout; `maps` is the size of the maps that were flattened before it."""
    if isinstance(module, nn.Linear):
        kernel = module.weight.T  # (out, in) to (in, out)
        if maps:  # as a convolution with a kernel as large as the maps: (height, width, in, out)
            height, width, channels = maps
            if module.in_features != height * width * channels:
                raise ValueError(f"maps of {maps} have {height * width * channels} values, not {module.in_features}")
            kernel = module.weight.unflatten(1, (channels, height, width)).permute(2, 3, 1, 0)
        return {"kernel": kernel, "bias": module.bias}
    if isinstance(module, nn.Conv2d):
        return {"kernel": module.weight.permute(2, 3, 1, 0), "bias": module.bias}
    if isinstance(module, BatchNorm):
        averages = {"moving_mean": module.running_mean, "moving_variance": module.running_var}
        return {"gamma": module.weight, "beta": module.bias, **averages}
    if isinstance(module, nn.Embedding):
        return {"embeddings": module.weight}
    return dict(module.named_parameters(recurse=False))  # of any other module as they are
