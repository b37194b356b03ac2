# %% [markdown]
# # Save and load, in Theano
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import os
import tempfile
from pathlib import Path

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt

NAMES = "conv_kernel", "conv_bias", "dense_kernel", "dense_bias"


# %% The network
def network(maps, weights):
    """A new one: zeros of these weights' precision. Shared variables take their sizes from what they are given."""
    return {name: theano.shared(np.zeros_like(array)) for name, array in zip(NAMES, weights, strict=True)}


def logits(network, images):
    x = tt.constant(images.transpose(0, 3, 1, 2))
    bias = network["conv_bias"].dimshuffle("x", 0, "x", "x")
    maps = tt.nnet.conv2d(x, network["conv_kernel"], filter_flip=False) + bias
    flat = tt.maximum(maps, 0).flatten(2)
    return theano.function([], tt.dot(flat, network["dense_kernel"]) + network["dense_bias"])()


# %% [markdown]
# Convolution kernels are (out, in, height, width), dense ones (in, out). Maps are (channels, height, width), and are
# flattened like that: the dense kernel's rows are in another order.


# %% Weights in and out
def write(network, maps, weights):
    conv_kernel, conv_bias, dense_kernel, dense_bias = weights
    by_place = dense_kernel.reshape(*maps, len(conv_bias), -1)  # (height, width, channels, out)
    rows = by_place.transpose(2, 0, 1, 3).reshape(dense_kernel.shape)
    for name, array in zip(NAMES, (conv_kernel.transpose(3, 2, 0, 1), conv_bias, rows, dense_bias), strict=True):
        network[name].set_value(array)
    return network


def read(network, maps):
    kernel, conv_bias, rows, dense_bias = (network[name].get_value() for name in NAMES)
    by_place = rows.reshape(len(conv_bias), *maps, -1)  # (channels, height, width, out)
    return kernel.transpose(2, 3, 1, 0), conv_bias, by_place.transpose(1, 2, 0, 3).reshape(rows.shape), dense_bias


# %% [markdown]
# Theano has no format of its own: shared variables can be pickled, but arrays by name outlive any version of a library.


# %% A file
def save(network, path):
    np.savez(path, **{name: variable.get_value() for name, variable in network.items()})


def load(network, path):
    with np.load(path) as arrays:
        for name, variable in network.items():
            variable.set_value(arrays[name])
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
