"""The published measurements: `docs/results/*.json`, checked, and looked up by recipe and variant."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import Variant, variants
from concord.project.task import Task
from concord.report.results import changed_since, sha256_by_name

PIN = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Measurement:
    """What one results file says of one recipe and variant. The fields are those of docs/compare-json.md."""

    file: Path
    document: dict[str, Any]
    result: dict[str, Any]

    @property
    def date(self) -> str:
        """The day of the proof: a file may hold rows of several days."""
        return (self.result["proven"] or self.document["created"])[:10]

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
    changed = changed_since(task, row)
    return f"{' and '.join(changed)} changed since" if changed else ""


def changed_probes(document: dict[str, Any], files: Iterable[Path]) -> str:
    """Which probes aren't any more what a document's answers are of, in words; empty if all are."""
    changed = [name for name, now in sha256_by_name(files).items() if document["files"].get(name) != now]
    return f"{' and '.join(changed)} changed since" if changed else ""


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
