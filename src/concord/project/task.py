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
from concord.project.experiment import Setting, check_experiment, settings
from concord.project.framework import PRECISIONS, frameworks
from concord.project.python import call, run_file

if TYPE_CHECKING:
    import numpy as np

# What a task.py must define, by kind, and of which type.
COMMON = {"TITLE": str, "QUESTION": str, "KIND": str, "STEPS": tuple}
NETWORK = {"PARAMETERS": int, "HYPERPARAMETERS": dict, "TRAIN_IMAGES": int, "initial_weights": Callable}
# How good it must be: by the share of images whose class it finds, or by a score of its own.
ACCURACY = {"ACCURACY_FLOORS": dict, "ACCURACY_MARGIN": float}
SCORE = {"SCORE": str, "BEST": str, "SCORE_LIMITS": dict, "SCORE_MARGIN": float, "score": Callable}
OPERATION = {"FUNCTIONS": dict, "cases": Callable}
EXPERIMENT = {"OF": str, "SETTINGS": dict, "FIGURE": dict, "findings": Callable}
KINDS = {"operation": OPERATION, "network": NETWORK, "experiment": EXPERIMENT}  # simple ones first
BEST = ("highest", "lowest")

# What a network's `train` takes besides its hyper-parameters, with the defaults.
TRAINING = {"shuffle": True, "seed": 0, "watch": None}

# A short ordinary run ends further from the reference's accuracy than a whole one: 100 steps, 2,000 images.
SHORT_MARGIN = 0.05

SMALLEST = 20  # images that a task may ask of each batch; what is drawn has more in all but the last

RESERVED = ("file", "allow_pickle", "args", "kwds")  # what numpy.savez takes as its own


@dataclass(frozen=True)
class Score:
    """How good a trained network is, and how good it must be.

    Args:
        name: "accuracy", or what a task calls its own.
        function: of the outputs and the targets of all test images, NumPy: a number.
        best: whether the "highest" or the "lowest" is the best.
        limits, short_limits: what an ordinary run, or a short one, must reach, by data set.
        margin, short_margin: how far from the reference's it may be.
    """

    name: str
    function: "Callable[[np.ndarray, np.ndarray], float]"
    best: str
    limits: dict[str, float]
    short_limits: dict[str, float]
    margin: float
    short_margin: float

    def missed(self, value: float, limit: float) -> bool:
        """Whether a value is worse than a limit, or no number."""
        return not (value >= limit if self.best == "highest" else value <= limit)


def accuracy(outputs: "np.ndarray", targets: "np.ndarray") -> float:
    """The share of the images for whose class the network has the highest output."""
    return float((outputs.argmax(axis=1) == targets).mean())


def score_of(specification: Any) -> Score:
    """A network's own score, or else its accuracy."""
    if not hasattr(specification, "score"):
        short = getattr(specification, "SHORT_ACCURACY_FLOORS", {})
        limits, margin = specification.ACCURACY_FLOORS, specification.ACCURACY_MARGIN
        short_margin = getattr(specification, "SHORT_ACCURACY_MARGIN", SHORT_MARGIN)
        return Score("accuracy", accuracy, "highest", limits, short, margin, short_margin)
    margin = specification.SCORE_MARGIN
    return Score(
        specification.SCORE,
        specification.score,
        specification.BEST,
        specification.SCORE_LIMITS,
        getattr(specification, "SHORT_SCORE_LIMITS", {}),
        margin,
        getattr(specification, "SHORT_SCORE_MARGIN", margin),
    )


@dataclass(frozen=True)
class Accepts:
    """Which of the images that `--data` chooses a task can be run on; None stands for any."""

    shape: tuple[int, int] | None = (28, 28)  # height and width
    classes: int | None = 10  # labels from 0 to one less

    def __str__(self) -> str:
        images = "images of any size" if self.shape is None else f"{self.shape[0]}x{self.shape[1]} images"
        return images + (", any labels" if self.classes is None else f", labels from 0 to {self.classes - 1}")


