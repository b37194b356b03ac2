"""gradient_check: a gradient against central differences, for steps from large to tiny.

The network is 784-30-10 without biases, its cost softmax cross-entropy, and 30 weights of the first layer are moved one
at a time. What central differences give without rounding is worked out in more digits than float64 has, where the
machine offers them. What rounding does to them is no exact answer: it is expected to be as large as an error of one
unit in the cost's last place makes it, and the cases say how far that may be off.
"""

import numpy as np

TITLE = "Checking a gradient"
QUESTION = "How do I know that my backward pass is right?"
ANSWER = (
    "Move each weight a little both ways: the costs' difference over the weights' difference must be its gradient. In"
    " float64 nine digits agree with a step of 1e-5, in float32 three at best, at 0.01."
)
KIND = "operation"
STEPS = ("Init", "The cost", "The gradient", "Central differences", "The check", "Run")

NETWORK = ("x", "labels", "w1", "w2", "activation")  # (N, 784), (N,), (784, 30), (30, 10), "tanh" or "relu"
FUNCTIONS = {
    "gradient": NETWORK,  # of the first layer's weights, (784, 30)
    "differences": (*NETWORK, "places", "steps"),  # (steps, places), the places in w1.ravel()
    "digits": (*NETWORK, "places", "steps", "precision"),  # how many are right: -log10 of the relative error
}

IMAGES, PLACES = 20, 30
SINGLE_STEPS = 6  # 1 to 1e-5: a smaller one is lost when it is added to a float32 weight
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24}  # half the distance from 1 to the next number


def cost(z, labels, w2, activation) -> np.longdouble:
    """From the hidden layer's inputs."""
    logits = (np.tanh(z) if activation == "tanh" else np.maximum(z, 0)) @ w2
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels])


def gradient(x, labels, w1, w2, activation) -> np.ndarray:
    """One example after the other."""
    found = np.zeros_like(w1)
    for example, label in zip(x, labels, strict=True):
        z = example @ w1
        hidden, slope = (np.tanh(z), 1 / np.cosh(z) ** 2) if activation == "tanh" else (np.maximum(z, 0), z > 0)
        powers = np.exp(hidden @ w2)
        found += np.outer(example, (w2 @ (powers / powers.sum()) - w2[:, label]) * slope) / len(x)
    return found


def differences(x, labels, w1, w2, activation, places, step) -> np.ndarray:
    """A weight moves only its own neuron's input, by the step times its pixel."""
    z = x @ w1
    found = []
    for pixel, neuron in zip(*np.unravel_index(places, w1.shape), strict=True):
        moved = np.zeros_like(z)
        moved[:, neuron] = step * x[:, pixel]
        change = cost(z + moved, labels, w2, activation) - cost(z - moved, labels, w2, activation)
        found.append(change / (2 * step))
    return np.array(found)


def cases(images: np.ndarray) -> dict[str, dict]:
    x = images[:IMAGES].reshape(IMAGES, 784) / 255
    random = np.random.default_rng(1)
    w1 = random.normal(0, np.sqrt(2 / (784 + 30)), (784, 30))
    w2 = random.normal(0, np.sqrt(2 / (30 + 10)), (30, 10))
    labels = np.arange(IMAGES) % 10  # any will do
    inked = np.flatnonzero((x > 0).mean(axis=0) >= 0.5)  # pixels that count in at least half of the images
    random = np.random.default_rng(5)
    places = random.choice(inked, PLACES) * 30 + random.integers(0, 30, PLACES)
    network = {"x": x, "labels": labels, "w1": w1, "w2": w2}
    exact = {name: np.asarray(array, np.longdouble) for name, array in network.items() if name != "labels"}
    exact["labels"] = labels

    found: dict[str, dict] = {}
    for activation in ("tanh", "relu"):
        given = network | {"activation": activation}
        right = gradient(**exact, activation=activation)
        found[activation] = given | {"functions": ("gradient",), "expected": right.astype(np.float64)}

        steps = 10.0 ** -np.arange(14)
        slopes = right.flat[places]
        unrounded = [
            differences(**exact, activation=activation, places=places, step=np.longdouble(step)) for step in steps
        ]
        truncation = np.array([norm(difference - slopes) / norm(slopes) for difference in unrounded])
        # The relative error of a difference, if each cost is off by one unit in its last place.
        height = float(cost(exact["x"] @ exact["w1"], labels, exact["w2"], activation))
        rounding = {
            name: unit * height / np.sqrt(2) / steps / (norm(slopes) / np.sqrt(PLACES)) for name, unit in UNITS.items()
        }

        for name, number in (("wide", 1), ("narrow", 3)):
            found[f"{activation}_{name}"] = given | {
                "functions": ("differences",),
                "places": places,
                "steps": steps[[number]],
                "expected": unrounded[number][None].astype(np.float64),
                "gates": {precision: 10 * errors[number] for precision, errors in rounding.items()},
                "because": "each cost is rounded, and their difference is divided by the step",
            }
        digits = {name: -np.log10(np.hypot(truncation, errors)) for name, errors in rounding.items()}
        found[f"{activation}_digits"] = given | {
            "functions": ("digits",),
            "places": places,
            "steps": steps,
            "precision": None,
            "expected": digits["float64"],
            "gates": {"float64": 0.1, "float32": 2.0},
            "because": "rounding errors have a size but no exact value; float32 is judged by a case of its own",
        }
        found[f"{activation}_digits_in_float32"] = given | {
            "functions": ("digits",),
            "places": places,
            "steps": steps[:SINGLE_STEPS],
            "precision": "float32",
            "expected": digits["float32"][:SINGLE_STEPS],
            "gates": {"float64": 2.0, "float32": 0.3},
            "because": "rounding errors have a size but no exact value; judged in float32 runs: in float64 runs Keras "
            "on JAX adds the costs up in float64 and has a digit more",
        }
    return found


def norm(array: np.ndarray) -> float:
    return float(np.sqrt(np.sum(array**2)))
