# %% [markdown]
# # Pooling, in NumPy
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean. The map
# gets smaller, and what is kept no longer says where in its window it was.

# %% Init
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# %% [markdown]
# A view shows every window without a copy; with a step of `stride` only some of them are left. Windows that don't
# fit in at the bottom or on the right are not there at all.


# %% Pooling
def windows(maps, size, stride):
    """Maps (N, H, W, C) give (N, h, w, C, size, size)."""
    return sliding_window_view(maps, (size, size), axis=(1, 2))[:, ::stride, ::stride]


def max_pool(maps, size, stride):
    return windows(maps, size, stride).max(axis=(4, 5))


def average_pool(maps, size, stride):
    return windows(maps, size, stride).mean(axis=(4, 5))


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return maps.mean(axis=(1, 2))


# %% [markdown]
# On the way back only the pixel that was the largest gets the gradient. Windows may overlap, so gradients add up.


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    rows, columns = stride * d_out.shape[1], stride * d_out.shape[2]
    largest = windows(maps, size, stride).reshape(*d_out.shape, -1).argmax(axis=-1)  # of several, the first
    d_maps = np.zeros_like(maps)
    for k in range(size * size):
        i, j = divmod(k, size)  # the place in the window
        d_maps[:, i : i + rows : stride, j : j + columns : stride] += d_out * (largest == k)
    return d_maps


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
