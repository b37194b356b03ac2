"""What stands under a comparison: verdicts as badges that open their figures, what was measured, lines of code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from concord.judge import ladder
from concord.project.framework import Variant, frameworks, variants
from concord.project.task import Task
from concord.site import cookbook, plots
from concord.site.markup import error_figure, render
from concord.site.results import Measurement, Results, outdated_program

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
GOOD, KNOWN, FAR, NEUTRAL, BAD = "good", "known", "far", "neutral", "bad"
FAR_OFF = 1e-3  # from here on a known difference is more than a question of digits
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


def level_badge(measurement: Measurement, level: str, settings: Sequence[str] = ()) -> Badge | None:
    """The verdict of one level: float64's figure, and the worse state of both precisions. `settings` are an
    experiment's, in its order."""
    verdicts = measurement.levels(level)
    if not verdicts:
        return None
    failed = next((verdict for verdict in verdicts if not verdict["passed"]), None)
    declared = next((verdict for verdict in verdicts if verdict["declared"]), None)
    shown = failed or declared or verdicts[0]
    state = shown["outcome"] if failed else "declared" if declared else "ok"
    words = ("holds" if state == "ok" else "doesn't hold") if level == "findings" else WORDS[shown["outcome"]]
    figure = error_figure(shown["error"]) if shown["error"] is not None else words
    far = state == "declared" and (not isinstance(shown["error"], float) or shown["error"] >= FAR_OFF)
    return Badge(
        id=f"figures-{measurement.result['variant']}-{level}",
        text=figure if level != "accuracy" else f"± {figure}",
        tone=FAR if far else TONES.get(state, BAD),
        sign=SIGNS.get(state, "✗"),
        levels=[
            verdict | {"exact": error_figure(verdict["error"], digits=2), "when": when(verdict, settings)}
            for verdict in verdicts
        ],
    )


def when(verdict: dict[str, Any], settings: Sequence[str] = ()) -> str:
    """In which run a verdict's error showed, in words."""
    name, _, number = verdict["run"].rpartition("_")
    if name in ("prefix", "short_prefix", "curve", "finding") and int(number) < len(settings):
        return f"with the setting {settings[int(number)]}"
    run = ladder.NETWORK_RUNS.get(verdict["run"])
    return run.describe() if run else verdict["run"].replace("_", " ")


def state_badge(measurement: Measurement | None) -> tuple[str, str, str]:
    """A whole variant's state: its tone, sign and words."""
    state = measurement.state if measurement else "missing"
    return TONES.get(state, BAD), SIGNS.get(state, "✗"), WORDS[state]


def unwritten(task: Task, variant: Variant) -> cookbook.Unwritten | None:
    """Why a variant has no program for a recipe; None if it has one."""
    return None if variant.framework in task.recipes else cookbook.unwritten(task, frameworks()[variant.framework])


def badge_of(task: Task, variant: Variant, measurement: Measurement | None) -> tuple[str, str, str]:
    """The state of one recipe in one variant, written or not."""
    missing = unwritten(task, variant)
    return (NEUTRAL, "–", missing.words) if missing else state_badge(measurement)


@dataclass(frozen=True)
class Standing:
    """What the published results say of a recipe's programs as they are now.

    Args:
        written: how many variants there are.
        published: whether there are results at all.
        date: when the latest of the proven ones was proven, else the latest result.
        proven: how many variants passed, with the programs and versions of now.
        known: how many of these with a known difference.
        stale: how many results are of other programs or versions.
        error: the largest float64 error of the proven ones, in a few characters; known differences left out.
        quick: how many of the proven ones were proven by few strong runs, not by every run.
        versions: of the proven ones, by their labels.
    """

    written: int
    published: bool
    date: str
    proven: int
    known: int
    stale: int
    error: str
    quick: int
    versions: dict[str, str]


def standing(task: Task, results: Results) -> Standing:
    """One recipe's results in numbers."""
    found = [m for m in results.of_recipe(task.name).values() if m.result["framework"] in task.recipes]
    stale = [measurement for measurement in found if staleness(measurement, task)]
    proven = [m for m in found if m not in stale and m.result["outcome"] == "ok"]
    return Standing(
        written=len(written_variants(task)),
        published=bool(found),
        date=max((measurement.date for measurement in proven or found), default=""),
        proven=len(proven),
        known=sum(measurement.declared for measurement in proven),
        stale=len(stale),
        error=error_figure(max((largest_error(measurement.result["levels"]) for measurement in proven), default=0.0)),
        quick=sum(measurement.result.get("depth") == "quick" for measurement in proven),
        versions={variants()[m.result["variant"]].label: m.version for m in proven},
    )


def largest_error(levels: list[dict[str, Any]]) -> float:
    """In float64, of all levels whose errors are judged and no known difference."""
    errors = [level["error"] for level in levels if level["precision"] == "float64" and not level["declared"]]
    return max((error for error in errors if isinstance(error, (int, float))), default=0.0)


def section(task: Task, results: Results, standing: Standing) -> Markup:
    """Everything that is known about a recipe, or how to measure it."""
    found = results.of_recipe(task.name)
    levels = ladder.levels(task)
    rows = []
    for variant in (variant for framework in cookbook.asked(task) for variant in framework.variants):
        measurement = found.get(variant.id)
        rows.append(
            {
                "variant": variant,
                "unwritten": unwritten(task, variant),
                "measurement": measurement,
                "badge": badge_of(task, variant, measurement),
                "stale": staleness(measurement, task),
                "levels": [
                    level_badge(measurement, level.name, list(task.settings)) if measurement else None
                    for level in levels
                ],
            }
        )
    sources = list({measurement.file: measurement for measurement in found.values()}.values())
    return render(
        "evidence.html",
        task=task,
        standing=standing,
        levels=levels,
        rows=rows,
        sources=sources,
        measured=measured(task, found),
        lines=plots.lines_of_code(task) if task.kind != "experiment" else None,
    )


def staleness(measurement: Measurement | None, task: Task) -> str:
    """Why a measurement no longer speaks for the present program, in one line; empty if it does."""
    if measurement is None or measurement.result["framework"] not in task.recipes:
        return ""
    return outdated_program(task, measurement.result["variant"], measurement.result)


def measured(task: Task, found: dict[str, Measurement]) -> dict[str, Any] | None:
    """How well an ordinary run learned; None for an operation, which isn't trained."""
    if task.kind != "network" or not found:
        return None
    floor = task.score.limits.get(next(iter(found.values())).document["data"]["name"])
    return {"accuracies": plots.accuracies(found, floor), "curves": plots.loss_curves(found), "floor": floor}
