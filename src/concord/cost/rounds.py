"""The measurements of `concord bench`: rounds of fresh processes that take turns, and sweeps.

In a round each variant has a fresh process, and the control, one of them a second time, has another. All of them live
side by side and take turns of a few seconds, forwards and then backwards: whatever disturbs the machine for a while
disturbs all alike, and how far the control lies apart from itself is what a difference must exceed to mean anything.
"""

import contextlib
import math
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from concord.cost.tiers import REPEAT
from concord.judge import ladder
from concord.judge.ladder import Run
from concord.project.framework import REFERENCE, Variant
from concord.project.task import Task
from concord.report import results as report
from concord.report.results import code_sha256
from concord.run.evidence import Collector, write_json
from concord.run.pool import Workers

PROOF_LEVELS = ("shapes", "logits", "loss", "gradients", "updates")
BATCHES = (1, 4, 16, 64, 128, 256, 1024)
IMAGES = (2_000, 5_000, 10_000, 20_000, 40_000)
COUNTS = (1, 2, 4, 8)  # of threads, and of processes
SWEEP_TURNS = 2
PEAK_SIZE = 2048  # rows and columns of the product that measures the machine's peak


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


FULL = Plan(
    rounds=REPEAT, short=5, long=25, seconds=2, turns=5, predictions=200, epochs=3, proof=("float32", "float64")
)
QUICK = Plan(rounds=1, short=3, long=13, seconds=0, turns=3, predictions=30, epochs=0, proof=("float32",))

Work = list[tuple[str, Callable[[], None]]]


class Step(NamedTuple):
    """What a steady step takes."""

    seconds: float
    processor_seconds: float  # of all threads
    system_seconds: float  # of these, what went to the system
    fresh_pages: float  # of memory that the system handed out


