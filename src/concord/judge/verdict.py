"""The judge: arrays in, verdicts out, level by level. It asks for no run and starts no process.

Shape, dtype and finiteness come first; a NaN never equals anything. When float32 misses a gate, float64 decides
between rounding and a fault. A declared difference has a ceiling, and where it names recipes it must show: an agreement
that nobody expected fails too.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from concord.judge.ladder import Level, Run
from concord.project.experiment import CURVES, Finding
from concord.project.experiment import curves as experiment_curves
from concord.project.framework import KnownDifference
from concord.project.outcomes import ABSENT, Outcome
from concord.project.task import Task, score_of
from concord.run.program import OTHERWISE

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Held:
    """One run's arrays beside the reference's: what the judge is given.

    Args:
        run: what was run.
        arrays: what the variant gave: `history` (epochs,), `weights/<name>`, `logits` (N, ...), `first/weights/<name>`
            and `first/logits` from before training, `accuracy` (), or an operation's `result/<number>`.
        expected: the same of the reference, in float64.
        start: a network's start weights by name, float32.
        answers: an operation's exact results.
        gates: an operation's own, by precision.
        labels: of the test images that an ordinary run is scored on, or what their outputs should be.
        data: the name of the data set.
        perturbed: what the reference gives from weights that differ by 1e-14.
    """

    run: Run
    arrays: "Arrays"
    expected: "Arrays"
    start: "Arrays" = field(default_factory=dict)
    answers: "tuple[np.ndarray, ...]" = ()
    gates: dict[str, float] = field(default_factory=dict)
    labels: "np.ndarray | None" = None
    data: str = ""
    perturbed: "Arrays" = field(default_factory=dict)


@dataclass(frozen=True)
class LevelVerdict:
    """What one level says of one variant at one precision.

    `error` is the worst relative error, of `tensor` after `run`, and None where nothing could be measured; `declared`
    is the cause of a known difference, `findings` are an experiment's.
    """

    level: str
    precision: str
    outcome: Outcome
    reason: str = ""
    error: float | None = None
    tensor: str = ""
    run: str = ""
    gate: float | None = None
    declared: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        return self.outcome == "ok" or (self.outcome == "mismatch" and bool(self.declared))


@dataclass(frozen=True)
class Measurement:
    """The error of one tensor after one run, and the gate that it is held against."""

    run: Run
    tensor: str
    error: float
    gate: float | None

    @property
    def beyond(self) -> bool:
        return self.gate is not None and self.error > self.gate


@dataclass(frozen=True)
class Repeat:
    """What one more comparison of the same variant said; the accuracy is None where it isn't proven."""

    outcome: Outcome
    accuracy: float | None


