"""custom_gradient: operations whose gradient isn't the derivative of their value, in three well-known examples.

Each function gives the operation's value and what it passes on of the gradient that comes from above. All numbers are
multiples of 1/8, so every answer is exact in every precision.
"""

from typing import Any

import numpy as np

TITLE = "A gradient of your own"
QUESTION = "How do I write an operation with my own gradient?"
ANSWER = (
    "Write a pair of functions, forward and backward: Function in PyTorch, custom_vjp in JAX, custom_gradient in "
    "TensorFlow and Keras. Or write x + stop_gradient(f(x) − x), which passes the gradient on unchanged."
)
KIND = "operation"
STEPS = ("Init", "Rounding that lets gradients through", "A reversed gradient", "A clipped gradient", "Run")

FUNCTIONS = {
    "round_through": ("x", "upstream"),
    "reverse": ("x", "upstream", "factor"),
    "clip_gradient": ("x", "upstream", "limit"),
}

# Both halves of the rounding: to the even neighbour where there are two.
POINTS = {-2.5: -2, -1.5: -2, -0.75: -1, -0.5: 0, -0.25: 0, 0: 0, 0.25: 0, 0.5: 0, 0.75: 1, 1.5: 2, 2.5: 2, 3.5: 4}


def case(x: np.ndarray, rounded: np.ndarray, upstream: np.ndarray, factor: float, limit: float) -> dict[str, Any]:
    """All three functions of the same numbers. `rounded` is what x rounds to."""
    within = [[min(max(u, -limit), limit) for u in row] for row in upstream.tolist()]
    expected = {
        "round_through": (rounded, upstream),
        "reverse": (x, -factor * upstream),
        "clip_gradient": (x, np.array(within)),
    }
    return {"x": x, "upstream": upstream, "factor": factor, "limit": limit, "expected": expected}


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    random = np.random.default_rng(0)
    points, rounded = (np.array(list(half), float).reshape(3, 4) for half in (POINTS.keys(), POINTS.values()))
    whole = random.integers(-9, 10, (4, 5)).astype(float)
    quarters = whole + random.integers(-1, 2, (4, 5)) / 4  # never half way
    return {
        "halves": case(points, rounded, np.arange(-6.0, 6).reshape(3, 4) / 4, factor=1.0, limit=1.0),
        "quarters": case(quarters, whole, random.integers(-40, 41, (4, 5)) / 8, factor=0.5, limit=2.0),
        "large": case(quarters, whole, random.integers(-4000, 4001, (4, 5)) / 8, factor=2.0, limit=0.25),
        "no_gradient": case(points, rounded, np.zeros((3, 4)), factor=3.0, limit=1.0),
    }
