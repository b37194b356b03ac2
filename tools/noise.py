"""`python tools/noise.py`: how far the gated figures move for innocent reasons, measured, to set the gates above.

A sum's rounding depends on its order; and that on the number of threads, on the order of the images in a batch, on the
processor's instructions and on the libraries that do the work. Each is varied here, one at a time: the order in every
variant, the others where the kernels are, not again wherever they are used. The reference runs as it always does. What
`framework.toml` declares as a known difference isn't noise, and is left out.
"""

import argparse
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.cli import fail, finish
from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.ladder import NETWORK_RUNS, Level, Run
from concord.judge.prove import collect_and_measure
from concord.project.errors import UserError
from concord.project.files import check_writable, write_json
from concord.project.framework import PRECISIONS, Variant, select_variants
from concord.project.task import Task, all_tasks, find_task
from concord.report import results as report
from concord.report.terminal import progress, terminal
from concord.run import plan
from concord.run.evidence import Collector, Evidence, new_folder

if TYPE_CHECKING:
    from rich.table import Table

    from concord.data.datasets import Dataset

SCHEMA = "concord.noise/1"
CLEARANCE = 10.0  # how many times the noise a gate is, at least
UNGATED = ("shapes", "accuracy")  # one is exact, the other has the task's own margin
BACKENDS = ("keras", "Keras")  # variants of these compute with the kernels of a library that is measured itself
DEAR = "trajectory"  # 250 steps and 20,000 predictions: as long as everything else together


@dataclass(frozen=True)
class Setting:
    """One way to shift rounding.

    Args:
        name, what: a few words, and a sentence.
        threads: that each framework is given.
        environment: by distribution, more environment variables for the variants that need it; "+" adds to what is
            there already.
        startup: by distribution, more Python before the framework is imported.
        reordered: whether each batch's images come in another order.
        trajectory: whether 200 steps are worth their time here.
    """

    name: str
    what: str
    threads: int = 1
    environment: dict[str, dict[str, str]] = field(default_factory=dict)
    startup: dict[str, str] = field(default_factory=dict)
    reordered: bool = False
    trajectory: bool = False

    def applied(self, variant: Variant) -> Variant:
        """The variant under this setting; the same one where the setting has nothing for it."""
        environment, startup = dict(variant.environment), [variant.startup]
        for distribution in variant.distributions:
            for name, value in self.environment.get(distribution, {}).items():
                environment[name] = environment.get(name, "") + value[1:] if value.startswith("+") else value
            if distribution in self.startup:
                startup.append(self.startup[distribution])
        environment = {name: value.replace("{threads}", str(self.threads)) for name, value in environment.items()}
        return replace(variant, environment=environment, startup="\n".join(filter(None, startup)))


NARROW = {"OPENBLAS_CORETYPE": "Haswell"}  # OpenBLAS's kernels for AVX2
SETTINGS = (
    Setting("one thread", "One thread; all else as in a comparison."),
    Setting("two threads", "Two threads.", threads=2),
    Setting("four threads", "Four threads.", threads=4),
    Setting(
        "order",
        "The images of each batch in another order, and so every sum over them.",
        reordered=True,
        trajectory=True,
    ),
    Setting(
        "AVX2",
        "Instructions of 256 bits at most: other kernels of OpenBLAS, MKL, oneDNN and XLA.",
        environment={
            "numpy": NARROW,
            "Theano-PyMC": NARROW,
            "torch": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
            "tensorflow": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
            "jax": {"XLA_FLAGS": "+ --xla_cpu_max_isa=AVX2"},
        },
    ),
    Setting(
        "without oneDNN",
        "TensorFlow and PyTorch with their own kernels in place of oneDNN's.",
        environment={"tensorflow": {"TF_ENABLE_ONEDNN_OPTS": "0"}},
        # Without oneDNN PyTorch would turn to NNPACK, whose transforms give 1e-17 instead of 0 where an image is black.
        # From zero biases that puts most ReLUs on the other side of their kink: not noise, but another gradient.
        startup={
            "torch": "import torch\n\ntorch.backends.mkldnn.enabled = False\ntorch.backends.nnpack.set_flags(False)"
        },
    ),
)
ORDINARY = SETTINGS[0]


@dataclass(frozen=True)
class Noise:
    """The worst relative error of one level under one setting; `error` is None where it couldn't be measured."""

    recipe: str
    variant: str
    precision: str
    level: str
    setting: str
    error: float | None
    tensor: str
    run: str
    reason: str


