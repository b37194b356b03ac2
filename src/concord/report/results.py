"""Reports: lines and tables for a terminal, and the results files, all made from the same verdicts."""

import hashlib
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project.errors import UserError
from concord.project.files import write_json
from concord.project.framework import variants
from concord.project.outcomes import ABSENT
from concord.project.task import Task
from concord.report.terminal import ago
from concord.run.devices import find_gpu
from concord.run.plan import TOLD, code_without
from concord.run.process import available_threads

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from concord.data.datasets import Dataset

# Described in docs/compare-json.md; the number changes when a field changes its meaning or disappears.
SCHEMA = "concord.compare/2"
AGAIN = "Give another file, or move this one away to start anew."
SHORT = {"float64": "f64", "float32": "f32"}


def lines(row: VariantVerdict, recipe_width: int, variant_width: int, told: set[str]) -> "list[Text]":
    """A program's verdict in a line, and a line for each thing that isn't plainly the same.

    Args:
        told: what lines before this one have said. A known difference is told once, and this row's is added.
    """
    from rich.text import Text

    sign, style = sign_of(row)
    version = next(iter(row.versions.values()), "").split("+")[0]
    line = Text.assemble(
        (f"{sign} ", style), f"{row.recipe:{recipe_width}}  {row.variant:{variant_width}}  ", (f"{version:8}", "dim")
    )
    for precision in dict.fromkeys(level.precision for level in row.levels):
        error = row.error(precision)
        if error is not None:
            figure = "same" if error == 0 else f"{error:.0e}"
            line.append(f"  {SHORT[precision]} {figure:<5}", style=style)
    if row.accuracy is not None:
        kind = " (short run)" if row.depth == "quick" else ""
        line.append(f"  {row.scored_by} {row.accuracy:.3f}{kind}", style="dim")
    if row.reused and row.proven:
        line.append(f"  proven {ago(row.proven)}, same program, same versions", style="dim")
    elif row.seconds and not row.absent:
        line.append(f"  {row.seconds:.1f} s", style="dim")
    if row.outcome != "ok":
        line.append(f"  {row.outcome}", style=style)
    said = explanations(row)
    if row.outcome == "ok" and said:
        said = [text for text in said if text not in told]
        told.update(said)
        if not said:
            line.append("  known difference, as above", style="dim")
    return [line, *(Text(f"    {text}", style="dim" if row.outcome == "ok" else style) for text in said)]


def sign_of(row: VariantVerdict) -> tuple[str, str]:
    """A mark and its style: the same, the same but for a known difference, absent, or wrong."""
    if row.outcome == "ok":
        return ("!", "yellow") if row.declared else ("✓", "green")
    return ("-", "dim") if row.outcome in (*ABSENT, "unsupported") else ("✗", "bold red")


def explanations(row: VariantVerdict) -> list[str]:
    """A line for everything that isn't plainly the same; for a failure, where it is first seen."""
    if failure := row.failure:
        where = "" if failure.outcome in ABSENT else f"{failure.precision} {failure.level}: "
        return [f"{where}{failure.reason}"]
    said: dict[str, list[str]] = {}
    for level in row.levels:
        if level.declared:
            said.setdefault(f"known difference: {level.declared}", []).append(f"{level.precision} {level.level}")
    return [f"{what} ({', '.join(levels)})" for what, levels in said.items()]


