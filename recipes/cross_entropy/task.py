"""cross_entropy: the loss -log(softmax(logits)[label]) of each image, naive and stable, and its gradient.

Where logits are logarithms of whole numbers, probabilities are fractions and the answers closed forms. `gradient` is
that of the mean of the stable losses. The naive form must fail where it does: its NaN and inf are expected.
"""

import math
from typing import Any

import numpy as np

TITLE = "Cross-entropy"
QUESTION = "How do I turn scores into a loss that never becomes NaN?"
ANSWER = (
    "Give the scores, not probabilities, to a loss that takes logits. It subtracts the largest score first, so no "
    "exponential is above 1 and no logarithm sees a 0."
)
KIND = "operation"
STEPS = ("Init", "Naive", "Stable", "Gradient", "Run")

FUNCTIONS = dict.fromkeys(("naive", "stable", "gradient"), ("logits", "labels"))

LEADS = [1, 2, 5, 10, 17, 30, 50, 80]  # how much larger the wrong class's logit is; exp(80) is finite in float32 too
SAFE = ("stable", "gradient")


def from_weights(weights: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """A case whose probabilities are these whole numbers (N, classes) over their sums: the logits are logarithms."""
    totals = weights.sum(axis=1, keepdims=True)
    losses = np.array([math.log(row.sum() / row[label]) for row, label in zip(weights, labels, strict=True)])
    target = np.eye(weights.shape[1])[labels]
    gradient = (weights - totals * target) / (totals * len(labels))
    expected = {"naive": losses, "stable": losses, "gradient": gradient}
    return {"logits": np.log(weights), "labels": labels, "expected": expected}


def from_leads(leads: list[float]) -> dict[str, Any]:
    """A case of two classes: class 0 leads, and each of the two is once the right one."""
    logits = np.array([[lead, 0.0] for lead in leads for _ in (0, 1)])
    labels = np.array([0, 1] * len(leads))
    losses = np.array([math.log1p(math.exp(-lead)) + lead * label for lead in leads for label in (0, 1)])
    behind = np.array([math.exp(-lead) / (1 + math.exp(-lead)) for lead in leads])  # the probability of class 1
    error = np.stack([-behind, 1 - behind], axis=1).ravel()  # of class 0, if the label is 0 and if it is 1
    gradient = np.stack([error, -error], axis=1) / len(labels)
    return {"logits": logits, "labels": labels, "expected": {"naive": losses, "stable": losses, "gradient": gradient}}


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    random = np.random.default_rng(0)
    every = np.arange(3)  # each class is once the right one
    far, near = math.log1p(2 / math.e) + 1, math.log1p(2 / math.e)  # -log of e^-1 / (1 + 2 e^-1), and of 1 / (…)
    low = 1 / (2 + math.e)  # e^-1 / (1 + 2 e^-1)
    probabilities = np.array([low, low, 1 - 2 * low])
    return {
        "ordinary": from_weights(random.integers(1, 100, (5, 10)), random.integers(0, 10, 5)),
        "two_images": from_weights(np.array([[1, 2, 5], [6, 3, 1]]), np.array([2, 1])),
        "equal": from_weights(np.ones((3, 3), int), every),  # log 3 = 1.0986122886681098
        "leads": from_leads(LEADS),
        "large_leads": {**from_leads([88, 104, 700, 1000, 5000]), "functions": SAFE},
        "overflow": {
            "logits": np.tile([1000.0, 0, -1000], (3, 1)),
            "labels": every,
            "expected": {
                "naive": np.array([np.nan, np.inf, np.inf]),  # inf / inf, and the logarithm of 0 / inf
                "stable": np.array([0.0, 1000, 2000]),
                "gradient": (np.array([[1.0, 0, 0]] * 3) - np.eye(3)) / 3,
            },
        },
        "underflow": {
            "logits": np.tile([-1000.0, -1000, -999], (3, 1)),
            "labels": every,
            "expected": {
                "naive": np.full(3, np.nan),  # 0 / 0
                "stable": np.array([far, far, near]),  # 1.551444713932051 twice, 0.5514447139320511
                "gradient": (probabilities - np.eye(3)) / 3,
            },
        },
    }
