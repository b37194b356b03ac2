"""`concord compare`: collects the evidence with progress, prints the tables, and writes the JSON."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.kinks import PARTING_RUNS, with_kinks
from concord.judge.verdict import Repeat, VariantVerdict, judge_variant
from concord.project.errors import UserError, nearest
from concord.project.framework import PRECISIONS, REFERENCE, Variant, select_variants
from concord.project.task import Task, all_tasks, find_task
from concord.report import results as report
from concord.report.terminal import check_writable, progress, terminal
from concord.run.devices import check_device, find_gpu, told_gpu
from concord.run.evidence import Collector, new_folder, write_json

Rows = dict[str, list[VariantVerdict]]  # by task


def run_comparison(
    recipe: str | None,
    frameworks: str | None,
    data_choice: str | None,
    precision: str,
    epochs: int | None,
    repeat: int,
    json_file: Path | None,
    device: str = "cpu",
) -> int:
    """Compares, reports, and gives the exit code: 0 only if everything that was asked for is `ok`, each time.

    Raises:
        UserError: an unknown recipe, framework, precision, device or data set; a file or folder that can't be
            written.
    """
    begin = time.perf_counter()
    if precision not in (*PRECISIONS, "both"):
        raise UserError(nearest("precision", precision, (*PRECISIONS, "both")))
    check_device(device)
    precisions = PRECISIONS if precision == "both" else (precision,)
    chosen = select_variants(None if frameworks is None else [name.strip() for name in frameworks.split(",")])
    tasks = all_tasks() if recipe is None else [find_task(recipe)]
    if json_file:
        check_writable(json_file)
    console = terminal()
    dataset = data.load(data_choice, progress=Console(stderr=True))
    folder = new_folder()
    with Collector(folder, dataset, epochs=epochs, device=device) as collector:
        pairs = [(task, variant) for task in tasks for variant in chosen]
        total = repeat * sum(count_runs(collector, task, variant, precisions) for task, variant in pairs)
        with progress(total) as announce:
            collector.announce = announce
            rows = climb(collector, tasks, chosen, precisions)
            rounds = [rows]
            for number in range(2, repeat + 1):  # everything anew: processes, evidence
                again = folder / f"repeat-{number}"
                with Collector(again, dataset, epochs=epochs, device=device) as repeated:
                    repeated.announce = lambda what, number=number: announce(f"{number} of {repeat}: {what}")
                    rounds.append(climb(repeated, tasks, chosen, precisions))
                shutil.rmtree(again, ignore_errors=True)
        if repeat > 1:
            rows = {name: with_repeats([found[name] for found in rounds]) for name in rows}
        wall_seconds = time.perf_counter() - begin
        for task in tasks:
            for table in report.tables(task, rows[task.name], dataset.name, console.width):
                console.print(table)
            for line in report.explanations(rows[task.name]):
                console.print(line, style="dim", soft_wrap=True, markup=False)
            console.print()
        console.print(report.LEGEND, style="dim")
        everything = [row for task in tasks for row in rows[task.name]]
        summary = f"{sum(row.outcome == 'ok' for row in everything)} of {len(everything)} ok"
        console.print(f"{summary}; data: {dataset.name} ({dataset.source}); {wall_seconds:.0f} s", markup=False)
        if device == "gpu":
            console.print(told_gpu(find_gpu() | {"tf32": collector.tf32}), soft_wrap=True, markup=False)
        changes = [change for name in rows for change in changed_verdicts([found[name] for found in rounds])]
        if repeat > 1:
            count = sum(len(row.levels) for row in everything)
            console.print(f"{repeat} repeats: {len(changes)} of {count} verdicts changed")
        for change in changes:
            console.print(change, style="bold red", soft_wrap=True, markup=False)
        if json_file:
            write_json(json_file, report.document(collector, everything, precisions, wall_seconds))
            console.print(f"wrote {json_file}", markup=False)
    return 0 if not changes and all(row.outcome == "ok" for row in everything) else 1


def climb(collector: Collector, tasks: Sequence[Task], chosen: Sequence[Variant], precisions: Sequence[str]) -> Rows:
    """The whole ladder of every task with every variant."""
    rows: Rows = {task.name: [] for task in tasks}
    for variant in chosen:
        for task in tasks:
            row = judge_variant(collector, task, variant, precisions)
            rows[task.name].append(with_kinks(collector, task, variant, row))
    return rows


def with_repeats(rounds: list[list[VariantVerdict]]) -> list[VariantVerdict]:
    """The first round's rows, and in each what all rounds said of that variant."""
    return [
        replace(rows[0], repeats=tuple(Repeat(row.outcome, row.accuracy, row.epoch_seconds) for row in rows))
        for rows in zip(*rounds, strict=True)
    ]


def changed_verdicts(rounds: list[list[VariantVerdict]]) -> list[str]:
    """A line for each level whose outcome is not the same in all rounds."""
    lines = []
    for rows in zip(*rounds, strict=True):
        for levels in zip(*(row.levels for row in rows), strict=True):
            outcomes = [f"{level.outcome}{' (declared)' if level.declared else ''}" for level in levels]
            if len(set(outcomes)) > 1:
                where = f"{rows[0].recipe} {rows[0].variant} {levels[0].precision} {levels[0].level}"
                lines.append(f"{where} changed: {', '.join(outcomes)}")
    return lines


def count_runs(collector: Collector, task: Task, variant: Variant, precisions: tuple[str, ...]) -> int:
    """How many different runs the ladder needs for one variant; from unseen weights the reference runs anew too.
    It may be fewer: where float32 parts from the reference isn't always looked for."""
    needed = {
        (precision, run)
        for precision in precisions
        for level in ladder.levels(task)
        if precision in level.gates
        for run in collector.runs(task, level)
    }
    unseen = [precision for precision, run in needed if run.weights == "unseen"]
    is_reference = variant.framework == REFERENCE and task.neighbour is None
    parting = PARTING_RUNS if "float32" in precisions and hasattr(task.specification, "kinks") else 0
    return len(needed) + parting + sum(not is_reference or precision == "float32" for precision in unseen)
