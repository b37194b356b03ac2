"""Questions to frameworks: a function of a file is called in a variant's worker, and what it gives is held against an
expectation. A row of the feature matrix is such a question, and so is a gotcha; what both do is done here."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from concord.project.errors import UserError, nearest
from concord.project.framework import Variant
from concord.run.pool import Workers
from concord.run.process import HEED_INTERRUPTS, Answer, available_threads

if TYPE_CHECKING:
    from rich.text import Text

TIME_LIMIT = 600.0  # seconds for one probe; Theano compiles with a C++ compiler, on a busy machine for minutes
SIDE_BY_SIDE = 4  # columns at once, if there are as many cores: most of a probe's work keeps one core busy
ABSENT = ("not_installed", "unsupported")  # outcomes that say something of this machine, and nothing of the framework

Found = TypeVar("Found")


@dataclass(frozen=True)
class Question:
    """What a variant is asked, in a worker of a precision; a fresh one has imported its framework and no more."""

    name: str
    variant: Variant
    precision: str
    fresh: bool = False


def ask(
    workers: Workers,
    question: Question,
    file: Path,
    function: str,
    complaint: Callable[[Any], str],
    arguments: Mapping[str, Any] | None = None,
) -> Answer:
    """Calls a function of a file. The answer is `mismatch` where there is a complaint about its `value`."""
    call = workers.fresh_probe if question.fresh else workers.probe
    answer = call(question.variant, question.precision, file, function, **plain(arguments or {}))
    if answer.outcome != "ok":
        return answer
    try:
        why = complaint(answer.fields["value"])
    except ModuleNotFoundError as error:
        return Answer("not_installed", f"the check needs {error.name}")
    return replace(answer, outcome="mismatch", reason=why) if why else answer


def plain(value: Any) -> Any:
    """Arrays and their numbers as lists and numbers."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def ask_all(
    workers: Workers,
    questions: Sequence[Question],
    answer: Callable[[Question], Found],
    announce: Callable[[str], None] = lambda what: None,
) -> list[Found]:
    """The answers in the order of the questions. Several variants are asked side by side; one after the other's
    questions by precision, what needs a fresh process first: those are copies of the worker that the others use then.
    """
    stopped = threading.Event()
    found: dict[tuple[str, str], Found] = {}

    def ask_one(variant: Variant) -> None:
        mine = [question for question in questions if question.variant.id == variant.id]
        mine.sort(key=lambda question: (question.precision, not question.fresh))
        for precision, part in groupby(mine, key=lambda question: question.precision):
            for question in part:
                if stopped.is_set():
                    return
                announce(f"{variant.id}: {question.name}")
                found[variant.id, question.name] = answer(question)
            workers.close_one(variant, precision)

    with ThreadPoolExecutor(min(SIDE_BY_SIDE, available_threads())) as pool:
        try:
            asked = {question.variant.id: question.variant for question in questions}
            columns = {pool.submit(ask_one, variant) for variant in asked.values()}
            while columns:
                over, columns = wait(columns, timeout=HEED_INTERRUPTS, return_when=FIRST_COMPLETED)
                for column in over:
                    column.result()  # or what it has raised
        except BaseException:  # Ctrl-C, too: ends what is being run, so that the columns come to their end
            stopped.set()
            workers.close()
            raise
    return [found[question.variant.id, question.name] for question in questions]


def select(kind: str, name: str | None, known: Mapping[str, Found]) -> list[Found]:
    """One of the known, or all.

    Raises:
        UserError: there is none of that name.
    """
    if name is not None and name not in known:
        raise UserError(nearest(kind, name, known))
    return list(known.values()) if name is None else [known[name]]


def survey(
    make_workers: Callable[[Path], Workers],
    questions: Sequence[Question],
    answer: Callable[[Any, Question], Found],
    json_file: Path | None,
) -> tuple[list[Found], float]:
    """Asks everything for a command, with a line of progress; gives the answers and how many seconds it took.

    Raises:
        UserError: the file that the answers are for can't be written.
    """
    from concord.project.files import check_writable
    from concord.report.terminal import progress
    from concord.run.evidence import new_folder

    if json_file:
        check_writable(json_file)
    begin = time.perf_counter()
    with make_workers(new_folder()) as workers, progress(len(questions)) as announce:
        workers.announce = announce
        found = ask_all(workers, questions, lambda question: answer(workers, question), announce)
    return found, time.perf_counter() - begin


def tell(
    tables: Iterable[Any], lines: "Iterable[str | Text]", json_file: Path | None, document: Callable[[], Any]
) -> None:
    """Prints tables, then lines, and writes the document if there is a file for it."""
    from concord.project.files import write_json
    from concord.report.terminal import terminal

    console = terminal()
    for part in tables:
        console.print(part)
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, style="dim" if isinstance(line, str) else None)
    if json_file:
        write_json(json_file, document())
        console.print(f"wrote {json_file}", markup=False)


def absent_lines(outcomes: Iterable[tuple[str, str, str]], what: str) -> list[str]:
    """A line for each variant and reason why something couldn't be asked here, from (variant, outcome, reason)."""
    counts = Counter(found for found in outcomes if found[1] in ABSENT)
    return [f"{id}: {outcome}: {reason} ({count} {what})" for (id, outcome, reason), count in counts.items()]
