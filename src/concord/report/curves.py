"""The picture of an experiment: a panel for each setting, the curves of all variants on top of each other.

It is drawn like a recipe's figure.py, with FIGURE from its task.py: "curve" names which, "log" asks for a logarithmic
axis.
"""

import numpy as np

FIGURE = {"curve": "accuracy"}
SIZE = (8, 5)
REFERENCE = "numpy"
COLUMNS = 3


def draw(results, figure):
    """results: by setting and variant the curves by name."""
    curve, rows = FIGURE["curve"], -(-len(results) // COLUMNS)
    figure.set_size_inches(8, 0.6 + 1.9 * rows)
    panels = figure.subplots(rows, COLUMNS, sharex=False, sharey=True, squeeze=False).ravel()
    for panel, (setting, runs) in zip(panels, results.items(), strict=False):
        first = 1 if curve == "loss" else 0  # what is validated is known before the first epoch too
        for variant, curves in sorted(runs.items(), key=lambda item: item[0] == REFERENCE):
            bold = {"color": "C0", "lw": 3} if variant == REFERENCE else {"color": "C1", "lw": 1, "zorder": 3}
            epochs = np.arange(first, first + len(curves[curve]))
            panel.plot(epochs, curves[curve], marker="o" if len(epochs) < 8 else "", markersize=4, **bold)
        values = next(iter(runs.values()))[curve]
        panel.set_title(f"{setting}: {values[-1]:.3g}", fontsize=13)
        panel.set_xlim(left=0)
        if len(values) < 8:
            panel.set_xticks(range(len(values) + first))
        if FIGURE.get("log"):
            panel.set_yscale("log")
    for panel in panels[len(results) :]:
        panel.set_axis_off()
    figure.supxlabel("epoch")
    figure.supylabel({"accuracy": "validation accuracy"}.get(curve, curve.replace("_", " ")))
