"""What a run is given: start weights, hyper-parameters, images, a case's arguments. Everything is worked out here, so
that a worker gets paths and plain values, and so that a run's evidence can be kept under a digest of them."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.judge.ladder import DRAWN_STARTS, Run
from concord.project.task import Task

if TYPE_CHECKING:
    import numpy as np

    from concord.data.datasets import Dataset

    Arrays = dict[str, np.ndarray]

PROBE_SEED = 7
PLAIN = {"learning_rate": 1.0, "momentum": 0.0}  # one such step moves the weights by minus the gradient
DRAWN_BATCHES = (9, 21, 41)  # odd, as few are; few sizes: what compiles by shape compiles once
DRAWN_SHARE = (0.05, 0.2)  # of each hyper-parameter that is a fraction: never what the task says, and never wild
# Times the first kernel. Logits lead by hundreds, and float32's exponential overflows at 89; or by thousands, float64's
# at 710, which leaves float32 too few digits for what a step moves.
LARGE = {"large": 64, "huge": 1024}
SHORT_STEPS, SHORT_BATCH = 100, 40  # of a short ordinary run
SHORT_TEST_IMAGES = 2_000  # on which it is scored


def start_weights(task: Task, run: Run) -> "Arrays":
    """The float32 weights that a run starts from; unseen ones are the task's own in another order, with noise in place
    of zeros."""
    import numpy as np

    weights = task.initial_weights()
    if run.weights not in ("probe", *DRAWN_STARTS):
        return weights
    random = np.random.default_rng(run.draw or PROBE_SEED)
    for name, array in weights.items():
        if not array.any():
            weights[name] = random.normal(0, 0.1, array.shape).astype(array.dtype)
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
    if run.drawn:
        values |= drawn_hyperparameters(values, run.draw)
    if run.batch:
        values["batch_size"] = run.batch
    if run.plain:
        values |= {name: plain for name, plain in PLAIN.items() if name in values}
    return values | {"epochs": run.epochs, "shuffle": False}, run.steps * values["batch_size"] + run.rest


def drawn_hyperparameters(values: dict[str, Any], draw: int) -> dict[str, Any]:
    """Another batch size, and a share of whatever is a fraction: the learning rate, the momentum."""
    import numpy as np

    random = np.random.default_rng([draw, 1])
    fractions = {name: value for name, value in values.items() if isinstance(value, float)}
    drawn = {name: value * float(random.uniform(*DRAWN_SHARE)) for name, value in fractions.items()}
    return {"batch_size": int(random.choice(DRAWN_BATCHES)), **drawn}


def drawn_images(dataset: "Dataset", count: int, draw: int) -> "tuple[np.ndarray, np.ndarray]":
    """Training images (count, 28, 28) and labels (count,) that nobody has seen: digits under a little noise.

    With noise there are no ties: where frameworks differ about these, they still agree here. There is little of it,
    because a bright background makes the task's learning rate too high, and errors grow then.
    """
    import numpy as np

    random = np.random.default_rng([draw, 2])
    picked = random.integers(0, len(dataset.train_images), count)
    images = dataset.train_images[picked]
    noise = random.integers(0, 32, images.shape, np.uint8)
    return images // 8 * 7 + noise, dataset.train_labels[picked]


def sorted_images(dataset: "Dataset", count: int) -> "tuple[np.ndarray, np.ndarray]":
    """The first training images and their labels, class by class: who shuffles well doesn't notice, and whoever
    shuffles through a small buffer, or turns the order round, learns the last classes alone."""
    import numpy as np

    picked = np.arange(count) % len(dataset.train_images)
    picked = picked[np.argsort(dataset.train_labels[picked], kind="stable")]
    return dataset.train_images[picked], dataset.train_labels[picked]


def test_images(run: Run, dataset: "Dataset") -> int:
    """How many test images are predicted after training."""
    if run.short:
        return min(SHORT_TEST_IMAGES, len(dataset.test_images))
    return len(dataset.test_images) if run.whole else run.predict


def drawn(run: Run, draw: int) -> Run:
    """The run with its draw, if it has anything to draw."""
    return replace(run, draw=draw) if run.weights in DRAWN_STARTS else run


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
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(program.read_bytes())
    if task.neighbour:
        digest.update((task.neighbour.folder / "task.py").read_bytes())
    return digest.hexdigest()


def arrays_digest(arrays: "Arrays") -> str:
    """SHA-256 over names, shapes, dtypes and bytes."""
    import numpy as np

    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
