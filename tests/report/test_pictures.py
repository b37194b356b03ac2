"""Pictures are drawn from evidence, in the house style, the same ones each time."""

import ast
import copy
import itertools
import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import EVERY, TASKS

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.project.structure import imported
from concord.project.task import Task, read_task
from concord.report.compare import run_comparison
from concord.report.pictures import MOST_BYTES, THEMES, draw, evidence, of_experiment, of_network, publish
from concord.report.results import changed_since

FIGURE = """
import matplotlib

SIZE = (4, 3)


def draw(results, figure):
    left, right = figure.subplots(1, 2)
    left.plot(results["line"]["double"], label="doubled")
    left.text(1, 1, "here", color=matplotlib.rcParams["text.color"])
    left.legend()
    right.imshow(results["line"]["arguments"]["image"])
"""
RESULTS = {"line": {"double": np.arange(4.0), "arguments": {"image": np.eye(3)}}}
PAGES = {"light": "#ffffff", "dark": "#14181d"}


def drawn(folder, source=FIGURE, results=RESULTS):
    (folder / "figure.py").write_text(source, encoding="utf-8")
    return draw(Task("made_up", folder, None, {}), results)


def test_the_same_results_give_the_same_bytes(tmp_path):
    """Whatever the user has set, and without changing it."""
    import matplotlib

    first = drawn(tmp_path)
    assert list(first) == ["figure-light.svg", "figure-dark.svg"]
    with matplotlib.rc_context({"lines.linewidth": 9.0, "font.size": 30}):
        assert drawn(tmp_path) == first
        assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_light_and_dark_differ(tmp_path):
    """In their colours, and in their names: a page may hold both."""
    pictures = [picture.decode() for picture in drawn(tmp_path).values()]
    for (light, dark), theme, other in zip(itertools.permutations(pictures), THEMES, reversed(THEMES), strict=True):
        assert THEMES[theme]["text"] in light and THEMES[theme]["cycle"][0] in light
        assert THEMES[other]["text"] not in light
        clips = {node.get("id") for node in ElementTree.fromstring(light).iter("{http://www.w3.org/2000/svg}clipPath")}
        assert clips and not any(clip in dark for clip in clips)


@pytest.mark.parametrize("place", ["double", "arguments"])
def test_other_results_give_another_picture(tmp_path, place):
    changed = copy.deepcopy(RESULTS)
    array = changed["line"]["arguments"]["image"] if place == "arguments" else changed["line"]["double"]
    array.flat[1] += 0.5
    before, after = drawn(tmp_path), drawn(tmp_path, results=changed)
    assert all(before[name] != after[name] for name in before)


def test_nothing_tells_of_the_machine(tmp_path):
    for picture in drawn(tmp_path).values():
        text = picture.decode()
        assert not any(word in text for word in ("font", "date", "Matplotlib", str(tmp_path)))
        assert "fill: #ffffff" not in text  # the page shows through


def test_a_recipe_without_a_picture_has_none(tmp_path):
    assert draw(Task("made_up", tmp_path, SimpleNamespace(KIND="operation"), {}), RESULTS) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("draw(results", "paint(results"), r"figure.py lacks draw\."),
        (("SIZE = (4, 3)", ""), r"figure.py lacks SIZE\."),
        (("SIZE = (4, 3)", "SIZE = ("), r"figure.py, line 4 fails: SyntaxError: "),
        (('["double"]', '["triple"]'), r"figure.py, line 9 fails: KeyError: 'triple'"),
        (("import matplotlib", "raise SystemExit('no')"), r"figure.py, line 2 fails: SystemExit: no"),
        (("left.plot(", "left.scatter(range(5000), range(5000)), left.plot("), "bytes of SVG, more than 150,000"),
    ],
    ids=["no draw", "no size", "no Python", "exception", "exit", "too large"],
)
def test_a_wrong_figure_is_told_in_two_lines(tmp_path, change, told):
    source = FIGURE.replace(*change)
    assert source != FIGURE
    with pytest.raises(UserError, match=told) as error:
        drawn(tmp_path, source)
    assert str(error.value).count("\n") == 1


@pytest.mark.parametrize("theme", THEMES)
def test_colours_stand_out_from_the_page(theme):
    def luminance(colour):
        shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    def contrast(colour):
        dark, light = sorted((luminance(colour), luminance(PAGES[theme])))
        return (light + 0.05) / (dark + 0.05)

    colours = THEMES[theme]
    assert min(contrast(colour) for colour in colours["cycle"]) >= 3
    assert min(contrast(colours[name]) for name in ("text", "muted")) >= 4.5


def test_matplotlib_is_imported_only_to_draw():
    code = "import sys, concord.report.pictures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


drawn_by_themselves = [task for task in TASKS.values() if (task.folder / "figure.py").exists() and not task.settings]
# In NumPy the training of mnist_cnn's picture takes as long as all others.
pictured = [
    pytest.param(task, id=task.name, marks=[pytest.mark.long] if task.name == "mnist_cnn" else [])
    for task in drawn_by_themselves
]


