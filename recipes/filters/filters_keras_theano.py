# %% [markdown]
# # What does a kernel see? In Keras 2 on Theano
# Nine small kernels slide over one image, as one layer with nine output channels. On Theano, `keras.backend.conv2d`
# turns the kernels upside down first; `convert_kernel` turns them beforehand.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.utils import conv_utils

# %% Nine kernels
# Weights that sum to 0 show differences, weights that sum to 1 keep the brightness. Blur and box are still to be
# divided, by 16 and by 9.
KERNELS = {
    "edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
    "box": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplace": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


# %% Valid
# A kernel that must stay inside the image has fewer places than the image has pixels: 26 for 28.
def filter_image(image, kernels):
    """An image (H, W) and kernels (K, h, w) give the maps (K, H-h+1, W-w+1)."""
    filters = conv_utils.convert_kernel(np.moveaxis(kernels, 0, -1)[:, :, None])  # (h, w, in, out), turned
    images, filters = backend.variable(image[None, :, :, None], image.dtype), backend.variable(filters, image.dtype)
    maps = backend.conv2d(images, filters, padding="valid", data_format="channels_last")  # (1, H-h+1, W-w+1, K)
    return np.moveaxis(backend.eval(maps)[0], -1, 0)


# %% Same size
# With a frame of zeros around the image, each pixel is in the middle once. At the border the kernel sees an edge that
# isn't in the picture.
def filter_same(image, kernels):
    """An image (H, W) and kernels (K, h, w) of odd height and width give the maps (K, H, W)."""
    filters = conv_utils.convert_kernel(np.moveaxis(kernels, 0, -1)[:, :, None])
    images, filters = backend.variable(image[None, :, :, None], image.dtype), backend.variable(filters, image.dtype)
    maps = backend.conv2d(images, filters, padding="same", data_format="channels_last")
    return np.moveaxis(backend.eval(maps)[0], -1, 0)


# %% Run
# White to the right of a vertical edge: one row of each map tells the story.
if __name__ == "__main__":
    image = np.array(5 * [[0, 0, 0, 1, 1, 1]], np.float32)
    maps = filter_image(image, np.array(list(KERNELS.values()), np.float32))
    for name, feature_map in zip(KERNELS, maps, strict=True):
        print(f"{name:8}", feature_map[1])
