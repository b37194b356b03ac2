"""vanishing_gradient: how fast each layer of a deep network would learn, before its first step.

A layer's speed is the norm of the cost's gradient by its biases (Nielsen), and beside it by its kernel. The cost is the
cross-entropy of ten independent sigmoids. What must come out is worked out in more digits than float64 has, where the
machine offers them. The labels are drawn: to a network that hasn't learned anything, they all look the same.
"""

from itertools import pairwise
from typing import Any

import numpy as np

TITLE = "The vanishing gradient"
QUESTION = "Why do the first layers of a deep network not learn?"
ANSWER = (
    "Each layer of sigmoids makes the gradient about four to six times smaller on its way back. With eight of them "
    "the first layer has 0.000013 where the last has 0.33."
)
KIND = "operation"
STEPS = ("Init", "The network", "The cost", "Gradients", "Speeds", "Run")

NETWORK = ("images", "labels", "first", "rest", "last", "biases", "last_bias", "activation")
# Kernels: first (784, H), rest (hidden layers - 1, H, H), last (H, 10); biases (hidden layers, H), last_bias (10,).
# The norms by layer (hidden layers + 1,), the output layer's last.
FUNCTIONS = {"speeds": NETWORK, "kernel_norms": NETWORK}

IMAGES = 200
DEPTHS = (2, 3, 4, 5)
REMEDIES = (("sigmoid", 1), ("tanh", 1), ("relu", 1), ("relu", 2))  # weights of the variance that number / inputs


def activate(z: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """The value and the slope."""
    if activation == "sigmoid":
        value = 1 / (1 + np.exp(-z))
        return value, value * (1 - value)
    if activation == "tanh":
        return np.tanh(z), 1 / np.cosh(z) ** 2
    return np.where(z > 0, z, 0), np.where(z > 0, 1, 0).astype(z.dtype)


def exact_norms(images, labels, first, rest, last, biases, last_bias, activation) -> tuple[np.ndarray, np.ndarray]:
    """By the biases and by the kernels, with as many digits as the machine has."""
    kernels = [np.asarray(kernel, np.longdouble) for kernel in (first, *rest, last)]
    inputs, slopes = [np.asarray(images, np.longdouble)], []
    for kernel, bias in zip(kernels[:-1], biases, strict=True):
        value, slope = activate(inputs[-1] @ kernel + bias, activation)
        inputs.append(value)
        slopes.append(slope)
    error = 1 / (1 + np.exp(-(inputs[-1] @ kernels[-1] + last_bias))) - np.eye(10)[labels]
    norms = []
    for i in range(len(biases), -1, -1):
        norms.append([np.sqrt((part**2).sum()) / len(images) for part in (error.sum(axis=0), inputs[i].T @ error)])
        if i:
            error = (error @ kernels[i].T) * slopes[i - 1]
    by_biases, by_kernels = np.array(norms[::-1], np.float64).T
    return by_biases, by_kernels


def cases(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """Nielsen's networks with two to five hidden layers of 30, and remedies in one with eight of 100."""
    pixels = images[:IMAGES].reshape(-1, 784) / 255
    labels = np.random.default_rng(0).integers(0, 10, len(pixels))
    found: dict[str, dict[str, Any]] = {}
    for depth in DEPTHS:
        random, sizes = np.random.default_rng(1), (784, *[30] * depth, 10)
        drawn = [(random.normal(size=s) / np.sqrt(s[0]), random.normal(size=s[1])) for s in pairwise(sizes)]
        kernels, biases = zip(*drawn, strict=True)
        found[f"depth_{depth}"] = packed(kernels, biases, "sigmoid")
    for activation, gain in REMEDIES:
        random, sizes = np.random.default_rng(1), (784, *[100] * 8, 10)
        kernels = [random.normal(size=s) * np.sqrt(gain / s[0]) for s in pairwise(sizes)]
        name = f"{activation}_{'he' if gain == 2 else 'lecun'}"
        found[name] = packed(kernels, [np.zeros(size) for size in sizes[1:]], activation)
    for case in found.values():
        case |= {"images": pixels, "labels": labels}
        norms = exact_norms(**{name: case[name] for name in NETWORK})
        case |= {
            "expected": dict(zip(FUNCTIONS, norms, strict=True)),
            "gates": {"float64": 1e-12, "float32": 1e-4},
            "because": "sums of 200 images, added up in any order",
        }
    return found


def packed(kernels, biases, activation: str) -> dict[str, Any]:
    """Layers of one size in one array."""
    return {
        "first": kernels[0],
        "rest": np.array(kernels[1:-1]),
        "last": kernels[-1],
        "biases": np.array(biases[:-1]),
        "last_bias": biases[-1],
        "activation": activation,
    }
