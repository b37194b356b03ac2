# %% [markdown]
# # Save and load, in JAX
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"


# %% The network
def network(maps, weights):
    """A new one: zeros of these weights' sizes and precision."""
    return {name: jnp.zeros_like(array) for name, array in zip(NAMES, weights, strict=True)}


@jax.jit
def forward(network, images):
    layout = ("NHWC", "HWIO", "NHWC")
    maps = jax.lax.conv_general_dilated(images, network["conv_kernel"], (1, 1), "VALID", dimension_numbers=layout)
    flat = jax.nn.relu(maps + network["conv_bias"]).reshape(len(images), -1)
    return flat @ network["dense_kernel"] + network["dense_bias"]


def logits(network, images):
    return np.array(forward(network, images))


# %% [markdown]
# The layout is what one tells `conv_general_dilated`: here channels last. Arrays can't be changed: writing gives a new
# network.


# %% Weights in and out
def write(network, maps, weights):
    return {name: jnp.asarray(array) for name, array in zip(NAMES, weights, strict=True)}


def read(network, maps):
    return tuple(np.array(network[name]) for name in NAMES)


# %% [markdown]
# JAX itself has no format. Arrays by name go into an `.npz`; what lies on several devices is a task for Orbax.


# %% A file
def save(network, path):
    np.savez(path, **network)


def load(network, path):
    with np.load(path) as arrays:
        return {name: jnp.asarray(arrays[name], network[name].dtype) for name in network}


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
