"""The house rule: adding a recipe is one folder, adding a framework is one folder, and neither touches src/concord."""

import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import Finished, assert_refused, python, run, snapshot

from concord.project import paths, scaffold
from concord.project.errors import UserError
from concord.project.framework import read_framework, variants
from concord.project.task import read_task

# What the structure tests ask of a folder and of a recipe, asked in the copy.
STRUCTURE = """
import json, sys
from concord.project.structure import problems, stray_files
from concord.project.task import find_task
task = find_task(sys.argv[1])
found = {framework: problems(task, framework) for framework in task.recipes}
print(json.dumps({"steps": task.steps, "strays": stray_files(task.folder, task), "problems": found}))
"""


class House:
    """A copy of the project, with its own command line."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("src/concord", "frameworks", "recipes/softmax_regression", "recipes/convolution", "recipes/mlp"):
            shutil.copytree(paths.CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        self.home = folder.parent / "home"

    def concord(self, *arguments: object, cwd: Path | None = None) -> Finished:
        return run(*arguments, home=self.home, cwd=cwd or self.folder, source=self.folder / "src", **QUIET)

    def structure(self, recipe: str) -> dict:
        source = self.folder / "src"
        code, out, err = python("-c", STRUCTURE, recipe, home=self.home, cwd=self.folder, source=source, **QUIET)
        assert (code, err) == (0, "")
        return json.loads(out)

    def listed(self) -> dict[str, str]:
        """`concord list`: the line of each variant and of each recipe."""
        code, out, err = self.concord("list")
        assert (code, err) == (0, "")
        return {line.split()[0]: line for line in out.splitlines() if line.strip()}


QUIET = {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")


def test_new_framework(house):
    """A framework by the scaffold, a recipe for it: listed, accepted, compared; the source stays as it was."""
    before = snapshot(house.folder)
    folder = house.folder / "frameworks" / "newcomer"
    finished = house.concord("new", "framework", "newcomer")
    files = ("framework.toml", "weights.py", "notes.md")
    assert finished == (0, "".join(f"wrote {folder / file}\n" for file in files), "")
    added = {"frameworks/newcomer", *(f"frameworks/newcomer/{file}" for file in files)}
    assert snapshot(house.folder).keys() - before.keys() == added
    framework = read_framework(folder)
    assert (framework.label, framework.imports, framework.homepage[:8]) == ("Newcomer", ("newcomer",), "https://")
    assert framework.variants[0].environment == {"OMP_NUM_THREADS": "{threads}"}
    assert {*variants(), "newcomer"} <= set(house.listed())
    assert "not installed: pip install newcomer" in house.listed()["newcomer"]
    assert re.search(r"all but .*\bnewcomer$", house.listed()["softmax_regression"].strip())

    recipe = house.folder / "recipes" / "softmax_regression" / "softmax_regression_newcomer.py"
    shutil.copyfile(recipe.with_name("softmax_regression_numpy.py"), recipe)
    assert "newcomer" not in house.listed()["softmax_regression"]
    toml = folder / "framework.toml"
    text = toml.read_text(encoding="utf-8")
    assert text.count('["newcomer"]') == 2
    toml.write_text(text.replace('["newcomer"]', '["numpy"]'), encoding="utf-8")
    assert house.listed()["newcomer"].split()[1:] == house.listed()["numpy"].split()[1:]  # the version, and ready
    structure = house.structure("softmax_regression")
    assert structure["problems"]["newcomer"] == []
    assert structure["strays"] == []

    results = house.folder.parent / "results.json"
    arguments = ("softmax_regression", "--frameworks", "newcomer", "--data", "digits", "--json", results)
    code, out, err = house.concord("compare", *arguments)
    assert (code, err) == (0, ""), out
    (row,) = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert (row["framework"], row["variant"], row["outcome"]) == ("newcomer", "newcomer", "ok")
    after = snapshot(house.folder)
    assert {path for path in after if path in before and after[path] != before[path]} == set()
    assert {path for path in after.keys() - before.keys() if "__pycache__" not in path} == {
        *added,
        "recipes/softmax_regression/softmax_regression_newcomer.py",
    }


FILES = ("task.py", "README.md", "second_steps_numpy.py")


@pytest.mark.parametrize("kind", ["network", "operation"])
def test_new_recipe(house, kind):
    """A recipe by the scaffold: its NumPy program is accepted and compared as it is; the others aren't written."""
    before = snapshot(house.folder)
    folder = house.folder / "recipes" / "second_steps"
    finished = house.concord("new", "recipe", "second_steps", "--kind", kind)
    assert finished == (0, "".join(f"wrote {folder / file}\n" for file in FILES), "")
    added = {"recipes/second_steps", *(f"recipes/second_steps/{file}" for file in FILES)}
    assert snapshot(house.folder).keys() - before.keys() == added
    assert "all but cuda, jax, keras, " in house.listed()["second_steps"]
    task = read_task(folder)  # what test_structure.py asks of every folder
    assert (task.kind, set(task.recipes)) == (kind, {"numpy"})
    assert house.structure("second_steps") == {"steps": list(task.steps), "strays": [], "problems": {"numpy": []}}
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {task.specification.TITLE}\n")
    assert task.specification.__doc__.startswith("second_steps: ")
    assert task.specification.ANSWER.endswith(".")
    arguments = ("compare", "second_steps", "--data", "digits", "--frameworks")
    code, out, err = house.concord(*arguments, "numpy")
    assert (code, err) == (0, ""), out
    code, out, err = house.concord(*arguments, "pytorch", "--precision", "float64")
    assert (code, err) == (1, "")
    assert "second_steps_pytorch.py is not written yet" in out
    recipe = folder / "second_steps_numpy.py"
    source = recipe.read_text(encoding="utf-8")
    old, new = ("learning_rate=0.5", "learning_rate=0.1") if kind == "network" else ("def standardise", "def scale")
    recipe.write_text(source.replace(old, new), encoding="utf-8")
    said = "task.py says" if kind == "network" else "has no function standardise"
    assert said in house.structure("second_steps")["problems"]["numpy"][0]
    after = snapshot(house.folder)
    assert {path for path in before if after.get(path) != before[path]} == set()
    assert {path for path in after.keys() - before.keys() if "__pycache__" not in path} == added


