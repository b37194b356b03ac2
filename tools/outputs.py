"""`python tools/outputs.py`: what each recipe prints when it is started as a program, and how long NumPy's takes, for
the site and its notebooks.

Of an operation, and of a network that NumPy trains within seconds, in every framework; of a longer training in NumPy
alone. The time is the processor's, so that other processes don't count. What is recorded already for the present
program and versions isn't run again.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from concord.cli import fail
from concord.data import datasets
from concord.project import paths
from concord.project.errors import UserError
from concord.project.files import check_writable, write_json
from concord.project.framework import REFERENCE, Variant, frameworks
from concord.project.task import Task, all_tasks, find_task
from concord.report import results as report
from concord.run.process import available_threads
from concord.site.results import outdated_program

SCHEMA = "concord.outputs/1"
PATIENCE = 1200  # seconds
SHORT = 10  # seconds of NumPy's: so short a training is recorded in every framework
# Keras's own loader takes MNIST from its cache or the network: here it gets what lies beside the program.
LOADER = """import os, runpy, sys
import keras.src.datasets.mnist as loader
loader.get_file = lambda *_, **__: os.path.abspath("mnist.npz")
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def run(task: Task, variant: Variant) -> tuple[str, float]:
    """What the program prints, alone in a folder with nothing but the data of a network, and its seconds.

    Raises:
        UserError: it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(shutil.copy(task.recipes[variant.framework], folder))
        if task.kind == "network":
            datasets.export(Path(folder) / "mnist.npz", datasets.load("mnist"))
        loads = "datasets.mnist.load_data()" in program.read_text(encoding="utf-8")
        begin = busy()
        done = subprocess.run(
            [variant.own.python if variant.own else sys.executable, *(["-c", LOADER] if loads else []), program],
            cwd=folder,
            env=os.environ | variant.worker_environment("float32", available_threads()),
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        seconds = busy() - begin
    if done.returncode:
        raise UserError(f"{program.name} fails: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout, seconds


def busy() -> float:
    """The processor's seconds of all processes that this one has started, and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def row(task: Task, variant: Variant) -> dict[str, Any]:
    printed, seconds = run(task, variant)
    return {
        "recipe": task.name,
        "framework": variant.framework,
        "variant": variant.id,
        "versions": variant.versions(),
        "recipe_sha256": report.code_sha256(task.recipes[variant.framework]),
        "printed": printed,
    } | ({"seconds": round(seconds, 1)} if variant.id == REFERENCE else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", help="by default every one with programs")
    parser.add_argument("--json", type=Path, default=paths.CHECKOUT / "docs" / "results" / "outputs.json")
    arguments = parser.parse_args()
    try:
        check_writable(arguments.json)
        known: dict[tuple[str, str], dict[str, Any]] = {}
        if arguments.json.exists():
            found = report.read_document(arguments.json, SCHEMA)["results"]
            known = {(one["recipe"], one["framework"]): one for one in found}
        tasks = [find_task(name) for name in arguments.recipes] or all_tasks()
        for task in (task for task in tasks if task.kind != "experiment"):
            first = sorted(frameworks().values(), key=lambda framework: framework.id != REFERENCE)
            for framework in first:
                variant = framework.variants[0]
                reference = variant.id == REFERENCE
                asked = reference or task.kind == "operation" or known[task.name, REFERENCE]["seconds"] < SHORT
                if framework.id not in task.recipes or not asked or not variant.versions():
                    continue
                key = (task.name, framework.id)
                complete = key in known and ("seconds" in known[key] or not reference)
                if complete and not outdated_program(task, variant.id, known[key]):
                    continue
                known[key] = row(task, variant)
                print(f"{task.recipes[framework.id].name}: {len(known[key]['printed'])} characters")
                document = report.header(SCHEMA) | {"results": [known[one] for one in sorted(known)]}
                write_json(arguments.json, document)
    except UserError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
