"""early_stopping: a network with one hidden layer learns from few images, and stops when it no longer gets better.

784 pixels, dense 100, ReLU, dense 10. Softmax cross-entropy, plain stochastic gradient descent. Of the images that it
is given, the first 1,250, the last fifth is only for validation, whatever is shuffled: 1,000 remain, 20 batches. After
each epoch the mean loss of that fifth is worked out. When it hasn't been below its lowest value for `patience` epochs,
training stops, after 60 epochs at the latest. Either way the weights of the best epoch are given back; the losses that
`train` gives tell how many epochs there were.
"""

import numpy as np

TITLE = "Early stopping"
QUESTION = "When do I stop training?"
ANSWER = (
    "When the validation loss has had no new lowest value for five epochs; then the best weights come back. Here that"
    " is after 14 to 21 of 60 epochs, and costs less than a point of accuracy."
)
KIND = "network"
STEPS = ("Init", "Network", "Epoch", "Train", "Evaluate", "Run")

PARAMETERS = 79_510
HYPERPARAMETERS = {"epochs": 60, "batch_size": 50, "learning_rate": 0.1, "patience": 5}
TRAIN_IMAGES = 1_250
STOPS_EARLY = True

ACCURACY_FLOORS = {"mnist": 0.85}
# The short run is one epoch of 4,000 images, scored on 2,000 test images. Its images are sorted by class, so the last
# fifth holds all eights and nines, and the network never sees one in training.
SHORT_ACCURACY_FLOORS = {"mnist": 0.55}
# How far a run may end from the NumPy reference, stated for 10,000 test images.
ACCURACY_MARGIN = 0.03

SETTINGS = {
    "rate 0.3, patience 3": {"learning_rate": 0.3, "patience": 3},
    "patience 1": {"patience": 1},
    "patience 2": {"patience": 2},
    "patience 5": {"patience": 5},
    "patience 10": {"patience": 10},
    "never": {"patience": 60},
}
FIGURE = {
    "curve": "validation_loss",
    "together": True,
    "limits": (0.35, 0.7),
    "says": "Loss of 10,000 other images over the epochs. Those of one rate are the same curve, and end where training "
    "stops: the longer the patience, the later. The one that never stops rises again. At three times the rate the loss "
    "goes up and down on its way: an epoch without a gain isn't the end.",
}


def parts(images):
    """The validation images as they are: what the model that comes back, the best one, makes of them."""
    return images[np.newaxis]


def findings(runs):
    """What must hold: by sentence a value and its least value."""
    stopped = {name: len(run["loss"]) for name, run in runs.items()}
    back = {name: run["parts"][0] for name, run in runs.items()}
    never = runs["never"]
    return {
        "with a patience of 5 it stops in the first half of 60 epochs": (30 - stopped["patience 5"], 3),
        "and with a patience of 1 earlier": (stopped["patience 5"] - stopped["patience 1"], 2),
        "without an end the validation loss rises again": (
            never["validation_loss"][-1] - never["validation_loss"].min(),
            0.01,
        ),
        "but the accuracy is higher than that of what comes back": (never["accuracy"][-1] - back["patience 5"], 0.001),
    }


def initial_weights(start_seed=1) -> dict[str, np.ndarray]:
    """The shared start: He-normal kernels (standard deviation sqrt(2 / inputs)) and zero biases.

    Returns:
        float32 arrays by name, in the canonical layout: kernels (in, out), the pixels in the order height, width.
    """
    random, weights = np.random.default_rng(start_seed), {}
    for layer, shape in {"dense1": (784, 100), "dense2": (100, 10)}.items():
        weights[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / shape[0]), shape).astype(np.float32)
        weights[f"{layer}_bias"] = np.zeros(shape[1], np.float32)
    return weights
