"""mixed_precision: what sixteen bits keep of a number, of a training step, and of a small gradient.

All numbers are multiples of powers of two, so float64 and float32 compute exactly, and every rounding is that to
sixteen bits: worked out here with fractions.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

TITLE = "Sixteen bits"
QUESTION = "What breaks in sixteen bits, and what mends it?"
ANSWER = (
    "Small steps are rounded away, in bfloat16 those of 1/1024 from a weight above 1/4: keep the weights in full "
    "precision. Gradients below 2⁻²⁵ are 0 in float16: multiply the loss."
)
KIND = "operation"
STEPS = ("Init", "Rounding", "Weights in sixteen bits", "A master copy", "A scaled loss", "Run")

FUNCTIONS = {
    "rounded": ("x", "kind"),
    "train": ("weights", "gradients", "rate", "steps", "kind"),
    "train_with_master": ("weights", "gradients", "rate", "steps", "kind"),
    "scaled": ("gradients", "scale", "kind"),
}

# Binary digits, the exponent of the smallest normal number, and the largest number.
KINDS = {"bfloat16": (8, -126, 255 * Fraction(2) ** 120), "float16": (11, -14, Fraction(65504))}
RATE, TRAINING = 1 / 1024, 64


def nearest(x: Fraction, kind: str) -> Fraction | float:
    """The number of this kind that is nearest, the even one of two; infinity beyond the largest."""
    digits, smallest, largest = KINDS[kind]
    if x == 0:
        return x
    exponent = max(math.frexp(float(x))[1] - 1, smallest)  # x is short, so float(x) is x
    unit = Fraction(2) ** (exponent - digits + 1)
    found = round(x / unit) * unit  # Python's round takes the even one too
    return found if abs(found) <= largest else math.copysign(math.inf, found)


def every(x: np.ndarray, change) -> np.ndarray:
    return np.array([float(change(Fraction(value))) for value in x.ravel().tolist()]).reshape(x.shape)


def trained(weight: Fraction, gradient: Fraction, kind: str) -> Fraction:
    weight, update = nearest(weight, kind), nearest(nearest(gradient, kind) * Fraction(RATE), kind)
    for _ in range(TRAINING):
        weight = nearest(weight - update, kind)
    return weight


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    random = np.random.default_rng(0)
    # Halves of the last digit of either kind are among them: there the even neighbour counts.
    ordinary = random.integers(-(2**13), 2**13, (6, 8)) / 2.0**10
    far = np.array([65504.0, 65519, 65520, 70000, 2.0**100, -(2.0**17), 2.0**-14, 2.0**-24, 2.0**-25, 3 * 2.0**-25])
    weights = np.outer(2.0 ** np.arange(-6, 4), [1, 1.25, 1.5, 1.75]).ravel()  # 1/64 to 14, in few digits
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        for name, x in (("ordinary", ordinary), ("far", far)):
            answer = every(x, lambda value, kind=kind: nearest(value, kind))
            found[f"{kind}_{name}"] = {"x": x, "kind": kind, "functions": ("rounded",), "expected": answer}
        for name, start in (("weights", weights), ("ones", np.ones(3))):
            gradients = np.ones(start.shape) if name == "weights" else np.array([0.5, 1.0, 4.0])
            pairs = list(zip(start.tolist(), gradients.tolist(), strict=True))
            alone = [float(trained(Fraction(w), Fraction(g), kind)) for w, g in pairs]
            found[f"{kind}_{name}"] = {
                "weights": start,
                "gradients": gradients,
                "rate": np.array(RATE),
                "fixed": ("rate",),
                "steps": TRAINING,
                "kind": kind,
                "functions": ("train", "train_with_master"),
                "expected": {"train": np.array(alone), "train_with_master": start - TRAINING * RATE * gradients},
            }
        gradients = np.array([1.0, 2.0**-10, 2.0**-20, 2.0**-24, 3 * 2.0**-27, 2.0**-27, -(2.0**-30), 2.0**-40])
        for scale in (1.0, 1024.0, 65536.0):
            scaled = every(gradients, lambda g, scale=scale, kind=kind: nearest(g * Fraction(scale), kind)) / scale
            found[f"{kind}_scale_{scale:.0f}"] = {
                "gradients": gradients,
                "scale": np.array(scale),
                "kind": kind,
                "functions": ("scaled",),
                "expected": scaled,
            }
    return found
