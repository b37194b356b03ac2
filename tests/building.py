"""Builds the site for the tests, with made-up results that show every state."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from concord.ask.answers import Cell
from concord.ask.features import features
from concord.ask.gotchas import topics
from concord.judge import ladder
from concord.judge.mutants import all_mutants, changed_digest
from concord.project import paths
from concord.project.framework import variants
from concord.project.task import Task, all_tasks, find_task
from concord.report.results import SCHEMA, code_sha256, jsonable, sha256_by_name, sha256_of
from concord.site.results import kind, pins

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
MOVED = (ROOT / "docs" / "moved.toml").read_text(encoding="utf-8") + (
    '"help/nan.html" = "learning/index.html#nan"\n"recipes/digits/index.html" = "recipes/mnist_cnn/index.html"\n'
)
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
    seconds: float  # of the processor: other processes don't count


def build(docs: Path, folder: Path) -> Built:
    """Builds in strict mode, as `mkdocs build --strict` does."""
    begin = child_seconds()
    command = [sys.executable, "-c", BUILD, str(ROOT / "mkdocs.yml"), str(docs), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    return Built(folder, done.returncode, done.stdout + done.stderr, child_seconds() - begin)


def child_seconds() -> float:
    """The processor's time that finished child processes took."""
    times = os.times()
    return times.children_user + times.children_system


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
    found = [results_file(task) for task in tasks]
    found += [answers_file(), findings_file(), mutants_file()]
    found += [benchmark(find_task("mnist_cnn")), benchmark(find_task("mnist_cnn_fast"))]
    docs = documents(folder / "docs", found)
    (docs / "moved.toml").write_text(MOVED, encoding="utf-8")
    return build(docs, folder / "site")


def results_file(task: Task) -> dict:
    """A results file as `concord compare --json` writes it, with made-up figures."""
    written = [id for id, variant in variants().items() if variant.framework in task.recipes]
    results = [result(task, number, id) for number, id in enumerate(written)]
    return {
        "schema": SCHEMA,
        "created": "2026-01-31T23:59:59Z",
        "data": {"name": "mnist", "source": "test", "sha256": "0" * 64, "train_images": 60_000, "test_images": 10_000},
        "precisions": ["float64", "float32"],
        "depth": "full",
        "environment": ENVIRONMENT,
        "wall_seconds": 1.0,
        "results": results,
    }


def benchmark(task: Task) -> dict:
    """What `concord bench --json` writes: the first two variants share a tier, the third is of an old program, the
    fourth isn't proven equal, the fifth failed in its only round, the sixth in its fourth, the seventh was slow in its
    first; the others follow at a distance. TensorFlow's is of a time when nothing was hidden from it."""
    rows = {}
    for number, id in enumerate(id for id in variants() if variants()[id].framework in task.recipes):
        recipe = task.recipes[variants()[id].framework]
        step = 0.01 * (1.01 if number == 1 else 1 + number)
        slow = [1.3 if number == 6 else 1, 1, 1]
        rounds = [timed_round(turn, step * slow[turn] * (0.95 + 0.05 * ((turn + number) % 3))) for turn in range(3)]
        fault = {"round": 0, "outcome": "crashed", "reason": "killed"}
        rows[id] = {
            "framework": variants()[id].framework,
            "versions": pins(variants()[id]),
            "recipe_sha256": "0" * 64 if number == 2 else code_sha256(recipe),
            "hides": [] if id == "tensorflow" else list(variants()[id].hides),
            "unproven": "logits differ" if number == 3 else "",
            "installed_bytes": 10**8 * (1 + number),
            "rounds": {3: [], 4: [fault], 5: [*rounds, fault | {"round": 3}]}.get(number, rounds),
        }
    return {
        "schema": "concord.bench/2",
        "created": "2026-01-31T23:59:59Z",
        "recipe": task.name,
        "data": {"name": "mnist", "source": "test", "sha256": "0" * 64},
        "environment": ENVIRONMENT,
        "plan": {"short": 5, "long": 45, "seconds": 2, "turns": 6, "predictions": 200, "epochs": 3},
        "batch_size": 128,
        "control": {"variant": "numpy", "rounds": [timed_round(turn, 0.0101) for turn in range(3)]},
        "variants": rows,
    }


def timed_round(number: int, step: float) -> dict:
    names = ("import", "start", "first_step", "steady", "epoch", "single", "thousand")
    factors = (50, 5, 20, 1, 500, 0.1, 2)
    seconds = {f"{name}_seconds": factor * step for name, factor in zip(names, factors, strict=True)}
    return {"round": number, "outcome": "ok", "reason": "", **seconds, "turns": [step], "peak_memory": 2**29}


def answers_file() -> dict:
    """What `concord features --json` writes: every answer in turn, a row that tells a fact, one that wasn't asked."""
    kinds = ("built in", "built in", "a few lines", "add-on", "not possible", "not written yet", "broken", None)
    cells = []
    columns = sorted(variants().values(), key=lambda variant: variant.framework == "cuda")
    for row, feature in enumerate(features().values()):
        for column, variant in enumerate(columns):
            answer = "fact" if feature.derived else kinds[(row + column) % len(kinds)]
            cell = Cell(
                feature.id,
                variant.id,
                variant.framework,
                answer,
                "not_installed" if answer is None else "ok",
                reason="it gave 1, expected 2" if answer == "broken" else "",
                remark=f"a remark on `{feature.id}`",
                value="12 MB" if answer == "fact" else "3" if answer in ("built in", "a few lines", "add-on") else "",
                checked="equal to NumPy's within 1e-05",
                add_on="package 1.0" if answer == "add-on" else "",
                source="https://example.org/" if answer == "not possible" else "",
                versions=pins(variant),
            )
            cells.append(asdict(cell))
    return {
        "schema": "concord.features/1",
        "created": "2026-01-31T23:59:59Z",
        "environment": ENVIRONMENT,
        "wall_seconds": 1.0,
        "files": sha256_by_name([*paths.FRAMEWORKS.glob("*/features.py"), paths.FRAMEWORKS / "feature_checks.py"]),
        "features": list(features()),
        "results": cells,
    }


