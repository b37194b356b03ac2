"""The feature matrix: every probe runs and is right, no check can be passed by garbage, and nothing is written wrongly.

`pytest -k "features and pytorch"` runs one framework's probes.
"""

import dataclasses
import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, run
from conftest import copied, in_time, skip_unless_installed
from releases import summary

from concord.ask import answers, features
from concord.ask.answers import Answers
from concord.ask.features import complaint, question
from concord.ask.questions import ABSENT, Question, ask_all, plain
from concord.project import paths, scaffold
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.project.python import definition

ROWS = features.features()
CHECKS = features.checks()
QUICK_FOR_THEANO = ("dense", "conv_2d", "max_pooling", "dropout", "momentum", "training_loop")


def cells(*, run: bool) -> list:
    """The cells that a program answers, or those that a source does; a worker serves one variant after the other."""
    found = []
    for variant in variants().values():
        written = features.written(variant.framework)
        for row in sorted(ROWS.values(), key=lambda row: not row.fresh):  # from copies of the worker of the others
            source = written.source(row.id, variant)
            probe = written.probe(row.id, variant)
            if (run and (row.derived or (probe and not source))) or (not run and source):
                marks = [copied(variant), *in_time(variant, not probe or row.id in QUICK_FOR_THEANO)]
                found.append(pytest.param(row, variant, id=f"{row.id}-{variant.id}", marks=marks))
    return found


@pytest.mark.parametrize(("row", "variant"), cells(run=True))
def test_feature(row, variant, asked):
    """The probe runs on the installed version, its value is right, and the answer follows from it."""
    skip_unless_installed(variant)
    asked.keep(1)
    cell = asked.cell(row, variant)
    if cell.answer is None:
        assert cell.outcome in ABSENT
        pytest.skip(f"{row.id}: {cell.outcome}: {cell.reason}")
    if row.derived and cell.outcome == "not_written":
        pytest.skip(f"{row.id}: releases.json doesn't say")
    assert cell.reason == ""
    assert cell.outcome in (("ok", "documented") if row.derived else ("ok",))
    assert cell.answer in ((answers.FACT,) if row.derived else (answers.BUILT_IN, answers.FEW_LINES, answers.ADD_ON))
    assert (cell.answer == answers.ADD_ON) == bool(cell.add_on)
    assert cell.answer != answers.BUILT_IN or cell.claim


@pytest.mark.parametrize(("row", "variant"), cells(run=False))
def test_documented(row, variant, asked):
    cell = asked.cell(row, variant)
    assert cell.outcome == "documented"
    assert cell.answer in features.DOCUMENTED_ANSWERS
    assert cell.source.startswith("https://")
    assert len(cell.remark) > 20 or cell.answer == answers.FACT


@pytest.mark.parametrize("framework", frameworks())
def test_structure(framework, lacking):
    if not features.written(framework).path.exists():
        lacking(f"no features.py for {framework}")
    assert features.problems(framework) == []


def test_rows():
    assert features.row_problems() == []
    assert len(ROWS) >= 70
    for row in ROWS.values():
        assert row.question.endswith(("?", ")"))
        assert 0 < row.rtol <= 1e-3


@pytest.mark.parametrize("variant", variants().values(), ids=lambda variant: variant.id)
def test_every_row_has_one_answer(variant):
    """A probe, a source, a fact, or `not written yet`; never two that could contradict each other."""
    written = features.written(variant.framework)
    for row in ROWS.values():
        assert not (written.source(row.id, variant) and features.own_name(row.id, variant) in written.probes)


def garbage(arguments: dict, expected: object) -> list:
    """What a probe could give without doing anything."""
    found = [None, True, False, 0, 1, 0.0, "", "text", [], {}, [0.0], arguments, list(arguments.values())]
    for value in arguments.values():
        found.append(value)
        if isinstance(value, list):
            found += [np.zeros_like(value).tolist(), np.ones_like(value).tolist()]
    if isinstance(expected, dict) and not features.is_sentences(expected):
        for change in (np.zeros_like, np.ones_like, lambda right: np.multiply(right, 1.01)):
            found.append({name: change(right).tolist() for name, right in expected.items()})
    elif not isinstance(expected, (dict, list)):
        right = np.asarray(expected, float)
        found += [np.zeros_like(right), np.ones_like(right), right * 1.01, -right, right * np.nan, right[None]]
    return plain(list(map(plain, found)))


