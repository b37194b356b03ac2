# %% [markdown]
# # Shared weights, in PyTorch
# A convolution is a matrix product. Its matrix has a row for each place of the kernel and a column for each pixel; each
# row holds the same few weights, shifted, and zeros.

# %% Init
import numpy as np
import torch
from torch.nn import functional

device = "cuda" if torch.cuda.is_available() else "cpu"


def tensor(array):
    return torch.as_tensor(array, device=device)


# %% As a convolution
# The kernel visits each place, and brings its weights along.
def as_convolution(image, kernel):
    """Valid cross-correlation of an image (H, W) and a kernel (h, w)."""
    return functional.conv2d(tensor(image)[None], tensor(kernel)[None, None])[0].cpu().numpy()


# %% The matrix
# Which pixel lies under which weight at which place? Windows of the pixels' numbers tell: (places, weights).
def pixels_under(kernel_shape, height, width):
    numbers = np.arange(height * width).reshape(height, width)
    return np.lib.stride_tricks.sliding_window_view(numbers, kernel_shape).reshape(-1, np.prod(kernel_shape))


def weight_matrix(kernel, height, width):
    """A kernel (h, w) as the matrix (places, pixels) that does the same to an image of this size."""
    pixels = tensor(pixels_under(kernel.shape, height, width))
    weights = tensor(kernel).flatten().expand(pixels.shape)  # in each row, the same weights: nothing is copied
    return weights.new_zeros(len(pixels), height * width).scatter(1, pixels, weights).cpu().numpy()


# %% As a matrix product
# A row of pixels in, a row of sums out: a dense layer, nearly all of whose weights are zero.
def as_matrix_product(image, kernel):
    """The same map (H-h+1, W-w+1) as a matrix times the pixels in one row."""
    sums = tensor(weight_matrix(kernel, *image.shape)) @ tensor(image).flatten()
    return sums.reshape(*np.subtract(image.shape, kernel.shape) + 1).cpu().numpy()


# %% The gradient of a shared weight
# A weight that is used at many places gets the sum of what each of them asks for.
def gradient_of_kernel(image, kernel, d_map):
    """Given the map's gradient: the kernel's through the convolution, and as a sum over the matrix's."""
    weights, matrix = tensor(kernel).clone(), tensor(weight_matrix(kernel, *image.shape))
    feature_map = functional.conv2d(tensor(image)[None], weights.requires_grad_()[None, None])[0]
    sums = matrix.requires_grad_() @ tensor(image).flatten()
    (through_convolution,) = torch.autograd.grad(feature_map, weights, tensor(d_map))
    (d_matrix,) = torch.autograd.grad(sums, matrix, tensor(d_map).flatten())
    shared = d_matrix.gather(1, tensor(pixels_under(kernel.shape, *image.shape))).sum(dim=0)  # one for each weight
    return through_convolution.cpu().numpy(), shared.reshape(kernel.shape).cpu().numpy()


# %% Run
if __name__ == "__main__":
    print(weight_matrix(np.array([[1, 2], [3, 4]], np.float32), 3, 3))
    matrix = weight_matrix(np.arange(1, 26, dtype=np.float32).reshape(5, 5), 28, 28)
    print(f"{matrix.size} entries, {np.count_nonzero(matrix)} not zero, {len(np.unique(matrix)) - 1} different weights")
