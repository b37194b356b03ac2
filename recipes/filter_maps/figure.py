"""Above, a digit and the three maps that three filters make of it. Below, an input of two channels, the digit and its
mirror image: the map of one filter is the sum of what it makes of each channel."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

SIZE = (8, 6.9)


def draw(results: dict, figure: Figure) -> None:
    figure.set_layout_engine("none")  # everything has its place here
    one, first, second, both = (results[name] for name in ("digit", "first_channel", "second_channel", "two_channels"))
    # (N, height, width, channel): the first digit, and of the two-channel maps the first filter's.
    pictures = [
        ("image", one["arguments"]["images"][0, :, :, 0]),
        *((f"map {number + 1}", one["maps"][0, :, :, number]) for number in range(3)),
        ("channel 1", first["arguments"]["images"][0, :, :, 0]),
        ("its part", first["maps"][0, :, :, 0]),
        ("channel 2", second["arguments"]["images"][0, :, :, 0]),
        ("its part", second["maps"][0, :, :, 0]),
    ]
    left, right = 0.01, 0.99
    upper = figure.subplots(
        1, 4, gridspec_kw={"left": left, "right": right, "top": 0.94, "bottom": 0.69, "wspace": 0.06}
    )
    for axes, (title, picture) in zip(upper, pictures[:4], strict=True):
        _show(axes, picture, title, "gray" if title == "image" else "RdBu_r")
    for number, axes in enumerate(upper[1:]):
        _kernel(axes, one["arguments"]["kernels"][:, :, 0, number])
    for number, (title, picture) in enumerate(pictures[4:]):
        axes = figure.add_axes((0.01 + 0.28 * (number % 2), 0.36 - 0.34 * (number // 2), 0.215, 0.25))
        _show(axes, picture, title, "gray" if title.startswith("channel") else "RdBu_r")
        if number % 2:
            _kernel(axes, both["arguments"]["kernels"][:, :, number // 2, 0])
    axes = figure.add_axes((0.62, 0.08, 0.37, 0.43))
    _show(axes, both["maps"][0, :, :, 0], "one map: the sum", "RdBu_r")
    figure.text(0.56, 0.3, "=", size=30, ha="center", va="center", color=matplotlib.rcParams["text.color"])
    figure.text(0.397, 0.315, "+", size=24, ha="center", va="center", color=matplotlib.rcParams["text.color"])


def _show(axes, picture: np.ndarray, title: str, cmap: str) -> None:
    limits = {} if cmap == "gray" else {"vmin": -abs(picture).max(), "vmax": abs(picture).max()}
    axes.imshow(picture, cmap=cmap, **limits)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, size=15, pad=4)


def _kernel(axes, kernel: np.ndarray) -> None:
    """The kernel in the corner of the map that it made."""
    inset = axes.inset_axes((0.0, 0.0, 0.3, 0.3))
    inset.imshow(kernel, cmap="RdBu_r", vmin=-3, vmax=3)
    inset.set(xticks=[], yticks=[])