@dataclass
class Entrant:
    """One fresh process of a round, and what was measured in it so far."""

    variant: Variant
    workers: Workers
    run: dict[str, Any]
    control: bool = False
    steps: list["Step"] = field(default_factory=list)  # turn by turn
    long: int = 0

    @property
    def name(self) -> str:
        return f"{self.variant.id} again" if self.control else self.variant.id

    @property
    def step(self) -> "Step":
        """The median of the turns. One of PyTorch's processes took eight times as long in two of its five."""
        return Step(*(statistics.median(values) for values in zip(*self.steps, strict=True)))

    @contextlib.contextmanager
    def measuring(self):
        """What fails is told in the run, and costs this process alone."""
        try:
            yield
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
        self.control_workers = Workers(collector.folder / "control", device=collector.device)

    def save(self) -> None:
        self.document["created"] = report.now()
        write_json(self.file, self.document)

    def close(self) -> None:
        self.control_workers.close()

    def work(self, variants: list[Variant]) -> Work:
        """What isn't in the document yet, in order: the machine's peak, round after round, then how each learns."""
        work: Work = []
        if not self.document["peak_gflops"] and self.collector.device == "cpu":
            work.append(("the machine's peak", self.measure_peak))
        control = self._control(variants)
        for number in range(self.plan.rounds):
            work += self.round(number, variants, control)
        if self.plan.epochs:
            for variant in variants:
                if not self.document["variants"].get(variant.id, {}).get("accuracy_after"):
                    work.append((f"{variant.id}: accuracy by steps", partial(self.learn, variant)))
        return work

    def round(self, number: int, variants: list[Variant], control: Variant | None) -> Work:
        """One round of all that have none of this number yet."""
        # The reference ends its round first: the proof of the others asks it for its own results.
        first = sorted(variants, key=lambda variant: variant.id != REFERENCE)
        entrants = [
            self._entrant(variant, self.collector.workers, number)
            for variant in first
            if not self._done(variant.id, number)
        ]
        if control and not any(run["round"] == number for run in self._control_runs()):
            entrants.append(self._entrant(control, self.control_workers, number, control=True))
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
        run["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        if self.document["variants"].get(variant.id, {}).get("unproven"):
            run |= {"outcome": "mismatch", "reason": "unproven"}
            return
        if self.collector.device == "gpu" and variant.no_gpu:
            run |= {"outcome": "unsupported", "reason": variant.no_gpu}
            return
        with entrant.measuring():
            first = self.ask(variant, Run("first", steps=1), workers=entrant.workers)
            run["import_seconds"] = first["started"]["import_seconds"]
            run["start_seconds"] = first["seconds"]["variables"]
            run["first_step_seconds"] = first["seconds"]["train"]
            rounds = self.document["variants"].get(variant.id, {"rounds": []})["rounds"]
            before = [run["steady_seconds"] for run in rounds if "steady_seconds" in run]
            entrant.long = self.long_run(variant, steps_took=before, workers=entrant.workers)

    def turn(self, entrants: list[Entrant]) -> None:
        """A steady step of each, one after the other."""
        for entrant in entrants:
            if entrant.run["outcome"] == "ok":
                with entrant.measuring():
                    step = self.step(entrant.variant, entrant.long, workers=entrant.workers)
                    entrant.steps.append(step)

    def finish(self, entrant: Entrant) -> None:
        """Predictions, an epoch and memory. The first round's process goes on with the proof, which saves an import;
        without a proof the figures go."""
        variant, rows = entrant.variant, self.document["variants"]
        if entrant.run["outcome"] == "ok":
            steady = {f"steady_{name}": value for name, value in entrant.step._asdict().items()}
            entrant.run |= steady | {"turns": [step.seconds for step in entrant.steps]}
        if entrant.control:
            if not rows[variant.id]["unproven"]:
                self.document["control"] = self.document["control"] or {"variant": variant.id, "rounds": []}
                self.document["control"]["rounds"].append(entrant.run)
        else:
            if entrant.run["outcome"] == "ok":
                with entrant.measuring():
                    self.predict_and_learn(entrant)
            if variant.id not in rows:
                self.prove(variant)
            if not rows[variant.id]["unproven"]:
                rows[variant.id]["rounds"].append(entrant.run)
        entrant.workers.close_one(variant, "float32")

    def predict_and_learn(self, entrant: Entrant) -> None:
        """An epoch, in the plan's first rounds; predictions of one image and of 1,000; the most memory by then."""
        variant, run = entrant.variant, entrant.run
        if with_epoch := run["round"] < self.plan.epochs:
            epoch = self.learn_for(variant, self.whole)
            run |= {"epoch_seconds": epoch["seconds"]["train"], "accuracy": epoch["read"]}
        singles = self.ask(variant, Run("single", predict=1), kind="latency", repeats=self.plan.predictions, warm_up=5)
        run["single_seconds"] = statistics.median(singles["latencies"])
        run["single_99_seconds"] = statistics.quantiles(singles["latencies"], n=100)[98]
        many = self.ask(variant, Run("many", predict=1000), kind="latency", repeats=3, warm_up=1)
        run["thousand_seconds"] = statistics.median(many["latencies"])
        if with_epoch or not self.plan.epochs:  # what an epoch's images take belongs to it
            run["peak_memory"] = many["peak_memory"]
            if many.get("peak_device_memory") is not None:
                run["peak_device_memory"] = many["peak_device_memory"]

    def step(
        self,
        variant: Variant,
        long: int,
        *,
        batch_size: int | None = None,
        begin: Callable[[], Any] = lambda: None,
        **options: Any,
    ) -> Step:
        """A step that neither compiles nor starts anything: a long run minus a short one.

        Args:
            long: the long run's steps.
            begin: is called before each run.
        """

        def cost(steps: int) -> Step:
            begin()
            found = self.ask(variant, Run("steady", steps=steps), batch_size=batch_size, **options)
            return Step(found["seconds"]["train"], **found["usage"]["train"])

        costs = zip(cost(long), cost(self.plan.short), strict=True)
        return Step(*((more - less) / (long - self.plan.short) for more, less in costs))

    def long_run(
        self,
        variant: Variant,
        *,
        at_least: int | None = None,
        steps_took: Sequence[float] = (),
        batch_size: int | None = None,
        **options: Any,
    ) -> int:
        """How many steps the long run takes: so many that it lasts the plan's seconds longer than the short one.
        Where a framework compiles in each run, that drowns how the compilations differ. Both lengths have been run
        afterwards, in case a framework compiles for each.

        Args:
            steps_took: seconds of a step in earlier rounds, which save trying lengths.
        """
        plan, long = self.plan, at_least or self.plan.long
        most = max(long, self.images() // (batch_size or self.document["batch_size"]))

        def wanted(step: float) -> int:
            return plan.short + math.ceil(plan.seconds / step) if step > 0 else most

        if steps_took:
            long = min(max(long, wanted(statistics.median(steps_took))), most)
        self.step(variant, long, batch_size=batch_size, **options)
        while plan.seconds and not steps_took:
            longer = wanted(self.step(variant, long, batch_size=batch_size, **options).seconds)
            longer = min(longer, 4 * long, most)  # of few steps the estimate is rough
            if longer <= 1.25 * long:
                break
            long = longer
        return long

    def steady(self, variant: Variant, *, long: int | None = None, turns: int = SWEEP_TURNS, **options: Any) -> float:
        """Seconds of a steady step: the median of some, one after the other in one process.

        Args:
            long: the long run's steps; by default as `long_run` finds them.
        """
        if long is None:
            long = self.long_run(variant, at_least=2 * self.plan.short, **options)
        else:
            self.step(variant, long, **options)
        return statistics.median(self.step(variant, long, **options).seconds for _ in range(turns))

    @cached_property
    def mixed_images(self) -> dict[str, Any]:
        """The files of the training images and labels in a random order, the same for all variants: in MNIST's own
        one part of the writers comes first, and learning takes longer than from shuffled images."""
        import numpy as np

        order = np.random.default_rng(0).permutation(self.images())
        files = {}
        for name in ("train_images", "train_labels"):
            files[name] = str(self.collector.folder / f"mixed_{name}.npy")
            np.save(files[name], getattr(self.collector.dataset, name)[order])
        return files

    @property
    def whole(self) -> int:
        """The steps of an epoch."""
        return -(-min(self.task.specification.TRAIN_IMAGES, self.images()) // self.document["batch_size"])

    def learn_for(self, variant: Variant, steps: int) -> dict[str, Any]:
        """So many steps from the start; `read` is the accuracy on the test images afterwards."""
        job: dict[str, Any] = {"predict_count": len(self.collector.dataset.test_images), "evaluate": True}
        return self.ask(variant, Run("learn", steps=steps), read="accuracy", **job, **self.mixed_images)

    def learn(self, variant: Variant) -> None:
        """The accuracy on the test images after so many steps, each from the start; that of an epoch is known."""
        row = self.document["variants"][variant.id]
        if row["unproven"]:
            return
        with contextlib.suppress(FailedError):
            for steps in (self.whole // part for part in (8, 4, 2)):
                row["accuracy_after"].append({"steps": steps, "accuracy": self.learn_for(variant, steps)["read"]})
            known = [run["accuracy"] for run in row["rounds"] if "accuracy" in run]
            row["accuracy_after"] += [{"steps": self.whole, "accuracy": accuracy} for accuracy in known[:1]]
        self.collector.workers.close_one(variant, "float32")

    def sweep_work(self, variants: list[Variant], sweep: str) -> Work:
        """The points of a sweep that aren't in the document yet."""
        work: Work = []
        for variant in variants:
            if variant.id not in self.document["variants"]:
                work.append((f"{variant.id}: proof", partial(self.prove, variant)))
            known = self.document["variants"].get(variant.id, {}).get("sweeps", {}).get(sweep, [])
            for value in SWEEPS[sweep]:
                if all(point[sweep] != value for point in known):
                    what = f"{variant.id}: {sweep} {value:,}"
                    work.append((what, partial(self.measure_point, variant, sweep, value)))
        return work

    def prove(self, variant: Variant) -> None:
        """Holds the variant to the ladder; without this there is no number."""
        from concord.judge.verdict import judge

        reason = ""
        for precision in self.plan.proof:
            for level in ladder.levels(self.task):
                if level.name in PROOF_LEVELS and level.gates.get(precision) is not None and not reason:
                    verdict = judge(self.collector, self.task, variant, level, precision)
                    if not verdict.passed:
                        reason = f"{verdict.outcome}: {precision} {level.name}: {verdict.reason}"
            self.collector.workers.close_one(variant, precision)
        if variant.id in self.collector.tf32:
            self.document["environment"]["device"]["tf32"][variant.id] = self.collector.tf32[variant.id]
        self.document["variants"][variant.id] = {
            "framework": variant.framework,
            "versions": variant.versions(),
            "recipe_sha256": code_sha256(self.task.recipes[variant.framework]),
            "hides": list(variant.hides),
            "unproven": reason,
            "installed_bytes": installed_bytes(variant),
            "rounds": [],
            "accuracy_after": [],
            "sweeps": {},
        }

    def measure_peak(self) -> None:
        self.document["peak_gflops"] += matrix_products()

    def measure_point(self, variant: Variant, sweep: str, value: int) -> None:
        """One point of a sweep, in a fresh process."""
        row = self.document["variants"][variant.id]
        if row["unproven"]:
            return
        self.collector.workers.close_one(variant, "float32")
        point: dict[str, Any] = {sweep: value, "outcome": "ok", "reason": ""}
        try:
            point |= SWEEPS_MEASURES[sweep](self, variant, value)
        except FailedError as error:
            point |= {"outcome": error.outcome, "reason": str(error)}
        self.collector.workers.close_one(variant, "float32")
        row["sweeps"].setdefault(sweep, []).append(point)

    def at_batch(self, variant: Variant, value: int) -> dict[str, Any]:
        return {"steady_seconds": self.steady(variant, batch_size=value)}

    def at_images(self, variant: Variant, value: int) -> dict[str, Any]:
        steps = -(-value // self.document["batch_size"])
        self.ask(variant, Run("warm", steps=1))
        return {"epoch_seconds": self.ask(variant, Run("images", steps=steps))["seconds"]["train"]}

    def at_threads(self, variant: Variant, value: int) -> dict[str, Any]:
        """With fewer cores than the rest was measured with."""
        cores = usable_cores(value)
        try:
            os.sched_setaffinity(0, cores[:value])
            return {"steady_seconds": self.steady(variant)}
        finally:
            os.sched_setaffinity(0, cores)

    def at_processes(self, variant: Variant, value: int) -> dict[str, Any]:
        """So many processes, each with its share of the cores and a model of its own, training at the same time."""
        cores = usable_cores(value)
        share = len(cores) // value
        collector = self.collector
        collector.job(self.task, variant, Run("steady", steps=1))  # writes what all of them read
        folders = [collector.folder / "processes" / str(number) for number in range(value)]
        all_workers = [Workers(folder, device=collector.device) for folder in folders]
        together = threading.Barrier(value)

        def train(number: int) -> float:
            # Of this thread, and so of the process that it starts; the thread ends with this function.
            os.sched_setaffinity(0, cores[number * share : (number + 1) * share])
            try:
                return self.steady(variant, long=4 * self.plan.long, workers=all_workers[number], begin=together.wait)
            except BaseException:
                together.abort()  # nobody need wait for it
                raise

        with ThreadPoolExecutor(value) as pool:
            futures = [pool.submit(train, number) for number in range(value)]
            try:
                wait(futures)
            finally:
                together.abort()
                for workers in all_workers:
                    workers.close()
        failures = [error for future in futures if (error := future.exception())]
        for error in failures:
            if not isinstance(error, threading.BrokenBarrierError):
                raise error
        steps = [future.result() for future in futures]
        if min(steps) <= 0:
            raise FailedError("error", "a long run took no longer than a short one: the steps are too short to measure")
        return {"cores_each": share, "images_per_second": sum(self.document["batch_size"] / step for step in steps)}

    def ask(
        self,
        variant: Variant,
        run: Run,
        *,
        batch_size: int | None = None,
        read: str = "",
        workers: Workers | None = None,
        **job: Any,
    ) -> Any:
        """One job of the variant's float32 worker, among those of the collector or others; gives its answer's fields.

        Raises:
            FailedError: it didn't work out.
        """
        workers = workers or self.collector.workers
        workers.folder.mkdir(parents=True, exist_ok=True)
        results = workers.folder / "bench.npz"
        asked: dict[str, Any] = self.collector.job(self.task, variant, run) | {"results": str(results)} | job
        if batch_size:
            asked["train"]["batch_size"] = batch_size
            asked["train_count"] = run.steps * batch_size
        started, answer = workers.run(variant, "float32", asked)
        if answer.outcome != "ok":
            raise FailedError(answer.outcome, answer.reason)
        fields = answer.fields | {"started": started.fields}
        if read:
            import numpy as np

            with np.load(results) as file:
                fields["read"] = float(file[read])
        return fields

    def images(self) -> int:
        return len(self.collector.dataset.train_images)

    def _entrant(self, variant: Variant, workers: Workers, number: int, control: bool = False) -> Entrant:
        return Entrant(variant, workers, {"round": number, "load": None, "outcome": "ok", "reason": ""}, control)

    def _done(self, id: str, number: int) -> bool:
        row = self.document["variants"].get(id)
        return bool(row) and any(run["round"] == number for run in row["rounds"])

    def _control(self, variants: list[Variant]) -> Variant | None:
        """The variant that is measured twice: the one that already is, else the first."""
        known = self.document["control"]
        if self.collector.device == "gpu":
            variants = [variant for variant in variants if not variant.no_gpu]
        named = [variant for variant in variants if known and variant.id == known["variant"]]
        return next(iter(named or ([] if known else variants)), None)

    def _control_runs(self) -> list[dict[str, Any]]:
        return self.document["control"]["rounds"] if self.document["control"] else []


class FailedError(Exception):
    """A measurement that came to nothing; `outcome` is one of the closed set."""

    def __init__(self, outcome: str, reason: str):
        super().__init__(reason)
        self.outcome = outcome


SWEEPS = {"batch": BATCHES, "images": IMAGES, "threads": COUNTS, "processes": COUNTS}
SWEEPS_MEASURES = {
    "batch": Bench.at_batch,
    "images": Bench.at_images,
    "threads": Bench.at_threads,
    "processes": Bench.at_processes,
}


def matrix_products() -> list[float]:
    """GFLOP/s of NumPy's large float32 products with as many threads as cores; the best is the machine's peak."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from concord.run.process import available_threads

    a = np.random.default_rng(0).random((PEAK_SIZE, PEAK_SIZE), dtype=np.float32)
    out = np.empty_like(a)
    found = []
    with threadpool_limits(available_threads()):
        for _ in range(12):
            begin = time.perf_counter()
            np.matmul(a, a, out=out)
            found.append(2 * PEAK_SIZE**3 / (time.perf_counter() - begin) / 1e9)
    return found


def usable_cores(count: int) -> list[int]:
    """The numbers of the processor cores that this process may use and be pinned to, `count` at least.

    Raises:
        FailedError: there aren't as many, or the system can't pin.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise FailedError("unsupported", "this system can't pin a process")
    cores = sorted(os.sched_getaffinity(0))
    if count > len(cores):
        raise FailedError("unsupported", f"this process may use {len(cores)} processor cores")
    return cores


def installed_bytes(variant: Variant) -> int | None:
    """What the variant's distributions and everything they need take on disk."""
    if variant.own:
        from concord.run.environments import size_on_disk

        return size_on_disk(variant.own.folder) or None
    from concord.run.distributions import closure_bytes

    return closure_bytes(variant.distributions)
