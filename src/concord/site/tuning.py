"""What tuning brings, on the speed page: each tuned recipe against its idiomatic neighbour and with single changes."""

from statistics import median
from typing import Any

from markupsafe import Markup

from concord.cost.tiers import ratio
from concord.project.framework import variants
from concord.project.task import find_task
from concord.site.markup import render
from concord.site.results import Results, outdated_program

COMMAND = "python benchmarks/tuned.py --json docs/results/tuned-mnist_cnn.json"


def page(results: Results) -> Markup:
    """The latest measurement; ratios are of one machine and one run, so that several files are never mixed."""
    file, document = results.latest("tuned")
    return render("tuning.html", file=file.name, document=document, rows=rows(document), command=COMMAND)


def rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """For each variant the tuned step against the idiomatic one, and what each single change makes of the tuned one."""
    found = []
    for id, row in document.get("variants", {}).items():
        steps = dict(row["milliseconds"])
        tuned, idiomatic = steps.pop("tuned", []), steps.pop("idiomatic", [])
        if not tuned or len(tuned) != len(idiomatic):
            continue
        found.append({
            "label": variants()[id].label if id in variants() else id,
            "rounds": len(tuned),
            "idiomatic": median(idiomatic),
            "tuned": median(tuned),
            "ratio": ratio(tuned, idiomatic),
            "peak": max(row["peak_gflops"]),
            "peak_share": share_of_peak(document, row, median(tuned)),
            "changes": {name: ratio(part, tuned) for name, part in steps.items() if len(part) == len(tuned)},
            "failures": row["failures"],
            "stale": stale(document, id, row),
        })  # fmt: skip
    return found


def stale(document: dict[str, Any], id: str, row: dict[str, Any]) -> str:
    """Why a variant's figures no longer speak for both recipes and the pins; empty if they do."""
    task, digests = find_task(document["recipe"]), row.get("recipe_sha256", {})
    reasons = (
        outdated_program(task.on_track(track), id, {"versions": row["versions"], "recipe_sha256": digests.get(track)})
        for track in ("idiomatic", "tuned")
        if id in variants()
    )
    return next(filter(None, reasons), "")


def share_of_peak(document: dict[str, Any], row: dict[str, Any], milliseconds: float) -> float:
    """Of the machine's matrix-product peak in a variant's own rounds, as a machine is not the same from hour to hour;
    the operations of plain convolutions count, whatever the algorithm."""
    operations = find_task(document["recipe"]).specification.TRAINING_FLOPS * document["batch_size"]
    return operations / (milliseconds / 1000) / (max(row["peak_gflops"]) * 1e9)
