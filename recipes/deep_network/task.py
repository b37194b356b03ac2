"""deep_network: one, three and five hidden layers of 30 neurons, with sigmoid, tanh and ReLU, five epochs each.

Everything else is mlp's. Each activation begins with the start that is made for it: Glorot's or He's. Least values are
from five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them. Of those, the three layers with
sigmoid had begun to learn in one by the fifth epoch; five layers in none.
"""

TITLE = "Your first deep network"
QUESTION = "Why does my network stop learning when I make it deeper?"
ANSWER = (
    "Each sigmoid multiplies the gradient by its slope, ¼ at most. With three hidden layers of them it hardly begins "
    "to learn, 0.108; with ReLU and the start made for it, it reaches 0.908."
)
KIND = "experiment"

OF = "mlp"


def setting(depth, activation):
    start = "he" if activation == "relu" else "glorot"
    return {"hidden": (30,) * depth, "activation": activation, "start": start, "epochs": 5}


SETTINGS = {
    "1 sigmoid": setting(1, "sigmoid"),
    "3 sigmoid": setting(3, "sigmoid"),
    "5 sigmoid": setting(5, "sigmoid"),
    "1 tanh": setting(1, "tanh"),
    "3 tanh": setting(3, "tanh"),
    "5 tanh": setting(5, "tanh"),
    "1 ReLU": setting(1, "relu"),
    "3 ReLU": setting(3, "relu"),
    "5 ReLU": setting(5, "relu"),
}
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy over five epochs of networks with one, three and five hidden layers. With sigmoid one "
    "layer learns, three and five only guess; with tanh and ReLU all of them learn.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    last = {name: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "with one hidden layer sigmoid learns: it gains this much on the untrained network": (
            last["1 sigmoid"] - runs["1 sigmoid"]["accuracy"][0],
            0.35,
        ),
        "with three hidden layers ReLU learns where sigmoid hardly does": (last["3 ReLU"] - last["3 sigmoid"], 0.38),
        "tanh learns there as well": (last["3 tanh"] - last["3 sigmoid"], 0.38),
        "five hidden layers with ReLU learn where five with sigmoid don't": (last["5 ReLU"] - last["5 sigmoid"], 0.35),
    }
