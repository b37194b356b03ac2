"""`concord compare`: collects the evidence with progress, prints the tables, and writes the JSON."""

import time
from pathlib import Path

from rich.console import Console

from concord import data, ladder, report
from concord.errors import UserError, nearest
from concord.evidence import Collector, new_folder, write_json
from concord.framework import PRECISIONS, REFERENCE, Variant, select_variants
from concord.task import Task, all_tasks, find_task
from concord.terminal import check_writable, progress, terminal
from concord.verdict import VariantVerdict, judge_variant


def run_comparison(
    recipe: str | None,
    frameworks: str | None,
    data_choice: str | None,
    precision: str,
    epochs: int | None,
    json_file: Path | None,
) -> int:
    """Compares, reports, and gives the exit code: 0 only if everything that was asked for is `ok`.

    Raises:
        UserError: an unknown recipe, framework, precision or data set; a file or folder that can't be written.
    """
    begin = time.perf_counter()
    if precision not in (*PRECISIONS, "both"):
        raise UserError(nearest("precision", precision, (*PRECISIONS, "both")))
    precisions = PRECISIONS if precision == "both" else (precision,)
    chosen = select_variants(None if frameworks is None else [name.strip() for name in frameworks.split(",")])
    tasks = all_tasks() if recipe is None else [find_task(recipe)]
    if json_file:
        check_writable(json_file)
    console = terminal()
    dataset = data.load(data_choice, progress=Console(stderr=True))
    rows: dict[str, list[VariantVerdict]] = {task.name: [] for task in tasks}
    with Collector(new_folder(), dataset, epochs=epochs) as collector:
        total = sum(count_runs(collector, task, variant, precisions) for task in tasks for variant in chosen)
        with progress(total) as announce:
            collector.announce = announce
            for variant in chosen:
                for task in tasks:
                    rows[task.name].append(judge_variant(collector, task, variant, precisions))
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
        if json_file:
            write_json(json_file, report.document(collector, everything, precisions, wall_seconds))
            console.print(f"wrote {json_file}", markup=False)
    return 0 if all(row.outcome == "ok" for row in everything) else 1


def count_runs(collector: Collector, task: Task, variant: Variant, precisions: tuple[str, ...]) -> int:
    """How many different runs the ladder needs for one variant; from unseen weights the reference runs anew too."""
    needed = {
        (precision, run)
        for precision in precisions
        for level in ladder.levels(task)
        if precision in level.gates
        for run in collector.runs(task, level)
    }
    unseen = [precision for precision, run in needed if run.weights == "unseen"]
    return len(needed) + sum(variant.framework != REFERENCE or precision == "float32" for precision in unseen)
