# %% [markdown]
# # Convolution, in Theano
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up. Theano's
# `conv2d` is a convolution as in mathematics: unless told otherwise, it flips the kernel first.

# %% Init
import os
from pathlib import Path
from urllib.request import urlretrieve

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1).

    A symbol cannot be filled pixel by pixel. Instead, each weight of the kernel adds a shifted view of the image.
    """
    pixels, weights = tt.matrix("image", image.dtype), tt.matrix("kernel", kernel.dtype)
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = sum(
        weights[i, j] * pixels[i : i + height, j : j + width]
        for i in range(kernel.shape[0])
        for j in range(kernel.shape[1])
    )
    return theano.function([pixels, weights], feature_map)(image, kernel)


# %% With the framework
def convolve(image, kernel):
    """Images are (N, channels, H, W) and kernels (out, in, h, w): here N and all channels are 1."""
    images, kernels = tt.tensor4("images", image.dtype), tt.tensor4("kernels", kernel.dtype)
    feature_maps = tt.nnet.conv2d(images, kernels, border_mode="valid", filter_flip=False)
    return theano.function([images, kernels], feature_maps)(image[None, None], kernel[None, None])[0, 0]


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
