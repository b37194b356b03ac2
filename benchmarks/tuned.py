"""What tuning brings: each tuned mnist_cnn recipe against its idiomatic neighbour, and each single change on its own.

    python benchmarks/tuned.py [--rounds N] [--json FILE] [VARIANT ...]

A change (switches.toml) takes one of the means out of a tuned recipe, or puts a famous one in. Each program
climbs the ladder first; what is not proven equal gets no figure. Every measurement is a fresh process; in a round all
programs take turns, and every other round runs backwards. Printed: the median of each program's steady step in
milliseconds, and its ratio to the tuned recipe's with a bootstrapped 95% interval, paired by rounds. Where NumPy and
PyTorch are both asked for, NumPy's tuned step is set against PyTorch's idiomatic one too. A program's share of the
machine's matrix-product peak counts the operations of plain convolutions, whatever it computes.
"""

import argparse
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from statistics import median

from concord import data, report
from concord.bench import Bench, FailedError, Plan
from concord.evidence import Collector, new_folder, write_json
from concord.framework import PRECISIONS, Variant, select_variants, variants
from concord.mutants import MutantCollector, patched
from concord.site.tuning import share_of_peak
from concord.task import Task, find_task
from concord.terminal import check_writable, progress
from concord.tiers import ratio

PLAN = Plan(rounds=5, short=10, long=50, seconds=2, pairs=2, predictions=0, epoch=False, proof=PRECISIONS)
IDIOMATIC, TUNED = "idiomatic", "tuned"


def programs(variant: Variant, folder: Path) -> dict[str, Task]:
    """Both tracks of one framework, and the tuned recipe with each single change.

    Raises:
        PatchError: a change no longer applies.
    """
    task, framework = find_task("mnist_cnn"), variant.framework
    recipe = task.tuned[framework]
    found = {TUNED: task.on_track("tuned"), IDIOMATIC: task}
    with Path(__file__).with_name("switches.toml").open("rb") as file:
        switches = tomllib.load(file).get(framework, [])
    for number, switch in enumerate(switches):
        if variant.id in switch.get("variants", [variant.id]):
            changes = [(old.strip("\n"), new.strip("\n")) for old, new in switch["changes"]]
            changed = folder / f"{framework}-{number}" / recipe.name
            changed.parent.mkdir(exist_ok=True)
            changed.write_text(patched(recipe.read_text(encoding="utf-8"), changes, recipe.name), encoding="utf-8")
            # A folder of its own: evidence is remembered by task.
            found[switch["name"]] = replace(found[TUNED], folder=changed.parent, tuned={framework: changed})
    return found


def prove(collector: Collector, task: Task, variant: Variant) -> str:
    """Why a program isn't equal to the reference, and gets no figure; empty if it is."""
    found: dict = {"variants": {}}
    Bench(collector, task, found, collector.folder, PLAN).prove(variant)
    return found["variants"][variant.id]["unproven"]


def measure(chosen: list[Variant], rounds: int, file: Path | None) -> dict:
    """By variant and program: the milliseconds of a steady step, round by round; None where it failed."""
    dataset = data.load()
    document = {
        "schema": "concord.tuned/1",
        "created": report.now(),
        "recipe": "mnist_cnn",
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
        "environment": report.environment(),
        "batch_size": find_task("mnist_cnn").specification.HYPERPARAMETERS["batch_size"],
        "peak_gflops": [],
        "variants": {
            variant.id: {"versions": variant.versions(), "milliseconds": {}, "failures": {}} for variant in chosen
        },
    }
    with tempfile.TemporaryDirectory() as folder, MutantCollector(new_folder(), dataset) as collector:
        work = [(variant, name, task) for variant in chosen for name, task in programs(variant, Path(folder)).items()]
        with progress((rounds + 1) * len(work)) as announce:
            for variant, name, task in list(work):
                announce(f"proof: {variant.id}, {name}")
                if reason := prove(collector, task, variant):
                    document["variants"][variant.id]["failures"][name] = f"unproven: {reason}"
                    work.remove((variant, name, task))
            for turn in range(rounds):
                bench = Bench(collector, work[0][2], document, Path(folder), PLAN)
                bench.measure_peak()
                for variant, name, task in work[:: -1 if turn % 2 else 1]:
                    announce(f"round {turn + 1} of {rounds}: {variant.id}, {name}")
                    row = document["variants"][variant.id]
                    collector.workers.close_one(variant, "float32")
                    try:
                        seconds = Bench(collector, task, document, Path(folder), PLAN).steady(variant)
                    except FailedError as error:
                        row["failures"][name] = f"{error.outcome}: {error}"
                    else:
                        row["milliseconds"].setdefault(name, []).append(round(1000 * seconds, 4))
                    collector.workers.close_one(variant, "float32")
                document["created"] = report.now()
                if file:
                    write_json(file, document)
    return document


def show(document: dict) -> None:
    threads, peak = document["environment"]["threads"], max(document["peak_gflops"])
    print(f"{threads} threads, matrix-product peak {peak:.0f} GFLOP/s")
    for id, row in document["variants"].items():
        steps = row["milliseconds"]
        for name, milliseconds in steps.items():
            line = f"{id:12} {name:50} {median(milliseconds):7.1f} ms"
            line += f", {share_of_peak(document, median(milliseconds)):4.0%} of the peak"
            if name != TUNED and len(milliseconds) == len(steps.get(TUNED, [])):
                found = ratio(milliseconds, steps[TUNED])
                line += f", {found.median:.2f} ({found.low:.2f} to {found.high:.2f}) of the tuned"
            print(line)
        for name, reason in row["failures"].items():
            print(f"{id:12} {name:50} {reason}")
    rows = document["variants"]
    if {"numpy", "pytorch"} <= set(rows):
        found = ratio(rows["numpy"]["milliseconds"][TUNED], rows["pytorch"]["milliseconds"][IDIOMATIC])
        print(f"numpy tuned to pytorch idiomatic: {found.median:.2f} ({found.low:.2f} to {found.high:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT")
    parser.add_argument("--rounds", type=int, default=PLAN.rounds)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.json:
        check_writable(arguments.json)
    tuned = find_task("mnist_cnn").tuned
    chosen = select_variants(arguments.variants) if arguments.variants else list(variants().values())
    show(measure([variant for variant in chosen if variant.framework in tuned], arguments.rounds, arguments.json))


if __name__ == "__main__":
    main()
