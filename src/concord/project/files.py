"""Files that a user owns: written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from concord.project.errors import UserError


def write_json(path: Path, value: Any) -> None:
    """Writes JSON whole or not at all.

    Raises:
        UserError: the folder can't be written to, or is full; names the file.
    """
    path = path.resolve()  # a link stays a link
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror or error}.") from None
    finally:
        partial.unlink(missing_ok=True)


def replaceable(file: Path) -> bool:
    """Whether nothing is lost when results take a file's place: it isn't there, is empty, or holds results."""
    if not file.exists():
        return True
    with file.open("rb") as there:
        return there.read(1) in (b"", b"{")


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
        if not replaceable(file):
            raise UserError(f"{file} exists and isn't JSON; --json would replace it. Give it another name.")
        if not file.absolute().parent.is_dir():
            raise UserError(f"{file} can't be written: its folder doesn't exist.")
        with tempfile.NamedTemporaryFile(dir=file.absolute().parent, prefix=f".{file.name}.") as trial:
            trial.write(b"\0" * 65_536)  # a full disk still lets one make an empty file
            trial.flush()
    except OSError as error:
        raise UserError(f"{file} can't be written: {error.strerror or error}.") from None
