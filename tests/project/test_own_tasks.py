"""A user's own tasks, other than a classifier of MNIST: `concord compare PATH` carries them, and says what is wrong.

The tasks lie in `tests/project/own_tasks`, as a user would write them.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import Finished, assert_refused, run

from concord.data import datasets as data
from concord.data.own import made_by
from concord.judge import ladder
from concord.judge.ladder import NETWORK_RUNS
from concord.judge.prove import prove
from concord.project.errors import UserError
from concord.project.framework import PRECISIONS, variants
from concord.project.task import read_task
from concord.report.results import lines
from concord.run import plan
from concord.run.evidence import Collector

FOLDERS = {folder.name: folder for folder in sorted((Path(__file__).parent / "own_tasks").iterdir())}
SCORES = {"small_images": "accuracy", "regression": "mean squared error", "norm_and_dropout": "accuracy"}


def compare(folder: Path, home: Path, *options: object) -> Finished:
    return run("compare", folder, "--data", "digits", *options, home=home, cwd=home.parent)


def copied(name: str, tmp_path: Path, *changes: tuple[str, str], file: str = "") -> Path:
    """A copy of a task, with changes to its task.py or another of its files."""
    folder = tmp_path / name
    shutil.copytree(FOLDERS[name], folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / (file or "task.py")
    source = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, (old, source.count(old))
        source = source.replace(old, new)
    path.write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", FOLDERS)
def test_own_task_is_carried(name, tmp_path):
    """By the command, in NumPy and PyTorch."""
    file = tmp_path / "results.json"
    code, out, err = compare(FOLDERS[name], tmp_path / "home", "--frameworks", "numpy,pytorch", "--json", file)
    assert (code, err) == (0, ""), out
    rows = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert [(row["variant"], row["outcome"]) for row in rows] == [("numpy", "ok"), ("pytorch", "ok")]
    for row in rows:
        assert row["scored_by"] == SCORES.get(name, "")
        assert (row["accuracy"] is None) == (name not in SCORES)
        if name in SCORES:
            assert f"  {SCORES[name]} {row['accuracy']:.3f} (short run)" in out


@pytest.mark.parametrize("variant", ["keras-tf", "keras-jax", "keras-torch"])
def test_what_keras_computes_in_float32_is_declared(variant, tmp_path):
    """In a user's recipe: it is told with its cause, where it shows, and is no failure."""
    if variants()[variant].versions() is None:
        pytest.skip(f"{variant} is not installed")
    file = tmp_path / "results.json"
    options = ("--frameworks", variant, "--precision", "float64", "--json", file)
    code, out, err = compare(FOLDERS["normalised_rows"], tmp_path / "home", *options)
    assert (code, err) == (0, ""), out
    (row,) = json.loads(file.read_text(encoding="utf-8"))["results"]
    (values,) = (level for level in row["levels"] if level["level"] == "values")
    if variant == "keras-tf":
        assert (values["outcome"], values["declared"]) == ("ok", "")
    else:
        assert "LayerNormalization compute in float32" in values["declared"]
        assert 1e-14 < values["error"] < 1e-6  # the ceiling is 1e-5


def test_data_of_its_own_asks_for_no_other(tmp_path, monkeypatch):
    """Nothing is looked for, and nothing is said of MNIST."""
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    options = ("--frameworks", "numpy", "--precision", "float64")
    code, out, err = run("compare", FOLDERS["small_images"], *options, home=tmp_path / "home", cwd=tmp_path)
    assert (code, err) == (0, ""), out
    assert "Quick proof on shapes" in out


# What is wrong with a program is seen: by task, the file, what is changed, and a part of what is said.
WRONG = {
    "a class too few": (
        "small_images",
        ("    return network(model, images)\n", "    return network(model, images)[:, :2]\n"),
        "has the shape (1003, 2), expected (1003, 3)",
    ),
    "a mean of fewer numbers": ("regression", ("/ gradient.size", "/ len(gradient)"), "parts first"),
    "another score than the task's": (
        "regression",
        ("return float(np.mean((predict(model, inputs) - targets) ** 2))", "return 0.0"),
        "the score of an untrained model",
    ),
    "masks not used": (
        "norm_and_dropout",
        ("else masks[step][: len(batch)]", "else masks[0][: len(batch)]"),
        "parts first",
    ),
    "moving averages that stand still": (
        "norm_and_dropout",
        ("model[name] = KEPT * model[name] + (1 - KEPT) * value", "pass"),
        "norm_moving_",
    ),
    "one mask for all": (
        "norm_and_dropout",
        ("random.random((len(batch), 16))", "random.random((1, 16))"),
        "this must hold, and doesn't: without masks the losses have the same deviation",
    ),
    "dropped and not scaled": (
        "norm_and_dropout",
        ("random.random((len(batch), 16)) >= rate", "random.random((len(batch), 16)) >= 0"),
        "this must hold, and doesn't: without masks",
    ),
    "an output too few": ("two_outputs", ("return smallest, largest", "return smallest"), "gives result/0, expected"),
    "a name that isn't there": (
        "small_images",
        ('"kernel": random.normal(0, 0.1, (64, 3))', '"weights": random.normal(0, 0.1, (64, 3))'),
        "ValueError: the model has no kernel; it has weights, bias",
    ),
}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    with Collector(tmp_path_factory.mktemp("few"), data.load("digits"), threads=1) as collector:
        yield collector


@pytest.mark.parametrize("what", WRONG)
def test_wrong_program_is_seen(few, what, tmp_path, monkeypatch):
    """It is held against the sound one, and told in two lines."""
    name, change, said = WRONG[what]
    wrong, reference = read_task(copied(name, tmp_path, change, file=f"{name}_numpy.py")), few.reference
    monkeypatch.setattr(few, "reference", lambda task, run: reference(read_task(FOLDERS[name]), run))
    row = prove(few, wrong, variants()["numpy"], PRECISIONS)
    told = [str(line) for line in lines(row, 20, 8, set())]
    assert (told[0][0], len(told)) == ("✗", 2), told
    assert said in told[1]


