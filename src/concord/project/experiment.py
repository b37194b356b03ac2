"""Experiments: one network's programs, trained with several settings, and sentences that must hold of what comes out.

An experiment has no programs of its own. Its task.py says whose it runs (`OF`), the `SETTINGS`, and what they show. A
network may have settings of its own too; then it climbs its ladder first.

- `SETTINGS = {"0.5": {"learning_rate": 0.5}}`: by name what differs from the network's own task. Each value goes to
  whoever takes its name: `train`, `variables` (the network's ARCHITECTURE), `initial_weights` or `data`. `every` is for
  curves with more points than epochs: one after so many steps. It trains slice by slice, so the optimiser must not
  remember anything. Findings are of shuffled training, unless a setting says `"shuffle": False`; where one has a
  `seed`, each framework begins there with its own initialisers and shuffles by that seed.
- `data(images, labels, validation_images, validation_labels, *, ...)`, optional: other data, in NumPy. It gives the
  same four arrays. A network has no such hook: its `data` makes the data set.
- `parts(images)`, optional: from the validation images, as many others for each of several parts, (P, N, ...). The
  curve `parts` is the accuracy of each after training.
- `findings(runs)`: sentences, each with a value and the least value that it must have. Where it is
  `findings(runs, reference)` it is given what the NumPy program did, too.
- `FIGURE = {"curve": "accuracy", "says": "…"}`: which curve is drawn, and what it shows, in words; with "log": True on
  a logarithmic axis; "together", "limits" and "x" are explained in report/curves.py.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.project.errors import UserError, nearest
from concord.project.python import call

if TYPE_CHECKING:
    import numpy as np

    from concord.project.task import Task

CURVES = {  # of one run: a value for each epoch, or slice; all but the loss begin before the first
    "loss": "loss",
    "validation_loss": "validation loss",
    "accuracy": "validation accuracy",
    "training_accuracy": "training accuracy",  # of the first thousand images
    "parts": "accuracy",  # of each part, after training; not of every task
}


@dataclass(frozen=True)
class Setting:
    """What one setting changes, by who takes it."""

    name: str
    training: dict[str, Any]
    variables: dict[str, Any]
    start: dict[str, Any]
    data: dict[str, Any]
    watching: dict[str, Any]
    own: dict[str, Any]  # a seed, with which a framework is left to itself


@dataclass(frozen=True)
class Finding:
    """A sentence, with its value and the least value that it must have."""

    sentence: str
    value: float
    least: float

    @property
    def holds(self) -> bool:
        return self.value >= self.least  # never for a NaN


def settings(specification: Any) -> dict[str, Setting]:
    """The settings of a task by name; none if it has none.

    Raises:
        UserError: a setting has a name that nobody takes.
    """
    if not hasattr(specification, "SETTINGS"):
        return {}
    own_data = None if specification.KIND == "network" else getattr(specification, "data", None)
    takers = {
        "training": [*specification.HYPERPARAMETERS, "shuffle"],
        "variables": getattr(specification, "ARCHITECTURE", {}),
        "start": keywords(specification.initial_weights),
        "data": keywords(own_data),
        "watching": ["every"],
        "own": ["seed"],
    }
    found = {}
    for name, changes in specification.SETTINGS.items():
        for changed in changes:
            if not any(changed in names for names in takers.values()):
                known = [known for names in takers.values() for known in names]
                raise UserError(f"the setting {name!r}: " + nearest("option", changed, known))
        parts = {
            taker: {key: value for key, value in changes.items() if key in names} for taker, names in takers.items()
        }
        found[name] = Setting(name, **parts)
    return found


def keywords(function: Any) -> list[str]:
    """The names that a function takes with a default, or by keyword alone."""
    if function is None:
        return []
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.default is not one.empty or one.kind is one.KEYWORD_ONLY]


def check_experiment(path: Path, specification: Any) -> None:
    """Refuses what can't be meant, before anything runs.

    Raises:
        UserError: says which, what it is and what was expected.
    """
    given = specification.SETTINGS
    if not given or not all(isinstance(name, str) and isinstance(changes, dict) for name, changes in given.items()):
        raise UserError(f"{path}: SETTINGS is {given!r}.\nIt must have a dict of what differs by name of the setting.")
    try:
        settings(specification)
    except UserError as error:
        raise UserError(f"{path}, {error}") from None
    if not isinstance(specification.FIGURE.get("says"), str):
        raise UserError(f'{path}: FIGURE["says"] is missing.\nIt says in words what the picture shows.')
    curve = specification.FIGURE.get("curve")
    if curve not in CURVES:
        raise UserError(f'{path}: FIGURE["curve"]: ' + nearest("curve", str(curve), CURVES))


def curves(arrays: "Mapping[str, np.ndarray]") -> "dict[str, np.ndarray]":
    """One run's curves by name: `loss` (epochs,), `parts` (P,) if there are any, the others (1 + epochs,)."""
    kept = {name: "history" if name == "loss" else name for name in CURVES}
    return {name: arrays[key] for name, key in kept.items() if key in arrays}


