"""What the neuron answers, step by step, with the quadratic cost and with cross-entropy, from two starts."""

import matplotlib

SIZE = (8, 3.8)
COSTS = {"quadratic": "C1", "cross_entropy": "C0"}
PANELS = {"near": ("Starts wrong", 75), "far": ("Starts badly wrong", 32)}  # where there is room for words


def draw(results, figure):
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (start, (title, room)) in zip(panels, PANELS.items(), strict=True):
        axes.axhline(0.5, color=matplotlib.rcParams["grid.color"], linewidth=1.5, zorder=0)
        for height, (cost, colour) in zip((0.7, 0.57), COSTS.items(), strict=True):
            outputs = results[f"{start}_{cost}"]["outputs"]
            step = int((outputs < 0.5).argmax())  # the first one below one half
            axes.plot(outputs, color=colour, linewidth=3)
            axes.plot(step, outputs[step], "o", color=colour, markersize=9)
            axes.text(room, height, f"{cost.replace('_', '-')}: step {step}", color=colour)
        axes.set(title=title, xlabel="step", ylim=(0, 1), xlim=(0, 300), xticks=(0, 100, 200, 300))
    panels[0].set(ylabel="output (target: 0)", yticks=(0, 0.5, 1))
