"""`concord bench`: what each variant costs, in fresh processes, in rounds, beside a control that shows the noise.

A round measures every variant once, one after the other: whatever disturbs the machine for a while disturbs all. The
control is one of them measured a second time in each round: how far the two lie apart is what a difference must
exceed to mean anything. Only what is proven equal gets a number.
"""

import contextlib
import json
import math
import os
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord import data, ladder, paths, report
from concord.certify import told
from concord.devices import check_device, find_gpu, same_device, told_device, told_gpu, told_machine
from concord.errors import UserError
from concord.evidence import Collector, new_folder, write_json
from concord.framework import Variant, select_variants
from concord.ladder import Run
from concord.report import sha256
from concord.task import Task, find_task
from concord.terminal import check_writable, progress, terminal
from concord.tiers import SPREAD_LIMIT, TARGET, Figure, control_spread, figures
from concord.workers import Workers

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "concord.bench/1"
AGAIN = "Give another file, or move this one away to start anew."
PROOF_LEVELS = ("shapes", "logits", "loss", "gradients", "updates")
BATCHES = (1, 4, 16, 64, 128, 256, 1024)
IMAGES = (2_000, 5_000, 10_000, 20_000, 40_000)
PEAK_SIZE = 2048  # rows and columns of the product that measures the machine's peak


@dataclass(frozen=True)
class Plan:
    """How much is measured in each process."""

    rounds: int
    short: int  # steps
    long: int  # steps, at least
    seconds: int  # that the long run takes longer than the short one, if there are images enough
    pairs: int  # of a short and a long run
    predictions: int  # of a single image
    epoch: bool
    proof: tuple[str, ...]  # the precisions


FULL = Plan(rounds=5, short=10, long=50, seconds=2, pairs=3, predictions=200, epoch=True, proof=("float32", "float64"))
QUICK = Plan(rounds=2, short=3, long=13, seconds=0, pairs=1, predictions=30, epoch=False, proof=("float32",))


def run_benchmark(
    recipe: str,
    frameworks: str | None,
    data_choice: str | None,
    threads: int | None,
    rounds: int | None,
    quick: bool,
    sweep: str | None,
    overlay: Path | None,
    track: str,
    json_file: Path | None,
    device: str = "cpu",
) -> int:
    """Measures what isn't in the file yet, prints, and gives the exit code: 0 only if all that was asked for has
    figures and the machine was quiet.

    Raises:
        UserError: an unknown name; a file that can't be written, or that is about something else; threads that this
            machine hasn't.
    """
    check_device(device)
    chosen = select_variants(None if frameworks is None else [name.strip() for name in frameworks.split(",")])
    task = find_task(recipe).on_track(track)
    if task.kind != "network":
        raise UserError(f"{task.name} trains nothing; there is no step to measure.")
    if sweep and sweep not in SWEEPS:
        raise UserError(f"There is no sweep {sweep!r}. Known: {', '.join(SWEEPS)}.")
    plan = QUICK if quick else FULL
    plan = replace(plan, rounds=rounds or plan.rounds)
    pin(threads)
    name = "-".join([task.name, *(["quick"] if quick else []), *(["gpu"] if device == "gpu" else []), track])
    file = json_file or paths.home() / "bench" / f"{name}.json"
    if json_file is None:
        file.parent.mkdir(parents=True, exist_ok=True)
    check_writable(file)
    published = read(overlay) if overlay else None
    console = terminal()
    from rich.console import Console

    dataset = data.load(data_choice, progress=Console(stderr=True))
    ready = [variant for variant in chosen if variant.framework in task.recipes and variant.versions()]
    document = start(file, task, dataset, plan, device)
    for variant in ready:
        check_same_program(file, document, task, variant)
    with Collector(new_folder(), dataset, device=device) as collector:
        bench = Bench(collector, task, document, file, plan)
        work = bench.sweep_work(ready, sweep) if sweep else bench.work(ready)
        with progress(len(work)) as announce:
            for what, do in work:
                announce(what)
                do()
                bench.save()
    for table in tables(document):
        console.print(table)
        console.print()
    if published:
        console.print(beside(document, published))
        console.print()
    for line in remarks(document, chosen):
        console.print(line, style="dim", markup=False)
    console.print(f"Every run is in {file}; running this again only adds what is missing.", markup=False)
    measured = [id for id, row in document["variants"].items() if any(run["outcome"] == "ok" for run in row["rounds"])]
    spread = control_spread(document)
    quiet = spread is None or spread <= SPREAD_LIMIT
    return 0 if quiet and all(variant.id in measured for variant in chosen) else 1


