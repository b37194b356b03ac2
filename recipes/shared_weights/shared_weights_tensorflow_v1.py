# %% [markdown]
# # Shared weights, in TensorFlow 1
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.

# %% Init
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()  # graphs and sessions instead of immediate execution


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def convolution(image, kernel):
    return tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], [1, 1, 1, 1], "VALID")[0, :, :, 0]


def as_convolution(image, kernel):  # valid cross-correlation of an image (H, W) and a kernel (h, w)
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(convolution(image, kernel))


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    weights = np.broadcast_to(kernel.ravel(), pixels.shape)  # in each row, the same
    entries = np.stack([np.indices(pixels.shape)[0], pixels], axis=-1)  # (places, weights, 2): row and column
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.scatter_nd(entries, weights, (len(pixels), height * width)))


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    with tf.Graph().as_default(), tf.Session() as session:
        sums = tf.matmul(weight_matrix(kernel, *image.shape), image.reshape(-1, 1))
        return session.run(sums).reshape(np.subtract(image.shape, kernel.shape) + 1)


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    with tf.Graph().as_default(), tf.Session() as session:
        weights, matrix = tf.constant(kernel), tf.constant(weight_matrix(kernel, *image.shape))
        outputs = [convolution(image, weights), tf.matmul(matrix, image.reshape(-1, 1))]
        through_convolution, d_matrix = tf.gradients(outputs, [weights, matrix], [d_map, d_map.reshape(-1, 1)])
        shared = tf.batch_gather(d_matrix, pixels_under(kernel.shape, *image.shape))  # (places, weights)
        return session.run((through_convolution, tf.reshape(tf.reduce_sum(shared, axis=0), kernel.shape)))


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
