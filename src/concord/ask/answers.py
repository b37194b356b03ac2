"""`concord features`: runs the probes in the frameworks' workers and derives each answer from what comes back."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from concord.ask import features
from concord.ask.features import Feature, Probe
from concord.ask.questions import ABSENT, TIME_LIMIT, Question, absent_lines, ask, select, survey, tell
from concord.project import paths
from concord.project.framework import Variant, select_at_hand
from concord.run.pool import Workers
from concord.run.process import Answer

SCHEMA = "concord.features/1"
PRECISION = "float32"

BUILT_IN, FEW_LINES, ADD_ON, NOT_POSSIBLE = "built in", "a few lines", "add-on", "not possible"
FACT, NOT_WRITTEN, BROKEN = "fact", "not written yet", "broken"
SYMBOLS = {
    BUILT_IN: ("●", "green"),
    FEW_LINES: ("◐", "green"),
    ADD_ON: ("+", "cyan"),
    NOT_POSSIBLE: ("–", "dim"),
    FACT: ("", ""),
    NOT_WRITTEN: ("?", "yellow"),
    BROKEN: ("x", "bold red"),
}


@dataclass(frozen=True)
class Cell:
    """One framework's answer to one row.

    `answer` is one of SYMBOLS, or None where the framework could not be asked. `outcome` is `ok`, `documented`,
    `not_written`, or says why there is no right result; `reason` is then one line.
    """

    feature: str
    variant: str
    framework: str
    answer: str | None
    outcome: str
    reason: str = ""
    remark: str = ""
    function: str = ""  # in features.py
    claim: str = ""  # the API that makes it built in
    value: str = ""
    checked: str = ""
    add_on: str = ""  # names and versions
    source: str = ""
    seconds: float | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def without(self, outcome: str, reason: str) -> "Cell":
        """The same without a right result: it couldn't be asked here, or it is broken."""
        return replace(self, answer=None if outcome in ABSENT else BROKEN, outcome=outcome, reason=reason)


class Answers(Workers):
    """Answers cells, each in its framework's own worker.

    Args:
        folder: for the workers' logs and what probes write.
    """

    def __init__(self, folder: Path):
        super().__init__(folder, time_limit=TIME_LIMIT)
        self._facts: dict[str, Answer] = {}

    def cell(self, feature: Feature, variant: Variant) -> Cell:
        """The answer of one variant to one row."""
        cell = Cell(feature.id, variant.id, variant.framework, NOT_WRITTEN, "not_written")
        cell = replace(cell, versions=variant.versions() or {})
        if feature.derived:
            return self._fact(feature, variant, cell)
        found = features.written(variant.framework)
        if source := found.source(feature.id, variant):
            told = source.sentence if source.answer == FACT else ""
            cell = replace(cell, answer=source.answer, outcome="documented", remark=source.sentence, value=told)
            good = source.url.startswith("https://")
            return replace(cell, source=source.url) if good else cell.without("error", "the source is missing")
        probe = found.probe(feature.id, variant)
        if probe is None or feature.id not in features.checks():
            return cell
        cell = replace(cell, remark=probe.remark, function=probe.function, claim=probe.claim)
        facts = self._column(variant)
        if facts.outcome != "ok":
            return cell.without(facts.outcome, facts.reason)
        cell = replace(cell, versions=cell.versions | facts.fields["versions"])
        if wrong := wrong_claim(probe, facts.fields, variant):
            return cell.without("error", wrong)
        add_ons, missing = foreign_packages(probe, facts.fields)
        if missing:
            return cell.without("not_installed", f"{missing[0]} is not installed")
        return self._run(feature, variant, found.path, probe, replace(cell, add_on=", ".join(add_ons)))

    def _run(self, feature: Feature, variant: Variant, file: Path, probe: Probe, cell: Cell) -> Cell:
        """Runs a probe, holds its value against the check, and derives the answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=f"{feature.id}-", ignore_cleanup_errors=True) as made:
            arguments, expected = features.question(feature.id, Path(made))
            question = Question(feature.id, variant, PRECISION, feature.fresh)

            def complaint(value: Any) -> str:
                return features.complaint(value, expected, feature.rtol)

            answer = ask(self, question, file, probe.function, complaint, arguments)
        if "value" not in answer.fields:
            if feature.tool and not shutil.which(feature.tool):
                return cell.without("unsupported", f"there is no {feature.tool} here")
            return cell.without(answer.outcome, answer.reason)
        cell = replace(
            cell,
            value=features.shown(without_places(answer.fields["value"], Path(made))),
            checked=features.checked(expected, feature.rtol),
            seconds=answer.fields["seconds"][probe.function],
        )
        if answer.outcome != "ok":
            return cell.without(answer.outcome, answer.reason)
        return replace(cell, answer=ADD_ON if cell.add_on else BUILT_IN if probe.claim else FEW_LINES, outcome="ok")

    def _column(self, variant: Variant) -> Answer:
        """What the worker knows of all names that the column's probes use; asked once."""
        if variant.id not in self._facts:
            probes = features.written(variant.framework).probes.values()
            own_packages = features.own_packages(variant)
            # Of other packages only what is claimed, so that the worker doesn't import every add-on.
            names = {name for probe in probes for name in probe.names if name.split(".")[0] in own_packages}
            names |= {probe.claim for probe in probes if probe.claim}
            packages = {package for probe in probes for package in probe.imports}
            job = {"kind": "names", "names": sorted(names), "packages": sorted(packages)}
            started, answer = self.run(variant, PRECISION, job)
            own = {normal(name) for name in variant.distributions} | {"numpy"}
            known = {"own": own, "versions": started.fields.get("versions", {})}
            self._facts[variant.id] = replace(answer, fields=known | answer.fields)
        return self._facts[variant.id]

    def _fact(self, feature: Feature, variant: Variant, cell: Cell) -> Cell:
        """A row that is derived from the package's own metadata, or from the dates of its files on PyPI."""
        distribution = variant.distributions[0]
        if feature.id in RELEASE_FACTS:
            released = releases().get("distributions", {}).get(distribution)
            if released is None:
                return cell
            value, remark = RELEASE_FACTS[feature.id](released, releases()["created"][:10])
            known = replace(cell, answer=FACT, outcome="documented", value=value, remark=remark)
            return replace(known, source=released["source"]) if value else replace(cell, remark=remark)
        answer = self.run(variant, PRECISION, {"kind": "package", "distribution": distribution})[1]
        if answer.outcome != "ok":
            return cell.without(answer.outcome, answer.reason)
        if not (value := METADATA_FACTS[feature.id](answer.fields)):
            return cell.without("error", f"{distribution}'s metadata doesn't say")
        remark, checked = (
            f"from the metadata of {distribution} {answer.fields['version']}",
            "read where it is installed",
        )
        return replace(cell, answer=FACT, outcome="ok", value=value, remark=remark, checked=checked)


