"""first_network: the first network of Michael Nielsen's book reads handwritten digits.

784 pixels, 30 sigmoid neurons, 10 sigmoid neurons. The quadratic cost, half the squared distance to the one-hot label,
averaged over the batch; plain stochastic gradient descent: one epoch of 5,000 batches of ten images.
"""

import numpy as np

TITLE = "The first network of the book"
QUESTION = "How did neural networks learn before ReLU and cross-entropy?"
ANSWER = (
    "With sigmoids and the quadratic cost, at a learning rate of 3. With 30 hidden neurons they read 0.906 of the "
    "test digits after one epoch, and 0.928 after three."
)
KIND = "network"
STEPS = ("Init", "Network", "Cost", "Train", "Evaluate", "Run")

PARAMETERS = 23_860
HYPERPARAMETERS = {"epochs": 1, "batch_size": 10, "learning_rate": 3.0}
TRAIN_IMAGES = 50_000

# From this start, with five orders of the images (seeds 1 to 5), NumPy reached 0.905 to 0.908.
ACCURACY_FLOORS = {"mnist": 0.88}
# The short run is 100 steps of 40 images, which is little for neurons that begin saturated: 0.389 to 0.414 on 2,000
# test images, in the same five orders.
SHORT_ACCURACY_FLOORS = {"mnist": 0.33}
# How far a run may end from the NumPy reference, stated for 10,000 test images.
ACCURACY_MARGIN = 0.02

GATES = {
    "range": {
        "float32": 0.2,  # measured: 1e-2
        "float64": 1e-8,  # 160 draws in four variants: 1e-10 at most, once 2e-10 elsewhere; the median is 3e-15
        "because": "with such weights nearly every neuron is saturated: the gradient hangs on the few that aren't, "
        "whose slope depends on the last digits of sums of hundreds",
    }
}

SEED = 1


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start, as in the book: kernels and biases are normal with the standard deviation 1.

    Returns:
        float32 arrays by name, in the canonical layout: kernels (in, out), the pixels in the order height, width.
    """
    random = np.random.default_rng(SEED)
    shapes = {"dense1_kernel": (784, 30), "dense1_bias": (30,), "dense2_kernel": (30, 10), "dense2_bias": (10,)}
    return {name: random.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}
