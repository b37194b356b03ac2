# %% [markdown]
# # Shared weights, in Keras
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.
# Keras has no gradients of its own, on no backend: here they are written out. The gradient of the kernel is again a
# convolution, of the image with the gradient of the map.

# %% Init
import numpy as np
from keras import ops


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    maps = ops.conv(image[None, :, :, None], kernel[:, :, None, None], data_format="channels_last")
    return ops.convert_to_numpy(maps)[0, :, :, 0]


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    entries = np.stack([np.indices(pixels.shape)[0], pixels], axis=-1).reshape(-1, 2)  # row and column of each weight
    weights = ops.tile(ops.reshape(kernel, -1), len(pixels))  # in each row, the same weights
    return ops.convert_to_numpy(ops.scatter(entries, weights, (len(pixels), height * width)))


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    # Not ops.matmul, which would be in float32 on PyTorch, whatever its arguments are.
    sums = ops.einsum("ij,j->i", weight_matrix(kernel, *image.shape), image.ravel())
    return ops.convert_to_numpy(sums).reshape(np.subtract(image.shape, kernel.shape) + 1)


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    d_matrix = ops.outer(d_map, image)  # (places, pixels): as if each entry were a weight of its own
    shared = ops.take_along_axis(d_matrix, pixels_under(kernel.shape, *image.shape), axis=1)  # (places, weights)
    return as_convolution(image, d_map), ops.convert_to_numpy(ops.sum(shared, axis=0)).reshape(kernel.shape)


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
