"""seeds: mnist_cnn as each framework starts and shuffles it by itself, ten times: do they end at the same accuracy?

Two epochs of 100 batches over the first 5,000 training images, scored on 2,000 validation images. The programs choose
their own initialisers: He's normal in NumPy, JAX and TensorFlow, a narrower uniform in PyTorch.

That no difference was found would prove nothing, so the burden is turned round: two one-sided tests (Schuirmann 1987),
at 5% each, must reject that the mean accuracies are further apart than the margin. The variances may differ (Welch
1947), and for the degrees of freedom stands their lower bound, nine, which can only make the test stricter.
"""

import numpy as np

TITLE = "Ten seeds, left to themselves"
QUESTION = "Is one framework more accurate than another?"
ANSWER = (
    "No, none of these four. The means of ten trainings are 0.957 to 0.959, while the ten by NumPy alone end anywhere"
    " from 0.947 to 0.972."
)
KIND = "experiment"

OF = "mnist_cnn"
SETTINGS = {f"seed {seed}": {"seed": seed, "epochs": 2, "batch_size": 50} for seed in range(10)}
TRAIN_IMAGES = 5_000
FIGURE = {
    "curve": "accuracy",
    "says": "Validation accuracy after ten trainings in each framework, each with its own start and order of the "
    "images. A dot is a training, an upright bar the mean of ten. The dots of a framework are spread over two to four "
    "points; the means are less than two tenths of a point apart.",
}
MARGIN = 0.015  # of accuracy
QUANTILE = 1.833  # Student's, 95%, with nine degrees of freedom


def data(images, labels, validation_images, validation_labels):
    return images, labels, validation_images[:2000], validation_labels[:2000]


def findings(runs, reference):
    """What must hold: by sentence a value and its least value."""
    own, numpy = (np.array([run["accuracy"][-1] for run in found.values()]) for found in (runs, reference))
    error = np.sqrt(own.var(ddof=1) / len(own) + numpy.var(ddof=1) / len(numpy))
    apart = abs(own.mean() - numpy.mean()) + QUANTILE * error  # the further end of the 90% interval
    return {
        "the mean accuracy is NumPy's, within 1.5 points: the 90% interval ends before": (MARGIN - apart, 0.0),
        "from the worst seed to the best it is more than half a point": (np.ptp(own), 0.005),
    }
