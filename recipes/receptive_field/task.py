"""receptive_field: the part of the image that reaches one neuron, by the formula and by differentiating.

Layers are square windows, valid, with their sizes and strides in order: convolutions with kernels of ones, or average
pooling, which is the same up to a factor. `size` gives the side of the receptive field and the step from one neuron to
the next, in pixels, after each layer. `seen` is true where the image has an influence on the neuron (row, column)
of the last map.
"""

from typing import Any

import numpy as np

TITLE = "Receptive fields"
QUESTION = "Which pixels does a neuron see?"
ANSWER = (
    "Those of a square that grows from layer to layer, by (kernel − 1) times all strides so far. A neuron of "
    "mnist_cnn sees 3, 4, 8 and 10 pixels in width after its four layers."
)
KIND = "operation"
STEPS = ("Init", "By the formula", "By differentiating", "Run")

FUNCTIONS = {"size": ("kernels", "strides"), "seen": ("image", "kernels", "strides", "neuron")}

# Sizes and strides; the fields and steps that follow from them.
MNIST_CNN = ((3, 2, 3, 2), (1, 2, 1, 2))  # convolution, pooling, convolution, pooling
LENET = ((5, 2, 5, 2, 5), (1, 2, 1, 2, 1))  # LeCun et al. 1998, up to C5
ALEXNET = ((11, 3, 5, 3, 3, 3, 3), (4, 2, 1, 2, 1, 1, 1))  # Krizhevsky et al. 2012, up to the fifth convolution
VGG = ((3, 3, 2, 3, 3, 2, 3, 3, 3, 2, 3, 3, 3, 2, 3, 3, 3), (1, 1, 2, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1))
KNOWN = {
    "mnist_cnn": (MNIST_CNN, (3, 4, 8, 10), (1, 2, 2, 4)),
    "lenet": (LENET, (5, 6, 14, 16, 32), (1, 2, 2, 4, 4)),
    "alexnet": (ALEXNET, (11, 19, 51, 67, 99, 131, 163), (4, 8, 8, 16, 16, 16, 16)),
    "vgg16": (
        VGG,  # Simonyan and Zisserman 2014, up to conv5_3
        (3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196),
        (1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16),
    ),
}


def rows_of(extent: int, *seen: tuple[int, int]) -> np.ndarray:
    """Which of so many rows or columns are seen: from the first to the last of each pair."""
    return np.array([any(first <= k <= last for first, last in seen) for k in range(extent)])


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name.

    Args:
        images: the data set's test images (N, 28, 28), bytes. The first one is the real digit.
    """
    digit = images[0].astype(np.float64)
    plain = np.random.default_rng(0).integers(0, 256, (227, 227)).astype(np.float64)
    kernels, strides = MNIST_CNN
    # The image, the layers, the neuron; the rows and the columns that it must see.
    watched = {
        "after_1_layer": (digit, (kernels[:1], strides[:1]), (12, 12), [(12, 14)], [(12, 14)]),
        "after_2_layers": (digit, (kernels[:2], strides[:2]), (6, 6), [(12, 15)], [(12, 15)]),
        "after_3_layers": (digit, (kernels[:3], strides[:3]), (5, 5), [(10, 17)], [(10, 17)]),
        "after_4_layers": (digit, MNIST_CNN, (2, 2), [(8, 17)], [(8, 17)]),
        "last_row": (digit, MNIST_CNN, (4, 0), [(16, 25)], [(0, 9)]),  # rows 26 and 27 are seen by nobody
        "not_square": (plain[:11, :16], ((3, 3), (2, 1)), (1, 2), [(2, 8)], [(4, 10)]),
        "three_3x3": (digit, ((3, 3, 3), (1, 1, 1)), (10, 3), [(10, 16)], [(3, 9)]),
        "one_7x7": (digit, ((7,), (1,)), (10, 3), [(10, 16)], [(3, 9)]),
        "gaps": (digit, ((2, 2), (3, 1)), (4, 0), [(12, 13), (15, 16)], [(0, 1), (3, 4)]),  # a stride above the size
        "lenet_sees_all": (np.pad(digit, 2), LENET, (0, 0), [(0, 31)], [(0, 31)]),
        "alexnet_middle": (plain, ALEXNET, (2, 2), [(32, 194)], [(32, 194)]),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, (layers, fields, steps) in KNOWN.items():
        expected = (np.array(fields), np.array(steps))
        found[name] = {"kernels": layers[0], "strides": layers[1], "functions": ("size",), "expected": expected}
    for name, (image, layers, neuron, rows, columns) in watched.items():
        expected = np.outer(rows_of(len(image), *rows), rows_of(image.shape[1], *columns))
        found[name] = {"image": image, "kernels": layers[0], "strides": layers[1], "neuron": neuron}
        found[name] |= {"functions": ("seen",), "expected": expected}
    return found
