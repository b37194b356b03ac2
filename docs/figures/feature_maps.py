"""Draws recipes/convolution/feature_maps.svg: a digit, two kernels, and what the convolution makes of it.

Run from the project's root, with the data that `concord` would use: python docs/figures/feature_maps.py
"""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from concord.data import datasets as data

FOLDER = Path("recipes/convolution")


def load(path: Path):
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def main() -> None:
    plt.rcParams["svg.hashsalt"] = "concord"  # the same drawing gives the same file
    task, recipe = load(FOLDER / "task.py"), load(FOLDER / "convolution_numpy.py")
    cases = task.cases(data.load().test_images)
    figure, rows = plt.subplots(2, 3, figsize=(7.2, 4.6), width_ratios=(3, 1.2, 3), layout="constrained")
    for row, name in zip(rows, ("edges", "blur"), strict=True):
        image, kernel = cases[name]["image"], cases[name]["kernel"]
        pictures = {"input": image, f"kernel: {name}": kernel, "feature map": recipe.convolve(image, kernel)}
        for axes, (title, picture) in zip(row, pictures.items(), strict=True):
            axes.imshow(picture, cmap="gray")
            axes.set(title=title, xticks=[], yticks=[])
        for i, j in np.ndindex(kernel.shape):
            shown = f"{kernel[i, j] * 16:.0f}/16" if name == "blur" else f"{kernel[i, j]:.0f}"
            bright = kernel[i, j] > (kernel.min() + kernel.max()) / 2
            row[1].text(j, i, shown, ha="center", va="center", size=7, color="black" if bright else "white")
    figure.savefig(FOLDER / "feature_maps.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
