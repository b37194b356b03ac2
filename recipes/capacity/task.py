"""capacity: 1 to 1,000 hidden neurons learn a thousand images, forty epochs; two learn random labels, a hundred epochs.

Everything else is mlp's. Validation is on the first 2,000 validation images, and the random labels are
`default_rng(0).integers(0, 10, 1000)`. Least values are from five seeds of start and shuffling in PyTorch, of what is
said of 2, 5 and 1,000 neurons in NumPy, as `tools/findings.py` measures them.
"""

import numpy as np

TITLE = "How large must the network be?"
QUESTION = "How many neurons do I need, and when does my network only learn by heart?"
ANSWER = (
    "For these thousand images about a hundred: they reach 0.877 on new ones, and a thousand 0.882. It learns only by"
    " heart if the labels mean nothing: a hundred know 99.7 % of random ones."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "1": {"hidden": (1,), "epochs": 40},
    "2": {"hidden": (2,), "epochs": 40},
    "3": {"hidden": (3,), "epochs": 40},
    "5": {"hidden": (5,), "epochs": 40},
    "10": {"hidden": (10,), "epochs": 40},
    "30": {"hidden": (30,), "epochs": 40},
    "100": {"hidden": (100,), "epochs": 40},
    "300": {"hidden": (300,), "epochs": 40},
    "1000": {"hidden": (1000,), "epochs": 40},
    "10, random labels": {"hidden": (10,), "epochs": 100, "labelled": "at random"},
    "100, random labels": {"hidden": (100,), "epochs": 100, "labelled": "at random"},
}
FIGURE = {
    "curve": "training_accuracy",
    "says": "Training and validation accuracy against the number of hidden neurons, from 1 to 1,000. Training reaches "
    "0.998 with 10 neurons and 1 with 30, validation flattens at 0.88 and never falls. With random labels 100 neurons "
    "still reach 0.997 in training, and guess in validation.",
}


def data(images, labels, validation_images, validation_labels, *, labelled="truly"):
    """A thousand images to learn, with their labels or with random ones; two thousand for validation."""
    if labelled == "at random":
        labels = np.random.default_rng(0).integers(0, 10, len(labels[:1000]))
    return images[:1000], labels[:1000], validation_images[:2000], validation_labels[:2000]


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    best = {name: run["accuracy"].max() for name, run in runs.items()}
    rise = {name: run["validation_loss"][-1] - run["validation_loss"].min() for name, run in runs.items()}
    by_heart = runs["100, random labels"]
    return {
        "with 2, 3, 5 and 10 neurons each step is better": (
            np.diff([best[name] for name in ("2", "3", "5", "10")]).min(),
            0.025,
        ),
        "a thousand do no harm: not 0.01 worse than 300": (0.01 + best["1000"] - best["300"], 0.003),
        "and with a thousand the validation loss turns up less than with 10": (rise["10"] - rise["1000"], 0.01),
        "three neurons are too few: 30 are better": (best["30"] - best["3"], 0.1),
        "ten times as many neurons, 300 for 30, are a little better": (
            best["300"] - best["30"],
            0.004,
        ),
        "30 neurons know their thousand images better than new ones": (
            runs["30"]["training_accuracy"][-1] - runs["30"]["accuracy"][-1],
            0.05,
        ),
        "with 10 the validation loss turns up before the end": (rise["10"], 0.015),
        "random labels are learnt by heart: training accuracy above 0.5": (
            by_heart["training_accuracy"][-1] - 0.5,
            0.2,
        ),
        "which helps with no new image: validation accuracy below 0.2": (0.2 - by_heart["accuracy"][-1], 0.03),
    }
