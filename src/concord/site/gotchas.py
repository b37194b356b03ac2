"""The gotchas: where the frameworks differ, as a table, and a page for each topic with the code that shows it."""

from typing import Any

from concord.ask.gotchas import Topic, short, topics
from concord.project.framework import Framework, Variant, variants
from concord.project.python import definition
from concord.site.evidence import BAD, KNOWN
from concord.site.markup import code, render
from concord.site.matrix import NOT_MEASURED, Cell, Group, Row, files, table
from concord.site.results import Results, changed_probes, outdated

COMMAND = "concord gotchas --json docs/results/gotchas.json"


class Findings:
    """The latest file of findings, if there is one, looked up by topic and variant."""

    def __init__(self, results: Results):
        self.file, self.document = results.latest("gotchas")
        self._found = {(row["topic"], row["variant"]): row for row in self.document.get("results", [])}

    def of(self, topic: Topic, variant: Variant) -> dict[str, Any] | None:
        return self._found.get((topic.name, variant.id))

    def stale(self, topic: Topic, variant: Variant, row: dict[str, Any]) -> str:
        """Why a finding no longer speaks for the present probe or version; empty if it does."""
        return outdated(variant, row["versions"]) or changed_probes(self.document, [topic.path])


def pages(results: Results) -> dict[str, str | bytes]:
    """The table, a page for each topic, and the table to download."""
    findings = Findings(results)
    groups = [Group(topic.title, rows(topic, findings)) for topic in topics().values()]
    found: dict[str, str | bytes] = {f"gotchas/{topic.name}.md": page(topic, findings) for topic in topics().values()}
    return {"gotchas.md": overview(groups, findings), **found, **files("gotchas", groups)}


def overview(groups: list[Group], findings: Findings) -> str:
    """The Markdown of the table's page."""
    legend = render("gotchas_legend.html", document=findings.document, file=findings.file.name, command=COMMAND)
    return f"""---
title: Gotchas
description: Where the frameworks differ, measured on the pinned versions.
hide: [navigation, toc]
---

# Gotchas

Where the frameworks differ although they seem to do the same, measured on the pinned versions. Each value leads to the
code that shows it.

{table("gotchas", groups, "momentum, epsilon, padding …", legend)}
"""


def rows(topic: Topic, findings: Findings) -> list[Row]:
    """One row for a topic with one value; one for each name where the probes give several."""
    found = {variant.id: findings.of(topic, variant) for variant in topic.variants}
    names: dict[str, None] = {}
    for variant in topic.variants:
        row = found[variant.id]
        value = row["value"] if row and row["value"] is not None else topic.expected[variant.id]
        names |= dict.fromkeys(value if isinstance(value, dict) else [""])
    made = []
    for number, name in enumerate(names):
        cells = {
            variant.id: cell(topic, variant, found.get(variant.id), name, findings) for variant in variants().values()
        }
        label, about = (name, "" if number else topic.question) if name else (topic.question, "")
        made.append(Row(f"{topic.name}-{number}", label, about=about, cells=cells))
    return made


def cell(topic: Topic, variant: Variant, found: dict[str, Any] | None, name: str, findings: Findings) -> Cell:
    if variant not in topic.variants:
        return Cell("–")
    link = f"gotchas/{topic.name}.html#{variant.id}"
    if found is None:
        return Cell(NOT_MEASURED, link=link)
    if found["agrees"] is None:
        return Cell(found["outcome"].replace("_", " "), link=link, note=found["reason"], tone=BAD)
    if isinstance(found["value"], dict) != bool(name) or (name and name not in found["value"]):
        return Cell("–")
    value = part(found["value"], name)
    notes, tone = [], ""
    if found["documented"] and found["documented"]["agrees"] is False:
        told = part(found["documented"]["value"], name)
        if told is not None and short(told) != short(value):
            notes.append(f"the documentation says {short(told)}")
            tone = KNOWN
    if found["agrees"] is False and short(part(found["expected"], name)) != short(value):
        notes.append(f"was {short(part(found['expected'], name))}")
        tone = BAD
    if stale := findings.stale(topic, variant, found):
        notes.append(f"stale: {stale}")
    shown = short(value)
    sorted_by = value if isinstance(value, (int, float)) else shown
    return Cell(shown, sorted_by, link, "; ".join(notes), tone, means=shown)


def part(value: Any, name: str) -> Any:
    """One of several values by its name, or the only one; None if it isn't there."""
    return value.get(name) if name and isinstance(value, dict) else None if name else value


def page(topic: Topic, findings: Findings) -> str:
    """The Markdown of one topic's page."""
    body = render(
        "gotcha.html",
        topic=topic,
        sections=sections(topic, findings),
        document=findings.document,
        file=findings.file.name,
        command=COMMAND,
        short=short,
    )
    return f"""---
title: "{topic.title}"
description: "{topic.question}"
hide: [navigation, toc]
---

# {topic.title}

{topic.text}

{body}
"""


def sections(topic: Topic, findings: Findings) -> list[dict[str, Any]]:
    """One for each framework that has a probe, with what each of its variants gave."""
    found: dict[str, dict[str, Any]] = {}
    for variant in topic.variants:
        section = found.setdefault(
            variant.framework, {"code": code(definition(topic.path, variant.framework)), "findings": []}
        )
        row = findings.of(topic, variant)
        section["findings"].append(
            {
                "variant": variant,
                "row": row,
                "stale": findings.stale(topic, variant, row) if row else "",
                "note": topic.notes.get(variant.id, ""),
            }
        )
    return list(found.values())


def of_framework(framework: Framework, results: Results) -> list[dict[str, Any]]:
    """What a framework's page tells: each topic that it has a probe for, with the values of its variants."""
    findings = Findings(results)
    found = []
    for topic in topics().values():
        if framework.id not in topic.frameworks:
            continue
        values: dict[str, list[str]] = {}
        for variant in framework.variants:
            row = findings.of(topic, variant)
            told = NOT_MEASURED if row is None else short(row["value"]) if row["agrees"] is not None else row["outcome"]
            values.setdefault(told, []).append(variant.label)
        found.append({"topic": topic, "anchor": framework.variants[0].id, "values": values})
    return found
