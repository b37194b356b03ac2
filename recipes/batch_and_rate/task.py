"""batch_and_rate: a batch of 10 at 0.02, ten times the batch at five rates, and a hundred times at a hundredfold.

Everything else is mlp's; four epochs each. The loss is the mean over the batch, as in every program.
Least values are from five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them.
"""

TITLE = "A larger batch: which learning rate?"
QUESTION = "If I change the batch size, how must I change the learning rate?"
ANSWER = (
    "If the loss is the batch's mean, multiply it by the same factor: 10 images at 0.02 end at 0.913, and 100 at 0.2 "
    "at 0.909. The rule ends where the rate itself is too high, as for 1,000 at 2."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "10 at 0.02": {"batch_size": 10, "learning_rate": 0.02, "epochs": 4},
    "100 at 0.2": {"batch_size": 100, "learning_rate": 0.2, "epochs": 4},
    "100 at 0.063": {"batch_size": 100, "learning_rate": 0.0632, "epochs": 4},
    "100 at 0.02": {"batch_size": 100, "learning_rate": 0.02, "epochs": 4},
    "100 at 0.0063": {"batch_size": 100, "learning_rate": 0.00632, "epochs": 4},
    "100 at 0.002": {"batch_size": 100, "learning_rate": 0.002, "epochs": 4},
    "1000 at 2": {"batch_size": 1000, "learning_rate": 2.0, "epochs": 4},
}
FIGURE = {
    "curve": "accuracy",
    "together": "batch and rate",
    "limits": (0, 1),
    "says": "Validation accuracy over four epochs. A batch of 100 at 0.2 follows a batch of 10 at 0.02; at 0.02 it is "
    "slower, at 0.0063 and 0.002 far behind. A batch of 1,000 at 2 breaks down.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    apart = abs(last["100 at 0.2"] - last["10 at 0.02"])
    return {
        "ten times the batch at ten times the rate ends within 0.02 of where it was": (0.02 - apart, 0.005),
        "at the same rate ten times the batch is worse": (last["100 at 0.2"] - last["100 at 0.02"], 0.03),
        "the root of ten is the careful choice, between the two": (last["100 at 0.063"] - last["100 at 0.02"], 0.02),
        "divided by the root of ten it is worse still": (last["100 at 0.02"] - last["100 at 0.0063"], 0.05),
        "and divided by ten worst of all": (last["100 at 0.0063"] - last["100 at 0.002"], 0.1),
        "a hundred times the batch at a hundred times the rate is too much": (
            last["10 at 0.02"] - last["1000 at 2"],
            0.3,
        ),
    }
