"""HTML for pages: templates, highlighted code, figures in words."""

import html
import re
from functools import cache
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import jinja2
import markdown
import pygments
from markupsafe import Markup
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from concord.site.correspondence import Mark

TEMPLATES = Path(__file__).parent / "templates"
WRAPS = re.compile(r'(<span class="[op]">[^<]*[.(\[{=]</span>)')  # a long line may go on after these
CODE = re.compile(r"(<pre\b[^>]*><code\b[^>]*)>(<span.*?)</code>", re.DOTALL)  # highlighted
HELD = re.compile(r'(<code\b[^>]*) data-held="(\d+)">[^<]*</code>')
TAG = re.compile(r"<[^>]*>")
TOKEN = re.compile(r"(<span[^>]*>|)([^<]+)(</span>|)")  # of a highlighted line


@cache
def templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["breakable"] = breakable
    found.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # `tojson`: in the order given, and short
    return found


def breakable(name: str) -> Markup:
    """A name that a narrow column may break after its underscores."""
    return Markup("_<wbr>").join(name.split("_"))


def render(template: str, **values: Any) -> Markup:
    """A template of the folder beside this file."""
    return Markup(templates().get_template(template).render(**values))


@cache
def code(text: str, marks: tuple[Mark, ...] = ()) -> Markup:
    """Python, highlighted, each line in an element of its own. Its text content is exactly the text.

    Args:
        text: the code.
        marks: what else is marked in its lines, each as (line, from, to, part).
    """
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lines = pygments.highlight(text, lexer, HtmlFormatter(nowrap=True, wrapcode=False)).split("\n")
    if text.endswith("\n") and lines and not lines[-1]:
        lines.pop()
    found = []
    for number, (line, plain) in enumerate(zip(lines, text.split("\n"), strict=False)):
        indent = len(plain) - len(plain.lstrip(" "))
        style = f' style="--i:{indent}"' if indent else ""  # where the rest of a wrapped line begins
        end = "\n" if number < len(lines) - 1 or text.endswith("\n") else ""
        line = WRAPS.sub(r"\1<wbr>", marked(line, [mark[1:] for mark in marks if mark[0] == number]))
        found.append(f'<span class="l"{style}>{line}{end}</span>')
    return Markup("".join(found))


class Held:
    """Highlighted code, kept aside while Markdown and the search read a page: plain, it is read in half the time.

    Both go through each tag, and half of the site's tags are those of code.
    """

    def __init__(self) -> None:
        self.code: list[str] = []

    def plain(self, text: str) -> str:
        """A page's source with its code without tags, numbered."""

        def aside(found: re.Match[str]) -> str:
            self.code.append(found[2])
            return f'{found[1]} data-held="{len(self.code) - 1}">{TAG.sub("", found[2])}</code>'

        return CODE.sub(aside, text)

    def back(self, page: str) -> str:
        """A page's HTML with the code as it was."""
        return HELD.sub(lambda found: f"{found[1]}>{self.code[int(found[2])]}</code>", page)


def marked(line: str, marks: list[tuple[int, int, str]]) -> str:
    """A highlighted line with further marks around its characters. Marks may lie in each other."""
    if not marks:
        return line
    pieces, done = [], 0  # the tokens, cut where a mark begins or ends
    edges = sorted({edge for start, end, _ in marks for edge in (start, end)})
    for opening, inside, closing in TOKEN.findall(line):
        text = html.unescape(inside)
        cuts = [0, *(edge - done for edge in edges if 0 < edge - done < len(text)), len(text)]
        for start, end in pairwise(cuts):
            parts = " ".join(dict.fromkeys(part for a, b, part in marks if a <= done + start and done + end <= b))
            pieces.append((parts, f"{opening}{html.escape(text[start:end], quote=False)}{closing}"))
        done += len(text)
    groups = [(parts, "".join(piece for _, piece in group)) for parts, group in groupby(pieces, key=itemgetter(0))]
    return "".join(f'<span class="part" data-part="{parts}">{text}</span>' if parts else text for parts, text in groups)


@cache
def prose(text: str) -> Markup:
    """A few paragraphs of Markdown."""
    return Markup(markdown.markdown(text, extensions=["tables", "sane_lists"]))


def inline(text: str) -> Markup:
    """A sentence of Markdown, without the paragraph around it."""
    return Markup(str(prose(text)).removeprefix("<p>").removesuffix("</p>"))


def error_figure(error: float | str | None, digits: int = 0) -> str:
    """A relative error in a few characters, with some digits after the point."""
    if error is None:
        return "none"
    if isinstance(error, str):
        return "infinite"
    if error >= 0.1:
        return f"{error:,.{digits + (error < 9.95)}f}".removesuffix(".0")
    return "0" if error == 0 else f"{error:.{digits}e}".replace("e-0", "e-")


def seconds(value: float) -> str:
    """A duration with three digits, or whole seconds."""
    if value >= 999.5:
        return f"{value:,.0f} s"
    number, unit = (value, "s") if value >= 0.9995 else (value * 1000, "ms")
    return f"{number:#.3g}".rstrip(".") + f" {unit}"


def mebibytes(value: float) -> str:
    return f"{value / 2**20:,.0f} MiB"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"
