"""shared_weights: a convolution is a matrix product whose matrix repeats a few weights in each row.

A case is an image and a kernel of whole numbers, and the gradient that reaches the map. Expected are the exact map,
the exact matrix and the exact gradient of the kernel, worked out here one number after the other.
"""

import numpy as np

TITLE = "Shared weights"
QUESTION = "Why does a convolution need so few weights?"
ANSWER = (
    "Because every place of the map uses the same few. Three 5×5 filters on a digit have 78 parameters; a dense layer"
    " with as many outputs has 1,356,480."
)
KIND = "operation"
STEPS = ("Init", "As a convolution", "The matrix", "As a matrix product", "The gradient of a shared weight", "Run")

# `weight_matrix` is for images (height, width). `gradient_of_kernel` gives the same gradient twice: through the
# convolution, and as the sum of the matrix's gradient over all places where a weight stands.
FUNCTIONS = {
    "as_convolution": ("image", "kernel"),
    "weight_matrix": ("kernel", "height", "width"),
    "as_matrix_product": ("image", "kernel"),
    "gradient_of_kernel": ("image", "kernel", "d_map"),
}


def expected(image: np.ndarray, kernel: np.ndarray, d_map: np.ndarray) -> dict[str, np.ndarray]:
    """The map (H-h+1, W-w+1), the matrix (places, pixels) and the gradient (h, w), all in whole numbers."""
    feature_map, gradient = np.zeros_like(d_map), np.zeros_like(kernel)
    matrix = np.zeros((*d_map.shape, *image.shape), np.int64)
    for i, j in np.ndindex(d_map.shape):
        for a, b in np.ndindex(kernel.shape):
            feature_map[i, j] += image[i + a, j + b] * kernel[a, b]
            gradient[a, b] += image[i + a, j + b] * d_map[i, j]
            matrix[i, j, i + a, j + b] = kernel[a, b]
    return {"map": feature_map, "matrix": matrix.reshape(d_map.size, image.size), "gradient": gradient}


def cases(images: np.ndarray) -> dict[str, dict]:
    """All cases by name.

    Args:
        images: the data set's test images (N, 28, 28), bytes. The first one is the real digit.
    """
    random = np.random.default_rng(0)
    bands = np.array([[4, -3, 2], [-1, 5, -2], [1, 3, -4]])
    return {
        "bands": _case(random.integers(0, 10, (6, 6)), bands, random.integers(-3, 4, (4, 4)), True),
        "not_square": _case(
            random.integers(-9, 10, (5, 8)), random.integers(1, 10, (2, 3)), random.integers(-3, 4, (4, 6)), True
        ),
        # Without the matrix: 576 by 784 numbers needn't travel for each program.
        "digit": _case(images[0], random.integers(-3, 4, (5, 5)), random.integers(-3, 4, (24, 24)), False),
    }


def _case(image: np.ndarray, kernel: np.ndarray, d_map: np.ndarray, with_matrix: bool) -> dict:
    image = image.astype(np.int64)
    exact = {name: array.astype(np.float64) for name, array in expected(image, kernel, d_map).items()}
    case = {
        "image": image.astype(np.float64),
        "kernel": kernel.astype(np.float64),
        "d_map": d_map.astype(np.float64),
        "expected": {
            "as_convolution": exact["map"],
            "as_matrix_product": exact["map"],
            "gradient_of_kernel": (exact["gradient"], exact["gradient"]),
        },
    }
    if not with_matrix:
        return case | {"functions": tuple(case["expected"])}
    case["expected"]["weight_matrix"] = exact["matrix"]
    return case | {"height": image.shape[0], "width": image.shape[1]}
