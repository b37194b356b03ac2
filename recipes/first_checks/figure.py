"""The loss of twenty images over 200 steps, with right and wrong labels and with blank images; before training from six
starts. The dashed line is log 10, the loss of a guess."""

import matplotlib
import numpy as np

SIZE = (8, 6.4)
GUESS = np.log(10)


def draw(results, figure):
    panels = figure.subplots(2, 2).ravel()
    loss = {name: runs["numpy"]["loss"] for name, runs in results.items()}
    rates = {"0.01": loss["20 at 0.01"], "0.1": loss["20 images"], "0.5": loss["20 at 0.5"]}
    for colour, (rate, curve) in zip(("C1", "C0", "C2"), rates.items(), strict=True):
        panels[0].plot(curve, color=colour, label=rate)
    panels[0].legend(title="rate", loc="upper right", bbox_to_anchor=(1, 0.92))
    panels[1].plot(loss["wrong labels"], color="C0")
    panels[2].plot(loss["blank images"], color="C0")
    for panel, title in zip(panels, ("20 images", "wrong labels", "blank images"), strict=False):
        panel.set(title=title, ylim=(0, 2.6), xlabel="step")
    panels[2].text(200, 1.95, f"{loss['blank images'][-1]:.2f}", ha="right")
    for panel in panels[::2]:
        panel.set_ylabel("loss")
    starts = ("all 0", "0.01", "LeCun", "Glorot", "He", "1")
    before = [results[f"start: {name}"]["numpy"]["validation_loss"][0] for name in starts]
    bars = panels[3].bar(starts, before, color=["C1" if name == "1" else "C0" for name in starts], width=0.6)
    panels[3].bar_label(bars, [f"{value:.2f}" for value in before], fontsize=10)
    panels[3].tick_params("x", labelsize=10)
    panels[3].set(yscale="log", ylim=(1, 200), title="before training, by start")
    panels[3].set_yticks([1, 10, 100], ["1", "10", "100"])
    for panel in panels:
        panel.axhline(GUESS, color=matplotlib.rcParams["text.color"], ls="--", lw=1)
