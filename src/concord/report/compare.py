"""`concord compare`: plan, run, store, judge, report. A row is printed as soon as it is known."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.data import datasets as data
from concord.data.accepted import check_accepted, choose
from concord.data.own import made_by
from concord.judge.reuse import proven_once
from concord.judge.verdict import Repeat, VariantVerdict
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.files import check_writable, write_json
from concord.project.framework import PRECISIONS, REFERENCE, Variant, select_variants, variants
from concord.project.outcomes import ABSENT
from concord.project.task import Task, all_tasks, find_task
from concord.report import pictures, results
from concord.report.terminal import activity, terminal
from concord.run.devices import check_device, find_gpu, told_gpu
from concord.run.evidence import Collector, Images, lay_out, new_folder
from concord.run.pool import keep_compiled_code
from concord.run.process import HEED_INTERRUPTS, available_threads, close_all
from concord.run.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

JOB_MEMORY = 3 * 2**30  # bytes that two workers of one variant and the reference hold at most, with today's recipes
WORTH_HELP = 3  # programs left of a variant, so that other workers for it are worth their start


@dataclass(frozen=True)
class Comparison:
    """What a user has asked for."""

    tasks: Sequence[Task]
    variants: Sequence[Variant]
    named: bool  # the variants were asked for by name: what is missing of them is told, and fails
    precisions: Sequence[str]
    images: Images
    depth: str
    device: str
    jobs: int
    store: Store | None


def run_comparison(
    names: Sequence[str] | None,
    frameworks: str | None,
    data_choice: str | None,
    precision: str,
    *,
    full: bool = False,
    fresh: bool = False,
    everything: bool = False,
    jobs: int | None = None,
    repeat: int = 1,
    publish: bool = False,
    json_file: Path | None = None,
    device: str = "cpu",
) -> int:
    """Compares, reports, and gives the exit code: 0 only if everything that was asked for is `ok`, each time.

    What isn't installed or written counts only where it was asked for by name.

    Raises:
        UserError: an unknown recipe, framework, precision, device or data set; a file or folder that can't be written.
    """
    from rich.console import Console

    begin = time.perf_counter()
    if precision not in (*PRECISIONS, "both"):
        raise UserError(nearest("precision", precision, (*PRECISIONS, "both")))
    check_device(device)
    chosen = select_variants(frameworks)
    tasks = [find_task(name) for name in dict.fromkeys(names)] if names else network_first(all_tasks())
    check_comparable(tasks, {variant.framework for variant in chosen})
    own = (
        tasks[0] if len(tasks) == 1 and hasattr(tasks[0].specification, "DATA") else None
    )  # which nothing is looked for
    left_out = [variant for variant in chosen if frameworks is None and not everything and not at_hand(variant)]
    if json_file:
        check_writable(json_file)
    if publish and not paths.IS_CHECKOUT:
        raise UserError("--publish writes into docs/results of a clone of the project; this is an installed package.")
    console = terminal()
    dataset = made_by(own, None) if own else data.load(data_choice, progress=Console(stderr=True))
    if not names:
        tasks, told = choose(tasks, dataset)
        for line in told:
            console.print(line, soft_wrap=True, markup=False)
    else:
        check_accepted(tasks, dataset)
    store = Store(fresh=fresh or publish or repeat > 1)
    if store.others():
        print(f"Older evidence in {store.folder.parent} isn't used any more; `concord store clear` takes it away.")
    asked = Comparison(
        tasks,
        [variant for variant in chosen if variant not in left_out],
        frameworks is not None,
        PRECISIONS if precision == "both" else (precision,),
        lay_out(dataset),
        "full" if full or publish else "quick",
        device,
        jobs or default_jobs(),
        store,
    )
    programs = {task.name: results.sha256_of(task) for task in tasks}  # as they are when it begins
    if asked.depth == "quick":  # the full one also says how long a setting takes
        keep_compiled_code()
    rounds, tf32 = [], {}
    for number in range(repeat):
        if repeat > 1:
            console.print(f"Comparison {number + 1} of {repeat}", style="dim")
            asked = replace(asked, store=Store(fresh=True))
        rounds.append(show(asked, console, tf32))
    rows = with_repeats(rounds) if repeat > 1 else rounds[0]
    seconds = time.perf_counter() - begin
    if len(rows) > 1:
        console.print()
        console.print(results.matrix(rows))
    for row in rows if full and repeat == 1 else ():
        console.print(results.levels_table(row))
    for variant in left_out:
        assert variant.own
        size = f"about {variant.own.megabytes} MB, a minute or two"
        console.print(f"{variant.id} is left out: it needs an environment of its own. `--all` makes it ({size}).")
    console.print(results.sentence(rows, asked.images.dataset.name, asked.depth, seconds), markup=False, soft_wrap=True)
    if device == "gpu":
        console.print(told_gpu(find_gpu() | {"tf32": tf32}), soft_wrap=True, markup=False)
    changes = changed_verdicts(rounds) if repeat > 1 else []
    if repeat > 1:
        count = sum(len(row.levels) for row in rows)
        console.print(f"{repeat} repeats: {len(changes)} of {count} verdicts changed")
    for change in changes:
        console.print(change, style="bold red", soft_wrap=True, markup=False)
    document = results.document(
        asked.images.dataset, rows, asked.precisions, asked.depth, device, tf32, seconds, programs
    )
    if json_file:
        write_json(json_file, document)
        console.print(f"wrote {json_file}", markup=False)
    if publish:
        folder = paths.CHECKOUT / "docs" / "results"
        for file in results.publish(document, rows, folder):
            console.print(f"wrote {file}", markup=False)
        options = {"store": Store(), "device": device, "threads": 1}
        with Collector(new_folder() / "pictures", asked.images, **options) as collector:
            for task in tasks:
                for file in pictures.publish(collector, task, results.speaking(task, folder)):
                    console.print(f"wrote {file}", markup=False)
    store.trim()
    absent = () if asked.named else ABSENT
    good = any(row.outcome == "ok" for row in rows) and all(row.outcome in ("ok", *absent) for row in rows)
    return 0 if good and not changes else 1


def check_comparable(tasks: list[Task], frameworks: set[str]) -> None:
    """Each task has a name of its own, and a reference.

    Raises:
        UserError: two tasks have one name, or a task with a program to compare has none in NumPy.
    """
    by_name: dict[str, Task] = {}
    for task in tasks:
        if other := by_name.get(task.name):
            raise UserError(f"{other.folder} and {task.folder} have the same name; compare one of them at a time.")
        by_name[task.name] = task
        if REFERENCE not in task.of_reference.recipes and frameworks & set(task.recipes):
            missing = task.of_reference.folder / f"{task.of_reference.name}_{REFERENCE}.py"
            raise UserError(
                f"{missing} isn't there, and every other program is held against it.\n"
                "Write the task in NumPy first: CONTRIBUTING.md says how, and every recipe has one."
            )


def network_first(tasks: list[Task]) -> list[Task]:
    """The smallest plain network before everything else: a newcomer sees one proven within seconds."""
    plain = [task for task in tasks if task.kind == "network" and not task.settings]
    return plain[:1] + [task for task in tasks if task not in plain[:1]]


def at_hand(variant: Variant) -> bool:
    """Whether a variant can take part without an environment being made for it."""
    return variant.own is None or variant.own.state() == "ready"


def default_jobs() -> int:
    """As many variants at once as there are cores and memory for."""
    import psutil

    return max(1, min(available_threads(), int(psutil.virtual_memory().available / JOB_MEMORY)))


def show(asked: Comparison, console: Any, tf32: dict[str, str]) -> list[VariantVerdict]:
    """Prints each row as it comes; gives all of them, in the order of the tables."""
    from rich.console import Console

    total = sum(asked.named or v.framework in task.recipes for task in asked.tasks for v in asked.variants)
    width = max(len(task.name) for task in asked.tasks), max((len(v.id) for v in asked.variants), default=0)
    rows, told = [], set()
    with activity(total, console if console.is_terminal else Console(stderr=True)) as (announce, finish):
        for row in proven(asked, announce, tf32):
            rows.append(row)
            for line in results.lines(row, *width, told):
                console.print(line, soft_wrap=True)
            finish()
    order = [(task.name, variant.id) for task in asked.tasks for variant in variants().values()]
    return sorted(rows, key=lambda row: order.index((row.recipe, row.variant)))


def proven(
    asked: Comparison, announce: "Callable[[str], None]" = lambda what: None, tf32: dict[str, str] | None = None
) -> Iterator[VariantVerdict]:
    """A verdict for each program, as soon as it is known. A variant's workers serve all of its recipes and are closed
    when these are done; several variants are at work at once. Who has no variant left takes from the longest one's end,
    with workers of its own."""
    found: queue.Queue[VariantVerdict | BaseException | None] = queue.Queue()
    stopped, at_work = threading.Event(), []
    folder = new_folder()
    left = {
        variant.id: deque(task for task in asked.tasks if asked.named or variant.framework in task.recipes)
        for variant in asked.variants
    }

    def next_of(variant: Variant, take: "Callable[[deque[Task]], Task]") -> Task | None:
        with suppress(IndexError):
            return None if stopped.is_set() else take(left[variant.id])

    def column(variant: Variant, name: str, take: "Callable[[deque[Task]], Task]") -> None:
        options = {"store": asked.store, "announce": announce, "device": asked.device, "threads": 1}
        with Collector(folder / name, asked.images, **options) as collector:
            at_work.append(collector.workers)
            while task := next_of(variant, take):
                found.put(proven_once(collector, task, variant, asked.precisions, asked.depth))
            if tf32 is not None:
                tf32.update(collector.tf32)

    def help_out(number: int) -> None:
        while not stopped.is_set():
            longest = max(asked.variants, key=lambda variant: len(left[variant.id]))
            if len(left[longest.id]) < WORTH_HELP:
                return
            column(longest, f"{longest.id}-{number}", deque.pop)

    def told(work: "Callable[..., None]", *arguments: Any) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            found.put(error)
        finally:
            found.put(None)

    pool = ThreadPoolExecutor(asked.jobs)
    try:
        for variant in asked.variants:
            pool.submit(told, column, variant, variant.id, deque.popleft)
        for number in range(1, asked.jobs):
            pool.submit(told, help_out, number)
        waiting = len(asked.variants) + asked.jobs - 1
        while waiting:
            try:
                row = found.get(timeout=HEED_INTERRUPTS)
            except queue.Empty:
                continue
            if row is None:
                waiting -= 1
            elif isinstance(row, BaseException):
                raise row
            else:
                yield row
    finally:  # Ctrl-C, too: ends what is being run; what was proven is in the store
        stopped.set()
        for workers in at_work:  # so that a program's further runs aren't begun
            workers.close()
        close_all()
        pool.shutdown(wait=True, cancel_futures=True)


def with_repeats(rounds: list[list[VariantVerdict]]) -> list[VariantVerdict]:
    """The first round's rows, and in each what all rounds said of that program."""
    return [
        replace(rows[0], repeats=tuple(Repeat(row.outcome, row.accuracy) for row in rows))
        for rows in zip(*rounds, strict=True)
    ]


def changed_verdicts(rounds: list[list[VariantVerdict]]) -> list[str]:
    """A line for each level whose outcome is not the same in all rounds."""
    lines = []
    for rows in zip(*rounds, strict=True):
        seen: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            for level in row.levels:
                outcome = f"{level.outcome}{' (declared)' if level.declared else ''}"
                seen.setdefault((level.precision, level.level), []).append(outcome)
        for (precision, name), outcomes in seen.items():
            if len(set(outcomes)) > 1 or len(outcomes) < len(rows):
                where = f"{rows[0].recipe} {rows[0].variant} {precision} {name}"
                lines.append(f"{where} changed: {', '.join(outcomes)}")
    return lines
