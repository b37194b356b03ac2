"""`concord check`: every check passes on the right program and fails on a wrong one of its kind."""

import ast
import json
from pathlib import Path

import pytest
from commands import assert_refused, run
from conftest import skip_unless_installed, together

from concord.ask.check import FAILED, OK, TITLES, UNKNOWN, Checker, framework_of, lines_of, read_program, sentence
from concord.ask.symptoms import read_symptoms
from concord.data import datasets as data
from concord.judge.mutants import patched
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants

VARIANTS = ("numpy", "pytorch", "jax", "keras-torch")
CAUSES = read_symptoms()[1]
# Which broken program each check must find: one of the symptoms' causes, or what no cause breaks.
BROKEN_BY = {
    "range": "pixels over a spread of zero",
    "labels": "images shuffled without their labels",
    "order": "sorted by class and not shuffled",
    "new_images": "new images dark on white",
    "start": "a start that is too large",
    "loss": "a sigmoid in place of the softmax",
    "gradient": "a hidden layer that is frozen",
    "overfit": "a start of zeros",
}
AROUND = ("def evaluate(", "exact = predict\n\n\ndef predict(model, images):\n    return {}\n\n\ndef evaluate(")
NOISE = 'exact(model, images) + __import__("numpy").random.normal(size=(len(images), 10))'
SHARES = '__import__("scipy.special").special.softmax(exact(model, images), axis=1)'
ORDER = "random.permutation(len(images)) if shuffle else np.arange(len(images))"
WRONG = {
    "mode": {framework: [(AROUND[0], AROUND[1].format(NOISE))] for framework in frameworks()},
    "scores": {framework: [(AROUND[0], AROUND[1].format(SHARES))] for framework in frameworks()},
    "evaluate": {framework: [("argmax(axis=1) == labels", "argmin(axis=1) == labels")] for framework in frameworks()},
    "shuffling": {
        "numpy": [(ORDER, "np.arange(len(images))")],
        "jax": [(ORDER, "np.arange(len(images))")],
        "pytorch": [("torch.randperm(len(images), generator=generator) if shuffle else ", "")],
        "keras": [("shuffle=shuffle)", "shuffle=False)")],
    },
    "blank": {
        "numpy": [("[images.reshape(len(images), -1)]", "[0 * images.reshape(len(images), -1)]")],
        "jax": [("images.reshape(len(images), -1), len", "0 * images.reshape(len(images), -1), len")],
        "pytorch": [("model(images[batch])", "model(0 * images[batch])")],
        "keras": [("layers.Flatten()]", "layers.Flatten(), layers.Rescaling(0.0)]")],
    },
}


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    with Checker(tmp_path_factory.mktemp("checks"), data.load(), threads=1) as checker:
        yield checker


def recipe(framework: str, name: str = "mlp") -> Path:
    return paths.RECIPES / name / f"{name}_{framework}.py"


@pytest.mark.parametrize("name", ["mlp", "softmax_regression"])
@pytest.mark.parametrize("id", [pytest.param(id, marks=together(variants()[id])) for id in VARIANTS])
def test_the_right_program_passes(checker, id, name):
    skip_unless_installed(variants()[id])
    found = {check: checker.verdict(variants()[id], recipe(variants()[id].framework, name), check) for check in TITLES}
    assert {check: row["found"] for check, row in found.items() if row["outcome"] != OK} == {}


@pytest.mark.parametrize("check", TITLES)
@pytest.mark.parametrize("id", [pytest.param(id, marks=together(variants()[id])) for id in VARIANTS])
def test_a_broken_program_fails_its_check(checker, tmp_path, id, check):
    variant = variants()[id]
    skip_unless_installed(variant)
    changes = WRONG[check] if check in WRONG else CAUSES[BROKEN_BY[check]].changes
    file = tmp_path / recipe(variant.framework).name
    source = recipe(variant.framework).read_text(encoding="utf-8")
    file.write_text(patched(source, changes[variant.framework], file.name), encoding="utf-8")
    found = checker.verdict(variant, file, check)
    assert found["outcome"] == FAILED, found
    assert found["found"] and found["expected"]
    assert found["look"] in ("", "Run", *lines_of(read_program(file)))


