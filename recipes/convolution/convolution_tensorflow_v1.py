# %% [markdown]
# # Convolution, in TensorFlow 1
# Nothing is computed where it is written: each line adds operations to a graph, and a session runs them when it is
# asked for a result. `tf.nn.conv2d` does not flip the kernel.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    (height, width), (rows, columns) = kernel.shape, np.subtract(image.shape, kernel.shape) + 1
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernel.dtype, kernel.shape)
        products = [pixels[i : i + rows, j : j + columns] * weights[i, j] for i in range(height) for j in range(width)]
        return session.run(tf.add_n(products), {pixels: image, weights: kernel})


# %% With the framework
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    with tf.Graph().as_default(), tf.Session() as session:
        pixels, weights = tf.placeholder(image.dtype, image.shape), tf.placeholder(kernel.dtype, kernel.shape)
        images, kernels = pixels[tf.newaxis, :, :, tf.newaxis], weights[:, :, tf.newaxis, tf.newaxis]
        feature_maps = tf.nn.conv2d(images, kernels, strides=[1, 1, 1, 1], padding="VALID")  # (1, H-h+1, W-w+1, 1)
        return session.run(feature_maps[0, :, :, 0], {pixels: image, weights: kernel})


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
