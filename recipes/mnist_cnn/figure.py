"""The 32 filters of the first convolution, 3x3 pixels each: at the start, after 200 steps, and what those steps have
added, on a scale of its own. The start is noise and is hardly to be told from the end; what is added are edges and
spots, light on one side and dark on the other."""

import numpy as np
from matplotlib.figure import Figure

SIZE = (8, 3.6)
IN_A_ROW = 16


def draw(results: dict, figure: Figure) -> None:
    start, end = (one["conv1_kernel"][:, :, 0] for one in (results["before"], results["after"]["NumPy"]))  # (3, 3, 32)
    rows = {"start": start, "after\n200 steps": end, "added": end - start}
    for axes, (name, row) in zip(figure.subplots(len(rows), 1), rows.items(), strict=True):
        framed = np.pad(row.transpose(2, 0, 1), ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)  # (32, 4, 4)
        sheet = framed.reshape(-1, IN_A_ROW, 4, 4).transpose(0, 2, 1, 3).reshape(-1, IN_A_ROW * 4)
        largest = abs(row).max()
        axes.imshow(sheet[:-1, :-1], cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
