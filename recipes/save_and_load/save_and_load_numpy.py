# %% [markdown]
# # Save and load, in NumPy
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import numpy as np

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"

# %% [markdown]
# A network is nothing but its four arrays, by name.


# %% The network
def logits(network, images):
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), axis=(1, 2))  # (N, height, width, 3, 3)
    maps = np.tensordot(windows, network["conv_kernel"][:, :, 0], 2) + network["conv_bias"]
    return np.maximum(maps, 0).reshape(len(images), -1) @ network["dense_kernel"] + network["dense_bias"]


# %% [markdown]
# The layout is NumPy's own. Copies, so that the network and its giver don't share memory.


# %% Weights in and out
def write(weights):
    return {name: array.copy() for name, array in zip(NAMES, weights, strict=True)}


def read(network):
    return tuple(array.copy() for array in network.values())


# %% [markdown]
# An `.npz` holds arrays by name. `np.load` opens no pickles unless it is told to, so a stranger's file can do no harm.
# What comes back is a new network, read from the file of one with these weights.


# %% A file
def through_file(weights):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/weights.npz", **write(weights))
        with np.load(f"{folder}/weights.npz") as arrays:
            return dict(arrays)


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(write((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
