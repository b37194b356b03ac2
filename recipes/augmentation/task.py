"""augmentation: grey images under an affine map, sampled bilinearly, with zeros outside.

A matrix (2, 3), `[[a, b, c], [d, e, f]]`, says for each pixel of the result where in the image it comes from: at (x, y)
is what was at (a x + b y + c, d x + e y + f). Both are counted in pixels from the image's centre, x to the right
and y downwards. What must come out is worked out in fractions, without any rounding.
"""

from fractions import Fraction
from math import cos, floor, radians, sin
from typing import Any

import numpy as np

TITLE = "Shifted, turned, sheared, mirrored"
QUESTION = "How do I make more images of the ones I have?"
ANSWER = (
    "Shift, turn, shear or zoom each one a little, anew in each epoch. One affine map does all of it: it says for "
    "each new pixel where in the old image it comes from."
)
KIND = "operation"
STEPS = ("Init", "By hand", "With the framework", "Run")

# Of images (N, H, W) and a matrix for each (N, 2, 3): images (N, H, W).
FUNCTIONS = {"warp_by_hand": ("images", "matrices"), "warp": ("images", "matrices")}

QUARTER_TURN = [[0, 1, 0], [-1, 0, 0]]  # to the right: what is at the top comes from the left
MIRROR = [[-1, 0, 0], [0, 1, 0]]
ANGLE, SHEAR = radians(15), 0.3
SMALL = [[0, 0, 0, 0, 0], [0, 16, 32, 48, 0], [0, 64, 0, 0, 0], [0, 80, 0, 0, 0], [0, 96, 0, 0, 0]]


def shifted(right: float, down: float) -> list[list[float]]:
    """A result's pixel comes from further left and further up."""
    return [[1, 0, -right], [0, 1, -down]]


def turned(angle: float) -> list[list[float]]:
    """To the right, by radians."""
    return [[cos(angle), sin(angle), 0], [-sin(angle), cos(angle), 0]]


def warped(image: np.ndarray, matrix: Any) -> np.ndarray:
    """One pixel after the other, in fractions."""
    height, width = image.shape
    (a, b, c), (d, e, f) = [[Fraction(float(number)) for number in row] for row in matrix]
    middle, centre = Fraction(width - 1, 2), Fraction(height - 1, 2)
    made = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        x, y = column - middle, row - centre
        from_x, from_y = a * x + b * y + c + middle, d * x + e * y + f + centre
        left, top, total = floor(from_x), floor(from_y), Fraction(0)
        for i, j in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= i < height and 0 <= j < width:
                total += (1 - abs(from_y - i)) * (1 - abs(from_x - j)) * Fraction(float(image[i, j]))
        made[row, column] = total
    return made


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name. In all but the last the numbers are so short that who counts in pixels rounds nothing."""
    digit = images[0].astype(np.float64)
    right = np.zeros_like(digit)
    right[:, 1:] = digit[:, :-1]
    up = np.zeros_like(digit)
    up[:-2] = digit[2:]
    oblong = np.random.default_rng(0).integers(0, 64, (4, 6)).astype(np.float64)
    small = np.array(SMALL, np.float64)
    found: dict[str, tuple[list, list, Any]] = {
        "unchanged": ([digit], [shifted(0, 0)], digit),
        "right": ([digit], [shifted(1, 0)], right),
        "up": ([digit], [shifted(0, -2)], up),
        "quarter_turn": ([digit], [QUARTER_TURN], np.rot90(digit, -1)),
        "half_turn": ([oblong], [[[-1, 0, 0], [0, -1, 0]]], oblong[::-1, ::-1]),
        "mirror": ([digit], [MIRROR], digit[:, ::-1]),
        "half_a_pixel": ([digit], [shifted(0.5, 0)], (digit + right) / 2),
        "half_size": ([small], [[[2, 0, 0], [0, 2, 0]]], None),
        "oblique": ([oblong], [[[0.875, 0.5, 0.25], [-0.375, 1.125, -0.5]]], None),
        "each_its_own": ([small] * 3, [shifted(1, 1), QUARTER_TURN, [[1, 0.25, 0], [0, 1, 0]]], None),
        "outside": ([small], [shifted(5, 0)], np.zeros_like(small)),
    }  # fmt: skip
    made: dict[str, dict[str, Any]] = {}
    for name, (given, matrices, expected) in found.items():
        if expected is None:
            expected = [warped(image, matrix) for image, matrix in zip(given, matrices, strict=True)]
        made[name] = {"images": np.array(given), "matrices": np.array(matrices, np.float64)}
        made[name]["expected"] = np.array(expected, np.float64).reshape(np.shape(given))
    distortions = np.array([shifted(2, -1), turned(ANGLE), [[1, SHEAR, 0], [0, 1, 0]], turned(-ANGLE)])
    made["distortions"] = {
        "images": np.array([digit / 255] * len(distortions)),
        "matrices": distortions,
        "expected": np.array([warped(digit / 255, matrix) for matrix in distortions]),
    }
    for name, case in made.items():
        case |= {
            "gates": {"float64": 1e-13, "float32": 1e-5},
            "because": "places are rounded, as sums, or where they are counted from -1 to 1",
            # Outside a little is left of a border that isn't black, by rounding.
            "fixed": ("images", "matrices") if name == "outside" else ("matrices",),
        }
    return made
