"""What the rounds of a benchmark say: medians, one step's ratio to another's, and tiers instead of ranks."""

import math
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Any

NOISE_LIMIT = 0.05  # how far the control's ratio may be from 1 before a machine counts as loaded
WIDTH = 1.1  # times the step of a tier's fastest; see `compared`
# What only the sum of several times tells: one framework compiles at its import, another when the model is made, and a
# third in the first step.
SUMS = {"ready_seconds": ("import_seconds", "start_seconds", "first_step_seconds")}


@dataclass(frozen=True)
class Figure:
    """A value with the two ends of its range: of processes the least and the most, of a ratio a 95% interval."""

    value: float
    low: float
    high: float


def sound(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The rounds of a variant, or of the control, that count: none that failed, and none at all without proof."""
    return [] if row.get("unproven") else [run for run in row["rounds"] if run["outcome"] == "ok"]


def values(row: dict[str, Any], metric: str) -> list[float]:
    """A metric in each fresh process that has it."""
    parts = SUMS.get(metric, (metric,))
    return [sum(run[part] for part in parts) for run in sound(row) if all(part in run for part in parts)]


def figure(row: dict[str, Any], metric: str) -> Figure | None:
    """A metric's median over the fresh processes that have it."""
    found = values(row, metric)
    return Figure(median(found), min(found), max(found)) if found else None


def ratio(row: dict[str, Any], other: dict[str, Any]) -> Figure | None:
    """One step over another's in the same rounds: the geometric mean with a 95% interval (Student's t on logarithms);
    of a single round the turns are the pairs. None where they share no round.

    Whatever slows a round down slows both, so it isn't in their ratio.
    """
    from scipy import stats

    shared = [(one, two) for one in sound(row) for two in sound(other) if one["round"] == two["round"]]
    pairs = [(one["steady_seconds"], two["steady_seconds"]) for one, two in shared]
    if len(shared) == 1:
        ((one, two),) = shared
        pairs = list(zip(one["turns"], two["turns"], strict=True))
    logs = [math.log(one / two) for one, two in pairs if min(one, two) > 0]
    if not logs:
        return None
    half = stats.t.ppf(0.975, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    middle = fmean(logs)
    return Figure(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def reference(document: dict[str, Any]) -> str:
    """The variant that the others' steps are compared with: the one with the least median; empty if none has a step."""
    medians = {id: found.value for id, row in document["variants"].items() if (found := figure(row, "steady_seconds"))}
    return min(medians, key=lambda id: medians[id], default="")


def compared(document: dict[str, Any]) -> dict[str, tuple[int, Figure]]:
    """By variant its tier and the ratio of its step to the reference's; the fastest first.

    A new tier begins where the whole interval of the ratio to the tier's fastest lies above WIDTH.
    """
    rows, to = document["variants"], reference(document)
    ratios = {id: found for id, row in rows.items() if to and (found := ratio(row, rows[to]))}
    result: dict[str, tuple[int, Figure]] = {}
    tier, first = 0, ""
    for id in sorted(ratios, key=lambda id: ratios[id].value):
        to_first = ratio(rows[id], rows[first]) if first else None
        if not first or (to_first and to_first.low > WIDTH):
            tier, first = tier + 1, id
        result[id] = tier, ratios[id]
    return result


def noise(document: dict[str, Any]) -> Figure | None:
    """The ratio of the control's steps to those of the same variant's other process; None without a control."""
    control = document["control"]
    return ratio(control, document["variants"][control["variant"]]) if control else None


def loaded(noise: Figure | None) -> bool:
    """Whether the control tells of a machine too restless for more than rough figures."""
    return noise is not None and abs(noise.value - 1) > NOISE_LIMIT


def failed_rounds(row: dict[str, Any]) -> list[str]:
    """What became of a variant's rounds that don't count, in words."""
    failed = [run for run in row["rounds"] if run["outcome"] != "ok"]
    return [f"round {run['round'] + 1}: {run['outcome']}: {run['reason']}" for run in failed]