@pytest.mark.parametrize("row", CHECKS)
def test_garbage_is_refused(row, tmp_path):
    arguments, expected = question(row, tmp_path)
    arguments = {name: plain(value) for name, value in arguments.items()}
    json.dumps(arguments)  # what goes to a worker
    for value in garbage(arguments, expected):
        assert complaint(value, expected, ROWS[row].rtol), f"{features.shown(value)} passes"


@pytest.mark.parametrize("row", CHECKS)
def test_expected_value_is_accepted(row, tmp_path):
    """In float32 and through JSON, as it comes from a worker."""
    _, expected = question(row, tmp_path)
    if not features.is_sentences(expected):
        flat = expected if isinstance(expected, (dict, list)) else [expected]
        parts = flat.items() if isinstance(flat, dict) else enumerate(flat)
        for name, right in parts:
            value = json.loads(json.dumps(np.asarray(right, np.float32).tolist()))
            assert complaint(value, right, ROWS[row].rtol) == "", name


# What only looks right, for checks that are sentences: each must be refused for the reason that is given.
def half_zeros(x):
    return np.where(np.arange(x.size).reshape(x.shape) % 5 < 2, 0, x)


WRONG = {
    "dropout": (lambda a: {"training": half_zeros(a["x"]), "evaluation": a["x"]}, "divided by 1 - rate"),
    "spatial_dropout": (lambda a: np.where(np.random.default_rng(0).random(a["x"].shape) < 0.5, 0, 6.0), "whole"),
    "checkpoint": (lambda a: {"resumed": [1.0], "unbroken": [1.0]}, "NumPy's weights"),
    "mixed_precision": (lambda a: {"result": a["x"] @ a["kernel"], "weights": "float32"}, "in 16 bits"),
    "quantisation": (lambda a: {"result": a["x"] @ a["kernel"], "weights": "int8"}, "it was quantised"),
    "seeds": (lambda a: [[0.5] * 100] * 3, "another seed"),
    "data_loading": (
        lambda a: {
            "batches": [a["rows"][:4], a["rows"][4:8], a["rows"][8:]],
            "loaders": [1] * 10,
            "consumer": 1,
        },
        "another thread",
    ),
    "progress": (lambda a: "working ... done", "the last step"),
    "model_summary": (lambda a: "dense 40\ndense 27\nsum 670", "the sum"),
    "profiling": (lambda a: "add 12 calls, 0.001 s", "matrix product"),
    "traced_graph": (lambda a: {"results": np.tanh(a["x"]) ** 2, "python_calls": 3}, "Python ran"),
    "static_graph": (lambda a: {"graph": "", "result": 2 * np.tanh(a["x"])}, "names its operation"),
    "safe_saving": (lambda a: {"output": a["x"] @ a["kernel"] + a["bias"], "refusal": "a reason"}, "a file was"),
    "graph_export": (lambda a: np.tanh(a["x"] @ a["kernel"] + a["bias"]), "names the operation"),
    "data_parallel": (lambda a: {"gradient": np.zeros(3), "shares": [4, 4]}, "the whole batch"),
}


@pytest.mark.parametrize("row", WRONG)
def test_what_only_looks_right_is_refused(row, tmp_path):
    wrong, reason = WRONG[row]
    arguments, expected = question(row, tmp_path)
    value = wrong(arguments)
    value = {name: plain(part) for name, part in value.items()} if isinstance(value, dict) else plain(value)
    assert reason in complaint(value, expected, ROWS[row].rtol)


def test_a_trap_that_runs_is_seen(tmp_path):
    """The check for safe saving is about code that really runs."""
    import pickle

    arguments, expected = question("safe_saving", tmp_path)
    (tmp_path / "weights.bin").write_text("weights")
    with open(arguments["trap"], "rb") as file:
        pickle.load(file).close()
    output = arguments["x"] @ arguments["kernel"] + arguments["bias"]
    assert "did not run" in complaint({"output": plain(output), "refusal": "no pickles"}, expected, 1e-5)


def test_near():
    assert features.near([1.0, 2.0], [1.0, 2.00001])
    assert not features.near([1.0, 2.0], [1.0, 2.0001])
    assert not features.near([1.0, float("nan")], [1.0, 2.0])
    assert not features.near([[1.0, 2.0]], [1.0, 2.0])
    assert not features.near(True, 1)
    assert not features.near([True, True], [1, 1])
    assert not features.near([[1.0], [1.0, 2.0]], [1.0, 2.0])
    assert not features.near(0.0, 1e-9)


