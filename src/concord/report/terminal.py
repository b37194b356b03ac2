"""What the commands share: the terminal, a line of progress, and whether a results file can be written."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from concord.project.errors import UserError


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