def pin(threads: int | None) -> None:
    """Keeps this process, and every process that it starts, to so many processor cores; each framework takes as many
    threads as it has cores.

    Raises:
        UserError: there aren't as many, or the system can't pin.
    """
    if threads is None:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise UserError("This system can't pin a process to processor cores; leave --threads out.")
    cores = sorted(os.sched_getaffinity(0))
    if threads > len(cores):
        raise UserError(f"--threads {threads}: this process may use {len(cores)} processor cores.")
    os.sched_setaffinity(0, cores[:threads])


def start(file: Path, task: Task, dataset: data.Dataset, plan: Plan, device: str) -> dict[str, Any]:
    """The document so far, or a new one.

    Raises:
        UserError: the file holds something else: another task, data set, machine, device, thread count or format.
    """
    environment = report.environment() | ({"device": find_gpu()} if device == "gpu" else {})
    document = {
        "schema": SCHEMA,
        "created": report.now(),
        "recipe": task.name,
        "track": task.track,
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
        "environment": environment,
        "plan": {name: getattr(plan, name) for name in ("short", "long", "seconds", "pairs", "predictions")},
        "flops_per_image": getattr(task.specification, "TRAINING_FLOPS", None),
        "batch_size": task.specification.HYPERPARAMETERS["batch_size"],
        "peak_gflops": [],
        "control": None,
        "variants": {},
    }
    if not file.exists():
        return document
    found = read(file)
    for name in ("recipe", "track", "plan"):
        if found.get(name) != document[name]:
            raise UserError(f"{file} is about another {name}: {found.get(name)!r}, now {document[name]!r}.\n{AGAIN}")
    if found["data"]["sha256"] != dataset.digest:
        raise UserError(f"{file} is about other data: {found['data']['name']}, now {dataset.name}.\n{AGAIN}")
    for name in ("processor", "threads", "python", "numpy", "platform"):
        if found["environment"][name] != environment[name]:
            was = found["environment"][name]
            raise UserError(f"{file} is of another machine: {name} {was}, here {environment[name]}.\n{AGAIN}")
    if not same_device(found["environment"], environment):
        was, here = told_device(found["environment"]), told_device(environment)
        raise UserError(f"{file} is of another device: {was}, here {here}.\n{AGAIN}")
    return found


