"""`concord bench`: what each variant costs. Only what is proven equal gets a number.

The measurements themselves are in `rounds`; here is the command around them: what it refuses, the file that it goes on
with, and its tables.
"""

import contextlib
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.cost.rounds import FULL, QUICK, Bench, Plan
from concord.cost.statistics import compared, failed_rounds, figure, loaded, noise, reference, sound
from concord.data import datasets as data
from concord.data.accepted import check_accepted
from concord.project import paths
from concord.project.errors import UserError
from concord.project.files import check_writable
from concord.project.framework import Variant, select_variants, variants
from concord.project.task import Task, find_task
from concord.report import results as report
from concord.report.results import AGAIN, code_sha256
from concord.report.terminal import progress, terminal
from concord.run.devices import check_device, find_gpu, same_device, told_device, told_gpu, told_machine
from concord.run.evidence import Collector, new_folder

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "concord.bench/2"


def run_benchmark(
    recipe: str,
    frameworks: str | None,
    data_choice: str | None,
    threads: int | None,
    rounds: int | None,
    quick: bool,
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
    slow_to_start = [variant.id for variant in chosen if quick and frameworks is None and variant.own]
    chosen = [variant for variant in chosen if variant.id not in slow_to_start]
    task = find_task(recipe)
    if task.kind != "network":
        raise UserError(f"{task.name} trains nothing; there is no step to measure.")
    plan = QUICK if quick else FULL
    plan = replace(plan, rounds=rounds or plan.rounds)
    pin(threads)
    name = "-".join([task.name, *(["quick"] if quick else []), *(["gpu"] if device == "gpu" else [])])
    file = json_file or paths.home() / "bench" / f"{name}.json"
    if json_file is None:
        file.parent.mkdir(parents=True, exist_ok=True)
    check_writable(file)
    console = terminal()
    from rich.console import Console

    dataset = data.load(data_choice, progress=Console(stderr=True))
    check_accepted([task], dataset)
    ready = [variant for variant in chosen if variant.framework in task.recipes and variant.versions()]
    document = start(file, task, dataset, plan, device)
    if other := of_another_program(document, task):
        if json_file:
            raise UserError(f"{file} was made {other}.\n{AGAIN}")
        aside = file.with_suffix(".old.json")
        file.replace(aside)
        document = start(file, task, dataset, plan, device)
        console.print(f"Everything is measured anew: {aside} was made {other}.", markup=False, soft_wrap=True)
    with (
        Collector(new_folder(), dataset, device=device, most_held=math.inf) as collector,  # who is timed stays warm
        contextlib.closing(Bench(collector, task, document, file, plan)) as bench,
    ):
        work = bench.work(ready)
        with progress(len(work)) as announce:
            for what, do in work:
                announce(what)
                do()
                bench.save()
    console.print(table(document))
    console.print()
    for line in remarks(document, chosen):
        console.print(line, style="dim", markup=False)
    if slow_to_start:
        left_out = f"{', '.join(slow_to_start)}: left out by --quick, as an environment may have to be made first; "
        console.print(left_out + "--frameworks names them", style="dim", markup=False)
    console.print(f"Every run is in {file}; running this again only adds what is missing.", markup=False)
    measured = [id for id, row in document["variants"].items() if sound(row)]
    return 0 if not loaded(noise(document)) and all(variant.id in measured for variant in chosen) else 1


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
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
        "environment": environment,
        "plan": {name: getattr(plan, name) for name in ("short", "long", "seconds", "turns", "predictions", "epochs")},
        "batch_size": task.specification.HYPERPARAMETERS["batch_size"],
        "control": None,
        "variants": {},
    }
    if not file.exists():
        return document
    found = report.read_document(file, SCHEMA)
    for name in ("recipe", "plan"):
        if found.get(name) != document[name]:
            raise UserError(f"{file} is about another {name}: {found.get(name)!r}, now {document[name]!r}.\n{AGAIN}")
    report.check_same_data(file, found, dataset)
    for name in ("processor", "threads", "python", "numpy", "platform"):
        if found["environment"][name] != environment[name]:
            was = found["environment"][name]
            raise UserError(f"{file} is of another machine: {name} {was}, here {environment[name]}.\n{AGAIN}")
    if not same_device(found["environment"], environment):
        was, here = told_device(found["environment"]), told_device(environment)
        raise UserError(f"{file} is of another device: {was}, here {here}.\n{AGAIN}")
    return found


def of_another_program(document: dict[str, Any], task: Task) -> str:
    """How a row was made that isn't of these programs and versions; empty if there is none. Times of different programs
    are never mixed, whichever are asked for."""
    for id, row in document["variants"].items():
        variant = variants()[id]
        if variant.framework not in task.recipes:
            return f"with another {task.file_name(variant.framework)}"
        if row["recipe_sha256"] != code_sha256(task.recipes[variant.framework]):
            return f"with another {task.recipes[variant.framework].name}"
        versions = variant.versions()
        if versions and row["versions"] != versions:
            then, now = (", ".join(map(" ".join, of.items())) for of in (row["versions"], versions))
            return f"with {then}; here is {now}"
        if imported := variant.neighbours(row.get("hides", [])):
            return f"when {variant.label} still imported {', '.join(imported)}"
    return ""


def table(document: dict[str, Any]) -> "Table":
    """Tiers and medians, the fastest first."""
    from rich.table import Table

    found, environment = compared(document), document["environment"]
    table = Table(title=f"{document['recipe']}: {told_machine(environment)}", title_justify="left", box=None)
    table.add_column("tier", justify="right")
    table.add_column("variant", overflow="fold")
    table.add_column("step", justify="right", overflow="fold")
    table.add_column(f"times {reference(document) or 'the fastest'}'s", justify="right")
    columns: dict[str, tuple[str, Callable[[float], str]]] = {
        "import": ("import_seconds", told_seconds),
        "to first step": ("ready_seconds", told_seconds),
        "epoch": ("epoch_seconds", told_seconds),
        "1 image": ("single_seconds", told_seconds),
        "1,000 images": ("thousand_seconds", told_seconds),
        "memory": ("peak_memory", told_bytes),
        **({"on the GPU": ("peak_device_memory", told_bytes)} if "device" in environment else {}),
    }
    for name in (*columns, "installed"):
        table.add_column(name, justify="right", overflow="fold")
    for id in [*found, *(id for id in document["variants"] if id not in found)]:
        row = document["variants"][id]
        tier, ratio = found.get(id, (None, None))
        cells = [
            write(value.value) if (value := figure(row, metric)) else "-"
            for metric, write in (("steady_seconds", told_seconds), *columns.values())
        ]
        times = f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})" if ratio else "-"
        installed = told_bytes(row["installed_bytes"]) if row["installed_bytes"] else "-"
        table.add_row(str(tier or "-"), id, cells[0], times, *cells[1:], installed)
    return table


def told_seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"


def told_bytes(value: float) -> str:
    return f"{value / 2**20:,.0f} MiB"


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
            lines += [f"{variant.id}, {failed}" for failed in failed_rounds(row)]
    if "device" in document["environment"]:
        lines.append(told_gpu(document["environment"]["device"]))
    if found := noise(document):
        told = f"{document['control']['variant']}'s second process took {found.value:.2f} times its first's"
        rough = "the machine was loaded, and the figures are rough" if loaded(found) else "the noise of these figures"
        lines.append(f"{told} ({found.low:.2f} to {found.high:.2f}): {rough}")
    return lines
