"""strides_and_padding: how large a map is, where its first window begins, and which pixels nobody sees.

Images hold the whole numbers 1, 2, 3 …, so that a sum says which pixels it saw. Expected are the sizes of well-known
layers, and exact maps: worked out here window by window, or written down.
"""

import numpy as np

TITLE = "Strides and padding"
QUESTION = "How large is the map, and where does it begin?"
ANSWER = (
    "It has floor((pixels + zeros − kernel) / stride) + 1 places. An odd zero of TensorFlow's SAME lies after the "
    "image; a padding of 1 puts one at both ends, and begins a pixel earlier."
)
KIND = "operation"
STEPS = ("Init", "How large, and where", "The convolution", "Run")

# `padding` is "valid" (none), "same" (in TensorFlow's meaning) or a number of zeros at both ends.
FUNCTIONS = {
    "extent": ("size", "kernel_size", "stride", "padding"),
    "convolve": ("image", "kernel", "stride", "padding"),
}

# Along one axis: size, kernel size, stride, padding; the map's size, and the zeros before and after.
EXTENTS = {
    "lenet_without_padding": (28, 5, 1, "valid", (24, 0, 0)),
    "lenet_padding_2": (28, 5, 1, 2, (28, 2, 2)),
    "lenet_32_pixels": (32, 5, 1, "valid", (28, 0, 0)),
    "one_pixel_unseen": (28, 3, 2, "valid", (13, 0, 0)),
    "padding_1_stride_2": (28, 3, 2, 1, (14, 1, 1)),
    "last_row_lost": (13, 2, 2, "valid", (6, 0, 0)),
    "alexnet_227": (227, 11, 4, "valid", (55, 0, 0)),
    "alexnet_224": (224, 11, 4, "valid", (54, 0, 0)),  # (224 - 11) / 4 + 1 = 54.25: the paper's 224 can't give its 55
    "googlenet": (224, 7, 2, 3, (112, 3, 3)),
    "same_28_3": (28, 3, 2, "same", (14, 0, 1)),
    "same_28_5": (28, 5, 2, "same", (14, 1, 2)),
    "same_224_7": (224, 7, 2, "same", (112, 2, 3)),
    "same_even_kernel": (28, 2, 1, "same", (28, 0, 1)),
    "same_stride_above_kernel": (7, 1, 3, "same", (3, 0, 0)),
}

# Image (height, width), kernel (height, width), stride, padding.
MAPS = {
    "valid": ((6, 9), (3, 3), 1, "valid"),
    "valid_stride_2": ((6, 9), (3, 3), 2, "valid"),
    "padding_2_stride_3": ((6, 9), (3, 3), 3, 2),
    "same": ((6, 9), (3, 3), 1, "same"),
    "same_stride_2": ((6, 9), (3, 3), 2, "same"),  # before and after: 0 and 1 above and below, 1 and 1 at the sides
    "same_stride_3": ((7, 10), (2, 5), 3, "same"),
    "same_kernel_of_2": ((4, 6), (2, 2), 1, "same"),
    "same_stride_above_kernel": ((7, 10), (1, 2), 4, "same"),
    "lenet": ((28, 28), (5, 5), 1, 2),
    "alexnet": ((227, 11), (11, 11), 4, "valid"),
    "googlenet": ((224, 7), (7, 7), 2, 3),
}

# What has no map, and is refused everywhere. Image, kernel, stride, padding.
REFUSED = {"no_stride": ((6, 9), (3, 3), 0, "valid"), "no_stride_same": ((6, 9), (3, 3), 0, "same")}

# A row of eight pixels and a kernel of three ones: what its map is, and how it comes about (see `figure.py`).
ROWS = {
    "row_stride_1": (1, "valid", (6, 0, 0), [6, 9, 12, 15, 18, 21]),
    "row_stride_2": (2, "valid", (3, 0, 0), [6, 12, 18]),
    "row_same": (2, "same", (4, 0, 1), [6, 12, 18, 15]),
    "row_padding_1": (2, 1, (4, 1, 1), [3, 9, 15, 21]),
}


def counted(height: int, width: int) -> np.ndarray:
    """1, 2, 3 … in rows."""
    return np.arange(1, height * width + 1).reshape(height, width)


def zeros_around(size: int, kernel: int, stride: int, padding: "str | int") -> tuple[int, int]:
    """The zeros before and after one axis. "same": as many as the windows of a map of ceil(size / stride) need; one
    that is left over comes after."""
    if padding == "same":
        reach = (int(np.ceil(size / stride)) - 1) * stride + kernel  # of the last window
        missing = max(reach - size, 0)
        return int(np.floor(missing / 2)), int(np.ceil(missing / 2))
    return (0, 0) if padding == "valid" else (int(padding), int(padding))


def whole_number_map(image: np.ndarray, kernel: np.ndarray, stride: int, padding: "str | int") -> np.ndarray:
    """The cross-correlation of whole numbers, window by window."""
    axes = list(zip(image.shape, kernel.shape, strict=True))
    framed = np.pad(image, [zeros_around(size, length, stride, padding) for size, length in axes])
    starts = [range(0, framed.shape[axis] - kernel.shape[axis] + 1, stride) for axis in (0, 1)]
    height, width = kernel.shape
    return np.array([[np.sum(framed[i : i + height, j : j + width] * kernel) for j in starts[1]] for i in starts[0]])


def cases(images: np.ndarray) -> dict[str, dict]:
    """All cases by name. MNIST isn't used."""
    found = {}
    for name, (size, kernel_size, stride, padding, expected) in EXTENTS.items():
        found[f"extent_{name}"] = {
            "functions": ("extent",),
            "size": size,
            "kernel_size": kernel_size,
            "stride": stride,
            "padding": padding,
            "expected": expected,
        }
    for name, (image_size, kernel_size, stride, padding) in MAPS.items():
        image, kernel = counted(*image_size), counted(*kernel_size)
        found[name] = _map(image, kernel, stride, padding, whole_number_map(image, kernel, stride, padding))
    # The same row, kernel and stride, and other sums: where the zeros are makes the difference.
    found["four_pixels_same"] = _map(counted(1, 4), np.ones((3, 3)), 2, "same", [[6, 7]])
    found["four_pixels_padding_1"] = _map(counted(1, 4), np.ones((3, 3)), 2, 1, [[3, 9]])
    for name, (stride, padding, extent, sums) in ROWS.items():
        kernel = np.ones((1 if padding == "valid" else 3, 3))  # where zeros are put around, above and below as well
        row = _map(counted(1, 8), kernel, stride, padding, [sums])
        found[name] = row | {
            "functions": ("extent", "convolve"),
            "size": 8,
            "kernel_size": 3,
            "expected": {"extent": extent, "convolve": row["expected"]},
        }
    for name, (image_size, kernel_size, stride, padding) in REFUSED.items():
        refused = _map(counted(*image_size), counted(*kernel_size), stride, padding, 0)
        found[name] = {"raises": True, **{key: value for key, value in refused.items() if key != "expected"}}
    return found


def _map(image, kernel, stride: int, padding: "str | int", expected) -> dict:
    return {
        "functions": ("convolve",),
        "image": image.astype(np.float64),
        "kernel": kernel.astype(np.float64),
        "stride": stride,
        "padding": padding,
        "expected": np.array(expected, np.float64),
    }
