"""save_and_load: weights into a framework's network, from there into a file, into a new network, and out again.

The network has one convolution (3, 3), a ReLU, a flatten and a dense layer; `maps` is the height and width of what is
flattened. Images and weights of `answers` and `reloaded` are small whole numbers, so the logits are exact; they are
worked out here by plain loops. `round_trip` must give back every bit.
"""

from typing import Any

import numpy as np

TITLE = "Save and load"
QUESTION = "How do weights get from one framework into another, and back?"
ANSWER = (
    "As arrays, with axes moved: a convolution kernel is (height, width, in, out) in Keras and (out, in, height, "
    "width) in PyTorch. The order of the inputs after a flatten changes too."
)
KIND = "operation"
STEPS = ("Init", "The network", "Weights in and out", "A file", "Round trip", "Run")

WEIGHTS = ("conv_kernel", "conv_bias", "dense_kernel", "dense_bias")
FUNCTIONS = {
    "answers": ("images", "maps", *WEIGHTS),  # the logits, of a network that got these weights
    "reloaded": ("images", "maps", *WEIGHTS),  # the same, of a new network that read the first one's file
    "round_trip": ("maps", *WEIGHTS),  # the new network's weights, in the order and layout in which they were given
}


def logits(images, conv_kernel, conv_bias, dense_kernel, dense_bias) -> np.ndarray:
    """By loops over whole numbers, the flattened values counted in the order height, width, channel."""
    rows = []
    for image in images.tolist():
        found, place = dense_bias.tolist(), 0
        for y in range(len(image) - 2):
            for x in range(len(image[0]) - 2):
                for channel, value in enumerate(conv_bias.tolist()):
                    for i in range(3):
                        for j in range(3):
                            value += image[y + i][x + j][0] * conv_kernel[i, j, 0, channel]
                    found = [z + max(value, 0) * w for z, w in zip(found, dense_kernel[place].tolist(), strict=True)]
                    place += 1
        rows.append(found)
    return np.array(rows, float)


def shapes(height: int, width: int, filters: int, classes: int) -> tuple[tuple[int, ...], ...]:
    return (3, 3, 1, filters), (filters,), (height * width * filters, classes), (classes,)


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    found: dict[str, dict[str, Any]] = {}
    for name, sizes in (("oblong", (2, 3, 2, 3)), ("square", (4, 4, 3, 5)), ("one_map", (3, 2, 1, 2))):
        random = np.random.default_rng(1)
        weights = [random.integers(-3, 4, shape).astype(float) for shape in shapes(*sizes)]
        given = random.integers(0, 4, (3, sizes[0] + 2, sizes[1] + 2, 1)).astype(float)
        found[name] = {
            "images": given,
            "maps": sizes[:2],
            **dict(zip(WEIGHTS, weights, strict=True)),
            "functions": ("answers", "reloaded"),
            "expected": logits(given, *weights),
        }
    for name, dtype in (("every_bit_of_32", np.float32), ("every_bit_of_64", np.float64)):
        random = np.random.default_rng(2)
        weights = [random.normal(size=shape).astype(dtype).astype(float) for shape in shapes(4, 3, 2, 5)]
        weights[1][:] = 2.0**-100, -(2.0**100)
        found[name] = {
            "maps": (4, 3),
            **dict(zip(WEIGHTS, weights, strict=True)),
            "functions": ("round_trip",),
            "expected": tuple(weights),
            # Numbers of 64 bits are rounded before a run in float32, numbers of 32 aren't.
            "gates": {"float64": 0.0} | ({"float32": 0.0} if dtype is np.float32 else {}),
            "because": "weights are copied, not computed",
        }
    return found
