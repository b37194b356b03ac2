# %% [markdown]
# # Filter maps, in Theano
# Each filter makes a map of its own. If the input has several channels, a filter has a kernel for each of them, and its
# map is the sum. Theano has channels first, and turns
# kernels upside down unless told not to.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano.tensor as tt


# %% Maps
# Three filters of 5x5 make three maps of 24x24: 1,728 numbers from 75 weights and 3 biases.
def channels_last_maps(images, kernels, biases):
    images = tt.constant(images).dimshuffle(0, 3, 1, 2)  # (N, C, H, W)
    kernels = tt.constant(kernels).dimshuffle(3, 2, 0, 1)  # (out, in, h, w)
    feature_maps = tt.nnet.conv2d(images, kernels, border_mode="valid", filter_flip=False)
    return feature_maps.dimshuffle(0, 2, 3, 1) + biases


def maps(images, kernels, biases):
    """Images (N, H, W, C), kernels (h, w, C, M) and biases (M,) give the maps (N, H-h+1, W-w+1, M)."""
    return channels_last_maps(images, kernels, biases).eval()


# %% Flattened
# A dense layer wants one row for each image. In which order is a convention: here height, width, channel.
def flattened(images, kernels, biases):
    """The maps of each image in one row: (N, (H-h+1) * (W-w+1) * M)."""
    return channels_last_maps(images, kernels, biases).flatten(ndim=2).eval()


# %% Run
if __name__ == "__main__":
    images = np.zeros((1, 4, 4, 2), np.float32)
    images[0, 1, 1], images[0, 2, 2] = (1, 0), (0, 10)  # one bright pixel in each of the two channels
    kernels, biases = np.ones((2, 2, 2, 2), np.float32), np.array([0, 0.5], np.float32)
    print(np.moveaxis(maps(images, kernels, biases)[0], -1, 0))  # two maps, each of which saw both channels
    print(flattened(images, kernels, biases)[0])
