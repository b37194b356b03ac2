"""Reports: the table for a terminal and the JSON for everything else, both made from the same verdicts."""

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.judge import ladder
from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.project.task import Task
from concord.run.devices import find_gpu
from concord.run.evidence import Collector
from concord.run.process import available_threads

if TYPE_CHECKING:
    from rich.table import Table

    from concord.data.datasets import Dataset

# Described in docs/compare-json.md; the number changes when a field changes its meaning or disappears.
SCHEMA = "concord.compare/1"
AGAIN = "Give another file, or move this one away to start anew."


ABSENT = ("not_installed", "not_written")  # outcomes of what wasn't there to be run
LEGEND = "worst relative error: ✓ within its gate, ~ only reported, ! known difference, x beyond its gate"
WIDE = 124  # characters that the one table of a network needs


def tables(task: Task, rows: Sequence[VariantVerdict], data: str, width: int) -> "list[Table]":
    """The proof and the measurements: one table side by side, or two where the terminal is narrower than that."""
    title = f"{task.name}: {task.specification.TITLE} (data: {data})"
    if task.kind != "network":
        return [table(task, rows, title, proof=True)]
    if width >= WIDE:
        return [table(task, rows, title, proof=True, costs=True)]
    return [table(task, rows, title, proof=True), table(task, rows, "", costs=True)]


