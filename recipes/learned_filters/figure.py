"""Sixteen filters of 7x7 pixels in a row: before training noise that is hardly to be seen, after 200 steps strokes and
edges. Below each other, the same sixteen filters as each framework has learned them. One grey scale for all."""

import numpy as np
from matplotlib.figure import Figure

SIZE = (8, 5.3)
GAP = 1  # pixels between two filters


def draw(results: dict, figure: Figure) -> None:
    rows = {"before": results["before"]} | results["after"]
    filters = {name: weights["conv_kernel"][:, :, 0] for name, weights in rows.items()}  # (7, 7, 16)
    largest = max(abs(row).max() for row in filters.values())
    grid = figure.subplots(len(filters), 1)
    for axes, (name, row) in zip(grid, filters.items(), strict=True):
        strip = np.pad(row.transpose(0, 2, 1), ((0, 0), (0, 0), (0, GAP)), constant_values=np.nan)  # (7, 16, 7 + GAP)
        axes.imshow(strip.reshape(7, -1)[:, :-GAP], vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name.partition(" (")[0], rotation=0, ha="right", va="center")
