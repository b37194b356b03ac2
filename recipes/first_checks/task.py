"""first_checks: the loss before training, and twenty images learnt by heart; true, blank and wrongly labelled ones.

Everything else is mlp's. The twenty are the first training images, in one batch: an epoch is a step, and there are 200.
What wasn't trained is asked about the first 5,000 training images. Least values are from five seeds of start and
shuffling in PyTorch, as `tools/findings.py` measures them.
"""

import numpy as np

TITLE = "Before you train: four checks"
QUESTION = "How do I find out that my program is wrong before I train for hours?"
ANSWER = (
    "Check four things: the first loss is log(classes), 2.303 for ten; twenty images are learnt by heart; blank "
    "images teach only how frequent each class is; wrong labels are learnt too."
)
KIND = "experiment"

OF = "mlp"
OVERFITS = {"epochs": 200, "batch_size": 20}
SETTINGS = {
    "20 images": {**OVERFITS, "shown": "twenty"},
    "20 at 0.01": {**OVERFITS, "shown": "twenty", "learning_rate": 0.01},
    "20 at 0.5": {**OVERFITS, "shown": "twenty", "learning_rate": 0.5},
    "blank images": {**OVERFITS, "shown": "blank"},
    "wrong labels": {**OVERFITS, "shown": "wrong"},
    "start: He": {"epochs": 1, "batch_size": 20, "start": "he"},
    "start: Glorot": {"epochs": 1, "batch_size": 20, "start": "glorot"},
    "start: LeCun": {"epochs": 1, "batch_size": 20, "start": "lecun"},
    "start: 0.01": {"epochs": 1, "batch_size": 20, "start": "small"},
    "start: all 0": {"epochs": 1, "batch_size": 20, "start": "zero"},
    "start: 1": {"epochs": 1, "batch_size": 20, "start": "unit"},
}
FIGURE = {
    "curve": "loss",
    "says": "Loss over 200 steps on twenty images: it falls from log 10 to 0.01, as fast for wrong labels as for right "
    "ones; with blank images it stops at the entropy of the labels, 2.21. Beside it, the loss before training.",
}
ENTROPY = 2.2071  # of the twenty labels


def data(images, labels, validation_images, validation_labels, *, shown="all"):
    """Twenty images, which are also those of the validation; or all, of which the first twenty are learnt."""
    if shown == "all":
        return images[:20], labels[:20], images, labels
    images, labels = images[:20], labels[:20]
    if shown == "blank":
        images = np.zeros_like(images)
    if shown == "wrong":
        labels = np.random.default_rng(1).permutation(labels)
    return images, labels, images, labels


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    before = {name: run["validation_loss"][0] for name, run in runs.items()}
    last = {name: run["loss"][-1] for name, run in runs.items()}
    return {
        "the starts of He, Glorot, LeCun and 0.01 are near log 10: not 0.5 away": (
            0.5 - max(abs(before[f"start: {name}"] - np.log(10)) for name in ("He", "Glorot", "LeCun", "0.01")),
            0.15,
        ),
        "a start with deviation 1 is far above it": (before["start: 1"] - before["start: He"], 30),
        "20 images are learnt by heart: the loss ends below 0.02": (0.02 - last["20 images"], 0.005),
        "blank images: the loss stays above the entropy of the labels": (last["blank images"] - ENTROPY, 0.001),
        "wrong labels are learnt by heart as well: 19 of 20 at least": (
            runs["wrong labels"]["training_accuracy"][-1] - 0.9,
            0.04,
        ),
    }
