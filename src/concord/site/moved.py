"""Pages that have moved: docs/moved.toml, and what is left at each old address."""

import posixpath
import tomllib
from collections.abc import Container
from pathlib import Path

from concord.project.errors import UserError
from concord.site.markup import render


def pages(file: Path, present: Container[str]) -> dict[str, str]:
    """By old address, a page that leads to the new one.

    Args:
        file: by old address, the new one, which may end in the name of a section.
        present: the addresses of all other pages.

    Raises:
        UserError: the file can't be read, a page is still at the old address, or there is none at the new one.
    """
    try:
        moved = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file} can't be read: {type(error).__name__}: {error}.") from None
    found = {}
    for old, new in moved.items():
        page, mark, section = str(new).partition("#")
        if old in present or page not in present or not old.endswith(".html"):
            raise UserError(f'{file}: "{old}" = "{new}" doesn\'t lead from an address without a page to one with.')
        found[old] = str(render("moved.html", link=posixpath.relpath(page, posixpath.dirname(old)) + mark + section))
    return found
