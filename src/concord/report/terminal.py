"""What the commands share in a terminal: its width, a line of progress, words for a time that has passed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def terminal() -> Console:
    """Standard output; in a pipe wide enough for the tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


@contextmanager
def progress(total: int, console: Console | None = None) -> Iterator[Callable[[str], None]]:
    """A line that says what is running; nothing in a pipe.

    Args:
        total: how many things there are to do; each announcement ends one.
        console: where it stands; by default on standard error. What is printed there meanwhile stands above it.
    """
    with activity(total, console) as (announce, finish):
        started = False

        def next_one(what: str) -> None:
            nonlocal started
            if started:
                finish()
            started = True
            announce(what)

        yield next_one


@contextmanager
def activity(total: int, console: Console | None = None) -> Iterator[tuple[Callable[[str], None], Callable[[], None]]]:
    """The same for several things at once: one function says what is running, the other that one thing is done."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield (lambda what: None), (lambda: None)
        return
    bar = Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )
    with bar:
        line = bar.add_task("starting", total=total)
        yield (lambda what: bar.update(line, description=what)), (lambda: bar.update(line, advance=1))


def ago(moment: float) -> str:
    """How long ago a moment was, in words; moments are in seconds since 1970."""
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
