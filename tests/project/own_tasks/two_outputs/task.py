"""two_outputs: the smallest and the largest number of each row."""

import numpy as np

TITLE = "Smallest and largest"
QUESTION = "Between which numbers do the others lie?"
KIND = "operation"
STEPS = ("Init", "Compute")
FUNCTIONS = {"ends": ("numbers",)}


def cases(images):
    rows = np.random.default_rng(0).normal(0, 1, (5, 7))
    return {"random": {"numbers": rows, "expected": (rows.min(axis=1), rows.max(axis=1))}}
