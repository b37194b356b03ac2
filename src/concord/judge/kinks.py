"""The kink ledger: what lies where ReLU and max-pooling bend, and at which bends two runs went different ways.

A network of ReLUs and maxima is smooth but for its kinks: inputs of a ReLU at 0, and ties for a window's maximum. At a
kink the frameworks' gradients may rightly differ. Near one, a rounding error of 1e-8 decides which way the gradient
goes; that is how a float32 run parts from the reference. A task may say what its ReLUs are given (`kinks` in its
task.py). Here it is counted, with the weights that the runs left behind and the images of the next step; NumPy
evaluates both sides, so that only the weights and the precision differ.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from concord.judge.ladder import NETWORK_RUNS, Run
from concord.judge.verdict import VariantVerdict, displacement
from concord.project.errors import UserError
from concord.project.framework import Variant
from concord.project.task import Task
from concord.run.evidence import Collector, Evidence

if TYPE_CHECKING:
    import numpy as np

    from concord.data.datasets import Dataset

    Arrays = dict[str, np.ndarray]

CHUNK = 16  # images at once: what they are turned into stays small

# The error of the displacement beyond which a float32 run has parted. Rounding alone gives at most 1.3e-5 (mnist_cnn,
# any variant: after one step, when the weights have moved least). A run that parts comes to 1e-2 within 200 steps.
PARTED = 3e-5
# Until then the error falls as the weights move on, or wavers by 3%; the least of the first flips raised it by 24%.
RISEN = 1.1
PARTING_RUNS = 8  # at most, to find the step: halving what lies between 50 and 200

# By level, the runs that start from the task's own weights and go straight on; their weights are shown the next batch.
RUNS = {"logits": ("initial",), "updates": ("steps_2", "steps_3", "steps_10"), "trajectory": ("steps_50", "steps_200")}
STRAIGHT = {NETWORK_RUNS[name].steps: NETWORK_RUNS[name] for names in RUNS.values() for name in names}


@dataclass(frozen=True)
class Kinks:
    """What a network meets in the step after a run, and where it parts from the reference.

    Args:
        run: the run that left the weights behind.
        inputs: of ReLUs, all layers and images of the batch together; those that pooling leaves out don't count.
        zeros: inputs that are exactly 0.
        windows: of pooling.
        ties: windows whose maximum, if it isn't below 0, is shared by several pixels.
        relu_flips: ReLUs, or windows of them, that let something through with one's weights and not with the other's.
        pooling_flips: windows that let another pixel through.
    """

    run: str
    inputs: int
    zeros: int
    windows: int
    ties: int
    relu_flips: int
    pooling_flips: int

    @property
    def flips(self) -> int:
        return self.relu_flips + self.pooling_flips


@dataclass(frozen=True)
class Flip:
    """One kink on whose two sides a run and the reference are.

    `image` counts from the first training image, `place` from 0: the unit, or row, column and channel. `found` and
    `expected` lie on two sides of 0: the ReLU's input, or by how much the one pixel leads the other.
    """

    layer: str
    kind: str  # "ReLU" or "maximum"
    image: int
    place: tuple[int, ...]
    found: float
    expected: float

    def describe(self) -> str:
        names = {1: ("unit",), 3: ("row", "column", "channel")}.get(len(self.place), ("place",) * len(self.place))
        where = ", ".join(f"{name} {index}" for name, index in zip(names, self.place, strict=True))
        what = "input" if self.kind == "ReLU" else "lead"
        return f"image {self.image}, {where}, {what} {self.found:.1e}, reference {self.expected:.1e}"


@dataclass(frozen=True)
class Parting:
    """The step in which a float32 run parts from the reference, counted from 1, and the first of the kinks.

    `flips` counts all that flip in this step; with none, NumPy's arithmetic doesn't show any, and `flip` is None.
    `before` and `after` are the errors of the displacement around the step.
    """

    step: int
    before: float
    after: float
    flips: int
    flip: Flip | None

    def describe(self) -> str:
        what = "no kink flips in NumPy's arithmetic"
        if self.flip:
            more = f" and {self.flips - 1:,} more" if self.flips > 1 else ""
            what = f"one {self.flip.kind} of {self.flip.layer} flips ({self.flip.describe()}){more}"
        return f"parts at step {self.step}: {what}; the error rises from {self.before:.1e} to {self.after:.1e}"


class Ledger:
    """The kinks of one variant at one precision, beside the reference's; each step is looked at once."""

    def __init__(self, collector: Collector, task: Task, variant: Variant, precision: str):
        self.collector, self.task, self.variant, self.precision = collector, task, variant, precision
        self._pages: dict[int, tuple[Kinks, Flip | None]] = {}

    def page(self, steps: int) -> tuple[Kinks, Flip | None]:
        """What the batch after some steps meets, and its first flip."""
        if steps not in self._pages:
            run, found, expected = self._runs(steps)
            weights = [
                {name.removeprefix("weights/"): array for name, array in arrays.items() if name.startswith("weights/")}
                for arrays in (found.arrays(), expected.arrays())
            ]
            self._pages[steps] = compare(self.task, self.collector.dataset, run.name, steps, *weights)
        return self._pages[steps]

    def error(self, steps: int) -> float:
        """Of the displacement after some steps, the worst tensor's."""
        run, found, expected = self._runs(steps)
        return max(
            error for _, error in displacement(self.collector, self.task, run, found.arrays(), expected.arrays())
        )

    def parting(self) -> Parting | None:
        """Where a float32 run parts from the reference; None too if one of the runs that this takes fails."""
        try:
            errors = {steps: self.error(steps) for steps in STRAIGHT if steps}
            return find_parting(errors, self.error, self.page)
        except FailedRunError:
            return None

    def _runs(self, steps: int) -> tuple[Run, Evidence, Evidence]:
        run = STRAIGHT.get(steps) or Run(f"steps_{steps}", steps=steps)
        found = self.collector.collect(self.task, self.variant, self.precision, run)
        expected = self.collector.reference(self.task, "float64", run)
        for evidence in (found, expected):
            if evidence.outcome != "ok":
                raise FailedRunError(evidence.reason)
        return run, found, expected


