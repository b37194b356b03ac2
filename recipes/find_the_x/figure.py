"""Five pictures under three filters: where each filter fits (red) and where its opposite is (blue), its best fit below
each map, and above each picture how many of its 81 pixels are an X's."""

import matplotlib
from matplotlib.figure import Figure

SIZE = (8, 7.4)
NAMES = {"x": "X", "x_moved_right": "moved right", "x_moved_up": "moved up", "x_deformed": "deformed", "o": "O"}


def draw(results: dict, figure: Figure) -> None:
    plain = matplotlib.rcParams["text.color"]
    rows = figure.subplots(4, 6, width_ratios=(0.62, 1, 1, 1, 1, 1))
    rows[0, 0].axis("off")
    rows[0, 0].text(1.1, 0.5, "pixels\nlike the\nX's", size=14, ha="right", va="center", transform=rows[0, 0].transAxes)
    for axes, weights in zip(rows[1:, 0], results["x"]["arguments"]["filters"], strict=True):
        axes.imshow(weights, cmap="gray")
        axes.set(xticks=[], yticks=[])
    rows[1, 0].set_title("filter", size=14)
    for column, (case, name) in zip(rows[:, 1:].T, NAMES.items(), strict=True):
        found = results[case]
        column[0].imshow(found["arguments"]["image"], cmap="gray")
        column[0].set_title(f"{name}\n{found['agreement']} of 81", size=14, color=plain)
        for axes, response, best in zip(column[1:], found["responses"], found["strongest"], strict=True):
            axes.imshow(response, cmap="RdBu_r", vmin=-1, vmax=1)
            low = best < 0.6
            axes.set_xlabel(
                f"best {best * 9:.0f}/9",
                size=14,
                weight="bold" if low else "normal",
                color="C3" if low else plain,
            )
        for axes in column:
            axes.set(xticks=[], yticks=[])
