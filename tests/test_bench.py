"""The benchmark: its statistics, what it refuses, and that it goes on where it stopped. No test judges a time."""

import copy
import itertools
import json
import os
import threading
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, run

from concord.cost.bench import beside, check_same_program, remarks, run_benchmark, start
from concord.cost.rounds import BATCHES, COUNTS, FULL, QUICK, Bench, Entrant, FailedError, Step
from concord.cost.tiers import (
    TARGET,
    Figure,
    Repeats,
    control_spread,
    figure,
    figures,
    numbered_like,
    paced,
    page_seconds,
    repeats,
    steps_to_target,
    tiers,
    told_tiers,
    unsteady,
)
from concord.data import datasets as data
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.project.task import find_task
from concord.report.results import code_sha256
from concord.run.distributions import closure_bytes
from concord.run.evidence import Collector
from concord.run.process import Answer
from concord.site import costs, plots, speed
from concord.site.results import Results

GPU = {"kind": "gpu", "name": "Abacus", "memory_bytes": 2**30, "driver": "1.0", "tf32": {"numpy": "off"}}
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
        "second": Figure(1.3, 1.05, 1.5),
        "third": Figure(1.6, 1.4, 1.8),  # overlaps with the second alone
    }
    assert tiers(found) == {"first": 1, "second": 1, "third": 1, "slow": 2}


def test_an_interval_that_reaches_far_down_shares_a_tier_with_all_that_it_overlaps():
    found = {"first": Figure(1.0, 0.9, 1.1), "second": Figure(2.0, 1.9, 2.1), "third": Figure(2.5, 1.05, 3.0)}
    assert tiers(found) == {"first": 1, "second": 1, "third": 1}


def test_what_the_control_differs_from_itself_by_makes_no_tier():
    found = {"first": Figure(1.0, 0.9, 1.25), "second": Figure(1.35, 1.27, 1.4), "third": Figure(1.65, 1.5, 1.7)}
    assert tiers(found) == {"first": 1, "second": 2, "third": 2}
    assert tiers(found, noise=0.05) == {"first": 1, "second": 1, "third": 2}


def test_a_tier_is_a_quarter_wide():
    """However narrow the intervals are; measured from its fastest member, not from one to the next."""
    steps = {"first": 1.0, "second": 1.1, "third": 1.24, "fourth": 1.26, "fifth": 1.5, "sixth": 1.6}
    found = {name: Figure(step, step, step) for name, step in steps.items()}
    assert tiers(found) == {"first": 1, "second": 1, "third": 1, "fourth": 2, "fifth": 2, "sixth": 3}


def test_what_may_be_less_than_a_quarter_slower_stays_in_the_tier():
    found = {"first": Figure(1.0, 0.99, 1.01), "second": Figure(1.3, 1.2, 1.4)}
    assert tiers(found) == {"first": 1, "second": 1}
    assert tiers(found | {"second": Figure(1.3, 1.26, 1.4)}) == {"first": 1, "second": 2}


def test_tier_that_hangs_on_one_round_is_told():
    steady = a_document(numpy={"rounds": rounds(1.0, 1.0, 1.0)}, jax={"rounds": rounds(2.0, 2.0, 2.0)})
    assert unsteady(steady) == {}
    hanging = a_document(numpy={"rounds": rounds(1.0, 1.0, 1.0)}, jax={"rounds": rounds(1.0, 2.0, 2.0)})
    assert unsteady(hanging) == {"jax": [1, 2]}
    assert told_tiers(hanging) == {"numpy": "1", "jax": "1 or 2"}
    assert "jax: tier 1 or 2, depending on which round is left out" in remarks(hanging, [variants()["jax"]])
    assert unsteady(a_document(numpy={"rounds": rounds(1.0)}, jax={"rounds": rounds(1.0)})) == {}


@pytest.mark.parametrize(
    ("part", "numbered"),
    [
        ({"a": 1, "b": 1, "c": 1, "d": 2}, {"a": 1, "b": 1, "c": 1, "d": 3}),  # two have become one
        ({"a": 1, "b": 2, "c": 2, "d": 3}, {"a": 1, "b": 2, "c": 2, "d": 3}),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 2, "d": 3}),  # b is in none of the three
        ({"b": 1, "a": 2, "d": 3, "c": 4}, {"b": 1, "a": 1, "d": 3, "c": 2}),
        ({"a": 1, "c": 1}, {"a": 1, "c": 1}),  # rounds failed
    ],
)
def test_tiers_of_fewer_rounds_keep_their_numbers(part, numbered):
    assert numbered_like({"a": 1, "b": 1, "c": 2, "d": 3}, part) == numbered


