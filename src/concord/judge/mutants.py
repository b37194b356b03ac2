"""Wrong programs on purpose: each mutant is a correct recipe with one fault, kept as data beside it, and the level
of the ladder that claims it must be the one that catches it. This is what shows that the judge has teeth.

A file `mutants.toml` in a recipe folder changes its programs.
"""

import hashlib
import re
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.data import datasets as data
from concord.data.accepted import check_accepted
from concord.judge import ladder
from concord.judge.ladder import Level, Run
from concord.judge.prove import climb, descend, judge, prove, up_to_failure
from concord.judge.verdict import LevelVerdict
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.files import check_writable, write_json
from concord.project.framework import PRECISIONS, Variant, frameworks, select_at_hand
from concord.project.framework import variants as known_variants
from concord.project.outcomes import CAUGHT
from concord.project.task import Task, read_task, recipe_folders
from concord.report import results as report
from concord.report.terminal import progress, terminal
from concord.run.evidence import Collector, Evidence, new_folder

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from concord.data.datasets import Dataset

SCHEMA = "concord.mutants/1"
FAULTS = ("forward", "loss", "gradient", "update", "data", "statistics", "judge")

# What became of a mutant.
KILLED, EQUIVALENT, SURVIVED, ELSEWHERE, ERROR = "killed", "equivalent", "survived", "killed elsewhere", "error"
AS_CLAIMED = (KILLED, EQUIVALENT)


class PatchError(Exception):
    """A change that no longer applies."""


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Args:
        name: unique among all mutants.
        recipe: what is changed: a recipe, or a host in `mutants/`.
        fault: its class, one of FAULTS.
        level: the first level that fails, or the last one that an equivalent mutant must pass.
        also: levels before it that catch it too where what is drawn happens to show it.
        what: one sentence.
        changes: by framework what is replaced by what; each must occur exactly once.
        variants: where it runs; by default on the first variant of each framework.
        equivalent: why the change makes no difference; empty for a fault.
        told_apart_by: topics in `gotchas/` whose probes show that the operations differ all the same.
    """

    name: str
    recipe: str
    fault: str
    level: str
    what: str
    changes: dict[str, tuple[tuple[str, str], ...]]
    variants: tuple[str, ...] = ()
    equivalent: str = ""
    told_apart_by: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def chosen(self, variants: Iterable[Variant]) -> list[Variant]:
        """Those of the variants that it runs on."""
        first = [frameworks()[framework].variants[0].id for framework in self.changes]
        return [variant for variant in variants if variant.id in (self.variants or first)]


@dataclass(frozen=True)
class Result:
    """What became of one mutant on one variant; `levels` holds every verdict up to the claimed level."""

    mutant: Mutant
    variant: str
    framework: str
    outcome: str
    killed_by: str = ""
    reason: str = ""
    levels: tuple[LevelVerdict, ...] = field(default=())


@cache
def all_mutants() -> dict[str, Mutant]:
    """Every mutant by name, file by file.

    Raises:
        UserError: a file isn't TOML, or an entry lacks something, repeats a name or names what doesn't exist.
    """
    found: dict[str, Mutant] = {}
    for path in sorted([*paths.RECIPES.glob("*/mutants.toml"), *paths.MUTANTS.glob("*/mutants.toml")]):
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutants"]
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise UserError(f"{path} is not a file of mutants: {error}") from None
        for row in rows:
            mutant = read_mutant(path, row)
            if mutant.name in found:
                raise UserError(f"{path}: there are two mutants {mutant.name!r}; give one another name.")
            found[mutant.name] = mutant
    return found


def read_mutant(path: Path, row: dict[str, Any]) -> Mutant:
    """One entry of a file.

    Raises:
        UserError: see `all_mutants`.
    """
    here = f"{path}, {row.get('name', 'an entry without a name')!r}"
    try:
        changes = {key: tuple((old, new) for old, new in pairs) for key, pairs in row.pop("changes").items()}
        lists = {name: tuple(row.pop(name, ())) for name in ("variants", "told_apart_by", "also")}
        mutant = Mutant(recipe=path.parent.name, changes=changes, **lists, **row)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{here}: name, fault, level, what and changes are needed ({error}).") from None
    if mutant.fault not in FAULTS:
        raise UserError(f"{here}: " + nearest("class of fault", mutant.fault, FAULTS))
    if mutant.level not in ladder.LEVEL_NAMES:
        raise UserError(f"{here}: " + nearest("level", mutant.level, ladder.LEVEL_NAMES))
    for framework in mutant.changes:
        if framework not in frameworks():
            raise UserError(f"{here}: " + nearest("framework", framework, frameworks()))
    return mutant


def select_mutants(names: Sequence[str]) -> list[Mutant]:
    """The mutants that a user's words mean: names of mutants or of recipes; all without any.

    Raises:
        UserError: a word is neither.
    """
    everything = all_mutants()
    recipes = list(dict.fromkeys(mutant.recipe for mutant in everything.values()))
    for name in names:
        if name not in everything and name not in recipes:
            said = nearest("mutant", name, [*everything, *recipes]).partition("\n")[0]
            known = f"A recipe of the project stands for all of its mutants: {', '.join(recipes)}."
            raise UserError(f"{said}\n{known}")
    return [mutant for mutant in everything.values() if not names or mutant.name in names or mutant.recipe in names]


@cache
def sound_task(recipe: str) -> Task:
    """The correct recipe: the project's, or a host that lies beside the mutants."""
    return read_task(recipe_folders().get(recipe, paths.MUTANTS / recipe))


