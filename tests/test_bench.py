"""The benchmark: its statistics, what it refuses, and that it goes on where it stopped. No test judges a time."""

import copy
import json
import os

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, run

from concord import paths
from concord.bench import QUICK, beside
from concord.distributions import closure_bytes
from concord.tiers import TARGET, Figure, control_spread, figure, figures, steps_to_target, tiers

SCHEMA = json.loads((paths.CHECKOUT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))


def test_interval_holds_the_median_and_narrows_with_more_rounds():
    random = np.random.default_rng(0)
    few, many = (figure(random.normal(1.0, 0.1, count).tolist()) for count in (5, 100))
    assert few.low <= few.median <= few.high
    assert many.high - many.low < few.high - few.low
    assert figure([2.0, 2.0]) == Figure(2.0, 2.0, 2.0)


def test_one_outlier_does_not_move_the_median():
    assert figure([1.0, 1.01, 0.99, 1.0, 9.0]).median == 1.0


def test_intervals_that_overlap_share_a_tier():
    found = {
        "slow": Figure(9.0, 8.0, 10.0),
        "first": Figure(1.0, 0.9, 1.1),
        "second": Figure(1.15, 1.05, 1.3),
        "third": Figure(1.35, 1.2, 1.5),  # overlaps with the second, but not with the fastest of the tier
    }
    assert tiers(found) == {"first": 1, "second": 1, "third": 2, "slow": 3}


def rounds(*steps: float, outcome: str = "ok") -> list[dict]:
    return [
        {"round": number, "load": 0.1, "outcome": outcome, "reason": ""}
        | ({"steady_seconds": step} if outcome == "ok" else {})
        for number, step in enumerate(steps)
    ]


def a_document(**variants) -> dict:
    row = {"unproven": "", "installed_bytes": None, "accuracy_after": [], "sweeps": {}}
    return {
        "environment": {"processor": "a processor", "threads": 2},
        "created": "2026-01-31T00:00:00Z",
        "recipe": "mnist_cnn",
        "flops_per_image": 1_000_000,
        "batch_size": 100,
        "peak_gflops": [50.0],
        "control": {"variant": "numpy", "rounds": rounds(1.0, 1.0, 1.0)},
        "variants": {id.replace("_", "-"): row | found for id, found in variants.items()},
    }


def test_control_shows_the_noise():
    document = a_document(numpy={"rounds": rounds(1.1, 1.1, 1.1)})
    assert control_spread(document) == pytest.approx(0.1 / 1.05)
    document["control"]["rounds"] = rounds(1.0, outcome="crashed")
    assert control_spread(document) is None


def test_failed_rounds_do_not_count_and_earlier_ones_are_kept():
    document = a_document(jax={"rounds": [*rounds(1.0, 1.0), *rounds(0.0, outcome="crashed")]})
    assert figures(document)["jax"]["steady_seconds"] == Figure(1.0, 1.0, 1.0)


def test_unproven_variants_have_no_figures():
    document = a_document(jax={"rounds": rounds(1.0, 1.0), "unproven": "mismatch: logits part"})
    assert "steady_seconds" not in figures(document)["jax"]
    assert "tier" not in figures(document)["jax"]


def test_rate_is_operations_over_time():
    assert figures(a_document(numpy={"rounds": rounds(0.01)}))["numpy"]["gflops"] == pytest.approx(10)


def test_time_to_the_target_accuracy():
    curve = [{"steps": 100, "accuracy": 0.9}, {"steps": 200, "accuracy": 0.99}]
    assert steps_to_target(curve) == pytest.approx(100 + 100 * 8 / 9)
    assert steps_to_target(curve[:1]) is None
    assert steps_to_target([{"steps": 100, "accuracy": TARGET}]) == 100


def test_another_machine_is_shown_beside_and_not_merged():
    document, published = a_document(numpy={"rounds": rounds(1.0)}), a_document(numpy={"rounds": rounds(2.0)})
    table = beside(document, published)
    assert [list(column.cells) for column in table.columns] == [["numpy"], ["1e+03 ms"], ["2e+03 ms"], ["0.50"]]


def test_installed_size_counts_what_is_required():
    alone, both = closure_bytes(("threadpoolctl",)), closure_bytes(("scikit-learn",))
    assert alone
    assert both
    assert alone < 1e6 < closure_bytes(("numpy",)) < both
    assert closure_bytes(("no-such-distribution",)) is None


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Quickly measures softmax_regression on the small data set, in a process as a user's."""
    folder = tmp_path_factory.mktemp("bench")

    def call(*arguments, recipe="softmax_regression"):
        options = ("--quick", "--frameworks", "numpy", "--data", "digits", "--json", folder / "bench.json")
        return run("bench", recipe, *options, *arguments, home=folder / "home", cwd=folder), folder / "bench.json"

    return call


@pytest.fixture(scope="module")
def measured(bench):
    finished, file = bench("--rounds", 1)
    assert finished.err == ""
    assert "numpy measured twice differs by" in finished.out
    return json.loads(file.read_text(encoding="utf-8"))


def test_file_follows_its_schema(measured):
    jsonschema.Draft202012Validator(SCHEMA).validate(measured)
    (found,) = measured["variants"]["numpy"]["rounds"]
    assert found["outcome"] == "ok"
    assert 0 < found["single_seconds"] <= found["single_99_seconds"]
    assert found["peak_memory"] > 10e6
    assert len(measured["control"]["rounds"]) == 1


def test_goes_on_where_it_stopped(bench, measured):
    _, file = bench("--rounds", 2)
    again = json.loads(file.read_text(encoding="utf-8"))
    assert again["variants"]["numpy"]["rounds"][0] == measured["variants"]["numpy"]["rounds"][0]
    assert [found["round"] for found in again["variants"]["numpy"]["rounds"]] == [0, 1]
    assert again["peak_gflops"] == measured["peak_gflops"]


def test_sweep(bench, measured):
    _, file = bench("--sweep", "threads")
    points = json.loads(file.read_text(encoding="utf-8"))["variants"]["numpy"]["sweeps"]["threads"]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    for point in points:
        assert point["outcome"] == ("ok" if point["threads"] <= cores else "unsupported")


def test_what_is_about_something_else_is_refused(bench, measured):
    _, file = bench("--rounds", 1)
    sound = file.read_text(encoding="utf-8")
    for place, value, reason in [
        (("schema",), "concord.bench/0", "expected 'concord.bench/1'"),
        (("plan", "long"), QUICK.long + 1, "another plan"),
        (("data", "sha256"), "0", "is about other data: digits"),
        (("environment", "processor"), "abacus", "of another machine: processor abacus"),
        (("environment", "threads"), 999, "of another machine: threads 999"),
        (("variants", "numpy", "versions", "numpy"), "0.1", "was made with numpy 0.1"),
        (("variants", "numpy", "recipe_sha256"), "0", "another softmax_regression_numpy.py"),
    ]:
        changed = copy.deepcopy(json.loads(sound))
        part = changed
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = value
        file.write_text(json.dumps(changed), encoding="utf-8")
        assert_refused(bench("--rounds", 1)[0], reason)
    file.write_text(sound, encoding="utf-8")
    assert_refused(bench("--sweep", "colours")[0], "Known: batch, images, threads")
    assert_refused(bench("--threads", 4096)[0], "--threads 4096: this process may use")
    assert_refused(bench(recipe="convolution")[0], "convolution trains nothing")