def read(file: Path) -> dict[str, Any]:
    """A results file of this command's.

    Raises:
        UserError: it isn't one.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{file} can't be read as JSON: {error}.\n{AGAIN}") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        what = found.get("schema") if isinstance(found, dict) else type(found).__name__
        raise UserError(f"{file} has the schema {what!r}, expected {SCHEMA!r}.\n{AGAIN}")
    return found


def check_same_program(file: Path, document: dict[str, Any], task: Task, variant: Variant) -> None:
    """Times of different programs are never mixed.

    Raises:
        UserError: the file's times are of other versions, or of another state of the recipe.
    """
    row = document["variants"].get(variant.id)
    if row is None:
        return
    if row["versions"] != variant.versions():
        raise UserError(f"{file} was made with {told(row['versions'])}; here is {told(variant.versions())}.\n{AGAIN}")
    if row["recipe_sha256"] != sha256(task.recipes[variant.framework]):
        raise UserError(f"{file} was made with another {task.recipes[variant.framework].name}.\n{AGAIN}")


Work = list[tuple[str, Callable[[], None]]]


class Bench:
    """The measurements of one invocation; what they give goes into the document."""

    def __init__(self, collector: Collector, task: Task, document: dict[str, Any], file: Path, plan: Plan):
        self.collector = collector
        self.task = task
        self.document = document
        self.file = file
        self.plan = plan

    def save(self) -> None:
        self.document["created"] = report.now()
        write_json(self.file, self.document)

    def work(self, variants: list[Variant]) -> Work:
        """What isn't in the document yet, in order: the machine's peak, round after round, then how each learns."""
        work: Work = []
        if not self.document["peak_gflops"] and self.collector.device == "cpu":
            work.append(("the machine's peak", self.measure_peak))
        control = self._control(variants)
        for number in range(self.plan.rounds):
            for variant in variants:
                if not self._done(variant.id, number):
                    work.append((
                        f"round {number + 1} of {self.plan.rounds}: {variant.id}",
                        lambda variant=variant, number=number: self.measure_round(variant, number),
                    ))  # fmt: skip
            if control and not any(run["round"] == number for run in self._control_runs()):
                work.append((
                    f"round {number + 1} of {self.plan.rounds}: {control.id} again",
                    lambda number=number: self.measure_control(control, number),
                ))  # fmt: skip
        if self.plan.epoch:
            for variant in variants:
                if not self.document["variants"].get(variant.id, {}).get("accuracy_after"):
                    work.append((f"{variant.id}: accuracy by steps", lambda variant=variant: self.learn(variant)))
        return work

    def sweep_work(self, variants: list[Variant], sweep: str) -> Work:
        """The points of a sweep that aren't in the document yet."""
        work: Work = []
        for variant in variants:
            if variant.id not in self.document["variants"]:
                work.append((f"{variant.id}: proof", lambda variant=variant: self.prove(variant)))
            known = self.document["variants"].get(variant.id, {}).get("sweeps", {}).get(sweep, [])
            for value in SWEEPS[sweep]:
                if all(point[sweep] != value for point in known):
                    work.append((
                        f"{variant.id}: {sweep} {value:,}",
                        lambda variant=variant, value=value: self.measure_point(variant, sweep, value),
                    ))  # fmt: skip
        return work

    def prove(self, variant: Variant) -> None:
        """Holds the variant to the ladder; without this there is no number."""
        from concord.verdict import judge

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
            "recipe_sha256": sha256(self.task.recipes[variant.framework]),
            "unproven": reason,
            "installed_bytes": installed_bytes(variant),
            "rounds": [],
            "accuracy_after": [],
            "sweeps": {},
        }

    def measure_peak(self) -> None:
        """The machine's matrix-product peak: the best float32 product of NumPy's with as many threads as cores."""
        import numpy as np
        from threadpoolctl import threadpool_limits

        from concord.worker import available_threads

        a = np.random.default_rng(0).random((PEAK_SIZE, PEAK_SIZE), dtype=np.float32)
        out = np.empty_like(a)
        with threadpool_limits(available_threads()):
            for _ in range(12):
                begin = time.perf_counter()
                np.matmul(a, a, out=out)
                self.document["peak_gflops"].append(2 * PEAK_SIZE**3 / (time.perf_counter() - begin) / 1e9)

    def measure_round(self, variant: Variant, number: int) -> None:
        """The first round's process goes on with the proof, which saves an import; without a proof the figures go."""
        rows = self.document["variants"]
        if variant.id in rows and rows[variant.id]["unproven"]:
            return
        run = self.measure(variant, number)
        if variant.id not in rows:
            self.prove(variant)
        self.collector.workers.close_one(variant, "float32")
        if not rows[variant.id]["unproven"]:
            rows[variant.id]["rounds"].append(run)

    def measure_control(self, variant: Variant, number: int) -> None:
        control = self.document["control"]
        if control is None:
            control = self.document["control"] = {"variant": variant.id, "rounds": []}
        if not self.document["variants"][variant.id]["unproven"]:
            control["rounds"].append(self.measure(variant, number))
            self.collector.workers.close_one(variant, "float32")

    def measure(self, variant: Variant, number: int) -> dict[str, Any]:
        """One fresh process: import, first step, steady step, epoch, predictions, memory."""
        self.collector.workers.close_one(variant, "float32")
        run: dict[str, Any] = {"round": number, "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}
        run |= {"outcome": "ok", "reason": ""}
        try:
            first = self.ask(variant, Run("first", steps=1))
            run["import_seconds"] = first["started"]["import_seconds"]
            run["start_seconds"] = first["seconds"]["variables"]
            run["first_step_seconds"] = first["seconds"]["train"]
            run["steady_seconds"] = self.steady(variant)
            if self.plan.epoch:
                batch_size = self.document["batch_size"]
                whole = -(-min(self.task.specification.TRAIN_IMAGES, self.images()) // batch_size)
                run["epoch_seconds"] = self.ask(variant, Run("epoch", steps=whole))["seconds"]["train"]
            singles = self.ask(
                variant, Run("single", predict=1), kind="latency", repeats=self.plan.predictions, warm_up=5
            )
            run["single_seconds"] = statistics.median(singles["latencies"])
            run["single_99_seconds"] = statistics.quantiles(singles["latencies"], n=100)[98]
            many = self.ask(variant, Run("many", predict=1000), kind="latency", repeats=3, warm_up=1)
            run["thousand_seconds"] = statistics.median(many["latencies"])
            run["peak_memory"] = many["peak_memory"]
            if many.get("peak_device_memory") is not None:
                run["peak_device_memory"] = many["peak_device_memory"]
        except FailedError as error:
            run |= {"outcome": error.outcome, "reason": str(error)}
        return run

    def steady(
        self,
        variant: Variant,
        *,
        long: int | None = None,
        batch_size: int | None = None,
        begin: Callable[[], Any] = lambda: None,
        **options: Any,
    ) -> float:
        """Seconds of a step that neither compiles nor starts anything: a long run minus a short one, the median of
        some. Both lengths are run once before, in case a framework compiles for each.

        Args:
            long: steps; by default so many that the long run takes the plan's seconds longer. Where a framework
                compiles in each run, that drowns how the compilations differ.
            begin: is called before each run.
        """
        plan = self.plan

        def seconds(steps: int) -> float:
            begin()
            return self.ask(variant, Run("steady", steps=steps), batch_size=batch_size, **options)["seconds"]["train"]

        def longer(steps: int) -> float:
            return seconds(steps) - seconds(plan.short)

        longer(long or plan.long)
        if long is None:
            long = plan.long
            if plan.seconds and (found := longer(plan.long)) > 0:
                wanted = plan.short + math.ceil(plan.seconds / found * (plan.long - plan.short))
                long = max(long, min(wanted, self.images() // (batch_size or self.document["batch_size"])))
                seconds(long)
        return statistics.median(longer(long) for _ in range(plan.pairs)) / (long - plan.short)

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

    def learn(self, variant: Variant) -> None:
        """The accuracy on the test images after so many steps, each from the start."""
        row = self.document["variants"][variant.id]
        if row["unproven"]:
            return
        batch_size = self.document["batch_size"]
        whole = -(-min(self.task.specification.TRAIN_IMAGES, self.images()) // batch_size)
        with contextlib.suppress(FailedError):
            for part in (8, 4, 2, 1):
                steps = whole // part
                job: dict[str, Any] = {"predict_count": len(self.collector.dataset.test_images), "evaluate": True}
                answer = self.ask(variant, Run("learn", steps=steps), read="accuracy", **job, **self.mixed_images)
                row["accuracy_after"].append({"steps": steps, "accuracy": answer["read"]})
        self.collector.workers.close_one(variant, "float32")

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
        if not hasattr(os, "sched_setaffinity"):
            raise FailedError("unsupported", "this system can't pin a process")
        cores = sorted(os.sched_getaffinity(0))
        if value > len(cores):
            raise FailedError("unsupported", f"this process may use {len(cores)} processor cores")
        try:
            os.sched_setaffinity(0, cores[:value])
            return {"steady_seconds": self.steady(variant)}
        finally:
            os.sched_setaffinity(0, cores)

    def at_processes(self, variant: Variant, value: int) -> dict[str, Any]:
        """So many processes, each with its share of the cores and a model of its own, training at the same time."""
        if not hasattr(os, "sched_setaffinity"):
            raise FailedError("unsupported", "this system can't pin a process")
        cores = sorted(os.sched_getaffinity(0))
        if value > len(cores):
            raise FailedError("unsupported", f"this process may use {len(cores)} processor cores")
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
                return self.steady(variant, long=self.plan.long, workers=all_workers[number], begin=together.wait)
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


COUNTS = (1, 2, 4, 8)
SWEEPS = {"batch": BATCHES, "images": IMAGES, "threads": COUNTS, "processes": COUNTS}
SWEEPS_MEASURES = {
    "batch": Bench.at_batch,
    "images": Bench.at_images,
    "threads": Bench.at_threads,
    "processes": Bench.at_processes,
}


def installed_bytes(variant: Variant) -> int | None:
    """What the variant's distributions and everything they need take on disk."""
    if variant.own:
        from concord.environments import size_on_disk

        return size_on_disk(variant.own.folder) or None
    from concord.distributions import closure_bytes

    return closure_bytes(variant.distributions)


def tables(document: dict[str, Any]) -> "list[Table]":
    """Medians with their intervals, and tiers of the steady step."""
    from rich.table import Table

    found = figures(document)
    environment = document["environment"]
    tuned = ", tuned" if document["track"] == "tuned" else ""
    title = f"{document['recipe']}{tuned}: {told_machine(environment)}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("tier", justify="right")
    table.add_column("variant", no_wrap=True)
    costs = ("import", "first step", "step", "95% interval", "GFLOP/s", "epoch", f"to {TARGET:.0%}")
    for name in (*costs, "one image", "99th", "1,000 images"):
        table.add_column(name, justify="right", no_wrap=True)
    on_gpu = "device" in environment
    table.add_column("memory", justify="right")
    if on_gpu:
        table.add_column("on the GPU", justify="right")
    table.add_column("installed", justify="right")

    def told_seconds(figure: Figure | None) -> str:
        if figure is None:
            return "-"
        return f"{figure.median:.2f} s" if figure.median >= 1 else f"{1000 * figure.median:.3g} ms"

    peak = max(document["peak_gflops"], default=0)
    for id, row in sorted(found.items(), key=lambda item: (item[1].get("tier", 99), item[1]["order"])):
        step = row.get("steady_seconds")
        interval = f"{1000 * step.low:.3g} to {1000 * step.high:.3g}" if step else "-"
        rate = f"{row['gflops']:.0f}" + (f" ({row['gflops'] / peak:.0%})" if peak else "") if "gflops" in row else "-"
        memories = [
            f"{row[name].median / 2**20:,.0f} MiB" if name in row else "-"
            for name in ("peak_memory", *(("peak_device_memory",) if on_gpu else ()))
        ]
        installed = document["variants"][id]["installed_bytes"]
        table.add_row(
            str(row.get("tier", "-")),
            id,
            told_seconds(row.get("import_seconds")),
            told_seconds(row.get("first_step_seconds")),
            told_seconds(step),
            interval,
            rate,
            told_seconds(row.get("epoch_seconds")),
            f"{row['target_seconds']:.1f} s" if "target_seconds" in row else "-",
            told_seconds(row.get("single_seconds")),
            told_seconds(row.get("single_99_seconds")),
            told_seconds(row.get("thousand_seconds")),
            *memories,
            f"{installed / 1e6:,.0f} MB" if installed else "-",
        )
    return [table]


def beside(document: dict[str, Any], published: dict[str, Any]) -> "Table":
    """Steady steps here and in a published file. They are never merged: the machines and versions are others."""
    from rich.table import Table

    machines = [told_machine(found["environment"]) for found in (document, published)]
    table = Table(title="Steady step", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("variant")
    for name in (f"here: {machines[0]}", f"there: {machines[1]}, {published['created'][:10]}", "here / there"):
        table.add_column(name, justify="right")
    here, there = figures(document), figures(published)
    for id in here:
        pair = [found.get(id, {}).get("steady_seconds") for found in (here, there)]
        cells = [f"{1000 * part.median:.3g} ms" if part else "-" for part in pair]
        ratio = f"{pair[0].median / pair[1].median:.2f}" if pair[0] and pair[1] else "-"
        table.add_row(id, *cells, ratio)
    return table


def remarks(document: dict[str, Any], chosen: list[Variant]) -> list[str]:
    """What has no figure and why, and how quiet the machine was."""
    lines = []
    for variant in chosen:
        row = document["variants"].get(variant.id)
        if row is None:
            lines.append(f"{variant.id}: not written or not installed")
        elif row["unproven"]:
            lines.append(f"{variant.id}: unverified, no figures: {row['unproven']}")
        else:
            failed = [run for run in row["rounds"] if run["outcome"] != "ok"]
            lines += [f"{variant.id}, round {run['round'] + 1}: {run['outcome']}: {run['reason']}" for run in failed]
    if "device" in document["environment"]:
        lines.append(told_gpu(document["environment"]["device"]))
    spread = control_spread(document)
    if spread is not None:
        told_spread = f"{document['control']['variant']} measured twice differs by {spread:.1%}"
        loaded = f": more than {SPREAD_LIMIT:.0%}, the machine was loaded and the figures are rough"
        lines.append(told_spread + (loaded if spread > SPREAD_LIMIT else ", the noise of these figures"))
    return lines
