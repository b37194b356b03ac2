"""pooling: the largest value, or the average, of each window of a map, and the way back of a gradient through it.

Maps are (N, height, width, channels). A window that doesn't fit in at the bottom or on the right is left out. All
numbers are whole, so the answers are exact. Gradients are asked for only where a window has one maximum: where several
pixels share it, the frameworks differ (gotchas/max_pool_ties.py).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

TITLE = "Pooling"
QUESTION = "What does pooling keep?"
ANSWER = (
    "One number of each window, the largest or the average: with 2×2 windows a quarter of the values. They still say "
    "that a feature is there, but no longer exactly where."
)
KIND = "operation"
STEPS = ("Init", "Pooling", "Gradient", "Run")

FUNCTIONS = {
    "max_pool": ("maps", "size", "stride"),
    "average_pool": ("maps", "size", "stride"),
    "global_average": ("maps",),
    "max_pool_gradient": ("maps", "d_out", "size", "stride"),
}

DRAWN = [[1, 3, 2, 9], [7, 4, 8, 5], [6, 8, 12, 10], [2, 11, 13, 14]]  # the figure's map
DRAWN_MAX = [[7, 9], [11, 14]]
DRAWN_AVERAGE = [[3.75, 6], [6.75, 12.25]]
DRAWN_GRADIENT = [[0, 0, 0, 2], [1, 0, 0, 0], [0, 0, 0, 0], [0, 3, 0, 4]]  # of 1, 2, 3, 4 that come back


def places(maps: np.ndarray, size: int, stride: int) -> Iterator[tuple[tuple[int, int, int, int], tuple[Any, ...]]]:
    """Each value of the pooled maps: its index, and where its window lies in the maps."""
    images, height, width, channels = maps.shape
    for n, i, j, c in np.ndindex(images, (height - size) // stride + 1, (width - size) // stride + 1, channels):
        top, left = i * stride, j * stride
        yield (n, i, j, c), (n, slice(top, top + size), slice(left, left + size), c)


def answers(maps: np.ndarray, d_out: np.ndarray, size: int, stride: int) -> dict[str, np.ndarray]:
    """What each function must give, window by window: plain but slow."""
    largest, average, gradient = d_out * 0.0, d_out * 0.0, maps * 0.0
    for index, window in places(maps, size, stride):
        largest[index], average[index] = maps[window].max(), maps[window].sum() / size**2
        gradient[window] += d_out[index] * (maps[window] == maps[window].max())
    global_average = maps.sum(axis=(1, 2)) / (maps.shape[1] * maps.shape[2])
    return {
        "max_pool": largest,
        "average_pool": average,
        "global_average": global_average,
        "max_pool_gradient": gradient,
    }


def _ties() -> dict[str, Any]:
    """Windows with one, two, three and four pixels of the largest value: only the gradient is a matter of choice."""
    rows = [[5, 1, 7, 7], [2, 3, 0, 6], [4, 4, -2, -2], [4, 1, -2, -2]]
    maps = np.array(rows, np.float64)[None, :, :, None]
    given = {"maps": maps, "size": 2, "stride": 2, "functions": ("max_pool", "average_pool", "global_average")}
    pooled = {"max_pool": [[5, 7], [4, -2]], "average_pool": [[11 / 4, 5], [13 / 4, -2]]}
    expected = {name: np.array(values, np.float64)[None, :, :, None] for name, values in pooled.items()}
    return given | {"expected": expected | {"global_average": np.array([[36 / 16]])}}


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name.

    Args:
        images: the data set's test images (N, 28, 28), bytes. The first one is the real digit.
    """
    random = np.random.default_rng(0)

    def case(maps: np.ndarray, size: int, stride: int) -> dict[str, Any]:
        maps = maps.astype(np.float64)
        rows, columns = ((extent - size) // stride + 1 for extent in maps.shape[1:3])
        d_out = random.integers(1, 10, (len(maps), rows, columns, maps.shape[3])).astype(np.float64)
        for index, window in places(maps, size, stride):
            if np.sum(maps[window] == maps[window].max()) > 1:
                d_out[index] = 0  # nothing to share out where several pixels tie
        expected = answers(maps, d_out, size, stride)
        return {"maps": maps, "d_out": d_out, "size": size, "stride": stride, "expected": expected}

    def shuffled(*shape: int) -> np.ndarray:
        return random.permutation(np.prod(shape)).reshape(shape)  # all different

    drawn, d_out = np.array(DRAWN, np.float64), np.array([[1.0, 2], [3, 4]])
    one_pixel = np.repeat(np.eye(28)[:, None, :, None], 2, axis=1)  # image k: a bright column of two pixels at k
    return {
        "drawn": {
            "maps": drawn[None, :, :, None],
            "d_out": d_out[None, :, :, None],
            "size": 2,
            "stride": 2,
            "expected": {
                "max_pool": np.array(DRAWN_MAX, np.float64)[None, :, :, None],
                "average_pool": np.array(DRAWN_AVERAGE)[None, :, :, None],
                "global_average": np.array([[115 / 16]]),
                "max_pool_gradient": np.array(DRAWN_GRADIENT, np.float64)[None, :, :, None],
            },
        },
        "odd": case(shuffled(1, 13, 13, 1), 2, 2),  # 13 / 2: the last row and column are left out
        "not_square": case(shuffled(2, 5, 8, 3), 2, 2),
        "overlapping": case(shuffled(2, 13, 13, 2), 3, 2),  # AlexNet's pooling
        "negative": case(shuffled(1, 6, 6, 2) - 100, 2, 2),
        "ties": _ties(),
        "digit_by_2": case(images[:1, :, :, None], 2, 2),
        "digit_by_4": case(images[:1, :, :, None], 4, 4),
        "digit_by_7": case(images[:1, :, :, None], 7, 7),
        "shifted": {
            "maps": one_pixel,
            "size": 2,
            "stride": 2,
            "functions": ("max_pool",),
            "expected": np.repeat(np.eye(14), 2, axis=0)[:, None, :, None],  # images 2k and 2k + 1 look the same
        },
    }
