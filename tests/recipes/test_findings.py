"""What a recipe says of its settings can turn out false: without the effect the sentence doesn't hold.

Each sentence is asked again of published curves that are those of the wrong setting, or of a network that never learnt.
"""

import itertools
import json

import numpy as np
import pytest
from conftest import EVERY

from concord.project import paths
from concord.project.experiment import compares, found

with_settings = pytest.mark.parametrize("name", [name for name, task in EVERY.items() if task.settings])
VARIANT = "pytorch"  # NumPy's curves are the reference of who compares with it


@pytest.fixture
def published(lacking):
    """By setting the curves of a variant's published training, in the order of the images: close to what was found."""

    def read(task, variant):
        file = paths.CHECKOUT / "docs" / "results" / f"compare-{task.name}.json"
        rows = json.loads(file.read_text(encoding="utf-8"))["results"] if file.is_file() else []
        curves = next((row["curves"] for row in rows if row["variant"] == variant), {})
        if set(curves) != set(task.settings):
            lacking(f"{task.name} has no curves of its present settings: concord compare {task.name} --full --publish")
            pytest.skip("no curves of all settings are published")
        return {name: {curve: np.array(values, float) for curve, values in run.items()} for name, run in curves.items()}

    return read


def asked(task, runs, reference):
    """The findings by sentence."""
    return {one.sentence: one for one in found(task, runs, reference)}


@with_settings
def test_a_setting_whose_result_serves_for_all_is_found_out(name, published):
    """Where all settings give the same, whichever it is, something doesn't hold; no gap between two of them does."""
    task = EVERY[name]
    runs, reference = published(task, VARIANT), published(task, "numpy") if compares(task) else None
    same = [asked(task, dict.fromkeys(runs, run), reference) for run in runs.values()]
    for serves, findings in zip(runs, same, strict=True):
        assert not all(finding.holds for finding in findings.values()), f"with {serves!r} for every setting all holds"
    for sentence, finding in same[0].items():
        if all(abs(findings[sentence].value) < 1e-12 for findings in same):
            assert finding.least > 0, f"{sentence}: holds where nothing differs"


@with_settings
def test_each_finding_may_turn_out_false(name, published):
    """Where one setting gives another's curves, or all of them do, or nothing is learnt."""
    task = EVERY[name]
    runs, reference = published(task, VARIANT), published(task, "numpy") if compares(task) else None
    wrong = [runs | {one: runs[other]} for one, other in itertools.permutations(runs, 2)]
    wrong += [dict.fromkeys(runs, run) for run in runs.values()]
    wrong.append(
        {one: {curve: np.full_like(values, values[0]) for curve, values in run.items()} for one, run in runs.items()}
    )
    asked_again = [asked(task, changed, reference) for changed in wrong]
    always = [one for one in asked_again[0] if all(findings[one].holds for findings in asked_again)]
    assert not always, f"whatever the curves are, this holds: {'; '.join(always)}"
