"""softmax_regression: the smallest classifier, one dense layer and a softmax, on handwritten digits.

784 pixels to 10 classes, zero weights, softmax cross-entropy, 1,000 steps of plain stochastic gradient descent:
two epochs of 500 batches over the first 50,000 training images.
"""

import numpy as np

TITLE = "Softmax regression"
QUESTION = "What is the least code that learns to read digits?"
ANSWER = (
    "One dense layer from 784 pixels to 10 scores, started at zero, with softmax and cross-entropy as the loss. 1,000"
    " steps of 100 images reach about 0.92."
)
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate", "Run")

PARAMETERS = 7_850
HYPERPARAMETERS = {"epochs": 2, "batch_size": 100, "learning_rate": 0.5}
TRAIN_IMAGES = 50_000

# 1,000 steps reach about 0.92 in every framework; the floor leaves room for the shuffling.
ACCURACY_FLOORS = {"mnist": 0.905}
# The quick proof trains for 100 steps of 40 images: ten variants, each with its own shuffling, reached 0.818 to 0.851.
SHORT_ACCURACY_FLOORS = {"mnist": 0.75}
# How far a run may end from the NumPy reference, stated for 10,000 test images.
ACCURACY_MARGIN = 0.01


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start: zeros. The loss is convex, so there is no symmetry to break.

    Returns:
        float32 arrays by name, in the canonical layout: `dense_kernel` (784, 10) with the pixels in the order
        height, width; `dense_bias` (10,).
    """
    return {"dense_kernel": np.zeros((784, 10), np.float32), "dense_bias": np.zeros(10, np.float32)}
