# %% [markdown]
# # Convolution, in JAX
# By hand: write down one value of the feature map, and let `jax.vmap` do it for all rows and columns at once. JAX's
# own operation wants a batch of images with channels. Neither flips the kernel.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np


# %% By hand
# Windows, products, sums.
@jax.jit
def feature_map(image, kernel):
    def value(i, j):
        window = jax.lax.dynamic_slice(image, (i, j), kernel.shape)  # (h, w)
        return jnp.sum(window * kernel)

    rows = jnp.arange(image.shape[0] - kernel.shape[0] + 1)
    columns = jnp.arange(image.shape[1] - kernel.shape[1] + 1)
    row = jax.vmap(value, in_axes=(None, 0))  # one i, all j
    return jax.vmap(row, in_axes=(0, None))(rows, columns)  # all i, all j


def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1)."""
    return np.array(feature_map(image, kernel))


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """lax.conv takes images (N, C, H, W) and kernels (out, in, h, w). jax.scipy.signal.convolve flips the kernel."""
    maps = jax.lax.conv(image[None, None], kernel[None, None], window_strides=(1, 1), padding="VALID")
    return np.array(maps[0, 0])


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