def test_new_experiment(house, tmp_path):
    """It has no programs of its own, and is compared as it is, by whoever has written its network."""
    before = snapshot(house.folder)
    folder = house.folder / "recipes" / "second_steps"
    finished = house.concord("new", "recipe", "second_steps", "--kind", "experiment")
    assert finished == (0, "".join(f"wrote {folder / file}\n" for file in ("task.py", "README.md")), "")
    task = read_task(folder)
    assert (task.kind, task.of.name, len(task.settings)) == ("experiment", "mlp", 2)
    text = (folder / "task.py").read_text(encoding="utf-8")
    unanswered = text.replace(f'ANSWER = "{task.specification.ANSWER}"\n', "")
    assert unanswered != text
    (folder / "task.py").write_text(unanswered, encoding="utf-8")
    assert read_task(folder).specification.ANSWER == ""  # optional, and never that of mlp
    (folder / "task.py").write_text(text, encoding="utf-8")
    assert house.structure("second_steps")["strays"] == []
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {task.specification.TITLE}\n")
    assert task.specification.__doc__.startswith("second_steps: ")
    results = tmp_path / "results.json"
    code, out, err = house.concord(
        "compare", "second_steps", "--frameworks", "numpy,pytorch", "--data", "digits", "--json", results
    )
    assert (code, err) == (0, ""), out
    rows = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert [(row["variant"], row["outcome"]) for row in rows] == [("numpy", "ok"), ("pytorch", "ok")]
    assert {level["level"] for level in rows[1]["levels"]} == {"prefix", "curve"}
    after = snapshot(house.folder)
    assert {path for path in before if after.get(path) != before[path]} == set()
    (tmp_path / "elsewhere").mkdir()
    assert house.concord("new", "recipe", "mine", "--kind", "experiment", cwd=tmp_path / "elsewhere").code == 0
    assert read_task(tmp_path / "elsewhere" / "mine").of.name == "mlp"


