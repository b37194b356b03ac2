"""initialisation: seven starts for a network with three hidden layers of 100 neurons with ReLU, five epochs each.

The kernels are normal with the standard deviation sqrt(2 / inputs) (He), sqrt(2 / (inputs + outputs)) (Glorot),
sqrt(1 / inputs) (LeCun), 0.05, 0.01, 1 or 0; biases are 0. Learning rate 0.1, as in mlp.
Least values are from five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them; a deviation of
1 gave NaN there in four of them.
"""

TITLE = "What does a bad start cost?"
QUESTION = "How do I initialise the weights, and what happens if I do it wrong?"
ANSWER = (
    "With ReLU, draw them with a deviation of sqrt(2 / inputs), which is He's start: 0.922 after five epochs. After "
    "zeros, or a deviation of 0.01 or 1, the network only guesses: 0.106."
)
KIND = "experiment"

OF = "mlp"


def setting(start):
    return {"start": start, "hidden": (100, 100, 100), "epochs": 5}


SETTINGS = {
    "He": setting("he"),
    "Glorot": setting("glorot"),
    "LeCun": setting("lecun"),
    "0.05": setting("fixed"),
    "0.01": setting("small"),
    "all 0": setting("zero"),
    "1": setting("unit"),
}
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy over five epochs from seven starts. He, Glorot and LeCun learn, He fastest; 0.05 "
    "learns late; 0.01, all 0 and 1 only guess.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    first = {name: run["accuracy"][1] for name, run in runs.items()}
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "a deviation of 0.01 is too small: no signal arrives": (last["He"] - last["0.01"], 0.4),
        "a deviation of 1 is too large: the loss explodes": (last["He"] - last["1"], 0.4),
        "zeros never part: the network only guesses": (last["He"] - last["all 0"], 0.4),
        "a deviation of 0.05 begins late: after one epoch He is far ahead": (first["He"] - first["0.05"], 0.15),
        "it learns all the same: accuracy above 0.5": (last["0.05"] - 0.5, 0.15),
        "and ends behind He": (last["He"] - last["0.05"], 0.012),
        "after one epoch He is ahead of Glorot": (first["He"] - first["Glorot"], 0.005),
    }
