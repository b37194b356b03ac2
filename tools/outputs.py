"""`python tools/outputs.py`: what each recipe prints when it is started as a program, for the site and its notebooks.

Only operations: a network prints its loss and its accuracy, which the evidence tells more precisely. What is recorded
already for the present program and versions isn't run again.
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
from concord.project import paths
from concord.project.errors import UserError
from concord.project.files import check_writable, write_json
from concord.project.framework import Variant, frameworks
from concord.project.task import Task, all_tasks, find_task
from concord.report import results as report
from concord.run.process import available_threads
from concord.site.results import outdated_program

SCHEMA = "concord.outputs/1"
PATIENCE = 1200  # seconds


def printed(task: Task, variant: Variant) -> str:
    """What the program prints, alone in an empty folder.

    Raises:
        UserError: it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(shutil.copy(task.recipes[variant.framework], folder))
        done = subprocess.run(
            [variant.own.python if variant.own else sys.executable, program],
            cwd=folder,
            env=os.environ | variant.worker_environment("float32", available_threads()),
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
    if done.returncode:
        raise UserError(f"{program.name} fails: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def row(task: Task, variant: Variant) -> dict[str, Any]:
    return {
        "recipe": task.name,
        "framework": variant.framework,
        "variant": variant.id,
        "versions": variant.versions(),
        "recipe_sha256": report.code_sha256(task.recipes[variant.framework]),
        "printed": printed(task, variant),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", help="by default every operation")
    parser.add_argument("--json", type=Path, default=paths.CHECKOUT / "docs" / "results" / "outputs.json")
    arguments = parser.parse_args()
    try:
        check_writable(arguments.json)
        known: dict[tuple[str, str], dict[str, Any]] = {}
        if arguments.json.exists():
            found = report.read_document(arguments.json, SCHEMA)["results"]
            known = {(one["recipe"], one["framework"]): one for one in found}
        tasks = [find_task(name) for name in arguments.recipes] or all_tasks()
        for task in (task for task in tasks if task.kind == "operation"):
            for framework in frameworks().values():
                variant = framework.variants[0]
                if framework.id not in task.recipes or not variant.versions():
                    continue
                key = (task.name, framework.id)
                if key in known and not outdated_program(task, variant.id, known[key]):
                    continue
                known[key] = row(task, variant)
                print(f"{task.recipes[framework.id].name}: {len(known[key]['printed'])} characters")
                document = report.header(SCHEMA) | {"results": [known[one] for one in sorted(known)]}
                write_json(arguments.json, document)
    except UserError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
