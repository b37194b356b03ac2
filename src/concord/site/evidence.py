"""What stands under a comparison: verdicts as badges that open their figures, what was measured, lines of code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from concord.judge import ladder
from concord.project.framework import Variant, variants
from concord.project.task import Task
from concord.site import plots
from concord.site.markup import error_figure, render
from concord.site.results import Measurement, Results

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
    return f"concord compare {recipe} --publish"


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
        lines=plots.lines_of_code(task),
    )


def staleness(results: Results, measurement: Measurement | None, task: Task) -> str:
    if measurement is None or measurement.result["framework"] not in task.recipes:
        return ""
    return results.staleness(measurement, (task.recipes[measurement.result["framework"]], task.folder / "task.py"))


COSTS: dict[str, str] = {}  # a comparison measures none any more


def measured(task: Task, found: dict[str, Measurement]) -> dict[str, Any] | None:
    """How well an ordinary run learned; None for an operation, which isn't trained."""
    if task.kind != "network" or not found:
        return None
    floor = task.specification.ACCURACY_FLOORS.get(next(iter(found.values())).document["data"]["name"])
    return {"accuracies": plots.accuracies(found, floor), "curves": plots.loss_curves(found), "floor": floor}


def spread(measurement: Measurement, name: str, write: Callable[[float], str]) -> str:
    """The range over the repeats in words, or nothing."""
    ends = measurement.range(name)
    return f"{write(ends[0])} to {write(ends[1])} in {len(measurement.repeated(name))} runs" if ends else ""
