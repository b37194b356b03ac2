"""The statistics level: the test of equivalence, and a certification that can be interrupted and never mixes things."""

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, run

from concord.judge.certify import equivalence, finished
from concord.project import paths

SCHEMA = json.loads((paths.CHECKOUT / "docs" / "certify.schema.json").read_text(encoding="utf-8"))
MARGIN = 0.003


def sample(mean: float, deviation: float = 0.001, count: int = 10, seed: int = 0) -> list[float]:
    """Accuracies with exactly this mean and standard deviation."""
    values = np.random.default_rng(seed).normal(size=count)
    return (mean + deviation * (values - values.mean()) / values.std(ddof=1)).tolist()


def test_agrees_with_two_welch_tests_of_scipy():
    from scipy import stats

    a, b = np.array(sample(0.984, 0.0012, 10, 1)), np.array(sample(0.9829, 0.0007, 8, 2))
    pair = equivalence("a", "b", a.tolist(), b.tolist(), MARGIN)
    above = stats.ttest_ind(a + MARGIN, b, equal_var=False, alternative="greater").pvalue
    below = stats.ttest_ind(a - MARGIN, b, equal_var=False, alternative="less").pvalue
    assert pair.p == pytest.approx(max(above, below), rel=1e-9)
    interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize(
    ("difference", "deviation", "verdict"),
    [
        (0.0, 0.001, "equivalent"),
        (0.0015, 0.001, "equivalent"),
        (-0.0015, 0.001, "equivalent"),
        (0.0, 0.006, "undecided"),  # too much spread proves nothing
        (0.0028, 0.001, "undecided"),
        (0.006, 0.001, "different"),
        (-0.006, 0.001, "different"),  # worse by more than the margin, whichever comes first
    ],
)
def test_verdict(difference, deviation, verdict):
    pair = equivalence("a", "b", sample(0.98 + difference, deviation), sample(0.98, deviation, seed=1), MARGIN)
    assert pair.verdict == verdict
    assert (pair.p < 0.05) == (verdict == "equivalent")
    assert pair.difference == pytest.approx(difference, abs=1e-12)


def test_power_is_the_share_of_equivalent_verdicts():
    """The formula against 2,000 simulated certifications of equal programs."""
    random = np.random.default_rng(0)
    deviation = 0.0026
    draws = random.normal(0.98, deviation, (2_000, 2, 10))
    found = np.mean([equivalence("a", "b", a.tolist(), b.tolist(), MARGIN).verdict == "equivalent" for a, b in draws])
    assert equivalence("a", "b", sample(0.98, deviation), sample(0.98, deviation), MARGIN).power == pytest.approx(
        found, abs=0.05
    )


def test_no_spread_at_all():
    assert equivalence("a", "b", [0.9, 0.9], [0.9, 0.9], MARGIN).verdict == "equivalent"
    assert equivalence("a", "b", [0.9, 0.9], [0.8, 0.8], MARGIN).verdict == "different"


def test_one_accuracy_is_no_sample():
    with pytest.raises(ValueError, match="at least two"):
        equivalence("a", "b", [0.9], [0.9, 0.8], MARGIN)


@pytest.fixture
def certify(tmp_path):
    """Certifies softmax_regression on the small data set, in a process as a user's."""

    def call(*arguments, recipe="softmax_regression"):
        options = ("--frameworks", "numpy", "--data", "digits", "--json", tmp_path / "certify.json")
        return run("certify", recipe, *options, *arguments, home=tmp_path / "home", cwd=tmp_path)

    return call


def accuracies(file: Path) -> dict[int, float]:
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return {run["seed"]: run["accuracy"] for run in document["variants"]["numpy"]["runs"]}


def test_goes_on_where_it_stopped(certify, tmp_path):
    file = tmp_path / "certify.json"
    code, out, err = certify("--seeds", 2)
    assert err == ""
    assert "0 of 0 pairs" in out
    assert code == 1  # a single variant proves nothing
    first = accuracies(file)
    assert list(first) == [0, 1]
    document = json.loads(file.read_text(encoding="utf-8"))
    document["variants"]["numpy"]["runs"][0]["accuracy"] = 0.5  # a mark that only survives if seed 0 isn't run again
    file.write_text(json.dumps(document), encoding="utf-8")
    certify("--seeds", 3)
    assert accuracies(file) == {0: 0.5, 1: first[1], 2: accuracies(file)[2]}


def test_files_about_something_else_are_refused(certify, tmp_path):
    file = tmp_path / "certify.json"
    certify("--seeds", 2)
    sound = file.read_text(encoding="utf-8")
    for old, new, reason in [
        ('"concord.certify/1"', '"concord.certify/0"', "expected 'concord.certify/1'"),
        ('"sha256": "', '"sha256": "0', "is about other data: digits"),
        ('"batch_size": 100', '"batch_size": 50', "another training"),
        ('"numpy": "', '"numpy": "0.', "was made with numpy 0."),
        ('"recipe_sha256": "', '"recipe_sha256": "0', "another softmax_regression_numpy.py"),
        ("{", "", "can't be read as JSON"),
    ]:
        assert old in sound
        changed = sound.replace(old, new)
        file.write_text(changed, encoding="utf-8")
        assert_refused(certify("--seeds", 2), reason)
        assert file.read_text(encoding="utf-8") == changed


def test_task_without_a_margin(certify, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    task = (paths.RECIPES / "softmax_regression" / "task.py").read_text(encoding="utf-8")
    (folder / "task.py").write_text(task.replace("EQUIVALENCE_MARGIN", "OTHER"), encoding="utf-8")
    shutil.copyfile(paths.RECIPES / "softmax_regression" / "softmax_regression_numpy.py", folder / "mine_numpy.py")
    assert_refused(certify(recipe=folder), "defines no EQUIVALENCE_MARGIN")


PUBLISHED = sorted((paths.CHECKOUT / "docs" / "results").glob("certify-*.json"))


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_published_verdicts_follow_from_the_published_accuracies(file):
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    again = finished(json.loads(file.read_text(encoding="utf-8")))
    assert [pair["verdict"] for pair in again["pairs"]] == [pair["verdict"] for pair in document["pairs"]]
    for found, published in zip(again["pairs"], document["pairs"], strict=True):
        assert found["p"] == pytest.approx(published["p"], rel=1e-6, abs=1e-12)
