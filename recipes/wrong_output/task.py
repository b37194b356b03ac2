"""wrong_output: four losses of the same logits, of which one is right; their gradients, and a descent with each.

Where logits are logarithms of whole numbers m, a sigmoid is m / (1 + m): losses are logarithms of fractions, and
gradients are fractions. The descent of eight images with two pixels is worked out here number by number.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

TITLE = "The wrong output"
QUESTION = "What if the network ends in a sigmoid and the loss is categorical cross-entropy?"
ANSWER = (
    "In Keras it learns nearly as well, 0.898 instead of 0.900, because Keras mends it silently. Written by hand, the"
    " loss falls to 0.003 and the accuracy falls too, to 0.712."
)
KIND = "operation"
STEPS = ("Init", "Four losses", "Losses and gradients", "Descent", "Run")

FUNCTIONS = {
    "loss": ("name", "logits", "labels"),
    "gradient": ("name", "logits", "labels"),
    "descend": ("name", "images", "labels", "rate", "steps"),
}
LOSSES = ("softmax", "sigmoid", "literal", "exchanged")

# Four bright images whose ink is mostly in the first pixel, four dim ones that have more in the second.
IMAGES = np.array([[6.0, 0], [6, 1], [6, 2], [6, 3], [1, 1], [1, 2], [2, 2], [2, 3]])
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
RATE, DESCENT = 0.1, 200


def answer(name: str, odds: list[Fraction], label: int) -> tuple[float, list[float]]:
    """One image's loss and its gradient by the logits, which are the logarithms of these odds."""
    sigmoids = [m / (1 + m) for m in odds]
    right = [int(j == label) for j in range(len(odds))]
    if name == "softmax":
        return math.log(sum(odds) / odds[label]), [float(m / sum(odds) - r) for m, r in zip(odds, right, strict=True)]
    if name == "sigmoid":
        total = sum(sigmoids)
        slopes = [s * (1 - s) / total - r * (1 - s) for s, r in zip(sigmoids, right, strict=True)]
        return math.log(total / sigmoids[label]), [float(slope) for slope in slopes]
    if name == "literal":
        return -math.log(sigmoids[label]), [-r * float(1 - sigmoids[label]) for r in right]
    spread = math.log(math.e + len(odds) - 1)  # of the one-hot label, taken for logits
    return spread * sum(map(math.log, odds)) - math.log(odds[label]), [spread - r for r in right]


def from_odds(name: str, odds: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """A case whose logits are the logarithms of these whole numbers (N, classes)."""
    rows = [[Fraction(int(m)) for m in row] for row in odds]
    answers = [answer(name, row, label) for row, label in zip(rows, labels, strict=True)]
    losses, gradients = zip(*answers, strict=True)
    expected = {"loss": np.array(losses), "gradient": np.array(gradients) / len(labels)}
    logits = np.log(odds.astype(float))
    return {"name": name, "logits": logits, "labels": labels, "expected": expected, "functions": ("loss", "gradient")}


def descent(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Before each step and after the last: the mean loss and the share of right answers. Two classes, two pixels."""

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    def slopes(mine: float, other: float) -> tuple[float, float, float]:
        """The loss, and its slopes by the logit of the label and by the other one."""
        a, b = sigmoid(mine), sigmoid(other)
        if name == "softmax":
            wrong = sigmoid(other - mine)
            return math.log1p(math.exp(other - mine)), -wrong, wrong
        if name == "sigmoid":
            return math.log1p(b / a), -(1 - a) * b / (a + b), (1 - b) * b / (a + b)
        return math.log1p(math.exp(-mine)), a - 1, 0.0

    weights, losses, accuracies = [[0.0, 0.0], [0.0, 0.0]], [], []  # by pixel and class
    for _ in range(DESCENT + 1):
        steps = [[0.0, 0.0], [0.0, 0.0]]
        loss, right = 0.0, 0
        for image, label in zip(IMAGES.tolist(), LABELS.tolist(), strict=True):
            logits = [image[0] * weights[0][j] + image[1] * weights[1][j] for j in (0, 1)]
            own, by_label, by_other = slopes(logits[label], logits[1 - label])
            loss += own / len(LABELS)
            right += logits[1] <= logits[0] if label == 0 else logits[1] > logits[0]  # a tie is an answer of 0
            for pixel in (0, 1):
                steps[pixel][label] += image[pixel] * by_label / len(LABELS)
                steps[pixel][1 - label] += image[pixel] * by_other / len(LABELS)
        losses.append(loss)
        accuracies.append(right / len(LABELS))
        weights = [[weights[i][j] - RATE * steps[i][j] for j in (0, 1)] for i in (0, 1)]
    return np.array(losses), np.array(accuracies)


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    random = np.random.default_rng(0)
    odds, labels = random.integers(1, 100, (5, 10)), random.integers(0, 10, 5)
    few = np.array([[1, 1, 1], [1, 3, 7], [1, 3, 7]])
    found = {name: from_odds(name, odds, labels) for name in LOSSES}
    found |= {f"{name}_three": from_odds(name, few, np.array([0, 0, 2])) for name in LOSSES}
    # The label's probability is below 1e-7, where Keras clips it: -log(1e-7), and no gradient.
    found["clipped"] = {
        "name": "sigmoid",
        "logits": np.array([[20.0, -20.0]]),
        "labels": np.array([1]),
        "fixed": ("logits", "labels"),
        "functions": ("loss", "gradient"),
        "expected": {"loss": np.array([7 * math.log(10)]), "gradient": np.zeros((1, 2))},
    }
    for name in LOSSES[:3]:
        found[f"descent_{name}"] = {
            "name": name,
            "images": IMAGES,
            "labels": LABELS,
            "rate": RATE,
            "steps": DESCENT,
            "fixed": ("images", "labels"),  # of others, float32 counts another one as right now and then
            "functions": ("descend",),
            "expected": descent(name),
            "gates": {"float64": 1e-12, "float32": 1e-4},
            "because": "rounding adds up over 200 steps",
        }
    return found
