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

VARIANTS = ("numpy", "pytorch", "jax", "tensorflow", "keras-tf", "keras-jax", "keras-torch")
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
        "tensorflow": [("if shuffle:", "if False:")],
        "keras": [("shuffle=shuffle)", "shuffle=False)")],
    },
    "blank": {
        "numpy": [("[images.reshape(len(images), -1)]", "[0 * images.reshape(len(images), -1)]")],
        "jax": [("images.reshape(len(images), -1), len", "0 * images.reshape(len(images), -1), len")],
        "pytorch": [("model(images[batch])", "model(0 * images[batch])")],
        "tensorflow": [("tf.reshape(images, (-1, 784))", "tf.reshape(0 * images, (-1, 784))")],
        "keras": [("layers.Flatten()]", "layers.Flatten(), layers.Rescaling(0.0)]")],
    },
}


# The label drawn into the image, as a bright row: blank images aren't blank any more.
LEAK = """    images = images.copy()
    images[range(len(images)), labels] = 1
"""
BEGIN = {  # of what train does
    "numpy": "    random, history = ",
    "pytorch": "    images, labels = torch.as_tensor(",
    "jax": "    random, history = ",
    "tensorflow": "    images, labels = tf.constant(",
    "keras": "    utils.set_random_seed(seed)\n    model.compile(",
}
# What the checks leave open for right programs: a gradient that is random, or of a loss that differences don't see.
OPEN = {"mlp": set(), "softmax_regression": set(), "batch_norm": {"gradient"}, "dropout": {"gradient"}}


def parameters(id: str, *others: str):
    """One variant's test. What takes Keras long is asked of one of its backends, and of all in the long part."""
    brief = not id.startswith("keras") or (id == "keras-torch" and not {"batch_norm", "dropout"} & set(others))
    return pytest.param(id, *others, marks=[together(variants()[id]), *([] if brief else [pytest.mark.long])])


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    with Checker(tmp_path_factory.mktemp("checks"), data.load(), threads=1) as checker:
        yield checker


def recipe(framework: str, name: str = "mlp") -> Path:
    return paths.RECIPES / name / f"{name}_{framework}.py"


@pytest.mark.parametrize(("id", "name"), [parameters(id, name) for id in VARIANTS for name in OPEN])
def test_the_right_program_passes(checker, id, name):
    skip_unless_installed(variants()[id])
    found = {check: checker.verdict(variants()[id], recipe(variants()[id].framework, name), check) for check in TITLES}
    assert {check: row["found"] for check, row in found.items() if row["outcome"] == FAILED} == {}
    assert {check for check, row in found.items() if row["outcome"] == UNKNOWN} == OPEN[name]


@pytest.mark.parametrize(("id", "check"), [parameters(id, check) for id in VARIANTS for check in TITLES])
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


def broken(tmp_path, name: str, framework: str, changes) -> Path:
    file = tmp_path / recipe(framework, name).name
    return written(file, patched(recipe(framework, name).read_text(encoding="utf-8"), changes, file.name))


@pytest.mark.parametrize("cause", ["dropout left on", "batch norm left in training mode"])
@pytest.mark.parametrize("id", [parameters(id) for id in VARIANTS])
def test_a_network_left_in_training_mode_is_found(checker, tmp_path, id, cause):
    """Real programs with layers that have two modes; of batch norm nothing shows in one call after the other."""
    variant, cause = variants()[id], CAUSES[cause]
    skip_unless_installed(variant)
    file = broken(tmp_path, cause.recipe, variant.framework, cause.changes[variant.framework])
    found = checker.verdict(variant, file, "mode")
    assert (found["outcome"], found["look"]) == (FAILED, "predict")
    told = "from call to call" if id != "jax" else "with an image's place in the batch"  # from a key the same masks
    assert (told if cause.recipe == "dropout" else "of two images that differ by") in found["found"]


