"""The speed page: what `concord bench` measured, machine by machine, never merged."""

from itertools import groupby
from typing import Any

from markupsafe import Markup

from concord.cost.statistics import Figure, compared, failed_rounds, figure, loaded, noise, reference
from concord.project.framework import variants
from concord.project.task import all_tasks
from concord.run.devices import told_gpu, told_machine
from concord.site import plots
from concord.site.markup import mebibytes, megabytes, render, seconds
from concord.site.results import Results, neighbours, outdated_program

COLUMNS = {  # by metric: the table's column and how its values are written
    "import_seconds": ("import", seconds),
    "start_seconds": ("model", seconds),
    "first_step_seconds": ("first step", seconds),
    "epoch_seconds": ("epoch", seconds),
    "single_seconds": ("1 image", seconds),
    "thousand_seconds": ("1,000 images", seconds),
    "peak_memory": ("memory", mebibytes),
    "peak_device_memory": ("on the GPU", mebibytes),
}
WANTED = (("mnist_cnn", False), ("mnist_cnn", True), ("mnist_cnn_fast", False))  # recipe, and whether on a GPU


def command(recipe: str, file: str, *options: str) -> str:
    """What measures a recipe into a results file."""
    return " ".join(["concord bench", recipe, "--json", f"docs/results/{file}", *options])


def gpu_command(recipe: str) -> str:
    """What measures the same on a GPU."""
    return command(recipe, f"bench-{recipe}-gpu.json", "--device gpu")


def page(results: Results) -> Markup:
    """A section for each results file: one recipe on one machine's processor or GPU; then what isn't measured yet."""
    found = results.documents("bench")
    ordered = sorted(found, key=lambda item: (item[1]["recipe"], "device" in item[1]["environment"]))
    sections = [section(file.name, document) for file, document in ordered]
    known = {(part["document"]["recipe"], bool(part["gpu"])) for part in sections if part["rows"]}
    missing = [
        (f"{recipe} on a GPU", gpu_command(recipe)) if gpu else (recipe, command(recipe, f"bench-{recipe}.json"))
        for recipe, gpu in WANTED
        if (recipe, gpu) not in known
    ]
    return render("speed.html", sections=sections, missing=missing, seconds=seconds)


def section(file: str, document: dict[str, Any]) -> dict[str, Any]:
    """One file's figures, the fastest step first."""
    rounds = max((len(row["rounds"]) for row in document["variants"].values()), default=0)
    gpu = told_gpu(document["environment"]["device"]) if "device" in document["environment"] else ""
    steps = compared(document)
    rows = [row(id, document["variants"][id], tier, ratio) for id, (tier, ratio) in steps.items()]
    options = [f"--threads {document['environment']['threads']}", *([f"--rounds {rounds}"] if rounds > 5 else [])]
    found = noise(document)
    return {
        "file": file,
        "document": document,
        "command": command(document["recipe"], file, *options, *(["--device gpu"] if gpu else [])),
        "machine": told_machine(document["environment"]),
        "gpu": gpu,
        "not_on_gpu": [
            variant.label
            for variant in variants().values()
            if gpu and variant.device_code and variant.id not in document["variants"]
        ],
        "rows": rows,
        "tiers": tiers(rows),
        "reference": label(reference(document)),
        "columns": {name: column for name, column in COLUMNS.items() if any(row["figures"].get(name) for row in rows)},
        "chart": plots.intervals(
            {row["label"]: row["ratio"] for row in rows}, times, {row["label"]: row["tier"] for row in rows}
        ),
        "without": {
            label(id): why_without(row) or "no round yet" for id, row in document["variants"].items() if id not in steps
        },
        "failed": {row["label"]: failed_rounds(document["variants"][row["id"]]) for row in rows},
        "stale": stale(document),
        "neighbours": neighbours(document["variants"].items()),
        "noise": found,
        "loaded": loaded(found),
        "control": label(document["control"]["variant"]) if document["control"] else "",
        "rounds": rounds,
    }


def row(id: str, measured: dict[str, Any], tier: int, ratio: Figure) -> dict[str, Any]:
    installed = measured["installed_bytes"]
    return {
        "id": id,
        "label": label(id),
        "tier": tier,
        "ratio": ratio,
        "step": figure(measured, "steady_seconds"),
        "figures": {name: found for name in COLUMNS if (found := figure(measured, name))},
        "installed": megabytes(installed) if installed else "–",
    }


def tiers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each tier the members and how many times the fastest's step theirs take: the answer in a line each."""
    found = []
    for number, members in groupby(rows, key=lambda row: row["tier"]):
        part = list(members)
        ends = dict.fromkeys(times(part[place]["ratio"].value) for place in (0, -1))
        found.append({"tier": number, "labels": [row["label"] for row in part], "times": " to ".join(ends)})
    return found


def times(value: float) -> str:
    return f"{value:.1f}×"


def stale(document: dict[str, Any]) -> dict[str, str]:
    """By label, why a variant's figures no longer speak for the present recipe and pins; nothing of what is gone."""
    found = {
        label(id): outdated_program(task, id, row)
        for task in all_tasks()
        if task.name == document["recipe"]
        for id, row in document["variants"].items()
        if id in variants()
    }
    return {name: why for name, why in found.items() if why}


def why_without(row: dict[str, Any]) -> str:
    """Why a variant has no figures: it isn't proven equal, or a round failed."""
    return row["unproven"] or next((run["reason"] for run in row["rounds"] if run["reason"]), "")


def label(id: str) -> str:
    return variants()[id].label if id in variants() else id
