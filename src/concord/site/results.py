"""The published measurements: `docs/results/*.json`, checked, and looked up by recipe and variant."""

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import Variant, variants
from concord.project.task import Task
from concord.report.results import code_sha256

PIN = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Measurement:
    """What one results file says of one recipe and variant. The fields are those of docs/compare-json.md."""

    file: Path
    document: dict[str, Any]
    result: dict[str, Any]

    @property
    def date(self) -> str:
        return self.document["created"][:10]

    @property
    def proven(self) -> str:
        """The day of the proof: what hasn't changed isn't proven again when it is published again."""
        return self.result.get("proven", self.document["created"])[:10]

    @property
    def machine(self) -> str:
        environment = self.document["environment"]
        gib = round(environment["memory_bytes"] / 2**30)
        return f"{environment['processor'] or environment['platform']}, {environment['threads']} threads, {gib} GiB"

    @property
    def version(self) -> str:
        return ", ".join(f"{name} {version}" for name, version in self.result["versions"].items())

    @property
    def declared(self) -> bool:
        """Whether a known difference showed."""
        return any(level["declared"] for level in self.result["levels"])

    @property
    def state(self) -> str:
        """In one word, for a badge: same, declared, or the outcome."""
        if self.result["outcome"] != "ok":
            return self.result["outcome"]
        return "declared" if self.declared else "same"

    def repeated(self, name: str) -> list[float]:
        """What each passed repeat measured; nothing if the comparison was run once."""
        return [found[name] for found in self.result.get("repeats", []) if found["outcome"] == "ok" and found.get(name)]

    def range(self, name: str) -> tuple[float, float] | None:
        """The least and the most that the repeats measured, where there are several."""
        values = self.repeated(name)
        return (min(values), max(values)) if len(values) > 1 else None

    @property
    def wavering(self) -> str:
        """How often it passed, if not each repeat did."""
        outcomes = [found["outcome"] for found in self.result.get("repeats", [])]
        passed = outcomes.count("ok")
        return f"ok in {passed} of {len(outcomes)} repeats" if 0 < passed < len(outcomes) else ""

    def levels(self, name: str) -> list[dict[str, Any]]:
        """The verdicts of one level, one for each precision."""
        return [level for level in self.result["levels"] if level["level"] == name]


class Results:
    """All results files of a folder. Of comparisons of the same thing the latest on MNIST is shown, else the latest."""

    def __init__(self, folder: Path, repository: str = ""):
        self.folder = folder
        self.repository = repository  # its address, where the site's pages may name it
        self._documents: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
        self._found: dict[tuple[str, str], Measurement] = {}
        for file in sorted(folder.glob("*.json")):
            document = read_results(file)
            self._documents.setdefault(kind(document), []).append((file, document))
        for file, document in self.documents("compare"):
            if "device" in document["environment"]:
                continue  # figures of another device than the one that the pages show
            for result in document["results"]:
                key = (result["recipe"], result["variant"])
                known = self._found.get(key)
                if known is None or rank(known.document) < rank(document):
                    self._found[key] = Measurement(file, document, result)

    def documents(self, kind: str) -> list[tuple[Path, dict[str, Any]]]:
        """The files of one kind, `compare` for instance, and what they hold; the latest last."""
        return sorted(self._documents.get(kind, []), key=lambda found: found[1]["created"])

    def latest(self, kind: str) -> tuple[Path, dict[str, Any]]:
        """The latest file of a kind; an empty document if there is none."""
        found = self.documents(kind)
        return found[-1] if found else (self.folder / f"{kind}.json", {})

    def find(self, recipe: str, variant: str) -> Measurement | None:
        return self._found.get((recipe, variant))

    def of_recipe(self, recipe: str) -> dict[str, Measurement]:
        """By variant, in the order of the tables; variants that don't exist any more are left out."""
        return {id: self._found[recipe, id] for id in variants() if (recipe, id) in self._found}

    def recorded(self, task: Task, framework: str) -> dict[str, Any]:
        """What a program prints and how long it takes, where that was recorded of the program and versions of now."""
        rows = self.latest("outputs")[1].get("results", [])
        found = next((row for row in rows if (row["recipe"], row["framework"]) == (task.name, framework)), None)
        if found is None or framework not in task.recipes or outdated_program(task, found["variant"], found):
            return {}
        return found

    def staleness(self, measurement: Measurement, recipe_files: Iterable[Path]) -> str:
        """Why a measurement no longer speaks for the present files, in one line; empty if it does."""
        if why := outdated(variants()[measurement.result["variant"]], measurement.result["versions"]):
            return why
        return self.changed(measurement.file, recipe_files)

    def changed(self, results_file: Path, files: Iterable[Path]) -> str:
        """Which files were changed after the results were published, in words; empty if none was."""
        names = [file.name for file in files if self._is_newer(file, results_file)]
        return f"{' and '.join(names)} changed since" if names else ""

    def _is_newer(self, file: Path, other: Path) -> bool:
        """Whether a file was changed after another."""
        ages = self._ages
        return file.resolve() in ages and other.resolve() in ages and ages[file.resolve()] < ages[other.resolve()]

    @cached_property
    def _ages(self) -> dict[Path, int]:
        """By file, how many commits ago it was changed last, a results file how many ago it was measured last: who
        only writes it in another way measures nothing. Empty where the history isn't at hand.

        A change that isn't committed is younger than any commit: less than zero, by the time of the change.
        """
        if git("rev-parse", "--is-shallow-repository") != "false\n":
            return {}
        root = Path(git("rev-parse", "--show-toplevel").strip()).resolve()
        folders = (paths.RECIPES, paths.FRAMEWORKS, paths.GOTCHAS, self.folder)
        inside = [str(folder) for folder in folders if folder.resolve().is_relative_to(root)]
        log = ["log", "--format=tformat://%H", "--name-only"]
        changed = commits(git(*log, "--", *inside))
        numbers = {commit: number for number, (commit, _) in enumerate(changed)}
        here = str(self.folder)
        measured = commits(git(*log, "-G", '"created"', "--", here)) if here in inside else []
        ages: dict[Path, int] = {}
        for commit, names in [*measured, *changed]:
            for name in names:
                ages.setdefault(root / name, numbers[commit])
        status = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *inside)
        for name in [line[3:] for line in status.split("\0") if line]:
            if (root / name).is_file():
                ages[root / name] = -(root / name).stat().st_mtime_ns
        return ages


