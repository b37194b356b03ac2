"""layer_sizes: four shapes of a network with some 80,000 parameters each, five epochs: the same, however it is shaped.

Everything else is mlp's. Parameters: funnel 81,442, equal 81,225, widening 85,870, bottleneck 79,594.
Least values are from five seeds of start and shuffling in PyTorch, as `tools/findings.py` measures them: 0.923 ± 0.008,
0.922 ± 0.012, 0.926 ± 0.008 and 0.920 ± 0.008.
"""

TITLE = "Should the layers shrink?"
QUESTION = "How many neurons does each layer get: must the layers become smaller towards the output?"
ANSWER = (
    "No, equal layers do as well. With as many parameters each, a funnel ends at 0.915, equal and widening layers at "
    "0.918: less apart than two trainings of one network."
)
KIND = "experiment"

OF = "mlp"
SETTINGS = {
    "funnel 96-48-24": {"hidden": (96, 48, 24), "epochs": 5},
    "equal 91-60-60": {"hidden": (91, 60, 60), "epochs": 5},
    "widening 60-120-240": {"hidden": (60, 120, 240), "epochs": 5},
    "bottleneck 98-8-98": {"hidden": (98, 8, 98), "epochs": 5},
}
FIGURE = {
    "curve": "accuracy",
    "together": True,
    "limits": (0.75, 0.95),
    "says": "Validation accuracy over five epochs of a funnel, equal layers, widening layers and a bottleneck: four "
    "curves that end within two hundredths of each other.",
}


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    first = {name.split()[0]: run["loss"][0] for name, run in runs.items()}
    last = {name.split()[0]: run["accuracy"][-1] for name, run in runs.items()}
    return {
        "all four shapes learn: the worst is above 0.8": (min(last.values()) - 0.8, 0.05),
        "the shape hardly matters: best and worst of the first three are within 0.05": (
            0.05 - (max(last[n] for n in SHAPES) - min(last[n] for n in SHAPES)),
            0.02,
        ),
        "but in the first epoch the bottleneck's loss is higher than equal layers'": (
            first["bottleneck"] - first["equal"],
            0.15,
        ),
    }


SHAPES = ("funnel", "equal", "widening")
