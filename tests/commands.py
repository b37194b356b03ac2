"""Runs the command line as a user does, and sees what it left behind."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Finished(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


def run(*arguments: object, home: Path, cwd: Path, source: Path | None = None, **environment: str) -> Finished:
    """`concord` with these arguments in a process of its own; from another source folder if one is given."""
    return python("-m", "concord", *arguments, home=home, cwd=cwd, source=source, **environment)


def python(*arguments: object, home: Path, cwd: Path, source: Path | None = None, **environment: str) -> Finished:
    """The same, for any arguments of the interpreter."""
    inherited = {name: value for name, value in os.environ.items() if name != "MNIST_DIR"}
    own = {"CONCORD_HOME": str(home)} | ({"PYTHONPATH": str(source)} if source else {})
    finished = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=inherited | own | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    return Finished(finished.returncode, finished.stdout, finished.stderr)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder by its path, folders as None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_dir()
    }


def assert_refused(finished: Finished, *parts: str) -> None:
    """Exit code 2, nothing on standard output, one or two lines on standard error that have these parts."""
    code, out, err = finished
    assert (code, out) == (2, "")
    assert err.startswith("concord: ")
    assert len(err.splitlines()) <= 2, err
    assert "Traceback" not in err
    for part in parts:
        assert part in err, err
