# %% [markdown]
# # Convolution, in JAX
# By hand: write down one value of the feature map, and let `jax.vmap` do it for all rows and columns at once. JAX's
# own operation wants a batch of images with channels. Neither flips the kernel.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import jax
import jax.numpy as jnp
import numpy as np


# %% By hand
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
def convolve(image, kernel):
    """lax.conv takes images (N, C, H, W) and kernels (out, in, h, w). jax.scipy.signal.convolve flips the kernel."""
    maps = jax.lax.conv(image[None, None], kernel[None, None], window_strides=(1, 1), padding="VALID")
    return np.array(maps[0, 0])


# %% Run
def load_digit(path=Path("mnist.npz")):
    """The first test image (28, 28), from 0 to 1. Downloads mnist.npz if it isn't here."""
    if not path.exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz.part")
        Path("mnist.npz.part").rename(path)
    with np.load(path) as file:
        return file["x_test"][0] / np.float32(255)


def show(title, picture):
    """Prints an array (H, W) as a picture of characters, the largest values darkest."""
    shades = np.array(list(" .:-=+*#%@"))
    scaled = (picture - picture.min()) / (picture.max() - picture.min())
    print(
        title, *("".join(row).rstrip() for row in shades[np.round(9 * scaled).astype(int)].repeat(2, axis=1)), sep="\n"
    )


if __name__ == "__main__":
    digit = load_digit()
    edges = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], digit.dtype)
    blur = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], digit.dtype) / 16
    show("input", digit)
    for title, kernel in {"edges": edges, "blur": blur}.items():
        print(f"{title}: kernel\n{kernel}")
        show(f"{title}: feature map", convolve(digit, kernel))
        print(f"largest difference by hand: {abs(convolve_by_hand(digit, kernel) - convolve(digit, kernel)).max():.1e}")
