"""The measurements of `concord bench`: rounds of fresh processes that take turns.

In a round each variant has a fresh process, and the control, one of them a second time, has another. All of them live
side by side and take turns of a few seconds, forwards and then backwards: whatever disturbs the machine for a while
disturbs all alike, and how far the control lies apart from itself is what a difference must exceed to mean anything.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from concord.cost.statistics import sound
from concord.judge.ladder import Run
from concord.judge.prove import prove
from concord.project.files import write_json
from concord.project.framework import REFERENCE, Variant
from concord.project.task import Task
from concord.report import results as report
from concord.report.results import code_sha256
from concord.run.evidence import Collector
from concord.run.pool import Workers
from concord.run.process import Answer

CLOCKS_APART = 0.1  # seconds, and as a share of a job, that may pass outside a worker


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


@dataclass
class Entrant:
    """One fresh process of a round, and what was measured in it so far."""

    variant: Variant
    workers: Workers
    run: dict[str, Any]
    control: bool = False
    turns: list[float] = field(default_factory=list)  # seconds of a steady step
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
        started, fields = self.ask(entrant, Run("first", steps=1))
        entrant.run["import_seconds"] = started["import_seconds"]
        entrant.run["start_seconds"] = fields["seconds"]["variables"]
        entrant.run["first_step_seconds"] = fields["seconds"]["train"]
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
        """The median of the turns: one of PyTorch's processes took eight times as long in two of its five."""
        step = median(entrant.turns)
        if step <= 0:
            raise FailedError("error", "a long run took no longer than a short one: its steps are too short to measure")
        entrant.run |= {"steady_seconds": step, "turns": entrant.turns}

    def predict_and_learn(self, entrant: Entrant) -> None:
        """An epoch, in the plan's first rounds; predictions of one image and of 1,000; the most memory by then."""
        run, images = entrant.run, min(self.task.specification.TRAIN_IMAGES, self.images())
        if with_epoch := run["round"] < self.plan.epochs:
            _, epoch = self.ask(entrant, Run("epoch", steps=-(-images // self.document["batch_size"])))
            run["epoch_seconds"] = epoch["seconds"]["train"]
        counts = {"single": (1, self.plan.predictions, 5), "thousand": (1000, 3, 1)}
        for name, (count, repeats, warm_up) in counts.items():
            asked = {"kind": "latency", "repeats": repeats, "warm_up": warm_up}
            _, fields = self.ask(entrant, Run(name, predict=count), **asked)
            run[f"{name}_seconds"] = median(fields["latencies"])
            if with_epoch or not self.plan.epochs:  # what an epoch's images take belongs to it
                found = {name: fields.get(name) for name in ("peak_memory", "peak_device_memory")}
                run |= {name: value for name, value in found.items() if value is not None}

    def step(self, entrant: Entrant, long: int) -> float:
        """Seconds of a step that neither compiles nor starts anything: a long run minus a short one."""
        more, less = (
            self.ask(entrant, Run("steady", steps=steps))[1]["seconds"]["train"] for steps in (long, self.plan.short)
        )
        return (more - less) / (long - self.plan.short)

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
            longer = min(wanted(self.step(entrant, long)), 4 * long, most)  # of few steps the estimate is rough
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

    def ask(self, entrant: Entrant, run: Run, **job: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """One job of the entrant's process; gives the fields of its start and of its answer.

        Raises:
            FailedError: it didn't work out, or its clock isn't right.
        """
        entrant.workers.folder.mkdir(parents=True, exist_ok=True)
        results = {"results": str(entrant.workers.folder / "bench.npz")}
        asked = self.collector.job(self.task, entrant.variant, run) | results | job
        started, answer = entrant.workers.run(entrant.variant, "float32", asked)
        if answer.outcome != "ok":
            raise FailedError(answer.outcome, answer.reason)
        check_clock(answer)
        return started.fields, answer.fields

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
    """Holds what a worker says that it took against this process's own clock around the job.

    Raises:
        FailedError: it says more than has passed, or its clock left out much of it.
    """
    around = answer.seconds
    told = sum(answer.fields.get("seconds", {}).values()) + sum(answer.fields.get("latencies", ()))
    if around is None:
        return
    if told > around:
        raise FailedError("error", f"its clock is wrong: it took {told:.3f} s of a job that lasted {around:.3f} s")
    if around - answer.fields["job_seconds"] > CLOCKS_APART * (1 + around):
        took = answer.fields["job_seconds"]
        raise FailedError("error", f"its clock is wrong: by it, a job of {around:.3f} s lasted {took:.3f} s")


def installed_bytes(variant: Variant) -> int | None:
    """What the variant's distributions and everything they need take on disk."""
    if variant.own:
        from concord.run.environments import size_on_disk

        return size_on_disk(variant.own.folder) or None
    from concord.run.distributions import closure_bytes

    return closure_bytes(variant.distributions)
