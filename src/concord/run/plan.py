"""What a run is given: start weights, hyper-parameters, images, a case's arguments. Everything is worked out here, so
that a worker gets paths and plain values, and so that a run's evidence can be kept under a digest of them."""

import ast
import hashlib
import math
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.judge.ladder import DRAWN_STARTS, Run
from concord.project.cases import Case
from concord.project.errors import UserError
from concord.project.experiment import arrays
from concord.project.python import call
from concord.project.task import Task

if TYPE_CHECKING:
    import numpy as np

    from concord.data.datasets import Dataset

    Arrays = dict[str, np.ndarray]

PROBE_SEED = 7
PLAIN = {"learning_rate": 1.0, "momentum": 0.0}  # one such step moves the weights by minus the gradient
DRAWN_BATCHES = (9, 21, 41)  # odd, as few are; few sizes: what compiles by shape compiles once
NORMALISED = 16  # images at least, over which a batch's mean and variance are taken: of two, rounding grows without end
DRAWN_SHARE = (0.05, 0.2)  # of each hyper-parameter that is a fraction: never what the task says, and never wild
DRAWN_NOISE = 0.05  # times the deviation of inputs that are no bytes
SIZES = ("epochs", "batch_size")
OWN_STEPS = 40  # of which the losses' mean and deviation are compared
# Of every fraction. Who drops one half whatever is asked, and divides by the share asked for, has the right mean by
# chance: at 0.2 this passed in 6 of 200 draws; at 0.04 in none, where the deviation is 2.3 times as large at least.
OWN_SHARE = 0.04
OWN_BATCHES = 12  # in an epoch: who draws once for all has 3 times the deviation
PERTURBATION = 1e-14  # relative, of each start weight
VALIDATION = slice(50_000, 60_000)  # of the training images
# Times the first kernel. Logits lead by hundreds, and float32's exponential overflows at 89; or by thousands, float64's
# at 710, which leaves float32 too few digits for what a step moves.
LARGE = {"large": 64, "huge": 1024}
SHORT_STEPS, SHORT_BATCH = 100, 40  # of a short ordinary run
SHORT_TEST_IMAGES = 2_000  # on which it is scored


def start_weights(task: Task, run: Run) -> "Arrays":
    """The float32 weights that a run starts from; unseen ones are the task's own in another order, with noise in place
    of zeros. Perturbed ones are float64."""
    import numpy as np

    weights = task.initial_weights(**task.settings[run.setting].start if run.setting else {})
    if run.perturbed:
        random = np.random.default_rng(PROBE_SEED)
        return {name: array * (1 + PERTURBATION * random.normal(size=array.shape)) for name, array in weights.items()}
    if run.weights not in ("probe", *DRAWN_STARTS):
        return weights
    random = np.random.default_rng(run.draw or PROBE_SEED)
    for name, array in weights.items():
        if not array.any():
            weights[name] = random.normal(0, 0.1, array.shape).astype(array.dtype)
        elif array.size > 1 and (array == array.flat[0]).all():  # such as ones, which hide as much
            weights[name] = (array * random.uniform(0.5, 1.5, array.shape)).astype(array.dtype)
        elif run.draw:
            weights[name] = random.permutation(array.ravel()).reshape(array.shape)
    if run.weights in LARGE:
        first = next(name for name, array in weights.items() if array.ndim > 1)
        weights[first] *= LARGE[run.weights]
    return weights


