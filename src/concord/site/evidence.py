"""What stands under a comparison: verdicts as badges that open their figures, what was measured, lines of code."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from concord import ladder
from concord.framework import Variant, frameworks, variants
from concord.site.markup import error_figure, mebibytes, render, seconds
from concord.site.results import Measurement, Results
from concord.site.source import read_source
from concord.task import Task

WORDS = {
    "ok": "same",
    "same": "same",
    "declared": "known difference",
    "mismatch": "differs",
    "accuracy_fail": "accuracy fails",
    "nonfinite": "not finite",
    "error": "error",
    "timeout": "timed out",
    "out_of_memory": "out of memory",
    "crashed": "crashed",
    "not_installed": "not installed",
    "unsupported": "not supported",
    "not_written": "not written yet",
    "missing": "not measured",
}
SIGNS = {"ok": "✓", "same": "✓", "declared": "!", "reported": "~", "missing": "–", "not_written": "–"}
GOOD, KNOWN, NEUTRAL, BAD = "good", "known", "neutral", "bad"
TONES = {"ok": GOOD, "same": GOOD, "declared": KNOWN, "reported": NEUTRAL, "missing": NEUTRAL, "not_written": NEUTRAL}


@dataclass(frozen=True)
class Badge:
    """A verdict in a few characters. `levels` are the figures that it opens."""

    id: str
    text: str
    tone: str
    sign: str
    levels: list[dict[str, Any]]


def compare_command(recipe: str) -> str:
    """What measures a recipe and publishes the result."""
    return f"concord compare {recipe} --json docs/results/compare-{recipe}.json"


def written_variants(task: Task) -> list[Variant]:
    """The variants of every framework that has a recipe for the task."""
    return [variant for variant in variants().values() if variant.framework in task.recipes]


def level_badge(measurement: Measurement, level: str) -> Badge | None:
    """The verdict of one level: float64's figure, and the worse state of both precisions."""
    verdicts = measurement.levels(level)
    if not verdicts:
        return None
    failed = next((verdict for verdict in verdicts if not verdict["passed"]), None)
    declared = next((verdict for verdict in verdicts if verdict["declared"]), None)
    shown = failed or declared or verdicts[0]
    state = shown["outcome"] if failed else "declared" if declared else "ok"
    figure = error_figure(shown["error"]) if shown["error"] is not None else WORDS[shown["outcome"]]
    return Badge(
        id=f"figures-{measurement.result['variant']}-{level}",
        text=figure if level != "accuracy" else f"± {figure}",
        tone=TONES.get(state, BAD),
        sign=SIGNS.get(state, "✗"),
        levels=[
            verdict | {"exact": error_figure(verdict["error"], digits=2), "when": when(verdict)} for verdict in verdicts
        ],
    )


def when(verdict: dict[str, Any]) -> str:
    """In which run a verdict's error showed, in words."""
    run = ladder.NETWORK_RUNS.get(verdict["run"])
    return run.describe() if run else verdict["run"].replace("_", " ")


def state_badge(measurement: Measurement | None) -> tuple[str, str, str]:
    """A whole variant's state: its tone, sign and words."""
    state = measurement.state if measurement else "missing"
    return TONES.get(state, BAD), SIGNS.get(state, "✗"), WORDS[state]


def section(task: Task, results: Results) -> Markup:
    """Everything that is known about a recipe, or how to measure it."""
    found = results.of_recipe(task.name)
    levels = ladder.levels(task)
    rows = []
    for variant in variants().values():
        measurement = found.get(variant.id)
        written = variant.framework in task.recipes
        rows.append(
            {
                "variant": variant,
                "written": written,
                "measurement": measurement,
                "badge": state_badge(measurement),
                "stale": staleness(results, measurement, task),
                "levels": [level_badge(measurement, level.name) if measurement else None for level in levels],
            }
        )
    sources = list({measurement.file: measurement for measurement in found.values()}.values())
    return render(
        "evidence.html",
        task=task,
        levels=levels,
        rows=rows,
        sources=sources,
        command=compare_command(task.name),
        measured=measured(task, found),
        lines=lines_of_code(task),
    )


def staleness(results: Results, measurement: Measurement | None, task: Task) -> str:
    if measurement is None or measurement.result["framework"] not in task.recipes:
        return ""
    return results.staleness(measurement, (task.recipes[measurement.result["framework"]], task.folder / "task.py"))


QUANTITIES = (
    ("epoch_seconds", "an epoch", seconds),
    ("first_step_seconds", "first step", seconds),
    ("import_seconds", "import", seconds),
    ("peak_memory", "memory at most", mebibytes),
)


def measured(task: Task, found: dict[str, Measurement]) -> dict[str, Any] | None:
    """What an ordinary run costs, with a bar for each figure; None for an operation, which isn't trained."""
    if task.kind != "network" or not found:
        return None
    most = {
        name: max((m.result[name] for m in found.values() if m.result[name] is not None), default=0)
        for name, _, _ in QUANTITIES
    }
    rows = []
    for id, measurement in found.items():
        result = measurement.result
        cells = [
            None
            if result[name] is None
            else {"text": write(result[name]), "share": result[name] / most[name] if most[name] else 0}
            for name, _, write in QUANTITIES
        ]
        rows.append({"variant": variants()[id], "accuracy": result["accuracy"], "cells": cells})
    floor = task.specification.ACCURACY_FLOORS.get(next(iter(found.values())).document["data"]["name"])
    return {
        "titles": [title for _, title, _ in QUANTITIES],
        "rows": rows,
        "accuracies": accuracies(rows, floor),
        "floor": floor,
    }


def accuracies(rows: list[dict[str, Any]], floor: float | None) -> dict[str, Any] | None:
    """The scale of the plot of accuracies: round ends around all of them and the floor."""
    values = [row["accuracy"] for row in rows if row["accuracy"] is not None]
    if not values:
        return None
    low, high = min([*values, floor or 1]), max(values)
    step = next(step for step in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5) if (high - low) / step <= 5)
    start, end = int(low / step) * step, (int(high / step) + 1) * step
    ticks = [start + i * step for i in range(round((end - start) / step) + 1)]

    def at(value: float) -> float:
        return (value - start) / (end - start)

    return {
        "ticks": [(at(tick), f"{tick * 100:.4g}%") for tick in ticks],
        "floor": None if floor is None else at(floor),
        "points": [(row["variant"].label, at(row["accuracy"]), row["accuracy"]) for row in rows if row["accuracy"]],
    }


def lines_of_code(task: Task) -> dict[str, Any]:
    """Lines of code by step and framework, for a table and a plot of stacked bars."""
    counts = {id: read_source(path).lines_of_code() for id, path in task.recipes.items()}
    ordered = [id for id in frameworks() if id in counts]
    return {
        "steps": task.steps,
        "most": max((sum(by_step.values()) for by_step in counts.values()), default=1),
        "rows": [{"label": frameworks()[id].label, **stacked(counts[id], task.steps)} for id in ordered],
    }


def stacked(counts: dict[str, int], steps: tuple[str, ...]) -> dict[str, Any]:
    """One bar of a stacked plot: each step's count and where it starts."""
    parts, total = [], 0
    for step in steps:
        parts.append({"count": counts.get(step, 0), "start": total})
        total += counts.get(step, 0)
    return {"parts": parts, "total": total}
