"""A task: the specification in a recipe folder's `task.py`, and the recipes that answer it."""

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord import paths
from concord.errors import UserError, nearest
from concord.framework import frameworks

if TYPE_CHECKING:
    import numpy as np

# What a task.py must define, by kind; True marks a function.
COMMON = {"TITLE": False, "QUESTION": False, "KIND": False, "STEPS": False}
NETWORK = {
    "PARAMETERS": False,
    "HYPERPARAMETERS": False,
    "TRAIN_IMAGES": False,
    "ACCURACY_FLOORS": False,
    "ACCURACY_MARGIN": False,
    "initial_weights": True,
}
OPERATION = {"FUNCTIONS": False, "cases": True}
KINDS = {"network": NETWORK, "operation": OPERATION}


@dataclass(frozen=True)
class Task:
    """One recipe folder. `specification` is its task.py as a module; `recipes` the files by framework id."""

    name: str
    folder: Path
    specification: Any
    recipes: dict[str, Path]

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
        return self.specification.initial_weights()


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
        UserError: no task.py; a syntax error or an exception in it; something missing from it; a recipe file whose
            framework doesn't exist.
    """
    path = folder / "task.py"
    if not path.is_file():
        raise UserError(f"{folder} is not a recipe folder: it has no task.py. `concord new recipe NAME` makes one.")
    specification = _execute(path)
    required = COMMON | KINDS.get(getattr(specification, "KIND", ""), {})
    missing = [name for name in required if not hasattr(specification, name)]
    if missing:
        raise UserError(f"{path} doesn't define {', '.join(missing)}. A task of its kind needs: {', '.join(required)}.")
    if specification.KIND not in KINDS:
        raise UserError(f"{path}: " + nearest("kind of task", specification.KIND, KINDS))
    not_callable = [name for name, is_function in required.items() if is_function and not callable(getattr(specification, name))]
    if not_callable:
        raise UserError(f"{path}: {', '.join(not_callable)} must be a function.")
    recipes = {}
    for file in sorted(folder.glob(f"{folder.name}_*.py")):
        framework = file.stem.removeprefix(f"{folder.name}_")
        if framework not in frameworks():
            raise UserError(f"{file.name}: " + nearest("framework", framework, frameworks()))
        recipes[framework] = file
    return Task(folder.name, folder, specification, recipes)


def _execute(path: Path) -> Any:
    """Runs a task.py as a module of its own."""
    try:
        ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    module_specification = importlib.util.spec_from_file_location(f"task_of_{path.parent.name}", path)
    assert module_specification and module_specification.loader
    module = importlib.util.module_from_spec(module_specification)
    try:
        module_specification.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path} can't be used: {type(error).__name__}: {error}") from None
    return module