def patched(source: str, changes: Iterable[tuple[str, str]], where: str) -> str:
    """The source with all changes.

    Raises:
        PatchError: the old text doesn't occur exactly once.
    """
    for old, new in changes:
        if (count := source.count(old)) != 1:
            raise PatchError(f"the change no longer applies: {where} has {old!r} {count} times, expected once")
        source = source.replace(old, new)
    return source


class MutantCollector(Collector):
    """Runs mutants, and holds them against the reference of the recipe that they were made from."""

    def reference(self, task: Task, run: Run) -> Evidence:
        return super().reference(sound_task(task.name), run)

    def mutated(self, mutant: Mutant, framework: str) -> Task:
        """The mutant as a task of its own: one wrong recipe.

        Raises:
            PatchError: a change no longer applies.
        """
        sound = sound_task(mutant.recipe)
        recipe = sound.recipes[framework]
        source = patched(recipe.read_text(encoding="utf-8"), mutant.changes[framework], recipe.name)
        # A folder of its own for each source: evidence and imported modules are remembered by path.
        digest = hashlib.sha256(source.encode()).hexdigest()[:8]
        folder = self.folder / "mutants" / f"{re.sub('[^A-Za-z0-9]+', '_', mutant.name)}-{framework}-{digest}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / recipe.name).write_text(source, encoding="utf-8")
        return replace(sound, folder=folder, recipes={framework: folder / recipe.name})


