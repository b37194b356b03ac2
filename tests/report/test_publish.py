"""What `concord compare --publish` writes, and what it leaves as it was."""

import pytest

from concord.judge.verdict import VariantVerdict
from concord.project.task import find_task
from concord.report import results

TASK = find_task("pooling")
DATA = {"name": "mnist", "sha256": "0" * 64}
MACHINE = {"processor": "one", "platform": "Linux"}


def publish(folder, *ids, accuracy=0.9, **changed):
    """Publishes a comparison of these variants; gives the accuracies that the file then tells, by variant."""
    rows = [VariantVerdict(TASK.name, id, {}, (), accuracy=accuracy) for id in ids]
    found = {"schema": results.SCHEMA, "created": "2026-01-31T23:59:59Z", "data": DATA, "environment": MACHINE}
    found |= {"precisions": ["float64"], "depth": "full"} | changed
    found["results"] = [results.result(row, results.sha256_of(TASK)) for row in rows]
    file, _ = results.publish(found, rows, folder)
    return {row["variant"]: row["accuracy"] for row in results.read_document(file, results.SCHEMA)["results"]}


def test_variants_that_were_not_compared_keep_their_results(tmp_path):
    assert publish(tmp_path, "numpy", "pytorch") == {"numpy": 0.9, "pytorch": 0.9}
    now = publish(tmp_path, "pytorch", "jax", accuracy=0.8, environment=MACHINE | {"platform": "Linux, rebooted"})
    assert now == {"numpy": 0.9, "jax": 0.8, "pytorch": 0.8}
    assert list(now) == ["numpy", "jax", "pytorch"]  # as in every table


@pytest.mark.parametrize(
    "changed",
    [
        {"depth": "quick"},
        {"precisions": ["float64", "float32"]},
        {"data": DATA | {"sha256": "1" * 64}},
        {"environment": MACHINE | {"processor": "another"}},
        {"environment": MACHINE | {"device": {"kind": "gpu"}}},
    ],
)
def test_results_of_other_conditions_do_not_stand_beside_them(tmp_path, changed):
    publish(tmp_path, "numpy", "pytorch")
    assert publish(tmp_path, "jax", **changed) == {"jax": 0.9}


def test_pictures_are_drawn_from_what_still_speaks(tmp_path):
    """A program that changed since has no place in them."""
    publish(tmp_path, "numpy", "pytorch")
    file = tmp_path / f"compare-{TASK.name}.json"
    assert [row["variant"] for row in results.speaking(TASK, tmp_path)] == ["numpy", "pytorch"]
    digest = results.sha256_of(TASK)["pytorch"]
    file.write_text(file.read_text(encoding="utf-8").replace(digest, "f" * 64), encoding="utf-8")
    assert [row["variant"] for row in results.speaking(TASK, tmp_path)] == ["numpy"]
    digest = results.sha256_of(TASK)["task"]
    file.write_text(file.read_text(encoding="utf-8").replace(digest, "f" * 64), encoding="utf-8")
    assert results.speaking(TASK, tmp_path) == []