def test_repeats_are_held_against_each_other():
    steps = [1.0] * 5 + [2.0] * 5 + [2.0] * 5 + [3.0] * 4
    document = a_document(numpy={"rounds": rounds(*[1.0] * 19)}, jax={"rounds": rounds(*steps)})
    # The last four rounds are no repeat.
    assert repeats(document) == Repeats(rounds=5, count=3, same=2, differing={"jax": [1, 2]})
    assert told_tiers(document) == {"numpy": "1", "jax": "2 or 1"}
    assert unsteady(document) == {}, "no single round among so many matters"
    assert "the same tiers in 2 of 3 repeats of 5 rounds; in one of them or by all rounds: jax 1 or 2" in remarks(
        document, []
    )
    few = a_document(numpy={"rounds": rounds(*[1.0] * 9)})
    assert repeats(few) is None
    assert not any("repeats" in line for line in remarks(few, []))


def test_processes_of_a_round_take_turns(crew, monkeypatch):
    """There and back; one that dies costs itself alone, and keeps what was measured before."""
    bench, _, _ = crew
    bench.plan = replace(QUICK, turns=2)
    turns = []

    class MadeUp:
        def __init__(self, name):
            self.name, self.folder = name, bench.collector.folder

        def run(self, variant, precision, job):
            steps = (job["train_count"] or 0) // 100
            turns.append((self.name or variant.id, steps))
            if variant.id == "jax" and len([turn for turn in turns if turn[0] == "jax"]) > 6:
                return Answer("ok"), Answer("crashed", "the process ended itself")
            fields = trained(steps) | {"latencies": [0.1] * 5, "peak_memory": 1}
            fields["seconds"]["variables"] = 1
            return Answer("ok", fields={"import_seconds": 1}), Answer("ok", fields=fields)

        def close_one(self, variant, precision):
            turns.append((self.name or variant.id, "closed"))

        def close(self):
            pass

    def prove(variant):
        bench.document["variants"][variant.id] = {"unproven": "", "rounds": [], "accuracy_after": []}

    monkeypatch.setattr(bench.collector, "workers", MadeUp(""))
    monkeypatch.setattr(bench, "control_workers", MadeUp("control"))
    monkeypatch.setattr(bench, "prove", prove)
    for _, do in bench.round(0, [variants()["jax"], variants()["numpy"]], variants()["numpy"]):
        do()
    long = [name for name, steps in turns if steps == QUICK.long]
    assert long == ["numpy", "jax", "control"] * 2 + ["control", "jax", "numpy"]
    rows = bench.document["variants"]
    first = rows["numpy"]["rounds"][0]
    assert first["turns"] == [1.0, 1.0]
    assert first["steady_processor_seconds"] == pytest.approx(2.0)
    assert first["steady_fresh_pages"] == pytest.approx(6.0)
    assert figures(bench.document | {"flops_per_image": None})["numpy"]["system_share"] == pytest.approx(6e-6)
    assert rows["jax"]["rounds"][0]["reason"] == "the process ended itself"
    assert rows["jax"]["rounds"][0]["first_step_seconds"] == 1
    assert bench.document["control"]["rounds"][0]["steady_seconds"] == 1.0
    assert bench.round(0, [variants()["numpy"]], variants()["numpy"]) == []


def test_a_round_is_the_median_of_its_turns(crew, monkeypatch):
    """Two turns of PyTorch's that once took eight times as long."""
    bench, _, _ = crew
    monkeypatch.setattr(bench, "predict_and_learn", lambda entrant: None)
    bench.document["variants"]["numpy"] = {"unproven": "", "rounds": []}
    run = {"round": 0, "outcome": "ok"}
    turns = [Step(seconds, 0.08, 0.01, 500) for seconds in (0.041, 0.320, 0.043, 0.313, 0.044)]
    bench.finish(Entrant(variants()["numpy"], bench.control_workers, run, steps=turns))
    assert bench.document["variants"]["numpy"]["rounds"][0]["steady_seconds"] == 0.044


def trained(seconds: float) -> dict:
    """What a worker answers that has trained for so long, on two cores; each second took six pages of 2 µs."""
    pages = 6 * seconds
    usage = {"processor_seconds": 2 * seconds, "system_seconds": 2e-6 * pages, "fresh_pages": pages}
    return {"seconds": {"train": seconds}, "usage": {"train": usage}}


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


