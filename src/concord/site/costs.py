"""The rows of the table for choosing that count time or memory, of the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concord.cost.statistics import WIDTH, Figure, compared, failed_rounds, figure, values
from concord.project.framework import variants
from concord.project.task import Task
from concord.run.devices import told_machine
from concord.site import speed
from concord.site.markup import mebibytes, seconds
from concord.site.matrix import NOT_MEASURED, Cell, Row, unknown
from concord.site.results import Results, outdated_program, rank

FACTORS = (1.25, 2, 4)  # how far from the best: the steps of the colour scale


@dataclass(frozen=True)
class Quantity:
    """Something of which less is better; `name` is what results files call it, `write` puts a value into words."""

    name: str
    title: str
    unit: str = "s"
    write: Callable[[float], str] = seconds


STEP = Quantity("steady_seconds", "a training step")
FAST_STEP = Quantity("steady_seconds", "a training step of the fast program")
SPEED = (
    STEP,
    Quantity("epoch_seconds", "seconds an epoch"),
    Quantity("single_seconds", "prediction of one image"),
    Quantity("thousand_seconds", "prediction of 1,000 images"),
    Quantity("ready_seconds", "from the import to the end of the first step"),
    Quantity("import_seconds", "import"),
)
OF_THE_IMPORT = ("import_seconds", "ready_seconds", "peak_memory")  # what else is imported adds to these
MEMORY = (Quantity("peak_memory", "memory at most", "bytes", mebibytes),)


@dataclass(frozen=True)
class Benchmark:
    """One results file of `concord bench`."""

    task: Task
    file: Path
    document: dict[str, Any]

    @property
    def link(self) -> str:
        return f"speed.html#{self.file.stem}"

    @property
    def about(self) -> str:
        return f"{self.task.name} on {told_machine(self.document['environment'])}"

    def of(self, quantity: Quantity) -> dict[str, Figure]:
        """By variant."""
        rows = {id: row for id, row in self.document["variants"].items() if id in variants()}
        return {id: found for id, row in rows.items() if (found := figure(row, quantity.name))}

    def without(self, id: str) -> Cell:
        """The cell of a variant that has no figure."""
        row, variant = self.document["variants"].get(id), variants()[id]
        if row is None and "device" in self.document["environment"] and variant.no_gpu:
            return Cell("no GPU", note=variant.no_gpu.removeprefix("no GPU: "))
        if row is None:
            return unknown(self.task, variant)
        return Cell("unverified" if row["unproven"] else "no figure", note=speed.why_without(row))

    def stale(self, id: str) -> str:
        """Why a variant's figures no longer speak for the present program; empty if they do."""
        return outdated_program(self.task, id, self.document["variants"][id])

    def note(self, id: str, quantity: Quantity, found: Figure) -> str:
        """What a click tells: the least and the most, and whether the figure still speaks for the present program."""
        row = self.document["variants"][id]
        rounds = len(values(row, quantity.name))
        ends = f"{quantity.write(found.low)} to {quantity.write(found.high)}, {rounds} rounds"
        words = [*([ends] if found.low < found.high else []), *failed_rounds(row)]
        if stale := self.stale(id):
            words.append(f"stale: {stale}")
        return "; ".join(filter(None, [*words, with_neighbours(id, quantity, row)]))


def benchmark(task: Task, results: Results, gpu: bool = False) -> Benchmark | None:
    """The file that the table shows: of one machine's processor or GPU."""
    found = [
        (file, document)
        for file, document in results.documents("bench")
        if document["recipe"] == task.name and ("device" in document["environment"]) == gpu
    ]
    if not found:
        return None
    file, document = max(found, key=lambda item: rank(item[1]))
    return Benchmark(task, file, document)


def on_processor(task: Task, fast: Task, results: Results) -> tuple[list[Row], list[Row]]:
    """The rows of speed, the step of the fast programs among them, and those of memory."""
    measured = benchmark(task, results)
    in_time = [row for quantity in SPEED if (row := cost(task, quantity, measured))]
    in_memory = [row for quantity in MEMORY if (row := cost(task, quantity, measured))]
    written_fast = cost(fast, FAST_STEP, benchmark(fast, results))
    return [
        *([tiers(measured)] if measured else []),
        *in_time[:1],
        *([written_fast] if written_fast else []),
        *in_time[1:],
    ], in_memory


def on_graphics_card(task: Task, results: Results) -> Row:
    measured = benchmark(task, results, gpu=True)
    if measured:
        return benchmarked(STEP, measured, "graphics-card")
    about = "no results file is from a machine with one; the recipes use an NVIDIA card that their framework sees"
    cells = {id: Cell(NOT_MEASURED) for id in variants()}
    return Row("graphics-card", STEP.title, STEP.unit, about, speed.gpu_command(task.name), cells)


def cost(task: Task, quantity: Quantity, measured: Benchmark | None) -> Row | None:
    """A quantity's row; None where there is no benchmark."""
    if measured and measured.of(quantity):
        return benchmarked(quantity, measured, f"{quantity.name}-{task.name}")
    return None


def tiers(measured: Benchmark) -> Row:
    """Who is about equally fast by the training step."""
    steps = compared(measured.document)

    def cell(id: str) -> Cell:
        if id not in steps:
            return measured.without(id)
        number, ratio = steps[id]
        tone = str(min(number, len(FACTORS) + 1))
        detail = f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}) times the fastest in the same rounds"
        link, stale = measured.link, measured.stale(id)
        return Cell(f"tier {number}", number, link, tone=tone, detail=detail, means=tone, stale=stale)

    about = f"tier 1 is the fastest; in a tier all are about equally fast, within {WIDTH - 1:.0%}"
    id, label = f"tier-{measured.task.name}", "tier by training step"
    return Row(id, label, "", about, "", {id: cell(id) for id in variants()})


def benchmarked(quantity: Quantity, measured: Benchmark, id: str) -> Row:
    """Medians of a benchmark's rounds."""
    found = measured.of(quantity)
    least = min((figure.value for figure in found.values()), default=0.0)
    steps = compared(measured.document) if quantity.name == STEP.name else {}  # by pairs, as on the page of speed

    def cell(id: str) -> Cell:
        if id not in found:
            return measured.without(id)
        value = found[id].value
        ratio = steps[id][1].value if id in steps else ratio_to(least, value)
        return Cell(
            quantity.write(value),
            value,
            measured.link,
            tone=tone(value, least),
            ratio=ratio,
            times=times(ratio),
            detail=measured.note(id, quantity, found[id]),
            stale=measured.stale(id),
        )

    return Row(id, quantity.title, quantity.unit, measured.about, "", {id: cell(id) for id in variants()})


def with_neighbours(id: str, quantity: Quantity, row: dict[str, Any]) -> str:
    """What makes an import's figure too large, in words; empty if nothing does."""
    imported = variants()[id].neighbours(row.get("hides", []))
    if quantity.name not in OF_THE_IMPORT or not imported:
        return ""
    return f"with {', '.join(imported)}, imported only because installed too"


def ratio_to(least: float, value: float) -> float | None:
    """How many times the best; nothing is compared with nought."""
    return value / least if least else None


def times(ratio: float | None) -> str:
    """A ratio in a few characters, as the speed page writes it."""
    return "" if ratio is None else speed.times(ratio)


def tone(value: float, least: float) -> str:
    """The step of the colour scale."""
    return str(1 + sum(value > factor * least for factor in FACTORS))
