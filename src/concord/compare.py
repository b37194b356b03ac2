"""`concord compare`: collects the evidence with progress, prints the tables, and writes the JSON."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from concord import data, ladder, report
from concord.errors import UserError, nearest
from concord.evidence import Collector, new_folder, write_json
from concord.framework import PRECISIONS, select_variants
from concord.task import Task, all_tasks, find_task
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
        total = sum(count_runs(collector, task, precisions) for task in tasks) * len(chosen)
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


def check_writable(file: Path) -> None:
    """Finds out before an hour's work whether its results can be written; touches nothing that exists.

    Raises:
        UserError: no; says why.
    """
    try:
        if file.is_dir():
            raise UserError(f"{file} is a folder; --json takes a file.")
        if file.exists() and not file.is_file():  # a results file is replaced whole, and a device must not be
            raise UserError(f"{file} is not a plain file; --json takes the name of one.")
        if not file.absolute().parent.is_dir():
            raise UserError(f"{file} can't be written: its folder doesn't exist.")
        with tempfile.NamedTemporaryFile(dir=file.absolute().parent, prefix=f".{file.name}."):
            pass
    except OSError as error:
        raise UserError(f"{file} can't be written: {error.strerror or error}.") from None


def count_runs(collector: Collector, task: Task, precisions: tuple[str, ...]) -> int:
    """How many different runs the ladder needs for one variant."""
    return len({
        (precision, run.name)
        for precision in precisions
        for level in ladder.levels(task)
        if precision in level.gates
        for run in collector.runs(task, level)
    })  # fmt: skip


def terminal() -> Console:
    """Standard output; in a pipe wide enough for the tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is running; nothing in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what: None
        return
    bar = Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        line = bar.add_task("starting", total=total)
        started = False

        def announce(what: str) -> None:
            nonlocal started
            bar.update(line, description=what, advance=1 if started else 0)
            started = True

        yield announce
