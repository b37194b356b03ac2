"""Stands in for PyTorch's device.py where there is no GPU, under a worker's own Python.

A recipe may place its tensors on "cuda": they stay on the processor, but it is noted which are where, and what the real
one refuses is refused: to compute with tensors of both devices, and to make an array of a tensor of the GPU's.
"""

import torch
from torch.overrides import TorchFunctionMode

MIXES = ("__getitem__", "__setitem__", "copy_", "__set__", "_has_compatible_shallow_copy_type")  # may be given both
placed = 0


def is_cuda(value):
    return str(value).split(":")[0] == "cuda" if isinstance(value, (str, torch.device)) else False


def tensors(value):
    """All tensors in arguments or a result."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for part in value for tensor in tensors(part)] if isinstance(value, (list, tuple)) else []


def on_gpu(tensor):
    return tensor.__dict__.get("on_gpu", False)


class Placing(TorchFunctionMode):
    def __torch_function__(self, function, types, arguments=(), keywords=None):
        global placed
        keywords = keywords or {}
        if function.__name__ == "_parse_to":  # module.to(device) reads its arguments; it moves tensor by tensor then
            return function(*arguments, **keywords)
        given, name = tensors([arguments, keywords]), function.__name__
        move = any(map(is_cuda, [*arguments, *keywords.values()]))
        if name in ("numpy", "__array__") and on_gpu(given[0]):
            raise TypeError("can't convert a cuda tensor to an array")
        if not move and name not in MIXES and len({on_gpu(tensor) for tensor in given if tensor.ndim}) > 1:
            raise RuntimeError(f"{name}: tensors on two devices, cuda and cpu")
        keywords = {key: "cpu" if is_cuda(value) else value for key, value in keywords.items()}
        result = function(*["cpu" if is_cuda(value) else value for value in arguments], **keywords)
        if name == "__set__" and tensors([arguments[1]]):  # module.to(device) puts the moved tensor into the parameter
            arguments[0].on_gpu = on_gpu(arguments[1])
        if move or name == "cpu":
            result = result.detach() if any(result is tensor for tensor in given) else result  # as a copy would be
        gpu = move or (name != "cpu" and any(map(on_gpu, given)))
        for tensor in tensors(result):
            tensor.on_gpu = gpu
        placed += move
        return result


def use_gpu():
    torch.cuda.is_available = lambda: True
    Placing().__enter__()
    return {"name": "a processor that is told to be a GPU", "tf32": "off"}


def synchronise():
    print("synchronised", flush=True)


def peak_memory():
    return placed
