"""`concord gotchas`: where the frameworks differ, measured on the installed versions by the probes in `gotchas/`.

A topic is one file: what the value means, a small function for each framework that computes it, what it was when it was
last looked at (EXPECTED), and what the documentation says (DOCUMENTED). A default that changes upstream is told so.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from concord.ask.questions import ABSENT, TIME_LIMIT, Question, absent_lines, ask, select, survey, tell
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import PRECISIONS, Variant, frameworks, select_variants, variants
from concord.project.python import run_file
from concord.report.results import header, jsonable
from concord.run.pool import Workers

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "concord.gotchas/1"
TOLERANCE = 1e-6  # relative, for numbers, unless a topic says otherwise
REQUIREMENT = re.compile(r"^([\w.-]+)==([\w.+!-]+)")


@dataclass(frozen=True)
class Documented:
    """What the documentation says a value is, and where. Of a dict, the entries that it speaks of."""

    value: Any
    source: str


@dataclass(frozen=True)
class Topic:
    """One file of `gotchas/`. `expected`, `documented` and `notes` are by variant id; `notes` may have "" for all."""

    name: str
    path: Path
    text: str  # what differs and why it bites
    title: str
    question: str  # what the value means
    precision: str
    tolerance: float
    frameworks: tuple[str, ...]  # those it has a function for; in the others there is no such thing
    expected: dict[str, Any]
    documented: dict[str, Documented]
    notes: dict[str, str]

    @property
    def variants(self) -> list[Variant]:
        return [variant for variant in variants().values() if variant.framework in self.frameworks]


@dataclass(frozen=True)
class Finding:
    """What one variant gave. `outcome` is one of the closed set: `ok`, `mismatch` if the value isn't the expected one,
    or why there is no value; `reason` is then one line."""

    topic: Topic
    variant: Variant
    outcome: str
    reason: str
    value: Any
    versions: dict[str, str]

    @property
    def agrees(self) -> bool | None:
        """Whether the value is the expected one; None if there is no value."""
        return self.outcome == "ok" if self.outcome in ("ok", "mismatch") else None

    @property
    def documented_agrees(self) -> bool | None:
        """Whether the value is what the documentation says; None if there is no value, or it says nothing."""
        documented = self.topic.documented.get(self.variant.id)
        if documented is None or self.agrees is None:
            return None
        return same(self.value, documented.value, self.topic.tolerance, partly=True)


@cache
def topics() -> dict[str, Topic]:
    """Every topic of the project by name."""
    return {path.stem: read_topic(path) for path in sorted(paths.GOTCHAS.glob("*.py"))}


def read_topic(path: Path) -> Topic:
    """Reads a topic's file. It imports no framework before a probe is called.

    Raises:
        UserError: it can't be run; it lacks an entry; an entry is of a wrong type or for what it has no function for.
    """
    module = f"gotchas_{path.stem}"
    names = vars(run_file(path, module))
    for name, kind in {"__doc__": str, "TITLE": str, "QUESTION": str, "EXPECTED": dict}.items():
        if not isinstance(names.get(name), kind):
            what = "a docstring" if name == "__doc__" else name
            raise UserError(f"{path} lacks {what}; compare it with another file of {path.parent.name}/.")
    own = {name: part for name, part in names.items() if isinstance(part, FunctionType) and part.__module__ == module}
    probes = [name for name, function in own.items() if not function.__code__.co_argcount]
    for name in probes:
        if name not in frameworks():
            why = nearest("framework", name, frameworks())
            raise UserError(f"{path}: {name}() takes nothing, so it is a probe. {why}")
    if not probes:
        raise UserError(f"{path} has no probe: a function named after a framework, {', '.join(frameworks())}.")
    asked = names.get("PRECISION", "float64")
    if asked not in PRECISIONS:
        raise UserError(f"{path}: " + nearest("precision", str(asked), PRECISIONS))
    expected = by_variant(path, probes, "EXPECTED", names["EXPECTED"])
    for framework in probes:
        for variant in frameworks()[framework].variants:
            if variant.id not in expected:
                raise UserError(f"{path}: EXPECTED lacks {framework!r} (or {variant.id!r}), which it has a probe for.")
    documented = by_variant(path, probes, "DOCUMENTED", names.get("DOCUMENTED", {}))
    for id, entry in documented.items():
        if not (isinstance(entry, tuple) and len(entry) == 2 and str(entry[1]).startswith("https://")):
            raise UserError(f"{path}: DOCUMENTED of {id!r} is {entry!r}, expected (value, 'https://…').")
    notes = dict(names.get("NOTES", {}))
    general = {"": notes.pop("")} if "" in notes else {}
    return Topic(
        name=path.stem,
        path=path,
        text=" ".join(names["__doc__"].split()),
        title=names["TITLE"],
        question=names["QUESTION"],
        precision=asked,
        tolerance=names.get("TOLERANCE", TOLERANCE),
        frameworks=tuple(id for id in frameworks() if id in probes),
        expected=expected,
        documented={id: Documented(*entry) for id, entry in documented.items()},
        notes=general | by_variant(path, probes, "NOTES", notes),
    )


def by_variant(path: Path, probes: Sequence[str], name: str, entries: dict[str, Any]) -> dict[str, Any]:
    """Entries by variant id, from entries by variant or framework; a variant's own comes before its framework's."""
    found: dict[str, Any] = {}
    for key, value in entries.items():
        try:
            meant = select_variants([key])
        except UserError as error:
            raise UserError(f"{path}: {name}: {error}") from None
        if meant[0].framework not in probes:
            raise UserError(f"{path}: {name} has {key!r}, but there is no function {meant[0].framework}().")
        found |= {variant.id: value for variant in meant if variant.id not in entries or variant.id == key}
    return found


def examine(workers: Workers, topic: Topic, variant: Variant) -> Finding:
    """Runs one probe in its variant's worker, and holds its value against the expected one."""
    versions = variant.versions() or {}

    def complaint(value: Any) -> str:
        good = same(value, topic.expected[variant.id], topic.tolerance)
        return "" if good else change(topic, variant, value, versions)

    answer = ask(workers, question(topic, variant), topic.path, variant.framework, complaint)
    return Finding(topic, variant, answer.outcome, answer.reason, answer.fields.get("value"), versions)


