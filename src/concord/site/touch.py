"""Figures to touch: what a page hands to its figure's script, so that the script computes with the recipe's own case,
or shows an experiment's recorded curves.

The scripts are docs/javascripts/touch/*.js. They compute for themselves, and test_browser.py holds them against
the recipes' NumPy programs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from markupsafe import Markup

from concord.data import datasets
from concord.project.task import Task
from concord.site.markup import render
from concord.site.results import Results

REFERENCE = "numpy"
Cases = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """One recipe's figure.

    Args:
        script: the file in docs/javascripts/touch, without its suffix.
        title: what the reader does there.
        about: one sentence above it: what moves, and what to watch.
        values: what the script computes with, from the task's specification and its cases; of an experiment's settings
            instead of cases the curves that NumPy's program recorded.
    """

    script: str
    title: str
    about: str
    values: Callable[[Any, Cases], dict[str, Any]]


def _two_kernels(_: Any, cases: Cases) -> dict[str, Any]:
    return {"image": cases["edges"]["image"], "kernels": {name: cases[name]["kernel"] for name in ("edges", "blur")}}


def _nine_kernels(specification: Any, cases: Cases) -> dict[str, Any]:
    return {"image": cases["gallery"]["image"], "kernels": specification.KERNELS}


def _row(_: Any, cases: Cases) -> dict[str, Any]:
    return {name: cases["row_same"][name] for name in ("size", "kernel_size", "stride", "padding")}


def _map(specification: Any, _: Cases) -> dict[str, Any]:
    return {"map": specification.DRAWN}


def _scores(*_: Any) -> dict[str, Any]:
    return {"logits": [2, 0.5, -1], "label": 0}


def _curves(label: str, loss: float) -> Callable[[Any, Cases], dict[str, Any]]:
    """Loss and accuracy of every setting; the axis of the loss ends at a value of its own."""
    shown = [
        {"name": "loss", "says": "training loss", "first": 1, "largest": loss},
        {"name": "accuracy", "says": "validation accuracy", "first": 0, "largest": 1},
    ]
    # Pairs: JavaScript would put names that are whole numbers first.
    return lambda _, recorded: {"label": label, "curves": shown, "settings": list(recorded.items())}


MOVE = "Move the window: click or draw over the digit, or focus it and press the arrow keys."
FIGURES = {
    "convolution": Figure("window", "Move the window", MOVE, _two_kernels),
    "filters": Figure("window", "Move a kernel over the digit", MOVE, _nine_kernels),
    "strides_and_padding": Figure(
        "strides",
        "Change the stride and the padding",
        "Each window sees the coloured pixels; hatched ones are seen by none.",
        _row,
    ),
    "pooling": Figure(
        "pooling",
        "Move the window",
        "Change the window and its stride; click the map, or focus it and press the arrow keys.",
        _map,
    ),
    "cross_entropy": Figure(
        "softmax",
        "Change the scores",
        "Make the network sure and right, then sure and wrong; then take all scores times 100.",
        _scores,
    ),
    "learning_rate": Figure(
        "curves",
        "Change the learning rate",
        "The grey curves are those of the other rates. All of them were recorded; nothing is computed here.",
        _curves("Learning rate", 3),
    ),
}


@cache
def digits() -> datasets.Dataset:
    """scikit-learn's digits: they come with it, so every machine builds the same page."""
    return datasets.load("digits")


def figure(task: Task, results: Results) -> Markup:
    """A recipe's figure to touch, or nothing; an experiment has none before its curves are published."""
    found = FIGURES.get(task.name)
    if not found:
        return Markup("")
    if task.settings:
        recorded = results.of_recipe(task.name).get(REFERENCE)
        cases = recorded.result.get("curves") if recorded else None
    else:
        cases = task.specification.cases(digits().test_images)
    if not cases:
        return Markup("")
    return render("touch.html", figure=found, values=plain(found.values(task.specification, cases)))


def plain(values: Any) -> Any:
    """Arrays as lists, and whole numbers without a point: JSON, and short."""
    if isinstance(values, dict):
        return {name: plain(part) for name, part in values.items()}
    if isinstance(values, np.ndarray | list):
        return [plain(part) for part in values]
    return int(values) if isinstance(values, float | np.floating) and values == int(values) else values
