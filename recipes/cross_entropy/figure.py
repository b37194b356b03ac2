"""The loss of a wrong prediction against how sure it was: stable, naive, and from probabilities clipped at 1e-7.

The stable and naive losses are the recipe's; the clipped ones are worked out from them here.
"""

import numpy as np

SIZE = (8, 5)
CLIP = 1e-7


def draw(results, figure):
    panel = figure.subplots()
    cases = [results["leads"], results["large_leads"]]
    wrong = slice(1, None, 2)  # every other row: the label is the class that lags behind
    leads = np.concatenate([case["arguments"]["logits"][wrong, 0] for case in cases])
    stable = np.concatenate([case["stable"][wrong] for case in cases])
    clipped = -np.log(np.maximum(np.exp(-stable), CLIP))
    naive = results["leads"]["naive"][wrong]
    panel.loglog(leads, stable, color="C0", lw=3)
    panel.loglog(leads, clipped, color="C1", lw=3)
    panel.loglog(leads[: len(naive)], naive, color="C2", lw=8, alpha=0.45, solid_capstyle="butt")
    panel.text(450, 800, "stable", color="C0", fontsize=16, ha="right")
    panel.text(100, clipped[-1] * 1.25, f"clipped at {clipped[-1]:.1f}", color="C1", fontsize=16)
    panel.text(7, 12, "naive", color="C2", fontsize=16, ha="right")
    for precision, height in ((np.float32, 1.7), (np.float64, 4)):
        end = np.log(np.finfo(precision).max)
        panel.axvline(end, color="C2", lw=2, ls=":")
        text = f"naive ends at {end:.0f}\nin {precision.__name__}"
        panel.text(end * 0.92, height, text, fontsize=13, ha="right", va="center")
    panel.set_xlabel("how much larger the wrong class's score is", fontsize=14)
    panel.set_ylabel("loss", fontsize=14)
    panel.set(xlim=(1, 5500), ylim=(1, 5500))
    panel.tick_params(labelsize=12)
    panel.spines[["top", "right"]].set_visible(False)
