"""decoupled_adam: a host for wrong programs that only Adam can express.

Softmax regression by Adam with bias correction, and a weight decay that is decoupled from the gradient.

All constants are sums of a few powers of two, so that no framework rounds them on the way from Python's float. The
epsilon is large, so that it shows; it is added to the root of the corrected second moment.
"""

import numpy as np

TITLE = "Adam with decoupled weight decay"
QUESTION = "Does Adam mean the same in each framework?"
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate")

PARAMETERS = 7_850
HYPERPARAMETERS = {"epochs": 1, "batch_size": 64, "learning_rate": 0.0078125}
TRAIN_IMAGES = 2_000

ACCURACY_FLOORS = {}
ACCURACY_MARGIN = 0.05


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start, not at zero: there a weight decay has nothing to do.

    Returns:
        float32 arrays by name: `dense_kernel` (784, 10) and `dense_bias` (10,).
    """
    random = np.random.default_rng(1)
    return {
        "dense_kernel": random.normal(0, 0.1, (784, 10)).astype(np.float32),
        "dense_bias": random.normal(0, 0.1, 10).astype(np.float32),
    }