class Shifted(Collector):
    """Collects under a setting; what it is held against comes from an ordinary collector."""

    def __init__(self, ordinary: Collector, draw: int, folder: Path, dataset: "Dataset", **options: Any):
        super().__init__(folder, dataset, **options)
        self.ordinary, self.draw = ordinary, draw

    def reference(self, task: Task, run: Run) -> Evidence:
        return self.ordinary.reference(task, run)

    def collect(self, task: Task, variant: Variant, precision: str, run: Run) -> Evidence:
        """The same is drawn under each setting, so that the reference runs from it once."""
        return super().collect(task, variant, precision, plan.drawn(run, self.draw))


def run_noise(recipe: str | None, frameworks: str | None, data_choice: str | None, json_file: Path | None) -> int:
    """Measures, reports, and gives the exit code: 0 only if every gate is far enough above its noise.

    In a file that exists, the rows of the recipes and variants that are measured now take the place of the old ones.

    Raises:
        UserError: an unknown recipe, framework or data set; a file or folder that can't be written; a file that holds
            something else.
    """
    from rich.console import Console

    begin = time.perf_counter()
    chosen = select_variants(frameworks)
    tasks = all_tasks() if recipe is None else [find_task(recipe)]
    if json_file:
        check_writable(json_file)
    console = terminal()
    dataset = data.load(data_choice, progress=Console(stderr=True))
    ready = [variant for variant in chosen if variant.versions()]
    earlier = read_earlier(json_file, dataset) if json_file and json_file.exists() else {"versions": {}, "rows": []}
    now = {(task.name, variant.id) for task in tasks for variant in ready}
    rows = [Noise(**row) for row in earlier["rows"] if (row["recipe"], row["variant"]) not in now]
    folder, draw = new_folder(), int.from_bytes(os.urandom(6), "big")
    with Collector(folder, dataset) as ordinary, progress(len(SETTINGS) * len(ready) * len(PRECISIONS)) as announce:
        for setting in SETTINGS:
            images = reordered(dataset, tasks) if setting.reordered else dataset
            place = folder / setting.name.replace(" ", "_")
            with Shifted(ordinary, draw, place, images) as collector:
                for variant in ready:
                    for precision in PRECISIONS:
                        announce(f"{setting.name}: {variant.id} {precision}")
                        for task in tasks:  # in one process, whose start takes longer than most of this
                            rows += measure_noise(collector, task, variant, setting, precision)
                        collector.workers.close_one(variant, precision)
            shutil.rmtree(place, ignore_errors=True)
    levels = summary(rows)
    console.print(table(levels, dataset.name))
    failures = [row for row in rows if row.error is None]
    for row in failures:
        where = f"{row.recipe} {row.variant} {row.precision} {row.level}, {row.setting}"
        console.print(f"{where}: not measured: {row.reason}", style="dim", soft_wrap=True, markup=False)
    for variant in chosen:
        if variant not in ready:
            console.print(f"{variant.id}: not installed: {variant.install_command()}", style="dim", markup=False)
    near = [level for level in levels if level["gate"] < CLEARANCE * level["noise"]]
    summed = f"{len(levels) - len(near)} of {len(levels)} gates are at least {CLEARANCE:g} times the noise"
    console.print(f"{summed}; data: {dataset.name}; {time.perf_counter() - begin:.0f} s", markup=False)
    if json_file:
        document = report.header(SCHEMA) | {
            "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
            "wall_seconds": time.perf_counter() - begin,
            "versions": earlier["versions"] | {variant.id: variant.versions() for variant in ready},
            "settings": [{"name": setting.name, "what": setting.what} for setting in SETTINGS],
            "levels": levels,
            "rows": [asdict(row) for row in rows],
        }
        write_json(json_file, report.jsonable(document))
        console.print(f"wrote {json_file}", markup=False)
    return 0 if not near and not failures else 1


def levels_of(task: Task, variant: Variant, setting: Setting, precision: str) -> list[Level]:
    """Those with a gate that this setting's noise could reach, known differences left out."""
    if variant.framework not in task.recipes or task.neighbour:  # a neighbour's gates are the task's
        return []
    if setting.reordered and task.kind != "network":
        return []
    kernels = not setting.reordered and setting is not ORDINARY
    if kernels and (variant.distributions[0] in BACKENDS or setting.applied(variant) == ORDINARY.applied(variant)):
        return []
    return [
        level
        for level in ladder.levels(task)
        if level.gates.get(precision) is not None
        and level.name not in UNGATED
        and (level.name != DEAR or setting.trajectory)
        and not (level == ladder.TRAINING and setting.reordered)  # its images are drawn, in an order of their own
        and variant.known_difference(task.own_name, precision, level.name)[0] is None
    ]


