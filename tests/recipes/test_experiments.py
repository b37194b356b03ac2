"""Experiments: settings reach whoever takes them, three rungs that have teeth, and a picture drawn from evidence."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_ready

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.prove import prove
from concord.judge.reuse import proven_once
from concord.project.errors import UserError
from concord.project.experiment import Finding, arrays, found, settings
from concord.project.framework import PRECISIONS, variants
from concord.project.task import read_task, recipe_folders
from concord.report import pictures
from concord.run.evidence import Collector

QUICK = ("numpy", "pytorch")  # the others compile each setting, or take long for many epochs

TASK = '''"""two_rates: for tests."""
TITLE = "Two rates"
QUESTION = "Which?"
KIND = "experiment"
OF = "mlp"
SETTINGS = {"0.1": {"learning_rate": 0.1, "epochs": 2}, "0.01": {"learning_rate": 0.01, "epochs": 2}}
FIGURE = {"curve": "accuracy", "says": "Two curves."}


def findings(runs):
    return {"0.1 beats 0.01": (runs["0.1"]["accuracy"][-1] - runs["0.01"]["accuracy"][-1], 0.01)}
'''


def written(folder, text=TASK, name="two_rates", programs=(), changes=()):
    """An experiment; with the mlp's programs beside it, changed, if some are named."""
    (folder / name).mkdir()
    (folder / name / "task.py").write_text(text, encoding="utf-8")
    if programs:
        shutil.copytree(recipe_folders()["mlp"], folder / "mlp")
    for program in programs:
        file = folder / "mlp" / f"mlp_{program}.py"
        source = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        file.write_text(source, encoding="utf-8")
    return read_task(folder / name)


@pytest.mark.parametrize(("task", "variant"), ladder_cases("experiment"))
def test_every_setting_computes_the_same(proofs, request, record_property, task, variant):
    """The quick proof; in the long part every curve and what it shows."""
    long = request.config.getoption("--long")
    if variant.framework not in QUICK and not long:
        pytest.skip("takes long for many settings: in the long part, pytest --long")
    skip_unless_ready(task, variant)
    row = proven_once(proofs, task, variant, PRECISIONS, "full" if long else "quick")
    assert row.outcome == "ok", f"{task.name}, {variant.id}: {row.outcome}: {row.reason}"
    if row.reused:
        record_property("found", True)
    proofs.workers.keep(LIVING_WORKERS)


def test_a_setting_goes_to_whoever_takes_it(tmp_path):
    text = TASK.replace('"0.01": {', '"deep": {"hidden": (30, 30), "start": "small", "invert": True, ')
    text += "\n\ndef data(images, labels, validation_images, validation_labels, *, invert=False):\n    return 1\n"
    one = settings(written(tmp_path, text).specification)["deep"]
    assert one.training == {"learning_rate": 0.01, "epochs": 2}
    assert one.variables == {"hidden": (30, 30)}
    assert one.start == {"hidden": (30, 30), "start": "small"}
    assert one.data == {"invert": True}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"learning_rate": 0.01', '"learning_rat": 0.01', "no option 'learning_rat'. Did you mean 'learning_rate'?"),
        ('OF = "mlp"', 'OF = "mlpp"', "there is no such recipe folder"),
        ('OF = "mlp"', 'OF = "mnist_cnn_fast"', "name that one"),
        ('"accuracy", "says"', '"acuracy", "says"', "no curve 'acuracy'. Did you mean 'accuracy'?"),
        (', "says": "Two curves."', "", 'FIGURE["says"] is missing'),
        ('SETTINGS = {"0.1"', 'SETTINGS = {} and {"0.1"', "SETTINGS is {}"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, old, new, said):
    assert old in TASK
    with pytest.raises(UserError) as error:
        written(tmp_path, TASK.replace(old, new))
    assert said in str(error.value) and len(str(error.value).splitlines()) <= 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1", "gives int"),
        ("(images[:10], labels[:9], validation_images, validation_labels)", "with labels (9,)"),
        ("(images * 1.0, labels, validation_images.astype(float), validation_labels)", "float64 images"),
        ("no_such_name", "NameError"),
    ],
)
def test_other_data_of_a_wrong_kind_is_refused(tmp_path, body, said):
    text = f"{TASK}\n\ndef data(images, labels, validation_images, validation_labels):\n    return {body}\n"
    task = written(tmp_path, text)
    given = np.zeros((20, 28, 28, 1), np.float32), np.zeros(20, np.int64)
    with pytest.raises(UserError, match=r"data\(\)") as error:
        arrays(task, task.settings["0.1"], given * 2)
    assert said in str(error.value)


