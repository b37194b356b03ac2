"""The data set that a task makes: one of its own, or what it makes of the chosen one."""

import hashlib
from typing import TYPE_CHECKING, Any

from concord.data.datasets import Dataset
from concord.project.errors import UserError
from concord.project.python import call
from concord.project.task import Task

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train inputs", "train targets", "test inputs", "test targets")


def made_by(task: Task, chosen: Dataset | None) -> Dataset:
    """What the task's `data` gives. With a `DATA` it is a data set of that name, else a change of the chosen one.

    Raises:
        UserError: it fails, or gives something else than four arrays of numbers that fit together.
    """
    here, specification = f"{task.folder / 'task.py'}: data()", task.specification
    own = getattr(specification, "DATA", "")
    given = chosen.arrays if chosen and not own else ()
    arrays = [_four(here, call(here, specification.data, *given)) for _ in range(2)]
    digest, again = map(_digest, arrays)
    if digest != again:
        raise UserError(f"{here} gives other arrays at each call; draw them from a seed.")
    if own or not chosen:
        return Dataset(own, f"task.py of {task.name}", *arrays[0], digest=digest)
    return Dataset(chosen.name, f"{chosen.source}, changed by task.py of {task.name}", *arrays[0], digest=digest)


def _four(here: str, found: Any) -> "tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]":
    import numpy as np

    if not isinstance(found, tuple) or len(found) != 4 or not all(isinstance(array, np.ndarray) for array in found):
        raise UserError(f"{here} doesn't give a tuple of four arrays.\nExpected: {', '.join(PARTS)}.")
    for part, array in zip(PARTS, found, strict=True):
        if array.dtype.kind not in "fiub" or array.ndim == 0 or not array.size:
            raise UserError(f"{here}: the {part} are {array.dtype} of shape {array.shape}, expected numbers.")
        if not np.isfinite(array).all():
            raise UserError(f"{here}: the {part} aren't all finite.")
    for part, inputs, targets in zip(("train", "test"), found[::2], found[1::2], strict=True):
        if len(inputs) != len(targets):
            raise UserError(f"{here}: {len(inputs)} {part} inputs, but {len(targets)} {part} targets.")
    for what, train, test in zip(("inputs", "targets"), found[:2], found[2:], strict=True):
        if (train.shape[1:], train.dtype) != (test.shape[1:], test.dtype):
            shapes = f"{train.dtype} of shape {train.shape[1:]}", f"{test.dtype} of shape {test.shape[1:]}"
            raise UserError(f"{here}: each of the train {what} is {shapes[0]}, of the test {what} {shapes[1]}.")
    return found


def _digest(arrays: "tuple[np.ndarray, ...]") -> str:
    import numpy as np

    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
