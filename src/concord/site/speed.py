"""The speed page: what `concord bench` measured, machine by machine, never merged."""

from typing import Any

from markupsafe import Markup

from concord.cost.tiers import (
    REPEAT,
    SPREAD_LIMIT,
    TARGET,
    Figure,
    control_spread,
    failed_rounds,
    figures,
    page_seconds,
    repeats,
    told_tiers,
    unsteady,
)
from concord.project.framework import variants
from concord.project.task import all_tasks
from concord.run.devices import told_gpu, told_machine
from concord.site import plots
from concord.site.markup import mebibytes, megabytes, render, seconds, span, tick
from concord.site.results import Results, neighbours, outdated_program

SWEEPS = {  # by what is varied: what the scale counts, and what is drawn
    "batch": ("images in a batch", "One training step against the images in a batch"),
    "images": ("images", "A pass through so many images"),
    "threads": ("threads", "One training step against threads"),
    "processes": (
        "processes",
        "Images per second of all processes that train at the same time, which share the cores between them; a single "
        "one has a thread for each core",
    ),
}


def command(recipe: str, file: str, *options: str) -> str:
    """What measures a recipe into a results file."""
    return " ".join(["concord bench", recipe, "--json", f"docs/results/{file}", *options])


def gpu_command(recipe: str) -> str:
    """What measures the same on a GPU."""
    return command(recipe, f"bench-{recipe}-gpu.json", "--device gpu")


def page(results: Results) -> Markup:
    """A section for each results file: one recipe on one track on one machine's processor or GPU."""
    latest = reversed(results.documents("bench"))
    # As it is taught before what is tuned, and the processor before the GPU.
    ordered = sorted(latest, key=lambda found: (found[1]["track"], "device" in found[1]["environment"]))
    sections = [section(file.name, document) for file, document in ordered]
    measured = [part for part in sections if part["rows"] and part["gpu"]]
    return render(
        "speed.html",
        sections=sections,
        command=command,
        gpu_command=gpu_command,
        without_gpu=not measured,
        seconds=seconds,
        span=span,
        tick=tick,
        told=SWEEPS,
        mebibytes=mebibytes,
        megabytes=megabytes,
        limit=SPREAD_LIMIT,
        target=TARGET,
    )


def section(file: str, document: dict[str, Any]) -> dict[str, Any]:
    """One file's figures, the fastest step first."""
    found, again, tiers = figures(document), repeats(document), told_tiers(document)
    peak = max(document["peak_gflops"], default=0)
    gpu = told_gpu(document["environment"]["device"]) if "device" in document["environment"] else ""
    rounds = max((len(row["rounds"]) for row in document["variants"].values()), default=0)
    rows = [
        {
            "id": id,
            "label": label(id),
            "tiers": tiers[id],
            "installed": document["variants"][id]["installed_bytes"],
            **figure,
        }
        for id, figure in sorted(found.items(), key=lambda item: item[1]["order"])
        if "steady_seconds" in figure
    ]
    without = {
        label(id): why_without(row) or "no round yet"
        for id, row in document["variants"].items()
        if "steady_seconds" not in found[id]
    }
    return {
        "file": file,
        "document": document,
        "command": command(
            document["recipe"],
            file,
            f"--threads {document['environment']['threads']}",
            *([f"--rounds {rounds}"] if rounds > REPEAT else []),
            *(["--track tuned"] if document["track"] == "tuned" else []),
            *(["--device gpu"] if gpu else []),
        ),
        "machine": told_machine(document["environment"]),
        "gpu": gpu,
        "not_on_gpu": [
            variant.label
            for variant in variants().values()
            if gpu and variant.device_code and variant.id not in document["variants"]
        ],
        "rows": rows,
        "peak": peak,
        "page_seconds": page_seconds(found),
        "with_pages": any("steady_fresh_pages" in row for row in rows),
        "without": without,
        "failed": {row["label"]: failed_rounds(document["variants"][row["id"]]) for row in rows},
        "stale": stale(document),
        "neighbours": neighbours(document["variants"].items()),
        "spread": control_spread(document),
        "repeats": again,
        "changing": {label(id): numbers for id, numbers in again.differing.items()} if again else {},
        "unsteady": {label(id): numbers for id, numbers in unsteady(document).items()},
        "control": label(document["control"]["variant"]) if document["control"] else "",
        "rounds": rounds,
        "steps": plots.intervals(
            {row["label"]: row["steady_seconds"] for row in rows}, tick, {row["label"]: row["tier"] for row in rows}
        ),
        "memory": memory(rows),
        "first_steps": plots.before_the_second_step(rows),
        "learning": plots.learning(
            rows, {id: row["accuracy_after"] for id, row in document["variants"].items()}, TARGET
        ),
        "sweeps": {
            name: plots.sweep(
                {label(id): row["sweeps"].get(name, []) for id, row in document["variants"].items()}, name
            )
            for name in SWEEPS
        },
    }


def memory(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The most memory of each process, the least first, in mebibytes so that the scale is round."""
    found = {
        row["label"]: Figure(peak.median / 2**20, peak.low / 2**20, peak.high / 2**20)
        for row in rows
        if (peak := row.get("peak_memory"))
    }
    ordered = dict(sorted(found.items(), key=lambda item: item[1].median))
    return plots.intervals(ordered, lambda number: f"{number:,.0f} MiB")


def stale(document: dict[str, Any]) -> dict[str, str]:
    """By label, why a variant's figures no longer speak for the present recipe and pins; nothing of what is gone."""
    known = [task for task in all_tasks() if task.name == document["recipe"]]
    tasks = [task.on_track(document["track"]) for task in known]
    found = {
        label(id): outdated_program(task, id, row)
        for task in tasks
        for id, row in document["variants"].items()
        if id in variants()
    }
    return {name: why for name, why in found.items() if why}


def why_without(row: dict[str, Any]) -> str:
    """Why a variant has no figures: it isn't proven equal, or a round failed."""
    return row["unproven"] or next((run["reason"] for run in row["rounds"] if run["reason"]), "")


def label(id: str) -> str:
    return variants()[id].label if id in variants() else id