def run_mutants(
    names: Sequence[str],
    chosen_frameworks: str | None,
    data_choice: str | None,
    json_file: Path | None,
    depth: str = "quick",
) -> int:
    """Runs mutants, prints the kill matrix, and gives the exit code: 0 only if every one was caught where it should be.

    The quick proof isn't asked about faults that only a statistic of many runs shows.

    Raises:
        UserError: an unknown mutant, framework or data set; a file or folder that can't be written.
    """
    begin = time.perf_counter()
    (variants, left_out), mutants = select_at_hand(chosen_frameworks), select_mutants(names)
    if json_file:
        check_writable(json_file)
    console = terminal()
    from rich.console import Console

    dataset = data.load(data_choice, progress=Console(stderr=True))
    check_accepted((sound_task(mutant.recipe) for mutant in mutants), dataset)
    asked = [mutant for mutant in mutants if depth == "full" or mutant.level != ladder.FINDINGS.name]
    pairs = [(variant, mutant) for variant in variants for mutant in asked if variant in mutant.chosen(variants)]
    kept = Document.read(json_file, dataset)
    results: list[Result] = []
    unsound: list[str] = []
    with MutantCollector(new_folder(), dataset) as collector, progress(len(pairs)) as announce:
        for variant in variants:
            mine = [mutant for other, mutant in pairs if other is variant]
            for mutant in mine:
                announce(f"{variant.id}: {mutant.name}")
                results.append(judge_mutant(collector, mutant, variant, depth))
                kept.add(results[-1])
                kept.write(json_file)
            for recipe in dict.fromkeys(mutant.recipe for mutant in mine):
                claimed = [mutant.level for mutant in mine if mutant.recipe == recipe]
                verdicts, failure = control(collector, recipe, variant, claimed, depth)
                kept.add_control(recipe, variant, verdicts, failure)
                kept.write(json_file)
                unsound += [f"{recipe} {variant.id}: {failure}"] if failure else []
            for precision in ("float64", "float32"):
                collector.workers.close_one(variant, precision)
    for name in dict.fromkeys(result.variant for result in results):
        console.print(table(name, [result for result in results if result.variant == name]))
        console.print()
    summarise(console, results, unsound, depth)
    for line in left_out:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"data: {dataset.name} ({dataset.source}); {time.perf_counter() - begin:.0f} s", markup=False)
    if json_file:
        console.print(f"wrote {json_file}", markup=False)
    return 0 if results and not unsound and all(result.outcome in AS_CLAIMED for result in results) else 1


def levels_up_to(task: Task, level: str) -> list[Level]:
    """The rungs of the ladder up to a claimed level, or all of them where it lies beyond."""
    rungs = list(ladder.levels(task))
    names = [rung.name for rung in rungs]
    return rungs[: names.index(level) + 1] if level in names else rungs


def judge_level(collector: Collector, task: Task, variant: Variant, level: Level) -> LevelVerdict:
    """The verdict in float64; in float32 where there is no other, or where float64's arrays have a known difference."""
    declared, _ = variant.known_difference(task.own_name, "float64", level.name)
    strict = "float64" in level.gates and not (declared and not declared.sentence)
    return judge(collector, task, variant, level, "float64" if strict else "float32")


def judge_mutant(collector: MutantCollector, mutant: Mutant, variant: Variant, depth: str = "quick") -> Result:
    """Puts a wrong program to the proof: the quick one, which must catch it, or the whole ladder up to the level that
    claims it, which must be the one that does."""
    result = Result(mutant, variant.id, variant.framework, ERROR)
    try:
        task = collector.mutated(mutant, variant.framework)
    except PatchError as error:
        return replace(result, reason=str(error))
    if depth == "quick":
        levels = climb(collector, task, variant, PRECISIONS, ladder.levels(task, "quick"))
        verdicts = descend(collector, task, variant, up_to_failure(levels))
    else:
        verdicts = [judge_level(collector, task, variant, level) for level in levels_up_to(task, mutant.level)]
    result = replace(result, levels=tuple(verdicts))
    failed = next((verdict for verdict in verdicts if not verdict.passed), None)
    if failed and failed.outcome not in CAUGHT:
        return replace(result, reason=f"{failed.level}: {failed.outcome}: {failed.reason}")
    if mutant.equivalent:
        if failed:
            return replace(result, outcome=ELSEWHERE, killed_by=failed.level, reason=f"not equivalent: {failed.reason}")
        if mutant.told_apart_by and not told_apart(collector, mutant, variant):
            return replace(result, reason=f"{', '.join(mutant.told_apart_by)} don't tell the operations apart")
        return replace(result, outcome=EQUIVALENT, reason=mutant.equivalent)
    if failed is None:
        where = f"every level up to {mutant.level}" if depth == "full" else "the quick proof"
        return replace(result, outcome=SURVIVED, reason=f"passes {where}")
    outcome = KILLED if depth == "quick" or failed.level in (mutant.level, *mutant.also) else ELSEWHERE
    return replace(result, outcome=outcome, killed_by=failed.level, reason=failed.reason)


