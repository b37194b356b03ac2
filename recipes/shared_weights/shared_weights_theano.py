# %% [markdown]
# # Shared weights, in Theano
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.

# %% Init
import os

# Theano reads its flags at import. Without any, it would take float64 and fail in its search for a BLAS library.
os.environ.setdefault("THEANO_FLAGS", "floatX=float32,blas__ldflags=")
import numpy as np
import theano
import theano.tensor as tt


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def convolution(image, kernel):
    kernels = kernel.dimshuffle("x", "x", 0, 1)  # (out, in, h, w); Theano refuses kernel[None, None]
    return tt.nnet.conv2d(tt.constant(image[None, None]), kernels, filter_flip=False)[0, 0]


def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    return convolution(image, tt.constant(kernel)).eval()


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = pixels_under(kernel.shape, height, width)
    entries = tt.zeros((len(pixels), height * width), kernel.dtype)[np.arange(len(pixels))[:, None], pixels]
    return tt.set_subtensor(entries, np.broadcast_to(kernel.ravel(), pixels.shape)).eval()  # the same in each row


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    sums = tt.dot(weight_matrix(kernel, *image.shape), image.ravel())
    return sums.reshape(np.subtract(image.shape, kernel.shape) + 1).eval()


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    weights, matrix = tt.constant(kernel), tt.constant(weight_matrix(kernel, *image.shape))
    through_convolution = tt.grad(None, weights, known_grads={convolution(image, weights): tt.constant(d_map)})
    d_matrix = tt.grad(None, matrix, known_grads={tt.dot(matrix, image.ravel()): tt.constant(d_map.ravel())})
    pixels = pixels_under(kernel.shape, *image.shape)
    shared = d_matrix[np.arange(len(pixels))[:, None], pixels].sum(axis=0)  # one for each weight
    return tuple(theano.function([], [through_convolution, shared.reshape(kernel.shape)])())


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
