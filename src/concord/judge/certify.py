"""`concord certify`: each framework with its own initialisers and its own shuffling, many seeds, one statistical test.

The ladder proves that the same weights and batches give the same training. This proves the rest: left to themselves,
the frameworks reach the same accuracy. Not finding a difference would prove nothing, so the burden is turned round: two
one-sided Welch tests (TOST) reject, pair by pair, that the means lie further apart than the task's margin.
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.data import datasets as data
from concord.judge.ladder import Run
from concord.project import paths
from concord.project.errors import UserError
from concord.project.files import check_writable, write_json
from concord.project.framework import Variant, select_variants, variants
from concord.project.task import Task, find_task
from concord.report import results as report
from concord.report.results import AGAIN
from concord.report.terminal import progress, terminal
from concord.run.evidence import Collector, new_folder

if TYPE_CHECKING:
    from rich.table import Table

    from concord.data.datasets import Dataset

SCHEMA = "concord.certify/1"
ALPHA = 0.05  # of each one-sided test


@dataclass(frozen=True)
class Pair:
    """The verdict on two samples of accuracies.

    `difference` is the first mean minus the second, `low` and `high` its 90% confidence interval; `p` the larger
    p-value of the two one-sided tests; `power` the chance of the verdict `equivalent` if the true means were equal.
    `verdict`: "equivalent" (the interval lies inside the margin), "different" (it lies outside), else "undecided".
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    power: float
    verdict: str


def equivalence(first: str, second: str, a: Sequence[float], b: Sequence[float], margin: float) -> Pair:
    """Two one-sided Welch tests of |mean(a) - mean(b)| < margin, each at the level ALPHA.

    Sources: Schuirmann 1987 (two one-sided tests); Welch 1947 (unequal variances). The power is the usual
    approximation by Student's distribution at a true difference of nought.

    Raises:
        ValueError: fewer than two accuracies on a side.
    """
    from scipy import stats

    if min(len(a), len(b)) < 2:
        raise ValueError(
            f"{first} has {len(a)} accuracies and {second} has {len(b)}; a test needs at least two of each"
        )
    difference = statistics.fmean(a) - statistics.fmean(b)
    parts = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    error = math.sqrt(sum(parts))
    if error == 0:  # every run of a framework gave the same accuracy: nothing is left to chance
        equal = abs(difference) < margin
        verdict = "equivalent" if equal else "different"
        return Pair(first, second, difference, difference, difference, 0.0 if equal else 1.0, 1.0, verdict)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    critical = float(stats.t.ppf(1 - ALPHA, freedom))
    p = float(stats.t.sf((margin - abs(difference)) / error, freedom))
    power = max(0.0, float(2 * stats.t.cdf(margin / error - critical, freedom) - 1))
    low, high = difference - critical * error, difference + critical * error
    if -margin < low and high < margin:
        verdict = "equivalent"
    else:
        verdict = "different" if high < -margin or low > margin else "undecided"
    return Pair(first, second, difference, low, high, p, power, verdict)


def run_certification(
    recipe: str, frameworks: str | None, seeds: int, data_choice: str | None, json_file: Path | None
) -> int:
    """Trains what isn't in the file yet, tests every pair, prints, and gives the exit code: 0 only if every pair is
    equivalent.

    Raises:
        UserError: an unknown recipe, framework or data set; a file that can't be written, or that is about something
            else.
    """
    chosen = select_variants(frameworks)
    task = find_task(recipe)
    margin = getattr(task.specification, "EQUIVALENCE_MARGIN", None)
    if margin is None:
        raise UserError(f"{task.folder / 'task.py'} defines no EQUIVALENCE_MARGIN: how far may two mean accuracies be?")
    file = json_file or paths.home() / "certify" / f"{task.name}.json"
    if json_file is None:
        file.parent.mkdir(parents=True, exist_ok=True)
    check_writable(file)
    console = terminal()
    from rich.console import Console

    dataset = data.load(data_choice, progress=Console(stderr=True))
    document = start(file, task, dataset, margin)
    ready = [variant for variant in chosen if variant.framework in task.recipes and variant.versions()]
    for variant in ready:
        check_same_program(file, document, task, variant)
    missing = {variant.id: missing_seeds(document, variant, seeds) for variant in ready}
    with (
        Collector(new_folder(), dataset) as collector,
        progress(sum(map(len, missing.values()))) as announce,
    ):
        collector.announce = announce
        for variant in ready:
            for seed in missing[variant.id]:
                train_once(collector, document, task, variant, seed)
                write_json(file, finished(document))
            collector.workers.close_one(variant, "float32")
    document = finished(document)
    write_json(file, document)
    for table in tables(document):
        console.print(table)
        console.print()
    left_out = [variant.id for variant in chosen if variant.id not in document["variants"]]
    failures = [f"{id}: {row['reason']}" for id, row in document["variants"].items() if row["reason"]]
    for line in [*failures, *(f"{id}: not written or not installed" for id in left_out)]:
        console.print(line, style="dim", markup=False)
    count = sum(pair["verdict"] == "equivalent" for pair in document["pairs"])
    console.print(f"{count} of {len(document['pairs'])} pairs are equivalent within ±{100 * margin:g} points.")
    console.print(f"The accuracies are in {file}; running this again only adds what is missing.", markup=False)
    return 0 if document["pairs"] and count == len(document["pairs"]) and not failures and not left_out else 1


