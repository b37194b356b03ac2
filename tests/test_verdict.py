"""The judge: no trick hides a wrong figure. The wrong programs that it must catch are in test_mutants.py."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.examination import ERRORS
from concord.judge.ladder import NETWORK_RUNS, Level
from concord.judge.mutants import all_mutants
from concord.judge.verdict import LevelVerdict, judge, judge_variant, measure, relative_error, triage
from concord.project.framework import KnownDifference, Variant, variants
from concord.project.task import Task, find_task
from concord.run.evidence import Collector, new_folder

NUMPY = variants()["numpy"]
LEVELS = {level.name: level for level in (*ladder.NETWORK_LEVELS, *ladder.OPERATION_LEVELS)}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    with Collector(tmp_path_factory.mktemp("few"), data.load("digits")) as collector:
        yield collector


def mutant(name: str, folder, old: str, new: str) -> Task:
    """A task whose answer is the NumPy recipe with one change, under the reference's own name."""
    task = find_task(name)
    source = task.recipes["numpy"].read_text(encoding="utf-8")
    assert source.count(old) == 1, f"the change no longer applies: {old!r}"
    path = folder / f"{name}_numpy.py"
    path.write_text(source.replace(old, new), encoding="utf-8")
    return Task(name, folder, task.specification, {"numpy": path})


def judged(collector, task: Task, level: Level, precision: str = "float64") -> LevelVerdict:
    """The verdict on a mutant, against the evidence of the recipe that it was made from."""
    sound = find_task(task.name)
    reference = collector.reference
    collector.reference = lambda _, precision, run: reference(sound, precision, run)
    try:
        return judge(collector, task, NUMPY, level, precision)
    finally:
        collector.reference = reference


def test_sound_program_passes(few, tmp_path):
    task = mutant("softmax_regression", tmp_path, "# one-hot, (N, 10)", "# a harmless change")
    for level in ladder.levels(task):
        for precision in level.gates:
            verdict = judged(few, task, level, precision)
            assert verdict.passed, verdict


@pytest.mark.parametrize(("found", "reference", "expected"), ERRORS)
def test_relative_error(found, reference, expected):
    assert relative_error(np.array(found), np.array(reference)) == pytest.approx(expected, rel=1e-12)


def test_numpy_gradient_is_the_derivative():
    """The reference is judged too: its gradients against differences of its own loss."""
    import importlib.util

    for task in (find_task("softmax_regression"), find_task("mnist_cnn")):
        specification = importlib.util.spec_from_file_location(task.name, task.recipes["numpy"])
        assert specification and specification.loader
        recipe = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(recipe)
        random = np.random.default_rng(0)
        images, labels = random.random((3, 28, 28, 1)), np.array([3, 1, 4])
        weights = {name: random.normal(0, 0.1, array.shape) for name, array in task.initial_weights().items()}
        _, gradients = recipe.loss_and_gradients(weights, images, labels)
        for name, array in weights.items():
            direction = random.normal(size=array.shape)
            step = 1e-7  # small enough to cross no kink of ReLU or pooling
            losses = [
                recipe.loss_and_gradients(weights | {name: array + sign * step * direction}, images, labels)[0]
                for sign in (1, -1)
            ]
            slope = (losses[0] - losses[1]) / (2 * step)
            assert np.sum(gradients[name] * direction) == pytest.approx(slope, rel=1e-6), (task.name, name)


FLOAT32 = LevelVerdict("logits", "float32", "mismatch", "logits part", error=2e-5, tensor="logits", gate=5e-6)
AGREES = LevelVerdict("logits", "float64", "ok", error=3e-15, tensor="logits", gate=1e-12)


def test_triage_calls_a_small_excess_rounding_when_float64_agrees():
    verdict = triage(FLOAT32, AGREES)
    assert verdict.passed
    assert verdict.reason == "logits part; rounding: float64 agrees to 3e-15"


def test_triage_calls_it_a_fault_when_float64_parts_too():
    strict = dataclasses.replace(
        AGREES, outcome="mismatch", reason="logits parts first, before training: 1e-02, gate 1e-12"
    )
    verdict = triage(FLOAT32, strict)
    assert not verdict.passed
    assert "a fault, not rounding: in float64 logits parts first, before training: 1e-02" in verdict.reason


def test_triage_does_not_excuse_arithmetic_below_float32():
    verdict = triage(dataclasses.replace(FLOAT32, error=1e-3), AGREES)  # as with TF32 or bfloat16
    assert not verdict.passed
    assert "less precise than float32" in verdict.reason


def test_triage_needs_float64_to_excuse_anything():
    strict = LevelVerdict("logits", "float64", "unsupported", "no float64 here")
    verdict = triage(FLOAT32, strict)
    assert not verdict.passed
    assert "float64 can't tell why: unsupported, no float64 here" in verdict.reason


