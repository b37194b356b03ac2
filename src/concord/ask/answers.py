"""`concord features`: runs the probes in the frameworks' workers and derives each answer from what comes back."""

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from concord.ask import features
from concord.ask.features import Feature, Probe
from concord.project import paths
from concord.project.framework import Variant, select_variants
from concord.run.pool import Workers
from concord.run.process import available_threads, close_all

SCHEMA = "concord.features/1"
PRECISION = "float32"
SIDE_BY_SIDE = 4  # columns at once, if there are as many cores: most of a probe's work keeps one core busy
TIME_LIMIT = 600.0  # seconds for one probe; Theano compiles with a C++ compiler, on a busy machine for minutes

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
ABSENT = ("not_installed", "unsupported")  # outcomes that say something of this machine, and nothing of the framework


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


class Answers:
    """Answers cells, each in its framework's own worker.

    Args:
        folder: for the workers' logs and what probes write.
        time_limit: seconds for one probe.
    """

    def __init__(self, folder: Path, time_limit: float = TIME_LIMIT):
        self.folder = folder
        self.workers = Workers(folder, time_limit=time_limit)
        self._facts: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.close()

    def cell(self, feature: Feature, variant: Variant) -> Cell:
        """The answer of one variant to one row."""
        cell = Cell(feature.id, variant.id, variant.framework, None, "", versions=variant.versions() or {})
        if feature.derived:
            return self._fact(feature, variant, cell)
        found = features.written(variant.framework)
        source = found.source(feature.id, variant)
        if source:
            good = source.url.startswith("https://")
            return replace(
                cell,
                answer=source.answer if good else BROKEN,
                outcome="documented" if good else "error",
                reason="" if good else "the source is missing",
                remark=source.sentence,
                value=source.sentence if source.answer == FACT else "",
                source=source.url,
            )
        probe = found.probe(feature.id, variant)
        if probe is None or feature.id not in features.checks():
            return replace(cell, answer=NOT_WRITTEN, outcome="not_written")
        cell = replace(cell, remark=probe.remark, function=probe.function, claim=probe.claim)
        begin = time.perf_counter()
        cell = self._run(feature, variant, probe, cell)
        return cell if cell.seconds else replace(cell, seconds=time.perf_counter() - begin)

    def columns(
        self, rows: list[Feature], variants: list[Variant], announce: Callable[[str], None] = lambda what: None
    ) -> list[Cell]:
        """All cells, a variant's after the other's and the rows in their order; several variants run side by side."""
        stopped = threading.Event()

        def column(variant: Variant) -> list[Cell]:
            found = {}
            for row in sorted(
                rows, key=lambda row: not row.fresh
            ):  # from copies of the worker that the others use then
                if stopped.is_set():
                    break
                announce(f"{variant.id}: {row.id}")
                found[row.id] = self.cell(row, variant)
            self.workers.close_one(variant, PRECISION)
            return [found[row.id] for row in rows if row.id in found]

        with ThreadPoolExecutor(min(SIDE_BY_SIDE, available_threads())) as pool:
            try:
                return [cell for cells in pool.map(column, variants) for cell in cells]
            except BaseException:  # Ctrl-C, too: ends what is being run, so that the columns come to their end
                stopped.set()
                close_all()
                raise

    def _run(self, feature: Feature, variant: Variant, probe: Probe, cell: Cell) -> Cell:
        """Runs a probe, holds its value against the check, and derives the answer."""
        facts = self._column(variant)
        if facts.get("outcome", "ok") != "ok":
            outcome, reason = facts["outcome"], facts["reason"]
            return replace(cell, answer=None if outcome in ABSENT else BROKEN, outcome=outcome, reason=reason)
        cell = replace(cell, versions=cell.versions | facts["versions"])
        if wrong := wrong_claim(probe, facts, variant):
            return replace(cell, answer=BROKEN, outcome="error", reason=wrong)
        add_ons = foreign_packages(probe, facts)
        if missing := [name for name, version in add_ons.items() if version is None]:
            reason = f"{missing[0]} is not installed"
            return replace(cell, outcome="not_installed", reason=reason)
        cell = replace(cell, add_on=", ".join(sorted({f"{name} {version}" for name, version in add_ons.values()})))  # type: ignore[misc]
        folder = Path(tempfile.mkdtemp(dir=self._made_folder(), prefix=f"{feature.id}-"))
        try:
            arguments, expected = features.question(feature.id, folder)
            ask = self.workers.fresh_probe if feature.fresh else self.workers.probe
            file = features.written(variant.framework).path
            answer = ask(variant, PRECISION, file, probe.function, **plain(arguments))
            if answer.outcome != "ok" and feature.tool and not shutil.which(feature.tool):
                return replace(cell, outcome="unsupported", reason=f"there is no {feature.tool} here")
            if answer.outcome != "ok":
                return replace(cell, answer=BROKEN, outcome=answer.outcome, reason=answer.reason)
            value = answer.fields["value"]
            try:
                why = features.complaint(value, expected, feature.rtol)
            except ModuleNotFoundError as error:
                return replace(cell, outcome="not_installed", reason=f"the check needs {error.name}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return replace(
            cell,
            answer=BROKEN if why else ADD_ON if add_ons else BUILT_IN if probe.claim else FEW_LINES,
            outcome="mismatch" if why else "ok",
            reason=why,
            value=features.shown(without_places(value, folder)),
            checked=features.checked(expected, feature.rtol),
            seconds=answer.fields["seconds"][probe.function],
        )

    def _made_folder(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _column(self, variant: Variant) -> dict[str, Any]:
        """What the worker knows of all names that the column's probes use; asked once."""
        if variant.id not in self._facts:
            probes = features.written(variant.framework).probes.values()
            own_packages = features.own_packages(variant)
            # Of other packages only what is claimed, so that the worker doesn't import every add-on.
            names = {name for probe in probes for name in probe.names if name.split(".")[0] in own_packages}
            names |= {probe.claim for probe in probes if probe.claim}
            packages = {package for probe in probes for package in probe.imports}
            job = {"kind": "names", "names": sorted(names), "packages": sorted(packages)}
            started, answer = self.workers.run(variant, PRECISION, job)
            own = {normal(name) for name in variant.distributions} | {"numpy"}
            self._facts[variant.id] = {
                "outcome": answer.outcome,
                "reason": answer.reason,
                "own": own,
                "versions": started.fields.get("versions", {}),
                **answer.fields,
            }
        return self._facts[variant.id]

    def _fact(self, feature: Feature, variant: Variant, cell: Cell) -> Cell:
        """A row that is derived from the package's own metadata, or from the dates of its files on PyPI."""
        distribution = variant.distributions[0]
        if feature.id in RELEASE_FACTS:
            released = releases().get("distributions", {}).get(distribution)
            if released is None:
                return replace(cell, answer=NOT_WRITTEN, outcome="not_written")
            value, remark = RELEASE_FACTS[feature.id](released, releases()["created"][:10])
            if not value:
                return replace(cell, answer=NOT_WRITTEN, outcome="not_written", remark=remark)
            return replace(
                cell, answer=FACT, outcome="documented", value=value, remark=remark, source=released["source"]
            )
        answer = self.workers.run(variant, PRECISION, {"kind": "package", "distribution": distribution})[1]
        if answer.outcome != "ok":
            known = answer.outcome in ABSENT
            return replace(cell, answer=None if known else BROKEN, outcome=answer.outcome, reason=answer.reason)
        value = METADATA_FACTS[feature.id](answer.fields)
        remark = f"from the metadata of {distribution} {answer.fields['version']}"
        if not value:
            return replace(cell, answer=BROKEN, outcome="error", reason=f"{distribution}'s metadata doesn't say")
        return replace(
            cell, answer=FACT, outcome="ok", value=value, remark=remark, checked="read where it is installed"
        )


METADATA_FACTS = {
    "licence": lambda fields: fields["licence"].splitlines()[0][:60] if fields["licence"] else "",
    "python_versions": lambda fields: fields["requires_python"],
    "installed_size": lambda fields: megabytes(fields["bytes"]) if fields["bytes"] else "",
}

RELEASE_FACTS = {
    "first_release": lambda of, day: (of["first"]["date"], f"{of['first']['version']}; read on {day}"),
    "latest_release": lambda of, day: (of["latest"]["date"], f"{of['latest']['version']}; read on {day}"),
    "releases_last_year": lambda of, day: (str(of["last_year"]), f"without pre-releases; the year before {day}"),
    "download_size": lambda of, day: (megabytes(of["file"]["bytes"]) if of["file"] else "", of["file"].get("name", "")),
}


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e7 else f"{count / 1e6:,.1f} MB"


@cache
def releases() -> dict[str, Any]:
    """frameworks/releases.json, which `python -m concord.ask.releases` writes; empty if there is none."""
    path = paths.FRAMEWORKS / "releases.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def plain(value: Any) -> Any:
    """Arrays and their numbers as lists and numbers, for JSON."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def without_places(value: Any, folder: Path) -> Any:
    """A value whose texts name files without the folders of this machine."""
    if isinstance(value, dict):
        return {name: without_places(part, folder) for name, part in value.items()}
    if isinstance(value, str):
        for place in (folder, paths.CHECKOUT):
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
    if found["package"] not in features.own_packages(variant) and (
        brought is None or normal(brought[0]) in facts["own"]
    ):
        return f"it names {probe.claim}, which is not the framework's own API"
    used = any(name == probe.claim or name.startswith(f"{probe.claim}.") for name in probe.names)
    last = probe.claim.rsplit(".", 1)[-1]
    if not used and not (found["of_class"] and last in probe.attributes):
        return f"it names {probe.claim}, and doesn't use it"
    if probe.keyword and probe.keyword not in probe.keywords:
        return f"it names {probe.claim}({probe.keyword}=), and doesn't use the keyword"
    return ""


def foreign_packages(probe: Probe, facts: dict[str, Any]) -> dict[str, tuple[str, str] | None]:
    """The packages that a probe uses beyond the framework's own and the standard library: name and version of what
    brought each, None if it isn't installed."""
    # `tensorflow.keras` begins like TensorFlow and is another package.
    packages = {facts["names"][name]["package"] for name in probe.names if name in facts["names"]} | probe.imports
    found: dict[str, tuple[str, str] | None] = {}
    for package in packages:
        brought = facts["packages"].get(package)
        if brought is None:
            if package not in sys.stdlib_module_names:
                found[package] = None
        elif normal(brought[0]) not in facts["own"]:
            found[package] = (brought[0], brought[1])
    return found


def run_features(name: str | None, frameworks: str | None, json_file: Path | None) -> int:
    """Answers, prints the table, and gives the exit code: 1 if a probe is broken.

    Raises:
        UserError: an unknown feature or framework; a mistake in a features.py; a file that can't be written.
    """
    from rich.console import Console

    from concord.project.framework import frameworks as all_frameworks
    from concord.report.compare import check_writable, progress, terminal
    from concord.run.evidence import new_folder, write_json

    rows = features.select_features(name)
    variants = select_variants(None if frameworks is None else [part.strip() for part in frameworks.split(",")])
    complaints = features.row_problems()
    for framework in dict.fromkeys(variant.framework for variant in variants):
        complaints += [f"{all_frameworks()[framework].id}: {problem}" for problem in features.problems(framework)]
    if json_file:
        check_writable(json_file)
    begin = time.perf_counter()
    with Answers(new_folder()) as answers, progress(len(rows) * len(variants)) as announce:
        answers.workers.announce = announce
        cells = answers.columns(rows, variants, announce)
    console: Console = terminal()
    for table in tables(rows, variants, cells):
        console.print(table)
    for line in explanations(cells):
        console.print(line, style="dim", soft_wrap=True, markup=False)
    for line in complaints:
        console.print(f"written wrongly: {line}", style="red", soft_wrap=True, markup=False)
    legend = ", ".join(f"{symbol} {answer}" for answer, (symbol, _) in SYMBOLS.items() if symbol)
    seconds = time.perf_counter() - begin
    console.print(f"{legend}\n{len(rows)} rows, {len(cells)} cells, {seconds:.0f} s", style="dim", markup=False)
    if json_file:
        write_json(json_file, document(rows, cells, seconds))
        console.print(f"wrote {json_file}", markup=False)
    return 1 if complaints or any(cell.answer == BROKEN for cell in cells) else 0


def tables(rows: Iterable[Feature], variants: list[Variant], cells: list[Cell]) -> list[Any]:
    """A table for each group: a line per feature, a column per variant."""
    from rich.table import Table
    from rich.text import Text

    by_place = {(cell.feature, cell.variant): cell for cell in cells}
    made: dict[str, Table] = {}
    for row in rows:
        if row.group not in made:
            table = made[row.group] = Table(title=row.group, title_justify="left", box=None, padding=(0, 1, 0, 0))
            table.add_column("")
            for variant in variants:
                table.add_column(variant.id)
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
    lines = [f"{c.variant}: {c.feature}: {c.outcome}: {c.reason}" for c in cells if c.answer == BROKEN]
    absent: dict[tuple[str, str], list[str]] = {}
    missing: dict[str, list[str]] = {}
    for cell in cells:
        if cell.answer is None:
            absent.setdefault((cell.variant, f"{cell.outcome}: {cell.reason}"), []).append(cell.feature)
        if cell.answer == NOT_WRITTEN:
            missing.setdefault(cell.variant, []).append(cell.feature)
    lines += [f"{variant}: {why} ({len(names)} rows)" for (variant, why), names in absent.items()]
    return lines + [f"{id}: {len(names)} not written yet: {', '.join(names)}" for id, names in missing.items()]


def document(rows: list[Feature], cells: list[Cell], seconds: float) -> dict[str, Any]:
    """All answers as plain values, for `--json`."""
    import platform

    import numpy as np
    import psutil

    from concord.report.results import concord_version, processor

    return {
        "schema": SCHEMA,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "environment": {
            "concord": concord_version(),
            "numpy": np.__version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "processor": processor(),
            "threads": available_threads(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "wall_seconds": seconds,
        "features": [row.id for row in rows],
        "results": [asdict(cell) for cell in cells],
    }
