"""What the page of an experiment, or of a network with settings, shows of them: each setting, and what must hold."""

import ast
import json
import math
from collections.abc import Collection
from typing import Any

from concord.judge.verdict import relative_error
from concord.project.experiment import Setting
from concord.project.framework import frameworks, variants
from concord.project.python import definition
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
        example=(shown := example(task)).name,
        call=code(called(shown)),
        names=varied(task),
        parts=parts(task),
        code=code((task.folder / "task.py").read_text(encoding="utf-8")),
    )


def example(task: Task) -> Setting:
    """The setting that is shown as code: the first of those that change most."""
    return max(task.settings.values(), key=lambda one: len(task.specification.SETTINGS[one.name]))


def called(setting: Setting) -> str:
    """What is called with a setting: the same in every framework. How often a curve is drawn isn't in it."""
    lines = []
    if setting.data:
        arrays = "images, labels, validation_images, validation_labels"
        lines.append(f"{arrays} = data(\n    {arrays}, {keywords(setting.data)}\n)")
    model = f"variables({keywords(setting.own | setting.variables)})"
    if setting.start:
        lines.append(f"model = write({model}, initial_weights({keywords(setting.start)}))")
        model = "model"
    lines.append(f"model, history = train({', '.join(filter(None, [model, 'images', 'labels', trained(setting)]))})")
    return "\n".join(lines) + "\n"


def trained(setting: Setting) -> str:
    return keywords(setting.training | setting.own)


def keywords(values: dict[str, Any]) -> str:
    """As a call has them."""
    return ", ".join(f"{name}={json.dumps(v) if isinstance(v, str) else repr(v)}" for name, v in values.items())


def varied(task: Task) -> list[str]:
    """What isn't the same with every setting."""
    every = list(task.specification.SETTINGS.values())
    names = dict.fromkeys(name for changes in every for name in changes)
    return [name for name in names if any(changes.get(name) != every[0].get(name) for changes in every)]


def parts(task: Task) -> list[dict[str, Any]]:
    """Where an experiment's settings act: lines of each program that it runs, and functions of a task.py. A network's
    own programs stand on its page."""
    if not task.of:
        return []
    names = set(varied(task))
    takers = task.settings.values()
    found = []
    asked = {name for one in takers for name in (*one.training, *one.variables, *one.own)} & names
    for framework in frameworks().values() if asked else ():
        if path := task.recipes.get(framework.id):
            text = acting(path.read_text(encoding="utf-8"), asked)
            link = f"../{task.of.name}/{framework.id}.html"
            found.append({"title": framework.label, "link": link, "what": path.name, "code": code(text)})
    for taker, function, owner in (("data", "data", task), ("start", "initial_weights", task.of)):
        if {name for one in takers for name in getattr(one, taker)} & names - asked:
            text = definition(owner.folder / "task.py", function)
            title = f"{owner.name}, every framework"
            found.append({"title": title, "link": "", "what": f"{function} in task.py", "code": code(text)})
    return found


def acting(text: str, names: Collection[str]) -> str:
    """The lines of a program that use these names, each under the name of its function."""
    found, lines = [], text.splitlines()
    for function in (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)):
        statements = [head for node in ast.walk(function) if isinstance(node, ast.stmt) and (head := span(node))]
        used = {node.lineno for node in ast.walk(function) if isinstance(node, ast.expr) and named(node) in names}
        heads = {min((h for h in statements if h[0] <= line <= h[1]), key=lambda h: h[1] - h[0]) for line in used}
        heads -= {span(function)}
        if heads:
            found.append(f"# {function.name}")
        for first, last in sorted(heads):
            indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
            found += [line[indent:] for line in lines[first - 1 : last]]
    return "\n".join(found) + "\n"


def span(node: ast.stmt) -> tuple[int, int]:
    """A statement's lines, from the first to the last; of one that holds others, those before them."""
    inner = getattr(node, "body", None)
    return node.lineno, max(node.lineno, inner[0].lineno - 1) if inner else node.end_lineno or node.lineno


def named(node: ast.expr) -> Any:
    """What an expression uses: a variable, an attribute, or what a text names."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None


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
        `count` of the variants, and `same`: of how many no known difference shows; `error`: how far these are apart;
        `known`: by label how far each of the others is, and where; `chaotic`: the settings in whose curves they part
        all the same; `wide`: whether NumPy's curves are drawn wider than the others'.
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
    curve, errors = task.specification.FIGURE["curve"], {}
    for setting, runs in of_experiment([found.result for found in drawn]).items():
        numpy = runs[REFERENCE][curve]
        errors[setting] = {id: relative_error(run[curve], numpy) for id, run in runs.items()}
    # They passed: beyond the gate they can only be where the judge found chaos, and compared nothing.
    gate = levels[REFERENCE]["gate"]
    chaotic = [setting for setting, found in errors.items() if any(found[id] > gate for id in same)]
    known = {variants()[id].label: far for id in levels if id not in same and (far := farthest(id, errors))}
    error = error_figure(max(same.values()))
    wide = not task.specification.FIGURE.get("together") and not (task.folder / "figure.py").exists()
    told = {"count": len(levels), "same": len(levels) - len(known), "error": error, "known": known, "chaotic": chaotic}
    return told | {"wide": wide}


def farthest(id: str, errors: dict[str, dict[str, float]]) -> str:
    """How far a variant's drawn curves lie from NumPy's at most, and with which setting; empty if they are the same."""
    setting = max(errors, key=lambda name: errors[name][id])
    error = errors[setting][id]
    if not error:
        return ""
    return f"{f'off by {error_figure(error)}' if math.isfinite(error) else 'not finite'} at “{setting}”"
