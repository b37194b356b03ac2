"""initialisers: what ten layers do to a signal before any training, by activation and by the size of the start weights.

The draws are shared: `first` (784, 100) and `rest` (9, 100, 100) hold numbers of a standard normal distribution, which
the recipe scales by the initialiser's formula. What must come out is worked out in more digits than float64 has, where
the machine offers them. A framework's own generator draws other numbers than everybody else's: of those it is asked
whether mean, variance and distribution are what the initialiser promises, and the answers must be yes.
"""

import numpy as np

TITLE = "Initialisers"
QUESTION = "What happens to the signal in a deep network before any training?"
ANSWER = (
    "Each layer multiplies its size by a factor. After ten layers with ReLU its deviation is 0.73 with He's start, "
    "6.4e-12 if the weights' deviation is 0.01, and 6.4e8 if it is 1."
)
KIND = "operation"
STEPS = ("Init", "The formulas", "Through ten layers", "The framework's own", "Run")

NETWORK = ("images", "first", "rest", "activation", "initialiser")
FUNCTIONS = {
    "signal": NETWORK,  # what each layer gives, ten of (N, 100)
    "spread": NETWORK,  # the standard deviation of each, (10,)
    # Whether the mean, the variance and the distribution of its draws are right, (3,); shape is (in, out), or
    # (height, width, in, out) of a convolution.
    "own_draws": ("initialiser", "shape", "seed"),
}

IMAGES, SHOWN = 200, 25
PAIRS = (
    *(("relu", name) for name in ("he", "glorot", "small", "unit")),
    *(("tanh", name) for name in ("glorot", "small", "unit")),
    ("sigmoid", "glorot"),
    ("selu", "lecun"),
)
CHAOTIC = {
    "gates": {"float64": 1e-10, "float32": 1e-2},
    "because": "with weights of N(0, 1) each layer enlarges what the one before has rounded",
}


def deviation(initialiser: str, fan_in: int, fan_out: int) -> np.longdouble:
    square = {
        "he": np.longdouble(2) / fan_in,
        "glorot": np.longdouble(2) / (fan_in + fan_out),
        "lecun": np.longdouble(1) / fan_in,
        "small": np.longdouble(0.01) ** 2,
        "unit": np.longdouble(1),
    }
    return np.sqrt(square[initialiser])


def activate(z: np.ndarray, activation: str) -> np.ndarray:
    if activation == "relu":
        return np.maximum(z, 0)
    if activation == "tanh":
        return np.tanh(z)
    if activation == "sigmoid":
        return 1 / (1 + np.exp(-z))
    alpha, scale = np.longdouble("1.6732632423543772848"), np.longdouble("1.0507009873554804934")
    return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def cases(images: np.ndarray) -> dict[str, dict]:
    pixels = images[:IMAGES].reshape(IMAGES, 784) / 255
    pixels = (pixels - pixels.mean()) / pixels.std()
    random = np.random.default_rng(1)
    first, rest = random.normal(size=(784, 100)), random.normal(size=(9, 100, 100))
    unscaled = np.asarray(pixels, np.longdouble) @ np.asarray(first, np.longdouble)
    found: dict[str, dict] = {}
    for activation, initialiser in PAIRS:
        layer = activate(unscaled * deviation(initialiser, 784, 100), activation)
        layers = [layer]
        for draws in rest:
            layer = activate(layer @ (draws * deviation(initialiser, 100, 100)), activation)
            layers.append(layer)
        spreads = np.array([np.sqrt(np.mean((layer - layer.mean()) ** 2)) for layer in layers], np.float64)
        given = {"first": first, "rest": rest, "activation": activation, "initialiser": initialiser}
        chaotic = CHAOTIC if (activation, initialiser) == ("tanh", "unit") else {}
        found[f"{activation}_{initialiser}"] = {
            **given,
            "images": pixels,
            "functions": ("spread",),
            "expected": spreads,
            "gates": {"float64": 1e-12},
            "because": "the deviation of 20,000 values, added up in any order",
            **chaotic,
        }
        found[f"{activation}_{initialiser}_signal"] = {
            **given,
            "images": pixels[:SHOWN],
            "functions": ("signal",),
            "expected": tuple(layer[:SHOWN].astype(np.float64) for layer in layers),
            **chaotic,
        }
    for name, initialiser, shape in (
        ("own_glorot", "glorot", (300, 200)),
        ("own_he", "he", (300, 200)),
        ("own_he_convolution", "he", (3, 3, 32, 64)),
    ):
        found[name] = {
            "functions": ("own_draws",),
            "initialiser": initialiser,
            "shape": shape,
            "seed": 1,
            "expected": np.array([True, True, True]),
        }
    return found