def question(topic: Topic, variant: Variant) -> Question:
    """One worker serves both precisions where nothing in framework.toml depends on it."""
    settings = [variant.startup, *variant.environment.values()]
    depends = any("precision" in setting for setting in settings)
    return Question(topic.name, variant, topic.precision if depends else "float64")


def same(value: Any, wanted: Any, tolerance: float, *, partly: bool = False) -> bool:
    """Whether two plain values are the same, numbers within a relative tolerance; a NaN never is.

    With `partly`, a dict may hold more than is wanted of it.
    """
    if isinstance(wanted, dict):
        if not isinstance(value, dict) or not (
            wanted.keys() <= value.keys() if partly else wanted.keys() == value.keys()
        ):
            return False
        return all(same(value[key], part, tolerance, partly=partly) for key, part in wanted.items())
    if isinstance(wanted, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) != len(wanted):
            return False
        return all(same(*pair, tolerance, partly=partly) for pair in zip(value, wanted, strict=True))
    if is_number(wanted) and is_number(value):
        return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=1e-12)
    return type(value) is type(wanted) and value == wanted


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def change(topic: Topic, variant: Variant, value: Any, versions: dict[str, str]) -> str:
    """The sentence for a value that isn't the expected one."""
    pinned = pins(variant)
    clean = {name: version.split("+")[0] for name, version in versions.items()}
    gives = (
        f"{topic.name}: {variant.id} ({told(clean)}) gives {short(value)}, expected {short(topic.expected[variant.id])}"
    )
    file = f"{topic.path.parent.name}/{topic.path.name}"
    if any(clean[name] != version for name, version in pinned.items()):
        then = f"{gives} (as in {told(pinned)}): the default has changed"
        return f"{then}; see what relies on it, then change EXPECTED in {file}"
    return f"{gives}, and its version is not a new one: this machine computes otherwise, or {file} is wrong"


def told(versions: dict[str, str]) -> str:
    return ", ".join(map(" ".join, versions.items()))


