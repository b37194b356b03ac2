"""`concord symptoms`: broken programs on purpose, each run as a learner would run it, and what its training looks like.

`symptoms/symptoms.toml` lists symptoms in a learner's words, and causes: a change to a recipe's programs, as a mutant
is, and what the training must show then. The program as it stands must not show it.
"""

import hashlib
import math
import re
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.ask.check import FAILED, TITLES, Checker, program_folder
from concord.data import datasets as data
from concord.data.accepted import check_accepted
from concord.judge.mutants import Mutant, MutantCollector, PatchError, judge_level, levels_up_to, patched, sound_task
from concord.judge.prove import judge
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.files import check_writable, write_json
from concord.project.framework import Variant, frameworks, select_variants
from concord.project.framework import variants as known_variants
from concord.project.outcomes import CAUGHT
from concord.project.task import recipe_folders
from concord.report import results as report
from concord.run.evidence import new_folder
from concord.run.process import Answer

if TYPE_CHECKING:
    from concord.data.datasets import Dataset

SCHEMA = "concord.symptoms/1"
EPOCHS = 6
TIME_LIMIT = 900.0  # seconds for one training: one of the programs goes through its images a hundred times
FILE = paths.SYMPTOMS / "symptoms.toml"
LADDER, LAST_LEVEL = "ladder", "range"
SHOWN, HIDDEN, ERROR = "shown", "not shown", "error"
CRITERION = re.compile(r"([a-z ]+?)(?: - ([a-z ]+?))? (<|>) ([\d.]+)|loss is not finite")
RUN_PART = '\nif __name__ == "__main__":\n'


@dataclass(frozen=True)
class Symptom:
    """What a learner sees.

    Args:
        id: its name in links.
        title: in a learner's words.
        words: other words for it.
        first: what it says, and where to begin.
        asked: where people ask: titles and addresses.
    """

    id: str
    title: str
    words: str
    first: str
    asked: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cause:
    """One fault.

    Args:
        name: unique among all causes.
        symptom: the id of what it shows.
        look: what to check, as an order.
        because: why it shows like that.
        explained_by: the recipe whose page explains it.
        shows: criteria of the measured training, which all hold for the broken program and not all for the right one.
        caught: the checks of `concord check` of which one must fail, and "ladder" where the ladder must catch it too;
            or none, with a reason in `uncaught`.
        changes: by framework what is replaced by what.
        instead: by framework or variant criteria of its own, where it shows otherwise.
        notes: by framework a sentence.
        absent: by framework or variant why it can't happen there.
    """

    name: str
    symptom: str
    look: str
    because: str
    explained_by: str
    shows: tuple[str, ...]
    changes: dict[str, tuple[tuple[str, str], ...]]
    caught: tuple[str, ...] = ()
    uncaught: str = ""
    recipe: str = "mlp"
    instead: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its name in links."""
        return re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def mutant(self) -> Mutant:
        """The same as a mutant, for the ladder; which level catches it is found out."""
        return Mutant(self.name, self.recipe, "forward", LAST_LEVEL, self.because, self.changes)

    def criteria(self, variant: Variant) -> tuple[str, ...]:
        return self.instead.get(variant.id, self.instead.get(variant.framework, self.shows))

    def source(self, framework: str) -> str:
        """The broken program.

        Raises:
            PatchError: a change no longer applies.
        """
        recipe = sound_task(self.recipe).recipes[framework]
        return patched(recipe.read_text(encoding="utf-8"), self.changes[framework], recipe.name)

    def in_functions(self, framework: str) -> bool:
        """Whether more than the Run part is broken. Only then can the ladder see it, which has images of its own."""
        sound = sound_task(self.recipe).recipes[framework].read_text(encoding="utf-8")
        return functions_of(self.source(framework)) != functions_of(sound)

    def chosen(self, variants: Iterable[Variant]) -> list[Variant]:
        """Those of the variants that it is written for."""
        written = [variant for variant in variants if variant.framework in self.changes]
        return [variant for variant in written if variant.id not in self.absent]


def functions_of(source: str) -> str:
    """A recipe without its imports and without what runs as a program."""
    lines = source.partition(RUN_PART)[0].splitlines()
    return "\n".join(line for line in lines if not line.startswith(("import ", "from ")))


@cache
def read_symptoms(file: Path = FILE) -> tuple[dict[str, Symptom], dict[str, Cause]]:
    """All symptoms by id and all causes by name, in the order of the page.

    Raises:
        UserError: the file isn't TOML, or an entry lacks something or names what doesn't exist.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        symptoms = {row["id"]: Symptom(**row | {"asked": tuple(map(tuple, row["asked"]))}) for row in table["symptoms"]}
        causes = {row["name"]: read_cause(row) for row in table["causes"]}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} is not a file of symptoms: {error}") from None
    for cause in causes.values():
        here = f"{file}, {cause.name!r}"
        if cause.symptom not in symptoms:
            raise UserError(f"{here}: " + nearest("symptom", cause.symptom, symptoms))
        for recipe in (cause.recipe, cause.explained_by):
            if recipe not in recipe_folders():
                raise UserError(f"{here}: " + nearest("recipe", recipe, recipe_folders()))
        for framework in cause.changes:
            if framework not in frameworks():
                raise UserError(f"{here}: " + nearest("framework", framework, frameworks()))
        for name in (*cause.instead, *cause.notes, *cause.absent):
            if name not in frameworks() and name not in known_variants():
                raise UserError(f"{here}: " + nearest("variant", name, [*known_variants(), *frameworks()]))
        for criterion in (*cause.shows, *(one for own in cause.instead.values() for one in own)):
            if not CRITERION.fullmatch(criterion):
                raise UserError(f"{here}: {criterion!r} is no criterion, like 'validation < 0.2'.")
        for name in cause.caught:
            if name not in (LADDER, *TITLES):
                raise UserError(f"{here}: " + nearest("check", name, [LADDER, *TITLES]))
        if bool(cause.caught) == bool(cause.uncaught):
            raise UserError(f"{here}: caught names checks; without any, uncaught says why.")
    return symptoms, causes