@dataclass(frozen=True)
class Task:
    """One recipe folder.

    `specification` is its task.py as a module; `recipes` are the files by framework id. `neighbour` is the task that
    its SAME_TASK_AS names, for whose specification it has other programs. An experiment has the programs of the task
    `of`, which its OF names.
    """

    name: str
    folder: Path
    specification: Any
    recipes: dict[str, Path] = field(default_factory=dict)
    neighbour: "Task | None" = None
    of: "Task | None" = None
    bundled: bool = False  # one of the project's own
    _starts: dict[str, "dict[str, np.ndarray]"] = field(init=False, default_factory=dict, compare=False, repr=False)

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
    def settings(self) -> dict[str, Setting]:
        """The settings by name of an experiment, or of a network that has some of its own; none of another task."""
        return settings(self.specification)

    @property
    def smallest_batch(self) -> int:
        """How many images a network's batch must have at least."""
        return getattr(self.specification, "SMALLEST_BATCH", 1)

    @property
    def flattened(self) -> dict[str, tuple[int, int, int]]:
        """The dense layers that follow a flatten, with the height, width and channels of the maps."""
        return getattr(self.specification, "FLATTENED", {})

    @property
    def untrained(self) -> tuple[str, ...]:
        """The weights that no gradient moves, such as moving averages."""
        return getattr(self.specification, "UNTRAINED", ())

    @property
    def injected(self) -> tuple[str, ...]:
        """What `train` can be given instead of drawing it itself."""
        return getattr(self.specification, "INJECTED", ())

    @property
    def stops_early(self) -> bool:
        """Whether `train` may end before the last epoch, and gives back the best model that it has seen."""
        return getattr(self.specification, "STOPS_EARLY", False)

    @property
    def not_possible(self) -> dict[str, tuple[str, str]]:
        """The frameworks in which it can't be written: why, in a sentence, and the address that says so."""
        return getattr(self.specification, "NOT_POSSIBLE", {})

    @property
    def score(self) -> Score:
        return score_of(self.specification)

    @property
    def accepts(self) -> Accepts:
        """The chosen images that it can be run on: MNIST's size and classes, unless it says otherwise. An operation is
        given no labels."""
        given = {"classes": None} if self.kind == "operation" else {}
        return Accepts(**given | getattr(self.specification, "ACCEPTS", {}))

    def keywords(self) -> dict[str, Any]:
        """What a network's `train` takes by name, with the defaults."""
        return self.specification.HYPERPARAMETERS | TRAINING | dict.fromkeys(self.injected)

    def contract(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Each function a recipe must have: its positional parameters and its keyword-only ones."""
        if self.kind == "operation":
            return {name: (tuple(parameters), ()) for name, parameters in self.specification.FUNCTIONS.items()}
        return {
            "variables": (("seed",), tuple(getattr(self.specification, "ARCHITECTURE", {}))),
            "train": (("model", "images", "labels"), (*self.keywords(),)),
            "predict": (("model", "images"), ()),
            "evaluate": (("model", "images", "labels"), ()),
        }

    def initial_weights(self, **options: Any) -> "dict[str, np.ndarray]":
        """A network's shared start, made once; `options` are those of a setting.

        Raises:
            UserError: the task's `initial_weights` fails, or gives something else than float32 arrays by name.
        """
        asked = repr(sorted(options.items()))
        if asked not in self._starts:
            self._starts[asked] = self._make_start(**options)
        return {name: array.copy() for name, array in self._starts[asked].items()}

    def _make_start(self, **options: Any) -> "dict[str, np.ndarray]":
        import numpy as np

        here = f"{self.folder / 'task.py'}: initial_weights()"
        weights, again = (call(here, lambda: self.specification.initial_weights(**options)) for _ in range(2))
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
        if strange := [name for name in self.untrained if name not in weights]:
            raise UserError(f"{here} has no {', '.join(strange)}, which UNTRAINED names.")
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
    kinds = list(KINDS)
    return sorted(tasks, key=lambda task: (kinds.index(task.kind), getattr(task.specification, "PARAMETERS", 0)))


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
        neighbour = _beside(path, "SAME_TASK_AS", specification.SAME_TASK_AS)
        specification = _over(neighbour, specification)
    kind, of = getattr(specification, "KIND", None), None
    if kind == "experiment" and isinstance(getattr(specification, "OF", None), str):
        of = _beside(path, "OF", specification.OF)
        specification = _over(of, specification)
    required = COMMON | (KINDS.get(kind, {}) if isinstance(kind, str) else {})
    if kind == "network":
        required |= SCORE if hasattr(specification, "score") else ACCURACY
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
    check_accepts(path, getattr(specification, "ACCEPTS", {}))
    CHECKS[specification.KIND](path, specification)
    bundled = folder.parent in (paths.RECIPES, paths.MUTANTS)
    if of:
        return Task(folder.name, folder, specification, dict(of.recipes), of=of, bundled=bundled)
    task = Task(folder.name, folder, specification, neighbour=neighbour, bundled=bundled)
    for file in sorted(folder.glob(f"{glob.escape(folder.name)}_*.py")):
        framework = file.stem.removeprefix(f"{folder.name}_")
        if framework not in frameworks():
            raise UserError(f"{file.name}: " + nearest("framework", framework, frameworks()))
        task.recipes[framework] = file
    check_not_possible(path, task)
    return task


def check_not_possible(path: Path, task: Task) -> None:
    """What NOT_POSSIBLE says of frameworks.

    Raises:
        UserError: it isn't a sentence and a source each, or names what doesn't exist or is written.
    """
    given = task.not_possible
    if not isinstance(given, dict):
        raise UserError(f"{path}: NOT_POSSIBLE is {given!r}, expected a sentence and its source by framework.")
    for framework, why in given.items():
        if framework not in frameworks():
            raise UserError(f"{path}: NOT_POSSIBLE: " + nearest("framework", str(framework), frameworks()))
        if framework in task.recipes:
            raise UserError(f"{path}: NOT_POSSIBLE names {framework}, and {task.file_name(framework)} is written.")
        two_texts = isinstance(why, tuple) and len(why) == 2 and all(isinstance(part, str) for part in why)
        if not two_texts or not why[0].endswith(".") or not why[1].startswith("https://"):
            expected = "a sentence and the https address of its source"
            raise UserError(f"{path}: NOT_POSSIBLE[{framework!r}] is {why!r}, expected {expected}.")


def _over(other: Task, own: Any) -> SimpleNamespace:
    """A folder's own names over another task's, whose answer isn't one to its question."""
    return SimpleNamespace(**(vars(other.specification) | {"ANSWER": ""} | vars(own)))


def _beside(path: Path, word: str, name: Any) -> Task:
    """The task that a task.py names in SAME_TASK_AS or OF: in the folder beside it, or one of the project's own.

    Raises:
        UserError: there is none, or it names another one itself.
    """
    folder = path.parent.parent / str(name)
    if not (folder / "task.py").is_file() and word == "OF":
        folder = recipe_folders().get(str(name), folder)
    if folder == path.parent or not (folder / "task.py").is_file():
        raise UserError(f"{path}: {word} is {name!r}; there is no such recipe folder beside it.")
    other = run_file(folder / "task.py", "neighbour")
    if hasattr(other, "SAME_TASK_AS") or hasattr(other, "OF"):
        raise UserError(f"{path}: {word} is {name!r}, which names another task itself; name that one.")
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
    score = score_of(specification)
    for limits in (score.limits, score.short_limits):
        if not isinstance(limits, dict):
            raise UserError(f"{path}: the {score.name}'s limits are {limits!r}, expected a dict by data set.")
    if score.best not in BEST:
        raise UserError(f"{path}: BEST is {score.best!r}, expected {' or '.join(BEST)}.")
    own = score.name != "accuracy"
    limits = {**score.short_limits, **score.limits, "margin": score.margin, "short margin": score.short_margin}
    for name, value in limits.items():
        if type(value) not in (int, float) or not math.isfinite(value) or not (own or 0 <= value <= 1):
            expected = "a number" if own else "a number from 0 to 1"
            raise UserError(f"{path}: the floor or margin {name!r} is {value!r}, expected {expected}.")
    if not min(score.margin, score.short_margin) > 0 and own:
        raise UserError(f"{path}: SCORE_MARGIN is {score.margin!r}, expected a number above 0.")
    check_gates(path, getattr(specification, "GATES", {}))
    for name in ("UNTRAINED", "INJECTED"):
        value = getattr(specification, name, ())
        if not isinstance(value, tuple) or not all(isinstance(one, str) and one.isidentifier() for one in value):
            raise UserError(f"{path}: {name} is {value!r}, expected a tuple of names.")
    if taken := [name for name in getattr(specification, "INJECTED", ()) if name in {**given, **TRAINING}]:
        raise UserError(f"{path}: INJECTED names {', '.join(taken)}, which `train` takes already.")
    if getattr(specification, "INJECTED", ()) and not callable(getattr(specification, "injected", None)):
        raise UserError(f"{path} has INJECTED, but no function injected(steps, seed, *, batch_size, ...).")
    smallest = getattr(specification, "SMALLEST_BATCH", 1)
    if type(smallest) is not int or not 1 <= smallest <= SMALLEST:
        raise UserError(f"{path}: SMALLEST_BATCH is {smallest!r}, expected a whole number from 1 to {SMALLEST}.")
    if hasattr(specification, "data") != callable(getattr(specification, "data", None)):
        raise UserError(f"{path}: data is {type(specification.data).__name__}, expected a function.")
    if hasattr(specification, "SETTINGS"):
        for name in (name for name in EXPERIMENT if name != "OF" and not hasattr(specification, name)):
            raise UserError(f"{path} has SETTINGS, but no {name}.\nBoth belong to an experiment.")
        check_experiment(path, specification)
    if hasattr(specification, "DATA") and not (hasattr(specification, "data") and isinstance(specification.DATA, str)):
        raise UserError(f"{path}: DATA is the name of the data set that the function data() makes.")


def check_gates(path: Path, gates: Any) -> None:
    """A network's own gates: by level, one for each precision, and the reason.

    Raises:
        UserError: they are written otherwise.
    """
    wanted = 'a dict like {"training": {"float32": 1e-3, "because": "why"}}'
    if not isinstance(gates, dict) or not all(isinstance(own, dict) for own in gates.values()):
        raise UserError(f"{path}: GATES is {gates!r}, expected {wanted}.")
    for level, own in gates.items():
        numbers = {name: gate for name, gate in own.items() if name != "because"}
        if not numbers or not set(numbers) <= set(PRECISIONS):
            raise UserError(f"{path}: GATES[{level!r}] is {own!r}, expected {wanted}.")
        if not isinstance(own.get("because"), str) or not own["because"].strip():
            raise UserError(f"{path}: GATES[{level!r}] has gates of its own; 'because' must say why.")
        for precision, gate in numbers.items():
            if type(gate) is not float or not 0 < gate < math.inf:
                raise UserError(f"{path}: GATES[{level!r}][{precision!r}] is {gate!r}, expected a number above 0.")


def check_accepts(path: Path, given: Any) -> None:
    """Which images a task says it can be run on.

    Raises:
        UserError: it is written otherwise.
    """
    wanted = f'{path}: ACCEPTS is {given!r}.\nExpected: a dict like {{"shape": (28, 28), "classes": 10}}, None for any.'
    if not isinstance(given, dict) or not set(given) <= {"shape", "classes"}:
        raise UserError(wanted)
    shape, classes = given.get("shape"), given.get("classes")
    if shape is not None and not (isinstance(shape, tuple) and is_shape((*shape, 1))):
        raise UserError(wanted)
    if classes is not None and (type(classes) is not int or classes < 1):
        raise UserError(wanted)


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


CHECKS = {"operation": check_operation, "network": check_network, "experiment": check_experiment}
