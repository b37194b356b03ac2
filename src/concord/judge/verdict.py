"""The judge: turns evidence into verdicts, level by level.

Shape, dtype and finiteness come first; a NaN never equals anything. When float32 misses a gate, float64 decides
between rounding and a fault. A declared difference must show: an agreement that nobody expected fails too.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from concord.judge import ladder
from concord.judge.ladder import Level, Run
from concord.project.framework import Variant
from concord.project.task import Task
from concord.run.evidence import Collector

if TYPE_CHECKING:
    import numpy as np

    from concord.judge.kinks import Kinks, Parting

    Arrays = dict[str, np.ndarray]

# With float64 in agreement, a float32 error up to this many gates is rounding. Beyond it the program may be right,
# but what it computes in isn't float32.
ROUNDING = 10.0


@dataclass(frozen=True)
class LevelVerdict:
    """What one level says of one variant at one precision.

    `error` is the worst relative error, of `tensor` after `run`, and None where nothing could be measured.
    `outcome` is one of the closed set; `declared` the cause of a known difference. `kinks` is the ledger of the
    step after each of its runs; `parting` says where a float32 run parts from the reference.
    """

    level: str
    precision: str
    outcome: str
    reason: str = ""
    error: float | None = None
    tensor: str = ""
    run: str = ""
    gate: float | None = None
    declared: str = ""
    kinks: "tuple[Kinks, ...]" = ()
    parting: "Parting | None" = None

    @property
    def passed(self) -> bool:
        return self.outcome == "ok" or (self.outcome == "mismatch" and bool(self.declared))


@dataclass(frozen=True)
class Measurement:
    """The error of one tensor after one run."""

    run: Run
    tensor: str
    error: float


def relative_error(found: "np.ndarray", reference: "np.ndarray") -> float:
    """|found - reference| / |reference| in 2-norms, computed in float64; infinite where it isn't a number.

    Against a reference of zeros only zeros are right.
    """
    import numpy as np

    if np.iscomplexobj(found) or np.iscomplexobj(reference):
        found, reference = (np.stack([np.real(array), np.imag(array)]) for array in (found, reference))
    found, reference = np.asarray(found, np.float64), np.asarray(reference, np.float64)
    if not np.isfinite(reference).all():  # an answer may be infinite, or not a number; at the same places, then
        odd = ~np.isfinite(reference)
        if not np.array_equal(found[odd], reference[odd], equal_nan=True):
            return math.inf
        found, reference = found[~odd], reference[~odd]
    if not reference.any():
        return math.inf if found.any() else 0.0
    with np.errstate(invalid="ignore"):  # infinity minus infinity: caught below
        error = float(np.linalg.norm(found - reference) / np.linalg.norm(reference))
    return error if math.isfinite(error) else math.inf


def judge(collector: Collector, task: Task, variant: Variant, level: Level, precision: str) -> LevelVerdict:
    """The verdict of one level, float32's rounding and known differences taken into account."""
    verdict = measure(collector, task, variant, level, precision)
    if precision == "float32" and verdict.outcome == "mismatch" and verdict.gate is not None:
        verdict = triage(verdict, measure(collector, task, variant, level, "float64"))
    difference = variant.known_difference(task.name, precision, level.name)
    if difference is None or verdict.outcome not in ("ok", "mismatch"):
        return verdict
    if verdict.outcome == "mismatch":
        return replace(verdict, declared=difference.cause)
    return replace(
        verdict,
        outcome="mismatch",
        reason=f"agrees, although a known difference is declared ({difference.cause}): take the declaration out",
    )