def read_cause(row: dict[str, Any]) -> Cause:
    changes = {key: tuple((old, new) for old, new in pairs) for key, pairs in row["changes"].items()}
    instead = {key: tuple(one) for key, one in row.get("instead", {}).items()}
    lists = {"shows": tuple(row["shows"]), "caught": tuple(row.get("caught", ()))}
    fields: dict[str, Any] = row | lists | {"changes": changes, "instead": instead}
    return Cause(**fields)


def measured(run: dict[str, Any]) -> dict[str, float]:
    """The quantities that criteria name, of one training."""
    history, last = run["history"], run["points"][-1]
    return {
        "start": run["points"][0]["training_loss"],
        "first loss": history[0],
        "loss": history[-1],
        "training": last["training"],
        "training loss": last["training_loss"],
        "validation": last["validation"],
        "validation loss": last["validation_loss"],
        "fresh": run["fresh"],
    }


def holds(criterion: str, run: dict[str, Any]) -> bool:
    """Whether a criterion holds for a training. What isn't a number is neither less nor more."""
    values = measured(run)
    if criterion == "loss is not finite":
        return not math.isfinite(values["loss"])
    match = CRITERION.fullmatch(criterion)
    assert match
    value = values[match[1]] - (values[match[2]] if match[2] else 0)
    return value < float(match[4]) if match[3] == "<" else value > float(match[4])


def judged(cause: Cause, variant: Variant, broken: Sequence[dict], right: Sequence[dict]) -> tuple[str, str]:
    """The outcome of a cause's trainings beside those of the right program, and why it isn't as it should be."""
    criteria = cause.criteria(variant)
    for run in broken:
        for criterion in criteria:
            if not holds(criterion, run):
                return HIDDEN, f"seed {run['seed']}: {criterion} doesn't hold: {told(run)}"
    for run in right:
        if all(holds(criterion, run) for criterion in criteria):
            return HIDDEN, f"seed {run['seed']}: the right program shows it too: {told(run)}"
    return SHOWN, ""


def told(run: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in measured(run).items())


