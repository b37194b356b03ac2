"""The page for choosing: everything that is measured, what each framework can do, and how much code it takes."""

from collections.abc import Callable

from concord.judge import ladder
from concord.project.framework import Variant, variants
from concord.project.task import Task, find_task
from concord.site import costs, evidence
from concord.site.cookbook import in_order
from concord.site.features import groups as feature_groups
from concord.site.markup import error_figure, render
from concord.site.matrix import NOT_MEASURED, Cell, Group, Row, files, table, unknown
from concord.site.results import Results, pins
from concord.site.source import read_source


def pages(results: Results) -> dict[str, str | bytes]:
    """The page, and its table to download."""
    found = groups(results)
    return {"choose.md": page(found), **files("choose", found)}


def groups(results: Results) -> list[Group]:
    """Everything that has evidence, in the order of the page."""
    tasks = in_order()
    networks = [task for task in tasks if task.kind == "network"]
    measured = [costs.on_processor(task, results) for task in networks]
    return [
        Group("The same result", [equivalence(task, results) for task in tasks]),
        Group("Precision", [precision(task, results) for task in tasks] + [declared()]),
        Group("Speed on a processor", [row for in_time, _ in measured for row in in_time]),
        Group("Speed on a graphics card", [costs.on_graphics_card(find_task("mnist_cnn"), results)]),
        Group("Memory", [row for _, in_memory in measured for row in in_memory]),
        Group("Accuracy", [accuracy(task, results) for task in networks]),
        *feature_groups(results),
        *[Group(f"Lines of code: {task.name}", lines(task)) for task in networks],
        Group("Lines of code: operations", [lines(task)[0] for task in tasks if task.kind == "operation"]),
        Group("Installation", [versions(), environment()]),
    ]


def row(
    id: str, label: str, cell: Callable[[Variant], Cell], *, unit: str = "", about: str = "", task: Task | None = None
) -> Row:
    """A row of one function's cells; the task says what to run for those that aren't measured."""
    cells = {variant.id: cell(variant) for variant in variants().values()}
    missing = task and any(found.text == NOT_MEASURED for found in cells.values())
    return Row(id, label, unit, about, evidence.compare_command(task.name) if task and missing else "", cells)


def page_of(task: Task, anchor: str) -> str:
    return f"recipes/{task.name}/index.html#{anchor}"


def equivalence(task: Task, results: Results) -> Row:
    def cell(variant: Variant) -> Cell:
        measurement = results.find(task.name, variant.id)
        if measurement is None:
            return unknown(task, variant)
        tone, sign, words = evidence.state_badge(measurement)
        stale = evidence.staleness(results, measurement, task)
        note = f"stale: {stale}" if stale else f"{measurement.date}, {measurement.version}"
        return Cell(f"{sign} {words}", words, page_of(task, f"evidence-{variant.id}"), note, tone)

    about = "every level of the ladder, in both precisions"
    return row(f"same-{task.name}", task.name, cell, about=about, task=task)


def precision(task: Task, results: Results) -> Row:
    """How near float64 comes to the reference before any training: it tells a float64 that is really float32."""
    level = {"operation": "values", "network": "logits", "experiment": "prefix"}[task.kind]
    gate = next(found.gates["float64"] for found in ladder.levels(task) if found.name == level)

    def cell(variant: Variant) -> Cell:
        measurement = results.find(task.name, variant.id)
        verdicts = [v for v in measurement.levels(level) if v["precision"] == "float64"] if measurement else []
        if not verdicts or not isinstance(verdicts[0]["error"], (int, float)):
            return unknown(task, variant)
        error = verdicts[0]["error"]
        good = gate is not None and error <= gate
        words = "float64" if good else "not float64"
        return Cell(
            f"{error_figure(error)} {words}",
            error,
            page_of(task, f"evidence-{variant.id}"),
            f"the gate is {gate:.0e}",
            evidence.GOOD if good else evidence.KNOWN,
        )

    about = f"worst relative error of the {level} in float64"
    return row(f"float64-{task.name}", f"float64: {task.name}", cell, unit="relative error", about=about, task=task)


def declared() -> Row:
    def cell(variant: Variant) -> Cell:
        count = len(variant.known_differences)
        link = f"frameworks/{variant.framework}.html#known-differences" if count else ""
        return Cell(str(count) if count else "none declared", count, link)

    return row("known-differences", "known differences", cell, unit="declarations")


def accuracy(task: Task, results: Results) -> Row:
    def cell(variant: Variant) -> Cell:
        measurement = results.find(task.name, variant.id)
        value = measurement.result["accuracy"] if measurement else None
        if measurement is None or value is None:
            return unknown(task, variant) if measurement is None else Cell("unverified")
        return Cell(f"{value:.2%}", value, page_of(task, "measured"))

    about = "one ordinary float32 run, all test images"
    return row(f"accuracy-{task.name}", task.name, cell, unit="of 1", about=about, task=task)


def lines(task: Task) -> list[Row]:
    counts = {id: read_source(path).lines_of_code() for id, path in task.recipes.items()}

    def counted(id: str, label: str, count: Callable[[dict[str, int]], int]) -> Row:
        values = {framework: count(by_step) for framework, by_step in counts.items()}
        least = min((value for value in values.values() if value), default=0)

        def cell(variant: Variant) -> Cell:
            if variant.framework not in values:
                return unknown(task, variant)
            value = values[variant.framework]
            link = f"recipes/{task.name}/{variant.framework}.html"
            if not value:
                return Cell("0", 0, link)
            return Cell(str(value), value, link, costs.times(value, least), costs.tone(value, least))

        return row(f"lines-{task.name}-{id}", label, cell, unit="lines")

    label = "all steps" if task.kind == "network" else task.name
    rows = [counted("all", label, lambda by_step: sum(by_step.values()))]
    for step in task.steps:
        rows.append(counted(step.lower().replace(" ", "-"), step, lambda by_step, step=step: by_step.get(step, 0)))
    return rows


def versions() -> Row:
    def cell(variant: Variant) -> Cell:
        text = ", ".join(f"{name} {version}" for name, version in pins(variant).items())
        return Cell(text or "not pinned", text, f"frameworks/{variant.framework}.html")

    return row("versions", "pinned versions", cell)


def environment() -> Row:
    def cell(variant: Variant) -> Cell:
        return Cell("its own" if variant.own else "shared", "its own" if variant.own else "shared")

    return row("environment", "environment", cell, about="its own: it can't be installed beside the others")


def page(found: list[Group]) -> str:
    """The Markdown of the page."""
    answered = any(row.needed for group in found for row in group.rows)
    legend = render("choose_legend.html", answers=answered)
    return f"""---
title: Choose
description: What each framework costs and gives, from the same measurements as the rest of the site.
hide: [navigation, toc]
---

# Choose

Frameworks as columns. Every figure leads to the evidence that produced it; a cell without evidence says so.
In a hurry? [The guide](guide.md) has it in a few sentences.

{table("choose", found, "speed, float64, dropout …", legend)}
"""
