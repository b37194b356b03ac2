"""Loss and accuracy of eight images during 200 steps, with three losses. With the literal formula the loss falls from
0.69 to almost 0, while the share of right answers rises to 8 of 8 and then falls back to 4 of 8.
"""

import numpy as np

SIZE = (8, 6.4)
NAMES = {"softmax": "softmax", "sigmoid": "sigmoids, divided by their sum", "literal": "literally −log σ"}


def draw(results, figure):
    above, below = figure.subplots(2, 1, sharex=True)
    for number, (name, label) in enumerate(NAMES.items()):
        losses, accuracies = results[f"descent_{name}"]["descend"]
        width = 4 if name == "literal" else 2.5
        above.plot(losses, color=f"C{number}", lw=width, label=label)
        lift = (number - 1) * 0.12  # three lines on the same eighth stay apart
        below.step(np.arange(len(accuracies)), 8 * accuracies + lift, color=f"C{number}", lw=width, where="post")
    above.set_ylabel("loss", fontsize=15)
    above.set_ylim(0, 0.72)
    above.legend(fontsize=14, loc="upper right")
    below.set_ylabel("right, of 8", fontsize=15)
    below.set_yticks([4, 5, 6, 7, 8])
    below.set_ylim(3.6, 8.6)
    below.set_xlabel("step", fontsize=15)
    for panel in (above, below):
        panel.set_xlim(0, 200)
        panel.tick_params(labelsize=13)
