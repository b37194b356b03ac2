"""The command line, as a user meets it: what it refuses, what it shows, what it writes, and what it leaves alone."""

import copy
import dataclasses
import json
import math
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from commands import Finished, assert_refused, python, run, snapshot

from concord import cli
from concord.judge import ladder
from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project import paths
from concord.project.errors import nearest
from concord.project.framework import frameworks, variants
from concord.project.task import read_task, recipe_folders
from concord.report import results as report
from concord.report.compare import changed_verdicts

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = json.loads((DOCS / "compare.schema.json").read_text(encoding="utf-8"))
REFERENCE_ONLY = ("--frameworks", "numpy", "--data", "digits")


@pytest.fixture
def concord(monkeypatch, capsys, tmp_path):
    """The command line in this process, which is quicker than one of its own; an exception that nobody caught fails."""
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def call(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["concord", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        code = end.value.code or 0
        assert isinstance(code, int)
        return Finished(code, *capsys.readouterr())

    return call


def make_recipe(parent: Path, original: str = "softmax_regression", name: str = "mine") -> Path:
    """A user's own recipe folder: the project's, renamed, with the reference as its only recipe."""
    folder = parent / name
    folder.mkdir(parents=True)
    source = paths.RECIPES / original
    shutil.copyfile(source / "task.py", folder / "task.py")
    shutil.copyfile(source / f"{original}_numpy.py", folder / f"{name}_numpy.py")
    return folder


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user's folder, which is also the current one: a recipe of their own, earlier results, other things."""
    folder = tmp_path / "user"
    make_recipe(folder)
    (folder / "results.json").write_text('{"earlier": "results"}')
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("not a recipe")
    monkeypatch.chdir(folder)
    return folder


def change(path: Path, old: str, new: str) -> None:
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


# What is refused


UNKNOWN = {
    "recipe": (["softmax_regresion"], ["no recipe 'softmax_regresion'", "mean 'softmax_regression'?", "convolution"]),
    "recipe_in_capitals": (["MNIST_CNN"], ["no recipe 'MNIST_CNN'", "mean 'mnist_cnn'?"]),
    "recipe_without_a_name": (["", "--data", "empty"], ["has no task.py"]),
    "framework": (["convolution", "--frameworks", "nunpy"], ["no framework 'nunpy'", "mean 'numpy'?", *variants()]),
    "framework_in_capitals": (["convolution", "--frameworks", "NumPy"], ["mean 'numpy'?"]),
    "framework_without_a_name": (
        ["convolution", "--frameworks", "", "--data", "empty"],
        ["No framework is named", "Known: numpy"],
    ),
    "second_framework": (["convolution", "--frameworks", "numpy, nunpy"], ["no framework 'nunpy'"]),
    "precision": (["convolution", "--precision", "float46"], ["mean 'float64'?", "Known: float64, float32, both."]),
    "data": (["convolution", "--data", "digit"], ["no data 'digit'", "mean 'digits'?", "mnist, digits, a folder"]),
    "empty_data_folder": (["convolution", "--data", "empty"], ["empty: no train-images", "expected four IDX files"]),
    "path_of_a_file": (["notes.txt"], ["notes.txt is not a folder", "path of a folder with a task.py"]),
    "path_of_nothing": (["nowhere/mine"], ["nowhere/mine is not a folder"]),
    "folder_without_a_task": (["empty"], ["has no task.py", "concord new recipe"]),
}


@pytest.mark.parametrize("mistake", UNKNOWN)
def test_unknown_name(concord, user, mistake):
    arguments, parts = UNKNOWN[mistake]
    before = snapshot(user)
    assert_refused(concord("compare", *arguments, "--json", "results.json"), *parts)
    assert snapshot(user) == before


def test_refused_in_a_process_of_its_own(user, tmp_path):
    """The exit code and the two lines are the whole story, with the real interpreter's end too."""
    before = snapshot(user)
    finished = run("compare", "softmax_regresion", "--json", "results.json", home=tmp_path / "home", cwd=user)
    assert_refused(finished, "Did you mean 'softmax_regression'?")
    assert snapshot(user) == before


@pytest.mark.parametrize(("word", "meant"), [("MNIST", "mnist"), ("fashion", "Fashion"), ("Digit", "digits")])
def test_nearest_name_whatever_the_case(word, meant):
    message = nearest("name", word, ["digits", "mnist", "Fashion"])
    assert message == f"There is no name {word!r}. Did you mean {meant!r}?\nKnown: digits, mnist, Fashion."


def test_nearest_name_is_not_guessed_wildly():
    assert nearest("name", "zebra", ["digits", "mnist"]) == "There is no name 'zebra'.\nKnown: digits, mnist."


WEIGHTS = "def initial_weights() -> dict[str, np.ndarray]:"
CASES = "def cases(pixels: np.ndarray) -> dict[str, dict[str, np.ndarray]]:"
IMPORT = "import numpy as np"
# Each mistake in a task.py, a network's and an operation's: what is replaced by what, and parts of the message.
BROKEN_NETWORKS = {
    "syntax": (IMPORT, "import", ["task.py, line 7: "]),
    "exception": (IMPORT, "raise OSError('two\\nlines')", ["task.py fails: OSError: two lines"]),
    "missing_import": (IMPORT, "import nunpy", ["No module named 'nunpy'"]),
    "exit": (IMPORT, "raise SystemExit(0)", ["task.py fails: SystemExit"]),
    "missing_name": ("TITLE", "TITEL", ["task.py doesn't define TITLE.", "QUESTION, KIND"]),
    "missing_kind": ("KIND", "KINDS", ["doesn't define KIND."]),
    "missing_floor": ("ACCURACY_FLOORS", "FLOORS", ["doesn't define ACCURACY_FLOORS."]),
    "missing_size": ('"batch_size"', '"size"', ["HYPERPARAMETERS lacks 'batch_size'"]),
    "missing_weights": ("def initial_weights", "def weights", ["doesn't define initial_weights."]),
    "unknown_kind": ('"network"', '"Netwrk"', ["There is no kind of task 'Netwrk'. Did you mean 'network'?"]),
    "type_of_kind": ('"network"', '["network"]', ["KIND is list, expected str"]),
    "type_of_steps": ("STEPS = ", "STEPS = 'Init' or ", ["STEPS is str, expected tuple"]),
    "weights_no_function": (WEIGHTS, "initial_weights = 3\ndef other():", ["weights is int, expected a function"]),
    "weights_signature": (WEIGHTS, "def initial_weights(seed):", ["initial_weights() fails: TypeError"]),
    "weights_failing": (WEIGHTS, f"{WEIGHTS}\n    1 / 0", ["initial_weights() fails: ZeroDivisionError: division"]),
    "weights_nothing": (WEIGHTS, f"{WEIGHTS}\n    return None", ["gives NoneType, expected a dict"]),
    "weights_lists": (WEIGHTS, f"{WEIGHTS}\n    return {{'bias': [0]}}", ["'bias' is list, expected a float32"]),
    "weights_precision": ("float32)}", "float64)}", ["'dense_bias' is float64, expected a float32 array"]),
}
BROKEN_OPERATIONS = {
    "missing_cases": ("def cases", "def examples", ["task.py doesn't define cases."]),
    "type_of_functions": ("FUNCTIONS = ", "FUNCTIONS = 'convolve' or ", ["FUNCTIONS is str, expected dict"]),
    "cases_signature": (CASES, "def cases():", ["cases() fails: TypeError"]),
    "cases_failing": (CASES, f"{CASES}\n    1 / 0", ["cases() fails: ZeroDivisionError: division"]),
}


@pytest.mark.parametrize("mistake", [*BROKEN_NETWORKS, *BROKEN_OPERATIONS])
def test_broken_task(concord, user, mistake):
    old, new, parts = (BROKEN_NETWORKS | BROKEN_OPERATIONS)[mistake]
    shutil.rmtree(user / "mine")
    task = make_recipe(user, "softmax_regression" if mistake in BROKEN_NETWORKS else "convolution") / "task.py"
    change(task, old, new)
    before = snapshot(user)
    finished = concord("compare", "mine", *REFERENCE_ONLY, "--precision", "float64", "--json", "results.json")
    assert_refused(finished, str(task), *parts)
    assert snapshot(user) == before


def test_task_that_is_no_text(concord, user):
    (user / "mine" / "task.py").write_bytes(b'TITLE = "\xff"')
    assert_refused(concord("compare", "mine"), "task.py can't be read")


def test_recipe_of_an_unknown_framework(concord, user):
    (user / "mine" / "mine_nunpy.py").write_text("")
    before = snapshot(user)
    assert_refused(concord("compare", "mine"), "mine_nunpy.py: There is no framework 'nunpy'. Did you mean 'numpy'?")
    assert snapshot(user) == before


def test_reading_a_task_leaves_no_cache(user, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    before = snapshot(user)
    read_task(user / "mine")
    assert snapshot(user) == before


def test_folder_name_is_no_pattern(tmp_path):
    assert list(read_task(make_recipe(tmp_path, name="mine [1]*")).recipes) == ["numpy"]


# Each mistake in a recipe file: what is replaced by what, and parts of the reason.
BROKEN_RECIPES = {
    "syntax": ("def predict(model, images):", "def predict(model, images:", ["SyntaxError: ", "(mine_numpy.py, line "]),
    "missing_function": (
        "def predict(",
        "def foresee(",
        ["TypeError: mine_numpy.py has no function predict(model, images)"],
    ),
    "signature": (
        "def predict(model, images):",
        "def predict(model):",
        ["TypeError: mine_numpy.py: predict can't be called as predict(model, images): too many positional arguments"],
    ),
    "keyword": (
        "batch_size=100,",
        "size=100,",
        ["TypeError: mine_numpy.py: train can't be called as train(model, images, labels, *, epochs, batch_size, "],
    ),
    "exception": (
        "def predict(model, images):",
        "def predict(model, images):\n    1 / 0",
        ["ZeroDivisionError", "(mine_numpy.py, line"],
    ),
}


@pytest.mark.parametrize("mistake", BROKEN_RECIPES)
def test_broken_recipe(concord, user, mistake):
    old, new, parts = BROKEN_RECIPES[mistake]
    change(user / "mine" / "mine_numpy.py", old, new)
    finished = concord("compare", "mine", *REFERENCE_ONLY, "--precision", "float64", "--json", "results.json")
    assert (finished.code, finished.err) == (1, "")
    assert "0 of 1 programs are proven" in finished.out
    document = json.loads((user / "results.json").read_text(encoding="utf-8"))
    assert_valid(document)
    (row,) = document["results"]
    assert row["outcome"] == "error"
    assert row["reason"] in finished.out
    for part in parts:
        assert part in row["reason"]


def test_recipe_that_is_not_written(concord, user):
    (user / "mine" / "mine_numpy.py").unlink()
    finished = concord("compare", "mine", *REFERENCE_ONLY, "--json", "results.json")
    assert (finished.code, finished.err) == (1, "")
    assert "mine_numpy.py is not written yet" in finished.out
    document = json.loads((user / "results.json").read_text(encoding="utf-8"))
    assert_valid(document)
    assert document["results"][0]["outcome"] == "not_written"


def test_others_need_a_program_in_numpy(concord, user):
    (user / "mine" / "mine_numpy.py").rename(user / "mine" / "mine_pytorch.py")
    finished = concord("compare", "mine", "--frameworks", "pytorch")
    assert_refused(finished, "mine_numpy.py isn't there", "Write the task in NumPy first")


def test_two_recipes_of_one_name(concord, user):
    shutil.copytree(user / "mine", user / "other" / "mine")
    assert_refused(concord("compare", "mine", "other/mine"), "have the same name")


def test_program_in_another_encoding(concord, user):
    """Python reads it, so it is compared."""
    file = user / "mine" / "mine_numpy.py"
    file.write_bytes(b"# -*- coding: latin-1 -*-\n# \xe9\n" + file.read_bytes())
    finished = concord("compare", "mine", *REFERENCE_ONLY, "--precision", "float64")
    assert (finished.code, finished.err) == (0, ""), finished.out


def test_recipe_that_is_not_possible(concord, user):
    (user / "mine" / "mine_numpy.py").unlink()
    with (user / "mine" / "task.py").open("a", encoding="utf-8") as file:
        file.write('\nNOT_POSSIBLE = {"numpy": ("It has no such thing.", "https://example.org")}\n')
    finished = concord("compare", "mine", *REFERENCE_ONLY)
    assert (finished.code, finished.err) == (1, "")
    assert "It has no such thing." in finished.out and "not written yet" not in finished.out


# Where results can't go. The tests may run as root, whom permissions don't stop.
DESTINATIONS = {
    "missing_folder": ("nowhere/results.json", "its folder doesn't exist"),
    "file_as_folder": ("notes.txt/results.json", "notes.txt/results.json can't be written"),
    "folder": ("empty", "empty is a folder"),
    "pipe": ("pipe", "pipe is not a plain file"),
    "program": ("mine/task.py", "task.py exists and isn't JSON"),
    "long_name": ("x" * 300, "File name too long"),
    "nearly_too_long_name": ("x" * 250, "File name too long"),  # with the suffix of a file half written
}


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_results_that_cannot_be_written(concord, user, tmp_path, destination):
    file, part = DESTINATIONS[destination]
    if destination == "pipe":
        os.mkfifo(user / "pipe")
    before = snapshot(user)
    assert_refused(concord("compare", "mine", *REFERENCE_ONLY, "--json", file), part)
    assert snapshot(user) == before
    assert not (tmp_path / "home").exists()  # refused before any work was done
    assert destination != "pipe" or (user / "pipe").is_fifo()


def test_home_that_cannot_be_written(concord, user, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(user / "notes.txt"))
    before = snapshot(user)
    assert_refused(concord("compare", "mine", *REFERENCE_ONLY), "can't be written", "Set CONCORD_HOME to")
    assert snapshot(user) == before


@pytest.mark.parametrize(("option", "value"), [("--jobs", "0"), ("--repeat", "-1"), ("--repeat", "many")])
def test_numbers(concord, user, tmp_path, option, value):
    before = snapshot(user)
    code, out, err = concord("compare", "mine", option, value, "--json", "results.json")
    assert (code, out) == (2, "")
    assert option in err
    assert snapshot(user) == before
    assert not (tmp_path / "home").exists()


# What is shown


def test_no_arguments_show_the_help(concord):
    code, out, err = concord()
    assert code in (0, 2)  # depends on the version of click
    assert all(command in out + err for command in ("compare", "list", "data", "new"))


IMPORTS = """
import sys
sys.argv = ["concord", *sys.argv[1:]]
from concord.cli import main
try:
    main()
finally:
    print("modules:", *sorted({name.split(".")[0] for name in sys.modules}))
"""
HEAVY = {"numpy", "scipy", "sklearn", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"], ["data", "--help"], ["list"]], ids=" ".join)
def test_imports(tmp_path, arguments):
    """The help imports nothing heavy, the list no framework."""
    finished = python("-c", IMPORTS, *arguments, home=tmp_path, cwd=tmp_path)
    assert (finished.code, finished.err) == (0, "")
    modules = set(finished.out.splitlines()[-1].split()[1:])
    assert "typer" in modules
    forbidden = {name for framework in frameworks().values() for name in framework.imports}
    assert len(forbidden) > 3
    assert modules & (forbidden if arguments == ["list"] else forbidden | HEAVY) == set()


@pytest.mark.parametrize("arguments", [[], ["data"], ["new"], ["env"], ["store"]], ids=" ".join)
def test_help_cuts_no_sentence_off(concord, arguments):
    code, out, err = concord(*arguments, "--help")
    assert (code, err) == (0, "")
    assert "..." not in out.split("Commands:")[1]


def test_list(concord):
    code, out, err = concord("list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    rows = {}
    for line in filter(str.strip, lines):
        rows.setdefault(line.split()[0], line)  # a long line goes on below, where any word may come first
    assert list(rows)[1 : 1 + len(variants())] == list(variants())
    for variant in variants().values():
        versions = variant.versions()
        assert ("ready" in rows[variant.id] or "on first use" in rows[variant.id]) == bool(versions)
        assert (next(iter(versions.values())) if versions else variant.install_command()) in out
    assert set(recipe_folders()) <= set(rows)
    assert "all" in rows["softmax_regression"]


def test_reader_that_goes_away(tmp_path):
    """`concord list | true`: no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "concord", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), err) == (1, "")


# The data


def test_data(concord, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    code, out, err = concord("data")
    assert (code, err) == (0, "")
    assert out.count("absent") == 3  # $MNIST_DIR, the cache and what Keras keeps
    assert [line.split()[0] for line in out.splitlines() if "verified" in line] == ["digits"]


def test_data_verify(concord, user):
    assert concord("data", "verify", "digits") == (0, "digits: scikit-learn, verified\n", "")
    assert_refused(concord("data", "verify", "empty"), "expected four IDX files")
    assert_refused(concord("data", "verify", "notes.txt"), "notes.txt: not an .npz file")
    assert_refused(concord("data", "verify", "Digits"), "Did you mean 'digits'?")


def test_data_export(concord, user):
    """It writes a file that is data again, and never over anything."""
    assert concord("data", "export", "new.npz", "--data", "digits") == (0, "wrote new.npz\n", "")
    assert concord("data", "verify", "new.npz") == (0, "digits: new.npz, verified\n", "")
    before = snapshot(user)
    assert_refused(concord("data", "export", "new.npz", "--data", "digits"), "new.npz exists and is not overwritten")
    assert_refused(concord("data", "export", "empty", "--data", "digits"), "empty exists")
    assert_refused(concord("data", "export", "nowhere/new.npz", "--data", "digits"), "can't write nowhere/new.npz")
    assert_refused(concord("data", "export", "other.npz", "--data", "empty"), "expected four IDX files")
    assert snapshot(user) == before


# What is written


def closed(schema: dict) -> dict:
    """The schema without room for fields that it doesn't describe."""
    values = {name: closed(value) if isinstance(value, dict) else value for name, value in schema.items()}
    return values | ({"additionalProperties": False} if "properties" in values and "type" in values else {})


def assert_valid(document: dict) -> None:
    jsonschema.validate(document, closed(SCHEMA), cls=jsonschema.Draft202012Validator)


def is_valid(document: dict) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def read_results(path: Path) -> dict:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert_valid(document)
    return document


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A recipe of each kind, compared as a user does it, over earlier results: what came back, and the new file."""
    folder = tmp_path_factory.mktemp("compared")
    found = {}
    for recipe in ("softmax_regression", "convolution"):
        results = folder / f"{recipe}.json"
        results.write_text("{" * 1_000_000)  # longer than the new ones
        arguments = ("compare", recipe, *REFERENCE_ONLY, "--json", results)
        found[recipe] = run(*arguments, home=folder / "home", cwd=folder), results
    assert {path.name for path in folder.iterdir()} == {"home", "softmax_regression.json", "convolution.json"}
    return found


@pytest.mark.parametrize("recipe", ["softmax_regression", "convolution"])
def test_compare(compared, recipe):
    (code, out, err), results = compared[recipe]
    assert code == 0, err + out
    assert err == ""
    assert out.startswith(f"✓ {recipe}  numpy ")
    assert "1 of 1 programs are proven to compute the same as NumPy's. Quick proof on digits, " in out
    assert f"wrote {results}" in out
    task = read_task(paths.RECIPES / recipe)
    document = read_results(results)
    assert document["data"]["name"] == "digits"
    assert (document["data"]["train_images"], document["data"]["test_images"]) == (1437, 360)
    created = datetime.strptime(document["created"], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(0) <= datetime.now(UTC) - created < timedelta(minutes=10)
    assert document["precisions"] == ["float64", "float32"]
    assert document["depth"] == "quick"
    assert document["environment"]["python"] == sys.version.split()[0]
    (row,) = document["results"]
    assert (row["recipe"], row["variant"], row["framework"], row["outcome"]) == (recipe, "numpy", "numpy", "ok")
    expected = [
        (level.name, precision)
        for precision in ("float64", "float32")
        for level in ladder.levels(task, "quick")
        if precision in level.gates
    ]
    assert [(level["level"], level["precision"]) for level in row["levels"]] == expected
    assert 0 < row["seconds"] < document["wall_seconds"]
    assert (row["reused"], row["proven"] <= document["created"]) == (False, True)
    assert all(level["tensor"] and level["run"] and level["error"] is not None for level in row["levels"])
    if task.kind == "network":
        assert 0.8 < row["accuracy"] < 1
        assert f"accuracy {row['accuracy']:.3f} (short run)" in out


def test_recipe_of_the_users_own(compared, tmp_path):
    """A folder elsewhere, under another name, is held to the same ladder and comes to the same figures."""
    folder = make_recipe(tmp_path / "a place", name="digits_by_hand")
    before = {path for path in snapshot(tmp_path / "a place") if "__pycache__" not in path}
    results = tmp_path / "results.json"
    arguments = ("compare", folder, *REFERENCE_ONLY, "--precision", "float64", "--json", results)
    code, out, err = run(*arguments, home=tmp_path / "home", cwd=tmp_path)
    assert (code, err) == (0, ""), out
    assert out.startswith("✓ digits_by_hand  numpy ")
    (row,) = read_results(results)["results"]
    assert row["recipe"] == "digits_by_hand"
    (original,) = read_results(compared["softmax_regression"][1])["results"]
    figures = [(level["level"], level["error"]) for level in row["levels"]]
    assert figures == [(one["level"], one["error"]) for one in original["levels"] if one["precision"] == "float64"]
    assert {path for path in snapshot(tmp_path / "a place") if "__pycache__" not in path} == before


def test_narrow_encoding(tmp_path):
    """A terminal that knows no tick marks costs the tick marks, not the results."""
    arguments = ("compare", "convolution", *REFERENCE_ONLY, "--precision", "float64")
    code, out, err = run(*arguments, home=tmp_path, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (code, err) == (0, ""), out
    assert "1 of 1 programs are proven" in out


# The results file and its description


def test_schema_is_sound():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"]["const"] == report.SCHEMA


def fields(schema: dict) -> set[str]:
    """The names of all fields anywhere in the schema."""
    found = set(schema.get("properties", {}))
    return found.union(*(fields(value) for value in schema.values() if isinstance(value, dict)))


def test_every_field_is_in_the_documentation():
    text = (DOCS / "compare-json.md").read_text(encoding="utf-8")
    words = {*fields(SCHEMA), *SCHEMA["$defs"]["outcome"]["enum"], *ladder.LEVEL_NAMES, report.SCHEMA}
    assert len(words) > 45
    assert [word for word in sorted(words) if f"`{word}`" not in text] == []


def parts_of(value: object, path: tuple = ()):
    """Every field of a document, as the path that leads to it; of a list the first entry's."""
    for key in value if isinstance(value, dict) else range(min(len(value), 1)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from parts_of(value[key], (*path, key))


LATER = ("curves", "findings", "scored_by")  # fields that came after the first files of this version


def test_every_field_is_required_and_typed(compared):
    document = read_results(compared["softmax_regression"][1])
    found = [path for path in parts_of(document) if isinstance(path[-1], str) and "versions" not in path[:-1]]
    assert len(found) > 40
    for path in found:
        changed = copy.deepcopy(document)
        part = changed
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = {"of": ["no", "such", "type"]}
        assert not is_valid(changed), path
        del part[path[-1]]
        assert is_valid(changed) == (path[-1] in LATER), path


def test_unknown_field_is_allowed_to_readers_but_not_to_us(compared):
    document = read_results(compared["convolution"][1]) | {"news": 1}
    assert is_valid(document)
    with pytest.raises(jsonschema.ValidationError, match="news"):
        assert_valid(document)


def test_no_figure_without_sameness_in_the_file(compared):
    document = read_results(compared["softmax_regression"][1])
    document["results"][0]["outcome"] = "mismatch"
    assert not is_valid(document)


def test_rows_of_other_outcomes(compared):
    """A mismatch, one that is declared, an endless error and nothing measured: all are plain JSON."""
    levels = (
        LevelVerdict("logits", "float64", "mismatch", "worse", 0.5, "logits", "initial", 1e-12, declared="a cause"),
        LevelVerdict("loss", "float64", "mismatch", "worst", math.inf, "loss", "gradient", 1e-13),
        LevelVerdict("updates", "float64", "timeout", "no answer within 900 s", run="steps_2"),
    )
    row = report.result(VariantVerdict("softmax_regression", "numpy", {}, levels), {"task": "0" * 64})
    assert [level["error"] for level in row["levels"]] == [0.5, "inf", None]
    assert [level["passed"] for level in row["levels"]] == [True, False, False]
    assert (row["outcome"], row["reason"]) == ("mismatch", "worst")
    document = read_results(compared["softmax_regression"][1])
    assert_valid(json.loads(json.dumps(document | {"results": [row]}, allow_nan=False)))
    assert {field.name for field in dataclasses.fields(LevelVerdict)} < set(row["levels"][0])


def test_several_recipes_are_compared_in_one_go(concord):
    arguments = ("pooling", "convolution", "pooling", *REFERENCE_ONLY, "--precision", "float64")
    code, out, err = concord("compare", *arguments)
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines()[:2]] == ["pooling", "convolution"]
    assert "2 of 2 programs are proven" in out
    assert_refused(concord("compare", "pooling", "convolutoin"), "There is no recipe 'convolutoin'")


# Repeats


def test_repeat_compares_again_and_says_so(concord, tmp_path):
    file = tmp_path / "results.json"
    code, out, err = concord("compare", "softmax_regression", *REFERENCE_ONLY, "--repeat", 2, "--json", file)
    assert (code, err) == (0, "")
    assert out.count("✓ softmax_regression  numpy") == 2
    assert "proven" not in out.split("programs are")[0]  # neither is from the store
    assert "2 repeats: 0 of 16 verdicts changed" in out
    (row,) = read_results(file)["results"]
    assert [repeat["outcome"] for repeat in row["repeats"]] == ["ok", "ok"]
    assert not row["reused"]


def test_verdict_that_changes_is_named():
    sound = LevelVerdict("logits", "float32", "ok")
    unsound = dataclasses.replace(sound, outcome="mismatch", reason="logits part")
    declared = dataclasses.replace(unsound, declared="upstream")
    rows = [VariantVerdict("mnist_cnn", "jax", {}, (level,)) for level in (sound, unsound, declared)]
    assert changed_verdicts([[rows[0]], [rows[0]]]) == []
    assert changed_verdicts([[row] for row in rows]) == [
        "mnist_cnn jax float32 logits changed: ok, mismatch, mismatch (declared)"
    ]


@pytest.mark.parametrize(("hint", "told"), [("", "interrupted"), (cli.AGAIN, "interrupted; run it again to go on")])
def test_interrupted_command(capsys, hint, told):
    """Ctrl-C is one line and exit code 130, whatever the command; else its own code is handed on."""

    def interrupted(argument):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        cli.finish(interrupted, "an argument", hint=hint)
    assert end.value.code == 130
    assert capsys.readouterr() == ("", f"concord: {told}\n")
    with pytest.raises(SystemExit) as end:
        cli.finish(lambda: 1)
    assert end.value.code == 1
