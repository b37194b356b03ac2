"""The measurements of `concord bench`: rounds of fresh processes that take turns.

In a round each variant has a fresh process, and the control, one of them a second time, has another. All of them live
side by side and take turns of a few seconds, forwards and then backwards: whatever disturbs the machine for a while
disturbs all alike, and how far the control lies apart from itself is what a difference must exceed to mean anything.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, median_low
from typing import Any

from concord.cost.statistics import sound
from concord.judge import ladder
from concord.judge.ladder import Run
from concord.judge.prove import hold_all, in_light_of_known, prove
from concord.project.files import write_json
from concord.project.framework import REFERENCE, Variant
from concord.project.task import Task
from concord.report import results as report
from concord.report.results import code_sha256
from concord.run import plan as runs
from concord.run.evidence import Collector, Evidence
from concord.run.pool import Workers
from concord.run.process import Answer

CLOCKS_APART = 0.1  # seconds, and as a share of what is timed, that two clocks may lie apart
LOGITS_AFTER = 100  # images that are predicted after a training that is timed
UNEVEN = 2.5  # times what its steps say an epoch may take; one of Keras's on TensorFlow took twice as long


@dataclass(frozen=True)
class Plan:
    """How much is measured in each process."""

    rounds: int
    short: int  # steps
    long: int  # steps, at least
    seconds: int  # that the long run takes longer than the short one, if there are images enough
    turns: int  # of a short and a long run
    predictions: int  # of a single image
    epochs: int  # rounds in which each process also trains through all images
    proof: tuple[str, ...]  # the precisions


FULL = Plan(rounds=5, short=5, long=25, seconds=2, turns=5, predictions=200, epochs=3, proof=("float32", "float64"))
QUICK = Plan(rounds=1, short=3, long=13, seconds=0, turns=3, predictions=30, epochs=0, proof=("float32",))

Work = list[tuple[str, Callable[[], None]]]


class FailedError(Exception):
    """A measurement that came to nothing; `outcome` is one of the closed set."""

    def __init__(self, outcome: str, reason: str):
        super().__init__(reason)
        self.outcome = outcome


@dataclass(frozen=True)
class Turn:
    """A long training and a short one."""

    step: float  # seconds of a steady step
    short: float  # seconds of the short one
    evidence: Evidence  # of the long one


@dataclass
class Entrant:
    """One fresh process of a round, and what was measured in it so far."""

    variant: Variant
    workers: Workers
    run: dict[str, Any]
    control: bool = False
    turns: list[Turn] = field(default_factory=list)
    long: int = 0

    @property
    def name(self) -> str:
        return f"{self.variant.id} again" if self.control else self.variant.id

    def attempt(self, measure: Callable[["Entrant"], None]) -> None:
        """What fails is told in the run, and costs this process alone; after that it is asked for nothing more."""
        if self.run["outcome"] == "ok":
            try:
                measure(self)
            except FailedError as error:
                self.run |= {"outcome": error.outcome, "reason": str(error)}


class Bench:
    """The measurements of one invocation; what they give goes into the document."""

    def __init__(self, collector: Collector, task: Task, document: dict[str, Any], file: Path, plan: Plan):
        self.collector = collector
        self.task = task
        self.document = document
        self.file = file
        self.plan = plan
        self.control_workers = Workers(collector.folder / "control", device=collector.device, most_held=math.inf)

    def save(self) -> None:
        self.document["created"] = report.now()
        write_json(self.file, self.document)

    def close(self) -> None:
        self.control_workers.close()

    def work(self, variants: list[Variant]) -> Work:
        """What isn't in the document yet, round after round."""
        control = self._control(variants)
        return [part for number in range(self.plan.rounds) for part in self.round(number, variants, control)]

    def round(self, number: int, variants: list[Variant], control: Variant | None) -> Work:
        """One round of all that have none of this number yet."""

        def missing(row: dict[str, Any] | None) -> bool:
            return not row or all(run["round"] != number for run in row["rounds"])

        # The reference ends its round first: the proof of the others asks it for its own results.
        first = sorted(variants, key=lambda variant: variant.id != REFERENCE)
        entrants = [
            Entrant(variant, self.collector.workers, {"round": number, "outcome": "ok", "reason": ""})
            for variant in first
            if missing(self.document["variants"].get(variant.id))
        ]
        if control and missing(self.document["control"]):
            run = {"round": number, "outcome": "ok", "reason": ""}
            entrants.append(Entrant(control, self.control_workers, run, control=True))
        if not entrants:
            return []
        title, turns = f"round {number + 1} of {self.plan.rounds}", self.plan.turns
        return [
            *((f"{title}: {entrant.name} starts", partial(self.begin, entrant)) for entrant in entrants),
            *((f"{title}: turn {t + 1} of {turns}", partial(self.turn, entrants[:: (-1) ** t])) for t in range(turns)),
            *((f"{title}: {entrant.name} predicts", partial(self.finish, entrant)) for entrant in entrants),
        ]

    def begin(self, entrant: Entrant) -> None:
        """Import, first step, and how long the turns are to be."""
        variant, run = entrant.variant, entrant.run
        entrant.workers.close_one(variant, "float32")
        if self.document["variants"].get(variant.id, {}).get("unproven"):
            run |= {"outcome": "mismatch", "reason": "unproven"}
        elif self.collector.device == "gpu" and variant.no_gpu:
            run |= {"outcome": "unsupported", "reason": variant.no_gpu}
        entrant.attempt(self.first_step)

    def first_step(self, entrant: Entrant) -> None:
        first = self.train(entrant, 1)
        entrant.run["import_seconds"] = first.import_seconds
        entrant.run["start_seconds"] = first.seconds["variables"]
        entrant.run["first_step_seconds"] = first.seconds["train"]
        self.judge(entrant, first, "trajectory")
        entrant.long = self.long_run(entrant)

    def turn(self, entrants: list[Entrant]) -> None:
        """A steady step of each, one after the other."""
        for entrant in entrants:
            entrant.attempt(lambda entrant: entrant.turns.append(self.step(entrant, entrant.long)))

    def finish(self, entrant: Entrant) -> None:
        """The steady step, predictions, an epoch and memory. The first round's process goes on with the proof, which
        saves an import; without a proof the figures go."""
        variant, rows = entrant.variant, self.document["variants"]
        entrant.attempt(self.steady)
        if not entrant.control:
            entrant.attempt(self.predict_and_learn)
            if variant.id not in rows:
                rows[variant.id] = self.proven(variant)
        if not rows[variant.id]["unproven"]:
            if entrant.control:
                self.document["control"] = self.document["control"] or {"variant": variant.id, "rounds": []}
            row = self.document["control"] if entrant.control else rows[variant.id]
            row["rounds"].append(entrant.run)
        entrant.workers.close_one(variant, "float32")

    def steady(self, entrant: Entrant) -> None:
        """The median of the turns: one of PyTorch's processes took eight times as long in two of its five. The training
        that it is taken from is judged."""
        turn = self.median_turn(entrant)
        self.judge(entrant, turn.evidence, "trajectory")
        if turn.step <= 0:
            raise FailedError("error", "a long run took no longer than a short one: its steps are too short to measure")
        entrant.run |= {"steady_seconds": turn.step, "turns": [turn.step for turn in entrant.turns]}

    def median_turn(self, entrant: Entrant) -> Turn:
        middle = median_low(turn.step for turn in entrant.turns)
        return next(turn for turn in entrant.turns if turn.step == middle)

    def predict_and_learn(self, entrant: Entrant) -> None:
        """An epoch, in the plan's first rounds; predictions of one image and of 1,000; the most memory by then."""
        run, images = entrant.run, min(self.task.specification.TRAIN_IMAGES, self.images())
        if with_epoch := run["round"] < self.plan.epochs:
            steps = -(-images // self.document["batch_size"])
            run["epoch_seconds"] = self.train(entrant, steps).seconds["train"]
            turn = self.median_turn(entrant)
            check_even(run["epoch_seconds"], turn.short + (steps - self.plan.short) * turn.step)
        counts = {"single": (1, self.plan.predictions, 5), "thousand": (1000, 3, 1)}
        for name, (count, repeats, warm_up) in counts.items():
            asked = {"kind": "latency", "at_once": count, "warm_up": warm_up}
            predicting = Run(name, "unseen", predict=count * (warm_up + repeats))
            evidence, fields = self.ask(entrant, predicting, **asked)
            self.judge(entrant, evidence, "logits")
            run[f"{name}_seconds"] = median(fields["latencies"])
            if with_epoch or not self.plan.epochs:  # what an epoch's images take belongs to it
                found = {name: fields.get(name) for name in ("peak_memory", "peak_device_memory")}
                run |= {name: value for name, value in found.items() if value is not None}

    def step(self, entrant: Entrant, long: int) -> Turn:
        """A step that neither compiles nor starts anything: a long run minus a short one."""
        evidence = self.train(entrant, long)
        more, less = (found.seconds["train"] for found in (evidence, self.train(entrant, self.plan.short)))
        return Turn((more - less) / (long - self.plan.short), less, evidence)

    def train(self, entrant: Entrant, steps: int) -> Evidence:
        """A training like those that the ladder judges, and drawn like them, so that no time is of an answer known
        before; with the task's own batch size."""
        facts = {"batch": self.document["batch_size"], "drawn": True, "predict": LOGITS_AFTER}
        return self.ask(entrant, Run(f"steps_{steps}", "unseen", steps=steps, **facts))[0]

    def long_run(self, entrant: Entrant) -> int:
        """How many steps the long run takes: so many that it lasts the plan's seconds longer than the short one.
        Where a framework compiles in each run, that drowns how the compilations differ. Both lengths have been run
        afterwards, in case a framework compiles for each. Earlier rounds save trying lengths."""
        plan, long = self.plan, self.plan.long
        most = max(long, self.images() // self.document["batch_size"])

        def wanted(step: float) -> int:
            return plan.short + math.ceil(plan.seconds / step) if step > 0 else most

        earlier = sound(self.document["variants"].get(entrant.variant.id, {"rounds": []}))
        if earlier:
            long = min(max(long, wanted(median(run["steady_seconds"] for run in earlier))), most)
        self.step(entrant, long)
        while plan.seconds and not earlier:
            longer = min(wanted(self.step(entrant, long).step), 4 * long, most)  # of few steps the estimate is rough
            if longer <= 1.25 * long:
                break
            long = longer
        return long

    def proven(self, variant: Variant) -> dict[str, Any]:
        """A variant's row without rounds yet, held to the ladder: without this there is no number."""
        row = prove(self.collector, self.task, variant, self.plan.proof)
        failure = row.failure
        reason = f"{failure.outcome}: {failure.precision} {failure.level}: {failure.reason}" if failure else ""
        for precision in self.plan.proof:
            self.collector.workers.close_one(variant, precision)
        if variant.id in self.collector.tf32:
            self.document["environment"]["device"]["tf32"][variant.id] = self.collector.tf32[variant.id]
        return {
            "framework": variant.framework,
            "versions": variant.versions(),
            "recipe_sha256": code_sha256(self.task.recipes[variant.framework]),
            "hides": list(variant.hides),
            "unproven": reason,
            "installed_bytes": installed_bytes(variant),
            "rounds": [],
        }

    def ask(self, entrant: Entrant, asked: Run, **job: Any) -> tuple[Evidence, dict[str, Any]]:
        """One job of the entrant's process; gives the fields of its answer, too.

        Raises:
            FailedError: it didn't work out, or its clock isn't right.
        """
        run, variant = runs.drawn(asked, int.from_bytes(os.urandom(6), "big")), entrant.variant
        entrant.workers.folder.mkdir(parents=True, exist_ok=True)
        results = entrant.workers.folder / f"{variant.id}-{run.name}-{len(entrant.turns)}.npz"
        job |= {"results": str(results)}
        started, answer = entrant.workers.run(variant, "float32", self.collector.job(self.task, variant, run) | job)
        self.collector.forget(self.task, run)
        if answer.outcome != "ok":
            raise FailedError(answer.outcome, answer.reason)
        check_clock(answer)
        facts = {"seconds": answer.fields["seconds"], "import_seconds": started.fields["import_seconds"]}
        return Evidence(self.task.name, variant.id, "float32", run, "ok", path=results, **facts), answer.fields

    def judge(self, entrant: Entrant, evidence: Evidence, name: str) -> None:
        """Holds what a run gave that was timed against the reference, as a level of the ladder does.

        Raises:
            FailedError: it isn't right.
        """
        task, variant = self.task, entrant.variant
        level = next(level for level in ladder.levels(task, "quick") if level.name == name)
        found = hold_all(self.collector, task, variant, level, "float32", [evidence])
        self.collector.forget(task, evidence.run)
        verdict = in_light_of_known(variant, task, found)
        if not verdict.passed:
            raise FailedError(verdict.outcome, f"what was timed isn't right: {verdict.reason}")

    def images(self) -> int:
        return len(self.collector.images_of(self.task).dataset.train_images)

    def _control(self, variants: list[Variant]) -> Variant | None:
        """The variant that is measured twice: the one that already is, else the first."""
        known = self.document["control"]
        if self.collector.device == "gpu":
            variants = [variant for variant in variants if not variant.no_gpu]
        named = [variant for variant in variants if known and variant.id == known["variant"]]
        return next(iter(named or ([] if known else variants)), None)


def check_clock(answer: Answer) -> None:
    """Holds what a worker says that it took against this process's own clock.

    Raises:
        FailedError: they lie apart.
    """
    ends = zip(answer.ticks[::2], answer.ticks[1::2], strict=True)
    for (what, told), (begin, end) in zip(answer.fields["seconds"].items(), ends, strict=True):
        if abs(end - begin - told) > CLOCKS_APART * (1 + end - begin):
            reason = f"its clock is wrong: by it, `{what}` took {told:.3f} s, and by another {end - begin:.3f} s"
            raise FailedError("error", reason)


def check_even(epoch: float, expected: float) -> None:
    """Steps must take as long in an epoch as in the turns.

    Raises:
        FailedError: they don't.
    """
    if not expected / UNEVEN < epoch < expected * UNEVEN:
        reason = f"its times don't fit: an epoch took {epoch:.3f} s, and by its steps it would be {expected:.3f} s"
        raise FailedError("error", reason)


def installed_bytes(variant: Variant) -> int | None:
    """What the variant's distributions and everything they need take on disk."""
    if variant.own:
        from concord.run.environments import size_on_disk

        return size_on_disk(variant.own.folder) or None
    from concord.run.distributions import closure_bytes

    return closure_bytes(variant.distributions)
