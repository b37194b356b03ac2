"""The guide: which framework to take for which need, each sentence held against rows of the table for choosing."""

import tomllib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.site import costs
from concord.site.features import USABLE
from concord.site.markup import render
from concord.site.matrix import Cell, Group, Row


@dataclass(frozen=True)
class Sentence:
    """If you `need`, take `take`, `because`. See frameworks/guide.toml for what the fields mean.

    `take` are variants; `named` are the frameworks or variants as they were written, and `spared` says that they are
    those not to take. `because` has the least that each row must say, by the row's id; with `only` no variant but those
    of `take` and `also` says all of it.
    """

    about: str
    need: str
    take: tuple[str, ...]
    named: tuple[str, ...]
    why: str
    because: dict[str, str] = field(default_factory=dict)
    spared: bool = False
    only: bool = False
    also: tuple[str, ...] = ()


def sentences() -> list[Sentence]:
    """All of guide.toml.

    Raises:
        UserError: it can't be read, or names a variant that there isn't.
    """
    path = paths.FRAMEWORKS / "guide.toml"
    try:
        return [read_sentence(dict(entry)) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["sentences"]]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path} can't be read: {error}") from None


def read_sentence(entry: dict[str, Any]) -> Sentence:
    spared = "except" in entry
    named = tuple(entry.pop("except" if spared else "take"))
    chosen = members(named)
    take = tuple(id for id in variants() if (id in chosen) != spared)
    also = tuple(entry.pop("also", ()))
    return Sentence(need=entry.pop("if"), take=take, named=named, spared=spared, also=also, **entry)


def members(names: tuple[str, ...]) -> list[str]:
    """The variants that names stand for: each itself, or all of a framework.

    Raises:
        UserError: there is neither a variant nor a framework of that name.
    """
    found: list[str] = []
    for name in names:
        if name not in variants() and name not in frameworks():
            raise UserError(f"guide.toml names {name}, which is neither a framework nor a variant")
        found += [name] if name in variants() else [variant.id for variant in frameworks()[name].variants]
    return found


def supports(cell: Cell, claim: str) -> bool:
    """Whether a cell says at least what a sentence claims of it."""
    if claim in USABLE:
        return cell.rank is not None and cell.rank <= USABLE.index(claim)
    if claim in (steps := [f"up to {factor:g}× the best" for factor in costs.FACTORS]):
        return cell.tone in [str(step) for step in range(1, steps.index(claim) + 2)]
    words = (cell.text, cell.text.partition(" ")[2])  # with and without the sign or figure in front of them
    return any(text.startswith(claim) for text in words)


def complaints(sentence: Sentence, rows: dict[str, Row]) -> list[str]:
    """Why the evidence doesn't support a sentence, one line for each reason; empty if it does."""
    if not sentence.because or not sentence.take:
        return ["it has no rows" if sentence.take else "it takes nothing"]
    if missing := [f"there is no row {id}" for id in sentence.because if id not in rows]:
        return missing
    named = [*sentence.take, *members(sentence.also)]
    found = [
        f"{variants()[id].label}: {rows[row].label} is {rows[row].cells[id].text}, not {claim}"
        for row, claim in sentence.because.items()
        for id in named
        if not supports(rows[row].cells[id], claim)
    ]
    for id in variants():
        has_all = all(supports(rows[row].cells[id], claim) for row, claim in sentence.because.items())
        if sentence.only and id not in named and has_all:
            found.append(f"{variants()[id].label} has all of that too")
    return found


def table_link(sentence: Sentence, rows: dict[str, Row]) -> str:
    """The table with these rows marked as what the reader needs, the best column first, at the first of them."""
    found = [rows[id] for id in sentence.because if id in rows]
    if not found:
        return "choose.html"
    needed = ",".join(row.id for row in found if row.needed)
    query = {"sort": found[0].id} | ({"need": needed} if needed else {})
    return f"choose.html?{urlencode(query, safe=',')}#row-{found[0].id}"


def page(groups: list[Group]) -> str:
    """The Markdown of the page, which speaks of the table's rows."""
    rows = {row.id: row for group in groups for row in group.rows}
    titles = {
        row.id: row.label if row.needed else f"{group.title}: {row.label}" for group in groups for row in group.rows
    }
    by_group: dict[str, list[dict[str, Any]]] = {}
    for sentence in sentences():
        first = sentence.take[0]
        entry = {
            "sentence": sentence,
            "names": [page_of(name) for name in sentence.named],
            "also": [page_of(name)["label"] for name in sentence.also],
            "reasons": [
                {
                    "title": titles.get(id, id),
                    "claim": claim,
                    "link": rows[id].cells[first].link if id in rows else "",
                    "stale": id in rows and any(rows[id].cells[name].stale for name in sentence.take),
                }
                for id, claim in sentence.because.items()
            ],
            "table": table_link(sentence, rows),
            "complaints": complaints(sentence, rows),
        }
        by_group.setdefault(sentence.about, []).append(entry)
    return f"""---
title: Guide
description: Which framework to take for which need, in a few sentences that each lead to their evidence.
hide: [navigation, toc]
---

# Which one should I take?

{render("guide.html", groups=by_group)}
"""


def page_of(name: str) -> dict[str, str]:
    """A framework's or variant's name and the page that describes it."""
    if name in variants():
        return {"label": variants()[name].label, "link": f"frameworks/{variants()[name].framework}.html"}
    return {"label": frameworks()[name].label, "link": f"frameworks/{name}.html"}