def rank(document: dict[str, Any]) -> tuple[bool, str]:
    """Of two comparisons of the same, the one with the higher rank is shown."""
    return document["data"]["name"] == "mnist", document["created"]


def outdated(variant: Variant, versions: dict[str, str]) -> str:
    """Which version isn't the pinned one any more, in words; empty if all are."""
    for name, version in versions.items():
        pinned = pins(variant).get(name)
        if pinned and pinned != version.split("+")[0]:  # torch's "+cpu" is the same version
            return f"measured with {name} {version}; the pinned version is {pinned}"
    return ""


def outdated_program(task: Task, id: str, row: dict[str, Any]) -> str:
    """Why a variant's row, which tells versions and the recipe's SHA-256, no longer speaks for what is pinned and
    written now, in words; empty if it does."""
    if why := outdated(variants()[id], row["versions"]):
        return why
    recipe = task.recipes.get(variants()[id].framework)
    return f"{recipe.name} changed since" if recipe and code_sha256(recipe) != row["recipe_sha256"] else ""


def neighbours(rows: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, list[str]]:
    """By label what a variant imported only because it is installed too, as the rows (by id) tell; only who did."""
    known = [(variants()[id], row) for id, row in rows if id in variants()]
    return {variant.label: imported for variant, row in known if (imported := variant.neighbours(row.get("hides", [])))}


def read_results(file: Path) -> dict[str, Any]:
    """One results file, held against the schema that is published with it.

    Raises:
        UserError: it isn't JSON, of another version, or against the schema. The message names the file.
    """
    import jsonschema

    here = f"{file.parent.name}/{file.name}"
    again = "Measure it again, or take the file away."
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{here} can't be read as JSON: {error}.\n{again}") from None
    found = document.get("schema") if isinstance(document, dict) else None
    known = schemas()
    if found not in known:
        raise UserError(f"{here} has the schema {found!r}, expected one of {', '.join(known)}.\n{again}")
    schema = known[found]
    error = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(document)), None)
    if error is not None:
        where = error.json_path.removeprefix("$.")
        raise UserError(f"{here} is damaged: {where}: {error.message[:200]}.\n{again}")
    return document


def schemas() -> dict[str, dict[str, Any]]:
    """The published schemas, `docs/<kind>.schema.json`, by the name and version that a results file gives."""
    files = sorted((paths.CHECKOUT / "docs").glob("*.schema.json"))
    read = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {schema["properties"]["schema"]["const"]: schema for schema in read}


def kind(document: dict[str, Any]) -> str:
    """`compare` for `concord.compare/2`."""
    return document["schema"].removeprefix("concord.").split("/")[0]


def pins(variant: Variant) -> dict[str, str]:
    """The version of each distribution that is installed for a variant by the project's own pins."""
    pinned = read_pins(variant.own.requirements if variant.own else paths.CHECKOUT / "constraints.txt")
    return {name: pinned[normal(name)] for name in variant.distributions if normal(name) in pinned}


@cache
def read_pins(file: Path) -> dict[str, str]:
    """The versions in a file of exact pins, by normal name."""
    return {normal(name): version for name, version in PIN.findall(file.read_text(encoding="utf-8"))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def commits(log: str) -> list[tuple[str, list[str]]]:
    """The commits of a log, the latest first, and the files that each changed."""
    found = []
    for text in log.split("//")[1:]:
        commit, *names = filter(None, text.split("\n"))
        found.append((commit, names))
    return found


def git(*arguments: str) -> str:
    """What a git command prints; nothing if there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
