"""What the rounds of a benchmark say: medians with intervals, and tiers instead of ranks."""

from dataclasses import dataclass
from typing import Any

SPREAD_LIMIT = 0.05  # the control's two medians, beyond which a machine counts as loaded
TARGET = 0.98  # test accuracy, for the time that it takes
METRICS = (
    "import_seconds",
    "start_seconds",
    "first_step_seconds",
    "steady_seconds",
    "epoch_seconds",
    "single_seconds",
    "single_99_seconds",
    "thousand_seconds",
    "peak_memory",
    "peak_device_memory",
)


@dataclass(frozen=True)
class Figure:
    """A median and its 95% interval, in the metric's unit: seconds or bytes."""

    median: float
    low: float
    high: float


def figure(values: list[float]) -> Figure:
    """The median with a bootstrapped 95% interval (percentile method); of one value the interval is that value."""
    import numpy as np
    from scipy import stats

    if len(set(values)) == 1:
        return Figure(values[0], values[0], values[0])
    interval = stats.bootstrap((values,), np.median, method="percentile", rng=np.random.default_rng(0))
    low, high = interval.confidence_interval
    return Figure(float(np.median(values)), float(low), float(high))


def ratio(mine: list[float], other: list[float]) -> Figure:
    """The ratio of two medians with a bootstrapped 95% interval; the values are pairs, measured one after the other."""
    import numpy as np
    from scipy import stats

    def of_medians(mine, other, axis=-1):
        return np.median(mine, axis) / np.median(other, axis)

    middle = float(of_medians(mine, other))
    if len(mine) < 2:
        return Figure(middle, middle, middle)
    found = stats.bootstrap((mine, other), of_medians, paired=True, method="percentile", rng=np.random.default_rng(0))
    return Figure(middle, float(found.confidence_interval.low), float(found.confidence_interval.high))


def tiers(found: dict[str, Figure]) -> dict[str, int]:
    """Tiers from 1: whoever's interval overlaps with that of a tier's fastest member belongs to it."""
    result: dict[str, int] = {}
    tier, bound = 0, float("-inf")
    for id in sorted(found, key=lambda id: found[id].median):
        if found[id].low > bound:
            tier, bound = tier + 1, found[id].high
        result[id] = tier
    return result


def figures(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By variant: a Figure for each metric that was measured, `gflops` (achieved), `target_seconds` (from the first
    step until the test accuracy is TARGET), `tier` by the steady step, and its median, `order`.

    Failed rounds don't count; unproven variants have no figures.
    """
    found: dict[str, dict[str, Any]] = {}
    for id, row in document["variants"].items():
        sound = [run for run in row["rounds"] if run["outcome"] == "ok"] if not row["unproven"] else []
        found[id] = {
            metric: figure([run[metric] for run in sound])
            for metric in METRICS
            if sound and all(metric in run for run in sound)
        }
        step, flops = found[id].get("steady_seconds"), document["flops_per_image"]
        if step and flops:
            found[id]["gflops"] = flops * document["batch_size"] / step.median / 1e9
        needed = steps_to_target(row["accuracy_after"])
        if step and needed:
            found[id]["target_seconds"] = found[id]["first_step_seconds"].median + (needed - 1) * step.median
    steps = {id: row["steady_seconds"] for id, row in found.items() if "steady_seconds" in row}
    for id, tier in tiers(steps).items():
        found[id]["tier"] = tier
    for row in found.values():
        row["order"] = row["steady_seconds"].median if "steady_seconds" in row else float("inf")
    return found


def steps_to_target(curve: list[dict[str, Any]]) -> float | None:
    """After how many steps the accuracy is TARGET, straight lines between the points; None if it never is."""
    before = {"steps": 0, "accuracy": 0.1}  # of ten classes one is right by chance
    for point in curve:
        if point["accuracy"] >= TARGET:
            share = (TARGET - before["accuracy"]) / (point["accuracy"] - before["accuracy"])
            return before["steps"] + share * (point["steps"] - before["steps"])
        before = point
    return None


def control_spread(document: dict[str, Any]) -> float | None:
    """How far the medians of the control's two series of steady steps lie apart, relative to their mean; None without
    a control."""
    import numpy as np

    control = document["control"]
    if not control:
        return None
    series = [document["variants"][control["variant"]]["rounds"], control["rounds"]]
    steps = [[run["steady_seconds"] for run in runs if run["outcome"] == "ok"] for runs in series]
    if not all(steps):
        return None
    first, second = (float(np.median(part)) for part in steps)
    return abs(first - second) / ((first + second) / 2)