def matrix(rows: Sequence[VariantVerdict]) -> "Table":
    """Recipes by variants: every program's mark."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("")
    columns = list(dict.fromkeys(row.variant for row in rows))
    for name in columns:
        table.add_column(name, justify="center", no_wrap=False)
    found = {(row.recipe, row.variant): row for row in rows}
    for recipe in dict.fromkeys(row.recipe for row in rows):
        cells = [Text(*sign_of(found[recipe, name])) if (recipe, name) in found else "" for name in columns]
        table.add_row(recipe, *cells)
    return table


def sentence(rows: Sequence[VariantVerdict], data: str, depth: str, seconds: float) -> str:
    """The whole comparison in one sentence."""
    good = [row for row in rows if row.outcome == "ok"]
    absent = [row for row in rows if row.outcome in (*ABSENT, "unsupported")]
    parts = [f"{len(good)} of {len(rows) - len(absent)} programs are proven to compute the same as NumPy's"]
    if known := sum(row.declared for row in good):
        parts.append(f"{known} of them with a known difference (!)")
    if absent:
        parts.append(f"{len(absent)} could not be run (-)")
    if wrong := len(rows) - len(absent) - len(good):
        parts.append(f"{wrong} {'is' if wrong == 1 else 'are'} not the same (✗)")
    return f"{'; '.join(parts)}. {depth.capitalize()} proof on {data}, {seconds:.0f} s."


def levels_table(row: VariantVerdict) -> "Table":
    """One program, level by level: the worst relative error, marked."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{row.recipe}, {row.variant}", title_justify="left", box=None, padding=(0, 1, 0, 0))
    precisions = list(dict.fromkeys(level.precision for level in row.levels))
    verdicts = {(level.level, level.precision): level for level in row.levels}
    for name in ("", *precisions):
        table.add_column(name, no_wrap=True)
    for level in dict.fromkeys(level.level for level in row.levels):
        cells = [level_cell(verdicts.get((level, precision))) for precision in precisions]
        table.add_row(Text(level, style="dim"), *cells)
    return table


def level_cell(verdict: LevelVerdict | None) -> Any:
    """A level's verdict in a few characters: passed, passed as declared, only reported, or failed."""
    from rich.text import Text

    if verdict is None or verdict.outcome in ABSENT:
        return ""
    if verdict.error is None and verdict.outcome == "ok":
        return Text("✓ holds", style="green")
    if verdict.error is None:
        return Text("declared" if verdict.passed else verdict.outcome, style="yellow" if verdict.passed else "red")
    figure = "same" if verdict.error == 0 else f"{verdict.error:.0e}"
    if not verdict.passed:
        return Text(f"✗ {figure}", style="bold red")
    if verdict.declared:
        return Text(f"! {figure}", style="yellow")
    if verdict.gate is None:
        return Text(f"~ {figure}", style="dim")
    return Text(f"✓ {figure}", style="green")


def document(
    dataset: "Dataset",
    rows: Sequence[VariantVerdict],
    precisions: Sequence[str],
    depth: str,
    device: str,
    tf32: dict[str, str],
    wall_seconds: float,
    programs: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """The whole comparison as plain values, for `--json`.

    Args:
        programs: by recipe what `sha256_of` gave when the comparison began.
    """
    return {
        **header(SCHEMA),
        "data": {
            "name": dataset.name,
            "source": dataset.source,
            "sha256": dataset.digest,
            "train_images": len(dataset.train_images),
            "test_images": len(dataset.test_images),
        },
        "precisions": list(precisions),
        "depth": depth,
        **({"environment": environment() | {"device": find_gpu() | {"tf32": tf32}}} if device == "gpu" else {}),
        "wall_seconds": wall_seconds,
        "results": [result(row, programs[row.recipe]) for row in rows],
    }


def result(row: VariantVerdict, programs: dict[str, str]) -> dict[str, Any]:
    """One program's verdict as plain values."""
    values = asdict(row)
    framework = variants()[row.variant].framework
    for level, verdict in zip(values["levels"], row.levels, strict=True):
        level["passed"] = verdict.passed
    proven = row.proven and time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row.proven))
    return jsonable(values) | {
        "framework": framework,
        "recipe_sha256": programs.get(framework, ""),
        "task_sha256": programs["task"],
        "hides": list(variants()[row.variant].hides),
        "outcome": row.outcome,
        "reason": row.reason,
        "proven": proven,
    }


