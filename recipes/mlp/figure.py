"""The weights of eight of the hundred hidden neurons, each as an image of 28x28 pixels: after 200 steps, and what those
steps have added to the start. The start is noise and mostly stays; what is learnt lies on it, where digits are."""

import numpy as np
from matplotlib.figure import Figure

SIZE = (8, 2.4)
NEURONS, GAP = 8, 2  # pixels between two of them


def draw(results: dict, figure: Figure) -> None:
    start, end = (one["dense1_kernel"][:, :NEURONS] for one in (results["before"], results["after"]["NumPy"]))
    rows = {"after\n200 steps": end, "added": end - start}
    for axes, (name, kernel) in zip(figure.subplots(len(rows), 1), rows.items(), strict=True):
        images = kernel.reshape(28, 28, NEURONS).transpose(0, 2, 1)  # (28, neurons, 28)
        strip = np.pad(images, ((0, 0), (0, 0), (0, GAP)), constant_values=np.nan).reshape(28, -1)[:, :-GAP]
        largest = abs(kernel).max()  # what is added is small: each row has a scale of its own
        axes.imshow(strip, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
