"""The single changes to tuned recipes, and what the speed page makes of their measurement."""

import json
import sys
from dataclasses import replace
from functools import partial

import jsonschema
import pytest

from concord.cost.rounds import Bench, FailedError, Step
from concord.cost.tiers import figures
from concord.data import datasets as data
from concord.judge.mutants import MutantCollector, PatchError
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.project.task import find_task
from concord.report import results as report
from concord.report.results import code_sha256
from concord.site import tuning
from concord.site.results import Results, pins

sys.path.insert(0, str(paths.CHECKOUT / "benchmarks"))
import tuned

TUNED = [variant for variant in variants().values() if variant.framework in find_task("mnist_cnn").tuned]
SCHEMA = json.loads((paths.CHECKOUT / "docs" / "tuned.schema.json").read_text(encoding="utf-8"))
ENVIRONMENT = {"processor": "a processor", "threads": 2}


def document(**milliseconds: list[float]) -> dict:
    return {
        "schema": "concord.tuned/2",
        "created": "2026-01-02T03:04:05+00:00",
        "recipe": "mnist_cnn",
        "data": {"name": "digits", "source": "here", "sha256": "0" * 64},
        "environment": ENVIRONMENT,
        "batch_size": 128,
        "variants": {
            "numpy": {
                "versions": {"numpy": "2"},
                "peak_gflops": [90.0, 100.0],
                "milliseconds": milliseconds,
                "failures": {},
            }
        },
    }


@pytest.mark.parametrize("variant", TUNED, ids=lambda variant: variant.id)
def test_every_change_applies_and_is_python(variant, tmp_path):
    programs = tuned.programs(variant, tmp_path)
    assert {tuned.TUNED, tuned.IDIOMATIC} < set(programs), "no change is asked about"
    sources = {name: task.recipes[variant.framework].read_text("utf-8") for name, task in programs.items()}
    assert len(set(sources.values())) == len(sources), "a change that changes nothing"
    for name, source in sources.items():
        compile(source, name, "exec")


def test_a_change_that_no_longer_applies_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "switches.toml").write_text('[[numpy]]\nname = "gone"\nchanges = [["not in there", ""]]\n')
    monkeypatch.setattr(tuned, "__file__", str(folder / "tuned.py"))
    with pytest.raises(PatchError, match=r"mnist_cnn_numpy_tuned\.py has 'not in there' 0 times"):
        tuned.programs(variants()["numpy"], tmp_path)


def test_what_is_not_equal_gets_no_figure(tmp_path, monkeypatch):
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    change = """[["velocity += sum(found)", "velocity -= sum(found)"]]"""
    (folder / "switches.toml").write_text(f'[[numpy]]\nname = "uphill"\nchanges = {change}\n')
    monkeypatch.setattr(tuned, "__file__", str(folder / "tuned.py"))
    numpy = variants()["numpy"]
    with MutantCollector(tmp_path / "evidence", data.load("digits")) as collector:
        found = tuned.programs(numpy, tmp_path)
        assert tuned.prove(collector, found["uphill"], numpy).startswith("mismatch: float64 gradients")
        assert tuned.prove(collector, found[tuned.TUNED], numpy) == ""


def test_programs_of_a_variant_take_turns(tmp_path, monkeypatch):
    asked = []

    def step(bench, variant, long, workers):
        asked.append((bench.task.track, variant.id))
        if bench.task.track == "tuned" and len(asked) > 2:
            raise FailedError("crashed", "the process ended itself")
        return Step({"numpy": 0.03, "pytorch": 0.02}[variant.id], 0.05, 0.01, 900)

    monkeypatch.setattr(Bench, "long_run", lambda bench, variant, workers: 9)
    monkeypatch.setattr(Bench, "step", step)
    monkeypatch.setattr(tuned, "PLAN", replace(tuned.PLAN, turns=2))
    monkeypatch.setattr(tuned, "matrix_products", lambda: [80.0])
    task, found = find_task("mnist_cnn"), document()
    with MutantCollector(tmp_path / "evidence", data.load("digits")) as collector:
        tasks = {"idiomatic": task, "tuned": task.on_track("tuned")}
        tuned.measure_round(collector, found, variants()["numpy"], tasks)
    assert asked[:3] == [("idiomatic", "numpy"), ("tuned", "numpy"), ("idiomatic", "pytorch")]
    assert asked[3:] == asked[2::-1], "and back"
    assert found["variants"]["numpy"]["milliseconds"] == {"idiomatic": [30.0], tuned.PYTORCH: [20.0]}
    assert found["variants"]["numpy"]["peak_gflops"] == [90.0, 100.0, 80.0], "of its own rounds"
    assert found["variants"]["numpy"]["failures"] == {"tuned": "crashed: the process ended itself"}


