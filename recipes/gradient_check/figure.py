"""How far central differences are from the gradient, for steps from 1 to 1e-13: a valley, and float32's is shallow."""

import numpy as np

SIZE = (8, 4.4)
CURVES = (  # and where there is room for the name
    ("tanh_digits", "C0", "o-", "tanh", (8e-4, 2e-6), "right"),
    ("relu_digits", "C2", "s--", "ReLU", (1.6e-3, 1.5e-9), "left"),
    ("tanh_digits_in_float32", "C1", "o-", "tanh in float32", (5e-6, 0.4), "right"),
)


def draw(results, figure):
    axes = figure.subplots()
    for case, colour, line, label, place, side in CURVES:
        steps, errors = results[case]["arguments"]["steps"], 10 ** -results[case]["digits"]
        axes.loglog(steps, errors, line, color=colour, markersize=7)
        axes.text(*place, label, color=colour, size=14, ha=side)
    axes.text(1e-11, 1e-8, "← rounding", ha="center")
    axes.text(0.15, 1e-8, "curvature →", ha="center")
    axes.set(xlabel="step", ylabel="relative error", ylim=(1e-11, 3), yticks=10.0 ** np.arange(-10, 1, 2))
    axes.grid(axis="y")
