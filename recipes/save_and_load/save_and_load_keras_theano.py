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

# %% [markdown]
# A network of these weights' sizes, with start weights of its own. Its precision is `backend.floatx()`.


# %% The network
def network(maps, weights):
    conv = layers.Conv2D(len(weights[1]), 3, activation="relu", input_shape=(maps[0] + 2, maps[1] + 2, 1))
    return models.Sequential([conv, layers.Flatten(), layers.Dense(len(weights[3]))])


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
# weights go into an `.npz`, in the order in which the network gives them. What comes back is a new network, which has
# read the file of one with these weights.


# %% A file
def through_file(maps, weights):
    first, second = write(network(maps, weights), *weights), network(maps, weights)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/weights.npz", *first.get_weights())
        with np.load(f"{folder}/weights.npz") as arrays:
            second.set_weights([arrays[name] for name in arrays.files])
    return second


# %% Round trip
def answers(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    weights = conv_kernel, conv_bias, dense_kernel, dense_bias
    return write(network(maps, weights), *weights).predict(images)


def reloaded(images, maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)).predict(images)


def round_trip(maps, conv_kernel, conv_bias, dense_kernel, dense_bias):
    return read(through_file(maps, (conv_kernel, conv_bias, dense_kernel, dense_bias)))


# %% Run
if __name__ == "__main__":
    weights = [np.random.default_rng(1).random(shape, np.float32) for shape in ((3, 3, 1, 2), (2,), (24, 5), (5,))]
    print("every bit came back:", all(map(np.array_equal, weights, round_trip((4, 3), *weights))))
    print("the new network's answers:", reloaded(np.ones((1, 6, 5, 1), np.float32), (4, 3), *weights))
