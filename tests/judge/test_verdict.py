"""The judge on real programs. What it makes of made-up answers is in tests/meta, of wrong programs in
test_mutants.py."""

import os
import subprocess
import sys

import numpy as np
import pytest

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.mutants import MutantCollector, all_mutants
from concord.judge.prove import judge, prove
from concord.judge.verdict import LevelVerdict, triage
from concord.project.framework import PRECISIONS, variants
from concord.project.task import find_task
from concord.run.evidence import new_folder

NUMPY = variants()["numpy"]
LEVELS = {level.name: level for level in ladder.NETWORK_LEVELS}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    with MutantCollector(tmp_path_factory.mktemp("few"), data.load("digits"), threads=1) as collector:
        yield collector


@pytest.mark.parametrize("depth", ladder.DEPTHS)
def test_sound_program_passes(few, depth):
    row = prove(few, find_task("softmax_regression"), NUMPY, PRECISIONS, depth)
    assert (row.outcome, row.reason, row.depth) == ("ok", "", depth)
    assert row.error("float64") == 0
    assert 0 < row.error("float32") < 1e-5
    assert 0.8 < row.accuracy < 1
    assert row.proven and not row.reused


def changed(few, recipe: str, *changes: tuple[str, str]):
    """A program with changes, which is held against the sound one."""
    from dataclasses import replace

    return few.mutated(replace(next(iter(all_mutants().values())), recipe=recipe, changes={"numpy": changes}), "numpy")


def test_failed_quick_proof_names_the_level_below(few):
    task = changed(few, "softmax_regression", (' + model["dense_bias"]', ""))
    row = prove(few, task, NUMPY, PRECISIONS, "quick")
    assert (row.outcome, row.accuracy, row.history) == ("mismatch", None, ())
    assert row.reason.startswith("logits parts first, ")
    assert row.failure.level == "logits"


def test_level_below_stands_once(few):
    """Quick asks less of a level than the whole ladder: what was right there isn't told beside what is wrong."""
    task = few.mutated(all_mutants()["partial batch dropped"], "numpy")
    found = [(level.precision, level.level) for level in prove(few, task, NUMPY, ("float64",), "quick").levels]
    assert len(found) == len(set(found)) > 3


WRONG_WAYS = {  # what a program gives back, and what is said of it
    "no pair": ("    return model, history", "    return model", "shapes", "train gives dict, expected a pair"),
    "a dictionary": (
        "model, history\n",
        'model, {"loss": history}\n',
        "shapes",
        "gives a dict of losses",
    ),
    "evaluate fails": (
        "def evaluate(model, images, labels):\n",
        "def evaluate(model, images, labels):\n    1 / 0\n",
        "conduct",
        "raises no error (ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("what", WRONG_WAYS)
def test_what_fails_is_what_is_told(few, what):
    old, new, level, said = WRONG_WAYS[what]
    row = prove(few, changed(few, "softmax_regression", (old, new)), NUMPY, ("float64",), "quick")
    assert row.failure.level == level
    assert said in row.reason


def test_first_parting_is_named(few):
    task = few.mutated(all_mutants()["velocity forgotten each epoch"], "numpy")
    verdict = judge(few, task, NUMPY, LEVELS["updates"], "float64")
    assert "parts first, after 2 epochs of 2 batches and a short one" in verdict.reason


def test_float32_request_served_in_float64_is_caught(few):
    task = changed(
        few,
        "softmax_regression",
        ("    return network(model, images)\n", "    return network(model, images).astype('f8')\n"),
    )
    verdict = judge(few, task, NUMPY, LEVELS["logits"], "float32")
    assert verdict.outcome == "mismatch"
    assert verdict.reason.startswith("logits comes in float64, expected float32")


def test_float64_request_computed_in_float32_is_caught(few):
    single = "    model[name] -= (learning_rate * gradient).astype('f4').astype(model[name].dtype)"
    task = changed(few, "softmax_regression", ("    model[name] -= learning_rate * gradient", single))
    assert not judge(few, task, NUMPY, LEVELS["gradients"], "float64").passed


def test_numpy_gradient_is_the_derivative():
    """The reference is judged too: its gradients against differences of its own loss."""
    import importlib.util

    for task in map(find_task, ("softmax_regression", "mnist_cnn", "batch_norm", "dropout", "first_network")):
        specification = importlib.util.spec_from_file_location(task.name, task.recipes["numpy"])
        assert specification and specification.loader
        recipe = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(recipe)
        random = np.random.default_rng(0)
        images, labels = random.random((3, 28, 28, 1)), np.array([3, 1, 4])
        weights = {name: random.normal(0, 0.1, array.shape) for name, array in task.initial_weights().items()}
        _, gradients = recipe.loss_and_gradients(weights, images, labels)
        for name in gradients:
            array = weights[name]
            direction = random.normal(size=array.shape)
            step = 1e-7  # small enough to cross no kink of ReLU or pooling
            losses = [
                recipe.loss_and_gradients(weights | {name: array + sign * step * direction}, images, labels)[0]
                for sign in (1, -1)
            ]
            slope = (losses[0] - losses[1]) / (2 * step)
            # Of two losses of about 1 the difference is known to 1e-16, and that is divided by the step.
            assert np.sum(gradients[name] * direction) == pytest.approx(slope, rel=1e-6, abs=1e-8), (task.name, name)


FLOAT32 = LevelVerdict("logits", "float32", "mismatch", "logits part", error=2e-5, tensor="logits", gate=1e-5)


@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        ("ok", "", "float64 agrees to 3e-15: the arithmetic is less precise than float32"),
        ("mismatch", "logits parts first", "a fault, not rounding: in float64 logits parts first"),
        ("unsupported", "no float64 here", "float64 can't tell why: unsupported, no float64 here"),
    ],
)
def test_triage_says_what_float64_tells(outcome, reason, said):
    verdict = triage(FLOAT32, LevelVerdict("logits", "float64", outcome, reason, error=3e-15))
    assert (verdict.passed, verdict.reason) == (False, f"logits part; {said}")


def test_old_logs_go_but_not_those_of_a_process_at_work(tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folders = [tmp_path / "runs" / f"2020010{day}T000000-{gone.pid}" for day in range(1, 6)]
    folders.append(tmp_path / "runs" / f"20190101T000000-{os.getpid()}")
    for folder in folders:
        folder.mkdir(parents=True)
    assert not new_folder().exists()
    kept = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert kept == [folders[-1].name, folders[3].name, folders[4].name]
