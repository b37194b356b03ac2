"""The speed page: what `concord bench` measured, machine by machine, never merged."""

from typing import Any

from markupsafe import Markup

from concord.cost.statistics import Figure, compared, failed_rounds, figure, loaded, noise, reference
from concord.project.framework import variants
from concord.project.task import all_tasks, find_task
from concord.run.devices import told_gpu, told_machine
from concord.site import plots
from concord.site.markup import mebibytes, megabytes, render, seconds
from concord.site.results import Results, neighbours, outdated_program

COLUMNS = {  # by metric: the table's column and how its values are written
    "import_seconds": ("import", seconds),
    "ready_seconds": ("import to first step", seconds),
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
    """A part for each results file: one recipe on one machine's processor or GPU; then what isn't measured yet."""
    found = results.documents("bench")
    ordered = sorted(found, key=lambda item: (item[1]["recipe"], "device" in item[1]["environment"]))
    sections = [section(file.name, document) for file, document in ordered]
    names = [part["name"] for part in sections]
    for part in sections:
        part["title"] = part["name"] if names.count(part["name"]) == 1 else f"{part['name']}: {part['machine']}"
    known = {(part["document"]["recipe"], bool(part["gpu"])) for part in sections if part["rows"]}
    missing = [
        (name(recipe, gpu), gpu_command(recipe) if gpu else command(recipe, f"bench-{recipe}.json"))
        for recipe, gpu in WANTED
        if (recipe, gpu) not in known
    ]
    return render(
        "speed.html",
        sections=sections,
        machines=machines(sections),
        missing=missing,
        seconds=seconds,
        surprises=surprises(dict(ordered_steps(ordered))),
    )


def machines(sections: list[dict[str, Any]]) -> dict[str, str]:
    """By a tab's title the processor that it was measured on; empty where all were measured on the same."""
    found = {part["title"]: part["machine"] for part in sections if part["rows"] and not part["gpu"]}
    return found if len(set(found.values())) > 1 else {}


def name(recipe: str, gpu: bool) -> str:
    """A tab's."""
    what = {"mnist_cnn": "", "mnist_cnn_fast": "Fast programs"}.get(recipe, recipe)
    where = "GPU" if gpu else "Processor"
    return where if not what else f"{what}, {where}" if gpu else what


Steps = dict[str, tuple[int, Figure]]


def ordered_steps(ordered: list[tuple[Any, dict[str, Any]]]) -> list[tuple[str, Steps]]:
    """By a tab's name, each variant's tier and ratio; of several machines the last."""
    return [(name(d["recipe"], "device" in d["environment"]), compared(d)) for _, d in ordered]


def surprises(steps: dict[str, Steps]) -> list[str]:
    """What one wouldn't expect, a sentence each, as far as the figures say so."""
    processor, gpu = steps.get("Processor", {}), steps.get("GPU", {})
    found = []
    if "numpy" in processor:
        slower = [label(id) for id, (tier, _) in processor.items() if tier > processor["numpy"][0]]
        if slower:
            found.append(f"Plain NumPy takes a step in less time than {listed(slower)}.")
    added = {keras: by for keras, back in KERAS_ON.items() if (by := overhead(processor, keras, back)) is not None}
    shares = [f"{by:.0%} to {label(KERAS_ON[keras])}’s" for keras, by in added.items() if by > 0]
    nothing = [f"{label(KERAS_ON[keras])}’s" for keras, by in added.items() if by == 0]
    if shares:
        rest = f"; to {listed(nothing)} nothing that can be told from noise" if nothing else ""
        found.append(f"Keras adds {listed(shares)} step{rest}.")
    last = max((tier for tier, _ in processor.values()), default=0)
    turned = [label(id) for id, (tier, _) in gpu.items() if tier == 1 and processor.get(id, (0,))[0] > last / 2]
    if turned:
        found.append(f"{listed(turned)}, among the slowest on the processor, is the fastest on the GPU.")
    return found


KERAS_ON = {"keras-tf": "tensorflow", "keras-jax": "jax", "keras-torch": "pytorch"}


def overhead(steps: Steps, keras: str, back: str) -> float | None:
    """By what share a step of Keras is longer than its backend alone; 0 in the same tier, None without a figure."""
    if keras not in steps or back not in steps:
        return None
    (tier, slower), (other, faster) = steps[keras], steps[back]
    return slower.value / faster.value - 1 if tier != other else 0.0


def listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def answer(rows: list[dict[str, Any]], images: int) -> str:
    """Who is fastest, and how far the others are from that."""
    first = [row["label"] for row in rows if row["tier"] == 1]
    last = rows[-1]
    step = f"{seconds(rows[0]['step'].value)} for a training step of {images} images"
    text = f"{listed(first)} {'is' if len(first) == 1 else 'are'} fastest: {step}."
    return (
        text
        if last["tier"] == 1
        else f"{text} The slowest, {last['label']}, takes {last['ratio'].value:.1f} times as long."
    )


def section(file: str, document: dict[str, Any]) -> dict[str, Any]:
    """One file's figures, the fastest step first."""
    rounds = max((len(row["rounds"]) for row in document["variants"].values()), default=0)
    gpu = told_gpu(document["environment"]["device"]) if "device" in document["environment"] else ""
    written = find_task(document["recipe"]).recipes
    steps = compared(document)
    rows = [row(id, document["variants"][id], tier, ratio) for id, (tier, ratio) in steps.items()]
    options = [f"--threads {document['environment']['threads']}", *([f"--rounds {rounds}"] if rounds > 5 else [])]
    found = noise(document)
    return {
        "file": file,
        "name": name(document["recipe"], bool(gpu)),
        "answer": answer(rows, document["batch_size"]) if rows else "",
        "document": document,
        "command": command(document["recipe"], file, *options, *(["--device gpu"] if gpu else [])),
        "machine": told_machine(document["environment"]),
        "gpu": gpu,
        "not_on_gpu": [
            variant.label
            for variant in variants().values()
            if gpu and variant.device_code and variant.framework in written and variant.id not in document["variants"]
        ],
        "rows": rows,
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


def times(value: float) -> str:
    return f"{value:.1f}×" if value < 9.95 else f"{value:,.0f}×"


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
