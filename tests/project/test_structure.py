"""Every recipe follows the contract in its source, and the suite itself does as it says."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from conftest import EVERY, TASKS

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import PRECISIONS, frameworks, variants
from concord.project.structure import MOST_LINES, problems, stray_files
from concord.project.task import Task, read_task

written = [
    pytest.param(task, framework, id=f"{task.name}-{framework}")
    for task in TASKS.values()
    for framework in task.recipes
]


@pytest.mark.parametrize(("task", "framework"), written)
def test_structure(task, framework):
    assert problems(task, framework) == []


@pytest.mark.parametrize("task", [pytest.param(task, id=task.name) for task in TASKS.values()])
def test_folder(task):
    assert stray_files(task.folder, task) == []
    assert (task.folder / "README.md").read_text(encoding="utf-8").startswith(f"# {task.specification.TITLE}\n")
    assert task.specification.__doc__.startswith(f"{task.name}: ")


def test_the_same_task_as_a_neighbour(tmp_path):
    """Its own names over the neighbour's specification, and the neighbour's NumPy program as the reference."""
    neighbour = tmp_path / "softmax_regression"
    shutil.copytree(TASKS["softmax_regression"].folder, neighbour)
    folder = tmp_path / "short"
    folder.mkdir()
    file = shutil.copy(neighbour / "softmax_regression_numpy.py", folder / "short_numpy.py")
    text = '"""short: less."""\nSAME_TASK_AS = "softmax_regression"\nTITLE = "Less"\n'
    (folder / "task.py").write_text(text, encoding="utf-8")
    task, other = read_task(folder), read_task(neighbour)
    assert task.recipes == {"numpy": file}
    assert (task.specification.TITLE, task.specification.__doc__) == ("Less", "short: less.")
    assert task.specification.HYPERPARAMETERS == other.specification.HYPERPARAMETERS
    assert task.initial_weights().keys() == other.initial_weights().keys()
    assert task.of_reference.folder == neighbour
    assert other.of_reference is other
    shortened = replace(task, specification=SimpleNamespace())
    assert shortened.of_reference.specification is shortened.specification
    for name, complaint in (
        ("nowhere", "no such recipe folder beside it"),
        ("short", "no such recipe folder beside it"),
        ("chained", "names another task itself"),
    ):
        (tmp_path / "chained").mkdir(exist_ok=True)
        (tmp_path / "chained" / "task.py").write_text(text, encoding="utf-8")
        (folder / "task.py").write_text(text.replace("softmax_regression", name), encoding="utf-8")
        with pytest.raises(UserError, match=complaint):
            read_task(folder)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ('["theano"]', "expected a sentence and its source by framework"),
        ('{"theanno": ("No.", "https://example.org")}', "There is no framework 'theanno'"),
        ('{"numpy": ("No.", "https://example.org")}', "names numpy, and other_numpy.py is written"),
        ('{"theano": "No."}', "expected a sentence and the https address"),
        ('{"theano": ("No", "https://example.org")}', "expected a sentence and the https address"),
        ('{"theano": ("No.", "http://example.org")}', "expected a sentence and the https address"),
    ],
)
def test_what_is_not_possible_needs_a_sentence_and_a_source(tmp_path, given, complaint):
    folder = tmp_path / "other"
    shutil.copytree(TASKS["softmax_regression"].folder, folder, ignore=shutil.ignore_patterns("*.py"))
    shutil.copy(TASKS["softmax_regression"].recipes["numpy"], folder / "other_numpy.py")
    text = TASKS["softmax_regression"].folder.joinpath("task.py").read_text(encoding="utf-8")
    sound = {"theano": ("No.", "https://example.org")}
    (folder / "task.py").write_text(f"{text}\nNOT_POSSIBLE = {sound}\n", encoding="utf-8")
    assert read_task(folder).not_possible == sound
    (folder / "task.py").write_text(f"{text}\nNOT_POSSIBLE = {given}\n", encoding="utf-8")
    with pytest.raises(UserError, match=complaint):
        read_task(folder)


@pytest.mark.parametrize("framework", frameworks().values(), ids=lambda framework: framework.id)
def test_framework_folder(framework):
    assert framework.homepage.startswith("https://")
    assert framework.variants
    for variant in framework.variants:
        assert set(variant.environment.values())  # every variant pins its threads one way or another
        for difference in variant.known_differences:
            assert set(difference.recipes) <= set(EVERY)
            assert difference.precision in PRECISIONS
            assert difference.cause


def test_known_differences_name_real_variants():
    for framework in frameworks().values():
        for variant in framework.variants:
            for difference in variant.known_differences:
                assert set(difference.variants) <= set(variants())


def broken(task, tmp_path, change):
    """A copy of a task's NumPy recipe with one change to its source."""
    path = tmp_path / f"{task.name}_numpy.py"
    source = task.recipes["numpy"].read_text(encoding="utf-8")
    changed = change(source)
    assert changed != source
    path.write_text(changed, encoding="utf-8")
    return Task(task.name, tmp_path, task.specification, {"numpy": path})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda source: source.replace("# %% Evaluate", "# %% Score"), "has the steps"),
        (lambda source: source.replace("import numpy as np", "import numpy as np\nimport scipy"), "imports scipy"),
        (lambda source: source.replace("learning_rate=0.5", "learning_rate=0.1"), "train has the defaults"),
        (lambda source: source.replace("def predict(", "def foresee("), "has no function predict"),
        (lambda source: source + "print()\n" * 120, "lines of code, more than"),
        (lambda source: source.replace("# %% [markdown]\n", "", 1), "doesn't begin with a markdown cell"),
    ],
)
def test_structure_catches(tmp_path, change, complaint):
    task = broken(TASKS["softmax_regression"], tmp_path, change)
    assert any(complaint in problem for problem in problems(task, "numpy"))


def lines_of_code(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in lines)


def test_an_operation_is_shorter_than_a_network(tmp_path):
    """The longest one sets the limit: shorten it, and the limit comes down with it."""
    operations = [task for task in TASKS.values() if task.kind == "operation"]
    most = MOST_LINES["operation"]
    assert max(lines_of_code(path) for task in operations for path in task.recipes.values()) == most
    convolution = TASKS["convolution"]
    missing = most + 1 - lines_of_code(convolution.recipes["numpy"])
    longer = broken(convolution, tmp_path, lambda source: source + "print()\n" * missing)
    assert problems(longer, "numpy") == [f"has {most + 1} lines of code, more than {most}"]


@pytest.mark.xdist_group("together")
def test_groups_stay_together(request):
    """Ignored groups fail nothing, but start every framework again and again: the suite takes twice as long."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("only in several processes")
    assert request.node.nodeid.endswith("@together"), "pytest-xdist ignores groups; is pytest as in constraints.txt?"


def test_summary_says_what_is_proven(tmp_path):
    """Of one process and of several; anew, or by what is in the store."""
    left_out = ("PYTEST_", "CI")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    one = "tests/recipes/test_ladder.py::test_computes_the_same[convolution-numpy]"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one]
    for options, before in ((["-n0"], 0), (["-n2"], 1), (["-n0", "--fresh"], 0)):
        finished = subprocess.run(
            [*command, *options],
            cwd=paths.CHECKOUT,
            env=environment | {"CONCORD_HOME": str(tmp_path)},
            capture_output=True,
            encoding="utf-8",
        )
        assert finished.returncode == 0, finished.stdout
        assert f"concord: 1 of {len(variants())} variants are proven: numpy\n" in finished.stdout
        assert finished.stdout.count("concord: proofs made before: 1,") == before