def publish(found: dict[str, Any], rows: Sequence[VariantVerdict], folder: Path) -> list[Path]:
    """Writes a results file for each recipe, and appends a line for each program to the history.

    Variants that weren't compared now keep their results, if those are of the same data, depth and machine.

    Returns:
        The files.
    """
    files = []
    for recipe in dict.fromkeys(row.recipe for row in rows):
        file = folder / f"compare-{recipe}.json"
        measured = {one["variant"]: one for one in found["results"] if one["recipe"] == recipe}
        earlier = read_document(file, SCHEMA) if file.exists() else {}
        kept = earlier["results"] if earlier and conditions(earlier) == conditions(found) else []
        results = {one["variant"]: one for one in kept} | measured
        write_json(file, found | {"results": [results[id] for id in variants() if id in results]})
        files.append(file)
    history = folder / "history.jsonl"
    with history.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(history_line(found, row)) + "\n")
    return [*files, history]


def conditions(document: dict[str, Any]) -> tuple[Any, ...]:
    """What two comparisons must have in common to stand in one file."""
    machine = document["environment"]
    data = document["data"]["sha256"]
    return data, document["precisions"], document["depth"], machine["processor"], machine.get("device")


def speaking(task: Task, folder: Path) -> list[dict[str, Any]]:
    """The published results of a task's programs that were proven and haven't changed since."""
    rows = read_document(folder / f"compare-{task.name}.json", SCHEMA)["results"]
    return [row for row in rows if row["outcome"] == "ok" and not changed_since(task, row)]


def history_line(found: dict[str, Any], row: VariantVerdict) -> dict[str, Any]:
    """When, where and what: one program's worst error by precision and level."""
    errors: dict[str, dict[str, Any]] = {}
    for level in row.levels:
        if level.error is not None:
            errors.setdefault(level.precision, {})[level.level] = jsonable(level.error)
    return {
        "date": found["created"],
        "versions": row.versions,
        "machine": found["environment"]["processor"] or found["environment"]["platform"],
        "data": found["data"]["name"],
        "recipe": row.recipe,
        "variant": row.variant,
        "depth": row.depth,
        "outcome": row.outcome,
        "errors": errors,
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


def header(schema: str) -> dict[str, Any]:
    """What every results file begins with."""
    return {"schema": schema, "created": now(), "environment": environment()}


def jsonable(value: Any) -> Any:
    """Plain values for JSON, which has no infinity and no NaN: they become the words."""
    if isinstance(value, dict):
        return {name: jsonable(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


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


def sha256_of(task: Task) -> dict[str, str]:
    """What a result is of: `code_sha256` by framework of its programs, and of its "task" `task_sha256`."""
    return {"task": task_sha256(task)} | {id: code_sha256(file) for id, file in task.recipes.items()}


def task_sha256(task: Task) -> str:
    """SHA-256 (hex) of a task.py's code without words for readers."""
    return hashlib.sha256(code_without(task.folder / "task.py", TOLD)).hexdigest()


def sha256_by_name(files: Iterable[Path]) -> dict[str, str]:
    """`code_sha256` by the file's name and its folder's, as in "gotchas/momentum.py"."""
    return {f"{file.parent.name}/{file.name}": code_sha256(file) for file in files if file.exists()}


def changed_since(task: Task, row: dict[str, Any]) -> list[str]:
    """The names of the files that are no longer what a published row is of."""
    program, found = task.recipes.get(row["framework"]), []
    if program and code_sha256(program) != row["recipe_sha256"]:
        found.append(program.name)
    now = task_sha256(task)
    if row.get("task_sha256", now) != now:
        found.append("task.py")
    return found


def code_sha256(file: Path) -> str:
    """SHA-256 (hex) of a program's lines that hold more than a comment: its prose changes nothing that was measured."""
    return _code_sha256(file.read_bytes().decode("utf-8", "surrogateescape"))  # Python reads other encodings too


@cache
def _code_sha256(source: str) -> str:
    code = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return hashlib.sha256("\n".join(code).encode("utf-8", "surrogateescape")).hexdigest()


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