class Rehearsals(Checker):
    """Trains programs as they stand, each in its framework's worker. One thread is enough for a network this small."""

    def __init__(self, folder: Path, dataset: "Dataset"):
        super().__init__(folder, dataset, time_limit=TIME_LIMIT, threads=1)

    def watch(self, variant: Variant, program: Path, seeds: int) -> tuple[list[dict[str, Any]], Answer]:
        """A training for each seed, and the answer of the last."""
        runs, answer = [], Answer("ok")
        for seed in range(seeds):
            answer = self.ask(variant, "float32", "watch", program, epochs=EPOCHS, seed=seed)
            if answer.outcome != "ok":
                break
            runs.append({"seed": seed} | answer.fields["value"])
        return runs, answer


class Document:
    """A results file: what is run replaces what was there; the rest is kept, as long as its program is the same."""

    def __init__(self, dataset: "Dataset", file: Path | None):
        self.data = {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest}
        self.results: dict[tuple[str, str], dict[str, Any]] = {}
        self.controls: dict[tuple[str, str], dict[str, Any]] = {}
        if file is None or not file.exists():
            return
        found = report.read_document(file, SCHEMA)
        report.check_same_data(file, found, dataset)
        causes = read_symptoms()[1]
        for old in found["results"]:
            cause = causes.get(old["cause"])
            if cause and old["source_sha256"] == digest(cause, old["framework"]):
                self.results[old["cause"], old["variant"]] = old
        for old in found["controls"]:
            if old["source_sha256"] == report.code_sha256(sound_task(old["recipe"]).recipes[old["framework"]]):
                self.controls[old["recipe"], old["variant"]] = old

    def write(self, file: Path | None) -> None:
        """Writes it whole, in the order of the causes, whatever the order it was run in."""
        if file is None:
            return
        names, ids = list(read_symptoms()[1]), list(known_variants())
        results = sorted(self.results.items(), key=lambda found: (names.index(found[0][0]), ids.index(found[0][1])))
        controls = sorted(self.controls.items(), key=lambda found: (found[0][0], ids.index(found[0][1])))
        values = report.header(SCHEMA) | {"data": self.data, "epochs": EPOCHS}
        values |= {"results": [row for _, row in results], "controls": [row for _, row in controls]}
        write_json(file, report.jsonable(values))


def digest(cause: Cause, framework: str) -> str:
    """SHA-256 of the broken program; empty if the change doesn't apply any more."""
    try:
        return hashlib.sha256(cause.source(framework).encode()).hexdigest()
    except (PatchError, KeyError):
        return ""


def run_symptoms(
    names: Sequence[str], chosen: str | None, data_choice: str | None, seeds: int, json_file: Path | None
) -> int:
    """Trains the broken programs, prints what each shows, and gives the exit code: 1 if one doesn't show what it must,
    or isn't caught by what claims it.

    Raises:
        UserError: an unknown cause, symptom, framework or data set; a file that can't be written.
    """
    from rich.text import Text

    from concord.ask.questions import tell
    from concord.report.terminal import progress

    begin = time.perf_counter()
    symptoms, causes = read_symptoms()
    for name in names:
        if name not in causes and name not in symptoms:
            raise UserError(nearest("cause or symptom", name, [*causes, *symptoms]))
    asked = [cause for cause in causes.values() if not names or cause.name in names or cause.symptom in names]
    written = {framework for cause in asked for framework in cause.changes}
    variants = [variant for variant in select_variants(chosen) if variant.framework in written]
    if json_file:
        check_writable(json_file)
    dataset = data.load(data_choice)
    check_accepted((sound_task(cause.recipe) for cause in asked), dataset)
    document, folder = Document(dataset, json_file), new_folder()
    pairs = [(variant, cause) for variant in variants for cause in asked if variant in cause.chosen([variant])]
    rows = []
    with (
        Rehearsals(folder, dataset) as workers,
        MutantCollector(folder, dataset, threads=1) as collector,
        progress(len(pairs)) as announce,
    ):
        for variant in variants:
            for _, cause in [pair for pair in pairs if pair[0] is variant]:
                announce(f"{variant.id}: {cause.name}")
                rows.append(row := one_row(workers, collector, cause, variant, seeds, document))
                document.results[cause.name, variant.id] = row
                document.write(json_file)
            for pool in (workers, collector.workers):
                for precision in ("float32", "float64"):
                    pool.close_one(variant, precision)
    lines: list[Any] = []
    for row in rows:
        good = row["outcome"] == SHOWN and row["caught"]
        style = "" if good else "bold red"
        lines.append(Text(f"{'✓' if good else '✗'} {row['variant']:12} {row['cause']}: {summary(row)}", style=style))
    seconds = time.perf_counter() - begin
    good = sum(row["outcome"] == SHOWN and row["caught"] for row in rows)
    lines.append(f"{good} of {len(rows)} broken programs show what they must; {dataset.name}, {seconds:.0f} s")
    tell([], lines, None, dict)
    return 0 if rows and good == len(rows) else 1