def triage(verdict: LevelVerdict, strict: LevelVerdict) -> LevelVerdict:
    """Decides what a float32 verdict beyond its gate means, with the float64 verdict of the same level."""
    assert verdict.error is not None and verdict.gate is not None
    if strict.outcome == "mismatch":
        return replace(verdict, reason=f"{verdict.reason}; a fault, not rounding: in float64 {strict.reason}")
    if strict.outcome != "ok":
        return replace(verdict, reason=f"{verdict.reason}; float64 can't tell why: {strict.outcome}, {strict.reason}")
    agreement = f"float64 agrees to {strict.error:.0e}"
    if verdict.error <= ROUNDING * verdict.gate:
        return replace(verdict, outcome="ok", reason=f"{verdict.reason}; rounding: {agreement}")
    return replace(verdict, reason=f"{verdict.reason}; {agreement}: the arithmetic is less precise than float32")


def measure(collector: Collector, task: Task, variant: Variant, level: Level, precision: str) -> LevelVerdict:
    """Holds the runs that a level needs against the reference."""
    pairs = []
    for run in (collector.drawn(task, variant, precision, run) for run in collector.runs(task, level)):
        evidence = collector.collect(task, variant, precision, run)
        if evidence.outcome != "ok":
            return LevelVerdict(level.name, precision, evidence.outcome, evidence.reason, run=run.name)
        reference = collector.reference(task, "float32" if run.whole else "float64", run)
        if reference.outcome != "ok":
            reason = f"there is no reference to compare with: {reference.outcome}, {reference.reason}"
            return LevelVerdict(level.name, precision, "error", reason, run=run.name)
        pairs.append((run, evidence.arrays(), reference.arrays()))
    for run, arrays, expected in pairs:
        if fault := malformed(collector, task, run, arrays, expected, precision):
            return LevelVerdict(level.name, precision, *fault, run=run.name)
    if level.name == "accuracy":
        return judge_accuracy(collector, task, pairs[0], precision)
    gate = level.gates[precision]
    measurements = [
        Measurement(run, tensor, error)
        for run, arrays, expected in pairs
        for tensor, error in MEASURES[level.name](collector, task, run, arrays, expected)
    ]
    parted = [
        m for m in measurements if gate is not None and m.error > gates_of(collector, task, m.run, precision, gate)
    ]
    within = [m for m in measurements if m not in parted]
    worst = max(
        parted or [m for m in within if not m.run.case or m.error <= (gate or 0)] or within, key=lambda m: m.error
    )
    verdict = LevelVerdict(
        level.name, precision, "ok", error=worst.error, tensor=worst.tensor, run=worst.run.name, gate=gate
    )
    if not parted:
        return verdict
    first = max((m for m in parted if m.run is parted[0].run), key=lambda measurement: measurement.error)
    beyond = gates_of(collector, task, first.run, precision, gate or 0)
    reason = f"{first.tensor} parts first, {first.run.describe()}: {first.error:.0e}, gate {beyond:.0e}"
    return replace(verdict, outcome="mismatch", reason=reason)


def gates_of(collector: Collector, task: Task, run: Run, precision: str, gate: float) -> float:
    """The gate of a run: an operation's case may bring its own."""
    return collector.cases(task)[run.case].gates.get(precision, gate) if run.case else gate


def malformed(
    collector: Collector, task: Task, run: Run, arrays: "Arrays", expected: "Arrays", precision: str
) -> tuple[str, str] | None:
    """The outcome and reason if arrays are missing, or have a wrong shape or dtype, or hold what isn't a number."""
    import numpy as np

    if list(arrays) != list(expected):
        return "mismatch", f"gives {', '.join(arrays)}, expected {', '.join(expected)}"
    for name, array in arrays.items():
        if array.shape != expected[name].shape:
            return "mismatch", f"{name} has the shape {array.shape}, expected {expected[name].shape}"
        wanted = expected_dtype(expected[name].dtype, precision)
        if name not in ("history", "accuracy") and not np.issubdtype(array.dtype, wanted):
            return "mismatch", f"{name} comes in {array.dtype}, expected {np.dtype(wanted).name}"
        if np.isfinite(expected[name]).all() and not np.isfinite(array).all():
            share = np.mean(~np.isfinite(array))
            return "nonfinite", f"{share:.0%} of {name} isn't a finite number"
    if task.kind == "network":
        count = sum(array.size for name, array in arrays.items() if name.startswith("weights/"))
        if count != task.specification.PARAMETERS:
            return "mismatch", f"has {count:,} parameters, expected {task.specification.PARAMETERS:,}"
        if not run.steps and not run.whole:
            for name, start in collector.start_weights(task, run).items():
                if not np.array_equal(arrays[f"weights/{name}"], start.astype(precision)):
                    return "mismatch", f"{name} changes on the way from weights to variables and back"
    return None


