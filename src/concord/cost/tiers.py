"""What the rounds of a benchmark say: medians with intervals, and tiers instead of ranks."""

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

SPREAD_LIMIT = 0.05  # the control's two medians, beyond which a machine counts as loaded
MANY_PAGES = 1000  # a step; of fewer what the system does beside handing them out would count
TARGET = 0.98  # test accuracy, for the time that it takes
REPEAT = 5  # rounds, as many as a benchmark has at least
CONTROL = "control"  # beside the variants' ids
OTHERS = 3  # of whose steps the median doesn't hang on a single one
WIDTH = 0.25  # what may be less than this slower than a tier's fastest member stays in the tier; see `tiers`
METRICS = (
    "import_seconds",
    "start_seconds",
    "first_step_seconds",
    "steady_seconds",
    "steady_processor_seconds",
    "steady_system_seconds",
    "steady_fresh_pages",
    "epoch_seconds",
    "single_seconds",
    "single_99_seconds",
    "thousand_seconds",
    "peak_memory",
    "peak_device_memory",
)


@dataclass(frozen=True)
class Figure:
    """A median and its 95% interval, in the metric's unit: seconds, bytes or pages."""

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


def tiers(found: dict[str, Figure], noise: float = 0.0, width: float = WIDTH) -> dict[str, int]:
    """Tiers from 1. A new one begins where all that are left are surely slower: their intervals lie wholly above those
    of the tiers before, farther than the noise (a share of it), and more than `width` above the last tier's fastest
    member.

    Without a width tiers part at ever smaller gaps the quieter a machine is, and at the finest it is chance on which
    side a variant falls; with one it is chance only where an interval ends near the width (benchmarks/tier_width.py).
    """
    result: dict[str, int] = {}
    ordered = sorted(found, key=lambda id: found[id].median)
    tier, bound, widest = 0, 0.0, 0.0
    for place, id in enumerate(ordered):
        low = min(found[left].low for left in ordered[place:])
        if low > bound and low >= widest:
            tier += 1
            widest = found[id].median * (1 + width)
        bound = max(bound, found[id].high * (1 + noise))
        result[id] = tier
    return result


def step_tiers(document: dict[str, Any]) -> dict[str, int]:
    """The tiers by the steady step; what the control differs from itself by makes none."""
    steps = {id: measured(row, "steady_seconds") for id, row in paced(document)["variants"].items()}
    found = {id: figure(values) for id, values in steps.items() if values}
    return tiers(found, control_spread(document) or 0.0)


