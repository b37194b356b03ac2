# %% [markdown]
# # Pooling, in Theano
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean.
# `pool_2d` pools the last two axes: Theano's maps are (N, C, H, W); those that come and go here are (N, H, W, C).

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt
from theano.tensor.signal.pool import pool_2d

# %% [markdown]
# `ignore_border` leaves out a last window that doesn't fit in.


# %% Pooling
def pooled(maps, size, stride, mode="max"):
    maps = maps.dimshuffle(0, 3, 1, 2)
    return pool_2d(maps, (size, size), ignore_border=True, stride=(stride, stride), mode=mode).dimshuffle(0, 2, 3, 1)


def max_pool(maps, size, stride):
    symbol = tt.tensor4("maps", maps.dtype)
    return theano.function([symbol], pooled(symbol, size, stride))(maps)


def average_pool(maps, size, stride):
    symbol = tt.tensor4("maps", maps.dtype)
    return theano.function([symbol], pooled(symbol, size, stride, "average_exc_pad"))(maps)


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    symbol = tt.tensor4("maps", maps.dtype)
    return theano.function([symbol], symbol.mean(axis=(1, 2)))(maps)


# %% [markdown]
# `Lop` multiplies from the left with the derivative: the way back. Each window's gradient goes to its largest pixel; of
# several, each gets the whole of it. (A chain of `tt.maximum` over slices gives it to the first alone.)


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    symbol, errors = tt.tensor4("maps", maps.dtype), tt.tensor4("d_out", d_out.dtype)
    return theano.function([symbol, errors], tt.Lop(pooled(symbol, size, stride), symbol, errors))(maps, d_out)


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
