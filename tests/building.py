"""Builds the site for the tests, with made-up results that show every state."""

import atexit
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from concord import ladder
from concord.certify import equivalence, sha256
from concord.framework import variants
from concord.report import SCHEMA
from concord.site.results import kind, pins
from concord.task import Task, all_tasks, find_task

ENVIRONMENT = {
    "concord": "0.1.0",
    "numpy": "2.4.6",
    "python": "3.11.7",
    "platform": "Linux",
    "processor": "A processor",
    "threads": 4,
    "memory_bytes": 2**34,
}
ROOT = Path(__file__).resolve().parents[1]
BUILD = """
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
import logging
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
try:
    build(load_config(sys.argv[1], docs_dir=sys.argv[2], site_dir=sys.argv[3], strict=True))
except Abort as error:
    sys.exit(str(error))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@dataclass(frozen=True)
class Built:
    folder: Path
    code: int
    output: str
    seconds: float


def build(docs: Path, folder: Path) -> Built:
    """Builds in strict mode, as `mkdocs build --strict` does."""
    begin = time.perf_counter()
    command = [sys.executable, "-c", BUILD, str(ROOT / "mkdocs.yml"), str(docs), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return Built(folder, done.returncode, done.stdout + done.stderr, time.perf_counter() - begin)


def documents(folder: Path, results: list[dict]) -> Path:
    """A copy of docs/ with these results files instead of its own, each named for its kind."""
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("results", "__pycache__"))
    (folder / "results").mkdir()
    for number, document in enumerate(results):
        file = folder / "results" / f"{kind(document)}-{number}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
    return folder


@cache
def site() -> Built:
    """One site for all tests: all recipes but one have results."""
    folder = Path(tempfile.mkdtemp(prefix="concord-site-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tasks = [task for task in all_tasks() if task.name != "convolution"]
    found = [*(results_file(task) for task in tasks), certificate(find_task("mnist_cnn"))]
    return build(documents(folder / "docs", found), folder / "site")


def results_file(task: Task) -> dict:
    """A results file as `concord compare --json` writes it, with made-up figures."""
    results = [
        result(task, number, id) for number, id in enumerate(variants()) if variants()[id].framework in task.recipes
    ]
    return {
        "schema": SCHEMA,
        "created": "2026-01-31T23:59:59Z",
        "data": {"name": "mnist", "source": "test", "sha256": "0" * 64, "train_images": 60_000, "test_images": 10_000},
        "precisions": ["float64", "float32"],
        "epochs": None,
        "environment": ENVIRONMENT,
        "wall_seconds": 1.0,
        "worker_seconds": 1.0,
        "results": results,
    }


def certificate(task: Task) -> dict:
    """What `concord certify --json` writes: the second of four variants is worse, the third spreads widely."""
    accuracies = {
        "numpy": [0.983, 0.984, 0.985],
        "jax": [0.963, 0.964, 0.965],
        "keras-tf": [0.979, 0.984, 0.989],
        "pytorch": [0.983, 0.984, 0.9845],
    }
    rows = {
        id: {
            "versions": pins(variants()[id]),
            "recipe_sha256": sha256(task.recipes[variants()[id].framework]) if id != "jax" else "0" * 64,
            "reason": "",
            "runs": [
                {"seed": seed, "accuracy": value, "loss": 0.1, "seconds": 1.0} for seed, value in enumerate(values)
            ],
            "mean": statistics.fmean(values),
            "deviation": statistics.stdev(values),
        }
        for id, values in accuracies.items()
    }
    pairs = [
        asdict(equivalence(first, second, accuracies[first], accuracies[second], 0.003))
        for first, second in itertools.combinations(accuracies, 2)
    ]
    return {
        "schema": "concord.certify/1",
        "created": "2026-01-31T23:59:59Z",
        "recipe": task.name,
        "training": task.specification.HYPERPARAMETERS | {"images": task.specification.TRAIN_IMAGES},
        "data": {"name": "mnist", "source": "test", "sha256": "0" * 64},
        "epochs": None,
        "margin": 0.003,
        "alpha": 0.05,
        "environment": ENVIRONMENT,
        "variants": rows,
        "pairs": pairs,
    }


def repeats(number: int) -> list[dict]:
    """What `--repeat 3` adds; the fifth variant's verdict wavers."""
    found = [
        {"outcome": "ok", "accuracy": 0.98 + (number + i) / 1000, "epoch_seconds": 1.5 * (number + 1) + i / 4}
        for i in range(3)
    ]
    if number == 4:
        found[2] = {"outcome": "mismatch", "accuracy": None, "epoch_seconds": None}
    return found


def result(task: Task, number: int, id: str) -> dict:
    """The second variant fails, the third has a known difference, the fourth is of an old version."""
    fails, known, old = number == 1, number == 2, number == 3
    levels = [
        {
            "level": level.name,
            "precision": precision,
            "outcome": "mismatch" if (fails or known) and level.name == "logits" else "ok",
            "passed": not (fails and level.name == "logits"),
            "reason": "logits differ" if (fails or known) and level.name == "logits" else "",
            "declared": "a cause" if known and level.name == "logits" else "",
            "error": 1e-3 if (fails or known) and level.name == "logits" else 2e-16,
            "tensor": "logits",
            "run": "initial",
            "gate": level.gates[precision],
        }
        for precision in ("float64", "float32")
        for level in ladder.levels(task)
        if precision in level.gates
    ]
    versions = pins(variants()[id])
    if old:
        versions = dict.fromkeys(versions, "0.0.1")
    return {
        "recipe": task.name,
        "framework": variants()[id].framework,
        "variant": id,
        "versions": versions,
        "outcome": "mismatch" if fails else "ok",
        "reason": "logits differ" if fails else "",
        "levels": levels,
        "accuracy": None if fails else 0.98 + number / 1000,
        "epoch_seconds": None if fails else 1.5 * (number + 1),
        "first_step_seconds": None if fails else 0.25,
        "import_seconds": None if fails else 0.5,
        "peak_memory": None if fails else 2**28 * (number + 1),
        "history": [] if fails or task.name != "softmax_regression" else [0.5, 0.3 + number / 1000, 0.25],
        "repeats": repeats(number) if number > 3 else [],
    }