@dataclass(frozen=True)
class VariantVerdict:
    """A row of the table: everything that is said of one variant in one task.

    Args:
        depth: "quick" or "full".
        levels: the verdicts in order.
        scored_by: what the accuracy is: that of a network, or the name of its task's own score.
        accuracy: of the ordinary run, None where it isn't proven.
        history: the mean loss of each epoch of that run.
        curves: an experiment's, in float64 and without shuffling: by setting and name, a value for each epoch; and the
            `seconds` that the same took in float32, with shuffling, without the time in which the model was watched.
        proven: when the oldest of its evidence was made, in seconds since 1970; None where nothing was run.
        reused: whether all of its evidence is from earlier.
        seconds: what it took now.
        repeats: what every comparison said, this one first, where there were several.
    """

    recipe: str
    variant: str
    versions: dict[str, str]
    levels: tuple[LevelVerdict, ...]
    depth: str = "full"
    scored_by: str = ""
    accuracy: float | None = None
    history: tuple[float, ...] = ()
    curves: dict[str, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    proven: float | None = None
    reused: bool = False
    seconds: float = 0.0
    repeats: tuple[Repeat, ...] = ()

    @property
    def failure(self) -> LevelVerdict | None:
        """The first level that isn't passed."""
        return next((level for level in self.levels if not level.passed), None)

    @property
    def outcome(self) -> Outcome:
        return self.failure.outcome if self.failure else "ok"

    @property
    def reason(self) -> str:
        return self.failure.reason if self.failure else ""

    @property
    def absent(self) -> bool:
        return self.outcome in ABSENT

    @property
    def declared(self) -> bool:
        """Whether a known difference showed."""
        return any(level.declared for level in self.levels)

    def error(self, precision: str) -> float | None:
        """The worst error of all judged levels at a precision; None if nothing was measured.

        A known difference that can't be put in digits, such as the same order in each epoch, isn't an error's size.
        """
        errors = [
            level.error
            for level in self.levels
            if level.precision == precision and level.level != "accuracy" and level.gate is not None
            if level.error is not None and not (level.declared and math.isinf(level.error))
        ]
        return max(errors, default=None)


def relative_error(found: "np.ndarray", reference: "np.ndarray") -> float:
    """|found - reference| / |reference| in 2-norms, computed in float64; infinite where it isn't a number.

    Against a reference of zeros only zeros are right, and against infinity or NaN only the same at the same place.
    """
    import numpy as np

    if np.iscomplexobj(found) or np.iscomplexobj(reference):
        found, reference = (np.stack([np.real(array), np.imag(array)]) for array in (found, reference))
    found, reference = np.asarray(found, np.float64), np.asarray(reference, np.float64)
    odd = ~np.isfinite(reference)
    if odd.any():
        if not np.array_equal(found[odd], reference[odd], equal_nan=True):
            return math.inf
        found, reference = found[~odd], reference[~odd]
    if not reference.any():
        return math.inf if found.any() else 0.0
    with np.errstate(invalid="ignore"):  # infinity minus infinity: caught below
        error = float(np.linalg.norm(found - reference) / np.linalg.norm(reference))
    return error if math.isfinite(error) else math.inf


def measure(task: Task, level: Level, precision: str, held: Sequence[Held], declared: str = "") -> LevelVerdict:
    """Holds the runs of a level against the reference. That a sentence doesn't hold which is `declared` so is told only
    where nothing else is wrong."""

    def size(measurement: Measurement) -> float:
        return -1.0 if declared and measurement.tensor == HOLDS + declared else measurement.error

    for one in held:
        if fault := malformed(task, one, precision):
            return LevelVerdict(level.name, precision, *fault, run=one.run.name)
    if level.name == "accuracy":
        return judge_accuracy(task, held[0], precision)
    gate = level.gates[precision]
    measurements = [
        Measurement(one.run, tensor, error, gate_of(one, tensor, precision, gate))
        for one in held
        for tensor, error in MEASURES[level.name](one)
    ]
    if not measurements:
        return LevelVerdict(level.name, precision, "mismatch", "nothing was measured", gate=gate)
    beyond = [measurement for measurement in measurements if measurement.beyond]
    # A case with a gate of its own says nothing about how well the others agree.
    plain = [measurement for measurement in measurements if measurement.gate == gate]
    worst = max(beyond or plain or measurements, key=size)
    verdict = LevelVerdict(
        level.name, precision, "ok", error=worst.error, tensor=worst.tensor, run=worst.run.name, gate=gate
    )
    if not beyond:
        return verdict
    first = max((m for m in beyond if m.run is beyond[0].run), key=size)
    reason = f"{first.tensor} parts first, {first.run.describe()}: {first.error:.0e}, gate {first.gate:.0e}"
    if first.tensor.startswith(HOLDS):
        reason = f"this must hold, and doesn't: {first.tensor.removeprefix(HOLDS)}"
    return replace(verdict, outcome="mismatch", reason=reason)


# Of numbers that nobody chose. In up to 40 draws of 20 operations, in NumPy and PyTorch, the error came to 0.8 of a
# case's own gate; to 1.1 where a ReLU flips (2 of 238), and to 3.5 in float32 for the logarithm of what is almost 1.
OTHERWISE_TIMES = 10


def gate_of(held: Held, tensor: str, precision: str, gate: float | None) -> float | None:
    """The level's gate, or a case's own; a larger one for other arguments than the case's."""
    own = held.gates.get(precision, gate)
    return own * OTHERWISE_TIMES if own and tensor.endswith(OTHERWISE) else own


def triage(verdict: LevelVerdict, strict: LevelVerdict) -> LevelVerdict:
    """Says what a float32 verdict beyond its gate means, with the float64 verdict of the same level."""
    if strict.declared:
        why = f"beyond rounding in three draws, while float64 keeps to what is declared, {strict.error:.0e}"
        return replace(verdict, reason=f"{verdict.reason}; {why}")
    if strict.outcome == "mismatch":
        return replace(verdict, reason=f"{verdict.reason}; a fault, not rounding: in float64 {strict.reason}")
    if strict.outcome != "ok":
        return replace(verdict, reason=f"{verdict.reason}; float64 can't tell why: {strict.outcome}, {strict.reason}")
    why = f"float64 agrees to {strict.error:.0e}: the arithmetic is less precise than float32"
    return replace(verdict, reason=f"{verdict.reason}; {why}")


def settle(verdict: LevelVerdict, difference: KnownDifference | None, *, must_show: bool) -> LevelVerdict:
    """Takes a declared difference into account.

    Args:
        verdict: what was measured.
        difference: what is declared for this level, if anything.
        must_show: whether it is declared for this very recipe, so that an agreement is wrong too.
    """
    if difference and verdict.outcome == "nonfinite" and math.isinf(difference.ceilings[verdict.level]):
        return replace(verdict, outcome="mismatch", error=math.inf, declared=difference.cause)
    if difference is None or verdict.outcome not in ("ok", "mismatch"):
        return verdict
    if verdict.outcome == "ok":
        if not must_show:
            return verdict
        why = f"agrees, although a known difference is declared ({difference.cause}): take the declaration out"
        return replace(verdict, outcome="mismatch", reason=why)
    if difference.sentence and verdict.tensor != HOLDS + difference.sentence:
        return verdict
    ceiling = difference.ceilings[verdict.level]
    if verdict.error is None or verdict.error > ceiling:
        return replace(verdict, reason=f"{verdict.reason}; more than the declared difference explains, {ceiling:.0e}")
    return replace(verdict, declared=difference.cause)


def malformed(task: Task, held: Held, precision: str) -> tuple[Outcome, str] | None:
    """The outcome and reason if arrays are missing, or have a wrong shape or dtype, or hold what isn't a number."""
    import numpy as np

    given, wanted = ([name for name in arrays if not surrounds(name)] for arrays in (held.arrays, held.expected))
    if given != wanted:
        return "mismatch", f"gives {', '.join(given)}, expected {', '.join(wanted)}"
    for name in given:
        array, expected = held.arrays[name], held.expected[name]
        if name in ROWS and array.ndim < ROWS[name][0]:  # even if the reference's has too few as well
            return "mismatch", f"{name} has the shape {array.shape}, expected {ROWS[name][1]}"
        other_order = task.stops_early and held.run.ordinary  # which may stop after another epoch
        if array.shape != expected.shape and not (other_order and name == "history" and array.ndim == 1):
            return "mismatch", f"{name} has the shape {array.shape}, expected {expected.shape}"
        wanted = dtype_in(expected.dtype, precision)
        if name not in MEASURED and not np.issubdtype(array.dtype, wanted):
            return "mismatch", f"{name} comes in {array.dtype}, expected {wanted.__name__}"
        if np.isfinite(expected).all() and not np.isfinite(array).all():
            share = np.mean(~np.isfinite(array))
            return "nonfinite", f"{share:.0%} of {name} isn't a finite number"
    for number, answer in enumerate(held.answers):
        if (shape := held.arrays[f"result/{number}"].shape) != np.shape(answer):
            return "mismatch", f"{held.run.function} gives the shape {shape}, task.py expects {np.shape(answer)}"
    if task.kind == "network" and not held.run.setting:
        count = sum(array.size for name, array in held.arrays.items() if name.startswith("weights/"))
        if count != task.specification.PARAMETERS:
            return "mismatch", f"has {count:,} parameters, expected {task.specification.PARAMETERS:,}"
        for name, start in held.start.items():
            before = f"first/weights/{name}" if held.run.predict_first else f"weights/{name}"
            if (held.run.predict_first or not (held.run.steps or held.run.ordinary)) and not np.array_equal(
                held.arrays[before], start.astype(precision)
            ):
                return "mismatch", f"{name} changes on the way into the model and back"
    return None


MEASURED = ("history", "validation_loss", "accuracy", "training_accuracy", "parts")  # float64 in every run
ROWS = {  # the fewest dimensions, in words too
    "history": (1, "one number for each epoch"),
    "logits": (2, "a row of scores for each image"),
    "first/logits": (2, "a row of scores for each image"),
}


def surrounds(name: str) -> bool:
    """Whether an array is about what surrounds the arithmetic; the level `conduct` alone looks at those."""
    return name.startswith(("conduct/", "holds/"))


def dtype_in(reference: "np.dtype", precision: str) -> Any:
    """What the reference's dtype becomes in a precision: a whole number may have any number of bits."""
    import numpy as np

    if reference.kind in "iu":
        return np.integer
    if reference.kind == "c":
        return np.dtype({"float32": "complex64", "float64": "complex128"}[precision]).type
    return np.bool_ if reference.kind == "b" else np.dtype(precision).type


CHAOS = 1e-10  # to which a perturbation of 1e-14 may grow in a curve that can be compared to 1e-8
HOLDS = "holds: "  # before a sentence in place of a tensor
RAISED = "holds/what surrounds the training raises no error"  # how the sentence of an error begins
Errors = Iterator[tuple[str, float]]


def same_shapes(_: Held) -> Errors:
    """Shapes are judged before anything is measured; whoever comes here has them right."""
    yield "shapes", 0.0


def logits(held: Held) -> Errors:
    name = "first/logits" if held.run.predict_first else "logits"
    yield "logits", relative_error(held.arrays[name], held.expected[name])


def loss(held: Held) -> Errors:
    yield "loss", relative_error(held.arrays["history"], held.expected["history"])


def losses(held: Held) -> Errors:
    """Those of shuffled epochs too, where they are tried."""
    yield from loss(held)
    for tensor, error in conduct(held):
        if "loss" in tensor and not tensor.startswith(HOLDS):
            yield tensor, error


def displacement(held: Held) -> Errors:
    """How far each tensor has moved from the start; after a plain step that is minus its gradient."""
    import numpy as np

    for name, start in held.start.items():
        start = start.astype(np.float64)
        yield name, relative_error(held.arrays[f"weights/{name}"] - start, held.expected[f"weights/{name}"] - start)


def updates(held: Held) -> Errors:
    """Displacement, and the epochs' losses, which show how a short last batch is weighed."""
    yield from displacement(held)
    yield from loss(held)


def training(held: Held) -> Errors:
    """The same, and what the trained network says."""
    yield from updates(held)
    if held.run.predict:
        yield "logits after training", relative_error(held.arrays["logits"], held.expected["logits"])


def conduct(held: Held) -> Errors:
    """What surrounds the arithmetic: sentences that must hold, and whole losses and weights."""
    for name, array in held.arrays.items():
        if name.startswith("holds/"):
            yield HOLDS + name.removeprefix("holds/"), 0.0 if array == 1 else math.inf
    if any(name.startswith(RAISED) for name in held.arrays):
        return  # the error is what is wrong, and not that there are no numbers
    for name, expected in held.expected.items():
        if name.startswith("conduct/"):
            found = held.arrays.get(name)
            if found is None or found.shape != expected.shape:
                yield name.removeprefix("conduct/"), math.inf
            else:
                yield name.removeprefix("conduct/"), relative_error(found, expected)


def large(held: Held) -> Errors:
    """Everything after one plain step from large weights."""
    yield from logits(held)
    yield from updates(held)


def trajectory(held: Held) -> Errors:
    """Displacement, loss, and the share of the test images that are given another class."""
    import numpy as np

    yield from updates(held)
    yield from conduct(held)
    if held.expected["logits"].ndim != 2:
        return  # an output that has no classes
    other = held.arrays["logits"].argmax(axis=1) != held.expected["logits"].argmax(axis=1)
    yield "the class of a test image", float(np.mean(other))


def curves(held: Held) -> Errors:
    """Losses and accuracies after each epoch, unless a perturbation of 1e-14 grows: then they are chaotic."""
    found, expected, perturbed = map(experiment_curves, (held.arrays, held.expected, held.perturbed))
    if max(relative_error(perturbed[name], expected[name]) for name in expected) <= CHAOS:
        for name, curve in expected.items():
            yield CURVES[name], relative_error(found[name], curve)


def values(held: Held) -> Errors:
    """An operation's results against the task's exact answers, and against the reference's."""
    for number, answer in enumerate(held.answers):  # each output
        yield held.run.case, relative_error(held.arrays[f"result/{number}"], answer)
        yield held.run.case, relative_error(held.arrays[f"result/{number}"], held.expected[f"result/{number}"])
    yield from conduct(held)
    if not held.answers:  # the case expects an error, and whoever comes here has raised one
        yield held.run.case, 0.0


MEASURES = {
    "shapes": same_shapes,
    "logits": logits,
    "loss": losses,
    "gradients": displacement,
    "updates": updates,
    "training": training,
    "conduct": conduct,
    "range": large,
    "trajectory": trajectory,
    "prefix": updates,
    "curve": curves,
    "curves": curves,
    "values": values,
}


def judge_findings(found: Sequence[Finding], precision: str, data: str) -> LevelVerdict:
    """What an experiment says. The least values are stated for MNIST; of other data what was found is only told."""
    verdict = LevelVerdict("findings", precision, "ok", findings=tuple(found))
    wrong = [finding for finding in found if not finding.holds]
    if not wrong or data != "mnist":
        return verdict
    reason = "; ".join(f"{one.sentence}: {one.value:.3g}, at least {one.least:g} expected" for one in wrong)
    return replace(verdict, outcome="mismatch", reason=f"doesn't hold: {reason}")


ORDINARY_GATE = 1e-4  # of what doesn't depend on the order of the images, float32 against float32
# How far the mean loss of an ordinary run's epochs may lie from the reference's, as a share of that. Ten orders of the
# images each left the first epoch of mlp 3% apart and of softmax_regression 10%; with half of the images it is 33% and
# more for mlp. On 1,437 digits the first epochs of softmax_regression are 28% apart, the mean of all 7%.
LOSS_MARGIN = 0.25
# A short ordinary run ends further from the reference's than a whole one: 100 steps, 2,000 images.
SHORT_MARGIN = 0.05


def judge_accuracy(task: Task, held: Held, precision: str) -> LevelVerdict:
    """An ordinary run: what `evaluate` says is true, over the task's floor, and near the reference."""
    assert held.labels is not None
    score, count = score_of(task.specification), len(held.labels)
    accuracy, reference = float(held.arrays["accuracy"]), float(held.expected["accuracy"])
    verdict = LevelVerdict(
        "accuracy", precision, "ok", error=abs(accuracy - reference), tensor=score.name, run=held.run.name
    )
    for tensor, error in conduct(held):
        if error > ORDINARY_GATE:
            reason = f"{tensor} parts: {error:.0e}, gate {ORDINARY_GATE:.0e}"
            if tensor.startswith(HOLDS):
                reason = f"this must hold, and doesn't: {tensor.removeprefix(HOLDS)}"
            return replace(verdict, outcome="mismatch", reason=reason)
    counted = score.function(held.arrays["logits"], held.labels)
    # A hundredth of an image, a count divided by a count, in float32 at worst; or of the margin.
    near = 0.01 / count if score.name == "accuracy" else score.margin / 100
    if not abs(accuracy - counted) <= near:
        reason = f"evaluate says {accuracy:.4f}, its own predictions of all {count:,} images say {counted:.4f}"
        return replace(verdict, outcome="mismatch", reason=reason)
    limits = score.short_limits if held.run.short else score.limits
    limit = limits.get(held.data)
    if limit is not None and score.missed(accuracy, limit):
        side = "below the task's floor of" if score.best == "highest" else "above the task's limit of"
        return replace(verdict, outcome="accuracy_fail", reason=f"{accuracy:.4f} is {side} {limit}")
    margin = score.short_margin if held.run.short else score.margin
    if score.name == "accuracy" and not held.run.short:
        margin *= math.sqrt(10_000 / count)  # it is stated for that many images; the fewer, the more each one counts
    if abs(accuracy - reference) > margin:
        reason = f"{accuracy:.4f} is more than {margin:.4f} away from the reference's {reference:.4f}"
        return replace(verdict, outcome="accuracy_fail", reason=reason)
    both = min(len(held.arrays["history"]), len(held.expected["history"]))  # who stops early has fewer epochs
    loss, reference = (float(arrays["history"][:both].mean()) for arrays in (held.arrays, held.expected))
    if abs(loss - reference) > LOSS_MARGIN * reference:
        told = f"the epochs' mean loss is {loss:.4f}"
        reason = f"{told}, more than {LOSS_MARGIN:.0%} away from the reference's {reference:.4f}"
        return replace(verdict, outcome="mismatch", reason=reason)
    return verdict
