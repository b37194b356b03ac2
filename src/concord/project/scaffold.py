"""`concord new`: a folder to begin with, which already passes the structure tests."""

import re
from pathlib import Path

from concord.project import paths
from concord.project.errors import UserError, nearest

NAME = re.compile(r"[a-z][a-z0-9_]*")

NETWORK_TASK = '''"""{name}: one sentence that says what is computed."""

import numpy as np

TITLE = "{title}"
QUESTION = "Which question does it answer?"
ANSWER = "The answer in a sentence or two, with its most telling number."
KIND = "network"
STEPS = ("Init", "Network", "Train", "Evaluate", "Run")

PARAMETERS = 7_850
HYPERPARAMETERS = {{"epochs": 1, "batch_size": 100, "learning_rate": 0.5}}
TRAIN_IMAGES = 60_000

# By data set: what an ordinary run must reach.
ACCURACY_FLOORS = {{"mnist": 0.9}}
# How far a run may end from the NumPy reference, stated for 10,000 test images.
ACCURACY_MARGIN = 0.01


def initial_weights() -> dict[str, np.ndarray]:
    """The shared start, float32 arrays by part and name: kernels (height, width, in, out), dense (in, out)."""
    return {{"dense_kernel": np.zeros((784, 10), np.float32), "dense_bias": np.zeros(10, np.float32)}}
'''

NETWORK_NUMPY = '''# %% [markdown]
# # {title}, in NumPy
# What is computed, in a sentence or two. This one is softmax regression, to begin with.

# %% Init
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np


# %% Network
def variables(seed=0):
    """The model, a dictionary of arrays by the names of task.py, as NumPy alone would start it."""
    random = np.random.default_rng(seed)
    return {{
        "dense_kernel": random.normal(0, 0.01, (784, 10)).astype(np.float32),
        "dense_bias": np.zeros(10, np.float32),
    }}


def network(model, images):
    return images.reshape(len(images), -1) @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% Train
def loss_and_gradients(model, images, labels):
    """The mean cross-entropy, and its gradient for each array of the model."""
    logits = network(model, images)
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[range(len(labels)), labels].mean()
    gradient = (np.exp(log_probabilities) - np.eye(10, dtype=logits.dtype)[labels]) / len(labels)  # (N, 10)
    return loss, {{"dense_kernel": images.reshape(len(images), -1).T @ gradient, "dense_bias": gradient.sum(axis=0)}}


def train(model, images, labels, *, epochs=1, batch_size=100, learning_rate=0.5, shuffle=True, seed=0, watch=None):
    random, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            loss, gradients = loss_and_gradients(model, images[batch], labels[batch])
            for name, gradient in gradients.items():
                model[name] -= learning_rate * gradient
            total += loss * len(batch)
        history.append(float(total / len(images)))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    if not Path("mnist.npz").exists():
        urlretrieve("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz")
    mnist = np.load("mnist.npz")
    model, history = train(variables(), mnist["x_train"][..., None] / np.float32(255), mnist["y_train"])
    accuracy = evaluate(model, mnist["x_test"][..., None] / np.float32(255), mnist["y_test"])
    print(f"loss {{history[-1]:.4f}}, test accuracy {{accuracy:.4f}}")
'''

OPERATION_TASK = '''"""{name}: one sentence that says what is computed."""

import numpy as np

TITLE = "{title}"
QUESTION = "Which question does it answer?"
ANSWER = "The answer in a sentence or two, with its most telling number."
KIND = "operation"
STEPS = ("Init", "Compute", "Run")

# Each function that a recipe has, with its arguments.
FUNCTIONS = {{"standardise": ("rows",)}}


def cases(images: np.ndarray) -> dict[str, dict]:
    """By name, what the functions are given and exactly what they must give; `images` are test images (N, 28, 28)."""
    return {{
        "by_hand": {{"rows": np.array([[1.0, 3.0], [-2.0, 2.0]]), "expected": np.array([[-1.0, 1.0], [-1.0, 1.0]])}},
    }}
'''

OPERATION_NUMPY = """# %% [markdown]
# # {title}, in NumPy
# What is computed, in a sentence or two. This one brings each row to mean 0 and deviation 1, to begin with.

# %% Init
import numpy as np


# %% Compute
def standardise(rows):
    return (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)


# %% Run
if __name__ == "__main__":
    print(standardise(np.array([[1.0, 3.0], [-2.0, 2.0]])))
"""

EXPERIMENT_TASK = '''"""{name}: one network, trained with two learning rates. Everything else is mlp's."""

TITLE = "{title}"
QUESTION = "Which question does it answer?"
ANSWER = "The answer in a sentence or two, with its most telling number."
KIND = "experiment"

# The network whose programs are trained, and by name what each setting changes: of `train`, `variables`,
# `initial_weights`, or of a function `data` of this file.
OF = "mlp"
SETTINGS = {{
    "0.01": {{"learning_rate": 0.01}},
    "0.1": {{"learning_rate": 0.1}},
}}
FIGURE = {{"curve": "accuracy", "says": "Validation accuracy at two learning rates: what is to be seen, in words."}}


def findings(runs):
    """What must hold on MNIST: by sentence a value and its least value.

    Args:
        runs: by setting `loss` (epochs,), `validation_loss` and `accuracy` (1 + epochs,), beginning before training.
    """
    last = {{name: run["accuracy"][-1] for name, run in runs.items()}}
    # A least value is at most half of the mean of five seeds, and below each: `python tools/findings.py` measures them.
    return {{"0.1 is better than 0.01 after three epochs": (last["0.1"] - last["0.01"], 0.035)}}
'''

