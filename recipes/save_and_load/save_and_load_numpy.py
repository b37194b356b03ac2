# %% [markdown]
# # Save and load, in NumPy
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile
from pathlib import Path

import numpy as np

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"


# %% The network
def network(maps, weights):
    """A new one: zeros of these weights' sizes and precision."""
    return {name: np.zeros_like(array) for name, array in zip(NAMES, weights, strict=True)}


def logits(network, images):
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), axis=(1, 2))  # (N, height, width, 3, 3)
    maps = np.tensordot(windows, network["conv_kernel"][:, :, 0], 2) + network["conv_bias"]
    return np.maximum(maps, 0).reshape(len(images), -1) @ network["dense_kernel"] + network["dense_bias"]


# %% [markdown]
# The layout is NumPy's own. Copies, so that the network and its giver don't share memory.


# %% Weights in and out
def write(network, maps, weights):
    for name, array in zip(NAMES, weights, strict=True):
        network[name][...] = array
    return network


def read(network, maps):
    return tuple(network[name].copy() for name in NAMES)


# %% [markdown]
# An `.npz` holds arrays by name. `np.load` opens no pickles unless it is told to, so a stranger's file can do no harm.


# %% A file
def save(network, path):
    np.savez(path, **network)


def load(network, path):
    with np.load(path) as arrays:
        for name in network:
            network[name][...] = arrays[name]
    return network


# %% Round trip
def through_file(maps, weights):
    """A new network that read the file of one with these weights."""
    with tempfile.TemporaryDirectory() as folder:
        save(write(network(maps, weights), maps, weights), Path(folder, "weights.npz"))
        return load(network(maps, weights), Path(folder, "weights.npz"))


def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(maps, weights), maps, weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), maps)


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    weights = [random.random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    back = round_trip((4, 3), *weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
