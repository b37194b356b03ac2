"""saturated_neuron: one sigmoid neuron learns to answer 0, and the worse it is, the slower it learns.

A case is a start (weight, bias), a learning rate, a number of steps and a cost. The input is always 1, the target
always 0. The expected outputs were worked out with 40 digits: the output depends on z = weight + bias alone, and a step
moves z by twice the rate times the slope of the cost.
"""

from decimal import Decimal, localcontext

import numpy as np

TITLE = "A saturated neuron"
QUESTION = "Why does a neuron that is badly wrong learn slowly?"
ANSWER = (
    "Its sigmoid is flat there, and the quadratic cost multiplies the error by that flatness. Cross-entropy cancels "
    "it: the neuron is below one half at step 17 instead of 232."
)
KIND = "operation"
STEPS = ("Init", "The neuron", "Two costs", "Learning", "Run")

# The outputs (steps + 1,) before the first step and after each.
FUNCTIONS = {"outputs": ("weight", "bias", "rate", "steps", "cost")}

QUADRATIC, CROSS_ENTROPY = "quadratic", "cross-entropy"  # (output - 0)² / 2 and -log(1 - output)


def exact_outputs(weight: float, bias: float, rate: float, steps: int, cost: str) -> np.ndarray:
    with localcontext() as context:
        context.prec = 40
        z, rate_ = Decimal(weight) + Decimal(bias), Decimal(rate)
        outputs = []
        for _ in range(steps + 1):
            output = 1 / (1 + (-z).exp())
            outputs.append(float(output))
            slope = output * (output * (1 - output) if cost == QUADRATIC else 1)  # of the cost, by z
            z -= 2 * rate_ * slope  # one half is the weight's step, as its input is 1; the other the bias's
    return np.array(outputs)


def cases(images: np.ndarray) -> dict[str, dict]:
    """The two starts of Nielsen's book with both costs at one rate, and cross-entropy at the book's own rate for it."""
    found = {
        "near_quadratic": (0.6, 0.9, 0.15, QUADRATIC),
        "near_cross_entropy": (0.6, 0.9, 0.15, CROSS_ENTROPY),
        "far_quadratic": (2.0, 2.0, 0.15, QUADRATIC),
        "far_cross_entropy": (2.0, 2.0, 0.15, CROSS_ENTROPY),
        "far_cross_entropy_slow": (2.0, 2.0, 0.005, CROSS_ENTROPY),
    }
    return {
        name: {
            "weight": np.array(weight),
            "bias": np.array(bias),
            "rate": np.array(rate),
            "steps": 300,
            "cost": cost,
            "expected": exact_outputs(weight, bias, rate, 300, cost),
        }
        for name, (weight, bias, rate, cost) in found.items()
    }
