"""normalised_rows: layer normalisation of single rows, an operation that Keras computes in float32 on two backends."""

import numpy as np

TITLE = "Normalised rows"
QUESTION = "How is each row brought to mean 0 and deviation 1?"
KIND = "operation"
STEPS = ("Init", "Compute")

FUNCTIONS = {"normalise": ("rows",)}


def cases(images):
    rows = {
        "by_hand": np.array([[1.0, 3.0], [-2.0, 2.0]]),
        "drawn": np.random.default_rng(0).normal(3, 2, (20, 50)),
        "pixels": images[:50].reshape(50, -1) / 255,
    }
    return {name: {"rows": given, "expected": normalised(given)} for name, given in rows.items()}


def normalised(rows):
    return (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + 1e-3)
