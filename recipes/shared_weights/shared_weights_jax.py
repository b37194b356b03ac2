# %% [markdown]
# # Shared weights, in JAX
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.

# %% Init
import jax
import jax.numpy as jnp
import numpy as np


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def convolution(kernel, image):
    return jax.lax.conv(image[None, None], kernel[None, None], window_strides=(1, 1), padding="VALID")[0, 0]


def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    return np.array(convolution(kernel, image))


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    zeros = jnp.zeros((len(pixels), height * width), kernel.dtype)
    return np.array(zeros.at[np.arange(len(pixels))[:, None], pixels].set(kernel.ravel()))  # the same in each row


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def product(matrix, image):
    return matrix @ image.ravel()


def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    sums = product(jnp.asarray(weight_matrix(kernel, *image.shape)), image)
    return np.array(sums.reshape(np.subtract(image.shape, kernel.shape) + 1))


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    through_convolution = jax.vjp(lambda weights: convolution(weights, image), kernel)[1](d_map)[0]
    matrix = weight_matrix(kernel, *image.shape)
    d_matrix = jax.vjp(lambda weights: product(weights, image), matrix)[1](d_map.ravel())[0]
    shared = jnp.take_along_axis(d_matrix, pixels_under(kernel.shape, *image.shape), axis=1)  # (places, weights)
    return np.array(through_convolution), np.array(shared.sum(axis=0).reshape(kernel.shape))


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
