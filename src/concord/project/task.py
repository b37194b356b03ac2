"""A task: the specification in a recipe folder's `task.py`, and the recipes that answer it."""

import glob
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import frameworks

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

    def contract(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Each function a recipe must have: its positional parameters and its keyword-only ones."""
        if self.kind == "operation":
            return {name: (tuple(parameters), ()) for name, parameters in self.specification.FUNCTIONS.items()}
        return {
            "variables": (("weights", "seed"), ()),
            "weights": (("model",), ()),
            "network": (("model", "images"), ()),
            "train": (("model", "images", "labels"), (*self.specification.HYPERPARAMETERS, "shuffle", "seed")),
            "predict": (("model", "images"), ()),
            "evaluate": (("model", "images", "labels"), ()),
        }

    def initial_weights(self) -> "dict[str, np.ndarray]":
        """A network's shared start.

        Raises:
            UserError: the task's `initial_weights` fails, or gives something else than float32 arrays by name.
        """
        here = f"{self.folder / 'task.py'}: initial_weights()"
        try:
            weights = self.specification.initial_weights()
        except Exception as error:
            raise UserError(f"{here} fails: {_one_line(error)}") from None
        if not isinstance(weights, dict):
            raise UserError(f"{here} gives {type(weights).__name__}, expected a dict of float32 arrays.")
        for name, array in weights.items():
            found = getattr(array, "dtype", type(array).__name__)
            if str(found) != "float32":
                raise UserError(f"{here}: {name!r} is {found}, expected a float32 array.")
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
    specification, neighbour = _execute(path), None
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
    if specification.KIND == "network":
        for name in ("epochs", "batch_size"):
            if name not in specification.HYPERPARAMETERS:
                raise UserError(f"{path}: HYPERPARAMETERS lacks {name!r}.")
    task = Task(folder.name, folder, specification, neighbour=neighbour)
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
    if hasattr(_execute(folder / "task.py"), "SAME_TASK_AS"):
        raise UserError(f"{path}: SAME_TASK_AS is {name!r}, which names another task itself; name that one.")
    return read_task(folder)


def _execute(path: Path) -> Any:
    """Runs a task.py as a module of its own."""
    try:
        code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    module = ModuleType(f"task_of_{path.parent.name}")
    module.__file__ = str(path)
    try:
        exec(code, module.__dict__)  # not by an import, which leaves a __pycache__ in a folder of the user's
    except (Exception, SystemExit) as error:
        raise UserError(f"{path} can't be used: {_one_line(error)}") from None
    return module


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
