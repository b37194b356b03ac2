"""reading_the_loss: eight trainings whose loss curves look different: one good, seven with a cause to be read off.

Unless a setting says otherwise all is mlp's: 5,000 images, batches of 50, 300 steps. A point is the mean loss of ten
steps (of four with sorted images, of fifty with the plateau, of an epoch of twenty with those learnt by heart).
Validation is on the first 1,000 validation images. Least values are from five seeds of start and shuffling in PyTorch,
as `tools/findings.py` measures them.
"""

import numpy as np

TITLE = "What does the loss curve tell me?"
QUESTION = "My loss curve looks strange. What does it say?"
ANSWER = (
    "Look at the learning rate first. Nearly a straight line: too low. Jumps: too high. One peak and then a rest at "
    "2.30: the network is dead. A jump at each new class: sorted images."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "good": {"learning_rate": 0.3, "every": 10},
    "too low": {"learning_rate": 0.001, "every": 10},
    "too high": {"learning_rate": 1.0, "every": 10},
    "dead": {"learning_rate": 10.0, "every": 10},
    "plateau": {
        "hidden": (30,) * 4,
        "activation": "sigmoid",
        "start": "glorot",
        "learning_rate": 0.5,
        "epochs": 10,
        "every": 50,
    },
    "noisy": {"count": 300, "batch_size": 1, "learning_rate": 0.02, "epochs": 1, "every": 10},
    "sorted": {"order": "by class", "shuffle": False, "epochs": 2, "every": 4},
    "by heart": {"count": 1000, "epochs": 60},
}
FIGURE = {
    "curve": "loss",
    "says": "Eight loss curves. Good: fast, then slow. Too low: a straight line. Too high: jumps. Dead: one peak, then "
    "log 10. Plateau: flat for half of the time, then falls. Noisy: up and down. Sorted: ten bumps an epoch. By heart: "
    "training falls to 0, validation turns up.",
}


def data(images, labels, validation_images, validation_labels, *, count=5000, order="as given"):
    """The first images, or all of them sorted by class; a thousand images for validation."""
    chosen = np.argsort(labels, kind="stable") if order == "by class" else slice(count)
    return images[chosen], labels[chosen], validation_images[:1000], validation_labels[:1000]


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    loss = {name: run["loss"] for name, run in runs.items()}
    heart = runs["by heart"]
    return {
        "good: what is left of the loss after 300 steps is less than 0.6": (0.6 - loss["good"][-5:].mean(), 0.1),
        "too low: after 300 steps the loss is still above 1": (loss["too low"][-5:].mean() - 1, 0.3),
        "too high: over the first hundred steps the loss is higher than the good one": (
            loss["too high"][:10].mean() - loss["good"][:10].mean(),
            0.1,
        ),
        "too high: it jumps more than the good one": (jumps(loss["too high"][1:]) - jumps(loss["good"][1:]), 0.008),
        "dead: it rests near log 10, 0.5 away at most": (0.5 - abs(loss["dead"][-5:].mean() - np.log(10)), 0.15),
        "plateau: flat at first, it falls in the end": (loss["plateau"][1] - loss["plateau"][-1], 0.4),
        "sorted: it swings with the classes, from below 0.2 to above 1": (
            min(0.2 - loss["sorted"][10:].min(), loss["sorted"][10:].max() - 1),
            0.05,
        ),
        "noisy: it jumps more than the good one": (jumps(loss["noisy"][-15:]) - jumps(loss["good"][-15:]), 0.1),
        "by heart: validation loss ends above its lowest value": (
            heart["validation_loss"][-1] - heart["validation_loss"].min(),
            0.01,
        ),
        "by heart: training loss ends below 0.1": (0.1 - heart["loss"][-1], 0.02),
    }


def jumps(loss):
    """How far a point of the curve is from the one before, on average."""
    return np.abs(np.diff(loss)).mean()
