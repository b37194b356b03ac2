"""What an experiment's settings change, and what makes its evidence stale."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from concord.judge.ladder import Run
from concord.project.experiment import settings
from concord.project.task import find_task
from concord.run import plan
from concord.run.program import slices

KEYWORDS = {"epochs": 2, "batch_size": 10, "learning_rate": 0.1, "shuffle": False, "seed": 1}


def test_without_every_the_whole_training_is_one_call():
    assert list(slices(95, KEYWORDS, 0)) == [(slice(95), KEYWORDS)]


@pytest.mark.parametrize("shuffle", [False, True])
def test_slices_hold_each_image_once_an_epoch(shuffle):
    parts = list(slices(95, KEYWORDS | {"shuffle": shuffle}, 3))
    assert [len(part) for part, _ in parts] == [30, 30, 30, 5] * 2
    assert all(options == KEYWORDS | {"epochs": 1} for _, options in parts)
    first, second = (np.concatenate([part for part, _ in parts[4 * epoch : 4 * epoch + 4]]) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(95))
    assert (list(first) == list(range(95))) is not shuffle
    assert (list(first) == list(second)) is not shuffle


def test_slices_compute_what_the_whole_training_does():
    task = find_task("mlp")
    recipe = SimpleNamespace()
    exec(task.recipes["numpy"].read_text(), recipe.__dict__)
    random = np.random.default_rng(0)
    images, labels = random.random((90, 28, 28, 1)), random.integers(0, 10, 90)
    whole, history = recipe.train(recipe.variables(), images, labels, **KEYWORDS)
    sliced, losses = recipe.variables(), []
    for part, options in slices(90, KEYWORDS, 3):
        sliced, found = recipe.train(sliced, images[part], labels[part], **options)
        losses += found
    assert np.reshape(losses, (2, 3)).mean(axis=1) == pytest.approx(history, rel=1e-12)
    for name, array in whole.parameters.items():
        assert np.array_equal(array, sliced.parameters[name])


def test_a_setting_says_how_often_it_is_watched_and_whether_it_is_shuffled():
    mlp = find_task("mlp").specification
    wanted = {"sorted": {"every": 10, "shuffle": False}, "other": {}}
    given = SimpleNamespace(**vars(mlp) | {"KIND": "experiment", "SETTINGS": wanted})
    found = settings(given)
    assert found["sorted"].watching == {"every": 10}
    task = replace(find_task("learning_rate"), specification=given)
    shuffled = {
        name: plan.setting_training(task, Run("x", setting=name, shuffled=True), 100)[0]["shuffle"] for name in found
    }
    assert shuffled == {"sorted": False, "other": True}


def test_findings_and_prose_dont_make_evidence_stale_but_data_does(tmp_path):
    task = tmp_path / "task.py"
    text = '"""{told}"""\nTITLE = "{told}"\nN = {n}\ndef data(a): return a[:N]\ndef findings(runs): return "{told}"\n'

    def runs(told, n):
        task.write_text(text.format(told=told, n=n))
        return plan.code_without(task, {*plan.TOLD, "findings"})

    assert runs("this", 1) == runs("that", 1) != runs("this", 2)
    assert b"this" not in runs("this", 1)
