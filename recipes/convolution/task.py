"""convolution: what a convolution layer computes, by hand and with the framework's own operation.

A case is a grey image (height, width), a kernel (height, width) and the exact feature map of the valid
cross-correlation: written down here, or worked out in whole numbers, so that the reference is judged too.
"""

import numpy as np

TITLE = "Convolution"
QUESTION = "What does a convolution compute, and how do I call it?"
ANSWER = (
    "At each place, the sum of the pixels under the kernel times its weights. One call does it, but it wants a batch "
    "and channels: last in TensorFlow and Keras, first in PyTorch."
)
KIND = "operation"
STEPS = ("Init", "By hand", "With the framework", "Run")

# Each function and its parameters: NumPy arrays in, a NumPy array out.
FUNCTIONS = {"convolve_by_hand": ("image", "kernel"), "convolve": ("image", "kernel")}

SMALL_IMAGE = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
SMALL_KERNEL = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
SMALL_MAP = [[4, 3, 4], [2, 4, 3], [2, 3, 4]]

DIAGONAL = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]  # in ninths
X_MAP = [  # in ninths: 1 where the diagonal lies under the kernel, less elsewhere
    [7, -1, 1, 3, 5, -1, 3],
    [-1, 9, -1, 3, -1, 1, -1],
    [1, -1, 9, -3, 1, -1, 5],
    [3, 3, -3, 5, -3, 3, 3],
    [5, -1, 1, -3, 9, -1, 1],
    [-1, 1, -1, 3, -1, 9, -1],
    [3, -1, 5, 3, 1, -1, 7],
]
EDGES = [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
BLUR = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]  # a Gaussian, in sixteenths


def x_image() -> np.ndarray:
    """The 9x9 picture of an X: 1 on the two diagonals from (1, 1) to (7, 7), -1 elsewhere."""
    image = -np.ones((9, 9))
    for i in range(1, 8):
        image[i, i] = image[i, 8 - i] = 1
    return image


def whole_number_map(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The valid cross-correlation of whole numbers (H, W) and (h, w): (H-h+1, W-w+1), without rounding."""
    image, kernel = np.asarray(image, np.int64), np.asarray(kernel, np.int64)
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    return np.array([
        [np.sum(image[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel) for j in range(width)]
        for i in range(height)
    ])  # fmt: skip


def cases(pixels: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """All cases by name, each with `image`, `kernel` and the `expected` feature map, as float64 arrays.

    Args:
        pixels: the data set's test images (N, 28, 28), bytes. The first one is the real digit.
    """
    digit = pixels[0]
    random = np.random.default_rng(0)
    wide, kernel = random.integers(-9, 10, (6, 9)), random.integers(-9, 10, (2, 3))
    found = {
        "small": (SMALL_IMAGE, SMALL_KERNEL, 1, SMALL_MAP),
        "x": (x_image(), DIAGONAL, 9, X_MAP),
        "not_square": (wide, kernel, 1, whole_number_map(wide, kernel)),
        "edges": (digit, EDGES, 1, whole_number_map(digit, EDGES)),
        "blur": (digit, BLUR, 16, whole_number_map(digit, BLUR)),
    }
    return {
        name: {
            "image": np.array(image, np.float64),
            "kernel": np.array(kernel, np.float64) / divisor,
            "expected": np.array(expected, np.float64) / divisor,
        }
        for name, (image, kernel, divisor, expected) in found.items()
    }
