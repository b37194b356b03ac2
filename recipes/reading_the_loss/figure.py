"""Eight loss curves, each with its name and what one sees; validation loss beside the one that learns by heart."""

import numpy as np

SIZE = (8, 9.6)
SEEN = {
    "good": "fast, then slow",
    "too low": "a straight line",
    "too high": "jumps, then late",
    "dead": "a peak, then log 10",
    "plateau": "flat, then falls",
    "noisy": "up and down",
    "sorted": "bump after bump",
    "by heart": "validation turns up",
}


def draw(results, figure):
    panels = figure.subplots(4, 2).ravel()
    for panel, (name, seen) in zip(panels, SEEN.items(), strict=True):
        curves = results[name]["numpy"]
        loss = curves["loss"]
        panel.plot(np.arange(1, len(loss) + 1), loss, color="C0")
        panel.set_title(f"{name}: {seen}", fontsize=13)
        panel.set_xlim(0)
        panel.set_ylim(0, max(2.5, loss.max() * 1.05))
        panel.set_xticks([])
    panels[3].set(yscale="log", ylim=(1, 2000))
    panels[3].set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    heart = panels[7]
    validation = results["by heart"]["numpy"]["validation_loss"][1:]
    heart.plot(np.arange(1, len(validation) + 1), validation, color="C1")
    heart.set_ylim(0, 1.2)
    heart.text(60, 0.56, "validation", ha="right")
    heart.text(60, 0.1, "training", ha="right")
    figure.supxlabel("steps")
    figure.supylabel("loss")
