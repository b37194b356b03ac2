"""A digit, and what each of nine kernels makes of it: red where a map is positive, blue where it is negative."""

from matplotlib.figure import Figure

SIZE = (8, 3.9)
NAMES = ("edges", "sharpen", "blur", "box", "Sobel x", "Sobel y", "Laplace", "emboss", "identity")


def draw(results: dict, figure: Figure) -> None:
    gallery = results["gallery"]
    digit, *places = figure.subplots(2, 5).flat
    digit.imshow(gallery["arguments"]["image"], cmap="gray")
    digit.set_title("the digit", size=15)
    for axes, name, feature_map in zip(places, NAMES, gallery["filter_image"], strict=True):
        largest = abs(feature_map).max()  # the same scale on both sides of zero
        axes.imshow(feature_map, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set_title(name, size=15)
    for axes in (digit, *places):
        axes.set(xticks=[], yticks=[])
