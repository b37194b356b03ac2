"""What each framework can do: the answers of `concord features`, as rows of the table and a page for each row."""

from pathlib import Path
from typing import Any

from concord.ask import features
from concord.ask.answers import ADD_ON, BROKEN, BUILT_IN, FACT, FEW_LINES, NOT_POSSIBLE, NOT_WRITTEN, SYMBOLS
from concord.ask.features import Feature
from concord.project import paths
from concord.project.framework import Variant, variants
from concord.project.python import definition
from concord.site.evidence import BAD, GOOD, NEUTRAL
from concord.site.markup import code, inline, render
from concord.site.matrix import NOT_MEASURED, Cell, Group, Row
from concord.site.results import Results, changed_probes, outdated

COMMAND = "concord features --json docs/results/features.json"
TONES = {BUILT_IN: GOOD, FEW_LINES: "2", ADD_ON: "3", NOT_POSSIBLE: BAD, BROKEN: BAD, NOT_WRITTEN: NEUTRAL, FACT: ""}
USABLE = (BUILT_IN, FEW_LINES, ADD_ON)  # the best first; the table is sorted by it
LACKS = {FEW_LINES: FEW_LINES, ADD_ON: ADD_ON, NOT_POSSIBLE: "lacks", NOT_WRITTEN: "unknown", BROKEN: "unknown"}


class Answers:
    """The latest file of answers, if there is one, looked up by feature and variant."""

    def __init__(self, results: Results):
        self.file, self.document = results.latest("features")
        self._cells = {(cell["feature"], cell["variant"]): cell for cell in self.document.get("results", [])}

    def of(self, feature: Feature, variant: Variant) -> dict[str, Any] | None:
        """One answer, None where nobody asked."""
        found = self._cells.get((feature.id, variant.id))
        return found if found and found["answer"] is not None else None

    def stale(self, found: dict[str, Any], variant: Variant) -> str:
        """Why an answer no longer speaks for the present probe or version; empty if it does."""
        probes = paths.FRAMEWORKS / variant.framework / "features.py"
        checks = paths.FRAMEWORKS / "feature_checks.py"
        files = [] if found["source"] else [probes, checks]
        return outdated(variant, found["versions"]) or changed_probes(self.document, files)


def groups(results: Results) -> list[Group]:
    """The groups of features.toml, in its order; one row that says what to run if nothing is measured."""
    answers = Answers(results)
    if not answers.document:
        cells = {id: Cell(NOT_MEASURED) for id in variants()}
        return [Group("Features", [Row("features", "every feature", measure=COMMAND, cells=cells)])]
    rows: dict[str, list[Feature]] = {}
    for feature in features.features().values():
        rows.setdefault(feature.group, []).append(feature)
    return [
        Group(title, [row(feature, answers) for feature in members], summary(members, answers))
        for title, members in rows.items()
    ]


def row(feature: Feature, answers: Answers) -> Row:
    cells = {variant.id: cell(feature, variant, answers) for variant in variants().values()}
    needed = not is_fact(feature, answers)
    return Row(feature.id, feature.name, about=feature.question, cells=cells, needed=needed)


def is_fact(feature: Feature, answers: Answers) -> bool:
    """Whether a row tells something, a licence for instance, rather than whether something can be done."""
    found = [answers.of(feature, variant) for variant in variants().values()]
    return any(answer is not None and answer["answer"] == FACT for answer in found)


def cell(feature: Feature, variant: Variant, answers: Answers) -> Cell:
    found = answers.of(feature, variant)
    if found is None:
        return Cell(NOT_MEASURED, lacks="unknown")
    answer = found["answer"]
    words = (found["value"] or found["remark"]) if answer == FACT else answer
    stale = answers.stale(found, variant)
    return Cell(
        f"{SYMBOLS[answer][0]} {words}".strip(),
        words,
        f"features/{feature.id}.html#{variant.id}",
        f"stale: {stale}" if stale else "",
        TONES[answer],
        USABLE.index(answer) if answer in USABLE else len(USABLE) if answer == NOT_POSSIBLE else None,
        LACKS.get(answer, ""),
    )


def summary(members: list[Feature], answers: Answers) -> dict[str, str]:
    """By variant, how many of a group's features it has; nothing for a group of facts.

    It has a feature if that is built in. What takes a few lines or an add-on can be had, and the table says so too.
    """
    asked = [feature for feature in members if not is_fact(feature, answers)]
    if not asked:
        return {}
    found = {}
    for variant in variants().values():
        given = [answers.of(feature, variant) for feature in asked]
        has = sum(answer is not None and answer["answer"] == BUILT_IN for answer in given)
        found[variant.id] = f"{has} of {len(asked)} built in"
    return found


def pages(results: Results) -> dict[str, str]:
    """A page for each row, with the code in each framework; none where nothing is measured."""
    answers = Answers(results)
    if not answers.document:
        return {}
    return {f"features/{feature.id}.md": page(feature, answers) for feature in features.features().values()}


def page(feature: Feature, answers: Answers) -> str:
    """The Markdown of one feature's page."""
    body = render(
        "feature.html",
        feature=feature,
        sections=sections(feature, answers),
        date=answers.document["created"][:10],
        file=answers.file.name,
        command=COMMAND,
        fact=FACT,
        inline=inline,
    )
    return f"""---
title: "{feature.name}"
description: "{feature.question}"
hide: [navigation, toc]
---

# {feature.name[0].upper()}{feature.name[1:]}

{feature.question}

{body}
"""


def sections(feature: Feature, answers: Answers) -> list[dict[str, Any]]:
    """One for each variant, but one for all that share a probe."""
    found: dict[tuple[Path, str] | str, dict[str, Any]] = {}
    for variant in variants().values():
        written = features.written(variant.framework)
        probe = written.probe(feature.id, variant) if not written.source(feature.id, variant) else None
        key = (written.path, probe.function) if probe else variant.id
        shown = code(definition(written.path, probe.function)) if probe else None
        section = found.setdefault(key, {"code": shown, "answers": []})
        answer = answers.of(feature, variant)
        section["answers"].append(
            {
                "variant": variant,
                "found": answer,
                "text": f"{SYMBOLS[answer['answer']][0]} {answer['answer']}" if answer else f"– {NOT_MEASURED}",
                "tone": TONES[answer["answer"]] if answer else NEUTRAL,
                "stale": answers.stale(answer, variant) if answer else "",
            }
        )
    return list(found.values())
