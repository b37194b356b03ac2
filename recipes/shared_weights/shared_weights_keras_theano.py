# %% [markdown]
# # Shared weights, in Keras 2 on Theano
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.
# `keras.backend` has no scatter: the matrix is gathered from the kernel instead, with a zero for all other entries.

# %% Init
import os

os.environ.setdefault("KERAS_BACKEND", "theano")
# Theano reads its flags at import. Without any, it would fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas.ldflags=")
import numpy as np
from keras import backend


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def convolution(image, kernel):
    images, kernels = backend.constant(image[None, :, :, None]), kernel[::-1, ::-1, None, None]  # turned
    return backend.conv2d(images, kernels, data_format="channels_last")[0, :, :, 0]


def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    return backend.eval(convolution(image, backend.variable(kernel)))


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    numbers = np.full((len(pixels), height * width), kernel.size)  # which weight: behind the last one is a zero
    np.put_along_axis(numbers, pixels, np.arange(kernel.size)[None], axis=1)  # in each row, the same weights
    return backend.eval(backend.gather(backend.variable(np.append(kernel, 0)), numbers))


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    sums = backend.dot(backend.variable(weight_matrix(kernel, *image.shape)), backend.variable(image.reshape(-1, 1)))
    return backend.eval(sums).reshape(np.subtract(image.shape, kernel.shape) + 1)


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    weights, matrix = backend.variable(kernel), backend.variable(weight_matrix(kernel, *image.shape))
    d_weights = backend.gradients(backend.sum(convolution(image, weights) * d_map), weights)
    d_matrix = backend.gradients(backend.sum(backend.dot(matrix, image.reshape(-1, 1)) * d_map.reshape(-1, 1)), matrix)
    shared = np.take_along_axis(backend.eval(d_matrix), pixels_under(kernel.shape, *image.shape), axis=1)
    return backend.eval(d_weights), shared.sum(axis=0).reshape(kernel.shape)


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
