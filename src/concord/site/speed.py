"""The speed page: what `concord bench` measured, machine by machine, never merged."""

from typing import Any

from markupsafe import Markup

from concord.framework import variants
from concord.site import plots
from concord.site.markup import mebibytes, render, seconds
from concord.site.results import Results
from concord.tiers import SPREAD_LIMIT, TARGET, control_spread, figures

COMMAND = "concord bench {recipe} --json docs/results/bench-{recipe}.json"


def page(results: Results) -> Markup:
    """A section for each results file: one recipe on one track on one machine."""
    sections = [section(file.name, document) for file, document in reversed(results.documents("bench"))]
    return render(
        "speed.html",
        sections=sections,
        command=COMMAND,
        seconds=seconds,
        mebibytes=mebibytes,
        limit=SPREAD_LIMIT,
        target=TARGET,
    )


def section(file: str, document: dict[str, Any]) -> dict[str, Any]:
    """One file's figures, the fastest step first."""
    found = figures(document)
    peak = max(document["peak_gflops"], default=0)
    rows = [
        {"id": id, "label": label(id), "installed": document["variants"][id]["installed_bytes"], **figure}
        for id, figure in sorted(found.items(), key=lambda item: item[1]["order"])
        if "steady_seconds" in figure
    ]
    without = {
        label(id): row["unproven"] or next((run["reason"] for run in row["rounds"] if run["reason"]), "no round yet")
        for id, row in document["variants"].items()
        if "steady_seconds" not in found[id]
    }
    return {
        "file": file,
        "document": document,
        "command": COMMAND.format(recipe=document["recipe"]),
        "rows": rows,
        "peak": peak,
        "without": without,
        "spread": control_spread(document),
        "control": label(document["control"]["variant"]) if document["control"] else "",
        "rounds": max((len(row["rounds"]) for row in document["variants"].values()), default=0),
        "steps": plots.intervals({row["label"]: row["steady_seconds"] for row in rows}),
        "sweeps": {
            name: plots.sweep(
                {label(id): row["sweeps"].get(name, []) for id, row in document["variants"].items()}, name
            )
            for name in ("batch", "images", "threads")
        },
    }


def label(id: str) -> str:
    return variants()[id].label if id in variants() else id
