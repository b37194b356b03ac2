"""Which data a task accepts: what it says, and what is told of data that it doesn't accept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import assert_refused, run

from concord.data import datasets as data
from concord.data.accepted import accepts, check_accepted, check_as_mnist, choose
from concord.data.datasets import Dataset
from concord.project.errors import UserError
from concord.project.scaffold import make_recipe
from concord.project.task import Accepts, find_task, read_task
from concord.report import compare

OWN_TASKS = Path(__file__).parents[1] / "project" / "own_tasks"
MLP, CONVOLUTION, LEARNING_RATE = map(find_task, ("mlp", "convolution", "learning_rate"))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load("digits")


def changed(dataset: Dataset, every: int = 1, first: int = 0) -> Dataset:
    """The digits with every so many-th row and column, and labels that begin with another number."""
    images, labels, test_images, test_labels = dataset.arrays
    start = np.uint8(first)
    return replace(
        dataset,
        name="letters",
        source="my/letters",
        train_images=images[:, ::every, ::every].copy(),
        train_labels=labels + start,
        test_images=test_images[:, ::every, ::every].copy(),
        test_labels=test_labels + start,
    )


def test_what_tasks_accept(digits):
    """By default MNIST's size and classes; an operation is given no labels; own data takes no notice of the choice."""
    assert MLP.accepts == LEARNING_RATE.accepts == Accepts((28, 28), 10)
    assert CONVOLUTION.accepts == Accepts((28, 28), None)
    more, smaller = changed(digits, first=1), changed(digits, every=2)
    own = read_task(OWN_TASKS / "small_images")
    for dataset, expected in (
        (digits, (True, True, True)),
        (more, (False, True, True)),
        (smaller, (False, False, True)),
    ):
        assert tuple(accepts(task, dataset) for task in (MLP, CONVOLUTION, own)) == expected
    highest = replace(digits, test_labels=np.where(np.arange(360) == 359, 10, digits.test_labels).astype(np.uint8))
    assert not accepts(MLP, highest)  # a single test label, too


def test_a_refusal_says_what_was_found_and_what_is_accepted(digits):
    with pytest.raises(UserError) as error:
        check_accepted([CONVOLUTION, MLP], changed(digits, first=17))
    assert str(error.value) == (
        "my/letters: 28x28 images, labels from 17 to 26.\nmlp accepts: 28x28 images, labels from 0 to 9."
    )
    with pytest.raises(UserError) as error:
        check_accepted([CONVOLUTION], changed(digits, every=2))
    assert str(error.value) == (
        "my/letters: 14x14 images, labels from 0 to 9.\nconvolution accepts: 28x28 images, any labels."
    )
    with pytest.raises(UserError, match="concord check accepts: 28x28 images"):
        check_as_mnist("concord check", changed(digits, every=2))
    check_as_mnist("concord check", digits)


def test_of_several_tasks_those_that_can_are_chosen(digits):
    tasks = [MLP, CONVOLUTION, LEARNING_RATE]
    assert choose(tasks, digits) == (tasks, [])
    assert choose(tasks, changed(digits, first=1)) == (
        [CONVOLUTION],
        [
            "letters: 28x28 images, labels from 1 to 10.",
            "Left out, because what they accept is 28x28 images, labels from 0 to 9: mlp, learning_rate.",
        ],
    )
    with pytest.raises(UserError, match="my/letters: 14x14 images"):
        choose([*tasks, read_task(OWN_TASKS / "small_images")], changed(digits, every=2))


def test_all_recipes_on_data_that_few_accept(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(compare, "all_tasks", lambda: [MLP, CONVOLUTION])
    data.export(tmp_path / "letters.npz", changed(digits, first=1))
    assert compare.run_comparison(None, "numpy", str(tmp_path / "letters.npz"), "float64") == 0
    out = capsys.readouterr().out
    assert "Left out, because what they accept is 28x28 images, labels from 0 to 9: mlp." in out
    assert "convolution" in out
    assert " mlp " not in out


def test_a_task_says_what_it_accepts(digits, tmp_path, monkeypatch):
    """Images of 14x14 and 26 classes, proven in NumPy by the command; MNIST's size is refused then."""
    monkeypatch.chdir(tmp_path)
    make_recipe("letters")
    accepted = 'KIND = "network"\nACCEPTS = {"shape": (14, 14), "classes": 26}'
    for file, changes in {
        "task.py": {'KIND = "network"': accepted, "(784, 10)": "(196, 26)", "zeros(10": "zeros(26", "7_850": "5_122"},
        "letters_numpy.py": {"(784, 10)": "(196, 26)", "zeros(10": "zeros(26", "eye(10": "eye(26"},
    }.items():
        text = (tmp_path / "letters" / file).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / "letters" / file).write_text(text, encoding="utf-8")
    data.export(tmp_path / "letters.npz", changed(digits, every=2, first=16))
    places = {"home": tmp_path / "home", "cwd": tmp_path}
    options = ("--frameworks", "numpy", "--json", "found.json")
    code, out, err = run("compare", "letters", "--data", "letters.npz", *options, **places)
    assert (code, err) == (0, ""), out
    (row,) = json.loads((tmp_path / "found.json").read_text())["results"]
    assert row["outcome"] == "ok"
    told = ("scikit-learn: 28x28 images, labels from 0 to 9.", "letters accepts: 14x14 images, labels from 0 to 25.")
    assert_refused(run("compare", "letters", "--data", "digits", *options, **places), *told)
    assert_refused(run("bench", "letters", "--quick", "--data", "digits", "--frameworks", "numpy", **places), *told)


@pytest.mark.parametrize(
    "wrong",
    [
        '"28x28"',
        '{"size": (28, 28)}',
        '{"shape": 28}',
        '{"shape": [28, 28, 1]}',
        '{"shape": (28, 0)}',
        '{"classes": 2.5}',
    ],
)
def test_accepts_written_otherwise(tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    make_recipe("mine")
    file = tmp_path / "mine" / "task.py"
    file.write_text(f"{file.read_text()}\n\nACCEPTS = {wrong}\n")
    with pytest.raises(UserError, match=r"ACCEPTS is .*\nExpected: a dict like"):
        read_task(tmp_path / "mine")


def test_any_is_said_as_such():
    assert str(Accepts(None, 47)) == "images of any size, labels from 0 to 46"
