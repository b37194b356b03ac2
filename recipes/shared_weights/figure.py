"""A 3x3 kernel, and the matrix that does the same to an image of 6x6 pixels: the nine weights stand in each of its 16
rows. Below, how many parameters three maps of a digit need with shared weights, and with a weight for each entry."""

import matplotlib
from matplotlib.figure import Figure

SIZE = (8, 5.2)


def draw(results: dict, figure: Figure) -> None:
    figure.set_layout_engine("none")  # everything has its place here
    kernel, matrix = results["bands"]["arguments"]["kernel"], results["bands"]["weight_matrix"]
    largest = abs(kernel).max()
    for left, width, weights, title in (
        (0.01, 0.18, kernel, f"{kernel.size} weights"),
        (0.25, 0.74, matrix, f"{matrix.shape[0]} × {matrix.shape[1]} entries, the same {kernel.size} weights"),
    ):
        axes = figure.add_axes((left, 0.4, width, 0.53))
        axes.imshow(weights, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, size=15)

    digit = results["digit"]
    pixels, weights, places = (
        digit["arguments"]["image"].size,
        digit["arguments"]["kernel"].size,
        digit["as_convolution"].size,
    )
    axes = figure.add_axes((0.18, 0.02, 0.81, 0.27))
    counts = {"convolution": 3 * weights + 3, "dense layer": pixels * 3 * places + 3 * places}  # with biases
    axes.barh(list(counts), list(counts.values()), color=["C0", "C1"], height=0.65)
    for number, count in enumerate(counts.values()):
        axes.text(count * 1.15, number, f"{count:,}", size=15, va="center", color=matplotlib.rcParams["text.color"])
    axes.set(xscale="log", xlim=(1, 3e7))
    axes.xaxis.set_visible(False)
    axes.tick_params(axis="y", labelsize=15, length=0)
    axes.set_title("Parameters for three maps of a digit (log scale)", size=15, loc="left")
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
