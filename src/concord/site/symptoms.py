"""The page "My network isn't learning": symptoms, their causes, the broken line in each framework, and its curve."""

import difflib
import math
import textwrap
from typing import Any

from concord.ask.check import TITLES, sentence
from concord.ask.symptoms import EPOCHS, SHOWN, Cause, Symptom, digest, read_symptoms
from concord.judge.mutants import sound_task
from concord.project.framework import Framework, Variant, frameworks
from concord.project.structure import CELL
from concord.site.markup import code, inline, render
from concord.site.results import Results, outdated

COMMAND = "concord symptoms --json docs/results/symptoms.json"
TOP = 3.0  # of the axis of losses: what is larger leaves it, and is told in words
GUESS = math.log(10)
FIRST = "pytorch"  # shown first to who hasn't chosen


def pages(results: Results) -> dict[str, str | bytes]:
    """The page."""
    symptoms, causes = read_symptoms()
    file, document = results.latest("symptoms")
    shown = [
        framework for framework in frameworks().values() if any(framework.id in c.changes for c in causes.values())
    ]
    by_symptom = {
        symptom.id: [cause for cause in causes.values() if cause.symptom == symptom.id] for symptom in symptoms.values()
    }
    head = render(
        "symptoms.html",
        symptoms=symptoms.values(),
        causes=by_symptom,
        frameworks=shown,
        first=FIRST,
        checks=len(TITLES),
    )
    parts = [section(symptom, by_symptom[symptom.id], shown, document) for symptom in symptoms.values()]
    source = (
        f'Measured {document["created"][:10]}: <a href="../results/{file.name}">the whole results file</a>. '
        if document
        else "Not measured yet. "
    )
    body, titles = "\n".join(parts), ", ".join(symptom.title for symptom in symptoms.values())
    return {
        "learning/index.md": f"""---
title: My network isn't learning
description: "{titles}: what to check, the broken line, the right one."
hide: [navigation]
---

# My network isn't learning

{head}

{body}

<p class="source">{source}To reproduce it: <code>{COMMAND}</code></p>
"""
    }


def section(symptom: Symptom, causes: list[Cause], shown: list[Framework], document: dict[str, Any]) -> str:
    """The Markdown of one symptom: what it says, what to check, and each cause."""
    begin = render("symptom.html", symptom=symptom, causes=causes, inline=inline)
    parts = [f"## {symptom.title} {{ #{symptom.id} }}\n\n{begin}"]
    for number, cause in enumerate(causes, 1):
        cells = [cell(cause, framework, document) for framework in shown]
        title = f"{number}. {cause.name[0].upper()}{cause.name[1:]}"
        parts.append(
            f"### {title} {{ #{cause.id} }}\n\n"
            + render(
                "cause.html",
                cause=cause,
                cells=cells,
                explained=sound_task(cause.explained_by).specification.TITLE,
                inline=inline,
            )
        )
    return "\n\n".join(parts)


def leading_to(recipe: str) -> str:
    """What a recipe's page says of the symptoms that it explains; empty where it explains none."""
    symptoms, causes = read_symptoms()
    explained = [cause for cause in causes.values() if cause.explained_by == recipe]
    by_symptom = {
        symptom: [cause for cause in explained if cause.symptom == symptom.id] for symptom in symptoms.values()
    }
    return render("leading_to.html", by_symptom={key: found for key, found in by_symptom.items() if found})


def cell(cause: Cause, framework: Framework, document: dict[str, Any]) -> dict[str, Any]:
    """One cause in one framework."""
    found: dict[str, Any] = {"framework": framework, "absent": cause.absent.get(framework.id, ""), "rows": []}
    if framework.id not in cause.changes:
        return found
    recipe = sound_task(cause.recipe).recipes[framework.id]
    broken, right, step = difference(cause, framework)
    found |= {"file": recipe.name, "step": step, "broken": code(broken), "right": code(right), "recipe": cause.recipe}
    rows = {row["variant"]: row for row in document.get("results", []) if row["cause"] == cause.name}
    controls = {row["variant"]: row for row in document.get("controls", []) if row["recipe"] == cause.recipe}
    found["rows"] = [
        measurement(cause, variant, rows[variant.id], controls.get(variant.id))
        for variant in framework.variants
        if variant.id in rows
    ]
    found["notes"] = notes(cause, framework)
    return found


def notes(cause: Cause, framework: Framework) -> list[str]:
    """What is said of one framework, or of a variant, whose name it then begins with."""
    own = [cause.notes[framework.id]] if framework.id in cause.notes else []
    labels = {variant.id: variant.label for variant in framework.variants if variant.id != framework.id}
    told = cause.notes | cause.absent
    return own + [f"{label}: {told[id]}" for id, label in labels.items() if id in told]