@pytest.mark.parametrize("id", [parameters(id) for id in VARIANTS])
def test_averages_that_never_move_are_found(checker, tmp_path, id):
    """The loss in training is good, and isn't that of what is predicted."""
    variant, cause = variants()[id], CAUSES["moving averages that never move"]
    skip_unless_installed(variant)
    file = broken(tmp_path, cause.recipe, variant.framework, cause.changes[variant.framework])
    assert checker.verdict(variant, file, "loss")["outcome"] == FAILED


@pytest.mark.parametrize("id", [parameters(id) for id in VARIANTS])
def test_a_label_in_the_image_is_found(checker, tmp_path, id):
    """With it blank images teach more than how frequent each class is."""
    variant = variants()[id]
    skip_unless_installed(variant)
    begin = BEGIN[variant.framework]
    found = checker.verdict(variant, broken(tmp_path, "mlp", variant.framework, [(begin, LEAK + begin)]), "blank")
    assert found["outcome"] == FAILED
    assert found["expected"].endswith("the label leaks into what is trained on")


def test_a_layer_that_stands_still_is_found_beside_dropout(checker, tmp_path):
    changes = [("for name, gradient in gradients.items():", "for name, gradient in list(gradients.items())[2:]:")]
    found = checker.verdict(variants()["numpy"], broken(tmp_path, "dropout", "numpy", changes), "gradient")
    assert (found["outcome"], found["found"]) == (FAILED, "dense1_kernel and dense1_bias not moved")


def test_labels_that_stay_behind_are_found_beside_dropout(checker, tmp_path):
    changes = [
        (
            "loss_and_gradients(model, images[batch], labels[batch], kept)",
            "loss_and_gradients(model, images[batch], labels[np.sort(batch)], kept)",
        )
    ]
    found = checker.verdict(variants()["numpy"], broken(tmp_path, "dropout", "numpy", changes), "shuffling")
    assert found["outcome"] == FAILED and "for all images shuffled" in found["found"]


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
    with pytest.raises(UserError, match=r"b.py, line 1: variables\(model\) takes no seed.\n.* def variables\(seed=0\)"):
        read_program(file)
    train = "def train(model, images, labels, epochs, batch_size, shuffle, seed"
    rest = "\n".join(f"def {name}(model, images, labels=None): ..." for name in ("predict", "evaluate"))
    for variables, head, complaint in (
        ("def variables(): ...", train, r"line 1: variables\(\) takes no seed\.\nThe checks choose it: write def var"),
        ("def variables(seed, size): ...", train, r"variables\(seed, size\) needs size\.\nThe checks give it seed:"),
        ("def variables(seed=0): ...", "def train(model", "takes no epochs, batch_size, shuffle, seed"),
        (
            "def variables(seed=0): ...",
            f"{train}, *, rate",
            "needs rate.\nThe checks give it model, images, labels, epo",
        ),
    ):
        with pytest.raises(UserError, match=complaint):
            read_program(written(tmp_path / "b.py", f"{variables}\n{head}): ...\n{rest}"))
    read_program(written(tmp_path / "b.py", f"def variables(seed): ...\n{train}): ...\n{rest}"))
    with pytest.raises(UserError, match="imports none of the frameworks"):
        framework_of(file, ast.parse("import this"))
    with pytest.raises(UserError, match=r"b.py imports keras and pytorch.\nSay which with --framework: keras, pytorch"):
        framework_of(file, ast.parse("import torch, keras"))
    assert framework_of(tmp_path / "b_pytorch.py", ast.parse("import torch, keras")) == "pytorch"


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
    written(tmp_path / "misspelt_numpy.py", "import torhc\n" + right.read_text(encoding="utf-8"))
    assert_refused(run("check", "misspelt_numpy.py", "--data", "digits", **places), "No module named 'torhc' (line 1)")
    written(tmp_path / "wrong.py", "def (")
    assert_refused(run("check", "wrong.py", **places), "wrong.py, line 1")
    assert_refused(run("check", "right_numpy.py", "--framework", "pytroch", **places), "Did you mean 'pytorch'?")