def test_a_step_that_drowns_in_compiling_is_no_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(Bench, "long_run", lambda bench, variant, workers: 9)
    monkeypatch.setattr(Bench, "step", lambda bench, variant, long, workers: Step(-0.03, 0.05, 0.01, 900))
    monkeypatch.setattr(tuned, "matrix_products", lambda: [80.0])
    found = document()
    with MutantCollector(tmp_path / "evidence", data.load("digits")) as collector:
        tuned.measure_round(collector, found, variants()["numpy"], {"tuned": find_task("mnist_cnn")})
    assert found["variants"]["numpy"]["milliseconds"] == {}
    assert found["variants"]["numpy"]["failures"]["tuned"] == "error: a long run took no longer than a short one"


def test_every_round_of_every_variant_is_in_the_file(tmp_path, monkeypatch):
    file, rounds = tmp_path / "tuned.json", []
    monkeypatch.setattr(tuned, "prove", lambda collector, task, variant: "" if task.track == "tuned" else "no")
    monkeypatch.setattr(tuned, "measure_round", lambda _, document, variant, found: rounds.append((variant.id, *found)))
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setattr(data, "load", partial(data.load, "digits"))
    found = tuned.measure([variants()[id] for id in ("numpy", "theano")], 2, file)
    assert json.loads(file.read_text(encoding="utf-8")) == found
    assert [id for id, *_ in rounds] == ["numpy", "theano"] * 2
    assert all(tuned.IDIOMATIC not in names for _, *names in rounds), "what isn't proven equal runs in no round"
    assert found["variants"]["numpy"]["failures"] == {tuned.IDIOMATIC: "unproven: no"}
    jsonschema.Draft202012Validator(SCHEMA).validate(found)


def test_rows_of_other_variants_stay(tmp_path):
    file, jax = tmp_path / "tuned.json", variants()["jax"]
    before = document(tuned=[20.0]) | {"environment": report.environment()}
    file.write_text(json.dumps(before), encoding="utf-8")
    with pytest.raises(UserError, match="is about other data: digits, now digits"):
        tuned.start([jax], data.load("digits"), file)
    before["data"]["sha256"] = data.load("digits").digest
    file.write_text(json.dumps(before | {"environment": {"processor": "abacus"}}), encoding="utf-8")
    with pytest.raises(UserError, match="is of another machine: processor abacus, here "):
        tuned.start([jax], data.load("digits"), file)
    file.write_text(json.dumps(before), encoding="utf-8")
    found = tuned.start([jax], data.load("digits"), file)
    assert found["variants"]["numpy"] == before["variants"]["numpy"]
    assert found["variants"]["jax"]["milliseconds"] == {}
    assert tuned.start([variants()["numpy"]], data.load("digits"), file)["variants"]["numpy"]["milliseconds"] == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps(document() | {"schema": "concord.bench/1"}), "has the schema 'concord.bench/1'"),
        (json.dumps({"schema": "concord.tuned/2"}), "is about other data: None, now digits"),
        ("[]", "has the schema 'list'"),
        ("{", "can't be read"),
    ],
)
def test_files_of_something_else_are_refused(tmp_path, monkeypatch, capsys, text, reason):
    file = tmp_path / "tuned.json"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(data, "load", partial(data.load, "digits"))
    monkeypatch.setattr(sys, "argv", ["tuned.py", "--json", str(file), "numpy"])
    with pytest.raises(SystemExit) as ended:
        tuned.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert reason in told
    assert len(told.splitlines()) <= 2
    assert file.read_text(encoding="utf-8") == text