def table(
    task: Task, rows: Sequence[VariantVerdict], title: str, *, proof: bool = False, costs: bool = False
) -> "Table":
    """A line per variant and precision: each level's worst relative error, marked; then what was measured."""
    from rich.table import Table
    from rich.text import Text

    levels = [level.name for level in ladder.levels(task) if level.name != "accuracy"] if proof else []
    result = Table(title=title or None, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in ("variant", *(("version",) if costs else ()), "", *levels):
        result.add_column(name, no_wrap=True)
    for name in ("accuracy", "s/epoch", "first step", "memory") if costs else ():
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("outcome", no_wrap=True)
    for row in rows:
        version = next(iter(row.versions.values()), "-").split("+")[0]
        precisions = list(dict.fromkeys(level.precision for level in row.levels))
        if row.outcome in ABSENT:
            precisions = precisions[:1]
        for precision in precisions if proof else precisions[-1:]:
            verdicts = {level.level: level for level in row.levels if level.precision == precision}
            first = precision == precisions[0] or not proof
            result.add_row(
                row.variant if first else "",
                *((version if first else "",) if costs else ()),
                Text(precision.replace("float", "f"), style="dim"),
                *(level_cell(verdicts.get(name)) for name in levels),
                *(measurements(row, precision == precisions[-1]) if costs else ()),
                Text(row.outcome, style="green" if row.outcome == "ok" else "bold red") if first else "",
            )
    return result


def level_cell(verdict: LevelVerdict | None) -> Any:
    """A level's verdict in a few characters: passed, passed as declared, only reported, or failed."""
    from rich.text import Text

    if verdict is None or verdict.outcome in ABSENT:
        return ""
    if verdict.error is None:
        return Text("declared" if verdict.passed else verdict.outcome, style="yellow" if verdict.passed else "red")
    figure = "same" if verdict.error == 0 else f"{verdict.error:.0e}"
    if not verdict.passed:
        return Text(f"x {figure}", style="bold red")
    if verdict.declared:
        return Text(f"! {figure}", style="yellow")
    if verdict.gate is None:
        return Text(f"~ {figure}", style="dim")
    return Text(f"✓ {figure}", style="green")


def measurements(row: VariantVerdict, last: bool) -> list[str]:
    """Accuracy and timings, in the line of the precision that they were measured in."""
    if not last:
        return ["", "", "", ""]
    if row.accuracy is None or row.epoch_seconds is None or row.first_step_seconds is None or row.peak_memory is None:
        unverified = "unverified" if row.outcome in ("mismatch", "accuracy_fail", "nonfinite") else "-"
        return ["-", unverified, unverified, unverified]
    return [
        f"{row.accuracy:.4f}",
        f"{row.epoch_seconds:.2f} s",
        f"{row.first_step_seconds:.2f} s",
        f"{row.peak_memory / 2**20:,.0f} MiB",
    ]


def explanations(rows: Sequence[VariantVerdict]) -> list[str]:
    """A line for everything in a table that isn't plainly the same."""
    lines = []
    for row in rows:
        if row.outcome in ABSENT:
            lines.append(f"{row.variant}: {row.outcome}: {row.reason}")
            continue
        said: dict[str, list[str]] = {}
        for level in row.levels:
            if level.declared:
                what = f"known difference: {level.declared}"
            elif level.reason:
                what = f"{level.outcome}: {level.reason}"
            else:
                continue
            said.setdefault(what, []).append(f"{level.precision} {level.level}")
        lines += [f"{row.variant} {', '.join(levels)}: {what}." for what, levels in said.items()]
        for level in row.levels:
            if level.parting:
                later = [
                    f"{page.flips:,} {ladder.NETWORK_RUNS[page.run].describe()}"
                    for other in row.levels
                    for page in other.kinks
                    if other.precision == level.precision and ladder.NETWORK_RUNS[page.run].steps >= level.parting.step
                ]
                lines.append(
                    f"{row.variant} {level.precision} {level.level}: {level.parting.describe()}; "
                    f"kinks that flip in the next step: {', '.join(later)}."
                )
    return lines


def document(
    collector: Collector, rows: Sequence[VariantVerdict], precisions: Sequence[str], wall_seconds: float
) -> dict[str, Any]:
    """The whole comparison as plain values, for `--json`."""
    dataset = collector.dataset
    device = find_gpu() | {"tf32": collector.tf32} if collector.device == "gpu" else None
    return {
        "schema": SCHEMA,
        "created": now(),
        "data": {
            "name": dataset.name,
            "source": dataset.source,
            "sha256": dataset.digest,
            "train_images": len(dataset.train_images),
            "test_images": len(dataset.test_images),
        },
        "precisions": list(precisions),
        "epochs": collector.epochs,
        "environment": environment() | ({"device": device} if device else {}),
        "wall_seconds": wall_seconds,
        "worker_seconds": collector.worker_seconds,
        "results": [result(row) for row in rows],
    }


def environment() -> dict[str, Any]:
    """The machine and the harness."""
    import numpy as np
    import psutil

    return {
        "concord": concord_version(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "threads": available_threads(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def result(row: VariantVerdict) -> dict[str, Any]:
    values = asdict(row)
    if row.peak_device_memory is None:
        del values["peak_device_memory"]  # there is nothing to say without a GPU
    for level, verdict in zip(values["levels"], row.levels, strict=True):
        level["passed"] = verdict.passed
        if level["error"] == float("inf"):
            level["error"] = "inf"  # JSON has no infinity
        if level["parting"] and level["parting"]["after"] == float("inf"):
            level["parting"]["after"] = "inf"
    return values | {
        "framework": variants()[row.variant].framework,
        "hides": list(variants()[row.variant].hides),
        "outcome": row.outcome,
        "reason": row.reason,
    }


def now() -> str:
    """The time in UTC, as every results file gives it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def read_document(file: Path, schema: str) -> dict[str, Any]:
    """A results file of one kind, to go on with.

    Raises:
        UserError: it isn't one.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{file} can't be read as JSON: {error}.\n{AGAIN}") from None
    if not isinstance(found, dict) or found.get("schema") != schema:
        what = found.get("schema") if isinstance(found, dict) else type(found).__name__
        raise UserError(f"{file} has the schema {what!r}, expected {schema!r}.\n{AGAIN}")
    return found


def check_same_data(file: Path, document: dict[str, Any], dataset: "Dataset") -> None:
    """Raises a UserError where a file is about other images."""
    about = document.get("data") or {}
    if about.get("sha256") != dataset.digest:
        raise UserError(f"{file} is about other data: {about.get('name')}, now {dataset.name}.\n{AGAIN}")


def code_sha256(file: Path) -> str:
    """SHA-256 (hex) of a program's lines that hold more than a comment: its prose changes nothing that was measured."""
    lines = file.read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()


def concord_version() -> str:
    """Concord's own version; "unknown" where its source is run without having been installed."""
    try:
        return metadata.version("concord")
    except metadata.PackageNotFoundError:
        return "unknown"


def processor() -> str:
    """The processor's name, as the system tells it."""
    if sys.platform == "linux" and os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
