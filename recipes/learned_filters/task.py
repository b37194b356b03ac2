"""learned_filters: sixteen filters of 7x7 pixels learn to read digits, and are looked at.

conv 7x7x16 valid, ReLU, max-pool 2; flatten; dense 10. Softmax cross-entropy, plain stochastic gradient descent. The
filters start small: a large random start would hide what they learn.
"""

import numpy as np

TITLE = "Learned filters"
QUESTION = "What do the filters of a convolution look like after training?"
ANSWER = (
    "Like strokes and edges, light beside dark, if they begin as weak noise. With a large start they stay noise, "
    "though the network reads the digits as well."
)
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate", "Run")

PARAMETERS = 20_170
HYPERPARAMETERS = {"epochs": 3, "batch_size": 50, "learning_rate": 0.1}
FLATTENED = {"dense": (11, 11, 16)}  # the dense layer follows a flatten: height, width, channels of the maps
TRAIN_IMAGES = 10_000

# 600 steps of the NumPy program reached 0.958 to 0.963 in six orders; the floor leaves room for the shuffling.
ACCURACY_FLOORS = {"mnist": 0.945}
# The quick proof trains for 100 steps of 40 images: ten variants, each with its own shuffling, reached 0.815 to 0.862.
SHORT_ACCURACY_FLOORS = {"mnist": 0.74}
# How far a run may end from the NumPy reference, stated for 10,000 test images.
ACCURACY_MARGIN = 0.015

SEED = 1
FILTER_DEVIATION = 0.01  # He's start would have sqrt(2 / 49) = 0.2


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start: small filters, a dense kernel with standard deviation 1 / sqrt(fan_in), zero biases.

    Returns:
        float32 arrays by name, in the canonical layout: `conv_kernel` (height, width, in, out), `dense_kernel`
        (in, out) with the inputs flattened in the order height, width, channel.
    """
    random = np.random.default_rng(SEED)
    return {
        "conv_kernel": random.normal(0, FILTER_DEVIATION, (7, 7, 1, 16)).astype(np.float32),
        "conv_bias": np.zeros(16, np.float32),
        "dense_kernel": random.normal(0, 1 / np.sqrt(1936), (1936, 10)).astype(np.float32),
        "dense_bias": np.zeros(10, np.float32),
    }
