"""learning_rate: one network, six learning rates; the talk's rules for choosing one.

Everything else is mlp's: 784-100-10, ReLU, three epochs of 100 batches of 50 images, plain stochastic gradient descent.
"""

TITLE = "Which learning rate?"
QUESTION = "How do I find the learning rate for my network?"
ANSWER = "Try powers of ten, and take half of the largest rate that still learns: here 0.5, which reaches 0.92."
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "0.01": {"learning_rate": 0.01},
    "0.1": {"learning_rate": 0.1},
    "0.5": {"learning_rate": 0.5},
    "1": {"learning_rate": 1.0},
    "10": {"learning_rate": 10.0},
    "100": {"learning_rate": 100.0},
}
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy over three epochs at six learning rates: 0.01 is slow, 0.5 is best, from 10 on the "
    "network only guesses.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value.

    Args:
        runs: by setting `loss` (epochs,), `validation_loss` and `accuracy` (1 + epochs,), beginning before training.
    """
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "half of the largest rate that holds, 0.5, is better than 0.1": (last["0.5"] - last["0.1"], 0.001),
        "0.01 is too low: 0.1 is better after three epochs": (last["0.1"] - last["0.01"], 0.035),
        "at 10 the network only guesses": (last["0.1"] - last["10"], 0.4),
    }
