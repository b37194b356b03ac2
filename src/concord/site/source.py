"""A recipe's file as the site shows it: its cells with their exact text, its notebook, its lines of code."""

import io
import re
import tokenize
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from concord.project.errors import UserError

MARKER = re.compile(r"^# %%( \[markdown\])? *(.*?) *$\n?", re.MULTILINE)
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Source:
    """A recipe file.

    Args:
        path: the file.
        text: all of it.
        prose: its introduction in Markdown, without the title.
        cells: by step, the text between the markers, without the blank lines around it.
        notes: by step, the prose before it in Markdown, where there is any.
    """

    path: Path
    text: str
    prose: str
    cells: dict[str, str]
    notes: dict[str, str]

    def lines_of_code(self) -> dict[str, int]:
        """By step, the lines that hold more than a comment. A docstring counts."""
        return {step: lines_of_code(cell) for step, cell in self.cells.items()}


@cache
def read_source(path: Path) -> Source:
    """Reads a percent-format script.

    Raises:
        UserError: the file doesn't begin with a cell, or has the same title twice.
    """
    text = path.read_text(encoding="utf-8")
    markers = list(MARKER.finditer(text))
    if not markers or markers[0].start():
        raise UserError(f"{path.name} doesn't begin with a cell; expected a line '# %% [markdown]'.")
    prose, cells, notes = [], {}, {}
    for marker, following in zip(markers, [*markers[1:], None], strict=True):
        body = text[marker.end() : following.start() if following else len(text)].strip("\n") + "\n"
        if marker[1]:
            text_of_cell = re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip()
            if not prose:
                prose.append(text_of_cell)
            elif following:
                notes[following[2]] = text_of_cell
        elif marker[2] in cells:
            raise UserError(f"{path.name} has two cells called {marker[2]!r}.")
        else:
            cells[marker[2]] = body
    return Source(path, text, re.sub(r"\A# .*\n", "", "\n".join(prose)).strip(), cells, notes)


def lines_of_code(text: str) -> int:
    """Lines that hold at least one token of Python."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def notebook(source: Source, install: str = "", printed: str = "") -> str:
    """The same file as a Jupyter notebook; the same file always gives the same bytes.

    Args:
        source: the file.
        install: a command for a first cell that makes the rest run; pip's becomes a cell of code, another one prose.
        printed: what the last cell is known to print.
    """
    import jupytext
    import nbformat

    book = jupytext.reads(source.text, fmt="py:percent")
    if printed:
        book.cells[-1]["outputs"] = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
    if install.startswith("pip "):
        cell = nbformat.v4.new_code_cell(f"# At the versions that were measured.\n%{install}")
        book.cells.insert(1, cell)
    elif install:
        prose = f"It needs an environment of its own, and a kernel in it. In a clone of Concord: `{install}`"
        book.cells.insert(1, nbformat.v4.new_markdown_cell(prose))
    if install:
        book.cells[1].metadata["tags"] = ["install"]
    for number, cell in enumerate(book.cells, start=1):
        cell["id"] = f"cell-{number}"
    book.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return nbformat.writes(book) + "\n"


def differing_lines(mine: str, other: str) -> list[int]:
    """The lines of one cell, counted from 1, that another one hasn't got in the same order."""
    blocks = SequenceMatcher(None, mine.splitlines(), other.splitlines(), autojunk=False).get_matching_blocks()
    same = {line for block in blocks for line in range(block.a, block.a + block.size)}
    return [number + 1 for number in range(len(mine.splitlines())) if number not in same]
