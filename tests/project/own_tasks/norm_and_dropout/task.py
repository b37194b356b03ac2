"""norm_and_dropout: a hidden layer of 16 neurons with batch normalisation and dropout reads digits."""

import numpy as np

TITLE = "Batch normalisation and dropout"
QUESTION = "Are both the same everywhere?"
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate")

PARAMETERS = 12_778  # with 32 moving averages
HYPERPARAMETERS = {"epochs": 1, "batch_size": 50, "learning_rate": 0.2, "rate": 0.25}
TRAIN_IMAGES = 1_000
SMALLEST_BATCH = 2  # of one image there is no variance
ACCURACY_FLOORS = {"digits": 0.7}
SHORT_ACCURACY_FLOORS = {"digits": 0.7}
ACCURACY_MARGIN = 0.05
GATES = {
    "range": {
        "float32": 5e-3,
        "because": "the normalisation undoes the size of the weights: their gradient is 64 times smaller, and float32 "
        "holds few of its digits beside them",
    }
}

UNTRAINED = ("norm_moving_mean", "norm_moving_variance")
INJECTED = ("masks",)


def injected(steps, seed, *, batch_size, rate, **_):
    """What dropout keeps, (steps, batch_size, 16)."""
    random = np.random.default_rng(seed)
    return {"masks": random.random((steps, batch_size, 16)) >= rate}


def initial_weights():
    random = np.random.default_rng(1)
    weights = {
        "dense1_kernel": random.normal(0, 0.05, (784, 16)),
        "norm_gamma": np.ones(16),
        "norm_beta": np.zeros(16),
        "norm_moving_mean": np.zeros(16),
        "norm_moving_variance": np.ones(16),
        "dense2_kernel": random.normal(0, 0.3, (16, 10)),
        "dense2_bias": np.zeros(10),
    }
    return {name: array.astype(np.float32) for name, array in weights.items()}
