# %% [markdown]
# # Activation functions, in NumPy
# An activation function bends what a neuron has added up: without it, a stack of layers is one layer. On the way back,
# each gradient is multiplied by its slope.

# %% Init
from math import erf, pi, sqrt

import numpy as np

# %% [markdown]
# Each line has a function and its slope, worked out by hand. `exp` overflows for large numbers, and `exp(x) - 1` loses
# digits near 0; `tanh`, `logaddexp` and `expm1` do neither. NumPy has no erf, but Python has.


# %% Activations
def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def normal(x):  # the share of a normal distribution below x
    return (0.5 * (1 + np.vectorize(erf, [float])(x / sqrt(2)))).astype(x.dtype)


def inner(x):
    return sqrt(8 / pi) * (x + 0.044715 * x**3)


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # of SELU
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1, 0)),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1, 0.01)),
    "elu": (lambda x: np.maximum(x, 0) + np.expm1(np.minimum(x, 0)), lambda x: np.exp(np.minimum(x, 0))),
    "selu": (
        lambda x: SCALE * (np.maximum(x, 0) + ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SCALE * np.where(x > 0, 1, ALPHA * np.exp(np.minimum(x, 0))),
    ),
    "softplus": (lambda x: np.logaddexp(x, 0), sigmoid),
    "gelu": (lambda x: x * normal(x), lambda x: normal(x) + x * np.exp(-x * x / 2) / sqrt(2 * pi)),
    "gelu_tanh": (
        lambda x: x * sigmoid(inner(x)),
        lambda x: sigmoid(inner(x)) * (1 + x * sigmoid(-inner(x)) * sqrt(8 / pi) * (1 + 3 * 0.044715 * x**2)),
    ),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
}


# %% Values and slopes
def values(name, x):
    return ACTIVATIONS[name][0](x)


def slopes(name, x):
    return ACTIVATIONS[name][1](x).astype(x.dtype)


# %% Run
if __name__ == "__main__":
    points = np.array([-3, -1, 1, 3], np.float32)
    for activation in ACTIVATIONS:
        print(f"{activation:10}", values(activation, points).round(4), "slopes", slopes(activation, points).round(4))
