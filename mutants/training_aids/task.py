"""training_aids: a host for wrong programs that plain gradient descent can't express.

conv 3x3x4 SAME with stride 2, batch normalisation, ReLU, dropout with a fixed mask, flatten, dense 10. Softmax
cross-entropy; L2 on the kernels; gradient descent with momentum; a learning rate that halves every 2 steps.

All constants are sums of a few powers of two, so that no framework rounds them on the way from Python's float.
"""

import numpy as np

TITLE = "Batch normalisation, dropout, L2 and a schedule"
QUESTION = "Do the aids of training mean the same in each framework?"
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate")

PARAMETERS = 7_902  # with the 8 moving averages
HYPERPARAMETERS = {"epochs": 1, "batch_size": 64, "learning_rate": 0.125, "momentum": 0.75}
FLATTENED = {"dense": (14, 14, 4)}
TRAIN_IMAGES = 2_000

ACCURACY_FLOORS = {}
ACCURACY_MARGIN = 0.05


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start, with moving averages as if training had gone on for a while.

    Returns:
        float32 arrays by name: the kernels (3, 3, 1, 4) and (784, 10), the bias (10,), and four vectors (4,) of the
        batch normalisation: gamma, beta, and the moving mean and variance.
    """
    random = np.random.default_rng(1)
    weights = {
        "conv_kernel": random.normal(0, 0.5, (3, 3, 1, 4)),
        "norm_gamma": random.uniform(0.5, 1.5, 4),
        "norm_beta": random.normal(0, 0.1, 4),
        "norm_moving_mean": random.normal(0, 0.1, 4),
        "norm_moving_variance": random.uniform(0.5, 1.5, 4),
        "dense_kernel": random.normal(0, 0.05, (784, 10)),
        "dense_bias": np.zeros(10),
    }
    return {name: array.astype(np.float32) for name, array in weights.items()}
