"""What a recipe file must look like, read from its source: no framework is imported."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

from concord.project.framework import frameworks
from concord.project.task import Task

MOST_LINES = {"network": 110, "operation": 35}  # of code, neither blank nor comment
CELL = re.compile(r"^# %%(?! \[markdown\]) *(.*?)\s*$", re.MULTILINE)


def cells(source: str) -> list[str]:
    """The titles of a percent script's code cells, in order."""
    return [title for title in CELL.findall(source) if title]


def problems(task: Task, framework: str) -> list[str]:
    """Everything that a recipe's source does against the contract, in sentences; empty if nothing.

    Args:
        task: the recipe folder.
        framework: whose file to look at; it must be written.
    """
    path = task.recipes[framework]
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    found = []
    if cells(source) != list(task.steps):
        found.append(f"has the steps {', '.join(cells(source))}; task.py names {', '.join(task.steps)}")
    if not source.startswith("# %% [markdown]\n# # "):
        found.append("doesn't begin with a markdown cell and a title")
    count = sum(not line.lstrip().startswith("#") for line in source.splitlines() if line.strip())
    if count > (most := MOST_LINES[(task.of or task).kind]):
        found.append(f"has {count} lines of code, more than {most}")
    own = frameworks()[framework]
    backends = {name for variant in own.variants for name in variant.distributions}
    known = {*sys.stdlib_module_names, "numpy", *own.imports, *backends}
    if foreign := sorted(imported(tree) - known):
        allowed = "the standard library, NumPy, the own framework and its backends"
        found.append(f"imports {', '.join(foreign)}; allowed are {allowed}")
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found += [f"has no function {name}" for name in task.contract() if name not in functions]
    if task.kind == "network" and "train" in functions:
        expected = task.keywords()
        if (given := keyword_defaults(functions["train"])) != expected:
            found.append(f"train has the defaults {given}; task.py says {expected}")
    return found


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else (node.module or "").split(".")[0])
    return names


def keyword_defaults(function: ast.FunctionDef) -> dict[str, Any]:
    """The defaults of a function's keyword-only parameters, as far as they are literals."""
    pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return {name.arg: ast.literal_eval(value) if value else None for name, value in pairs}


def stray_files(folder: Path, task: Task) -> list[str]:
    """Python files in a recipe folder that are neither its task, its picture nor a recipe of a known framework."""
    known = {folder / "task.py", folder / "figure.py", *task.recipes.values()}
    return sorted(path.name for path in folder.glob("*.py") if path not in known)
