"""Each recipe's notebook, the one that the site offers, is executed once from beginning to end."""

import pytest

pytest.importorskip("jupytext", reason="notebooks are not made here: pip install -c constraints.txt -e '.[docs]'")
pytest.importorskip("nbclient", reason="notebooks are not executed here: pip install -c constraints.txt -e '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks are not executed here: pip install -c constraints.txt -e '.[test]'")

import nbformat
from conftest import TASKS, skip_unless_ready
from nbclient import NotebookClient

from concord.data import datasets as data
from concord.project.framework import frameworks
from concord.run.process import available_threads
from concord.site.source import notebook, read_source

notebooks = [
    pytest.param(task, framework, id=f"{task.name}-{framework.id}", marks=pytest.mark.xdist_group(framework.id))
    for framework in frameworks().values()
    for task in TASKS.values()
    if framework.id in task.recipes
]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """An mnist.npz with few images, so that a notebook ends soon."""
    path = tmp_path_factory.mktemp("digits") / "mnist.npz"
    data.export(path, data.load("digits"))
    return path


@pytest.mark.long
@pytest.mark.parametrize(("task", "framework"), notebooks)
def test_notebook_runs(task, framework, digits, tmp_path, monkeypatch):
    variant = next((found for found in framework.variants if found.versions()), framework.variants[0])
    if variant.own:
        pytest.skip(f"{framework.label} lives in an environment of its own, which has no kernel")
    skip_unless_ready(task, variant)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "mnist.npz").symlink_to(digits)
    book = nbformat.reads(notebook(read_source(task.recipes[framework.id])), as_version=4)
    for setting in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):  # nothing of the user's own
        monkeypatch.setenv(setting, str(tmp_path / setting))
    for setting, value in variant.worker_environment("float32", available_threads()).items():
        monkeypatch.setenv(setting, value)

    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()

    assert all(cell.execution_count for cell in book.cells if cell.cell_type == "code")
    printed = "".join(output.get("text", "") for output in book.cells[-1].outputs)
    assert ("test accuracy 0." in printed) == (task.kind == "network")
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