# What is wrong with a task.py is told in two lines at most: by task, what is changed, and a part of what is said.
REFUSED = {
    "a batch of masks": (
        "norm_and_dropout",
        ("random.random((steps, batch_size, 16)) >= rate", "random.random((steps, 16)) >= rate"),
        ("injected(): 'masks' has the shape (12, 16).", "steps, images in a batch"),
    ),
    "other numbers": ("norm_and_dropout", ('{"masks":', '{"mask":'), ("injected() gives mask, expected a dict",)),
    "no function": ("norm_and_dropout", ("def injected(", "def inject("), ("has INJECTED, but no function injected",)),
    "an average of nothing": (
        "norm_and_dropout",
        ('UNTRAINED = ("norm_moving_mean", ', 'UNTRAINED = ("norm_mean", '),
        ("initial_weights() has no norm_mean, which UNTRAINED names",),
    ),
    "a batch of many": ("norm_and_dropout", ("SMALLEST_BATCH = 2", "SMALLEST_BATCH = 21"), ("number from 1 to 20",)),
    "three arrays": ("small_images", ("return images[:300], labels[:300], ", "return "), ("a tuple of four arrays",)),
    "targets too few": ("small_images", ("labels[:300]", "labels[:299]"), ("300 train inputs, but 299 train targets",)),
    "other images each time": ("small_images", ("default_rng(0)", "default_rng()"), ("other arrays at each call",)),
    "no margin": ("regression", ("SCORE_MARGIN", "MARGIN"), ("doesn't define SCORE_MARGIN",)),
    "which way is up": ("regression", ('BEST = "lowest"', 'BEST = "least"'), ("BEST is 'least', expected highest or",)),
    "a gate without a reason": (
        "regression",
        ("SCORE_MARGIN", 'GATES = {"training": {"float32": 1e-3}}\nSCORE_MARGIN'),
        ("GATES['training'] has gates of its own; 'because' must say why",),
    ),
    "what is fixed isn't there": (
        "two_outputs",
        ('"expected":', '"fixed": ("pixels",), "expected":'),
        ("fixed is ('pixels',), expected a tuple of the names of its arrays",),
    ),
    "a gate of no level": (
        "regression",
        ("SCORE_MARGIN", 'GATES = {"trainings": {"float32": 1e-3, "because": "I say so"}}\nSCORE_MARGIN'),
        ("There is no level 'trainings'. Did you mean 'training'?",),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_task_is_refused(what, tmp_path):
    name, change, parts = REFUSED[what]
    folder = copied(name, tmp_path, change)
    assert_refused(compare(folder, tmp_path / "home", "--frameworks", "numpy", "--precision", "float64"), *parts)


def test_a_gate_of_its_own(tmp_path):
    """It holds for that level and precision, and for no other."""
    gates = 'GATES = {"updates": {"float32": 1e-3, "because": "a test"}}\nSCORE_MARGIN'
    task = read_task(copied("regression", tmp_path, ("SCORE_MARGIN", gates)))
    plain = read_task(FOLDERS["regression"])
    for depth in ladder.DEPTHS:
        for own, other in zip(ladder.levels(task, depth), ladder.levels(plain, depth), strict=True):
            changed = {"float32": 1e-3} if own.name == "updates" and "float32" in other.gates else {}
            assert own.gates == other.gates | changed


def test_numbers_are_injected_where_nothing_is_left_to_chance():
    """Deterministic runs get them, of one draw each; ordinary ones draw their own."""
    task, digits = read_task(FOLDERS["norm_and_dropout"]), data.load("digits")
    for one in NETWORK_RUNS.values():
        training, count = plan.training(task, one, digits)
        if not training:
            continue
        arrays = plan.injected(task, one, training, count)
        if one.ordinary:
            assert arrays == {}
            continue
        (masks,) = arrays.values()
        steps = training["epochs"] * -(-count // training["batch_size"])
        assert masks.shape == (steps, training["batch_size"], 16)
        assert len(np.unique(masks.reshape(steps, -1), axis=0)) > steps / 10  # a drawn rate may drop little
        assert count % training["batch_size"] != 1  # batch normalisation can't do with one image


def test_data_of_its_own_depends_on_no_choice():
    task, digits = read_task(FOLDERS["small_images"]), data.load("digits")
    made = made_by(task, digits)
    assert (made.name, made.train_images.shape, made.train_images.dtype) == ("shapes", (300, 8, 8), np.uint8)
    assert set(made.train_labels) == set(made.test_labels) == {0, 1, 2}
    changed = made_by(read_task(FOLDERS["regression"]), digits)
    assert (changed.name, changed.train_images.shape[1:], changed.train_labels.shape[1:]) == ("digits", (49,), (2,))
    assert len({made.digest, changed.digest, digits.digest}) == 3


def test_score_is_better_on_one_side():
    lowest = read_task(FOLDERS["regression"]).score
    assert [lowest.missed(value, 0.5) for value in (0.4, 0.6, float("nan"))] == [False, True, True]
    highest = read_task(FOLDERS["small_images"]).score
    assert [highest.missed(value, 0.5) for value in (0.4, 0.6, float("nan"))] == [True, False, True]


def test_data_that_is_no_function(tmp_path):
    folder = copied("small_images", tmp_path, ("def data():", "data = 3\n\n\ndef datum():"))
    with pytest.raises(UserError, match="data is int, expected a function"):
        read_task(folder)
