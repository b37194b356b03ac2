"""regression: where the ink of a digit lies in the mean, by linear regression from a quarter of its size."""

import numpy as np

TITLE = "The middle of a digit"
QUESTION = "Where is the ink, in the mean?"
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate")

PARAMETERS = 100
HYPERPARAMETERS = {"epochs": 5, "batch_size": 50, "learning_rate": 0.05}
TRAIN_IMAGES = 1_000

SCORE = "mean squared error"
BEST = "lowest"
SCORE_LIMITS = {"digits": 0.4}
SHORT_SCORE_LIMITS = {"digits": 0.4}
SCORE_MARGIN = 0.02


def score(outputs, targets):
    return float(np.mean((outputs - targets) ** 2))


def data(*arrays):
    """The chosen images (N, 28, 28) become means of 4x4 pixels (N, 49), and the labels the mean row and column of the
    ink, (N, 2), in pixels from the centre."""

    def middle(images):
        ink, places = images.astype(np.float32) / 255, np.arange(28) - 13.5
        rows, columns = (ink.sum(axis=axis) @ places / ink.sum(axis=(1, 2)) for axis in (2, 1))
        return np.stack([rows, columns], axis=1).astype(np.float32)

    def coarse(images):
        return (images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)) / 255).reshape(-1, 49).astype(np.float32)

    train, _, test, _ = arrays
    return coarse(train), middle(train), coarse(test), middle(test)


def initial_weights():
    return {"kernel": np.zeros((49, 2), np.float32), "bias": np.zeros(2, np.float32)}
