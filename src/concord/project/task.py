"""A task: the specification in a recipe folder's `task.py`, and the recipes that answer it."""

import glob
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import frameworks
from concord.project.python import call, run_file

if TYPE_CHECKING:
    import numpy as np

# What a task.py must define, by kind, and of which type.
COMMON = {"TITLE": str, "QUESTION": str, "KIND": str, "STEPS": tuple}
NETWORK = {
    "PARAMETERS": int,
    "HYPERPARAMETERS": dict,
    "TRAIN_IMAGES": int,
    "ACCURACY_FLOORS": dict,
    "ACCURACY_MARGIN": float,
    "initial_weights": Callable,
}
OPERATION = {"FUNCTIONS": dict, "cases": Callable}
KINDS = {"network": NETWORK, "operation": OPERATION}

# What a network's `train` takes besides its hyper-parameters, with the defaults.
TRAINING = {"shuffle": True, "seed": 0, "watch": None}

RESERVED = ("file", "allow_pickle", "args", "kwds")  # what numpy.savez takes as its own


@dataclass(frozen=True)
class Task:
    """One recipe folder.

    `specification` is its task.py as a module; `recipes` are the files by framework id. `neighbour` is the task that
    its SAME_TASK_AS names, for whose specification it has other programs.
    """

    name: str
    folder: Path
    specification: Any
    recipes: dict[str, Path] = field(default_factory=dict)
    neighbour: "Task | None" = None
    bundled: bool = False  # one of the project's own

    @property
    def own_name(self) -> str:
        """The name under which the project's declarations know it: empty for a user's task, whatever it is called."""
        return self.name if self.bundled else ""

    @property
    def of_reference(self) -> "Task":
        """The task with the NumPy program that is the reference: its own, or its neighbour's for its specification."""
        return replace(self.neighbour, specification=self.specification) if self.neighbour else self

    def file_name(self, framework: str) -> str:
        """What a framework's file is called, written or not."""
        return f"{self.name}_{framework}.py"

    @property
    def kind(self) -> str:
        return self.specification.KIND

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.specification.STEPS)

    @property
    def flattened(self) -> dict[str, tuple[int, int, int]]:
        """The dense layers that follow a flatten, with the height, width and channels of the maps."""
        return getattr(self.specification, "FLATTENED", {})

    def contract(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Each function a recipe must have: its positional parameters and its keyword-only ones."""
        if self.kind == "operation":
            return {name: (tuple(parameters), ()) for name, parameters in self.specification.FUNCTIONS.items()}
        return {
            "variables": (("seed",), ()),
            "train": (("model", "images", "labels"), (*self.specification.HYPERPARAMETERS, *TRAINING)),
            "predict": (("model", "images"), ()),
            "evaluate": (("model", "images", "labels"), ()),
        }

    def initial_weights(self) -> "dict[str, np.ndarray]":
        """A network's shared start.

        Raises:
            UserError: the task's `initial_weights` fails, or gives something else than float32 arrays by name.
        """
        import numpy as np

        here = f"{self.folder / 'task.py'}: initial_weights()"
        weights, again = (call(here, self.specification.initial_weights) for _ in range(2))
        for given in (weights, again):
            if not isinstance(given, dict) or not given:
                raise UserError(f"{here} gives {type(given).__name__}, expected a dict of float32 arrays.")
        for name, array in weights.items():
            if not isinstance(name, str) or not name.isidentifier() or name in RESERVED:
                expected = f"a Python identifier that isn't {' or '.join(RESERVED)}"
                raise UserError(f"{here} has an array called {name!r}, expected {expected}.")
            found = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            if str(found) != "float32" or not isinstance(array, np.ndarray):
                raise UserError(f"{here}: {name!r} is {found}, expected a float32 array.")
            if not array.size or not np.isfinite(array).all():
                raise UserError(f"{here}: {name!r} is empty or holds what isn't a finite number.")
            if not np.array_equal(array, again.get(name)):
                raise UserError(f"{here}: {name!r} is another array at each call; draw it from a seed.")
        return weights


def recipe_folders() -> dict[str, Path]:
    """The project's own recipe folders by name."""
    return {path.parent.name: path.parent for path in sorted(paths.RECIPES.glob("*/task.py"))}


def find_task(name: str) -> Task:
    """The task that a user's word means: a recipe of the project, or a path to a folder with a task.py.

    Raises:
        UserError: neither; or the folder is not a sound recipe folder.
    """
    if name in recipe_folders():
        return read_task(recipe_folders()[name])
    folder = Path(name)
    if folder.is_dir():
        return read_task(folder.resolve())
    if folder.name != name or folder.exists():
        raise UserError(f"{name} is not a folder. Give a recipe's name or the path of a folder with a task.py.")
    raise UserError(nearest("recipe", name, recipe_folders()))


def all_tasks() -> list[Task]:
    """Every task of the project, small ones first, so that the first table comes soon."""
    tasks = [read_task(folder) for folder in recipe_folders().values()]
    return sorted(tasks, key=lambda task: (task.kind == "network", getattr(task.specification, "PARAMETERS", 0)))


def read_task(folder: Path) -> Task:
    """Reads a recipe folder.

    Raises:
        UserError: no task.py; a syntax error or an exception in it; something missing from it; no neighbour where it
            names one; a recipe file whose framework doesn't exist.
    """
    path = folder / "task.py"
    if not path.is_file():
        raise UserError(f"{folder} is not a recipe folder: it has no task.py. `concord new recipe NAME` makes one.")
    specification, neighbour = run_file(path, f"task_of_{folder.name}"), None
    if hasattr(specification, "SAME_TASK_AS"):
        neighbour = _neighbour(path, specification.SAME_TASK_AS)
        # The folder's own names over the neighbour's.
        specification = SimpleNamespace(**(vars(neighbour.specification) | vars(specification)))
    kind = getattr(specification, "KIND", None)
    required = COMMON | (KINDS.get(kind, {}) if isinstance(kind, str) else {})
    missing = [name for name in required if not hasattr(specification, name)]
    if missing:
        raise UserError(f"{path} doesn't define {', '.join(missing)}. A task of its kind needs: {', '.join(required)}.")
    for name, expected in required.items():
        if not isinstance(getattr(specification, name), expected):
            what = "a function" if expected is Callable else expected.__name__
            raise UserError(f"{path}: {name} is {type(getattr(specification, name)).__name__}, expected {what}.")
    if specification.KIND not in KINDS:
        raise UserError(f"{path}: " + nearest("kind of task", specification.KIND, KINDS))
    if not all(isinstance(step, str) for step in specification.STEPS):
        raise UserError(f"{path}: STEPS is {specification.STEPS!r}, expected the steps' titles.")
    check = check_network if specification.KIND == "network" else check_operation
    check(path, specification)
    bundled = folder.parent in (paths.RECIPES, paths.MUTANTS)
    task = Task(folder.name, folder, specification, neighbour=neighbour, bundled=bundled)
    for file in sorted(folder.glob(f"{glob.escape(folder.name)}_*.py")):
        framework = file.stem.removeprefix(f"{folder.name}_")
        if framework not in frameworks():
            raise UserError(f"{file.name}: " + nearest("framework", framework, frameworks()))
        task.recipes[framework] = file
    return task


def _neighbour(path: Path, name: Any) -> Task:
    """The task beside this one that a task.py names in SAME_TASK_AS.

    Raises:
        UserError: it isn't there, or it has a neighbour itself.
    """
    folder = path.parent.parent / str(name)
    if folder == path.parent or not (folder / "task.py").is_file():
        raise UserError(f"{path}: SAME_TASK_AS is {name!r}; there is no such recipe folder beside it.")
    if hasattr(run_file(folder / "task.py", "neighbour"), "SAME_TASK_AS"):
        raise UserError(f"{path}: SAME_TASK_AS is {name!r}, which names another task itself; name that one.")
    return read_task(folder)


def check_network(path: Path, specification: Any) -> None:
    """Refuses values that can't be meant, before anything runs.

    Raises:
        UserError: says which, what it is and what was expected.
    """
    given = specification.HYPERPARAMETERS
    for name in ("epochs", "batch_size"):
        if name not in given:
            raise UserError(f"{path}: HYPERPARAMETERS lacks {name!r}.")
    for name, value in given.items():
        if not is_name(name) or name in ("model", "images", "labels", *TRAINING):
            raise UserError(f"{path}: a hyper-parameter can't be called {name!r}: `train` has to take it by that name.")
        if not is_plain(value):
            told = repr(value) if type(value) in (float, tuple) else type(value).__name__
            raise UserError(f"{path}: the hyper-parameter {name!r} is {told}, expected a plain value.")
    whole = {name: given[name] for name in ("epochs", "batch_size")}
    whole |= {name: getattr(specification, name) for name in ("PARAMETERS", "TRAIN_IMAGES")}
    for name, value in whole.items():
        if type(value) is not int or value < 1:
            raise UserError(f"{path}: {name} is {value!r}, expected a whole number from 1 on.")
    flattened = getattr(specification, "FLATTENED", {})
    if not isinstance(flattened, dict) or not all(map(is_shape, flattened.values())):
        raise UserError(f"{path}: FLATTENED is {flattened!r}, expected (height, width, channels) by dense layer.")
    short = getattr(specification, "SHORT_ACCURACY_FLOORS", {})
    if not isinstance(short, dict):
        raise UserError(f"{path}: SHORT_ACCURACY_FLOORS is {type(short).__name__}, expected dict.")
    floors = short | specification.ACCURACY_FLOORS
    for name, value in {**floors, "ACCURACY_MARGIN": specification.ACCURACY_MARGIN}.items():
        if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= 1:
            raise UserError(f"{path}: the floor or margin {name!r} is {value!r}, expected a number from 0 to 1.")


def check_operation(path: Path, specification: Any) -> None:
    """The same for an operation.

    Raises:
        UserError: FUNCTIONS doesn't give each function's parameters by name.
    """
    given = specification.FUNCTIONS
    for name, parameters in given.items():
        if not is_name(name) or not isinstance(parameters, (tuple, list)) or not all(map(is_name, parameters)):
            expected = "each function's name with a tuple of its parameters' names"
            raise UserError(f"{path}: FUNCTIONS has {name!r}: {parameters!r}, expected {expected}.")
    if not given:
        raise UserError(f"{path}: FUNCTIONS is empty.")


def is_name(value: Any) -> bool:
    """Whether it can be the name of a function or parameter."""
    return isinstance(value, str) and value.isidentifier() and not iskeyword(value)


def is_plain(value: Any) -> bool:
    """Whether a value reaches a worker as it is: a number that is finite, a text, a truth value, None, or a tuple."""
    if type(value) is tuple:
        return all(map(is_plain, value))
    return type(value) in (int, str, bool, type(None)) or (type(value) is float and math.isfinite(value))


def is_shape(value: Any) -> bool:
    """Whether it is a height, a width and a number of channels."""
    return isinstance(value, (tuple, list)) and len(value) == 3 and all(type(n) is int and n > 0 for n in value)