def told_apart(collector: Collector, mutant: Mutant, variant: Variant) -> bool:
    """Whether the probes of the topics give at least two different values in this framework.

    Raises:
        UserError: there is no such topic.
    """
    values = []
    for topic in mutant.told_apart_by:
        file = paths.GOTCHAS / f"{topic}.py"
        if not file.is_file():
            raise UserError(f"the mutant {mutant.name!r} is told apart by {topic!r}, but there is no {file}.")
        answer = collector.workers.probe(variant, "float32", file, variant.framework)
        value = answer.fields.get("value") if answer.outcome == "ok" else None
        values += value.values() if isinstance(value, dict) else [value]
    return None not in values and any(value != values[0] for value in values)


def control(
    collector: Collector, recipe: str, variant: Variant, claimed: Sequence[str], depth: str = "quick"
) -> tuple[tuple[LevelVerdict, ...], str]:
    """The sound recipe's verdicts, by the quick proof or at every level that claims a mutant, and what it fails: it
    mustn't fail any."""
    task = sound_task(recipe)
    if depth == "quick":
        verdicts = prove(collector, task, variant, PRECISIONS, "quick").levels
    else:
        rungs = max((levels_up_to(task, level) for level in claimed), key=len)
        verdicts = tuple(judge_level(collector, task, variant, level) for level in rungs)
    return verdicts, next((f"{v.level}: {v.outcome}: {v.reason}" for v in verdicts if not v.passed), "")