def expected_dtype(reference: "np.dtype", precision: str) -> Any:
    """What the reference's dtype becomes in a precision: a whole number may have any number of bits."""
    import numpy as np

    if reference.kind in "iu":
        return np.integer
    if reference.kind == "c":
        return np.dtype({"float32": "complex64", "float64": "complex128"}[precision]).type
    return np.bool_ if reference.kind == "b" else np.dtype(precision).type


def same_shapes(*_: Any) -> Iterator[tuple[str, float]]:
    """Shapes are judged before anything is measured; whoever comes here has them right."""
    yield "shapes", 0.0


def logits(_: Collector, __: Task, ___: Run, arrays: "Arrays", expected: "Arrays") -> Iterator[tuple[str, float]]:
    yield "logits", relative_error(arrays["logits"], expected["logits"])


def loss(_: Collector, __: Task, ___: Run, arrays: "Arrays", expected: "Arrays") -> Iterator[tuple[str, float]]:
    yield "loss", relative_error(arrays["history"], expected["history"])


def displacement(
    collector: Collector, task: Task, run: Run, arrays: "Arrays", expected: "Arrays"
) -> Iterator[tuple[str, float]]:
    """How far each tensor has moved from the start; after a plain step that is minus its gradient."""
    import numpy as np

    for name, start in collector.start_weights(task, run).items():
        start = start.astype(np.float64)
        moved, right = arrays[f"weights/{name}"] - start, expected[f"weights/{name}"] - start
        yield name, relative_error(moved, right)


def updates(*arguments: Any) -> Iterator[tuple[str, float]]:
    """Displacement, and the epochs' losses, which show how a short last batch is weighed."""
    yield from displacement(*arguments)
    yield from loss(*arguments)


def trajectory(
    collector: Collector, task: Task, run: Run, arrays: "Arrays", expected: "Arrays"
) -> Iterator[tuple[str, float]]:
    """Displacement, loss, and the share of the test images that are given another class."""
    import numpy as np

    yield from updates(collector, task, run, arrays, expected)
    other = arrays["logits"].argmax(axis=1) != expected["logits"].argmax(axis=1)
    yield "the class of a test image", float(np.mean(other))


def values(
    collector: Collector, task: Task, run: Run, arrays: "Arrays", expected: "Arrays"
) -> Iterator[tuple[str, float]]:
    """An operation's results against the task's exact answers, and against the reference's."""
    for number, answer in enumerate(collector.cases(task)[run.case].expected[run.function]):
        yield run.case, relative_error(arrays[f"result/{number}"], answer)
        yield run.case, relative_error(arrays[f"result/{number}"], expected[f"result/{number}"])


MEASURES = {
    "shapes": same_shapes,
    "logits": logits,
    "loss": loss,
    "gradients": displacement,
    "updates": updates,
    "trajectory": trajectory,
    "values": values,
}


