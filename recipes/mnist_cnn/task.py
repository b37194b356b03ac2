"""mnist_cnn: a small convolutional network reads handwritten digits.

conv 3x3x32 valid, ReLU, max-pool 2; conv 3x3x64 valid, ReLU, max-pool 2; flatten; dense 128, ReLU; dense 10.
Softmax cross-entropy; stochastic gradient descent with momentum.
"""

import numpy as np

TITLE = "A convolutional network for MNIST"
QUESTION = "How do I write, train and score a convolutional network?"
ANSWER = (
    "Two convolutions, each with ReLU and pooling, then two dense layers. Train it in batches with cross-entropy, and"
    " score it by all 10,000 test images: all frameworks reach about 0.985."
)
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate", "Run")

PARAMETERS = 225_034
HYPERPARAMETERS = {"epochs": 1, "batch_size": 128, "learning_rate": 0.05, "momentum": 0.9}
FLATTENED = {"dense1": (5, 5, 64)}  # the first dense layer follows a flatten: height, width, channels of the maps
TRAIN_IMAGES = 60_000

# One epoch from these weights reached 0.980 to 0.987 in eighteen programs, each with its own shuffling.
ACCURACY_FLOORS = {"mnist": 0.978}
# The quick proof trains for 100 steps of 40 images: ten variants, each with its own shuffling, reached 0.921 to 0.939.
SHORT_ACCURACY_FLOORS = {"mnist": 0.88}
# How far a run may end from the NumPy reference, stated for 10,000 test images: the eighteen had a standard deviation
# of 0.0017, so two of them differ by 0.0024, and by 0.0066 at most.
ACCURACY_MARGIN = 0.008

SEED = 1


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start: He-normal kernels (He et al. 2015: standard deviation sqrt(2 / fan_in)) and zero biases.

    Returns:
        float32 arrays by name, in the canonical layout: convolution kernels (height, width, in, out), dense
        kernels (in, out) with the inputs flattened in the order height, width, channel.
    """
    random = np.random.default_rng(SEED)
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense1": (1600, 128), "dense2": (128, 10)}
    weights = {}
    for layer, shape in shapes.items():
        fan_in = np.prod(shape[:-1])
        weights[f"{layer}_kernel"] = random.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        weights[f"{layer}_bias"] = np.zeros(shape[-1], np.float32)
    return weights