# ---- What is written wrongly is named

GOOD = '''
import numpy as np

def relu(x):
    """`numpy.maximum`: of 0 and x."""
    return np.maximum(x, 0)
'''


@pytest.fixture
def column(tmp_path, monkeypatch):
    """Replaces NumPy's features.py, for structure and answers."""

    def replace(source: str) -> features.Written:
        path = tmp_path / f"features_{abs(hash(source))}.py"
        path.write_text(source, encoding="utf-8")
        written = features.read_probes(path)
        monkeypatch.setattr(features, "written", lambda framework: written)
        return written

    return replace


def test_good_column(column, tmp_path):
    written = column(GOOD)
    assert features.problems_of(written, frameworks()["numpy"].variants) == []
    with Answers(tmp_path) as asked:
        assert asked.cell(ROWS["relu"], variants()["numpy"]).answer == answers.BUILT_IN


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (GOOD.replace("def relu", "def rectify"), "rectify: there is no such row"),
        (GOOD.replace("(x)", "(y)", 1), "takes (y), expected (x)"),
        (GOOD.replace('"""`numpy.maximum`: of 0 and x."""', "pass"), "needs a docstring"),
        (GOOD.replace("    return", "    x = x\n" * 8 + "    return"), "has 9 lines, more than 8"),
        (GOOD + "def _help(x):\n" + "    x = x\n" * 9, "_help: a helper has 9 lines"),
        (GOOD.replace("import numpy as np", "import numpy as np\nimport scipy"), "imports scipy at the top"),
        (GOOD + 'NOT_POSSIBLE = {"relu": ("There is none.", "https://numpy.org")}', "has a probe and a source"),
        (GOOD + 'NOT_POSSIBLE = {"elu": ("There is none.",)}', "needs a sentence and a source that begins with"),
        (GOOD + 'NOT_POSSIBLE = {"elu": ("There is none.", "a friend")}', "a source that begins with https://"),
        (GOOD + 'NOT_POSSIBLE = {"speed": ("There is none.", "https://numpy.org")}', "speed: there is no such row"),
        (GOOD + 'DOCUMENTED = {"elu": ("built in", "It is.", "https://numpy.org")}', "isn't source_only"),
        (GOOD + 'DOCUMENTED = {"tpu": ("perhaps", "It is.", "https://numpy.org")}', "'perhaps' is none of"),
        (GOOD.replace("relu(x)", "licence(x)"), "licence: the row is not one for a probe"),
    ],
)
def test_problems_are_named(source, problem, column):
    found = features.problems_of(column(source), frameworks()["numpy"].variants)
    assert any(problem in line for line in found), found


def test_not_python(tmp_path):
    (tmp_path / "features.py").write_text("def relu(x:")
    with pytest.raises(UserError, match="isn't Python: line 1"):
        features.read_probes(tmp_path / "features.py")


@pytest.mark.parametrize(
    ("source", "answer", "reason"),
    [
        (GOOD.replace("`numpy.maximum`: of", "By maximum of"), answers.FEW_LINES, ""),
        (GOOD.replace("np.maximum(x, 0)", "x"), answers.BROKEN, "names numpy.maximum, and doesn't use it"),
        (GOOD.replace("`numpy.maximum`", "`numpy.relu`"), answers.BROKEN, "names numpy.relu, which doesn't exist"),
        (GOOD.replace("`numpy.maximum`", "`numpy.maximum(where=)`"), answers.BROKEN, "doesn't use the keyword"),
        (GOOD.replace("`numpy.maximum`", "`math.fabs`"), answers.BROKEN, "not the framework's own API"),
        (GOOD.replace("`numpy.maximum`", "`numpy.ndarray.clip`"), answers.BROKEN, "doesn't use it"),
        (
            GOOD.replace("`numpy.maximum`", "`numpy.ndarray.clip`").replace("np.maximum(x, 0)", "x.clip(0)"),
            answers.BUILT_IN,
            "",
        ),
        (GOOD.replace("np.maximum(x, 0)", "np.maximum(x, 1)"), answers.BROKEN, "it gave (11,) 1, 1, 1, …, expected"),
        (GOOD.replace("np.maximum(x, 0)", "1 / 0 * np.maximum(x, 0)"), answers.BROKEN, "ZeroDivisionError"),
        (
            GOOD.replace("return np", "import scipy.special\n    return scipy.special.expit(0) * 2 * np"),
            answers.ADD_ON,
            "",
        ),
        (
            GOOD.replace("    return", "    import no_such_package\n    return"),
            None,
            "no_such_package is not installed",
        ),
        ("", answers.NOT_WRITTEN, ""),
    ],
)
def test_answers_are_derived(source, answer, reason, column, tmp_path):
    column(source)
    with Answers(tmp_path / "work") as asked:
        cell = asked.cell(ROWS["relu"], variants()["numpy"])
    assert cell.answer == answer, cell
    assert reason in cell.reason
    assert bool(cell.reason) == bool(reason)
    assert ("scipy" in cell.add_on) == (answer == answers.ADD_ON)


