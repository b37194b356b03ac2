"""find_the_x: three small filters look for the parts of an X, wherever it lies.

Images are of 1 (white) and -1 (black). A filter's nine weights are 1/9 and -1/9, so that its response is 1 where all
nine pixels are as it wants them, and -1 where none is. All answers are whole ninths, written down or counted here.
"""

import numpy as np

TITLE = "Find the X"
QUESTION = "How does a network find an X that isn't where, or as, it was learnt?"
ANSWER = (
    "It looks for the parts of an X at every place, and keeps the best fit. The filter of the crossing gives 9/9 for "
    "each moved X and for the deformed one, and 5/9 for an O."
)
KIND = "operation"
STEPS = ("Init", "Three filters", "Responses", "The strongest response", "Equal pixels", "Run")

FUNCTIONS = {
    "responses": ("image", "filters"),
    "strongest": ("image", "filters"),
    "agreement": ("image", "template"),
}

DIAGONAL = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
CROSSING = [[1, -1, 1], [-1, 1, -1], [1, -1, 1]]
MIRRORED = [[-1, -1, 1], [-1, 1, -1], [1, -1, -1]]
FILTERS = [DIAGONAL, CROSSING, MIRRORED]  # in ninths

# The three tables of the X in ninths. In print they are cut off after two digits: 7/9 is 0.77, -1/9 is -0.11.
RESPONSES_OF_X = [
    [
        [7, -1, 1, 3, 5, -1, 3],
        [-1, 9, -1, 3, -1, 1, -1],
        [1, -1, 9, -3, 1, -1, 5],
        [3, 3, -3, 5, -3, 3, 3],
        [5, -1, 1, -3, 9, -1, 1],
        [-1, 1, -1, 3, -1, 9, -1],
        [3, -1, 5, 3, 1, -1, 7],
    ],
    [
        [3, -5, 1, -1, 1, -5, 3],
        [-5, 5, -5, 3, -5, 5, -5],
        [1, -5, 5, -7, 5, -5, 1],
        [-1, 3, -7, 9, -7, 3, -1],
        [1, -5, 5, -7, 5, -5, 1],
        [-5, 5, -5, 3, -5, 5, -5],
        [3, -5, 1, -1, 1, -5, 3],
    ],
    [
        [3, -1, 5, 3, 1, -1, 7],
        [-1, 1, -1, 3, -1, 9, -1],
        [5, -1, 1, -3, 9, -1, 1],
        [3, 3, -3, 5, -3, 3, 3],
        [1, -1, 9, -3, 1, -1, 5],
        [-1, 9, -1, 3, -1, 1, -1],
        [7, -1, 1, 3, 5, -1, 3],
    ],
]

DEFORMED = [(1, 6), (2, 1), (2, 5), (3, 2), (3, 3), (3, 5), (4, 4), (5, 3), (5, 5), (5, 6), (6, 3), (6, 7), (7, 2)]

# What is known of the five pictures: the strongest responses in ninths, and how many of 81 pixels are equal to the X's.
KNOWN = {
    "x": ([9, 9, 9], 81),
    "x_moved_right": ([9, 9, 9], 55),
    "x_moved_up": ([9, 9, 9], 55),
    "x_deformed": ([7, 9, 7], 65),
    "o": ([9, 5, 9], 60),
}


def picture(white) -> np.ndarray:
    """The 9x9 image with 1 at these (row, column), -1 elsewhere."""
    image = np.full((9, 9), -1)
    for place in white:
        image[place] = 1
    return image


def pictures() -> dict[str, np.ndarray]:
    """The five pictures by name."""
    x = picture([(i, j) for i in range(1, 8) for j in (i, 8 - i)])
    return {
        "x": x,
        "x_moved_right": np.roll(x, 1, axis=1),
        "x_moved_up": np.roll(x, -1, axis=0),
        "x_deformed": picture(DEFORMED),
        "o": picture((i, j) for i in range(9) for j in range(9) if 8 <= (i - 4) ** 2 + (j - 4) ** 2 <= 12),
    }


def whole_number_responses(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The valid cross-correlations of whole numbers (H, W) and (K, h, w): (K, H-h+1, W-w+1), without rounding."""
    count, height, width = filters.shape
    maps = np.zeros((count, image.shape[0] - height + 1, image.shape[1] - width + 1), np.int64)
    for number, i, j in np.ndindex(maps.shape):
        maps[number, i, j] = np.sum(image[i : i + height, j : j + width] * filters[number])
    return maps


def cases(images: np.ndarray) -> dict[str, dict]:
    """All cases by name: the five pictures, and one whose filters aren't symmetric. MNIST isn't used."""
    filters, random = np.array(FILTERS), np.random.default_rng(0)
    found = {
        name: _case(image, filters, pictures()["x"], whole_number_responses(image, filters), *KNOWN[name])
        for name, image in pictures().items()
    }
    found["x"]["expected"]["responses"] = np.array(RESPONSES_OF_X) / 9
    image, template = random.choice([-1, 1], (2, 6, 10))
    filters = random.choice([-1, 1], (4, 2, 3))
    maps = whole_number_responses(image, filters)
    equal = sum(a == b for a, b in zip(image.ravel(), template.ravel(), strict=True))
    return found | {"not_square": _case(image, filters, template, maps, maps.max(axis=(1, 2)), equal)}


def _case(image, filters, template, maps, strongest, equal) -> dict:
    return {
        "image": image.astype(np.float64),
        "filters": filters / 9,
        "template": template.astype(np.float64),
        "expected": {
            "responses": maps / 9,
            "strongest": np.array(strongest) / 9,
            "agreement": np.array(equal, np.int64),
        },
    }
