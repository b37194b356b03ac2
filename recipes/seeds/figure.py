"""The validation accuracy of ten trainings of each variant: a dot for each seed, a stroke for the mean."""

import matplotlib
import numpy as np

LABELS = {}  # of the variants, by id; whoever draws the picture fills them in
SIZE = (8, 4)


def draw(results, figure):
    """results: by seed and variant the curves by name."""
    panel = figure.subplots()
    variants = list(next(iter(results.values())))
    for row, variant in enumerate(variants):
        ends = np.array([runs[variant]["accuracy"][-1] for runs in results.values()])
        panel.plot(ends, np.full(len(ends), row), "o", color="C0", alpha=0.6, markersize=8)
        panel.plot([ends.mean()] * 2, [row - 0.3, row + 0.3], color=matplotlib.rcParams["text.color"])
    panel.set_yticks(range(len(variants)), [LABELS.get(variant, variant) for variant in variants])
    panel.invert_yaxis()
    panel.set_xlabel("validation accuracy")
    panel.grid(axis="x")
