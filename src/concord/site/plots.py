"""Where everything lies in the plots, as shares of their width and height; the templates draw them."""

import math
from collections.abc import Callable
from typing import Any

from concord.cost.statistics import Figure
from concord.project.framework import frameworks, variants
from concord.project.task import Task
from concord.site.results import Measurement
from concord.site.source import read_source

TOGETHER = 0.1  # of the plot's height: curves that are never further apart are drawn as one band


def scale(values: list[float], steps: int) -> tuple[list[float], float, float]:
    """Round ticks around all values, not many more than `steps`; and the scale's two ends."""
    low, high = min(values), max(values)
    rough = (high - low) / steps or abs(high) / steps or 1
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return [number * step for number in range(first, last + 1)], first * step, last * step


def accuracies(found: dict[str, Measurement], floor: float | None) -> dict[str, Any] | None:
    """A dot for each variant, and the range of its repeats."""
    values = {id: m.result["accuracy"] for id, m in found.items() if m.result["accuracy"] is not None}
    if not values:
        return None
    ranges = {id: found[id].range("accuracy") for id in values}
    every = [*values.values(), *(end for ends in ranges.values() if ends for end in ends), floor]
    ticks, start, end = scale([value for value in every if value is not None], 5)

    def at(value: float) -> float:
        return (value - start) / (end - start)

    return {
        "ticks": [(at(tick), f"{tick * 100:.4g}%") for tick in ticks],
        "floor": None if floor is None else at(floor),
        "points": [
            {
                "label": variants()[id].label,
                "x": at(value),
                "value": value,
                "range": [at(end) for end in ranges[id] or ()],
            }
            for id, value in values.items()
        ],
    }


def loss_curves(found: dict[str, Measurement]) -> dict[str, Any] | None:
    """The mean loss of each epoch, all variants over each other; None where nothing was trained for two epochs."""
    histories = {id: m.result.get("history", []) for id, m in found.items()}
    histories = {id: history for id, history in histories.items() if len(history) >= 2}
    if not histories:
        return None
    epochs = max(map(len, histories.values()))
    ticks, start, end = scale([loss for history in histories.values() for loss in history], 4)
    lasts = [history[-1] for history in histories.values()]
    columns = [[history[i] for history in histories.values() if len(history) > i] for i in range(epochs)]
    return {
        "epochs": epochs,
        "ticks": [((end - tick) / (end - start), f"{tick:.4g}") for tick in ticks],
        "band": [
            (i / (epochs - 1), (end - min(losses)) / (end - start), (end - max(losses)) / (end - start))
            for i, losses in enumerate(columns)
        ],
        "together": max(max(losses) - min(losses) for losses in columns) <= TOGETHER * (end - start),
        # Every epoch is a tick, until there are too many of them.
        "epoch_ticks": [
            (number / (epochs - 1), number + 1) for number in range(epochs) if number % math.ceil(epochs / 12) == 0
        ],
        "lowest": min(lasts),
        "highest": max(lasts),
        "curves": [
            {
                "label": variants()[id].label,
                "history": history,
                "points": [(i / (epochs - 1), (end - loss) / (end - start)) for i, loss in enumerate(history)],
            }
            for id, history in histories.items()
        ],
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


def intervals(found: dict[str, Figure], write: Callable[[float], str], tiers: dict[str, int]) -> dict[str, Any] | None:
    """For each variant its value and its interval, from nought; `first` marks the first one of each tier."""
    if not found:
        return None
    ticks, start, end = scale([0.0, *(figure.high for figure in found.values())], 5)

    def at(value: float) -> float:
        return (value - start) / (end - start)

    before = [None, *(tiers[label] for label in found)]
    return {
        "ticks": [(at(tick), write(tick)) for tick in ticks],
        "rows": [
            {
                "label": label,
                "value": write(figure.value),
                "at": at(figure.value),
                "ends": (at(figure.low), at(figure.high)),
                "tier": tiers[label],
                "first": tiers[label] != previous,
            }
            for (label, figure), previous in zip(found.items(), before, strict=False)
        ],
    }