def start(file: Path, task: Task, dataset: "Dataset", margin: float) -> dict[str, Any]:
    """The document so far, or a new one.

    Raises:
        UserError: the file holds something else: another task, training, data set or version of the format.
    """
    document = {
        "schema": SCHEMA,
        "recipe": task.name,
        "training": task.specification.HYPERPARAMETERS | {"images": task.specification.TRAIN_IMAGES},
        "data": {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest},
        "margin": margin,
        "environment": report.environment(),
        "variants": {},
    }
    if not file.exists():
        return document
    found = report.read_document(file, SCHEMA)
    for name in ("recipe", "training", "margin"):
        if found.get(name) != document[name]:
            raise UserError(f"{file} is about another {name}: {found.get(name)!r}, now {document[name]!r}.\n{AGAIN}")
    report.check_same_data(file, found, dataset)
    return found


def check_same_program(file: Path, document: dict[str, Any], task: Task, variant: Variant) -> None:
    """Accuracies of different programs are never mixed.

    Raises:
        UserError: the file's accuracies are of other versions, or of another state of the recipe.
    """
    row = document["variants"].get(variant.id)
    if row is None:
        return
    if row["versions"] != variant.versions():
        raise UserError(f"{file} was made with {told(row['versions'])}; here is {told(variant.versions())}.\n{AGAIN}")
    recipe = task.recipes[variant.framework]
    if row["recipe_sha256"] != report.code_sha256(recipe):
        raise UserError(f"{file} was made with another {recipe.name}.\n{AGAIN}")


def missing_seeds(document: dict[str, Any], variant: Variant, seeds: int) -> list[int]:
    done = {run["seed"] for run in document["variants"].get(variant.id, {"runs": []})["runs"]}
    return [seed for seed in range(seeds) if seed not in done]


def train_once(collector: Collector, document: dict[str, Any], task: Task, variant: Variant, seed: int) -> None:
    """One ordinary training run from the framework's own start; its accuracy is added to the document."""
    evidence = collector.collect(task, variant, "float32", Run(f"seed_{seed}", weights="own", whole=True, seed=seed))
    row = document["variants"].setdefault(
        variant.id,
        {
            "versions": variant.versions(),
            "recipe_sha256": report.code_sha256(task.recipes[variant.framework]),
            "reason": "",
            "runs": [],
        },
    )
    if evidence.outcome != "ok":
        row["reason"] = f"seed {seed}: {evidence.outcome}: {evidence.reason}"
        return
    row["reason"] = ""
    arrays = evidence.arrays()
    run = {
        "seed": seed,
        "accuracy": float(arrays["accuracy"]),
        "loss": float(arrays["history"][-1]),
        "seconds": evidence.seconds["train"],
    }
    row["runs"] = sorted([*row["runs"], run], key=lambda run: run["seed"])


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """The document with everything that is computed from its accuracies."""
    rows = {id: document["variants"][id] for id in variants() if id in document["variants"]}
    for row in rows.values():
        accuracies = [run["accuracy"] for run in row["runs"]]
        row["mean"] = statistics.fmean(accuracies) if accuracies else None
        row["deviation"] = statistics.stdev(accuracies) if len(accuracies) > 1 else None
    samples = {id: [run["accuracy"] for run in row["runs"]] for id, row in rows.items() if len(row["runs"]) > 1}
    pairs = [
        asdict(equivalence(a, b, samples[a], samples[b], document["margin"]))
        for a, b in itertools.combinations(samples, 2)
    ]
    return document | {"created": report.now(), "alpha": ALPHA, "variants": rows, "pairs": pairs}


def tables(document: dict[str, Any]) -> "list[Table]":
    """The spread of each variant's accuracy, and a verdict for every pair."""
    from rich.table import Table
    from rich.text import Text

    title = f"{document['recipe']}: accuracy from each framework's own start (data: {document['data']['name']})"
    spread = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    spread.add_column("variant")
    for name in ("seeds", "mean", "deviation", "lowest", "highest"):
        spread.add_column(name, justify="right")
    for id, row in document["variants"].items():
        accuracies = [run["accuracy"] for run in row["runs"]]
        if accuracies:
            deviation = "-" if row["deviation"] is None else f"{100 * row['deviation']:.2f}"
            figures = (f"{100 * figure:.2f}" for figure in (min(accuracies), max(accuracies)))
            spread.add_row(id, str(len(accuracies)), f"{100 * row['mean']:.2f}", deviation, *figures)
    verdicts = Table(
        title=f"Equivalent within ±{100 * document['margin']:g} points? Two one-sided Welch tests at {ALPHA:g}",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    verdicts.add_column("pair", no_wrap=True)
    for name in ("difference", "90% interval", "p", "power", "verdict"):
        verdicts.add_column(name, justify="right", no_wrap=True)
    colours = {"equivalent": "green", "different": "bold red", "undecided": "yellow"}
    for pair in document["pairs"]:
        verdicts.add_row(
            f"{pair['first']}, {pair['second']}",
            f"{100 * pair['difference']:+.2f}",
            f"{100 * pair['low']:+.2f} to {100 * pair['high']:+.2f}",
            f"{pair['p']:.1e}",
            f"{pair['power']:.2f}",
            Text(pair["verdict"], style=colours[pair["verdict"]]),
        )
    return [spread, verdicts]


def told(versions: dict[str, str] | None) -> str:
    return ", ".join(f"{name} {version}" for name, version in (versions or {}).items())