METADATA_FACTS = {
    "licence": lambda fields: fields["licence"][:60].partition("\n")[0],
    "python_versions": lambda fields: fields["requires_python"],
    "installed_size": lambda fields: megabytes(fields["bytes"]),
}
RELEASE_FACTS = {
    "first_release": lambda of, day: (of["first"]["date"], f"{of['first']['version']}; read on {day}"),
    "latest_release": lambda of, day: (of["latest"]["date"], f"{of['latest']['version']}; read on {day}"),
    "releases_last_year": lambda of, day: (str(of["last_year"]), f"without pre-releases; the year before {day}"),
    "download_size": lambda of, day: (megabytes(of["file"].get("bytes")), of["file"].get("name", "")),
}


def megabytes(count: int | None) -> str:
    return f"{count / 1e6:,.{0 if count >= 1e7 else 1}f} MB" if count else ""


@cache
def releases() -> dict[str, Any]:
    """frameworks/releases.json, which `python tools/releases.py` writes; empty if there is none."""
    path = paths.FRAMEWORKS / "releases.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def without_places(value: Any, folder: Path) -> Any:
    """A value whose texts name files without the folders of this machine."""
    if isinstance(value, dict):
        return {name: without_places(part, folder) for name, part in value.items()}
    if isinstance(value, str):
        # The home usually lies inside the checkout: the inner folder goes first.
        for place in (folder, paths.home(), paths.CHECKOUT):
            value = value.replace(f"{place}/", "")
    return value


def wrong_claim(probe: Probe, facts: dict[str, Any], variant: Variant) -> str:
    """Why a probe doesn't show the API that it names; empty if it does, or names none."""
    if not probe.claim:
        return ""
    found = facts["names"][probe.claim]
    if not found["exists"]:
        return f"it names {probe.claim}, which doesn't exist: {found['reason']}"
    brought = facts["packages"].get(found["package"])
    foreign = brought is None or normal(brought[0]) in facts["own"]
    if found["package"] not in features.own_packages(variant) and foreign:
        return f"it names {probe.claim}, which is not the framework's own API"
    used = any(name == probe.claim or name.startswith(f"{probe.claim}.") for name in probe.names)
    last = probe.claim.rsplit(".", 1)[-1]
    if not used and not (found["of_class"] and last in probe.attributes):
        return f"it names {probe.claim}, and doesn't use it"
    if probe.keyword and probe.keyword not in probe.keywords:
        return f"it names {probe.claim}({probe.keyword}=), and doesn't use the keyword"
    return ""


