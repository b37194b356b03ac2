"""HTML for pages: templates, highlighted code, figures in words."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import markdown
import pygments
from markupsafe import Markup
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

TEMPLATES = Path(__file__).parent / "templates"


@cache
def templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> Markup:
    """A template of the folder beside this file."""
    return Markup(templates().get_template(template).render(**values))


@cache
def code(text: str) -> Markup:
    """Python, highlighted, each line in an element of its own. Its text content is exactly the text."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lines = pygments.highlight(text, lexer, HtmlFormatter(nowrap=True, wrapcode=False)).split("\n")
    if text.endswith("\n") and lines and not lines[-1]:
        lines.pop()
    end = "\n" if text.endswith("\n") else ""
    return Markup("\n".join(f'<span class="l">{line}</span>' for line in lines) + end)


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
