"""The page for choosing: everything that is measured, what each framework can do, and how much code it takes."""

from collections.abc import Callable
from statistics import fmean

from concord.project.framework import Variant, variants
from concord.project.task import Task, find_task
from concord.site import costs, evidence
from concord.site.cookbook import in_order, usual
from concord.site.features import groups as feature_groups
from concord.site.markup import error_figure, render
from concord.site.matrix import NOT_MEASURED, Cell, Group, Row, files, table, unknown
from concord.site.results import Results, pins
from concord.site.source import read_source

MEASURED, FAST = "mnist_cnn", "mnist_cnn_fast"  # the network that is timed, and its fast programs


def pages(found: list[Group]) -> dict[str, str | bytes]:
    """The page, and its table to download."""
    return {"choose.md": page(found), **files("choose", found)}


def groups(results: Results) -> list[Group]:
    """Everything that has evidence, in the order of the page. What speaks of one recipe is on that recipe's page."""
    tasks = in_order()
    networks = [task for task in tasks if task.kind == "network"]
    in_time, in_memory = costs.on_processor(find_task(MEASURED), find_task(FAST), results)
    return [
        Group("The same result", [proven(tasks, results), precision(networks, results), declared()]),
        Group("Speed on a processor", in_time),
        Group("Speed on a graphics card", [costs.on_graphics_card(find_task(MEASURED), results)]),
        Group("Memory", in_memory),
        Group("Accuracy", [accuracy(find_task(MEASURED), results)]),
        *feature_groups(results),
        Group("Lines of code", lines(tasks)),
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


def proven(tasks: list[Task], results: Results) -> Row:
    """How many recipes were proven to compute the same, of those that have published results."""

    def cell(variant: Variant) -> Cell:
        found = [(task, m) for task in tasks if (m := results.find(task.name, variant.id))]
        if not found:
            return Cell(NOT_MEASURED)
        good = [m for _, m in found if m.result["outcome"] == "ok"]
        known = sum(m.declared for m in good)
        stale = sum(bool(evidence.staleness(m, task)) for task, m in found)
        every = len(good) == len(found)
        missing = sum(variant.framework in task.recipes for task in tasks) - len(found)
        counts = {"with a known difference": known, "changed since": stale, "not measured": missing}
        notes = [f"{count} {what}" for what, count in counts.items() if count]
        return Cell(
            f"✓ all {len(found)}{' measured' if missing else ''}" if every else f"✗ {len(good)} of {len(found)}",
            len(good) / len(found),
            "proof.html#verdicts",
            ", ".join(notes),
            evidence.GOOD if every else evidence.BAD,
        )

    return row("same", "recipes proven the same", cell, about="every level of the ladder, in both precisions")


def precision(networks: list[Task], results: Results) -> Row:
    """How near float64 comes to the reference before any training: it tells a float64 that is really float32."""

    def cell(variant: Variant) -> Cell:
        verdicts = [
            (verdict["error"], verdict["gate"], task)
            for task in networks
            if (measurement := results.find(task.name, variant.id))
            for verdict in measurement.levels("logits")
            if verdict["precision"] == "float64" and isinstance(verdict["error"], (int, float))
        ]
        if not verdicts:
            return Cell(NOT_MEASURED)
        error, gate, task = max(verdicts, key=lambda found: found[0])
        good = gate is not None and error <= gate
        words = "float64" if good else "not float64"
        return Cell(
            f"{error_figure(error)} {words}",
            error,
            page_of(task, f"evidence-{variant.id}"),
            tone=evidence.GOOD if good else evidence.KNOWN,
            means=words,
        )

    about = "worst relative error of a network's logits with float64 switched on"
    return row("float64", "is float64 float64?", cell, unit="relative error", about=about)


def declared() -> Row:
    def cell(variant: Variant) -> Cell:
        count = len(variant.known_differences)
        link = f"frameworks/{variant.framework}.html#known-differences" if count else ""
        return Cell(str(count) if count else "none declared", count, link, means="some" if count else "none")

    return row("known-differences", "known differences", cell, unit="declarations")


def accuracy(task: Task, results: Results) -> Row:
    def cell(variant: Variant) -> Cell:
        measurement = results.find(task.name, variant.id)
        value = measurement.result["accuracy"] if measurement else None
        if measurement is None or value is None:
            return unknown(task, variant) if measurement is None else Cell("unverified")
        return Cell(f"{value:.2%}", value, page_of(task, "measured"))

    about = f"{task.name}: one ordinary float32 run, all test images"
    return row("accuracy", "accuracy of the convolutional network", cell, unit="of 1", about=about, task=task)


def lines(tasks: list[Task]) -> list[Row]:
    """The mean lines of code of what every framework has that most recipes are written in."""
    ids = [framework.id for framework in usual()]
    shared = [task for task in tasks if set(ids) <= task.recipes.keys()]
    counts = {
        task.name: {id: read_source(path).lines_of_code() for id, path in task.recipes.items()} for task in shared
    }
    networks = [task for task in shared if task.kind == "network" and task.name != FAST]
    operations = [task for task in shared if task.kind == "operation"]

    def counted(id: str, label: str, of: list[Task], count: Callable[[dict[str, int]], int]) -> Row:
        means = {framework: fmean(count(counts[task.name][framework]) for task in of) for framework in ids if of}
        least = min((value for value in means.values() if value), default=0)

        def cell(variant: Variant) -> Cell:
            if variant.framework not in means:
                return Cell(NOT_MEASURED)
            value = means[variant.framework]
            ratio, tone = costs.ratio_to(least, value), costs.tone(value, least)
            return Cell(f"{value:.0f}", value, "recipes/index.html", tone=tone, ratio=ratio, times=costs.times(ratio))

        return row(id, label, cell, unit="lines", about=f"mean of the {len(of)} that every framework has")

    def whole(by_step: dict[str, int]) -> int:
        return sum(by_step.values())

    return [
        counted("lines-network", "a whole network", networks, whole),
        counted("lines-train", "its training", networks, lambda by_step: by_step.get("Train", 0)),
        counted("lines-operation", "a building block", operations, whole),
    ]


def versions() -> Row:
    def cell(variant: Variant) -> Cell:
        text = ", ".join(f"{name} {version}" for name, version in pins(variant).items())
        return Cell(text or "not pinned", text, f"frameworks/{variant.framework}.html", means="a version")

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

[The guide](guide.md) has it in a few sentences. Here is all of it: every figure leads to the evidence that produced it,
and a cell without evidence says so.

{table("choose", found, "speed, float64, dropout …", legend)}
"""