def sound(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A variant's rounds that count: none that failed, and none at all without proof."""
    return [] if row["unproven"] else [run for run in row["rounds"] if run["outcome"] == "ok"]


def measured(row: dict[str, Any], metric: str) -> list[float]:
    """A metric's values, one for each process that has it; of a single process's steady step its turns."""
    runs = [run for run in sound(row) if metric in run]
    if metric == "steady_seconds" and len(runs) == 1:
        return runs[0].get("turns") or [runs[0][metric]]
    return [run[metric] for run in runs]


def paced(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each steady step of a variant divided by its round's pace: how much longer than usual the steps
    of the others took in it, at the median; of fewer than OTHERS the pace isn't known, and 1.

    A round's processes take turns, so a machine that is slower for an hour is so for all of them alike. That is no
    difference between them, and without this it would widen all of their intervals.
    """
    control = {CONTROL: document["control"] | {"unproven": ""}} if document["control"] else {}
    relative: dict[str, dict[int, float]] = {}
    for id, row in (document["variants"] | control).items():
        # Of steps too short to measure a long run minus a short one may be nought or less: no pace.
        steps = {run["round"]: run["steady_seconds"] for run in sound(row) if run.get("steady_seconds", 0) > 0}
        relative[id] = {number: step / median(steps.values()) for number, step in steps.items()}

    def pace(id: str, number: int) -> float:
        others = [found[number] for other, found in relative.items() if other != id and number in found]
        return median(others) if len(others) >= OTHERS else 1.0

    def in_pace(id: str, run: dict[str, Any]) -> dict[str, Any]:
        if "steady_seconds" not in run:
            return run
        return run | {"steady_seconds": run["steady_seconds"] / pace(id, run["round"])}

    return document | {
        "variants": {
            id: row | {"rounds": [in_pace(id, run) for run in row["rounds"]]}
            for id, row in document["variants"].items()
        }
    }


def failed_rounds(row: dict[str, Any]) -> list[str]:
    """What became of a variant's rounds that don't count, in words."""
    failed = [run for run in row["rounds"] if run["outcome"] != "ok"]
    return [f"round {run['round'] + 1}: {run['outcome']}: {run['reason']}" for run in failed]


def unsteady(document: dict[str, Any]) -> dict[str, list[int]]:
    """By variant the tiers it would be in, of those whose tier isn't the same whichever one round is left out."""
    numbers = round_numbers(document)
    if len(numbers) < 3:  # nothing would be left to compare with
        return {}
    rests = [[number for number in numbers if number != left_out] for left_out in numbers]
    return differing(step_tiers(document), [step_tiers(of_rounds(document, kept)) for kept in rests])


@dataclass(frozen=True)
class Repeats:
    """How often the tiers came out the same, and the variants that were in different ones, with these."""

    rounds: int  # of each repeat
    count: int
    same: int  # as many as agree at most
    differing: dict[str, list[int]]


def repeats(document: dict[str, Any]) -> Repeats | None:
    """The rounds taken five by five in the order in which they ran, each five a benchmark of its own; None of fewer
    than ten."""
    numbers = round_numbers(document)
    parts = [numbers[first : first + REPEAT] for first in range(0, len(numbers) - REPEAT + 1, REPEAT)]
    if len(parts) < 2:
        return None
    found = [step_tiers(of_rounds(document, part)) for part in parts]
    same = Counter(tuple(sorted(each.items())) for each in found)
    return Repeats(REPEAT, len(found), max(same.values()), differing(step_tiers(document), found))


def told_tiers(document: dict[str, Any]) -> dict[str, str]:
    """By variant its tier in words: "2 or 1" where it is in 2 by all rounds, and in 1 without one of them or by some
    five alone."""
    again = repeats(document)
    changing = [unsteady(document), again.differing if again else {}]
    return {
        id: " or ".join(
            map(str, dict.fromkeys([tier, *(number for found in changing for number in found.get(id, []))]))
        )
        for id, tier in step_tiers(document).items()
    }


def differing(whole: dict[str, int], parts: list[dict[str, int]]) -> dict[str, list[int]]:
    """The variants that aren't in the same tier in the whole and in each part of it, with all tiers that they are in,
    numbered as in the whole."""
    numbered = [whole, *(numbered_like(whole, part) for part in parts)]
    seen = {id: sorted({each[id] for each in numbered if id in each}) for id in whole}
    return {id: numbers for id, numbers in seen.items() if len(numbers) > 1}


def numbered_like(whole: dict[str, int], part: dict[str, int]) -> dict[str, int]:
    """The part's tiers, each with the number that the whole gives the fastest tier whose first member it holds: where
    two tiers become one, those behind them keep theirs. A tier without such a member comes after the one before it.

    Args:
        whole, part: the fastest variant first, as `tiers` gives them.
    """
    first = {number: id for id, number in reversed(whole.items())}  # by tier its fastest member
    found: dict[str, int] = {}
    before = 0
    for tier in dict.fromkeys(part.values()):
        members = [id for id, number in part.items() if number == tier]
        held = [number for number, id in first.items() if id in members]
        found |= dict.fromkeys(members, min(held, default=before + 1))
        before = max(before, *held, 0)
    return found


def round_numbers(document: dict[str, Any]) -> list[int]:
    rows = [*document["variants"].values(), *([document["control"]] if document["control"] else [])]
    return sorted({run["round"] for row in rows for run in row["rounds"]})


def of_rounds(document: dict[str, Any], numbers: list[int]) -> dict[str, Any]:
    """The document as if only these rounds had been measured."""

    def kept(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"rounds": [run for run in row["rounds"] if run["round"] in numbers]}

    return document | {
        "control": document["control"] and kept(document["control"]),
        "variants": {id: kept(row) for id, row in document["variants"].items()},
    }


def figures(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By variant: a Figure for each metric that was measured, `gflops` (achieved), `system_share` (of the step's
    processor time), `fresh_pages` (a step), `target_seconds` (from the first step until the test accuracy is TARGET),
    `tier` by the steady step, and its median, `order`.

    Steady steps are `paced`. Failed rounds don't count; unproven variants have no figures.
    """
    found: dict[str, dict[str, Any]] = {}
    for id, row in paced(document)["variants"].items():
        found[id] = {metric: figure(values) for metric in METRICS if (values := measured(row, metric))}
        step, flops = found[id].get("steady_seconds"), document["flops_per_image"]
        if step and flops:
            found[id]["gflops"] = flops * document["batch_size"] / step.median / 1e9
        if step and "steady_system_seconds" in found[id]:
            whole = found[id]["steady_processor_seconds"].median
            # A long run minus a short one: of next to nothing it may be less than nothing.
            found[id]["system_share"] = max(0.0, found[id]["steady_system_seconds"].median / whole)
            found[id]["fresh_pages"] = max(0, round(found[id]["steady_fresh_pages"].median))
        needed = steps_to_target(row["accuracy_after"])
        if step and needed:
            found[id]["target_seconds"] = found[id]["first_step_seconds"].median + (needed - 1) * step.median
    for id, tier in step_tiers(document).items():
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


def page_seconds(found: dict[str, dict[str, Any]]) -> float | None:
    """What a fresh page of memory costs on the machine at most, in seconds: all of the system's time over the pages, at
    the median of the variants that take MANY_PAGES a step; None if none does.

    Args:
        found: as `figures` gives it.
    """
    costs = [
        row["steady_system_seconds"].median / row["steady_fresh_pages"].median
        for row in found.values()
        if "steady_fresh_pages" in row and row["steady_fresh_pages"].median >= MANY_PAGES
    ]
    return median(costs) if costs else None


def control_spread(document: dict[str, Any]) -> float | None:
    """How far the medians of the control's two series of steady steps lie apart, relative to their mean; None without
    a control."""
    import numpy as np

    control = document["control"]
    if not control or control["variant"] not in document["variants"]:
        return None
    series = [document["variants"][control["variant"]]["rounds"], control["rounds"]]
    steps = [[run["steady_seconds"] for run in runs if run["outcome"] == "ok"] for runs in series]
    if not all(steps):
        return None
    first, second = (float(np.median(part)) for part in steps)
    return abs(first - second) / ((first + second) / 2)