def test_ratios_are_of_medians_and_to_the_right_neighbour():
    steps = {"tuned": [20.0, 21.0, 22.0], "idiomatic": [42.0, 40.0, 44.0], "a change": [63.0, 63.0, 63.0]}
    (row,) = tuning.rows(document(**steps))
    assert row["ratio"].median == pytest.approx(0.5)
    assert row["ratio"].low <= 0.5 <= row["ratio"].high
    assert row["changes"]["a change"].median == pytest.approx(3)
    operations = find_task("mnist_cnn").specification.TRAINING_FLOPS * 128
    assert row["peak_share"] == pytest.approx(operations / 0.021 / 100e9)


def test_the_page_shows_the_figures_and_says_when_there_are_none(tmp_path):
    assert "not measured" in tuning.page(Results(tmp_path))
    (tmp_path / "tuned-mnist_cnn.json").write_text(json.dumps(document(tuned=[20.0], idiomatic=[40.0])))
    page = tuning.page(Results(tmp_path))
    assert "0.50 (0.50 to 0.50)" in page
    assert "a processor" in page
    assert "100 GFLOP/s" in page
    assert "stale: NumPy: measured with numpy 2" in page


PUBLISHED = paths.CHECKOUT / "docs" / "results"


def published(track: str) -> dict:
    """By variant, the figures of the published benchmark of mnist_cnn on one track."""
    file = PUBLISHED / f"bench-mnist_cnn{'-tuned' if track == 'tuned' else ''}.json"
    return figures(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("metric", ["steady_seconds", "epoch_seconds"])
@pytest.mark.parametrize("variant", TUNED, ids=lambda variant: variant.id)
def test_no_tuned_recipe_is_published_slower_than_its_neighbour(variant, metric):
    """Over an epoch too: compiling, or what a framework does at the end, doesn't show in a step. The tuned interval
    counts: what each epoch costs is in all of it, a wait that hits some (tf.data's, in Keras) isn't.
    """
    tuned, idiomatic = published("tuned")[variant.id][metric], published("idiomatic")[variant.id][metric]
    assert tuned.low <= idiomatic.high


def test_figures_of_older_programs_are_stale():
    task, numpy = find_task("mnist_cnn"), variants()["numpy"]
    digests = {track: code_sha256(task.on_track(track).recipes["numpy"]) for track in ("idiomatic", "tuned")}
    row = {"versions": pins(numpy), "recipe_sha256": digests}
    assert tuning.stale(document(), "numpy", row) == ""
    digests["tuned"] = "0" * 64
    assert tuning.stale(document(), "numpy", row) == "mnist_cnn_numpy_tuned.py changed since"
    del row["recipe_sha256"]
    assert tuning.stale(document(), "numpy", row) == "mnist_cnn_numpy.py changed since"
    assert tuning.stale(document(), "gone", row) == ""


def test_prose_makes_no_figure_stale(tmp_path):
    """Nor do blank lines; a comment behind code is the code's."""
    digests = set()
    for source in ("x = 1\n\ny = 2\n", "# %% [markdown]\n# Two numbers.\nx = 1\n    # why\ny = 2\n"):
        (tmp_path / "recipe.py").write_text(source, encoding="utf-8")
        digests.add(code_sha256(tmp_path / "recipe.py"))
    assert len(digests) == 1
    (tmp_path / "recipe.py").write_text("x = 1\ny = 3\n", encoding="utf-8")
    assert code_sha256(tmp_path / "recipe.py") not in digests


def test_damaged_results_are_named(tmp_path):
    file = tmp_path / "tuned-mnist_cnn.json"
    file.write_text(json.dumps(document(tuned=[-1.0])))
    with pytest.raises(UserError, match=r"tuned-mnist_cnn.json is damaged: variants.numpy.milliseconds.tuned\[0\]"):
        Results(tmp_path)
    without_a_peak = document(tuned=[1.0])
    without_a_peak["variants"]["numpy"]["peak_gflops"] = []
    file.write_text(json.dumps(without_a_peak))
    with pytest.raises(UserError, match=r"tuned-mnist_cnn.json is damaged: variants.numpy.peak_gflops"):
        Results(tmp_path)