class FailedRunError(Exception):
    """A run that left no weights behind."""


def with_kinks(collector: Collector, task: Task, variant: Variant, row: VariantVerdict) -> VariantVerdict:
    """The row with the kink ledger, if the task says what its ReLUs are given.

    A precision whose levels were not all measured has none. The step of parting is looked for in float32, and only if
    everything that is judged agrees: a fault or a known difference needs no kink to part.
    """
    if not hasattr(task.specification, "kinks"):
        return row
    levels = []
    for precision in dict.fromkeys(level.precision for level in row.levels):
        verdicts = [level for level in row.levels if level.precision == precision]
        if any(verdict.error is None for verdict in verdicts):
            levels += verdicts
            continue
        ledger = Ledger(collector, task, variant, precision)
        agreed = all(
            verdict.outcome == "ok" and not verdict.declared for verdict in verdicts if verdict.gate is not None
        )
        parting = ledger.parting() if precision == "float32" and agreed else None
        for verdict in verdicts:
            runs = [NETWORK_RUNS[name] for name in RUNS.get(verdict.level, ())]
            pages = tuple(ledger.page(run.steps)[0] for run in runs)
            here = parting if parting and runs and runs[-1].steps >= parting.step else None
            parting = None if here else parting  # told once, by the level that reaches so far
            levels.append(replace(verdict, kinks=pages, parting=here))
        collector.workers.close_one(variant, precision)
    return replace(row, levels=tuple(levels))


def compare(
    task: Task, dataset: "Dataset", run: str, steps: int, weights: "Arrays", reference: "Arrays"
) -> tuple[Kinks, Flip | None]:
    """Shows the batch that follows after some steps to the network with both weights, each in its own dtype.

    Gives the counts, and the first flip: of the first layer that has any.

    Raises:
        UserError: the task's `kinks` fails or gives something else than it should.
    """
    counts, first = [0] * 6, {}
    batch = task.specification.HYPERPARAMETERS["batch_size"]
    for number, images in chunks(dataset, steps * batch, batch):
        found, expected = inputs(task, weights, images), inputs(task, reference, images)
        for layer, values in found.items():
            part, flip = compare_layer(layer, values, expected[layer], number)
            counts = [total + count for total, count in zip(counts, part, strict=True)]
            first[layer] = first.get(layer) or flip
    return Kinks(run, *counts), next(filter(None, first.values()), None)