def judge_accuracy(
    collector: Collector, task: Task, pair: "tuple[Run, Arrays, Arrays]", precision: str
) -> LevelVerdict:
    """An ordinary run: what `evaluate` says is true, over the task's floor, and near the reference."""
    import numpy as np

    run, arrays, expected = pair
    specification, dataset = task.specification, collector.dataset
    count = len(dataset.test_labels)
    accuracy, reference = float(arrays["accuracy"]), float(expected["accuracy"])
    verdict = LevelVerdict(
        "accuracy", precision, "ok", error=abs(accuracy - reference), tensor="accuracy", run=run.name
    )
    counted = float(np.mean(arrays["logits"].argmax(axis=1) == dataset.test_labels))
    if abs(accuracy - counted) * count > 0.01:  # images; a count divided by a count, in float32 at worst
        reason = f"evaluate says {accuracy:.4f}, its own predictions of all {count:,} images say {counted:.4f}"
        return replace(verdict, outcome="mismatch", reason=reason)
    floor = specification.ACCURACY_FLOORS.get(dataset.name)
    if floor is not None and accuracy < floor:
        return replace(verdict, outcome="accuracy_fail", reason=f"{accuracy:.4f} is below the task's floor of {floor}")
    # The margin is stated for 10,000 images; the fewer there are, the more each one counts.
    margin = specification.ACCURACY_MARGIN * math.sqrt(10_000 / count)
    if abs(accuracy - reference) > margin:
        reason = f"{accuracy:.4f} is more than {margin:.4f} away from the reference's {reference:.4f}"
        return replace(verdict, outcome="accuracy_fail", reason=reason)
    return verdict


@dataclass(frozen=True)
class Repeat:
    """What one more comparison of the same variant said. The figures are None where they aren't proven."""

    outcome: str
    accuracy: float | None
    epoch_seconds: float | None


@dataclass(frozen=True)
class VariantVerdict:
    """A row of the table: everything that is said of one variant in one task.

    Seconds and bytes are None where they weren't measured, or where the checks weren't passed: no speed without
    sameness. `history` is the mean loss of each epoch of the ordinary run, `repeats` what every comparison said, this
    one first, where there were several.
    """

    recipe: str
    variant: str
    versions: dict[str, str]
    levels: tuple[LevelVerdict, ...]
    accuracy: float | None = None
    epoch_seconds: float | None = None
    first_step_seconds: float | None = None
    import_seconds: float | None = None
    peak_memory: int | None = None
    peak_device_memory: int | None = None
    history: tuple[float, ...] = ()
    repeats: tuple[Repeat, ...] = ()

    @property
    def failure(self) -> LevelVerdict | None:
        """The first level that isn't passed."""
        return next((level for level in self.levels if not level.passed), None)

    @property
    def outcome(self) -> str:
        return self.failure.outcome if self.failure else "ok"

    @property
    def reason(self) -> str:
        return self.failure.reason if self.failure else ""


def judge_variant(collector: Collector, task: Task, variant: Variant, precisions: Sequence[str]) -> VariantVerdict:
    """Climbs the whole ladder with one variant, float64 first, because it decides about float32."""
    levels = []
    for precision in precisions:
        for level in ladder.levels(task):
            if precision in level.gates:
                levels.append(judge(collector, task, variant, level, precision))
        collector.workers.close_one(variant, precision)
    row = VariantVerdict(task.name, variant.id, variant.versions() or {}, tuple(levels))
    if row.outcome != "ok" or task.kind != "network" or "float32" not in precisions:
        return row
    first = collector.collect(task, variant, "float32", ladder.NETWORK_RUNS["gradient"])
    whole = collector.collect(task, variant, "float32", ladder.NETWORK_RUNS["whole"])
    training, _ = collector.training(task, ladder.NETWORK_RUNS["whole"])
    assert training
    arrays = whole.arrays()
    return replace(
        row,
        accuracy=float(arrays["accuracy"]),
        history=tuple(arrays["history"].tolist()),
        epoch_seconds=whole.seconds["train"] / training["epochs"],
        first_step_seconds=first.seconds["train"],
        import_seconds=whole.import_seconds,
        peak_memory=whole.peak_memory,
        peak_device_memory=whole.peak_device_memory,
    )
