"""The picture of an experiment: a panel for each setting, the curves of all variants on top of each other.

It is drawn like a recipe's figure.py, with FIGURE from its task.py: "curve" names which, "log" asks for a logarithmic
axis, "together" for all settings in one panel (a text is the legend's title), "limits" says where its axis begins and
ends, and "x" what the other axis counts, if it isn't epochs.
"""

import numpy as np

FIGURE = {"curve": "accuracy"}
SIZE = (8, 5)
REFERENCE = "numpy"
COLUMNS = 3
COLOURS = 6  # of the cycle; curves after these are dashed


def draw(results, figure):
    """results: by setting and variant the curves by name."""
    together, rows = FIGURE.get("together"), -(-len(results) // COLUMNS)
    if together:
        panels = [figure.subplots()] * len(results)
    else:
        figure.set_size_inches(8, 0.6 + 1.9 * rows)
        panels = figure.subplots(rows, COLUMNS, sharex=False, sharey=True, squeeze=False).ravel()
    for number, (panel, (setting, runs)) in enumerate(zip(panels, results.items(), strict=False)):
        colours = (f"C{number}", f"C{number}") if together else ("C0", "C1")
        line = "-" if number < COLOURS else "--"
        values = draw_setting(panel, runs, *colours, line if together else "-", setting)
        if not together:
            panel.set_title(f"{setting}: {values[-1]:.3g}", fontsize=13)
    for panel in panels[len(results) :]:
        panel.set_axis_off()
    if together:
        panels[0].legend(
            loc="center left", bbox_to_anchor=(1, 0.5), title=together if isinstance(together, str) else None
        )
    figure.supxlabel(FIGURE.get("x", "epoch"))
    worded = {"accuracy": "validation accuracy", "parts": "accuracy"}
    figure.supylabel(worded.get(FIGURE["curve"], FIGURE["curve"].replace("_", " ")))


def draw_setting(panel, runs, colour, other, line, setting):
    """The curves of all variants with one setting, NumPy's in the first colour; gives one of them."""
    curve = FIGURE["curve"]
    first = 1 if curve == "loss" else 0  # what is asked of the model is known before the first epoch too
    for variant, curves in sorted(runs.items(), key=lambda item: item[0] == REFERENCE):
        reference = variant == REFERENCE
        style = {"color": colour, "lw": 3, "label": setting} if reference else {"color": other, "lw": 1, "zorder": 3}
        epochs = np.arange(first, first + len(curves[curve]))
        panel.plot(epochs, curves[curve], marker="o" if len(epochs) < 8 else "", markersize=4, ls=line, **style)
    values = next(iter(runs.values()))[curve]
    last = first + len(values) - 1
    panel.plot([last], values[-1:], marker="o", markersize=6, color=colour)  # one may end before the others
    panel.set_xlim(0, max(panel.get_xlim()[1], 1.03 * last))
    if len(values) < 8:
        panel.set_xticks(range(len(values) + first))
    if curve.endswith("accuracy") or curve == "parts":
        panel.set_ylim(0, 1)
    if "limits" in FIGURE:
        panel.set_ylim(FIGURE["limits"])
    if FIGURE.get("log"):
        panel.set_yscale("log")
    return values
