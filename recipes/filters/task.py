"""filters: what nine well-known 3x3 kernels make of a digit, all of them in one convolution.

A case is a grey image (height, width) and kernels (kernel, height, width), in whole numbers; expected are the exact
maps (kernel, height, width), worked out here, so that the reference is judged too.
"""

import numpy as np

TITLE = "What does a kernel see?"
QUESTION = "What does a kernel see, and what does padding add?"
ANSWER = (
    "A place that looks like the kernel gives a large sum, its opposite a negative one. Padding adds a frame of "
    "zeros, so the map keeps its 28 pixels instead of 26."
)
KIND = "operation"
STEPS = ("Init", "Nine kernels", "Valid", "Same size", "Run")

FUNCTIONS = {"filter_image": ("image", "kernels"), "filter_same": ("image", "kernels")}

KERNELS = {
    "edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],  # a Gaussian, times 16
    "box": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],  # the mean, times 9
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplace": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


def whole_number_maps(image: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """The valid cross-correlations of whole numbers (H, W) and (K, h, w): (K, H-h+1, W-w+1), without rounding."""
    count, height, width = kernels.shape
    maps = np.zeros((count, image.shape[0] - height + 1, image.shape[1] - width + 1), np.int64)
    for i, j in np.ndindex(*maps.shape[1:]):
        for number, kernel in enumerate(kernels):
            maps[number, i, j] = np.sum(image[i : i + height, j : j + width] * kernel)
    return maps


def cases(images: np.ndarray) -> dict[str, dict]:
    """All cases by name.

    Args:
        images: the data set's test images (N, 28, 28), bytes. The first one is the digit.
    """
    random = np.random.default_rng(0)
    found = {
        "gallery": (images[0], list(KERNELS.values())),
        "one_pixel": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], list(KERNELS.values())),
        "not_square": (random.integers(0, 256, (6, 9)), random.integers(-9, 10, (4, 3, 5))),
    }
    return {name: _case(np.array(image, np.int64), np.array(kernels)) for name, (image, kernels) in found.items()}


def _case(image: np.ndarray, kernels: np.ndarray) -> dict:
    height, width = kernels.shape[1:]
    framed = np.pad(image, ((height // 2,), (width // 2,)))  # then the map is as large as the image
    return {
        "image": image.astype(np.float64),
        "kernels": kernels.astype(np.float64),
        "expected": {
            "filter_image": whole_number_maps(image, kernels).astype(np.float64),
            "filter_same": whole_number_maps(framed, kernels).astype(np.float64),
        },
    }