def table(variant: str, results: Sequence[Result]) -> "Table":
    """The kill matrix of one variant: a line per mutant, the effect at each level."""
    from rich.table import Table
    from rich.text import Text

    used = {verdict.level for result in results for verdict in result.levels}
    names = [name for name in ladder.LEVEL_NAMES if name in used]
    made = Table(title=variant, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in ("mutant", "recipe", *names, "outcome"):
        made.add_column(name, overflow="fold")  # in a narrow terminal, too, no figure is cut off
    for result in results:
        verdicts = {verdict.level: verdict for verdict in result.levels}
        good = result.outcome in AS_CLAIMED
        made.add_row(
            result.mutant.name,
            Text(result.mutant.recipe, style="dim"),
            *(effect(verdicts.get(name)) for name in names),
            Text(result.outcome, style="green" if good else "bold red"),
        )
    return made


def effect(verdict: LevelVerdict | None) -> Any:
    """The worst relative error, marked if it was caught."""
    from rich.text import Text

    if verdict is None:
        return ""
    figure = verdict.outcome if verdict.error is None else f"{verdict.error:.0e}" if verdict.error else "same"
    return Text(f"✓ {figure}", style="dim") if verdict.passed else Text(f"x {figure}", style="yellow")


def summarise(console: "Console", results: Sequence[Result], unsound: Sequence[str], depth: str) -> None:
    for result in results:
        if result.outcome not in AS_CLAIMED:
            where = f"{result.mutant.name}, {result.variant}: {result.outcome}"
            claimed = f" (claimed by {result.mutant.level}, killed by {result.killed_by or 'none'})"
            console.print(f"{where}{claimed}: {result.reason}", style="bold red", soft_wrap=True, markup=False)
    for failure in unsound:
        console.print(f"the sound recipe fails: {failure}", style="bold red", soft_wrap=True, markup=False)
    faults = [result for result in results if not result.mutant.equivalent]
    killed = sum(result.outcome == KILLED for result in faults)
    different = len({result.mutant.name for result in faults})
    how = "killed by the level that claims them" if depth == "full" else "caught by the quick proof"
    console.print(f"{killed} of {len(faults)} {how} ({different} different mutants)")
    if equivalent := [result for result in results if result.mutant.equivalent]:
        count = sum(result.outcome == EQUIVALENT for result in equivalent)
        console.print(f"{count} of {len(equivalent)} equivalent, as said")


class Document:
    """A results file: what is run replaces what was there; the rest is kept, as long as it is of the same data, and the
    changed source and the claim are still the same."""

    def __init__(self, dataset: "Dataset"):
        self.data = {"name": dataset.name, "source": dataset.source, "sha256": dataset.digest}
        self.results: dict[tuple[str, str], dict[str, Any]] = {}
        self.controls: dict[tuple[str, str], dict[str, Any]] = {}

    @classmethod
    def read(cls, file: Path | None, dataset: "Dataset") -> "Document":
        """What a file holds that is still true.

        Raises:
            UserError: it is none of this kind, or about other data.
        """
        made = cls(dataset)
        if file is None or not file.exists():
            return made
        found = report.read_document(file, SCHEMA)
        report.check_same_data(file, found, dataset)
        for old in found["results"]:
            mutant = all_mutants().get(old["mutant"])
            if not mutant or old["level"] != mutant.level:
                continue
            if old["source_sha256"] == changed_digest(mutant, old["framework"]):
                made.results[old["mutant"], old["variant"]] = old
        for old in found["controls"]:
            recipe = sound_task(old["recipe"]).recipes.get(old["framework"])
            if recipe and old["source_sha256"] == report.code_sha256(recipe):
                made.controls[old["recipe"], old["variant"]] = old
        return made

    def add(self, result: Result) -> None:
        self.results[result.mutant.name, result.variant] = row(result)

    def add_control(self, recipe: str, variant: Variant, verdicts: Sequence[LevelVerdict], failure: str) -> None:
        self.controls[recipe, variant.id] = {
            "recipe": recipe,
            "framework": variant.framework,
            "variant": variant.id,
            "versions": variant.versions() or {},
            "source_sha256": report.code_sha256(sound_task(recipe).recipes[variant.framework]),
            "levels": plain(verdicts),
            "outcome": "error" if failure else "ok",
            "reason": failure,
        }

    def write(self, file: Path | None) -> None:
        """Writes it whole, in the order of the data, whatever the order it was run in."""
        if file is None:
            return
        names, ids = list(all_mutants()), list(known_variants())
        values = report.header(SCHEMA) | {
            "data": self.data,
            "results": [
                self.results[key]
                for key in sorted(self.results, key=lambda key: (ids.index(key[1]), names.index(key[0])))
            ],
            "controls": [self.controls[key] for key in sorted(self.controls, key=lambda key: (ids.index(key[1]), key))],
        }
        write_json(file, values)


def changed_digest(mutant: Mutant, framework: str) -> str:
    """Of the source that the mutant's changes lead to; empty if they don't apply."""
    try:
        recipe = sound_task(mutant.recipe).recipes[framework]
        source = patched(recipe.read_text(encoding="utf-8"), mutant.changes[framework], recipe.name)
    except (KeyError, PatchError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()


def row(result: Result) -> dict[str, Any]:
    mutant = result.mutant
    return {
        "mutant": mutant.name,
        "recipe": mutant.recipe,
        "framework": result.framework,
        "variant": result.variant,
        "created": report.now(),
        "source_sha256": changed_digest(mutant, result.framework),
        "fault": mutant.fault,
        "what": mutant.what,
        "level": mutant.level,
        "equivalent": mutant.equivalent,
        "told_apart_by": list(mutant.told_apart_by),
        "levels": plain(result.levels),
        "killed_by": result.killed_by,
        "outcome": result.outcome,
        "reason": result.reason,
    }


def plain(verdicts: Sequence[LevelVerdict]) -> dict[str, Any]:
    """Verdicts by level, of both precisions the one that fails, or float64's; "inf" for infinity, which JSON hasn't."""
    levels = {}
    for verdict in verdicts:
        values = report.jsonable(asdict(verdict)) | {"passed": verdict.passed}
        name = values.pop("level")
        if name not in levels or (levels[name]["passed"] and not verdict.passed):
            levels[name] = values
    return levels
