"""What each of ten layers gives, as a distribution: where the weights' size is right, too small and too large."""

import numpy as np

SIZE = (8, 5.4)
PANELS = (  # the case, the title, the lowest and highest value shown
    ("relu_he", "ReLU, He: it stays", (0, 3)),
    ("relu_glorot", "ReLU, Glorot: it fades", (0, 3)),
    ("tanh_glorot", "tanh, Glorot: it shrinks a little", (-1, 1)),
    ("tanh_unit", "tanh, N(0, 1): all at the ends", (-1, 1)),
)


def draw(results, figure):
    for axes, (case, title, limits) in zip(figure.subplots(2, 2, sharex=True).flat, PANELS, strict=True):
        edges = np.linspace(*limits, 25)
        for number, layer in enumerate(results[f"{case}_signal"]["signal"], 1):
            counts, _ = np.histogram(layer[layer != 0], edges)  # a silent ReLU says nothing about the size
            width = 0.46 * counts / counts.max()
            axes.fill_betweenx((edges[:-1] + edges[1:]) / 2, number - width, number + width, linewidth=0, color="C0")
        axes.set(title=title, ylim=limits, yticks=np.linspace(*limits, 3 + (limits[0] == 0)), xticks=(1, 5, 10))
    figure.supxlabel("layer")
    figure.supylabel("its values")
