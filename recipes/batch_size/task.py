"""batch_size: six sizes of a batch, each with the best of seven learning rates, four epochs each.

Everything else is mlp's. The rates are the best of 0.01, 0.02, 0.05, 0.1, 0.2, 0.4 and 0.8. What must hold is said of
epochs: how long one takes is a property of the framework and the machine, and the picture shows it. Least values are
from five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them.
"""

TITLE = "Which batch size?"
QUESTION = "How large should a batch be?"
ANSWER = (
    "Between 10 and 500 is a good place to begin. By the clock, batches of 20 to 100 are the first at 0.90 here; "
    "where each step costs much, as in Keras on PyTorch, batches of 500 are."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "5": {"batch_size": 5, "learning_rate": 0.1, "epochs": 4},
    "20": {"batch_size": 20, "learning_rate": 0.2, "epochs": 4},
    "50": {"batch_size": 50, "learning_rate": 0.4, "epochs": 4},
    "100": {"batch_size": 100, "learning_rate": 0.8, "epochs": 4},
    "500": {"batch_size": 500, "learning_rate": 0.8, "epochs": 4},
    "1000": {"batch_size": 1000, "learning_rate": 0.2, "epochs": 4},
}
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy after each of four epochs over the seconds that they take, for batches of 5 to 1,000 "
    "images, each at its best rate, in each framework. Small batches learn more in an epoch, and their epochs take "
    "longer: batches of 20 to 100 come first, or larger ones where a step costs much.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    first = {name: run["accuracy"][1] for name, run in runs.items()}
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "after one epoch a batch of 20 is ahead of one of 500": (first["20"] - first["500"], 0.1),
        "after four epochs it still is": (last["20"] - last["500"], 0.01),
        "a batch of 1,000 has 20 steps in four epochs, too few": (last["20"] - last["1000"], 0.03),
        "between 5 and 50 it matters little: they end within 0.03": (0.03 - abs(last["5"] - last["50"]), 0.01),
    }