def test_findings_that_are_none_are_refused(tmp_path):
    task = written(tmp_path, TASK.replace('return {"0.1 beats', 'return 3 or {"0.1 beats'))
    with pytest.raises(UserError, match="gives 3"):
        found(task, {name: {"accuracy": np.ones(2)} for name in task.settings})


def test_a_value_that_is_no_number_never_holds():
    assert Finding("", 0.5, 0.5).holds
    assert not Finding("", float("nan"), 0.0).holds


WRONG = {
    "a setting that isn't used": ("lr=learning_rate)", "lr=0.1)", "prefix"),
    "half the rate from the second epoch on": (
        "        model.train()\n        order",
        "        optimizer.param_groups[0]['lr'] = learning_rate / (1 + bool(history))\n        order",
        "curve",
    ),
    "nobody is told of an epoch": ("        if watch:\n            watch(model)\n", "", "curve"),
    "one epoch alone": ("for _ in range(epochs):", "for _ in range(1):", "curve"),
    "validated before the epoch": (
        "        model.train()\n",
        "        watch and watch(model)\n        watch = None if len(history) == epochs - 1 else watch\n",
        "curve",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_is_caught(tmp_path, collector, name):
    old, new, level = WRONG[name]
    sound = written(tmp_path)
    (tmp_path / "wrong").mkdir()
    wrong = written(tmp_path / "wrong", programs=["pytorch"], changes=[(old, new)])
    task = replace(sound, recipes=sound.recipes | {"pytorch": wrong.recipes["pytorch"]})
    row = prove(collector, task, variants()["pytorch"], ("float64",), "quick")
    assert row.outcome == "mismatch" and row.failure, (row.outcome, row.reason)
    assert row.failure.level == level, row.reason


def test_a_result_that_serves_for_all_settings_is_caught(tmp_path, collector):
    """The first training's answer is kept, and given whatever is asked after it."""
    changes = [
        (
            "    return model, history\n\n\n# %% [markdown]\n# Nobody",
            "    return KEPT.setdefault(0, (model, history))\n\n\n# %% [markdown]\n# Nobody",
        ),
        ("# %% Train\n", "# %% Train\nKEPT = {}\n\n\n"),
    ]
    sound = written(tmp_path)
    (tmp_path / "wrong").mkdir()
    wrong = written(tmp_path / "wrong", programs=["pytorch"], changes=changes)
    task = replace(sound, recipes=sound.recipes | {"pytorch": wrong.recipes["pytorch"]})
    row = prove(collector, task, variants()["pytorch"], ("float64",), "quick")
    assert row.outcome == "mismatch" and "with the setting 0.01" in row.reason


def test_what_a_program_finds_is_judged_by_its_least_value(tmp_path, collector):
    """And only told of other data than MNIST."""
    task = written(tmp_path, TASK.replace("0.01)}", "0.9)}"))
    row = prove(collector, task, variants()["numpy"], ("float32",), "full")
    level = row.levels[-1]
    assert level.level == "findings" and level.findings[0].sentence == "0.1 beats 0.01"
    if collector.dataset.name == "mnist":
        assert row.outcome == "mismatch" and "at least 0.9 expected" in row.reason
    with Collector(tmp_path / "digits", data.load("digits"), threads=1) as other:
        assert prove(other, task, variants()["numpy"], ("float32",), "full").outcome == "ok"


def test_with_a_seed_a_framework_is_left_to_itself(tmp_path, collector):
    """Its findings come from its own start and order, and may be held against NumPy's; one of them is proven."""
    text = TASK.replace('"learning_rate": 0.1,', '"seed": 3,').replace('"learning_rate": 0.01,', '"seed": 4,')
    text = (
        text[: text.index("def findings")]
        + """def findings(runs, reference):
    ends = [[run["loss"][-1] for run in found.values()] for found in (runs, reference)]
    return {"another seed": (abs(ends[0][0] - ends[0][1]), 1e-6), "not NumPy's": (abs(ends[0][0] - ends[1][0]), 1e-6)}
"""
    )
    task = written(tmp_path, text)
    assert [run.name for run in ladder.runs(task, ladder.PREFIX, "float64")] == ["prefix_0"]
    own = ladder.runs(task, ladder.FINDINGS, "float32")
    assert [(run.weights, run.seed, run.shuffled) for run in own] == [("own", 3, True), ("own", 4, True)]
    rows = {id: prove(collector, task, variants()[id], ("float32",), "full") for id in ("numpy", "pytorch")}
    values = {id: [finding.value for finding in row.levels[-1].findings] for id, row in rows.items()}
    assert values["numpy"][1] == 0 < 1e-6 < min(values["numpy"][0], *values["pytorch"])
    trained = collector.collect(task, variants()["pytorch"], "float32", own[0]).arrays()
    assert set(rows["pytorch"].curves) == set(task.settings)
    assert rows["pytorch"].curves["0.1"]["loss"] == tuple(trained["history"].tolist())


def test_chaos_is_left_out_of_the_curves_by_the_harness(tmp_path, collector):
    """Two NumPy runs 1e-14 apart decide; the first steps are judged all the same."""
    text = TASK.replace('"learning_rate": 0.01', '"learning_rate": 100.0')
    task = written(tmp_path, text)
    row = prove(collector, task, variants()["pytorch"], ("float64",), "full")
    moved = {}
    for run in ladder.runs(task, ladder.EXPERIMENT_LEVELS[1], "float64"):
        first, other = (collector.reference(task, which).arrays() for which in (run, ladder.perturbed(run)))
        moved[run.setting] = abs(first["validation_loss"][-1] / other["validation_loss"][-1] - 1)
    assert row.outcome == "ok", row.reason
    assert {level.level: level.run for level in row.levels} == {"prefix": row.levels[0].run, "curves": "curve_0"}
    assert moved["0.1"] < 1e-12 < 1e-4 < moved["0.01"]


def test_the_picture_is_drawn_from_evidence(tmp_path):
    task = written(tmp_path)
    curves = {"loss": (0.5, 0.4), "validation_loss": (2.3, 0.5, 0.4), "accuracy": (0.1, 0.8, 0.9)}

    def drawn(last):
        runs = {name: {"numpy": {k: np.array(v) for k, v in curves.items()}} for name in task.settings}
        runs["0.1"]["pytorch"] = {k: np.array(v) for k, v in (curves | {"accuracy": (0.1, 0.8, last)}).items()}
        return pictures.draw(task, runs)

    assert set(drawn(0.9)) == {"figure-light.svg", "figure-dark.svg"}
    assert drawn(0.9) == drawn(0.9) != drawn(0.7)


PARTS = """

def parts(images):
    return np.stack([images, np.roll(images, 3, axis=2)])
"""


def network_with_settings(folder, *changes, more=""):
    """The recipe dropout with settings of one epoch, its PyTorch program changed."""
    folder.mkdir(exist_ok=True)
    shutil.copytree(recipe_folders()["dropout"], folder / "dropout")
    file = folder / "dropout" / "task.py"
    source = file.read_text(encoding="utf-8").replace('{"dropout": 0.', '{"epochs": 1, "dropout": 0.')
    file.write_text(source + more, encoding="utf-8")
    file = folder / "dropout" / "dropout_pytorch.py"
    source = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    file.write_text(source, encoding="utf-8")
    return read_task(folder / "dropout")


def test_a_network_climbs_its_ladder_and_then_its_settings(tmp_path, collector):
    task = network_with_settings(tmp_path)
    names = [level.name for level in ladder.levels(task, "full")]
    assert names[-3:] == ["prefix", "curves", "findings"] and "gradients" in names
    assert [level.name for level in ladder.levels(task, "quick")][-2:] == ["accuracy", "prefix"]
    row = prove(collector, task, variants()["pytorch"], ("float64",), "quick")
    assert (row.outcome, row.levels[-1].level) == ("ok", "prefix"), row.reason


def test_what_is_wrong_with_one_setting_alone_is_caught(tmp_path, collector):
    """Drawn hyper-parameters are a fraction of the task's own, and never come near this one."""
    sound = network_with_settings(tmp_path)
    change = ("model.dropout.p, history = dropout, []", "model.dropout.p, history = min(dropout, 0.6), []")
    wrong = network_with_settings(tmp_path / "wrong", change)
    task = replace(sound, recipes=sound.recipes | {"pytorch": wrong.recipes["pytorch"]})
    row = prove(collector, task, variants()["pytorch"], ("float64",), "quick")
    assert row.outcome == "mismatch" and row.failure and row.failure.level == "prefix"
    assert "with the setting 0.8" in row.reason


def test_parts_of_the_validation_images_have_an_accuracy_each(tmp_path, collector):
    task = network_with_settings(tmp_path, more=PARTS)
    for run in ladder.runs(task, ladder.EXPERIMENT_LEVELS[1], "float64")[:1]:
        found = collector.collect(task, variants()["pytorch"], "float64", run).arrays()
    assert found["parts"].shape == (2,)
    assert found["parts"][0] == found["accuracy"][-1] > found["parts"][1] + 0.1
    given = np.zeros((20, 28, 28, 1), np.float32), np.zeros(20, np.int64)
    wrong = network_with_settings(tmp_path / "wrong", more=PARTS.replace("images, np", "images.astype(float), np"))
    with pytest.raises(UserError, match=r"parts\(\) gives float64"):
        arrays(wrong, wrong.settings["0"], given * 2)