def summary(row: dict[str, Any]) -> str:
    """One row in a line."""
    if row["outcome"] != SHOWN:
        return f"{row['outcome']}: {row['reason']}"
    caught = row["level"] and f"killed at {row['level']}"
    checked = row["check"] and f"{row['check']['name']}: {row['check']['found']}"
    return "; ".join(
        [" and ".join(row["criteria"]), *(part for part in (caught, checked) if part)]
        + ([] if row["caught"] else ["not caught by what claims it"])
    )


def killed_at(collector: MutantCollector, cause: Cause, variant: Variant) -> str:
    """The first level of the ladder that the broken program fails, up to the last one without a long training; empty if
    it passes all of these, as a program does whose start alone is broken: the ladder has weights of its own."""
    task = collector.mutated(cause.mutant, variant.framework)
    for level in levels_up_to(task, LAST_LEVEL):
        verdicts = [judge_level(collector, task, variant, level)]
        if level.name == LAST_LEVEL and verdicts[0].passed:  # what float64 still holds may be too large for float32
            verdicts.append(judge(collector, task, variant, level, "float32"))
        if not verdicts[-1].passed:
            return level.name if verdicts[-1].outcome in CAUGHT else ""
    return ""


def one_row(
    workers: Rehearsals,
    collector: MutantCollector,
    cause: Cause,
    variant: Variant,
    seeds: int,
    document: Document,
) -> dict[str, Any]:
    """Everything about one broken program in one variant."""
    sound = sound_task(cause.recipe).recipes[variant.framework]
    key = cause.recipe, variant.id
    if len(document.controls.get(key, {}).get("runs", ())) < seeds:
        runs, answer = workers.watch(variant, sound, seeds)
        document.controls[key] = {
            "recipe": cause.recipe,
            "framework": variant.framework,
            "variant": variant.id,
            "versions": variant.versions() or {},
            "source_sha256": report.code_sha256(sound),
            "outcome": answer.outcome,
            "reason": answer.reason,
            "runs": runs,
        }
    row: dict[str, Any] = {
        "cause": cause.name,
        "symptom": cause.symptom,
        "framework": variant.framework,
        "variant": variant.id,
        "versions": variant.versions() or {},
        "created": report.now(),
        "source_sha256": digest(cause, variant.framework),
        "criteria": list(cause.criteria(variant)),
        "outcome": ERROR,
        "reason": "",
        "runs": [],
        "level": "",
        "check": None,
        "caught": False,
    }
    try:
        source = cause.source(variant.framework)
    except PatchError as error:
        return row | {"reason": str(error)}
    program = program_folder(workers.folder, f"{cause.id}-{variant.framework}") / sound.name
    program.write_text(source, encoding="utf-8")
    runs, answer = workers.watch(variant, program, seeds)
    control = document.controls[key]
    if answer.outcome != "ok" or control["outcome"] != "ok":
        return row | {"reason": answer.reason or f"the right program: {control['reason']}"}
    outcome, reason = judged(cause, variant, runs, control["runs"][: len(runs)])
    level, first = "", variant is frameworks()[variant.framework].variants[0]
    if first and cause.in_functions(variant.framework):  # one proof for each program, as for the mutants
        level = killed_at(collector, cause, variant)
    check = None
    for name in cause.caught:
        if name in TITLES:
            check = {"name": name} | workers.verdict(variant, program, name)
            if check["outcome"] == FAILED:
                break
    caught = (check is None or check["outcome"] == FAILED) and (not first or LADDER not in cause.caught or bool(level))
    return row | {
        "outcome": outcome,
        "reason": reason,
        "runs": runs,
        "level": level,
        "check": check,
        "caught": caught,
    }
