# %% [markdown]
# # Save and load, in JAX
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile

import jax
import numpy as np

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"

# %% [markdown]
# A network is a tree of arrays, here a dictionary.


# %% The network
def logits(network, images):
    layout = ("NHWC", "HWIO", "NHWC")
    maps = jax.lax.conv_general_dilated(images, network["conv_kernel"], (1, 1), "VALID", dimension_numbers=layout)
    flat = jax.nn.relu(maps + network["conv_bias"]).reshape(len(images), -1)
    return np.array(flat @ network["dense_kernel"] + network["dense_bias"])


# %% [markdown]
# The layout is what one tells `conv_general_dilated`: here channels last. `device_put` takes whole trees, and
# sorts their keys: ask for arrays by name.


# %% Weights in and out
def write(weights):
    return jax.device_put(dict(zip(NAMES, weights, strict=True)))


def read(network):
    return tuple(np.array(network[name]) for name in NAMES)


# %% [markdown]
# JAX itself has no format. Arrays by name go into an `.npz`; what lies on several devices is a task for Orbax.


# %% A file
def through_file(weights):
    """A new network that was read from the file of one with these weights."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/weights.npz", **write(weights))
        with np.load(f"{folder}/weights.npz") as arrays:
            return jax.device_put(dict(arrays))


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(write((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file((conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    shapes = {"conv_kernel": (3, 3, 1, 2), "conv_bias": (2,), "dense_kernel": (24, 5), "dense_bias": (5,)}
    weights = {name: random.random(shape, np.float32) for name, shape in shapes.items()}
    back = round_trip((4, 3), **weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights.values(), back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), **weights))