def findings_file() -> dict:
    """What `concord gotchas --json` writes: PyTorch has changed, JAX fails, Keras on TensorFlow isn't as documented."""
    rows = []
    for topic in topics().values():
        for variant in topic.variants:
            expected = jsonable(topic.expected[variant.id])
            fails, changed, documented = (variant.id == id for id in ("jax", "pytorch", "keras-tf"))
            value = None if fails else jsonable(changed_value(expected)) if changed else expected
            rows.append(
                {
                    "topic": topic.name,
                    "variant": variant.id,
                    "framework": variant.framework,
                    "value": value,
                    "expected": expected,
                    "documented": {"value": changed_value(expected), "source": "https://example.org/", "agrees": False}
                    if documented
                    else None,
                    "agrees": None if fails else not changed,
                    "outcome": "error" if fails else "mismatch" if changed else "ok",
                    "reason": "ValueError: no" if fails else "it gives another value" if changed else "",
                    "versions": pins(variant),
                }
            )
    return {
        "schema": "concord.gotchas/1",
        "created": "2026-01-31T23:59:59Z",
        "environment": ENVIRONMENT,
        "files": sha256_by_name(topic.path for topic in topics().values()),
        "results": rows,
    }


def changed_value(value: Any) -> Any:
    return {name: changed_value(part) for name, part in value.items()} if isinstance(value, dict) else "otherwise"


def mutants_file() -> dict:
    """What `concord mutants --json` writes: one is caught as claimed, one elsewhere, one makes no difference."""

    def row(mutant: str, fault: str, variant: str, outcome: str, error: float, equivalent: str = "") -> dict:
        caught = outcome != "equivalent"
        level = "gradients" if outcome == "killed elsewhere" else "logits"
        verdict = {
            "precision": "float64",
            "outcome": "mismatch" if caught else "ok",
            "passed": not caught,
            "reason": "",
            "error": error,
            "tensor": "logits",
            "run": "initial",
            "gate": 1e-12,
            "declared": "",
        }
        known = all_mutants().get(mutant)
        digest = changed_digest(known, variants()[variant].framework) if known else "0" * 64
        sound = verdict | {"outcome": "ok", "passed": True, "error": 0.0, "tensor": "shapes"}
        return {
            "mutant": mutant,
            "recipe": "mnist_cnn",
            "framework": variants()[variant].framework,
            "variant": variant,
            "created": "2026-01-31T23:59:59Z",
            "source_sha256": digest,
            "fault": fault,
            "what": "Something is wrong.",
            "level": "logits",
            "equivalent": equivalent,
            "told_apart_by": [],
            "levels": {"shapes": sound, level: verdict},
            "killed_by": level if caught else "",
            "outcome": outcome,
            "reason": "logits differ" if caught else equivalent,
        }

    return {
        "schema": "concord.mutants/1",
        "created": "2026-01-31T23:59:59Z",
        "data": {"name": "mnist", "source": "test", "sha256": "0" * 64},
        "environment": ENVIRONMENT,
        "wall_seconds": 1.0,
        "results": [
            row("flipped filter", "forward", "jax", "killed", 0.3),
            row("flipped filter", "forward", "pytorch", "killed", 0.2),
            row("wrong slope", "gradient", "pytorch", "killed elsewhere", 0.5),
            row("other ties", "gradient", "pytorch", "equivalent", 1e-16, "ties never show"),
        ],
        "controls": [
            {
                "recipe": "mnist_cnn",
                "framework": "pytorch",
                "variant": "pytorch",
                "versions": pins(variants()["pytorch"]),
                "source_sha256": "0" * 64,
                "levels": {},
                "outcome": "ok",
                "reason": "",
            }
        ],
    }


def repeats(number: int) -> list[dict]:
    """What `--repeat 3` adds; the fifth variant's verdict wavers."""
    found = [{"outcome": "ok", "accuracy": 0.98 + (number + i) / 1000} for i in range(3)]
    if number == 4:
        found[2] = {"outcome": "mismatch", "accuracy": None}
    return found


def made_up_curves(task: Task) -> dict[str, dict[str, list[float]]]:
    """Of each setting, three epochs that nobody has trained."""
    return {
        name: {
            "loss": [2 + number, 1 + number / 3, 0.5 + number / 9],
            "validation_loss": [2.3, 1, 0.7, 0.6],
            "accuracy": [0.1, 0.7, 0.8, 0.9 - number / 30],
        }
        for number, name in enumerate(task.settings)
    }


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
        "recipe_sha256": code_sha256(task.recipes[variants()[id].framework]),
        "task_sha256": sha256_of(task)["task"],
        "hides": [] if id == "tensorflow" else list(variants()[id].hides),
        "outcome": "mismatch" if fails else "ok",
        "reason": "logits differ" if fails else "",
        "levels": levels,
        "accuracy": None if fails else 0.98 + number / 1000,
        "depth": "full",
        "proven": "2026-01-31T23:59:58Z",
        "reused": False,
        "seconds": 1.0,
        "curves": {} if fails else made_up_curves(task),
        "history": [] if fails or task.name != "softmax_regression" else [0.5, 0.3 + number / 1000, 0.25],
        "repeats": repeats(number) if number > 3 else [],
    }