def compares(task: "Task") -> bool:
    """Whether the task's findings are about a program and NumPy's, not about one alone."""
    return "reference" in inspect.signature(task.specification.findings).parameters


Curves = Mapping[str, Mapping[str, "np.ndarray"]]


def found(task: "Task", runs: Curves, reference: Curves | None = None) -> list[Finding]:
    """What the task finds in the curves of one program, by setting, or in those and the NumPy program's.

    Raises:
        UserError: `findings` fails, or gives something else.
    """
    here = f"{task.folder / 'task.py'}: findings()"
    given = call(here, task.specification.findings, runs, *([reference] if compares(task) else []))
    try:
        return [Finding(str(sentence), float(value), float(least)) for sentence, (value, least) in given.items()]
    except (AttributeError, TypeError, ValueError):
        raise UserError(f"{here} gives {given!r}.\nExpected: by sentence its value and the least value.") from None


def arrays(
    task: "Task", setting: Setting, given: tuple["np.ndarray", "np.ndarray", "np.ndarray", "np.ndarray"]
) -> dict[str, "np.ndarray"]:
    """What one setting is trained and validated on.

    Args:
        given: images (N, height, width, 1) from 0 to 1, float32, and labels (N,); the same for validation.

    Raises:
        UserError: the task's `data` fails, or gives something else than four such arrays.
    """
    import numpy as np

    hook: Callable[..., Any] | None = getattr(task.specification, "data", None)
    made = given
    if hook and task.kind == "experiment":
        here = f"{task.folder / 'task.py'}: data()"
        copies = tuple(array.copy() for array in given)
        made = call(here, lambda: hook(*copies, **setting.data))
        if not isinstance(made, tuple) or len(made) != 4 or not all(isinstance(part, np.ndarray) for part in made):
            raise UserError(f"{here} gives {type(made).__name__}.\nExpected four arrays, as it is given them.")
        for images, labels in (made[:2], made[2:]):
            if len(images) != len(labels) or images.dtype != np.float32:
                what = f"{images.dtype} images {images.shape} with labels {labels.shape}"
                raise UserError(f"{here} gives {what}.\nExpected float32 images and as many labels.")
    names = ("images", "labels", "validation_images", "validation_labels")
    found: dict[str, np.ndarray] = dict(zip(names, made, strict=True))
    if hasattr(task.specification, "parts"):
        here, images = f"{task.folder / 'task.py'}: parts()", found["validation_images"]
        found["parts"] = call(here, lambda: np.array(task.specification.parts(images.copy())))
        if found["parts"].shape[1:] != images.shape or found["parts"].dtype != np.float32:
            expected = f"(parts, {', '.join(map(str, images.shape))})"
            raise UserError(f"{here} gives {found['parts'].dtype} {found['parts'].shape}, expected float32 {expected}.")
    return found
