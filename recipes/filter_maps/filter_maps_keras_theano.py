# %% [markdown]
# # Filter maps, in Keras 2 on Theano
# Each filter makes a map of its own. If the input has several channels, a filter has a kernel for each of them, and its
# map is the sum. With channels last, the kernels are turned
# upside down all the same.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.utils import conv_utils


# %% Maps
# Three filters of 5x5 make three maps of 24x24: 1,728 numbers from 75 weights and 3 biases.
def feature_maps(images, kernels, biases):
    kernels = backend.variable(conv_utils.convert_kernel(kernels))  # turned, so that conv2d turns them back
    products = backend.conv2d(backend.variable(images), kernels, padding="valid", data_format="channels_last")
    return backend.bias_add(products, backend.variable(biases), data_format="channels_last")


def maps(images, kernels, biases):
    """Images (N, H, W, C), kernels (h, w, C, M) and biases (M,) give the maps (N, H-h+1, W-w+1, M)."""
    return backend.eval(feature_maps(images, kernels, biases))


# %% Flattened
# A dense layer wants one row for each image. In which order is a convention: here height, width, channel.
def flattened(images, kernels, biases):
    """The maps of each image in one row: (N, (H-h+1) * (W-w+1) * M)."""
    return backend.eval(backend.batch_flatten(feature_maps(images, kernels, biases)))


# %% Run
if __name__ == "__main__":
    images = np.zeros((1, 4, 4, 2), np.float32)
    images[0, 1, 1], images[0, 2, 2] = (1, 0), (0, 10)  # one bright pixel in each of the two channels
    kernels, biases = np.ones((2, 2, 2, 2), np.float32), np.array([0, 0.5], np.float32)
    print(np.moveaxis(maps(images, kernels, biases)[0], -1, 0))  # two maps, each of which saw both channels
    print(flattened(images, kernels, biases)[0])
