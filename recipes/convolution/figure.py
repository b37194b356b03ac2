"""A digit, two kernels, and what the convolution makes of it: its edges, and the digit blurred."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

SIZE = (8, 6)


def draw(results: dict, figure: Figure) -> None:
    plain = matplotlib.rcParams["text.color"]
    for case, row in zip(("edges", "blur"), figure.subplots(2, 3, width_ratios=(3, 2, 3)), strict=True):
        image, kernel, feature_map = (
            results[case]["arguments"]["image"],
            results[case]["arguments"]["kernel"],
            results[case]["convolve"],
        )
        largest = abs(feature_map).max()
        row[0].imshow(image, cmap="gray")
        row[2].imshow(feature_map, cmap="RdBu_r", vmin=-largest, vmax=largest)
        unit = 16 if case == "blur" else 1
        row[1].set(xlim=(0, 3), ylim=(3, 0), aspect="equal")
        for line in range(4):
            row[1].plot([line, line], [0, 3], [0, 3], [line, line], color=plain, lw=1, clip_on=False)
        for i, j in np.ndindex(kernel.shape):
            row[1].text(j + 0.5, i + 0.5, f"{kernel[i, j] * unit:.0f}", size=18, ha="center", va="center", color=plain)
        for axes, title in zip(row, ("image", "kernel" if unit == 1 else "kernel × 16", f"map: {case}"), strict=True):
            axes.set(xticks=[], yticks=[])
            axes.set_title(title, size=16)
        row[1].axis("off")
