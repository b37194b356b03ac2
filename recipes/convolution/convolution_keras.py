# %% [markdown]
# # Convolution, in Keras
# `keras.ops` is NumPy's vocabulary on TensorFlow, JAX or PyTorch, with the operations of neural networks added.
# Like its Conv2D layer, `keras.ops.conv` does not flip the kernel: it is a cross-correlation.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
from keras import ops


# %% By hand
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    image, kernel = ops.convert_to_tensor(image), ops.convert_to_tensor(kernel)
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    feature_map = ops.zeros((rows, columns), image.dtype)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            feature_map += kernel[i, j] * image[i : i + rows, j : j + columns]
    return ops.convert_to_numpy(feature_map)


# %% With the framework
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    images, kernels = image[None, :, :, None], kernel[:, :, None, None]
    feature_maps = ops.conv(images, kernels, padding="valid", data_format="channels_last")  # (1, H-h+1, W-w+1, 1)
    return ops.convert_to_numpy(feature_maps)[0, :, :, 0]


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
