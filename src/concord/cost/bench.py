"""`concord bench`: what each variant costs. Only what is proven equal gets a number.

The measurements themselves are in `rounds`; here is the command around them: what it refuses, the file that it goes on
with, and its tables.
"""

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.cost.rounds import FULL, QUICK, SWEEPS, Bench, Plan
from concord.cost.tiers import (
    SPREAD_LIMIT,
    TARGET,
    Figure,
    control_spread,
    failed_rounds,
    figures,
    page_seconds,
    repeats,
    told_tiers,
    unsteady,
)
from concord.data import datasets as data
from concord.judge.certify import told
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import Variant, select_variants
from concord.project.task import Task, find_task
from concord.report import results as report
from concord.report.results import AGAIN, code_sha256
from concord.report.terminal import check_writable, progress, terminal
from concord.run.devices import check_device, find_gpu, same_device, told_device, told_gpu, told_machine
from concord.run.evidence import Collector, new_folder

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "concord.bench/1"


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
    slow_to_start = [variant.id for variant in chosen if quick and frameworks is None and variant.own]
    chosen = [variant for variant in chosen if variant.id not in slow_to_start]
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
    published = report.read_document(overlay, SCHEMA) if overlay else None
    console = terminal()
    from rich.console import Console

    dataset = data.load(data_choice, progress=Console(stderr=True))
    ready = [variant for variant in chosen if variant.framework in task.recipes and variant.versions()]
    document = start(file, task, dataset, plan, device)
    for variant in ready:
        check_same_program(file, document, task, variant)
    with (
        Collector(new_folder(), dataset, device=device) as collector,
        contextlib.closing(Bench(collector, task, document, file, plan)) as bench,
    ):
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
    if slow_to_start:
        left_out = f"{', '.join(slow_to_start)}: left out by --quick, as an environment may have to be made first; "
        console.print(left_out + "--frameworks names them", style="dim", markup=False)
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
        "plan": {name: getattr(plan, name) for name in ("short", "long", "seconds", "turns", "predictions", "epochs")},
        "flops_per_image": getattr(task.specification, "TRAINING_FLOPS", None),
        "batch_size": task.specification.HYPERPARAMETERS["batch_size"],
        "peak_gflops": [],
        "control": None,
        "variants": {},
    }
    if not file.exists():
        return document
    found = report.read_document(file, SCHEMA)
    for name in ("recipe", "track", "plan"):
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
    if row["recipe_sha256"] != code_sha256(task.recipes[variant.framework]):
        raise UserError(f"{file} was made with another {task.recipes[variant.framework].name}.\n{AGAIN}")
    if imported := variant.neighbours(row.get("hides", [])):
        raise UserError(f"{file} was made when {variant.label} still imported {', '.join(imported)}.\n{AGAIN}")


def tables(document: dict[str, Any]) -> "list[Table]":
    """Medians with their intervals, and tiers of the steady step."""
    from rich.table import Table

    found, tiers = figures(document), told_tiers(document)
    environment = document["environment"]
    tuned = ", tuned" if document["track"] == "tuned" else ""
    title = f"{document['recipe']}{tuned}: {told_machine(environment)}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("tier", justify="right")
    table.add_column("variant", no_wrap=True)
    step_costs = ("step", "95% interval", "GFLOP/s", "system", "pages")
    costs = ("import", "first step", *step_costs, "epoch", f"to {TARGET:.0%}")
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
            tiers.get(id, "-"),
            id,
            told_seconds(row.get("import_seconds")),
            told_seconds(row.get("first_step_seconds")),
            told_seconds(step),
            interval,
            rate,
            f"{row['system_share']:.0%}" if "system_share" in row else "-",
            f"{row['fresh_pages']:,}" if "fresh_pages" in row else "-",
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
            lines += [f"{variant.id}, {failed}" for failed in failed_rounds(row)]
    if "device" in document["environment"]:
        lines.append(told_gpu(document["environment"]["device"]))
    for id, numbers in unsteady(document).items():
        lines.append(f"{id}: tier {' or '.join(map(str, numbers))}, depending on which round is left out")
    if again := repeats(document):
        told = [f"{id} {' or '.join(map(str, numbers))}" for id, numbers in again.differing.items()]
        which = f"; in one of them or by all rounds: {', '.join(told)}" if told else ""
        lines.append(f"the same tiers in {again.same} of {again.count} repeats of {again.rounds} rounds{which}")
    if page := page_seconds(figures(document)):
        lines.append(
            "system: its share of a step's processor time; of what takes many fresh pages of memory most of it is to "
            f"hand them out, up to {page * 1e6:.1f} µs each on this machine"
        )
    spread = control_spread(document)
    if spread is not None:
        told_spread = f"{document['control']['variant']} measured twice differs by {spread:.1%}"
        loaded = f": more than {SPREAD_LIMIT:.0%}, the machine was loaded and the figures are rough"
        lines.append(told_spread + (loaded if spread > SPREAD_LIMIT else ", the noise of these figures"))
    return lines