def measure_noise(
    collector: Collector, task: Task, variant: Variant, setting: Setting, precision: str
) -> Iterator[Noise]:
    """Every gated level of one variant under one setting."""
    for level in levels_of(task, variant, setting, precision):
        found = collect_and_measure(collector, task, setting.applied(variant), level, precision)
        where = (task.name, variant.id, precision, level.name, setting.name)
        reason = "" if found.error is not None else f"{found.outcome}: {found.reason}"
        yield Noise(*where, found.error, found.tensor, found.run, reason)


def reordered(dataset: "Dataset", tasks: Sequence[Task]) -> "Dataset":
    """The images in another order, but so that every batch of every task still holds the same ones: the order changes
    between the ends of batches alone, those of the short last batches included."""
    import numpy as np

    count, ends = len(dataset.train_images), set()
    for task in tasks:
        if task.kind == "network":
            batch = task.specification.HYPERPARAMETERS["batch_size"]
            for run in NETWORK_RUNS.values():
                last = run.steps * batch + run.rest
                ends |= {end % count for end in (*range(0, last, batch), last)}  # a small data set begins again
    random = np.random.default_rng(1)
    parts = np.split(np.arange(count), sorted(ends))
    order = np.concatenate([random.permutation(part) for part in parts])
    return replace(dataset, train_images=dataset.train_images[order], train_labels=dataset.train_labels[order])


def summary(rows: Sequence[Noise]) -> list[dict[str, Any]]:
    """For each gate of each recipe the largest noise, and where it was."""
    gates = {
        (level.name, precision): gate
        for level in (*ladder.NETWORK_LEVELS, *ladder.OPERATION_LEVELS)
        for precision, gate in level.gates.items()
    }
    worst: dict[tuple[str, str, str], Noise] = {}
    for row in sorted(
        rows, key=lambda row: (row.recipe, PRECISIONS.index(row.precision), ladder.LEVEL_NAMES.index(row.level))
    ):
        place = (row.recipe, row.precision, row.level)
        if row.error is not None and (place not in worst or row.error > (worst[place].error or 0.0)):
            worst[place] = row
    return [
        {
            "recipe": recipe,
            "precision": precision,
            "level": level,
            "gate": gates[level, precision],
            "noise": row.error,
            "variant": row.variant,
            "setting": row.setting,
        }
        for (recipe, precision, level), row in worst.items()
    ]


def read_earlier(file: Path, dataset: "Dataset") -> dict[str, Any]:
    """What a file of this format holds.

    Raises:
        UserError: it holds something else, or is about other data.
    """
    found = report.read_document(file, SCHEMA)
    report.check_same_data(file, found, dataset)
    for row in found["rows"]:
        row["error"] = float("inf") if row["error"] == "inf" else row["error"]
    return found


def table(levels: Sequence[dict[str, Any]], name: str) -> "Table":
    """A line for each gate: its noise, how many times that it is, and which variant and setting gave it."""
    from rich.table import Table
    from rich.text import Text

    result = Table(
        title=f"Gates and measured noise (data: {name})", title_justify="left", box=None, padding=(0, 1, 0, 0)
    )
    for column in ("recipe", "", "level"):
        result.add_column(column)
    for column in ("gate", "noise", "gate / noise"):
        result.add_column(column, justify="right")
    result.add_column("most in")
    for level in levels:
        ratio = level["gate"] / level["noise"] if level["noise"] else float("inf")
        colour = "green" if ratio >= CLEARANCE else "bold red"
        result.add_row(
            level["recipe"],
            level["precision"].replace("float", "f"),
            level["level"],
            f"{level['gate']:.0e}",
            f"{level['noise']:.1e}",
            Text(f"{ratio:,.0f}" if level["noise"] else "-", style=colour),
            f"{level['variant']}, {level['setting']}",
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0].partition(": ")[2])
    parser.add_argument(
        "recipe", nargs="?", help="a recipe's name or a folder with a task.py; all recipes if none is named"
    )
    parser.add_argument("--frameworks", metavar="A,B", help="variants or frameworks, separated by commas")
    parser.add_argument("--data", metavar="NAME|PATH", help="mnist, digits, a folder of IDX files, or an mnist.npz")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    asked = parser.parse_args()
    try:
        finish(run_noise, asked.recipe, asked.frameworks, asked.data, asked.json)
    except UserError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