def test_a_machine_that_slows_down_makes_no_difference():
    """All of a round take turns: what is common to them is the machine's. What isn't remains, also where the others
    are too few to tell a pace."""
    slow, ids = (1.0, 1.4, 0.7), ("numpy", "jax", "pytorch", "theano")
    common = {id: {"rounds": rounds(*(step * pace for pace in slow))} for step, id in enumerate(ids, start=1)}
    document = a_document(**common)
    document["control"]["rounds"] = rounds(*slow)
    assert [tuple(vars(row["steady_seconds"]).values()) for row in figures(document).values()] == [
        pytest.approx((step, step, step)) for step in (1, 2, 3, 4)
    ]
    assert document["variants"]["jax"]["rounds"][1]["steady_seconds"] == 2.8, (
        "a copy is changed, not the file's figures"
    )
    own = a_document(**common | {"jax": {"rounds": rounds(2.0, 2.8, 2.8)}})
    own["control"]["rounds"] = rounds(*slow)
    assert figures(own)["jax"]["steady_seconds"].high == pytest.approx(4.0)
    assert figures(own)["numpy"]["steady_seconds"].high == pytest.approx(1.0)
    nought = a_document(**{id: {"rounds": rounds(0.0, 0.0, 0.0)} for id in ids})
    nought["control"]["rounds"] = rounds(0.0, 0.0, 0.0)
    assert paced(nought)["variants"] == nought["variants"], "too short to measure: no pace, and no failure"
    two = a_document(numpy=common["numpy"], jax=common["jax"])
    assert figures(two)["jax"]["steady_seconds"].high == 2.8


def test_control_shows_the_noise():
    document = a_document(numpy={"rounds": rounds(1.1, 1.1, 1.1)})
    assert control_spread(document) == pytest.approx(0.1 / 1.05)
    document["control"]["rounds"] = rounds(1.0, outcome="crashed")
    assert control_spread(document) is None


def test_failed_rounds_do_not_count_and_earlier_ones_are_kept():
    document = a_document(jax={"rounds": [*rounds(1.0, 1.0), *rounds(0.0, outcome="crashed")]})
    assert figures(document)["jax"]["steady_seconds"] == Figure(1.0, 1.0, 1.0)


def test_of_a_single_process_the_turns_give_the_interval():
    (run,) = rounds(1.0)
    one = figures(a_document(jax={"rounds": [run | {"turns": [0.9, 1.0, 1.0, 1.0, 1.3]}]}))["jax"]["steady_seconds"]
    assert one.low < one.median == 1.0 < one.high
    assert figures(a_document(jax={"rounds": [run]}))["jax"]["steady_seconds"] == Figure(1.0, 1.0, 1.0)


def test_unproven_variants_have_no_figures():
    document = a_document(jax={"rounds": rounds(1.0, 1.0), "unproven": "mismatch: logits part"})
    assert "steady_seconds" not in figures(document)["jax"]
    assert "tier" not in figures(document)["jax"]


def test_rate_is_operations_over_time():
    assert figures(a_document(numpy={"rounds": rounds(0.01)}))["numpy"]["gflops"] == pytest.approx(10)


def test_a_fresh_page_costs_what_the_system_took_for_it():
    def row(system, pages):
        used = {"steady_processor_seconds": 0.1, "steady_system_seconds": system, "steady_fresh_pages": pages}
        return {"rounds": [run | used for run in rounds(0.05)]}

    document = a_document(jax=row(0.03, 10_000), numpy=row(0.06, 10_000), pytorch=row(0.05, 10_000), keras=row(0.05, 9))
    assert page_seconds(figures(document)) == pytest.approx(5e-6), "the median of those that take many"
    assert any("5.0 µs each" in line for line in remarks(document, []))
    found = figures(a_document(jax=row(-0.001, -3), numpy=row(0.05, 9.6)))
    told = {id: (row["system_share"], row["fresh_pages"]) for id, row in found.items()}
    assert told == {"jax": (0, 0), "numpy": (pytest.approx(0.5), 10)}, "less than nothing is noise"
    none = a_document(keras=row(0.05, 9), theano={"rounds": rounds(0.05)})
    assert page_seconds(figures(none)) is None
    assert not any("µs each" in line for line in remarks(none, []))


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


