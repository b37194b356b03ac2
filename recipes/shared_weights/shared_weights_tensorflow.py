# %% [markdown]
# # Shared weights, in TensorFlow
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.

# %% Init
import numpy as np
import tensorflow as tf


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def convolution(image, kernel):
    images, kernels = image[np.newaxis, :, :, np.newaxis], kernel[:, :, np.newaxis, np.newaxis]
    return tf.nn.conv2d(images, kernels, strides=1, padding="VALID")[0, :, :, 0]


def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    return convolution(image, kernel).numpy()


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    entries = np.stack([np.indices(pixels.shape)[0], pixels], axis=-1)  # (places, weights, 2): row and column
    weights = tf.broadcast_to(tf.reshape(kernel, (1, -1)), pixels.shape)  # in each row, the same weights
    return tf.scatter_nd(entries, weights, (len(pixels), height * width)).numpy()


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    sums = tf.linalg.matvec(weight_matrix(kernel, *image.shape), image.ravel())
    return tf.reshape(sums, np.subtract(image.shape, kernel.shape) + 1).numpy()


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    weights, matrix = tf.constant(kernel), tf.constant(weight_matrix(kernel, *image.shape))
    with tf.GradientTape() as tape:
        tape.watch((weights, matrix))
        outputs = convolution(image, weights), tf.linalg.matvec(matrix, image.ravel())
    through_convolution, d_matrix = tape.gradient(outputs, (weights, matrix), (d_map, d_map.ravel()))
    shared = tf.gather(d_matrix, pixels_under(kernel.shape, *image.shape), batch_dims=1)  # (places, weights)
    return through_convolution.numpy(), tf.reshape(tf.reduce_sum(shared, axis=0), kernel.shape).numpy()


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