def pins(variant: Variant) -> dict[str, str]:
    """The versions that EXPECTED was measured with, as far as they are pinned: torch's is, NumPy's is a range."""
    if variant.own:
        return variant.own.versions(variant.distributions) or {}
    try:
        requirements = metadata.requires("concord") or []
    except metadata.PackageNotFoundError:
        return {}
    matches = [match for requirement in requirements if (match := REQUIREMENT.match(requirement))]
    pinned = {match[1]: match[2] for match in matches}
    return {name: pinned[name] for name in variant.distributions if name in pinned}


def short(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {short(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(short, value))}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value + 0.0:.4g}" if is_number(value) else str(value)


def run_gotchas(name: str | None, frameworks_asked: str | None, json_file: Path | None) -> int:
    """Runs the probes, prints the table, and gives the exit code: 1 if a value has changed or a probe failed.

    Raises:
        UserError: an unknown topic or framework; a mistake in a topic's file; a file that can't be written.
    """
    chosen = {topic.name: topic for topic in select("gotcha", name, topics())}
    asked = select_variants(frameworks_asked)
    questions = [
        question(topic, variant) for variant in asked for topic in chosen.values() if variant in topic.variants
    ]
    findings, seconds = survey(
        lambda folder: Workers(folder, time_limit=TIME_LIMIT),
        questions,
        lambda workers, question: examine(workers, chosen[question.name], question.variant),
        json_file,
    )
    good = sum(finding.outcome == "ok" for finding in findings)
    summary = f"{good} of {len(findings)} as expected; ! not what the documentation says; {seconds:.0f} s"
    tables = [table(chosen.values(), findings)] if findings else []
    tell(tables, [*explanations(findings), summary], json_file, lambda: document(findings))
    return 0 if all(finding.outcome in ("ok", *ABSENT) for finding in findings) else 1


def table(chosen: Iterable[Topic], findings: Sequence[Finding]) -> "Table":
    """A line for each value of each topic, with the variants that gave it."""
    from rich.table import Column, Table
    from rich.text import Text

    result = Table(
        *(Column(name, overflow="fold") for name in ("topic", "value", "in")), box=None, padding=(0, 2, 0, 0)
    )
    for topic in chosen:
        cells: dict[tuple[str, str], list[str]] = {}
        for finding in findings:
            if finding.topic is topic and finding.outcome not in ABSENT:
                mark = "!" if finding.documented_agrees is False else ""
                shown = short(finding.value) if finding.agrees is not None else finding.outcome
                cells.setdefault((finding.outcome, shown), []).append(f"{mark}{finding.variant.id}")
        for number, ((outcome, shown), ids) in enumerate(cells.items()):
            style = "" if outcome == "ok" else "bold red"
            result.add_row("" if number else topic.name, Text(shown, style=style), ", ".join(ids))
    return result


def explanations(findings: Sequence[Finding]) -> list[str]:
    """A line for each value that isn't as expected or as documented, and for each variant that isn't there."""
    lines = []
    for finding in findings:
        documented = finding.topic.documented.get(finding.variant.id)
        if finding.outcome == "mismatch":
            lines.append(finding.reason)
        elif finding.outcome not in ("ok", *ABSENT):
            lines.append(f"{finding.topic.name}: {finding.variant.id}: {finding.outcome}: {finding.reason}")
        if documented and finding.documented_agrees is False:
            told = f"the documentation says {short(documented.value)}, it is {short(finding.value)}"
            lines.append(f"! {finding.topic.name}: {finding.variant.id}: {told} ({documented.source})")
    outcomes = ((finding.variant.id, finding.outcome, finding.reason) for finding in findings)
    return [*lines, *absent_lines(outcomes, "topics")]


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything as plain values, for `--json`; docs/gotchas.schema.json describes it."""
    return header(SCHEMA) | {"results": jsonable([row(finding) for finding in findings])}


def row(finding: Finding) -> dict[str, Any]:
    documented = finding.topic.documented.get(finding.variant.id)
    return {
        "topic": finding.topic.name,
        "variant": finding.variant.id,
        "framework": finding.variant.framework,
        "value": finding.value,
        "expected": finding.topic.expected[finding.variant.id],
        "documented": documented
        and {"value": documented.value, "source": documented.source, "agrees": finding.documented_agrees},
        "agrees": finding.agrees,
        "outcome": finding.outcome,
        "reason": finding.reason,
        "versions": finding.versions,
    }