def test_an_exception_is_told_with_its_line(checker, tmp_path):
    file = tmp_path / "mlp_numpy.py"
    source = recipe("numpy").read_text(encoding="utf-8")
    file.write_text(source.replace("    total = 0.0\n", "    total = 0.0 + None\n"), encoding="utf-8")
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "0.0 + None" in text)
    found = checker.verdict(variants()["numpy"], file, "overfit")
    assert (found["outcome"], found["look"]) == (FAILED, f"line {line}")
    assert found["found"].startswith("TypeError: ")


def test_without_a_run_part_its_checks_are_left_out(checker, tmp_path):
    file = tmp_path / "mlp_numpy.py"
    source = recipe("numpy").read_text(encoding="utf-8").partition("# %% Run")[0]
    file.write_text(source, encoding="utf-8")
    outcomes = {name: checker.verdict(variants()["numpy"], file, name)["outcome"] for name in ("range", "start")}
    assert outcomes == {"range": UNKNOWN, "start": OK}


def test_random_training_and_adam_are_no_wrong_gradients(checker, tmp_path):
    adam = [("torch.optim.SGD(model.parameters(), lr", "torch.optim.Adam(model.parameters(), lr")]
    dropout = [("model(images[batch])", "model(nn.functional.dropout(images[batch], 0.5))")]
    skip_unless_installed(variants()["pytorch"])
    for number, changes in enumerate((adam, dropout)):
        file = tmp_path / str(number) / "mlp_pytorch.py"
        file.parent.mkdir()
        source = recipe("pytorch").read_text(encoding="utf-8")
        file.write_text(patched(source, changes, file.name), encoding="utf-8")
        assert checker.verdict(variants()["pytorch"], file, "gradient")["outcome"] == UNKNOWN


@pytest.mark.parametrize("framework", [framework for framework in frameworks() if recipe(framework).exists()])
def test_the_framework_is_found_by_what_is_imported(framework):
    file = recipe(framework)
    assert framework_of(file, read_program(file)) == framework


def test_a_sentence_says_what_was_found_expected_and_where():
    row = {
        "title": "It learns",
        "outcome": FAILED,
        "found": "nothing",
        "expected": "something",
        "look": "train, line 3",
    }
    assert sentence(row) == "It learns: found nothing; expected something. Look here: train, line 3."
    assert sentence(row | {"outcome": OK}) == "It learns: found nothing"
    assert sentence(row | {"outcome": UNKNOWN}) == "It learns: not checked, nothing"


def test_what_is_no_program_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no function predict\(model, images\), evaluate"):
        read_program(written(tmp_path / "a.py", "def variables(seed=0): ...\ndef train(model): ...\n"))
    names = ("variables", "train", "predict", "evaluate")
    file = written(tmp_path / "b.py", "\n".join(f"def {name}(model): ..." for name in names))
    with pytest.raises(UserError, match="train takes no epochs, batch_size, shuffle, seed"):
        read_program(file)
    with pytest.raises(UserError, match="imports none of the frameworks"):
        framework_of(file, ast.parse("import this"))


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_command(tmp_path):
    """Exit code 0 for the right program, 1 for a broken one, 2 for what is none; nothing is left beside the program."""
    right, broken = tmp_path / "right_numpy.py", tmp_path / "broken_numpy.py"
    right.write_text(recipe("numpy").read_text(encoding="utf-8"), encoding="utf-8")
    broken.write_text(CAUSES["the sign of the step"].source("numpy"), encoding="utf-8")
    places = {"home": tmp_path / "home", "cwd": tmp_path}
    code, out, _ = run("check", "right_numpy.py", "--data", "digits", "--json", "found.json", **places)
    assert code == 0, out
    assert "no check failed" in out
    assert [row["name"] for row in json.loads((tmp_path / "found.json").read_text())["results"]] == list(TITLES)
    code, out, _ = run("check", "broken_numpy.py", "--data", "digits", **places)
    assert code == 1
    assert "✗ A step follows the gradient: found a step of -1 times that: the sign; expected minus" in out
    assert "Look here: train, line" in out
    assert sorted(file.name for file in tmp_path.glob("*.py")) == ["broken_numpy.py", "right_numpy.py"]
    assert not (tmp_path / "__pycache__").exists()
    assert_refused(run("check", "nowhere.py", **places), "nowhere.py can't be read")
    written(tmp_path / "wrong.py", "def (")
    assert_refused(run("check", "wrong.py", **places), "wrong.py, line 1")
    assert_refused(run("check", "right_numpy.py", "--framework", "pytroch", **places), "Did you mean 'pytorch'?")
