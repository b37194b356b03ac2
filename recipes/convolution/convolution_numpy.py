# %% [markdown]
# # Convolution, in NumPy
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Deep
# learning calls this convolution, although the kernel is not flipped: mathematics calls it cross-correlation.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1)."""
    height, width = kernel.shape
    feature_map = np.empty((image.shape[0] - height + 1, image.shape[1] - width + 1), image.dtype)
    for i in range(feature_map.shape[0]):
        for j in range(feature_map.shape[1]):
            feature_map[i, j] = np.sum(image[i : i + height, j : j + width] * kernel)
    return feature_map


# %% With the framework
def convolve(image, kernel):
    """NumPy has no convolution of images, but it has views of all windows, and Einstein's sum over them."""
    windows = sliding_window_view(image, kernel.shape)  # (H-h+1, W-w+1, h, w)
    return np.einsum("ijhw,hw->ij", windows, kernel)


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
