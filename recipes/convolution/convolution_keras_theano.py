# %% [markdown]
# # Convolution, in Keras 2 on Theano
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up.
# `keras.backend` is the vocabulary that the layers are written in. On Theano its convolution flips the kernel first.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.utils import conv_utils


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    pixels, feature_map = backend.variable(image, image.dtype), backend.zeros((rows, columns), image.dtype)
    for i, j in np.ndindex(kernel.shape):
        feature_map += kernel[i, j] * pixels[i : i + rows, j : j + columns]
    return backend.eval(feature_map)


# %% With the framework
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    kernels = conv_utils.convert_kernel(kernel[:, :, None, None])  # flipped, so that conv2d flips it back
    images, kernels = backend.variable(image[None, :, :, None], image.dtype), backend.variable(kernels, kernel.dtype)
    feature_maps = backend.conv2d(images, kernels, data_format="channels_last")  # (1, H-h+1, W-w+1, 1)
    return backend.eval(feature_maps)[0, :, :, 0]


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
