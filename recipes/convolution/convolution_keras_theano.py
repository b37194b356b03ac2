# %% [markdown]
# # Convolution, in Keras 2 on Theano
# A kernel slides over the image; at each place the pixels under it are multiplied with it and summed up.
# `keras.backend` is the vocabulary that the layers are written in. On Theano its convolution flips the kernel first.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend
from keras.utils import conv_utils


# %% By hand
# Windows, products, sums.
def convolve_by_hand(image, kernel):
    """Valid cross-correlation: (H, W) and (h, w) give (H-h+1, W-w+1). Each weight meets a shifted view of the image."""
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    pixels, feature_map = backend.variable(image, image.dtype), backend.zeros((rows, columns), image.dtype)
    for i, j in np.ndindex(kernel.shape):
        feature_map += kernel[i, j] * pixels[i : i + rows, j : j + columns]
    return backend.eval(feature_map)


# %% With the framework
# One call, on a batch of images with channels: here there is one of each.
def convolve(image, kernel):
    """Images come in batches with channels, (N, H, W, C), and kernels as (h, w, in, out): here all of these are 1."""
    kernels = conv_utils.convert_kernel(kernel[:, :, None, None])  # flipped, so that conv2d flips it back
    images, kernels = backend.variable(image[None, :, :, None], image.dtype), backend.variable(kernels, kernel.dtype)
    feature_maps = backend.conv2d(images, kernels, data_format="channels_last")  # (1, H-h+1, W-w+1, 1)
    return backend.eval(feature_maps)[0, :, :, 0]


# %% Run
# Both ways agree: the map is largest where the image has the kernel's pattern.
if __name__ == "__main__":
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    print(convolve_by_hand(image, kernel), convolve(image, kernel), sep="\n")
