# %% [markdown]
# # Pooling, in Keras 2 on Theano
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean.
# `keras.backend` is the vocabulary that the layers are written in.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend

# %% [markdown]
# "valid" leaves out a last window that doesn't fit in.


# %% Pooling
def pooled(maps, size, stride, mode):
    return backend.pool2d(maps, (size, size), (stride, stride), "valid", "channels_last", mode)


def max_pool(maps, size, stride):
    return backend.eval(pooled(backend.variable(maps, maps.dtype), size, stride, "max"))


def average_pool(maps, size, stride):
    return backend.eval(pooled(backend.variable(maps, maps.dtype), size, stride, "avg"))


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return backend.eval(backend.mean(backend.variable(maps, maps.dtype), axis=[1, 2]))


# %% [markdown]
# Each window's gradient goes to its largest pixel. On Theano, of several each gets the whole of it.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    inputs, errors = backend.variable(maps, maps.dtype), backend.variable(d_out, d_out.dtype)
    return backend.eval(backend.gradients(backend.sum(pooled(inputs, size, stride, "max") * errors), inputs))


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
