# %% [markdown]
# # Save and load, in Keras 2 on Theano
# Weights are arrays, and travel as arrays. Frameworks differ in their layout: the order of a kernel's axes, and the
# order in which maps are flattened. Here they come and go channels last, kernels (height, width, in, out).

# %% Init
import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import layers, models
from keras.utils.conv_utils import convert_kernel


# %% The network
def network(maps, weights):
    """A new one of these weights' sizes, with start weights of its own. Its precision is `backend.floatx()`."""
    shape = {"data_format": "channels_last", "input_shape": (maps[0] + 2, maps[1] + 2, 1)}
    conv = layers.Conv2D(len(weights[1]), 3, activation="relu", **shape)
    return models.Sequential([conv, layers.Flatten(), layers.Dense(len(weights[3]))])


def logits(network, images):
    return network.predict(images)


# %% [markdown]
# The layout is channels last, but on Theano Keras 2 convolves as mathematicians do: kernels are turned by 180 degrees.


# %% Weights in and out
def write(network, conv_kernel, *others):
    network.set_weights([convert_kernel(conv_kernel), *others])
    return network


def read(network):
    conv_kernel, *others = network.get_weights()
    return convert_kernel(conv_kernel), *others


# %% [markdown]
# Keras 2's own files are HDF5, and today's h5py gives text where it expects bytes: it can't open what it saved. So the
# weights go into an `.npz`, in the order in which the network gives them.


# %% A file
def through_file(maps, weights):
    """A new network that has read the file of one with these weights."""
    first, second = write(network(maps, weights), *weights), network(maps, weights)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/weights.npz", *first.get_weights())
        with np.load(f"{folder}/weights.npz") as arrays:
            second.set_weights([arrays[name] for name in arrays.files])
    return second


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return logits(write(network(maps, weights), *weights), images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return logits(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)), images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    random = np.random.default_rng(1)
    shapes = {"conv_kernel": (3, 3, 1, 2), "conv_bias": (2,), "dense_kernel": (24, 5), "dense_bias": (5,)}
    weights = {name: random.random(shape, np.float32) for name, shape in shapes.items()}
    back = round_trip((4, 3), **weights)
    print("every bit came back:", all(np.array_equal(a, b) for a, b in zip(weights.values(), back, strict=True)))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), **weights))
