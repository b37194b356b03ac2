"""Draws how fast each batch size learns, by the clock: one panel for each variant."""

import numpy as np

LABELS = {}  # of the variants, by id; whoever draws the picture fills them in
SIZE = (8, 8)
COLUMNS = 2


def draw(results, figure):
    """results: by setting and variant the curves by name; `seconds` is of training alone, in float32."""
    variants = [name for name, run in next(iter(results.values())).items() if "seconds" in run]
    rows = -(-len(variants) // COLUMNS)
    figure.set_size_inches(SIZE[0], 0.8 + 2 * rows)
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, variant in zip(panels, variants, strict=False):
        for number, (size, runs) in enumerate(results.items()):
            accuracy, seconds = runs[variant]["accuracy"], runs[variant]["seconds"]
            epoch = np.median(np.diff(seconds)[1:])  # the first one holds what is done once, such as compiling
            clock = epoch * np.arange(1, len(accuracy))
            panel.plot(clock, accuracy[1:], "o-", markersize=5, color=f"C{number}", label=size)
        panel.set_title(LABELS.get(variant, variant), fontsize=13)
        panel.set_xscale("log")
        panel.set_ylim(0.5, 1)
    for panel in panels[len(variants) :]:
        panel.set_axis_off()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", title="batch size")
    figure.supxlabel("seconds of training")
    figure.supylabel("validation accuracy")
