# %% [markdown]
# # Pooling, in JAX
# A window moves over the map in steps. Max-pooling keeps the largest value under it, average pooling the mean. JAX has
# one operation for both, and for any other way to sum up a window.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# %% [markdown]
# `reduce_window` wants to know where to start: a maximum at -inf, a sum at 0. Maps are (N, H, W, C), and so are windows
# and strides.


# %% Pooling
def largest(maps, size, stride):
    return lax.reduce_window(maps, -jnp.inf, lax.max, (1, size, size, 1), (1, stride, stride, 1), "VALID")


def max_pool(maps, size, stride):
    return np.array(largest(maps, size, stride))


def average_pool(maps, size, stride):
    sums = lax.reduce_window(maps, 0.0, lax.add, (1, size, size, 1), (1, stride, stride, 1), "VALID")
    return np.array(sums / size**2)


def global_average(maps):
    """One number for each map: (N, H, W, C) give (N, C)."""
    return np.array(jnp.mean(maps, axis=(1, 2)))


# %% [markdown]
# `vjp` gives the way back along with the values. Each window's gradient goes to its largest pixel; of several, to the
# first. (`jnp.max` would share it out.)


# %% Gradient
def max_pool_gradient(maps, d_out, size, stride):
    """The gradient of the maps, if `d_out` (N, h, w, C) is that of the pooled maps."""
    _, back = jax.vjp(lambda maps: largest(maps, size, stride), maps)
    return np.array(back(d_out)[0])


# %% Run
if __name__ == "__main__":
    image = np.array([[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]], np.float32)[None, :, :, None]
    print("the largest of each window", max_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    print("the average of each window", average_pool(image, 2, 2)[0, :, :, 0], sep="\n")
    d_out = np.ones((1, 2, 2, 1), np.float32)
    print("who gets the gradient", max_pool_gradient(image, d_out, 2, 2)[0, :, :, 0], sep="\n")
