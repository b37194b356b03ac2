"""What the page of an experiment, or of a network with settings, shows of them: each setting, and what must hold."""

from typing import Any

from concord.judge.verdict import relative_error
from concord.project.framework import frameworks, variants
from concord.project.task import Task
from concord.report.pictures import of_experiment
from concord.site.evidence import staleness
from concord.site.markup import code, error_figure, render
from concord.site.results import Measurement, Results

REFERENCE = "numpy"


def settings(task: Task, results: Results) -> str:
    """What each setting changes, and what was found; nothing of a task without settings."""
    if not task.settings:
        return ""
    found = results.of_recipe(task.name)
    return render(
        "settings.html",
        task=task,
        rows=settings_rows(task, found.get(REFERENCE)),
        findings=findings_rows(list(found.values())),
        frameworks=[framework for framework in frameworks().values() if framework.id in task.recipes],
        code=code((task.folder / "task.py").read_text(encoding="utf-8")),
    )


def settings_rows(task: Task, reference: Measurement | None) -> list[dict[str, Any]]:
    """Each setting with what it changes, and where its training ends by the NumPy program."""
    curves = reference.result.get("curves", {}) if reference else {}
    rows = []
    for name, changes in task.specification.SETTINGS.items():
        said = ", ".join(f"{key} {worded(value)}" for key, value in changes.items()) or "nothing"
        last = {curve: figure(values[-1]) for curve, values in curves.get(name, {}).items() if values}
        rows.append({"name": name, "changes": said, "last": last})
    return rows


def worded(value: Any) -> str:
    return " ".join(map(str, value)) or "none" if isinstance(value, (tuple, list)) else str(value)


def figure(value: float | str) -> str:
    """Four digits, for a loss or an accuracy; the results file has words for what isn't a number."""
    return value if isinstance(value, str) else f"{value:#.4g}".rstrip(".") if abs(value) < 1e5 else f"{value:.0e}"


def findings_rows(measurements: list[Measurement]) -> list[dict[str, Any]]:
    """Each sentence with its least value, and the values of all variants from the lowest to the highest."""
    found: dict[str, list[dict[str, Any]]] = {}
    for measurement in measurements:
        for level in measurement.levels("findings"):
            for finding in level.get("findings", ()):
                found.setdefault(finding["sentence"], []).append(finding)
    rows = []
    for sentence, values in found.items():
        numbers = sorted(float(one["value"]) for one in values)
        rows.append(
            {
                "sentence": sentence,
                "least": values[0]["least"],
                "low": figure(numbers[0]),
                "high": figure(numbers[-1]),
                "count": len(values),
                "holds": all(float(one["value"]) >= one["least"] for one in values),
            }
        )
    return rows


def apart(task: Task, results: Results) -> dict[str, Any]:
    """How far the curves in the picture of a task with settings lie apart at most, for the line below it.

    Nothing is said where a curve is of an old program, where a framework began at its own start, or where not every
    setting was compared.

    Returns:
        `count` of the variants, and `same`: how many have no known difference; `error`: how far these are apart;
        `known`: by label how far each of the others is; `chaotic`: the settings in whose curves they part all the same.
    """
    drawn = [found for found in results.of_recipe(task.name).values() if found.result.get("curves")]
    if any(setting.own for setting in task.settings.values()) or any(staleness(found, task) for found in drawn):
        return {}
    levels = {
        found.result["variant"]: level
        for found in drawn
        for level in found.levels("curves")
        if level["precision"] == "float64"
    }
    if REFERENCE not in levels or not 1 < len(levels) == len(drawn):
        return {}
    same = {id: level["error"] for id, level in levels.items() if not level["declared"]}
    curve, chaotic = task.specification.FIGURE["curve"], []
    for setting, runs in of_experiment([found.result for found in drawn if found.result["variant"] in same]).items():
        # They passed: beyond the gate they can only be where the judge found chaos, and compared nothing.
        gate, numpy = levels[REFERENCE]["gate"], runs[REFERENCE][curve]
        if any(relative_error(run[curve], numpy) > gate for run in runs.values()):
            chaotic.append(setting)
    known = {variants()[id].label: at_most(level["error"]) for id, level in levels.items() if id not in same}
    error = error_figure(max(same.values()))
    return {"count": len(levels), "same": len(same), "error": error, "known": known, "chaotic": chaotic}


def at_most(error: float | str) -> str:
    return "not finite" if isinstance(error, str) else f"{error_figure(error)} at most"