def training(task: Task, run: Run, dataset: "Dataset") -> tuple[dict[str, Any] | None, int]:
    """The keyword arguments for a recipe's `train`, None if it isn't called; and the number of images."""
    values = dict(task.specification.HYPERPARAMETERS)
    if run.short:
        return values | {"epochs": 1, "batch_size": SHORT_BATCH}, SHORT_STEPS * SHORT_BATCH
    if run.whole:
        count = min(task.specification.TRAIN_IMAGES, len(dataset.train_images))
        # A small data set is gone through more often, so that the number of steps stays what the task means.
        repeats = max(1, round(task.specification.TRAIN_IMAGES / count))
        return values | {"epochs": values["epochs"] * repeats}, count
    if not run.steps:
        return None, 0
    smallest = task.smallest_batch
    if run.drawn:
        values |= drawn_hyperparameters(values, run.draw, smallest)
        if task.stops_early:  # a whole number says when: less patience, so that it does stop
            counts = {name: value for name, value in values.items() if type(value) is int}
            values |= {name: max(1, n - 1 - run.draw % 2) for name, n in counts.items() if name not in SIZES}
    if run.batch:
        values["batch_size"] = max(run.batch, smallest, NORMALISED if task.untrained else 1)
    if run.plain:
        values |= {name: plain for name, plain in PLAIN.items() if name in values}
    rest = max(run.rest, smallest) if run.rest else 0
    steps, epochs = run.steps, run.epochs
    if run.many_epochs and not task.stops_early and values["epochs"] > epochs:  # no more steps than before
        steps, epochs = max(1, steps * epochs // values["epochs"]), values["epochs"]
    return values | {"epochs": epochs, "shuffle": False}, steps * values["batch_size"] + rest


def own_numbers(task: Task) -> list[tuple[dict[str, Any], int]]:
    """The same for many steps that learn nothing, twice: what a recipe draws itself shows in their losses."""
    values = task.specification.HYPERPARAMETERS | {"epochs": OWN_STEPS, "batch_size": SHORT_BATCH, "shuffle": False}
    smaller = {name: value * OWN_SHARE for name, value in values.items() if isinstance(value, float)}
    still = {"learning_rate": 0.0} if "learning_rate" in values else {}
    return [(values | still, SHORT_BATCH), (values | smaller | still, OWN_BATCHES * SHORT_BATCH)]


def spreads(task: Task) -> dict[str, list[float]]:
    """The deviations of a usual start, by kernel: the task's, and He's, sqrt(2 / inputs)."""
    return {
        name: [float(array.std()), math.sqrt(2 / math.prod(array.shape[:-1]))]
        for name, array in task.initial_weights().items()
        if name.endswith("kernel") and array.ndim > 1 and array.std()
    }


def injected(task: Task, run: Run, training: dict[str, Any], count: int) -> "Arrays":
    """The numbers that `train` gets from outside, each (steps, batch size, ...); where it shuffles it draws its own.

    Raises:
        UserError: the task's `injected` fails, or gives other names or shapes.
    """
    import numpy as np

    names = getattr(task.specification, "INJECTED", ())
    if not names or run.ordinary or run.shuffled:
        return {}
    here = f"{task.folder / 'task.py'}: injected()"
    steps = training["epochs"] * math.ceil(count / training["batch_size"])
    values = {name: training[name] for name in task.specification.HYPERPARAMETERS}
    found = call(here, partial(task.specification.injected, steps, run.draw or PROBE_SEED, **values))
    if not isinstance(found, dict) or set(found) != set(names):
        given = ", ".join(map(str, found)) if isinstance(found, dict) else type(found).__name__
        raise UserError(f"{here} gives {given}, expected a dict of arrays: {', '.join(names)}.")
    first = (steps, training["batch_size"])
    for name, array in found.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            raise UserError(f"{here}: {name!r} is {type(array).__name__}, expected an array of numbers.")
        if array.shape[:2] != first:
            expected = f"({first[0]}, {first[1]}, ...): steps, images in a batch"
            raise UserError(f"{here}: {name!r} has the shape {array.shape}.\nExpected {expected}, and one image's own.")
    return found


def setting_training(task: Task, run: Run, count: int) -> tuple[dict[str, Any], int]:
    """The keyword arguments for `train` with a run's setting, and the number of images, of `count`."""
    values = task.specification.HYPERPARAMETERS | {"shuffle": run.shuffled, "seed": run.seed}
    values |= task.settings[run.setting].training
    if not run.steps:
        return values, count
    rest = max(run.rest, task.smallest_batch) if run.rest else 0
    return values | {"epochs": run.epochs}, min(run.steps * values["batch_size"] + rest, count)


def setting_arrays(task: Task, name: str, dataset: "Dataset") -> "Arrays":
    """What a setting is trained and validated on: float32 images from 0 to 1, unless the task makes something else of
    them, and labels. A data set without as many training images is validated on its test images."""
    import numpy as np

    count = task.specification.TRAIN_IMAGES
    if len(dataset.train_images) >= VALIDATION.stop:
        validation = dataset.train_images[VALIDATION], dataset.train_labels[VALIDATION]
    else:
        validation = dataset.test_images, dataset.test_labels
    given = []
    for images, labels in ((dataset.train_images[:count], dataset.train_labels[:count]), validation):
        given += [(images[..., np.newaxis] / np.float32(255)).astype(np.float32), labels.astype(np.int64)]
    return arrays(task, task.settings[name], tuple(given))


def drawn_hyperparameters(values: dict[str, Any], draw: int, smallest: int = 1) -> dict[str, Any]:
    """Another batch size, above the smallest; and a share of whatever is a fraction: learning rate, momentum."""
    import numpy as np

    random = np.random.default_rng([draw, 1])
    fractions = {name: value for name, value in values.items() if isinstance(value, float)}
    drawn = {name: value * float(random.uniform(*DRAWN_SHARE)) for name, value in fractions.items()}
    sizes = [size for size in DRAWN_BATCHES if size > smallest]
    return {"batch_size": int(random.choice(sizes)), **drawn}


def drawn_images(dataset: "Dataset", count: int, draw: int) -> "tuple[np.ndarray, np.ndarray]":
    """Training images (count, 28, 28) and labels (count,) that nobody has seen: digits under a little noise.

    With noise there are no ties: where frameworks differ about these, they still agree here. There is little of it,
    because a bright background makes the task's learning rate too high, and errors grow then.
    """
    import numpy as np

    random = np.random.default_rng([draw, 2])
    picked = random.integers(0, len(dataset.train_images), count)
    images = dataset.train_images[picked]
    if images.dtype.kind == "f":
        noise = random.normal(0, DRAWN_NOISE * dataset.train_images.std(), images.shape).astype(images.dtype)
        return images + noise, dataset.train_labels[picked]
    if images.dtype != np.uint8 or images.ndim < 3:
        return images, dataset.train_labels[picked]  # whole numbers that are no pixels: indices
    noise = random.integers(0, 32, images.shape, np.uint8)
    return images // 8 * 7 + noise, dataset.train_labels[picked]


def sorted_images(dataset: "Dataset", count: int) -> "tuple[np.ndarray, np.ndarray]":
    """The first training images and their labels, class by class: who shuffles well doesn't notice, and whoever
    shuffles through a small buffer, or turns the order round, learns the last classes alone."""
    import numpy as np

    picked = np.arange(count) % len(dataset.train_images)
    first = dataset.train_labels[picked].reshape(count, -1)[:, 0]  # of a target with several numbers
    picked = picked[np.argsort(first, kind="stable")]
    return dataset.train_images[picked], dataset.train_labels[picked]


def other_arguments(case: Case, draw: int) -> "Arrays":
    """A case's arrays in another order along each axis, so that nobody can know what they lead to: what is a
    distribution, a label or an angle stays one. A number by itself is changed by up to a quarter, in few digits: what
    was exact stays exact. Nothing where all of them are fixed."""
    import numpy as np

    random = np.random.default_rng([draw, 3])
    others, changed = dict(case.arrays), [name for name in case.arrays if name not in case.fixed]
    for name in changed:
        array = others[name]
        for axis, length in enumerate(array.shape):
            others[name] = np.take(others[name], random.permutation(length), axis)
        if array.size == 1 and array.dtype.kind == "f":
            others[name] = array * (random.integers(48, 81) / 64)
    return others if changed else {}


def test_images(run: Run, dataset: "Dataset") -> int:
    """How many test images are predicted after training."""
    if run.short:
        return min(SHORT_TEST_IMAGES, len(dataset.test_images))
    return len(dataset.test_images) if run.whole else run.predict


def drawn(run: Run, draw: int) -> Run:
    """The run with its draw, if it has anything to draw."""
    return replace(run, draw=draw) if draws(run) else run


def draws(run: Run) -> bool:
    """Whether there is something to draw: start weights, or other arguments of an operation."""
    return run.weights in DRAWN_STARTS or bool(run.case)


TOLD = {"TITLE", "QUESTION", "ANSWER", "FIGURE"}  # what a task.py says to readers


def task_digest(task: Task, program: Path) -> str:
    """SHA-256 over every file in a task's folder that a run of one program may depend on: all but the other programs,
    prose and pictures."""
    digest = hashlib.sha256()
    others = {path for path in task.recipes.values() if path != program}
    for path in sorted(task.folder.rglob("*")):
        if path.is_file() and path not in others and path.suffix not in (".md", ".svg", ".png", ".pyc"):
            if path.name in ("figure.py", "mutants.toml"):
                continue
            digest.update(f"{path.relative_to(task.folder)}\0".encode())
            content = code_without(path, {*TOLD, "findings"}) if path.name == "task.py" else path.read_bytes()
            digest.update(hashlib.sha256(content).digest())
    digest.update(program.read_bytes())
    for other in filter(None, (task.neighbour, task.of)):
        digest.update(code_without(other.folder / "task.py", {*TOLD, "findings"}))
    return digest.hexdigest()


def code_without(path: Path, left_out: set[str]) -> bytes:
    """A task.py's code without comments, its docstring and what has one of these names. What is only told or judged
    after the runs (a caption, a least value) must not make them stale."""
    return _code_without(path.read_bytes(), frozenset(left_out))


@cache
def _code_without(content: bytes, left_out: frozenset[str]) -> bytes:
    tree = ast.parse(content)
    for number, node in reversed(list(enumerate(tree.body))):
        named = node.targets if isinstance(node, ast.Assign) else [node]
        names = {getattr(name, "id", getattr(name, "name", "")) for name in named}
        docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or names & left_out:
            del tree.body[number]
    return ast.unparse(tree).encode()


def arrays_digest(arrays: "Arrays") -> str:
    """SHA-256 over names, shapes, dtypes and bytes."""
    import numpy as np

    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