def foreign_packages(probe: Probe, facts: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What a probe uses beyond the framework's own packages and the standard library: the names and versions of what
    brought them, and the packages that aren't installed."""
    # `tensorflow.keras` begins like TensorFlow and is another package.
    packages = {facts["names"][name]["package"] for name in probe.names if name in facts["names"]} | probe.imports
    brought = {package: facts["packages"].get(package) for package in packages}
    missing = [name for name, by in brought.items() if by is None and name not in sys.stdlib_module_names]
    return sorted({" ".join(by) for by in brought.values() if by and normal(by[0]) not in facts["own"]}), missing


def run_features(name: str | None, frameworks: str | None, json_file: Path | None) -> int:
    """Answers, prints the table, and gives the exit code: 1 if a probe is broken.

    Raises:
        UserError: an unknown feature or framework; a mistake in a features.py; a file that can't be written.
    """
    from rich.text import Text

    from concord.report.results import header, sha256_by_name

    rows = {row.id: row for row in select("feature", name, features.features())}
    variants, left_out = select_at_hand(frameworks)
    complaints = features.row_problems()
    for framework in dict.fromkeys(variant.framework for variant in variants):
        complaints += [f"{framework}: {problem}" for problem in features.problems(framework)]
    questions = [Question(row.id, variant, PRECISION, row.fresh) for variant in variants for row in rows.values()]
    cells, seconds = survey(
        Answers, questions, lambda answers, asked: answers.cell(rows[asked.name], asked.variant), json_file
    )
    lines: list[Any] = [*explanations(cells), *left_out]
    lines += [Text(f"written wrongly: {line}", style="red") for line in complaints]
    lines.append(", ".join(f"{symbol} {answer}" for answer, (symbol, _) in SYMBOLS.items() if symbol))
    lines.append(f"{len(rows)} rows, {len(cells)} cells, {seconds:.0f} s")
    probes = [paths.FRAMEWORKS / variant.framework / "features.py" for variant in variants]
    results = {
        "wall_seconds": seconds,
        "files": sha256_by_name([*probes, paths.FRAMEWORKS / "feature_checks.py"]),
        "features": list(rows),
        "results": [asdict(cell) for cell in cells],
    }
    tell(tables(rows.values(), variants, cells), lines, json_file, lambda: header(SCHEMA) | results)
    return 1 if complaints or any(cell.answer == BROKEN for cell in cells) else 0


def tables(rows: Iterable[Feature], variants: list[Variant], cells: list[Cell]) -> list[Any]:
    """A table for each group: a line per feature, a column per variant."""
    from rich.table import Table
    from rich.text import Text

    by_place = {(cell.feature, cell.variant): cell for cell in cells}
    made: dict[str, Table] = {}
    for row in rows:
        if row.group not in made:
            columns = ("", *(variant.id for variant in variants))
            made[row.group] = Table(*columns, title=row.group, title_justify="left", box=None, padding=(0, 1, 0, 0))
        line = []
        for variant in variants:
            cell = by_place[row.id, variant.id]
            symbol, style = SYMBOLS[cell.answer] if cell.answer else ("", "yellow")
            word = cell.value if cell.answer == FACT else cell.answer or cell.outcome.replace("_", " ")
            line.append(Text(f"{symbol} {word}".strip(), style=style))
        made[row.group].add_row(row.name, *line)
    return list(made.values())


def explanations(cells: list[Cell]) -> list[str]:
    """A line for each cell without a right answer; those that aren't written in one line for each variant."""
    missing: dict[str, list[str]] = {}
    for cell in cells:
        if cell.answer == NOT_WRITTEN:
            missing.setdefault(cell.variant, []).append(cell.feature)
    return [
        *(f"{c.variant}: {c.feature}: {c.outcome}: {c.reason}" for c in cells if c.answer == BROKEN),
        *absent_lines(((cell.variant, cell.outcome, cell.reason) for cell in cells), "rows"),
        *(f"{id}: {len(names)} not written yet: {', '.join(names)}" for id, names in missing.items()),
    ]
