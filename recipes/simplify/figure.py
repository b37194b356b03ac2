"""How much of each small problem is learnt after 25, 50 and 75 steps, and what a guess would get."""

import numpy as np

SIZE = (8, 4.8)
STEPS = (25, 50, 75)
GUESS = {"0 to 4": 1 / 5, "all ten": 1 / 10}  # of the others, which have two classes, one half
FAULTS = ("labels shifted", "blank images", "rate × 100")


def draw(results, figure):
    axes = figure.subplots()
    accuracy = np.array([runs["numpy"]["accuracy"][1:] for runs in results.values()])  # (setting, steps)
    rows = np.arange(len(accuracy))
    colours = ["C1" if name in FAULTS else "C0" for name in results]
    axes.barh(rows, accuracy[:, -1], color=colours, height=0.7, alpha=0.35)
    for row, values in zip(rows, accuracy, strict=True):
        axes.text(values.max() + 0.03, row, f"{values[-1]:.3f}", va="center")
    for number, (steps, marker) in enumerate(zip(STEPS, "osD", strict=True)):
        axes.scatter(accuracy[:, number], rows, c=colours, marker=marker, s=22)
        axes.scatter([], [], c="C0", marker=marker, s=22, label=f"after {steps} steps")
    axes.scatter([GUESS.get(name, 0.5) for name in results], rows, c="C5", marker="|", s=420, lw=2, label="a guess")
    axes.set_yticks(rows, list(results))
    axes.invert_yaxis()
    axes.set(xlabel="validation accuracy", xlim=(0, 1.12), xticks=np.arange(0, 1.01, 0.25))
    axes.legend(loc="lower right", bbox_to_anchor=(1.02, 0.02))