def test_a_variants_own_probe_comes_first(column, tmp_path):
    own = GOOD.replace("relu(x)", "relu__numpy(x)").replace("np.maximum(x, 0)", "np.maximum(0, x)")
    written = column(GOOD + own)
    assert features.problems_of(written, frameworks()["numpy"].variants) == []
    with Answers(tmp_path) as asked:
        assert asked.cell(ROWS["relu"], variants()["numpy"]).function == "relu__numpy"


def test_a_missing_tool_is_not_the_frameworks_fault(column, tmp_path):
    column(GOOD.replace("np.maximum(x, 0)", "1 / 0 * np.maximum(x, 0)"))
    row = dataclasses.replace(ROWS["relu"], tool="no-such-compiler")
    with Answers(tmp_path) as asked:
        cell = asked.cell(row, variants()["numpy"])
    assert (cell.answer, cell.outcome, cell.reason) == (None, "unsupported", "there is no no-such-compiler here")


@pytest.fixture
def two_columns():
    found = [variant for variant in variants().values() if variant.versions() and not variant.own][:2]
    if len(found) < 2:
        pytest.skip("two columns need two frameworks")
    return found


def ask_columns(asked, rows, columns, announce):
    questions = [Question(row.id, variant, answers.PRECISION, row.fresh) for variant in columns for row in rows]
    return ask_all(asked, questions, lambda question: asked.cell(ROWS[question.name], question.variant), announce)


def test_columns_side_by_side(two_columns, tmp_path):
    """The cells come in order, and what needs a process of its own is run first."""
    rows, told = [ROWS["cpu_threads"], ROWS["relu"], ROWS["licence"]], []
    with Answers(tmp_path) as asked:
        found = ask_columns(asked, rows, two_columns, told.append)
    assert [(cell.variant, cell.feature) for cell in found] == [(v.id, row.id) for v in two_columns for row in rows]
    assert all(cell.outcome in ("ok", *ABSENT) for cell in found)
    for variant in two_columns:
        mine = [what for what in told if what.startswith(f"{variant.id}: ")]
        assert mine == [f"{variant.id}: {row}" for row in ("cpu_threads", "relu", "licence")]


def test_interrupted_columns_end_at_once(two_columns, tmp_path):
    told = []

    def announce(what):
        told.append(what)
        if what.startswith(f"{two_columns[0].id}: ") and len(told) > 2:
            raise KeyboardInterrupt

    with Answers(tmp_path) as asked, pytest.raises(KeyboardInterrupt):
        ask_columns(asked, list(ROWS.values()), two_columns, announce)
    assert len(told) < len(ROWS)
    assert not asked._living


def test_no_folder_of_this_machine_is_published(tmp_path):
    told = {"refusal": f"no {tmp_path}/weights.npz", "output": [1.0]}
    assert answers.without_places(told, tmp_path) == {"refusal": "no weights.npz", "output": [1.0]}
    assert answers.without_places(f"{paths.CHECKOUT}/frameworks/x.py: 3", tmp_path) == "frameworks/x.py: 3"
    assert answers.without_places(f"in {paths.home()}/env/x.py", tmp_path) == "in env/x.py"


def test_helpers_are_part_of_a_probe():
    probe = features.written("numpy").probes["residual_block"]
    assert "def _same_conv" in definition(paths.FRAMEWORKS / "numpy" / "features.py", "residual_block")
    assert "numpy.lib.stride_tricks.sliding_window_view" in probe.names