@pytest.mark.filterwarnings("error")  # of a layout that matplotlib doesn't follow
@pytest.mark.parametrize("task", pictured)
def test_the_pictures_beside_the_recipes_are_drawn_from_its_results(collector, task):
    """What is published is what the NumPy program's results give today. Pixels are left out: how they are packed
    depends on the machine."""
    results = evidence(collector, task) if task.kind == "operation" else of_network(collector, task, [])
    if task.kind == "network":  # the others' weights are the same up to the ladder's gates: only names are added
        others = [variant for variant in variants().values() if variant.framework in task.recipes]
        results["after"] |= {variant.label: results["after"]["NumPy"] for variant in others}
    for name, picture in draw(task, results).items():
        assert len(picture) <= MOST_BYTES
        assert vectors((task.folder / name).read_bytes()) == vectors(picture), f"concord compare {task.name} --publish"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [name for name, task in EVERY.items() if task.settings])
def test_the_pictures_of_settings_are_drawn_from_the_published_curves(name, lacking):
    """Of those whose programs are still the same."""
    task, file = EVERY[name], paths.CHECKOUT / "docs" / "results" / f"compare-{name}.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["results"] if file.is_file() else []
    rows = [row for row in rows if row["outcome"] == "ok"]
    if not rows or any(changed_since(task, row) for row in rows):
        lacking(f"{name} has no picture of its present programs: concord compare {name} --full --publish")
        pytest.skip("not measured since it changed")
    for picture, drawn_now in draw(task, of_experiment(rows)).items():
        assert vectors((task.folder / picture).read_bytes()) == vectors(drawn_now), f"concord compare {name} --publish"


def vectors(picture):
    return re.sub(rb"base64,[^\"]*", b"", picture)


def test_only_recipes_with_a_figure_have_pictures(collector, tmp_path):
    """And they are drawn where the recipe lies."""
    task = TASKS["convolution"]
    copied = read_task(shutil.copytree(task.folder, tmp_path / task.name))
    for name in ("figure-light.svg", "figure-dark.svg"):
        (copied.folder / name).unlink()
    assert [file.name for file in publish(collector, copied)] == ["figure-light.svg", "figure-dark.svg"]
    assert (copied.folder / "figure-dark.svg").stat().st_size > 1000
    (copied.folder / "figure.py").unlink()
    assert publish(collector, copied) == []


def test_a_networks_picture_shows_the_weights_of_each_framework(collector, tmp_path):
    """Those before the training, NumPy's after it, and those of each variant: whoever alters one of them gets another
    picture."""
    recipe = TASKS["softmax_regression"]
    task = read_task(shutil.copytree(recipe.folder, tmp_path / recipe.name))
    source = "SIZE = (4, 3)\ndef draw(results, figure):\n"
    source += "    for axes, weights in zip(figure.subplots(3, 1), [results['before'], *results['after'].values()]):\n"
    source += "        axes.plot(weights['dense_bias'])\n"
    (task.folder / "figure.py").write_text(source, encoding="utf-8")
    rows = [{"variant": id} for id in ("numpy", "pytorch")]
    results = of_network(collector, task, [row["variant"] for row in rows])
    assert list(results["after"]) == ["NumPy", "PyTorch"]
    assert not results["before"]["dense_kernel"].any()
    trained = results["after"]["NumPy"]["dense_kernel"]
    assert trained.dtype == np.float64 and trained.any()
    np.testing.assert_allclose(results["after"]["PyTorch"]["dense_kernel"], trained, rtol=0, atol=1e-10)

    files = publish(collector, task, rows)
    published = {file.name: file.read_bytes() for file in files}
    assert published == draw(task, results)
    for altered in (results["before"], *results["after"].values()):
        altered["dense_bias"][3] += 0.5
        assert all(picture != published[name] for name, picture in draw(task, results).items())
        altered["dense_bias"][3] -= 0.5


def test_a_program_that_fails_has_no_picture(collector, tmp_path):
    task = TASKS["convolution"]
    copied = read_task(shutil.copytree(task.folder, tmp_path / task.name))
    program = copied.recipes["numpy"]
    program.write_text(program.read_text(encoding="utf-8").replace("return", "return 1 / 0 *"), encoding="utf-8")
    with pytest.raises(UserError, match=r"the NumPy program fails in .*ZeroDivisionError") as error:
        publish(collector, copied)
    assert str(error.value).count("\n") == 1


def test_publishing_a_comparison_draws_its_pictures(tmp_path, monkeypatch):
    """Beside the results, whatever was compared: they are the NumPy program's."""
    folder = shutil.copytree(TASKS["pooling"].folder, tmp_path / "pooling")
    before = {name: (folder / name).read_bytes() for name in ("figure-light.svg", "figure-dark.svg")}
    for name in before:
        (folder / name).unlink()
    (tmp_path / "docs" / "results").mkdir(parents=True)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    assert run_comparison([str(folder)], "numpy", "digits", "float64", publish=True) == 0
    assert (tmp_path / "docs" / "results" / "compare-pooling.json").is_file()
    for name, picture in before.items():
        drawn_now = vectors((folder / name).read_bytes())
        assert drawn_now.startswith(b"<?xml") and drawn_now.count(b"<image") == vectors(picture).count(b"<image")


@pytest.mark.parametrize("file", sorted(paths.RECIPES.glob("*/figure.py")), ids=lambda file: file.parent.name)
def test_a_picture_needs_nothing_of_the_project(file):
    """Whoever copies a recipe's folder can read how its picture is made, and draw it."""
    assert "concord" not in imported(ast.parse(file.read_text(encoding="utf-8")))
