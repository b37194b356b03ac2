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
# JAX itself has no format. Arrays by name go into an `.npz`; what lies on several devices is a task for Orbax. What
# comes back is a new network, read from the file of one with these weights.


# %% A file
def through_file(weights):
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
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
