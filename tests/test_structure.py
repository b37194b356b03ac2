"""Every recipe follows the contract in its source, and runs when it is copied alone into an empty folder."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import TASKS, ladder_cases, skip_unless_ready, tuned_cases

from concord import data, paths
from concord.errors import UserError
from concord.framework import PRECISIONS, frameworks, variants
from concord.structure import problems, stray_files
from concord.task import Task, read_task
from concord.worker import available_threads

written = [
    pytest.param(task, framework, id=f"{task.name}-{framework}")
    for task in TASKS.values()
    for framework in task.recipes
] + [
    pytest.param(task.on_track("tuned"), framework, id=f"{task.name}_tuned-{framework}")
    for task in TASKS.values()
    for framework in task.tuned
]


@pytest.mark.parametrize(("task", "framework"), written)
def test_structure(task, framework):
    assert problems(task, framework) == []


@pytest.mark.parametrize("task", [pytest.param(task, id=task.name) for task in TASKS.values()])
def test_folder(task):
    assert stray_files(task.folder, task) == []
    assert (task.folder / "README.md").read_text(encoding="utf-8").startswith(f"# {task.specification.TITLE}\n")
    assert task.specification.__doc__.startswith(f"{task.name}: ")


def test_tracks(tmp_path):
    """A tuned file lies next to the idiomatic one, and each is seen on its own track alone."""
    folder = tmp_path / "softmax_regression"
    shutil.copytree(TASKS["softmax_regression"].folder, folder)
    tuned = shutil.copy(folder / "softmax_regression_numpy.py", folder / "softmax_regression_numpy_tuned.py")
    task = read_task(folder)
    assert list(task.recipes) == list(TASKS["softmax_regression"].recipes)
    assert task.on_track("tuned").recipes == {"numpy": tuned}
    assert task.on_track("tuned").file_name("jax") == "softmax_regression_jax_tuned.py"
    assert stray_files(folder, task) == []
    with pytest.raises(UserError, match="Did you mean 'tuned'"):
        task.on_track("tunde")


@pytest.mark.parametrize("framework", frameworks().values(), ids=lambda framework: framework.id)
def test_framework_folder(framework):
    assert framework.homepage.startswith("https://")
    assert framework.variants
    for variant in framework.variants:
        assert set(variant.environment.values())  # every variant pins its threads one way or another
        for difference in variant.known_differences:
            assert set(difference.recipes) <= set(TASKS)
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
        (lambda source: source + "print()\n" * 120, "lines that aren't blank"),
        (lambda source: source.replace("# %% [markdown]\n", "", 1), "doesn't begin with a markdown cell"),
    ],
)
def test_structure_catches(tmp_path, change, complaint):
    task = broken(TASKS["softmax_regression"], tmp_path, change)
    assert any(complaint in problem for problem in problems(task, "numpy"))


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory):
    """A small mnist.npz, so that a recipe's own program ends soon."""
    digits = data.load("digits")
    path = tmp_path_factory.mktemp("few_digits") / "mnist.npz"
    np.savez(
        path,
        x_train=digits.train_images,
        y_train=digits.train_labels,
        x_test=digits.test_images,
        y_test=digits.test_labels,
    )
    return path


def standalone_cases() -> list:
    """Every recipe file; on Keras's other backends they run in the long part."""
    cases = []
    for case in ladder_cases("network", "operation") + tuned_cases():
        task, variant = case.values
        short = variant == frameworks()[variant.framework].variants[0]
        cases.append(case if short else pytest.param(task, variant, id=case.id, marks=(*case.marks, pytest.mark.long)))
    return cases


@pytest.mark.parametrize(("task", "variant"), standalone_cases())
def test_runs_alone(task, variant, tmp_path, few_digits):
    skip_unless_ready(task, variant)
    recipe = shutil.copy(task.recipes[variant.framework], tmp_path)
    shutil.copy(few_digits, tmp_path / "mnist.npz")
    environment = variant.worker_environment("float32", available_threads())
    finished = subprocess.run(
        [variant.own.python if variant.own else sys.executable, recipe],
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    left = {path.name for path in tmp_path.iterdir()} - {"__pycache__"}
    assert left == {os.path.basename(recipe), "mnist.npz"}
    assert ("test accuracy 0." in finished.stdout) == (task.kind == "network")


@pytest.mark.xdist_group("together")
def test_groups_stay_together(request):
    """Ignored groups fail nothing, but start every framework again and again: the suite takes twice as long."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("only in several processes")
    assert request.node.nodeid.endswith("@together"), "pytest-xdist ignores groups; is pytest as in constraints.txt?"


@pytest.mark.parametrize("options", [("-n0",), ("-n", "2")], ids=["one_process", "several"])
def test_summary_says_what_really_ran(options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    one = "tests/test_ladder.py::test_values[convolution-numpy]"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, one]
    finished = subprocess.run(command, cwd=paths.CHECKOUT, env=environment, capture_output=True, encoding="utf-8")
    assert finished.returncode == 0, finished.stdout
    assert f"concord: 1 of {len(variants())} variants really ran: numpy\n" in finished.stdout
