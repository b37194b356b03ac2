"""The proof page's tables that have results files of their own: repeats, and the statistics over many seeds."""

from pathlib import Path
from typing import Any

from markupsafe import Markup

from concord.project.framework import variants
from concord.project.task import Task, all_tasks
from concord.site import plots
from concord.site.evidence import BAD, GOOD, KNOWN
from concord.site.markup import render
from concord.site.results import Results, outdated_program

TONES = {"equivalent": (GOOD, "✓"), "undecided": (KNOWN, "~"), "different": (BAD, "✗")}


def certify_command(recipe: str) -> str:
    """What trains every framework from its own start with many seeds, and publishes the result."""
    return f"concord certify {recipe} --json docs/results/certify-{recipe}.json"


def repeats(results: Results) -> Markup:
    """For each comparison that was run several times in a row: how often its variants passed."""
    rows = []
    for file, document in results.documents("compare"):
        for recipe in dict.fromkeys(result["recipe"] for result in document["results"]):
            found = [result for result in document["results"] if result["recipe"] == recipe and result.get("repeats")]
            if not found:
                continue
            outcomes = {result["variant"]: [run["outcome"] for run in result["repeats"]] for result in found}
            wavering = {id: seen for id, seen in outcomes.items() if len(set(seen)) > 1}
            rows.append({
                "recipe": recipe,
                "document": document,
                "file": file,
                "times": max(map(len, outcomes.values())),
                "outcomes": outcomes,
                "wavering": [variants()[id].label if id in variants() else id for id in wavering],
            })  # fmt: skip
    rows.sort(key=lambda row: (row["recipe"], row["document"]["data"]["name"]))
    return render("repeats.html", rows=rows)


def certified(results: Results) -> dict[str, tuple[Path, dict[str, Any]]]:
    """By recipe, the latest file of its statistics."""
    return {document["recipe"]: (file, document) for file, document in results.documents("certify")}


def statistics(results: Results) -> Markup:
    """For each task with a margin: the accuracies of all seeds, and the verdict on each pair."""
    found = certified(results)
    tasks = [task for task in all_tasks() if hasattr(task.specification, "EQUIVALENCE_MARGIN")]
    sections = [section(task, *found[task.name]) if task.name in found else {"task": task} for task in tasks]
    return render("statistics.html", sections=sections, command=certify_command)


def section(task: Task, file: Path, document: dict[str, Any]) -> dict[str, Any]:
    """What one file says, for the template; variants that don't exist any more are left out."""
    known = [id for id in variants() if id in document["variants"]]
    pairs = [pair for pair in document["pairs"] if pair["first"] in known and pair["second"] in known]
    by_ids = {frozenset((pair["first"], pair["second"])): pair for pair in pairs}
    tested = [id for id in known if any(id in ids for ids in by_ids)]
    return {
        "task": task,
        "file": file,
        "document": document,
        "labels": {id: variants()[id].label for id in known},
        "plot": plots.samples({id: [run["accuracy"] for run in document["variants"][id]["runs"]] for id in known}),
        "reasons": {id: document["variants"][id]["reason"] for id in known if document["variants"][id]["reason"]},
        "stale": {id: why for id in known if (why := stale(task, document, id))},
        "rows": tested[1:],
        "columns": tested[:-1],
        "pairs": pairs,
        "cells": {
            (first, second): by_ids.get(frozenset((first, second)))
            for i, first in enumerate(tested)
            for second in tested[:i]
        },
        "equivalent": sum(pair["verdict"] == "equivalent" for pair in pairs),
        "tones": TONES,
    }


def stale(task: Task, document: dict[str, Any], id: str) -> str:
    """Why a variant's accuracies no longer speak for the present files and pins; empty if they do."""
    if document["training"] != task.specification.HYPERPARAMETERS | {"images": task.specification.TRAIN_IMAGES}:
        return "the task's training changed since"
    return outdated_program(task, id, document["variants"][id])