def test_what_lacks_evidence_is_told(house):
    """Nothing was measured of a new folder: the suite says so in its last lines, and passes."""
    for part in ("tests", "tools", "docs", "mutants", "symptoms", "gotchas", "recipes"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(paths.CHECKOUT / part, house.folder / part, dirs_exist_ok=True, ignore=ignored)
    shutil.copyfile(paths.CHECKOUT / "pyproject.toml", house.folder / "pyproject.toml")
    assert (
        house.concord("new", "framework", "newcomer").code == house.concord("new", "recipe", "second_steps").code == 0
    )
    tests = "far_above_the_noise or recipe_and_framework or has_every_mutant or releases_are or structure or sentences"
    names = ("features", "guide", "mutants", "tolerances")
    files = [file for name in names for file in house.folder.glob(f"tests/*/test_{name}.py")]
    options = ("-n0", "-q", "-p", "no:cacheprovider", "-k", tests)
    source = house.folder / "src"
    code, out, err = python("-m", "pytest", *options, *files, home=house.home, cwd=house.folder, source=source, **QUIET)
    assert (code, err) == (0, ""), out
    for new in ("newcomer", "second_steps"):
        assert f"concord: no noise figures for {new}\n" in out
        assert f"concord: no mutants for {new}\n" in out
    assert "concord: no features.py for newcomer\n" in out
    assert "concord: no releases for newcomer: python tools/releases.py\n" in out
    if find_spec("mkdocs") and find_spec("jupytext"):
        assert "concord: no sentence of the guide takes newcomer\n" in out


def test_new_recipe_elsewhere(house, tmp_path):
    """Outside of the checkout it is made where the user is, and compared by its path."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    before = snapshot(house.folder)
    code, _, err = house.concord("new", "recipe", "mine", cwd=elsewhere)
    assert (code, err) == (0, "")
    files = {f"mine/{file}" for file in ("task.py", "README.md", "mine_numpy.py")}
    assert set(snapshot(elsewhere)) == {"mine", *files}
    assert snapshot(house.folder) == before
    assert set(read_task(elsewhere / "mine").recipes) == {"numpy"}


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """Empty recipes/ and frameworks/ to try names in, without a process for each."""
    root = tmp_path / "root"
    for name, folder in {"RECIPES": root / "recipes", "FRAMEWORKS": root / "frameworks"}.items():
        (folder / "taken").mkdir(parents=True)
        (folder / "taken" / "notes.txt").write_text("mine")
        (folder / "file").write_text("mine")
        monkeypatch.setattr(paths, name, folder)
    monkeypatch.setattr(paths, "CHECKOUT", root)
    monkeypatch.setattr(paths, "IS_CHECKOUT", True)
    monkeypatch.chdir(root)
    return tmp_path


BAD_NAMES = {
    "empty": "",
    "capital": "Residual",
    "digit_first": "2nd",
    "underscore_first": "_hidden",
    "hyphen": "residual-network",
    "space": "residual network",
    "dot": "residual.py",
    "accent": "résidu",
    "new_line": "residual\n",
    "path": "deep/residual",
    "path_upwards": "../residual",
    "current_folder": ".",
}


@pytest.mark.parametrize("what", ["recipe", "framework"])
@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_name(rooms, what, name):
    before = snapshot(rooms)
    make = scaffold.make_recipe if what == "recipe" else scaffold.make_framework
    with pytest.raises(UserError, match=r"can't be a name: small letters, digits and _, a letter first"):
        make(BAD_NAMES[name])
    with pytest.raises(UserError, match="can't be a name"):
        make(str(rooms / "absolute"))
    assert snapshot(rooms) == before


@pytest.mark.parametrize("what", ["recipe", "framework"])
@pytest.mark.parametrize("name", ["taken", "file"])
def test_existing_folder(rooms, what, name):
    before = snapshot(rooms)
    with pytest.raises(UserError, match=rf"{name} exists; nothing was written\."):
        (scaffold.make_recipe if what == "recipe" else scaffold.make_framework)(name)
    assert snapshot(rooms) == before


def test_refusals_of_the_command(house):
    before = snapshot(house.folder)
    assert_refused(house.concord("new", "recipe", "convolution"), "convolution exists; nothing was written.")
    assert_refused(house.concord("new", "framework", "My-Own"), "'My-Own' can't be a name")
    odd = house.concord("new", "recipe", "mine", "--kind", "networks")
    assert_refused(odd, "There is no kind of task 'networks'. Did you mean 'network'?")
    assert snapshot(house.folder) == before


def test_installed_without_source(rooms, monkeypatch):
    """From a wheel, a recipe is made where the user is, and a framework can't be."""
    monkeypatch.setattr(paths, "IS_CHECKOUT", False)
    before = snapshot(rooms)
    with pytest.raises(UserError, match="installed without its source"):
        scaffold.make_framework("newcomer")
    assert snapshot(rooms) == before
    scaffold.make_recipe("mine")
    files = {f"root/mine/{file}" for file in ("task.py", "README.md", "mine_numpy.py")}
    assert snapshot(rooms).keys() - before.keys() == {"root/mine", *files}
