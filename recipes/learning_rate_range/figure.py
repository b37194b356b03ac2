"""The loss of each of 180 steps while the rate grows from 0.0001 to 3.1, and the smoothed loss: it rests, falls from a
rate of 0.01 on, is lowest at 0.29, and has doubled at 2.1. The third mark is a tenth of 0.29.
"""

import numpy as np

SIZE = (8, 4.6)


def draw(results, figure):
    axes = figure.gca()
    rates = results["before_chaos"]["arguments"]["rates"]
    losses, smoothed = results["before_chaos"]["range_test"], results["found"]["smooth"]
    lowest, tenth, doubled = results["found"]["choose"]
    axes.plot(rates, losses, color="C0", lw=1, alpha=0.5, label="each step")
    axes.plot(rates, smoothed, color="C0", lw=3, label="smoothed")
    marks = (
        (tenth, "a tenth of it", 0.35, "center"),
        (lowest, "lowest", -0.5, "center"),
        (doubled, "doubled", 1, "right"),
    )
    for rate, word, above, aligned in marks:
        height = smoothed[np.argmin(abs(rates - rate))]
        axes.plot(rate, height, "o", color="C1", ms=9)
        axes.text(rate, height + above, f"{word}\n{rate:.2g}", size=14, ha=aligned, va="center")
    axes.set(xscale="log", ylim=(0, 5.2))
    axes.set_xlabel("learning rate", fontsize=15)
    axes.set_ylabel("loss", fontsize=15)
    axes.tick_params(labelsize=13)
    axes.legend(fontsize=13, loc="upper left")