def compare_layer(
    layer: str, found: "np.ndarray", expected: "np.ndarray", number: int = 0
) -> tuple[tuple[int, ...], Flip | None]:
    """Counts as in `Kinks`, and the first flip of one layer (pixels, N, ...), whose first image has this number."""
    import numpy as np

    best = found.max(axis=0)
    tied = ((found == best).sum(axis=0) > 1) & (best >= 0)  # never with one pixel
    windows = best.size if len(found) > 1 else 0
    one, two = routes(found), routes(expected)
    flipped = one != two
    relu = flipped & ((one == 0) | (two == 0))
    counts = tuple(map(int, (found.size, (found == 0).sum(), windows, tied.sum(), relu.sum(), (flipped & ~relu).sum())))
    if not flipped.any():
        return counts, None
    index = tuple(int(i) for i in np.argwhere(flipped)[0])
    ours, theirs = (windows[(slice(None), *index)].tolist() for windows in (found, expected))
    if relu[index]:
        kind, values = "ReLU", (max(ours), max(theirs))
    else:
        winner, other = one[index] - 1, two[index] - 1
        kind, values = "maximum", (ours[winner] - ours[other], theirs[winner] - theirs[other])
    return counts, Flip(layer, kind, number + index[0], index[1:], *values)


def routes(windows: "np.ndarray") -> "np.ndarray":
    """Which pixel of each window gets through to the next layer, counted from 1; 0 where none is above 0."""
    import numpy as np

    best, route = windows[0], np.ones(windows.shape[1:], np.int8)
    for number, pixel in enumerate(windows[1:], 2):  # of several equal ones the first; faster than argmax
        route[pixel > best] = number
        best = np.maximum(best, pixel)
    return np.where(best > 0, route, 0)


def inputs(task: Task, weights: "Arrays", images: "np.ndarray") -> "Arrays":
    """The task's `kinks` at these weights, in their dtype."""
    import numpy as np

    here = f"{task.folder / 'task.py'}: kinks()"
    dtype = next(iter(weights.values())).dtype
    try:
        layers = task.specification.kinks(weights, images.astype(dtype))
    except Exception as error:
        raise UserError(f"{here} fails: {type(error).__name__}: {error}") from None
    for layer, values in layers.items():
        if not isinstance(values, np.ndarray) or values.shape[1:2] != images.shape[:1] or values.dtype != dtype:
            what = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
            raise UserError(f"{here}: {layer!r} is {what}, expected {dtype} (pixels, {len(images)}, ...).")
    return layers


def chunks(dataset: "Dataset", start: int, count: int) -> "Iterator[tuple[int, np.ndarray]]":
    """Training images from 0 to 1, as the workers read them, with the number of the first one."""
    import numpy as np

    pixels = dataset.train_images
    for first in range(start, start + count, CHUNK):
        picked = np.arange(first, min(first + CHUNK, start + count)) % len(pixels)
        yield int(picked[0]), pixels[picked][..., np.newaxis] / np.float32(255)


def find_parting(
    errors: dict[int, float],
    error_after: Callable[[int], float],
    page: Callable[[int], tuple[Kinks, Flip | None]],
) -> Parting | None:
    """The step in which a run parts from the reference: the first that raises the error; None if it doesn't part.

    Halving finds it, which costs PARTING_RUNS runs at most.

    Args:
        errors: of the displacement, by the number of steps, as far as it is known.
        error_after: measures it after another number of steps, which costs a run.
        page: what the batch after some steps meets, which needs the run of so many steps.
    """
    if max(errors.values()) <= PARTED:
        return None
    errors = {0: PARTED / RISEN} | errors  # nothing has moved yet

    def risen(steps: int, before: int) -> bool:
        return errors[steps] > RISEN * errors[before]

    pairs = list(pairwise(sorted(errors)))
    pairs = pairs[: 1 + next(number for number, (_, steps) in enumerate(pairs) if errors[steps] > PARTED)]
    before, parted = pairs.pop()
    while pairs and risen(pairs[-1][1], pairs[-1][0]):
        before, parted = pairs.pop()
    while parted - before > 1:
        middle = (before + parted) // 2
        errors[middle] = error_after(middle)
        if risen(middle, before):
            parted = middle
        else:
            before = middle
    kinks, flip = page(before)
    return Parting(parted, errors[before] if before else 0.0, errors[parted], kinks.flips, flip)
