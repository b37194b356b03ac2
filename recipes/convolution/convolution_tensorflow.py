# %% [markdown]
# # Convolution, in TensorFlow
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up.
# `tf.nn.conv2d` does not flip the kernel, and works on batches of images with several channels, channels last.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import tensorflow as tf


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1).

    A tensor cannot be filled pixel by pixel. Instead, each weight of the kernel adds a shifted copy of the image.
    """
    image, kernel = tf.constant(image), tf.constant(kernel)
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = tf.zeros((height, width), image.dtype)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            feature_map += kernel[i, j] * image[i : i + height, j : j + width]
    return feature_map.numpy()


# %% With the framework
def convolve(image, kernel):
    image = image[np.newaxis, :, :, np.newaxis]  # (1, H, W, 1): image, height, width, channel
    kernel = kernel[:, :, np.newaxis, np.newaxis]  # (h, w, 1, 1): height, width, channels in, channels out
    feature_map = tf.nn.conv2d(image, kernel, strides=1, padding="VALID")  # (1, H-h+1, W-w+1, 1)
    return feature_map[0, :, :, 0].numpy()


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
