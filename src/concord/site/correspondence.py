"""Which code of a network's program is the loss, the gradient and the update, for a page to light up together."""

import re
import tomllib
from functools import cache

from concord.project import paths
from concord.project.errors import UserError

PARTS = ("loss", "gradient", "update")
COMMENT = re.compile(r"(^|\s\s)#.*")

Mark = tuple[int, int, int, str]  # the line, counted from 0; its characters from and to; the part


@cache
def patterns() -> dict[str, dict[str, list[re.Pattern[str]]]]:
    """By part and framework, what finds it in a line.

    Raises:
        UserError: the file lacks a part or names another, or an expression is none.
    """
    file = paths.FRAMEWORKS / "correspondence.toml"
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        if sorted(written) != sorted(PARTS):
            raise UserError(f"{file} has {', '.join(written)}; expected {', '.join(PARTS)}.")
        return {
            part: {id: [re.compile(one) for one in expressions] for id, expressions in written[part].items()}
            for part in PARTS
        }
    except (OSError, tomllib.TOMLDecodeError, re.error) as error:
        raise UserError(f"{file} can't be read: {type(error).__name__}: {error}.") from None


def marks(framework: str, text: str) -> tuple[Mark, ...]:
    """Where the parts are in a cell of a network's program."""
    return tuple(
        (number, *found.span(), part)
        for number, line in enumerate(text.splitlines())
        for part in PARTS
        for pattern in patterns()[part].get(framework, ())
        for found in pattern.finditer(COMMENT.sub("", line))
    )
