"""filter_maps: several filters make several maps, and each filter looks at all channels of its input at once.

Images are (N, height, width, channel), kernels (height, width, in, out), maps (N, height, width, out); frameworks that
have channels first turn them. All numbers are whole, and the expected maps are worked out here, channel by channel.
"""

import numpy as np

TITLE = "Filter maps"
QUESTION = "How do several filters make several maps, and how do maps mix?"
ANSWER = (
    "Each filter makes one map. It has one kernel for each map that comes in, and adds up what they find: three 5×5 "
    "filters make three maps of a digit from 78 parameters."
)
KIND = "operation"
STEPS = ("Init", "Maps", "Flattened", "Run")

# `flattened` puts the maps of each image in a row as a dense layer wants them: by height, then width, then channel.
FUNCTIONS = {"maps": ("images", "kernels", "biases"), "flattened": ("images", "kernels", "biases")}


def whole_number_maps(images: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(N, H, W, C), (h, w, C, M) and (M,) give (N, H-h+1, W-w+1, M): a sum over channels, and one bias for each map."""
    (height, width, channels, count), size = kernels.shape, images.shape[1:3]
    rows, columns = size[0] - height + 1, size[1] - width + 1
    maps = np.zeros((len(images), rows, columns, count), np.int64)
    for out in range(count):
        for channel, i, j in np.ndindex(channels, height, width):
            maps[..., out] += images[:, i : i + rows, j : j + columns, channel] * kernels[i, j, channel, out]
        maps[..., out] += biases[out]
    return maps


def cases(images: np.ndarray) -> dict[str, dict]:
    """All cases by name.

    Args:
        images: the data set's test images (N, 28, 28), bytes.
    """
    digits = images[:2].astype(np.int64)[..., np.newaxis]  # (2, 28, 28, 1)
    random = np.random.default_rng(0)
    one, two = random.integers(-3, 4, (5, 5, 1, 3)), random.integers(-3, 4, (5, 5, 2, 3))
    pairs = np.concatenate([digits, digits[:, :, ::-1]], axis=-1)  # each digit, and its mirror image
    biases = np.array([100, -200, 300])
    found = {
        "digit": (digits, one, biases),
        "two_channels": (pairs, two, biases),
        "first_channel": (pairs[..., :1], two[:, :, :1], 0 * biases),  # these two add up to the one before,
        "second_channel": (pairs[..., 1:], two[:, :, 1:], biases),  # in which each bias counts once
        "not_square": (random.integers(-9, 10, (3, 6, 9, 4)), random.integers(-9, 10, (2, 3, 4, 5)), np.arange(5)),
    }
    return {name: _case(*arrays) for name, arrays in found.items()}


def _case(images: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> dict:
    maps = whole_number_maps(images, kernels, biases).astype(np.float64)
    return {
        "images": images.astype(np.float64),
        "kernels": kernels.astype(np.float64),
        "biases": biases.astype(np.float64),
        "expected": {"maps": maps, "flattened": maps.reshape(len(maps), -1)},
    }
