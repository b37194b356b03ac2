"""small_images: softmax regression tells horizontal, vertical and diagonal strokes apart, in images of 8x8 pixels."""

import numpy as np

TITLE = "Three kinds of strokes"
QUESTION = "Which way does the stroke go?"
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate")

PARAMETERS = 195
HYPERPARAMETERS = {"epochs": 2, "batch_size": 20, "learning_rate": 0.5}
TRAIN_IMAGES = 300
ACCURACY_FLOORS = {"shapes": 0.9}
SHORT_ACCURACY_FLOORS = {"shapes": 0.9}
ACCURACY_MARGIN = 0.02

DATA = "shapes"


def data():
    """Strokes of full ink on a dim noise: (N, 8, 8) uint8, and 0, 1 or 2."""
    random = np.random.default_rng(0)
    images = random.integers(0, 64, (400, 8, 8), np.uint8)
    labels = random.integers(0, 3, 400).astype(np.uint8)
    for image, label, row in zip(images, labels, random.integers(3, 5, 400), strict=True):
        if label == 2:
            np.fill_diagonal(image, 255)
        else:
            (image if label == 0 else image.T)[row] = 255
    return images[:300], labels[:300], images[300:], labels[300:]


def initial_weights():
    kernel = np.random.default_rng(1).normal(0, 0.1, (64, 3)).astype(np.float32)
    return {"kernel": kernel, "bias": np.zeros(3, np.float32)}
