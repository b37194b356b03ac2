"""An operation's cases: what each function is given, and exactly what it must give."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from concord.project.errors import UserError
from concord.project.framework import PRECISIONS
from concord.project.python import call
from concord.project.task import Task, is_plain

if TYPE_CHECKING:
    import numpy as np

# What a case may hold beside the functions' own parameters.
EXPECTED, FUNCTIONS, GATES, BECAUSE = "expected", "functions", "gates", "because"
RAISES, FIXED = "raises", "fixed"


@dataclass(frozen=True)
class Case:
    """One case of an operation.

    Args:
        name: unique in its task.
        arrays: the arguments that are arrays; floating-point ones reach a recipe in the precision of the run.
        options: the arguments that are plain values: whole numbers, texts, booleans, None, or tuples of them.
        expected: by function, the exact outputs; a function that gives one array has one. Empty where it must raise.
        gates: by precision, a relative error instead of the level's own.
        because: why the case has gates of its own.
        fixed: the arrays that make sense as they are alone; every function is asked again with the others in another
            order.
    """

    name: str
    arrays: "dict[str, np.ndarray]"
    options: dict[str, Any]
    expected: "dict[str, tuple[np.ndarray, ...]]"
    gates: dict[str, float] = field(default_factory=dict)
    because: str = ""
    fixed: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(self.expected)


def read_cases(task: Task, images: "np.ndarray") -> dict[str, Case]:
    """All cases by name, as the task's `cases(images)` gives them.

    Raises:
        UserError: it fails, or gives something else than cases.
    """
    here = f"{task.folder / 'task.py'}: cases()"
    found = call(here, task.specification.cases, images)
    if not isinstance(found, dict) or not found:
        raise UserError(f"{here} gives {type(found).__name__}, expected a dict with at least one case.")
    return {name: _read(task, f"{here}: the case {name!r}", name, case) for name, case in found.items()}


def _read(task: Task, here: str, name: Any, case: Any) -> Case:
    import numpy as np

    known: dict[str, tuple[str, ...]] = task.specification.FUNCTIONS
    if not isinstance(name, str) or not name.isidentifier():
        raise UserError(f"{here} has a name that isn't a Python identifier.")
    if not isinstance(case, dict):
        raise UserError(f"{here} is {type(case).__name__}, expected a dict.")
    functions, gates = case.get(FUNCTIONS, tuple(known)), case.get(GATES, {})
    if not isinstance(functions, (tuple, list)) or not all(isinstance(key, str) for key in (*functions, *case)):
        raise UserError(f"{here} has keys that aren't texts, or {FUNCTIONS!r} isn't a tuple of names.")
    if strange := [function for function in functions if function not in known]:
        raise UserError(f"{here} names the functions {', '.join(map(str, strange))}; known: {', '.join(known)}.")
    raises = bool(case.get(RAISES))
    needed = dict.fromkeys(parameter for function in functions for parameter in known[function])
    if lacking := sorted(set(needed) - set(case) | ({EXPECTED} - set(case) if not raises else set())):
        raise UserError(f"{here} lacks {', '.join(lacking)}.")
    if unused := sorted(set(case) - set(needed) - {EXPECTED, FUNCTIONS, GATES, BECAUSE, RAISES, FIXED}):
        raise UserError(f"{here} has {', '.join(unused)}, which none of its functions takes.")
    if not isinstance(gates, dict) or not all(
        isinstance(gate, float) and 0 <= gate < math.inf for gate in gates.values()
    ):
        raise UserError(f"{here} has the gates {gates!r}, expected a number by precision.")
    if strange := [precision for precision in gates if precision not in PRECISIONS]:
        raise UserError(f"{here} has gates for {strange[0]!r}, expected {' or '.join(PRECISIONS)}.")
    if gates and not case.get(BECAUSE):
        raise UserError(f"{here} has gates of its own; {BECAUSE!r} must say why.")
    arrays = {key: _numbers(f"{here}: {key}", case[key]) for key in needed if isinstance(case[key], (np.ndarray, list))}
    options = {key: case[key] for key in needed if key not in arrays}
    if strange := [key for key, value in options.items() if not is_plain(value)]:
        raise UserError(
            f"{here}: {strange[0]} is {type(options[strange[0]]).__name__}, expected an array or a plain value."
        )
    fixed = case.get(FIXED, ())
    if not isinstance(fixed, (tuple, list)) or any(key not in arrays for key in fixed):
        raise UserError(f"{here}: {FIXED} is {fixed!r}, expected a tuple of the names of its arrays.")
    expected = {} if raises else case[EXPECTED]
    by_function = expected if isinstance(expected, dict) else dict.fromkeys(functions, expected)
    if not raises and (lacking := [function for function in functions if function not in by_function]):
        raise UserError(f"{here} doesn't say what is expected of {', '.join(lacking)}.")
    return Case(
        name,
        arrays,
        options,
        {function: () if raises else outputs(f"{here}: {EXPECTED}", by_function[function]) for function in functions},
        dict(gates),
        case.get(BECAUSE, ""),
        tuple(fixed),
    )


def outputs(here: str, value: Any) -> "tuple[np.ndarray, ...]":
    """What a function gives, as arrays: a tuple has several outputs, everything else is one."""
    return tuple(_numbers(here, part) for part in (value if isinstance(value, tuple) else (value,)))


def _numbers(here: str, value: Any) -> "np.ndarray":
    """An array of numbers.

    Raises:
        UserError: it isn't one.
    """
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError:  # rows of several lengths
        array = np.array(None)
    if array.dtype.kind not in "fiubc":
        raise UserError(f"{here} is not an array of numbers.")
    return array