# ---- The command


def test_command(tmp_path):
    file = tmp_path / "features.json"
    code, out, err = run(
        "features", "relu", "--frameworks", "numpy", "--json", file, home=tmp_path / "home", cwd=tmp_path
    )
    assert (code, err) == (0, "")
    assert "ReLU ◐ a few lines" in out
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads((paths.CHECKOUT / "docs/features.schema.json").read_text("utf-8")))
    (cell,) = document["results"]
    assert (cell["feature"], cell["variant"], cell["answer"]) == ("relu", "numpy", "a few lines")
    assert cell["versions"]["numpy"] == np.__version__


def test_command_refuses(tmp_path):
    finished = run("features", "rellu", home=tmp_path / "home", cwd=tmp_path)
    assert_refused(finished, "There is no feature 'rellu'. Did you mean 'relu'?")


def test_schema_refuses_contradictions():
    schema = json.loads((paths.CHECKOUT / "docs/features.schema.json").read_text("utf-8"))
    cell = dataclasses.asdict(answers.Cell("relu", "numpy", "numpy", answers.BUILT_IN, "ok"))
    validator = jsonschema.Draft202012Validator(schema | {"$ref": "#/$defs/cell", "required": [], "properties": {}})
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/cell", "$defs": schema["$defs"]})
    assert validator.is_valid(cell)
    for wrong in (
        {"outcome": "mismatch"},
        {"answer": "yes"},
        {"answer": answers.NOT_POSSIBLE, "outcome": "documented"},
        {"answer": answers.BROKEN, "outcome": "error"},
        {"source": "http://numpy.org"},
    ):
        assert not validator.is_valid(cell | wrong), wrong


def test_new_feature(tmp_path, monkeypatch):
    """A row by the scaffold: at once there, refused until its check says something, and not written in any column."""
    copy = tmp_path / "frameworks"
    shutil.copytree(paths.FRAMEWORKS, copy)
    monkeypatch.setattr(paths, "FRAMEWORKS", copy)
    for cached in (features.features, features.checks):
        monkeypatch.setattr(features, cached.__name__, cached.__wrapped__)
    written = scaffold.make_feature("weather_report")
    assert written == [copy / "features.toml", copy / "feature_checks.py"]
    assert "weather_report" in features.features()
    assert features.row_problems() == ["weather_report: the check expects nothing yet"]
    with pytest.raises(UserError, match="exists"):
        scaffold.make_feature("weather_report")
    with pytest.raises(UserError, match="can't be a name"):
        scaffold.make_feature("Weather report")


def test_release_facts():
    """First, latest, a year's number, one version's file; pre-releases and withdrawn files don't count."""
    from datetime import date

    def file(name: str, day: str, **more) -> dict:
        return {"filename": name, "upload-time": f"{day}T10:00:00Z", "size": 5, "yanked": False} | more

    files = [
        file("thing-0.1.tar.gz", "2019-05-02"),
        file("thing-2.0-py3-none-any.whl", "2026-02-01", size=7),
        file("thing-2.0.tar.gz", "2026-02-02"),
        file("thing-1.9.1-py3-none-any.whl", "2026-03-01"),
        file("thing-2.1rc1-py3-none-any.whl", "2026-04-01"),
        file("thing-9.0.tar.gz", "2026-05-01", yanked="broken"),
        file("thing-1.0.zip", "2025-03-01"),
    ]
    assert summary(files, "2.0", date(2026, 3, 2)) == {
        "first": {"version": "0.1", "date": "2019-05-02"},
        "latest": {"version": "2.0", "date": "2026-02-01"},
        "last_year": 2,
        "file": {"name": "thing-2.0-py3-none-any.whl", "bytes": 7},
    }


def test_releases_are_of_frameworks(lacking):
    released = json.loads((paths.FRAMEWORKS / "releases.json").read_text("utf-8"))["distributions"].keys()
    known = dict.fromkeys(variant.distributions[0] for variant in variants().values())
    assert released <= known.keys()
    for name in known:
        if name not in released:
            lacking(f"no releases for {name}: python tools/releases.py")


def test_folder_of_a_probe_is_removed(tmp_path):
    with Answers(tmp_path) as asked:
        assert asked.cell(ROWS["checkpoint"], variants()["numpy"]).outcome == "ok"
    assert not list(Path(tmp_path).glob("checkpoint-*"))
