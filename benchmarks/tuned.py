"""What tuning brings: each tuned mnist_cnn recipe against its idiomatic neighbour, and each single change on its own.

    python benchmarks/tuned.py [--rounds N] [--json FILE] [VARIANT ...]

Without a name all variants are measured; with names only these, and the file's rows of others stay.
A change (switches.toml) takes one of the means out of a tuned recipe, or puts a famous one in. Each program
climbs the ladder first; what is not proven equal gets no figure. In a round every program has a fresh process; those of
one variant live side by side and take turns, forwards and then backwards. Printed: the median of each program's steady
step in milliseconds, and its ratio to the tuned recipe's with a bootstrapped 95% interval, paired by rounds. Beside
NumPy's programs runs PyTorch's idiomatic one, for NumPy's goal. A program's share of the machine's matrix-product peak,
measured before each of its rounds, counts the operations of plain convolutions, whatever it computes.
"""

import argparse
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from statistics import median

from concord.cost.rounds import Bench, Entrant, Plan, matrix_products
from concord.cost.tiers import ratio
from concord.data import datasets as data
from concord.judge.mutants import MutantCollector, patched
from concord.project.errors import UserError
from concord.project.framework import PRECISIONS, Variant, select_variants, variants
from concord.project.task import Task, find_task
from concord.report import results as report
from concord.report.results import code_sha256
from concord.report.terminal import check_writable, progress
from concord.run.evidence import Collector, new_folder, write_json
from concord.run.pool import Workers
from concord.site.tuning import share_of_peak

PLAN = Plan(rounds=3, short=5, long=10, seconds=2, turns=5, predictions=0, epochs=0, proof=PRECISIONS)
IDIOMATIC, TUNED, PYTORCH = "idiomatic", "tuned", "PyTorch's idiomatic recipe instead"


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


def start(chosen: list[Variant], dataset: data.Dataset, file: Path | None) -> dict:
    """The document without figures; what the file has of other variants stays, as a row's figures are among themselves.

    Raises:
        UserError: the file holds something else, or is of another machine.
    """
    document = {
        "schema": "concord.tuned/2",
        "created": report.now(),
        "recipe": "mnist_cnn",
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
        "environment": report.environment(),
        "batch_size": find_task("mnist_cnn").specification.HYPERPARAMETERS["batch_size"],
        "variants": {
            variant.id: {
                "versions": variant.versions(),
                "recipe_sha256": {
                    track: code_sha256(find_task("mnist_cnn").on_track(track).recipes[variant.framework])
                    for track in (IDIOMATIC, TUNED)
                },
                "peak_gflops": [],
                "milliseconds": {},
                "failures": {},
            }
            for variant in chosen
        },
    }
    if not file or not file.exists():
        return document
    found = report.read_document(file, document["schema"])
    report.check_same_data(file, found, dataset)
    for name in ("processor", "threads"):
        was, here = found["environment"][name], document["environment"][name]
        if was != here:
            raise UserError(f"{file} is of another machine: {name} {was}, here {here}.\n{report.AGAIN}")
    return document | {"variants": found["variants"] | document["variants"]}


def measure(chosen: list[Variant], rounds: int, file: Path | None) -> dict:
    """By variant and program: the milliseconds of a steady step, round by round; none where it failed."""
    dataset = data.load()
    document = start(chosen, dataset, file)
    with tempfile.TemporaryDirectory() as folder, MutantCollector(new_folder(), dataset) as collector:
        work = [(variant, programs(variant, Path(folder))) for variant in chosen]
        with progress(sum(len(found) for _, found in work) + rounds * len(work)) as announce:
            for variant, found in work:
                for name, task in list(found.items()):
                    announce(f"proof: {variant.id}, {name}")
                    if reason := prove(collector, task, variant):
                        document["variants"][variant.id]["failures"][name] = f"unproven: {reason}"
                        del found[name]
            for number in range(rounds):
                for variant, found in work:
                    announce(f"round {number + 1} of {rounds}: {variant.id}")
                    measure_round(collector, document, variant, found)
                    document["created"] = report.now()
                    if file:
                        write_json(file, document)
    return document


def measure_round(collector: Collector, document: dict, variant: Variant, found: dict[str, Task]) -> None:
    """One fresh process for each program of a variant; all take turns. Before them, the machine's peak of the hour."""
    row = document["variants"][variant.id]
    row["peak_gflops"] += matrix_products()
    beside = {PYTORCH: (variants()["pytorch"], find_task("mnist_cnn"))} if variant.id == "numpy" else {}
    entrants = {}
    for number, (name, (of, task)) in enumerate(
        ({name: (variant, task) for name, task in found.items()} | beside).items()
    ):
        bench = Bench(collector, task, document, collector.folder, PLAN)
        workers = Workers(collector.folder / f"program-{number}", device=collector.device)
        entrants[name] = bench, Entrant(of, workers, {"outcome": "ok", "reason": ""})
    try:
        for bench, entrant in entrants.values():
            with entrant.measuring():
                entrant.long = bench.long_run(entrant.variant, workers=entrant.workers)
        for turn in range(PLAN.turns):
            for bench, entrant in list(entrants.values())[:: (-1) ** turn]:
                bench.turn([entrant])
    finally:
        for _, entrant in entrants.values():
            entrant.workers.close()
    for name, (_, entrant) in entrants.items():
        # It compiles in each run, and how long that takes varies by more.
        if entrant.steps and entrant.step.seconds <= 0:
            entrant.run |= {"outcome": "error", "reason": "a long run took no longer than a short one"}
        if entrant.run["outcome"] == "ok":
            row["milliseconds"].setdefault(name, []).append(round(1000 * entrant.step.seconds, 4))
        else:
            row["failures"][name] = f"{entrant.run['outcome']}: {entrant.run['reason']}"


def show(document: dict) -> None:
    print(f"{document['environment']['threads']} threads")
    for id, row in document["variants"].items():
        steps = row["milliseconds"]
        if row["peak_gflops"]:
            print(f"{id:12} {'matrix products':50} {max(row['peak_gflops']):7.0f} GFLOP/s at best")
        for name, milliseconds in steps.items():
            line = f"{id:12} {name:50} {median(milliseconds):7.1f} ms"
            line += f", {share_of_peak(document, row, median(milliseconds)):4.0%} of the peak"
            if name != TUNED and len(milliseconds) == len(steps.get(TUNED, [])):
                found = ratio(milliseconds, steps[TUNED])
                line += f", {found.median:.2f} ({found.low:.2f} to {found.high:.2f}) of the tuned"
            print(line)
        for name, reason in row["failures"].items():
            print(f"{id:12} {name:50} {reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT")
    parser.add_argument("--rounds", type=int, default=PLAN.rounds)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    tuned = find_task("mnist_cnn").tuned
    try:
        if arguments.json:
            check_writable(arguments.json)
        chosen = select_variants(arguments.variants) if arguments.variants else list(variants().values())
        show(measure([variant for variant in chosen if variant.framework in tuned], arguments.rounds, arguments.json))
    except UserError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