def declaring(level: str, recipe: str = "softmax_regression"):
    difference = KnownDifference(("numpy",), (recipe,), "float64", (level,), "the filter is flipped on purpose")
    return dataclasses.replace(NUMPY, known_differences=(difference,))


def test_known_difference_that_shows_is_passed_and_told(few, tmp_path, monkeypatch):
    task = mutant("softmax_regression", tmp_path, ' + model["dense_bias"]', "")
    sound, reference = find_task(task.name), few.reference
    monkeypatch.setattr(few, "reference", lambda _, precision, run: reference(sound, precision, run))
    verdict = judge(few, task, declaring("logits"), LEVELS["logits"], "float64")
    assert (verdict.outcome, verdict.passed, verdict.declared) == ("mismatch", True, "the filter is flipped on purpose")


def test_known_difference_that_has_gone_fails(few):
    verdict = judge(few, find_task("softmax_regression"), declaring("logits"), LEVELS["logits"], "float64")
    assert (verdict.outcome, verdict.passed) == ("mismatch", False)
    assert "take the declaration out" in verdict.reason


def test_known_difference_does_not_excuse_a_crash(few, tmp_path):
    task = mutant("softmax_regression", tmp_path, "    return network(model, images)\n", "    raise ValueError\n")
    verdict = judge(few, task, declaring("logits"), LEVELS["logits"], "float64")
    assert (verdict.outcome, verdict.passed) == ("error", False)


def test_first_parting_is_named(few, tmp_path):
    task = mutant("mnist_cnn", tmp_path, *all_mutants()["velocity forgotten each epoch"].changes["numpy"][0])
    verdict = judged(few, task, LEVELS["updates"])
    assert "parts first, after 2 epochs of 2 batches and a short one" in verdict.reason


def test_float32_request_served_in_float64_is_caught(few, tmp_path):
    task = mutant(
        "softmax_regression",
        tmp_path,
        "    return network(model, images)\n",
        "    return network(model, images).astype('f8')\n",
    )
    verdict = judged(few, task, LEVELS["logits"], "float32")
    assert (verdict.outcome, verdict.reason) == ("mismatch", "logits comes in float64, expected float32")


def test_float64_request_computed_in_float32_is_caught(few, tmp_path):
    task = mutant(
        "softmax_regression",
        tmp_path,
        "    model[name] -= learning_rate * gradient",
        "    model[name] -= (learning_rate * gradient).astype('f4').astype(model[name].dtype)",
    )
    assert not judged(few, task, LEVELS["gradients"]).passed


def test_unproven_speed_is_not_shown(few, tmp_path, monkeypatch):
    task = mutant("softmax_regression", tmp_path, ' + model["dense_bias"]', "")
    sound, reference = find_task(task.name), few.reference
    monkeypatch.setattr(few, "reference", lambda _, precision, run: reference(sound, precision, run))
    row = judge_variant(few, task, NUMPY, ["float64", "float32"])
    assert row.outcome == "mismatch"
    assert (row.accuracy, row.epoch_seconds, row.first_step_seconds, row.peak_memory) == (None, None, None, None)


def test_missing_reference_is_said(few, tmp_path, monkeypatch):
    sound = find_task("softmax_regression")
    task = Task(sound.name, tmp_path, sound.specification, {"pytorch": sound.recipes["numpy"]})
    pretender = dataclasses.replace(NUMPY, id="pretender", framework="pytorch")
    monkeypatch.setattr(Variant, "weights_code", NUMPY.weights_code)
    verdict = measure(few, task, pretender, LEVELS["logits"], "float64")
    assert verdict.outcome == "error"
    assert "no reference" in verdict.reason


def test_earlier_results_are_not_looked_at(tmp_path):
    """A fresh collector runs everything again, even in a folder where results of an earlier run lie about."""
    task, run = find_task("softmax_regression"), NETWORK_RUNS["steps_2"]
    with Collector(tmp_path, data.load("digits")) as collector:
        earlier = collector.collect(task, NUMPY, "float64", run)
        assert earlier.path
        before = earlier.path.stat().st_mtime_ns
    with Collector(tmp_path, data.load("digits")) as collector:
        again = collector.collect(task, NUMPY, "float64", run)
        assert again.path == earlier.path
        assert again.path.stat().st_mtime_ns > before


def test_old_evidence_goes_but_not_that_of_a_process_at_work(tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folders = [tmp_path / "evidence" / f"2020010{day}T000000-{gone.pid}" for day in range(1, 6)]
    folders.append(tmp_path / "evidence" / f"20190101T000000-{os.getpid()}")
    for folder in folders:
        folder.mkdir(parents=True)
    assert not new_folder().exists()
    kept = sorted(path.name for path in (tmp_path / "evidence").iterdir())
    assert kept == [folders[-1].name, folders[3].name, folders[4].name]
