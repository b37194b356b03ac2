"""backprop_by_hand: the gradient of a network with one hidden layer, by the chain rule and by the framework.

Both layers are sigmoids, the cost is half the squared error, summed over the outputs and averaged over the examples:
x (N, in) and y (N, out) with w1 (in, hidden), b1, w2 (hidden, out) and b2. The expected gradients are worked out in
more digits than float64 has, where the machine offers them, and one example at a time.
"""

import numpy as np

TITLE = "Backpropagation by hand"
QUESTION = "Where does a gradient come from?"
ANSWER = (
    "From the chain rule, in one sweep backwards from the cost. A weight's gradient is what came in through the "
    "weight, times what came back to its neuron."
)
KIND = "operation"
STEPS = ("Init", "Forward", "Backward by hand", "Backward with the framework", "Run")

ARGUMENTS = ("x", "y", "w1", "b1", "w2", "b2")
FUNCTIONS = {
    "forward": ARGUMENTS,  # the hidden layer (N, hidden), the output (N, out), the cost ()
    "gradients_by_hand": ARGUMENTS,  # of w1, b1, w2 and b2
    "gradients_by_framework": ARGUMENTS,
}

# Matt Mazur's example, with weights as (in, out).
MAZUR = {
    "x": [[0.05, 0.10]],
    "y": [[0.01, 0.99]],
    "w1": [[0.15, 0.25], [0.20, 0.30]],
    "b1": [0.35, 0.35],
    "w2": [[0.40, 0.50], [0.45, 0.55]],
    "b2": [0.60, 0.60],
}


def exact(x, y, w1, b1, w2, b2) -> dict[str, tuple[np.ndarray, ...]]:
    """What each function must give. The derivative by a weight is that by its neuron's input, times what came in."""
    x, y, w1, b1, w2, b2 = (np.asarray(array, np.longdouble) for array in (x, y, w1, b1, w2, b2))
    hidden, outputs, slopes = [], [], []
    cost = np.longdouble(0)
    for example, target in zip(x, y, strict=True):
        h = 1 / (1 + np.exp(-((w1 * example[:, None]).sum(axis=0) + b1)))
        a = 1 / (1 + np.exp(-((w2 * h[:, None]).sum(axis=0) + b2)))
        cost += ((target - a) ** 2).sum() / 2 / len(x)
        by_z2 = (a - target) * a * (1 - a) / len(x)
        by_z1 = (w2 * by_z2).sum(axis=1) * h * (1 - h)
        hidden.append(h)
        outputs.append(a)
        slopes.append((np.outer(example, by_z1), by_z1, np.outer(h, by_z2), by_z2))
    gradients = tuple(sum(parts).astype(np.float64) for parts in zip(*slopes, strict=True))
    values = tuple(np.array(value, np.float64) for value in (hidden, outputs, cost))
    return {"forward": values, "gradients_by_hand": gradients, "gradients_by_framework": gradients}


def cases(images: np.ndarray) -> dict[str, dict]:
    """Mazur's 2-2-2 network, and a 49-30-10 network on 20 digits shrunk to 7x7 pixels; any targets will do there."""
    digits = images[:20].reshape(20, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(20, 49) / 255
    random = np.random.default_rng(1)
    network = {
        "x": digits,
        "y": np.eye(10)[np.arange(20) % 10],
        "w1": random.normal(0, np.sqrt(2 / (49 + 30)), (49, 30)),
        "b1": random.normal(0, 0.1, 30),
        "w2": random.normal(0, np.sqrt(2 / (30 + 10)), (30, 10)),
        "b2": random.normal(0, 0.1, 10),
    }
    found = {"mazur": {name: np.array(array) for name, array in MAZUR.items()}, "digits": network}
    return {name: arrays | {"expected": exact(**arrays)} for name, arrays in found.items()}