def difference(cause: Cause, framework: Framework) -> tuple[str, str, str]:
    """The lines that differ, of the broken program and of the right one, and the step that they stand in. Imports
    aren't shown."""
    right = sound_task(cause.recipe).recipes[framework.id].read_text(encoding="utf-8").splitlines()
    broken = cause.source(framework.id).splitlines()
    hunks = [
        (a, b, c, d)
        for tag, a, b, c, d in difflib.SequenceMatcher(None, right, broken, autojunk=False).get_opcodes()
        if tag != "equal"
        and any(line and not line.startswith(("import ", "from ", "#")) for line in right[a:b] + broken[c:d])
    ]
    above = [match[1] for line in right[: hunks[0][0] + 1] if (match := CELL.match(line)) and match[1]]
    places: list[tuple[tuple[int, int], tuple[int, int]]] = []  # in each program
    for a, b, c, d in hunks:
        missing = not "".join(right[a:b]).strip() or not "".join(broken[c:d]).strip()
        around = 1 if missing else 0  # beside its neighbours one sees where
        places.append(((a - around, b + around), (c - around, d + around)))
    ours, theirs = joined(right, [place for place, _ in places]), joined(broken, [place for _, place in places])
    return theirs, ours, above[-1]


def joined(lines: list[str], parts: list[tuple[int, int]]) -> str:
    """Parts of a program, one after the other."""
    texts = [dedented([line for line in lines[a:b] if not CELL.match(line)]) for a, b in parts]
    return "# …\n".join(text for text in texts if text.strip())


def dedented(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"


def measurement(cause: Cause, variant: Variant, row: dict[str, Any], control: dict[str, Any] | None) -> dict[str, Any]:
    """What was measured in one variant, for the template."""
    stale = outdated(variant, row["versions"])
    if row["source_sha256"] != digest(cause, variant.framework):
        stale = "the program changed since"
    check = row["check"]
    told = sentence({"title": TITLES[check["name"]]} | check | {"look": ""}) if check else ""
    runs = row["runs"]
    last = runs[0]["points"][-1] if runs else None
    return {
        "variant": variant,
        "shown": row["outcome"] == SHOWN,
        "reason": row["reason"],
        "stale": stale,
        "check": told if check and check["outcome"] == "failed" else "",
        "level": row["level"],
        "losses": [figure(loss) for loss in (runs[0]["history"][0], runs[0]["history"][-1])] if runs else [],
        "training": share(last["training"]) if last else "",
        "validation": share(last["validation"]) if last else "",
        "plot": plot(runs[0], control["runs"][0]) if runs and control and control["runs"] else None,
    }


def figure(value: float | str) -> str:
    """A loss in a few characters; JSON has the words for what isn't finite."""
    if isinstance(value, str):
        return {"nan": "NaN", "inf": "infinite"}.get(value, value)
    if abs(value) >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def share(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1%}".replace("%", " %")


def plot(broken: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Where everything lies, as shares of the width and height: the losses left, the accuracies right, of the broken
    program and the right one. The loss on training images is what the program tells."""
    every = with_start(broken)
    validation = column(broken, "validation_loss")
    return {
        "losses": [curves(run, with_start(run), "validation_loss", TOP) for run in (broken, right)],
        "accuracies": [curves(run, column(run, "training"), "validation", 1) for run in (broken, right)],
        "mark": off_the_axis(every) or off_the_axis(validation, "validation "),
        "guess": 1 - GUESS / TOP,
        "epochs": len(broken["history"]),
        "other": len(right["history"]) if len(right["history"]) != len(broken["history"]) else 0,
        "words": f"loss {', '.join(map(figure, broken['history'][:EPOCHS]))}, "
        f"on validation images {', '.join(map(figure, validation[1 : EPOCHS + 1]))}; "
        f"accuracy at the end {share(broken['points'][-1]['training'])} on training images, "
        f"{share(broken['points'][-1]['validation'])} on validation images",
    }


def curves(run: dict[str, Any], training: list[Any], validation: str, top: float) -> dict[str, Any]:
    return {"training": line(training, top), "validation": line(column(run, validation), top)}


def column(run: dict[str, Any], name: str) -> list[Any]:
    return [point[name] for point in run["points"]]


def with_start(run: dict[str, Any]) -> list[Any]:
    """The loss before training, and after each epoch."""
    return [run["points"][0]["training_loss"], *run["history"]]


def line(values: list[Any], top: float) -> list[tuple[float, float]]:
    """A curve's points; it ends where a value isn't a number, and stays at the top where one leaves the axis."""
    found = []
    for number, value in enumerate(values):
        if isinstance(value, str):
            break
        found.append((number / (len(values) - 1), 1 - min(max(value, 0), top) / top))
    return found


def off_the_axis(losses: list[Any], of: str = "") -> dict[str, Any] | None:
    """What to write above the curve, and where: the first loss that isn't a number, or the largest above the axis."""
    words = [number for number, value in enumerate(losses) if isinstance(value, str)]
    above = [number for number, value in enumerate(losses) if not isinstance(value, str) and value > TOP]
    if not words and not above:
        return None
    number = words[0] if words else max(above, key=lambda number: losses[number])
    return {"x": number / (len(losses) - 1), "text": of + figure(losses[number])}
