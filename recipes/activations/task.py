"""activations: ten activation functions and their slopes, at small numbers and at large ones.

Each answer is a closed form of Python's `math`, written so that it neither overflows nor loses digits. A function with
a kink at 0 is asked for its value there, not for its slope: the frameworks differ (gotchas/relu_slope.py).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

TITLE = "Activation functions"
QUESTION = "What does each activation do to a number and to a gradient?"
ANSWER = (
    "It bends the number, and its slope multiplies the gradient. A sigmoid's slope is ¼ at most and nearly 0 on both "
    "sides; ReLU's is 0 or 1."
)
KIND = "operation"
STEPS = ("Init", "Activations", "Values and slopes", "Run")

FUNCTIONS = {"values": ("name", "x"), "slopes": ("name", "x")}

NEAR = [-10, -3, -1, -1e-3, 0, 1e-3, 1, 3, 10]
FAR = [-1000, 1000]
KINKED = ("relu", "leaky_relu", "elu", "selu")

LEAK = 0.01
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
GELU_CUBIC = 0.044715  # Hendrycks and Gimpel 2016


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def sigmoid_slope(x: float) -> float:
    return sigmoid(x) * sigmoid(-x)


def bell(x: float) -> float:
    """The normal distribution's density."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x: float) -> float:
    """The normal distribution's share below x; `erfc` keeps its digits far to the left."""
    return math.erfc(-x / math.sqrt(2)) / 2


def inner(x: float) -> float:
    """What the tanh form of GELU takes the sigmoid of: (1 + tanh(u)) / 2 = sigmoid(2u)."""
    return 2 * math.sqrt(2 / math.pi) * (x + GELU_CUBIC * x**3)


def inner_slope(x: float) -> float:
    return 2 * math.sqrt(2 / math.pi) * (1 + 3 * GELU_CUBIC * x**2)


VALUES: dict[str, Callable[[float], float]] = {
    "sigmoid": sigmoid,
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else LEAK * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * math.expm1(x)),
    "softplus": lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))),
    "gelu": lambda x: x * below(x),
    "gelu_tanh": lambda x: x * sigmoid(inner(x)),
    "silu": lambda x: x * sigmoid(x),
}

SLOPES: dict[str, Callable[[float], float]] = {
    "sigmoid": sigmoid_slope,
    "tanh": lambda x: 4 * sigmoid_slope(2 * x),
    "relu": lambda x: float(x > 0),
    "leaky_relu": lambda x: 1 if x > 0 else LEAK,
    "elu": lambda x: 1 if x > 0 else math.exp(x),
    "selu": lambda x: SELU_SCALE * (1 if x > 0 else SELU_ALPHA * math.exp(x)),
    "softplus": sigmoid,
    "gelu": lambda x: below(x) + x * bell(x),
    "gelu_tanh": lambda x: sigmoid(inner(x)) + x * sigmoid_slope(inner(x)) * inner_slope(x),
    "silu": lambda x: sigmoid(x) + x * sigmoid_slope(x),
}


def case(name: str, x: list[float], **more: Any) -> dict[str, Any]:
    """A case, with the exact answers of both functions."""
    expected = {"values": [VALUES[name](value) for value in x], "slopes": [SLOPES[name](value) for value in x]}
    expected = {function: np.array(answers, np.float64) for function, answers in expected.items()}
    return {"name": name, "x": np.array(x, np.float64), "expected": expected, **more}


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """All cases by name; the data set's images aren't needed."""
    found = {}
    for name in VALUES:
        found[name] = case(name, [x for x in NEAR if x or name not in KINKED])
        found[f"{name}_far"] = case(name, FAR)
        found[f"{name}_curve"] = case(name, [(k + 0.5) / 16 for k in range(-64, 64)])  # -4 to 4, without 0
    for name in KINKED:
        found[f"{name}_kink"] = case(name, [0, -1], functions=("values",))
    return found
