"""What a worker is asked to do with a recipe and its framework's weights.py."""

import importlib.util
import inspect
import json

import numpy as np


def weights_go_in_and_out(recipe, adapter, shapes, flattened, precision):
    """Writes random weights and reads them; then tries what must be refused, and gives the messages."""
    adapter, shapes, flattened = load(adapter), json.loads(shapes), json.loads(flattened)
    names, random = list(shapes), np.random.default_rng(5)
    sent = {name: random.normal(size=shape).astype(precision) for name, shape in shapes.items()}
    kept = {name: array.copy() for name, array in sent.items()}
    model = adapter.write(built(load(recipe), precision), sent, flattened)
    given = adapter.read(model, names, flattened)
    first_order, other_order = list(given), list(adapter.read(model, names[::-1], flattened))
    for arrays in (sent, given):
        for array in arrays.values():
            array[...] = 0  # belongs to the caller, and isn't tied to the model
    first, *others = names
    wrong_shape = {**kept, first: np.zeros((*shapes[first], 1), precision)}
    refusals = {
        "read unknown": refusal(adapter.read, model, ["no_such_kernel"], flattened),
        "write unknown": refusal(adapter.write, model, {**kept, "no_such_kernel": kept[first]}, flattened),
        "write too few": refusal(adapter.write, model, {name: kept[name] for name in others}, flattened),
        "write wrong shape": refusal(adapter.write, model, wrong_shape, flattened),
    }
    again = adapter.read(model, names, flattened)
    return {
        "orders": [first_order, other_order],
        "unchanged": [bool(np.array_equal(again[name], kept[name])) for name in names],
        "dtypes": sorted({str(array.dtype) for array in again.values()}),
        "refusals": refusals,
    }


def training_is_watched(recipe, precision):
    """Scores a fresh model, and trains it for two epochs under watch."""
    recipe, random = load(recipe), np.random.default_rng(6)
    images = random.random((12, 28, 28, 1)).astype(np.float32) / 8  # dark as digits are: no rate is too high
    labels = (np.arange(12) % 10).astype(np.uint8)  # as mnist.npz has them
    model, seen = built(recipe, precision), []
    before = recipe.evaluate(model, images, labels)
    untrained = np.array(recipe.predict(model, images))
    model, history = recipe.train(
        model, images, labels, epochs=2, batch_size=5, watch=lambda model: seen.append(recipe.predict(model, images))
    )
    trained = recipe.predict(model, images)
    return {
        "before": before,
        "history": history,
        "watched": len(seen),
        "each epoch": not np.allclose(untrained, seen[0]) and not np.allclose(seen[0], seen[1]),
        "came back": [bool(np.allclose(one, trained)) for one in seen],
    }


def pytorch_layers(adapter):
    """Each kind of layer that PyTorch's weights.py knows: what it gives, against the layer's own tensors."""
    import torch
    from torch import nn

    layers = nn.ModuleDict({"words": nn.Embedding(7, 3), "norm": nn.BatchNorm1d(4), "dense": nn.Linear(3, 4)})
    layers["block"] = nn.Sequential(nn.Conv2d(2, 3, (5, 4), bias=False))
    layers["scale"] = nn.ParameterDict({"gain": nn.Parameter(torch.ones(2))})
    names = ["words_embeddings", "dense_kernel", "dense_bias", "block_0_kernel", "scale_gain"]
    names += [f"norm_{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    found, norm = load(adapter).read(layers, names), layers["norm"]
    own = {
        "words_embeddings": layers["words"].weight,
        "dense_kernel": layers["dense"].weight.T,
        "dense_bias": layers["dense"].bias,
        "block_0_kernel": layers["block"][0].weight.permute(2, 3, 1, 0),
        "scale_gain": layers["scale"]["gain"],
        "norm_gamma": norm.weight,
        "norm_beta": norm.bias,
        "norm_moving_mean": norm.running_mean,
        "norm_moving_variance": norm.running_var,
    }
    arrays = {name: np.random.default_rng(7).normal(size=array.shape).astype("f4") for name, array in found.items()}
    same = {name: bool(np.array_equal(found[name], tensor.detach().numpy())) for name, tensor in own.items()}
    load(adapter).write(layers, arrays)
    written = {name: bool(np.array_equal(arrays[name], tensor.detach().numpy())) for name, tensor in own.items()}
    misfit = refusal(load(adapter).read, layers, ["dense_kernel"], {"dense": (2, 2, 1)})
    return {"read": same, "written": written, "misfit": misfit}


def built(recipe, precision):
    """A model in the precision, as the harness gets it."""
    takes_dtype = "dtype" in inspect.signature(recipe.variables).parameters
    return recipe.variables(seed=0, **({"dtype": precision} if takes_dtype else {}))


def refusal(function, *arguments):
    """The message of a ValueError; nothing if the function has no objection."""
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)
    return ""


def load(path):
    specification = importlib.util.spec_from_file_location("loaded", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