def test_sweep_of_processes(bench, measured):
    """They train at the same time, each with its share of the cores, and are counted together."""
    _, file = bench("--sweep", "processes")
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    points = document["variants"]["numpy"]["sweeps"]["processes"]
    assert [point["processes"] for point in points] == list(COUNTS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    for point in points:
        if point["processes"] > cores:
            assert point["outcome"] == "unsupported"
        elif point["outcome"] == "ok":
            assert point["cores_each"] == cores // point["processes"]
            assert point["images_per_second"] > 0
        else:  # so few steps may take no time at all beside others
            assert "too short to measure" in point["reason"]


@pytest.fixture
def crew(tmp_path, monkeypatch):
    """A benchmark on a machine of four cores, which threads were pinned where, and what made-up workers were given."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system can't pin a process")
    pinned, jobs = {}, []
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1, 2, 3})
    monkeypatch.setattr("os.sched_setaffinity", lambda process, chosen: pinned.update({threading.get_ident(): chosen}))
    task = find_task("softmax_regression")
    with Collector(tmp_path, data.load("digits")) as collector:
        document = start(tmp_path / "bench.json", task, collector.dataset, QUICK, "cpu")
        yield Bench(collector, task, document, tmp_path / "bench.json", QUICK), pinned, jobs


def made_up_workers(jobs, seconds_a_step, fails=()):
    class MadeUp:
        def __init__(self, folder, **options):
            self.folder = folder

        def run(self, variant, precision, job):
            number = int(self.folder.name)
            steps = job["train_count"] / job["train"]["batch_size"]
            jobs.append((number, steps))
            if number in fails:
                return Answer("ok"), Answer("crashed", "the process ended itself")
            seconds = 5 + steps * seconds_a_step[number]
            return Answer("ok"), Answer("ok", fields=trained(seconds))

        def close(self):
            jobs.append((int(self.folder.name), "closed"))

    return MadeUp


def test_processes_are_added_up_and_share_the_cores(crew, monkeypatch):
    bench, pinned, jobs = crew
    monkeypatch.setattr("concord.cost.rounds.Workers", made_up_workers(jobs, [0.5, 0.25]))
    point = bench.at_processes(variants()["numpy"], 2)
    assert point == {"cores_each": 2, "images_per_second": pytest.approx(100 / 0.5 + 100 / 0.25)}
    assert sorted(pinned.values()) == [[0, 1], [2, 3]]
    assert jobs[-2:] == [(0, "closed"), (1, "closed")]
    lengths = [steps for _, steps in jobs[:-2]]
    assert lengths[::2] == lengths[1::2]  # both run the same length at a time


def test_process_that_fails_holds_up_no_other(crew, monkeypatch):
    bench, _, jobs = crew
    monkeypatch.setattr("concord.cost.rounds.Workers", made_up_workers(jobs, [0.5, 0.25], fails=(1,)))
    with pytest.raises(FailedError, match="the process ended itself"):
        bench.at_processes(variants()["numpy"], 2)
    assert jobs[-2:] == [(0, "closed"), (1, "closed")]


@pytest.mark.parametrize(("step", "images", "longest"), [(0.01, 60_000, 178), (0.01, 12_000, 120), (1.0, 60_000, 10)])
def test_a_run_is_long_enough_to_drown_what_compiling_varies(tmp_path, monkeypatch, step, images, longest):
    """Each run of these workers compiles, the odd ones for 0.2 s longer."""
    lengths = []

    class MadeUp:
        def run(self, variant, precision, job):
            lengths.append(job["train_count"] // job["train"]["batch_size"])
            seconds = len(lengths) % 2 / 5 + lengths[-1] * step
            return Answer("ok"), Answer("ok", fields=trained(seconds))

    monkeypatch.setattr(Bench, "images", lambda bench: images)
    task = find_task("softmax_regression")
    with Collector(tmp_path, data.load("digits")) as collector:
        document = start(tmp_path / "bench.json", task, collector.dataset, FULL, "cpu")
        bench = Bench(collector, task, document, tmp_path / "bench.json", FULL)
        workers = MadeUp()
        workers.folder = tmp_path
        found = bench.steady(variants()["numpy"], workers=workers)
        assert max(lengths) == longest
        assert found == pytest.approx(step, rel=0.25)
        lengths.clear()
        long = bench.long_run(variants()["numpy"], steps_took=[step], workers=workers)
    assert lengths == [long, FULL.short], "what earlier rounds found is not tried again"
    assert long == pytest.approx(max(longest, FULL.long), rel=0.25)


def test_slope_is_the_exponent():
    batches = [{"batch": size, "outcome": "ok", "reason": "", "steady_seconds": 3e-4 * size**0.5} for size in BATCHES]
    processes = [{"processes": count, "images_per_second": 200.0 * count} for count in COUNTS]
    for name, points, slope in (("batch", batches, 0.5), ("processes", processes, 1.0)):
        plot = plots.sweep({"JAX": [*points, {name: 9_999, "outcome": "crashed"}]}, name)
        assert plot
        (curve,) = plot["curves"]
        assert curve["slope"] == pytest.approx(slope)
        assert len(curve["points"]) == len(points)
        assert all(0 <= share <= 1 for point in curve["points"] for share in point)
    assert plots.sweep({"JAX": processes[:1]}, "processes") is None


def test_bars_until_the_first_step_is_done():
    def row(label, *parts):
        names = ("import_seconds", "start_seconds", "first_step_seconds")
        return {"label": label} | {name: Figure(part, part, part) for name, part in zip(names, parts, strict=True)}

    plot = plots.before_the_second_step([row("slow", 2.0, 1.0, 3.0), row("quick", 0.5, 0.5, 0.5), {"label": "none"}])
    assert plot
    assert [(bar["label"], bar["total"]) for bar in plot["rows"]] == [("quick", 1.5), ("slow", 6.0)]
    for bar in plot["rows"]:
        for (begin, width, _), (following, *_) in itertools.pairwise(bar["parts"]):
            assert begin + width == pytest.approx(following)
    last = plot["rows"][1]["parts"][-1]
    assert last[0] + last[1] <= 1
    assert plots.before_the_second_step([{"label": "none"}]) is None


def test_accuracy_over_time():
    figures = {"first_step_seconds": Figure(2.0, 2.0, 2.0), "steady_seconds": Figure(0.1, 0.1, 0.1)}
    rows = [{"id": "numpy", "label": "NumPy"} | figures, {"id": "jax", "label": "JAX"} | figures]
    curve = [{"steps": 21, "accuracy": 0.90}, {"steps": 61, "accuracy": 0.98}]  # after 4 s, and after 8 s
    plot = plots.learning(rows, {"numpy": curve, "jax": []}, 0.98)
    assert plot
    assert [time for _, time in plot["times"]] == [4.0, 8.0]
    (numpy,) = plot["curves"]
    assert numpy["label"] == "NumPy"
    assert [x for x, _ in numpy["points"]] == pytest.approx([0.0, 1.0])
    assert numpy["points"][1][1] == pytest.approx(plot["target"])
    assert numpy["points"][0][1] > numpy["points"][1][1], "a lower accuracy stands lower"
    assert plots.learning(rows, {}, 0.98) is None


def test_speed_page(bench, measured, tmp_path):
    """A real file; then the same as if a GPU had been measured."""
    folder = tmp_path / "results"
    folder.mkdir()
    assert "This measures it" in speed.page(Results(folder))
    (folder / "bench.json").write_text(json.dumps(measured), encoding="utf-8")
    page = speed.page(Results(folder))
    assert "until the first training step is done" in page
    assert '<th scope="col">fresh pages</th>' in page
    assert "On a GPU" in page
    assert "not measured" in page
    assert "repeats" not in page
    often = copy.deepcopy(measured)
    for row in (often["variants"]["numpy"], often["control"]):
        row["rounds"] = [row["rounds"][0] | {"round": number} for number in range(10)]
    (folder / "bench.json").write_text(json.dumps(often), encoding="utf-8")
    page = speed.page(Results(folder))
    assert "the tiers are the same in 2 of 2 repeats." in page
    threads = often["environment"]["threads"]
    command = "concord bench softmax_regression --json docs/results/bench.json"
    assert f"<code>{command} --threads {threads} --rounds 10</code>" in page
    (folder / "bench.json").write_text(json.dumps(often | {"track": "tuned"}), encoding="utf-8")
    tuned = f"{command} --threads {threads} --rounds 10 --track tuned"
    assert tuned in speed.page(Results(folder)), "without its track the command would meet a file of the other one"
    (folder / "bench.json").write_text(json.dumps(measured), encoding="utf-8")
    on_gpu = copy.deepcopy(measured)
    on_gpu["environment"]["device"] = GPU
    on_gpu["created"] = "2100-01-01T00:00:00Z"  # the latest, and yet behind the processor's
    on_gpu["variants"]["numpy"]["rounds"][0]["peak_device_memory"] = 3 * 2**20
    (folder / "bench-gpu.json").write_text(json.dumps(on_gpu), encoding="utf-8")
    page = speed.page(Results(folder))
    assert "softmax_regression: Abacus, driver 1.0</h2>" in page
    assert "GPU: Abacus, 1 GiB, driver 1.0. TF32: numpy: off." in page
    assert "<td>3 MiB</td>" in page
    assert "not measured" not in page
    assert page.count("</h2>") == 2  # never merged
    assert page.index("Abacus, driver") > page.index(f"{threads} threads</h2>"), "the processor comes first"
    with_gpu = [variant.label for variant in variants().values() if variant.device_code]
    assert f"Not measured on it: {', '.join(with_gpu)}." in page
    del on_gpu["variants"]["numpy"]
    measured_there = costs.Benchmark(find_task("softmax_regression"), folder / "bench-gpu.json", on_gpu, {})
    told = {id: cell.text for id, cell in costs.benchmarked(costs.STEP, measured_there, "step").cells.items()}
    assert told == {id: "not measured" if variant.device_code else "no GPU" for id, variant in variants().items()}


def test_quick_makes_no_environment_unasked(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    asked = []
    monkeypatch.setattr(Bench, "work", lambda bench, ready: asked.append([variant.id for variant in ready]) or [])
    for names in (None, "numpy,theano"):
        options = {"rounds": None, "quick": True, "sweep": None, "overlay": None, "track": "idiomatic"}
        file = tmp_path / "bench.json"
        run_benchmark("softmax_regression", names, "digits", threads=None, json_file=file, **options)
    unasked = [variant.id for variant in variants().values() if variant.own]
    assert not set(asked[0]) & set(unasked)
    out = capsys.readouterr().out
    assert f"{', '.join(unasked)}: left out by --quick" in " ".join(out.split())
    assert out.count("left out by --quick") == 1


def test_learning_goes_through_shuffled_images(tmp_path):
    dataset, task, variant = data.load("digits"), find_task("softmax_regression"), variants()["numpy"]
    row = {"unproven": "", "accuracy_after": [], "rounds": [{"round": 0, "accuracy": 0.75}]}
    with Collector(tmp_path / "evidence", dataset) as collector:
        document = {"batch_size": 100, "variants": {"numpy": row}}
        bench = Bench(collector, task, document, tmp_path / "bench.json", QUICK)
        images, labels = (np.load(file) for file in bench.mixed_images.values())
        bench.learn(variant)
    assert not (labels == dataset.train_labels).all()

    def pairs(images, labels):
        return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))

    assert pairs(images, labels) == pairs(dataset.train_images, dataset.train_labels)
    assert [point["steps"] for point in row["accuracy_after"]] == [
        -(-len(images) // 100) // part for part in (8, 4, 2, 1)
    ]
    assert row["accuracy_after"][-2]["accuracy"] > 0.3  # after seven steps
    assert row["accuracy_after"][-1]["accuracy"] == 0.75, "that of an epoch is known from a round"


def test_rounds_with_and_without_what_else_was_imported_are_not_mixed(tmp_path):
    task, tensorflow = find_task("mnist_cnn"), variants()["tensorflow"]
    row = {"versions": tensorflow.versions(), "recipe_sha256": code_sha256(task.recipes["tensorflow"])}
    with pytest.raises(UserError, match="was made when TensorFlow still imported jax, sklearn"):
        check_same_program(tmp_path, {"variants": {"tensorflow": row}}, task, tensorflow)
    check_same_program(tmp_path, {"variants": {"tensorflow": row | {"hides": ["jax", "sklearn"]}}}, task, tensorflow)


def test_what_is_about_something_else_is_refused(bench, measured):
    _, file = bench("--rounds", 1)
    sound = file.read_text(encoding="utf-8")
    for place, value, reason in [
        (("schema",), "concord.bench/0", "expected 'concord.bench/1'"),
        (("plan", "long"), QUICK.long + 1, "another plan"),
        (("data", "sha256"), "0", "is about other data: digits"),
        (("environment", "processor"), "abacus", "of another machine: processor abacus"),
        (("environment", "threads"), 999, "of another machine: threads 999"),
        (("environment", "device"), GPU, "of another device: Abacus, driver 1.0, here the processor"),
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
    assert_refused(bench("--sweep", "colours")[0], "Known: batch, images, threads, processes")
    assert_refused(bench("--device", "gpu")[0], "of another device: the processor, here ")
    assert_refused(bench("--threads", 4096)[0], "--threads 4096: this process may use")
    assert_refused(bench(recipe="convolution")[0], "convolution trains nothing")
