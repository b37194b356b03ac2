"""Measures an experiment's findings over five seeds of start and shuffling, before a least value is set.

    python tools/findings.py learning_rate numpy,pytorch

A least value should be at most half of the mean, and below all of them.
"""

import statistics
import sys
from dataclasses import replace
from types import SimpleNamespace

from rich.console import Console
from rich.table import Table

from concord.data import datasets
from concord.judge import ladder
from concord.project import experiment
from concord.project.framework import select_variants
from concord.project.task import Task, find_task
from concord.run.evidence import Collector, new_folder
from concord.run.store import Store

SEEDS = range(1, 6)


def seeded(task: Task, seed: int) -> Task:
    """The task with another start.

    Raises:
        SystemExit: its `initial_weights` takes no seed, so that only the order of the images would change.
    """
    if "start_seed" not in experiment.keywords(task.specification.initial_weights):
        raise SystemExit(f"{task.folder / 'task.py'}: initial_weights() takes no start_seed, so its start stays.")
    changed = {name: changes | {"start_seed": seed} for name, changes in task.specification.SETTINGS.items()}
    return replace(task, specification=SimpleNamespace(**(vars(task.specification) | {"SETTINGS": changed})))


def measure(recipe: str, frameworks: str) -> None:
    console, task = Console(), find_task(recipe)
    variants = select_variants(frameworks)
    values: dict[str, dict[tuple[str, int], float]] = {}
    least: dict[str, float] = {}
    with console.status("") as status:
        for seed in SEEDS:
            with Collector(new_folder() / str(seed), datasets.load(), store=Store(), threads=1) as collector:
                for variant in variants:
                    status.update(f"seed {seed}, {variant.id}")
                    runs = {}
                    for run in ladder.runs(task, ladder.FINDINGS, "float32"):
                        evidence = collector.collect(seeded(task, seed), variant, "float32", replace(run, seed=seed))
                        if evidence.outcome != "ok":
                            raise SystemExit(f"{variant.id}, {run.setting}: {evidence.reason}")
                        runs[run.setting] = experiment.curves(evidence.arrays())
                    for finding in experiment.found(task, runs):
                        values.setdefault(finding.sentence, {})[variant.id, seed] = finding.value
                        least[finding.sentence] = finding.least
    table = Table("finding", "mean", "least of all", "half of the mean", "least value", box=None)
    for sentence, found in values.items():
        mean, lowest = statistics.fmean(found.values()), min(found.values())
        good = least[sentence] <= min(lowest, mean / 2 if mean > 0 else lowest)
        style = "" if good else "bold red"
        table.add_row(sentence, *(f"{x:.4g}" for x in (mean, lowest, mean / 2, least[sentence])), style=style)
    console.print(table)


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2])