README = """# {title}

The idea, in a paragraph.

## What to look at

- **Step**: what each framework does in its own way.

## What usually goes wrong

- What one sees, and what it comes from.

`{name}_numpy.py` is the reference that the others are compared with. It runs: `concord compare` with this folder proves
it, and each further `{name}_<framework>.py`.
"""

EXPERIMENT_README = """# {title}

What is changed, and why it matters, in a paragraph.

## What to look at

- **Setting**: what comes out, with a number.

## What usually goes wrong

- What one sees, and what it comes from.

It has no programs of its own: those of the network that `task.py` names are trained with each setting. `concord
compare` with this folder proves that all frameworks do the same; with `--full` also what was found.
"""

KINDS = {  # by kind, the files
    "network": {"task.py": NETWORK_TASK, "README.md": README, "{name}_numpy.py": NETWORK_NUMPY},
    "operation": {"task.py": OPERATION_TASK, "README.md": README, "{name}_numpy.py": OPERATION_NUMPY},
    "experiment": {"task.py": EXPERIMENT_TASK, "README.md": EXPERIMENT_README},
}

FRAMEWORK = """label = "{title}"
homepage = "https://example.org"
# What a recipe may import besides the standard library and NumPy.
imports = ["{name}"]

# Set before the worker's interpreter starts; {{threads}} is the number of processor cores, {{precision}} is float32 or
# float64.
[environment]
OMP_NUM_THREADS = "{{threads}}"

# One table per variant: an id, a name for tables, the distributions it needs (the first one's version is shown) and
# the project's extras that install them, if it has any.
[variants.{name}]
label = "{title}"
distributions = ["{name}"]
extras = []
"""

WEIGHTS = '''"""Weights into a {title} model and out of it, as NumPy arrays: say where its layout differs.

Here a model is a dictionary of arrays, in the canonical layout: channels last, convolution kernels (height, width, in,
out), dense kernels (in, out).
"""


def read(model, names, flattened={{}}):
    """Copies of the model's weights by name, in the order of `names`.

    Args:
        flattened: by name of a dense layer that follows a flatten, the (height, width, channels) of the maps.

    Raises:
        ValueError: the model has no weight of that name.
    """
    if missing := [name for name in names if name not in model]:
        raise ValueError(f"the model has no {{', '.join(missing)}}; it has {{', '.join(model)}}")
    return {{name: model[name].copy() for name in names}}


def write(model, arrays, flattened={{}}):
    """A model like this one, with copies of these arrays, in their precision.

    Raises:
        ValueError: a name or shape isn't the model's, or a weight of the model is left out.
    """
    read(model, arrays)
    if missing := [name for name in model if name not in arrays]:
        raise ValueError(f"the model also has {{', '.join(missing)}}; give all of its weights")
    for name, array in arrays.items():
        if array.shape != model[name].shape:
            raise ValueError(f"{{name}} has the shape {{array.shape}}, expected {{model[name].shape}}")
    return {{name: arrays[name].copy() for name in model}}
'''

NOTES = """# {title}

What a user of it should know.
"""

FEATURE = """
[[features]]
id = "{name}"
group = "Layers"
name = "{title}"
question = "What can one do with it?"
"""

CHECK = '''

@check
def {name}():
    """What the probe is given, and what exactly it must give."""
    x = numbers(4, 3)
    return {{"x": x}}, None
'''


def make_recipe(name: str, kind: str = "network") -> list[Path]:
    """Makes a recipe folder that runs, an experiment's or one with a NumPy program: among the project's recipes, or in
    the current folder outside of a checkout.

    Raises:
        UserError: the name isn't one, or the folder exists; there is no such kind.
    """
    if kind not in KINDS:
        raise UserError(nearest("kind of task", kind, KINDS))
    inside = paths.IS_CHECKOUT and Path.cwd().is_relative_to(paths.CHECKOUT)
    folder = (paths.RECIPES if inside else Path.cwd()) / name
    return _write(folder, name, KINDS[kind])


def make_framework(name: str) -> list[Path]:
    """Makes a framework's folder.

    Raises:
        UserError: the name isn't one, the folder exists, or this isn't a checkout.
    """
    if not paths.IS_CHECKOUT:
        raise UserError("A framework is added to a checkout of Concord, but this one was installed without its source.")
    return _write(
        paths.FRAMEWORKS / name, name, {"framework.toml": FRAMEWORK, "weights.py": WEIGHTS, "notes.md": NOTES}
    )


def make_feature(name: str) -> list[Path]:
    """Adds a row to the feature matrix and an unfinished check, which the suite refuses until it is filled in.

    Raises:
        UserError: the name isn't one, the row exists, or this isn't a checkout.
    """
    from concord.ask.features import features

    if not paths.IS_CHECKOUT:
        raise UserError("A feature is added to a checkout of Concord, but this one was installed without its source.")
    _check_name(name)
    if name in features():
        raise UserError(f"The row {name} exists; nothing was written.")
    written = []
    for file, template in {"features.toml": FEATURE, "feature_checks.py": CHECK}.items():
        path = paths.FRAMEWORKS / file
        text = path.read_text(encoding="utf-8") + template.format(name=name, title=name.replace("_", " "))
        partial = path.with_name(f".{file}.part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
        written.append(path)
    return written


def _write(folder: Path, name: str, templates: dict[str, str]) -> list[Path]:
    _check_name(name)
    if folder.exists():
        raise UserError(f"{folder} exists; nothing was written.")
    folder.mkdir(parents=True)
    title = name.replace("_", " ").capitalize()
    written = []
    for file, template in templates.items():
        path = folder / file.format(name=name)
        path.write_text(template.format(name=name, title=title), encoding="utf-8")
        written.append(path)
    return written


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UserError(
            f"{name!r} can't be a name: small letters, digits and _, a letter first, e.g. residual_network."
        )
