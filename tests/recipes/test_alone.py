"""Every recipe runs when it is copied alone into an empty folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import QUICK_FOR_THEANO, copied, in_time, ladder_cases, skip_unless_ready

from concord.data import datasets as data
from concord.project.framework import frameworks
from concord.run.process import available_threads

PROBE = Path(__file__).with_name("run_alone.py")


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory):
    """A small mnist.npz, so that a recipe's own program ends soon."""
    digits = data.load("digits")
    path = tmp_path_factory.mktemp("few_digits") / "mnist.npz"
    np.savez(
        path,
        x_train=digits.train_images[:300],
        y_train=digits.train_labels[:300],
        x_test=digits.test_images[:100],
        y_test=digits.test_labels[:100],
    )
    return path


def cases() -> list:
    """Every recipe file; on Keras's other backends they run in the long part."""
    found = []
    for case in ladder_cases("network", "operation"):
        task, variant = case.values
        marks = in_time(variant, task.name in QUICK_FOR_THEANO)
        marks += [] if variant == frameworks()[variant.framework].variants[0] else [pytest.mark.long]
        found.append(pytest.param(task, variant, id=case.id, marks=[copied(variant), *marks]))
    return found


def started(recipe, variant, folder) -> str:
    """What `python recipe.py` prints; where the framework's own loader gets the data, by way of run_alone.py."""
    script = [PROBE, recipe] if "datasets.mnist.load_data()" in recipe.read_text(encoding="utf-8") else [recipe]
    finished = subprocess.run(
        [variant.own.python if variant.own else sys.executable, *script],
        cwd=folder,
        env=os.environ | variant.worker_environment("float32", available_threads()),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def started_in_a_copy(workers, recipe, variant, folder) -> str:
    """The same by a copy of a worker that has imported the framework, which takes most of such a program's time."""
    answer = workers.fresh_probe(variant, "float32", PROBE, "run_alone", recipe=str(recipe), folder=str(folder))
    assert answer.outcome == "ok", answer.reason
    return answer.fields["value"]


@pytest.mark.parametrize(("task", "variant"), cases())
def test_runs_alone(task, variant, asked, tmp_path, few_digits, request):
    """The network for MNIST as a user starts it, in the long part every recipe."""
    skip_unless_ready(task, variant)
    asked.keep(1)
    recipe = Path(shutil.copy(task.recipes[variant.framework], tmp_path))
    shutil.copy(few_digits, tmp_path / "mnist.npz")
    flagship = task.name == "mnist_cnn"
    # NumPy's recipes say how many threads it gets, before they import it.
    if flagship or variant.framework == "numpy" or request.config.getoption("--long"):
        printed = started(recipe, variant, tmp_path)
    else:
        printed = started_in_a_copy(asked, recipe, variant, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {recipe.name, "mnist.npz"}
    assert ("test accuracy 0." in printed) == (task.kind == "network")
