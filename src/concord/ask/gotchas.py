"""`concord gotchas`: where the frameworks differ, measured on the installed versions by the probes in `gotchas/`.

A topic is one file: what the value means, a small function for each framework that computes it, what it was when it was
last looked at (EXPECTED), and what the documentation says (DOCUMENTED). A default that changes upstream is told so.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from concord.ask.questions import ABSENT, TIME_LIMIT, Question, absent_lines, ask, select, survey, tell
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import PRECISIONS, Variant, frameworks, select_at_hand, select_variants, variants
from concord.project.python import run_file
from concord.report.results import header, jsonable, sha256_by_name
from concord.run.pool import Workers
from concord.run.process import Answer

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "concord.gotchas/1"
TOLERANCE = 1e-6  # relative, for numbers, unless a topic says otherwise
REQUIREMENT = re.compile(r"^([\w.-]+)==([\w.+!-]+)")


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
    documented: dict[str, tuple[Any, str]]  # what the documentation says; of a dict, what it speaks of; and where
    notes: dict[str, str]

    @property
    def variants(self) -> list[Variant]:
        return [variant for variant in variants().values() if variant.framework in self.frameworks]


@dataclass(frozen=True)
class Finding:
    """What one variant gave, as it is published.

    `outcome` is one of the closed set: `ok`, `mismatch` if the value isn't the expected one, or why there is no value;
    `reason` is then one line. `agrees` is None where there is no value; `documented` is None where the documentation
    says nothing, and else has its `value`, its `source`, and whether it `agrees`.
    """

    topic: str
    variant: str
    framework: str
    value: Any
    expected: Any
    documented: dict[str, Any] | None
    agrees: bool | None
    outcome: str
    reason: str
    versions: dict[str, str]


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
        documented=documented,
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
    versions, expected = variant.versions() or {}, topic.expected[variant.id]

    def complaint(value: Any) -> str:
        return "" if same(value, expected, topic.tolerance) else change(topic, variant, value, versions)

    answer = ask(workers, question(topic, variant), topic.path, variant.framework, complaint)
    return found(topic, variant, answer, versions)


def found(topic: Topic, variant: Variant, answer: Answer, versions: dict[str, str]) -> Finding:
    """What an answer says, beside what was expected and what the documentation says."""
    value, known = answer.fields.get("value"), "value" in answer.fields
    documented = None
    if variant.id in topic.documented:
        told, source = topic.documented[variant.id]
        agrees = same(value, told, topic.tolerance, partly=True) if known else None
        documented = {"value": told, "source": source, "agrees": agrees}
    return Finding(
        *(topic.name, variant.id, variant.framework, value, topic.expected[variant.id], documented),
        *(answer.outcome == "ok" if known else None, answer.outcome, answer.reason, versions),
    )


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
    return f"{gives}, and its version is not a new one: this machine computes something else, or {file} is wrong"


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
    asked, left_out = select_at_hand(frameworks_asked)
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
    tables = [table(findings)] if findings else []
    tell(tables, [*explanations(findings), *left_out, summary], json_file, lambda: document(findings))
    return 0 if all(finding.outcome in ("ok", *ABSENT) for finding in findings) else 1


def table(findings: Sequence[Finding]) -> "Table":
    """A line for each value of each topic, with the variants that gave it."""
    from rich.table import Column, Table
    from rich.text import Text

    columns = (Column(name, overflow="fold") for name in ("topic", "value", "in"))
    result = Table(*columns, box=None, padding=(0, 2, 0, 0))
    lines: dict[str, dict[tuple[str, str], list[str]]] = {}
    for finding in sorted(findings, key=lambda finding: finding.topic):
        if finding.outcome not in ABSENT:
            mark = "!" if finding.documented and finding.documented["agrees"] is False else ""
            shown = short(finding.value) if finding.agrees is not None else finding.outcome
            values = lines.setdefault(finding.topic, {})
            values.setdefault((finding.outcome, shown), []).append(f"{mark}{finding.variant}")
    for topic, values in lines.items():
        for number, ((outcome, shown), ids) in enumerate(values.items()):
            style = "" if outcome == "ok" else "bold red"
            result.add_row("" if number else topic, Text(shown, style=style), ", ".join(ids))
    return result


def explanations(findings: Sequence[Finding]) -> list[str]:
    """A line for each value that isn't as expected or as documented, and for each variant that isn't there."""
    lines = []
    for finding in findings:
        here, documented = f"{finding.topic}: {finding.variant}", finding.documented
        if finding.outcome == "mismatch":
            lines.append(finding.reason)
        elif finding.outcome not in ("ok", *ABSENT):
            lines.append(f"{here}: {finding.outcome}: {finding.reason}")
        if documented and documented["agrees"] is False:
            told = f"the documentation says {short(documented['value'])}, it is {short(finding.value)}"
            lines.append(f"! {here}: {told} ({documented['source']})")
    outcomes = ((finding.variant, finding.outcome, finding.reason) for finding in findings)
    return [*lines, *absent_lines(outcomes, "topics")]


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything as plain values, for `--json`; docs/gotchas.schema.json describes it."""
    files = sha256_by_name(topic.path for topic in topics().values())
    return header(SCHEMA) | {"files": files, "results": jsonable([asdict(finding) for finding in findings])}
