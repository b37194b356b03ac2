"""The kill matrix: wrong programs on purpose, and the level of the ladder that catches each."""

from typing import Any

from markupsafe import Markup

from concord.judge import ladder
from concord.judge.mutants import (
    AS_CLAIMED,
    EQUIVALENT,
    FAULTS,
    Mutant,
    all_mutants,
    changed_digest,
)
from concord.project.framework import variants
from concord.site.evidence import BAD, GOOD
from concord.site.markup import error_figure, render
from concord.site.results import Results

COMMAND = "concord mutants --full --json docs/results/mutants.json"


def summary(results: Results) -> Markup:
    """By class of fault, how many were caught by the level that claims them."""
    file, document = results.latest("mutants")
    found = document.get("results", [])
    classes = []
    for fault in FAULTS:
        rows = [row for row in found if row["fault"] == fault and not row["equivalent"]]
        if rows:
            caught = [row for row in rows if row["outcome"] in AS_CLAIMED]
            classes.append({"fault": fault, "mutants": names(rows), "runs": len(rows), "caught": len(caught)})
    alike = [row for row in found if row["equivalent"]]
    return render(
        "mutants_summary.html",
        document=document,
        file=file.name,
        command=COMMAND,
        classes=classes,
        total={
            "mutants": sum(row["mutants"] for row in classes),
            "runs": sum(row["runs"] for row in classes),
            "caught": sum(row["caught"] for row in classes),
        },
        alike={"mutants": names(alike), "runs": len(alike), "good": sum(r["outcome"] == EQUIVALENT for r in alike)},
        unmeasured=len(all_mutants().keys() - {row["mutant"] for row in found}),
        unsound=[row for row in document.get("controls", []) if row["outcome"] != "ok"],
        controls=len(document.get("controls", [])),
    )


def names(rows: list[dict[str, Any]]) -> int:
    """How many different mutants."""
    return len({row["mutant"] for row in rows})


def matrix(results: Results) -> Markup:
    """A row for each mutant, a column for each level: which level catches it, and by how much."""
    file, document = results.latest("mutants")
    by_mutant: dict[str, list[dict[str, Any]]] = {}
    for row in document.get("results", []):
        by_mutant.setdefault(row["mutant"], []).append(row)
    shown = {level for rows in by_mutant.values() for row in rows for level in row["levels"]}
    used = [level for level in ladder.LEVEL_NAMES if level in shown]
    ordered = sorted(by_mutant.values(), key=lambda rows: FAULTS.index(rows[0]["fault"]))
    groups: dict[str, list[dict[str, Any]]] = {}
    for rows in ordered:
        first = rows[0]
        runs = [run(row) for row in rows]
        groups.setdefault(first["fault"], []).append(
            first
            | {
                "cells": [effect(level, rows) for level in used],
                "good": sum(row["outcome"] in AS_CLAIMED for row in rows),
                "runs": runs,
                "stale": sum(bool(found["stale"]) for found in runs),
            }
        )
    return render("mutants.html", document=document, file=file.name, command=COMMAND, levels=used, groups=groups)


def effect(level: str, rows: list[dict[str, Any]]) -> dict[str, str] | None:
    """What a level says of a mutant in all variants: the least error of those that it caught, else the largest."""
    verdicts = [row["levels"][level] for row in rows if level in row["levels"]]
    if not verdicts:
        return None
    caught = [verdict for verdict in verdicts if not verdict["passed"]]
    errors = [verdict["error"] for verdict in caught or verdicts if isinstance(verdict["error"], (int, float))]
    figure = error_figure(min(errors) if caught else max(errors)) if errors else ""
    if not caught:
        return {"tone": "", "text": figure, "words": "passes"}
    claimed = level == rows[0]["level"]
    return {"tone": GOOD if claimed else BAD, "text": f"{'✓' if claimed else '✗'} {figure}".strip(), "words": "caught"}


def run(row: dict[str, Any]) -> dict[str, str]:
    """One variant's outcome, for the list under a mutant."""
    known = variants().get(row["variant"])
    mutant = all_mutants().get(row["mutant"])
    current = mutant and row["source_sha256"] == changed_digest(mutant, row["framework"])
    return {
        "label": known.label if known else row["variant"],
        "outcome": row["outcome"],
        "tone": GOOD if row["outcome"] in AS_CLAIMED else BAD,
        "reason": row["reason"],
        "stale": "" if current else "the program changed since",
        "change": difference(mutant, row["framework"]) if mutant and current else "",
    }


def difference(mutant: Mutant, framework: str) -> str:
    """What a mutant changes in one framework's program, as lines that go and lines that come."""
    lines = []
    for old, new in mutant.changes[framework]:
        lines += [f"- {line}" for line in old.strip("\n").splitlines()]
        lines += [f"+ {line}" for line in new.strip("\n").splitlines()]
    return "\n".join(lines)
