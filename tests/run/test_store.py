"""What was proven before isn't run again, as a user meets it: what is reused, what isn't, and how a comparison ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from commands import python, run

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.prove import prove
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import PRECISIONS, variants
from concord.project.task import find_task
from concord.report import results
from concord.run import plan
from concord.run.evidence import Collector
from concord.run.store import AGE_LIMIT, VERSION, Store

SMALLEST = "softmax_regression"
REUSED = "same program, same versions"


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def compare(tmp_path, home):
    """`concord compare` on the small data set, NumPy alone unless told otherwise, in a process of its own."""

    def call(recipe: object = SMALLEST, *options: object, frameworks: str = "numpy", **environment: str):
        chosen = ("--frameworks", frameworks, "--data", "digits")
        return run("compare", recipe, *chosen, *options, home=home, cwd=tmp_path, **environment)

    return call


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    """A home in which NumPy's smallest program is proven."""
    folder = tmp_path_factory.mktemp("filled")
    options = ("--frameworks", "numpy", "--data", "digits")
    finished = run("compare", SMALLEST, *options, home=folder / "home", cwd=folder)
    assert (finished.code, finished.err) == (0, ""), finished.out
    assert REUSED not in finished.out
    return folder / "home"


@pytest.fixture
def proven(home, filled) -> Path:
    """A copy of it, of a test's own: its entries."""
    shutil.copytree(filled, home)
    return home / "store" / str(VERSION)


def test_what_was_proven_is_not_run_again(compare, proven):
    before = {file: file.read_bytes() for file in proven.rglob("*.*")}
    finished = compare(SMALLEST)
    assert (finished.code, finished.err) == (0, "")
    assert re.search(rf"^✓ {SMALLEST} .* proven (just now|\d+ minutes? ago), {REUSED}$", finished.out, re.MULTILINE)
    assert {file: file.read_bytes() for file in proven.rglob("*.*")} == before
    assert REUSED not in compare(SMALLEST, "--fresh").out
    assert REUSED in compare(SMALLEST).out


def test_a_verdict_stands_without_its_evidence_being_read(compare, proven, tmp_path):
    for file in proven.glob("*/*.npz"):
        file.write_bytes(b"")
    assert REUSED in compare(SMALLEST, "--json", tmp_path / "second.json").out
    compare(SMALLEST, "--json", tmp_path / "fresh.json", "--fresh")

    def told(name: str) -> list[tuple]:
        (row,) = json.loads((tmp_path / f"{name}.json").read_text())["results"]
        return [tuple(level[part] for part in ("level", "precision", "outcome", "gate")) for level in row["levels"]]

    assert told("second") == told("fresh") != []


def without_verdicts(entries: Path) -> list[Path]:
    """Takes the verdicts away; gives the facts of the runs."""
    for file in entries.glob("*/*.json"):
        if json.loads(file.read_text())["arrays"] is None:
            file.unlink()
    return sorted(entries.glob("*/*.json"))


def damage_arrays(entries: Path) -> None:
    without_verdicts(entries)
    for file in entries.glob("*/*.npz"):
        file.write_bytes(file.read_bytes()[:-1000])


def damage_facts(entries: Path) -> None:
    for file in entries.glob("*/*.json"):
        file.write_text(file.read_text()[:-10])


def make_old(entries: Path) -> None:
    for file in entries.glob("*/*.json"):
        known = json.loads(file.read_text())
        file.write_text(json.dumps(known | {"created": time.time() - AGE_LIMIT - 60}))


@pytest.mark.parametrize("spoil", [damage_arrays, damage_facts, make_old])
def test_damaged_and_old_entries_are_run_anew(compare, proven, spoil):
    spoil(proven)
    finished = compare(SMALLEST)
    assert (finished.code, finished.err) == (0, "")
    assert REUSED not in finished.out
    assert REUSED in compare(SMALLEST).out


def test_another_versions_folder_is_said_and_ignored(compare, proven):
    proven.rename(proven.with_name("0"))
    finished = compare(SMALLEST)
    assert finished.code == 0
    assert finished.out.startswith(
        f"Older evidence in {proven.parent} isn't used any more; `concord store clear` takes"
    )
    assert REUSED not in finished.out


def test_store_is_told_and_cleared(tmp_path, home, proven):
    told = run("store", home=home, cwd=tmp_path)
    assert (told.code, told.err) == (0, "")
    entries = len(without_verdicts(proven))
    assert told.out.startswith(f"{proven}: {entries} runs, ")
    assert re.search(r"^the oldest (just now|\d+ minutes? ago); ", told.out, re.MULTILINE)
    assert run("store", "clear", home=home, cwd=tmp_path).code == 0
    assert not proven.parent.exists()
    assert "0 runs, 0 MB" in run("store", home=home, cwd=tmp_path).out


def test_store_that_stays_is_not_called_cleared(proven, monkeypatch):
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # tests may run as root, whom permissions don't stop
    with pytest.raises(UserError, match=r"can't be cleared: \d+ of \d+ MB are still there"):
        Store(proven.parent).clear()


def test_store_is_trimmed_by_last_use(home, proven):
    store = Store(home / "store")
    files = sorted(proven.glob("*/*.json"))
    for age, file in enumerate(files):
        used = time.time() - 1000 * age
        os.utime(file, (used, used))
        for arrays in file.parent.glob(f"{file.stem}.*.npz"):
            os.utime(arrays, (used, used))
    size = sum(file.stat().st_size for file in proven.glob("*/*"))
    store.trim(size - 1)
    assert sorted(proven.glob("*/*.json")) == files[:-1]
    store.trim(0)
    assert list(proven.glob("*/*")) == []


# What makes a program run anew.


@pytest.fixture
def mine(tmp_path) -> Path:
    """A recipe of the user's own, with two programs and a file of data."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("task.py", f"{SMALLEST}_numpy.py", f"{SMALLEST}_pytorch.py"):
        shutil.copyfile(paths.RECIPES / SMALLEST / name, folder / name.replace(SMALLEST, "mine"))
    (folder / "factors.txt").write_text("1")
    return folder


def proofs(folder: Path, home: Path, tmp_path: Path) -> bool:
    """Whether NumPy's program in a user's folder is proven from the store, in this process."""
    with Collector(tmp_path / "runs", data.load("digits"), store=Store(home / "store"), threads=1) as collector:
        row = prove(collector, find_task(str(folder)), variants()["numpy"], PRECISIONS)
    assert row.outcome == "ok", row.reason
    return row.reused


def test_what_a_program_depends_on_runs_it_anew(mine, home, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(home))

    def reused() -> bool:
        return proofs(mine, home, tmp_path)

    assert [reused(), reused()] == [False, True]
    (mine / "mine_numpy.py").write_text((mine / "mine_numpy.py").read_text() + "\n# another line\n")
    assert [reused(), reused()] == [False, True]
    (mine / "factors.txt").write_text("2")
    assert [reused(), reused()] == [False, True]
    task = (mine / "task.py").read_text()
    (mine / "task.py").write_text(task.replace('"dense_bias": np.zeros(', '"dense_bias": np.ones('))
    assert [reused(), reused()] == [False, True]
    monkeypatch.setattr("concord.run.store.installation_digest", lambda *_: "another RECORD")
    assert [reused(), reused()] == [False, True]
    (mine / "mine_pytorch.py").write_text("broken")  # another program's file is nothing to NumPy's
    (mine / "README.md").write_text("prose")
    assert reused()


def test_changed_recipe_runs_alone(compare, mine):
    both = compare(mine, frameworks="numpy,pytorch")
    assert (both.code, both.err) == (0, ""), both.out
    source = (mine / "mine_pytorch.py").read_text()
    (mine / "mine_pytorch.py").write_text(source + "\n# another line\n")
    again = compare(mine, frameworks="numpy,pytorch")
    lines = {line.split()[2]: line for line in again.out.splitlines() if line.startswith("✓")}
    assert REUSED in lines["numpy"]
    assert REUSED not in lines["pytorch"]


@pytest.mark.parametrize(
    "reads",
    [
        "open(found[0], 'rb')",
        "np.load(found[0])",
        "os.open(found[0], os.O_RDONLY)",
        "os.link(found[0], found[0] + '.mine')",
        "os.symlink(found[0], __file__ + '.npz') or open(__file__ + '.npz', 'rb')",
        "os.chdir(os.path.dirname(found[0])) or open(os.path.basename(found[0]), 'rb')",
    ],
)
def test_no_program_reads_what_others_gave(mine, proven, home, tmp_path, monkeypatch, reads):
    """The reference's answers to the same drawn question may lie there when a later variant is asked."""
    monkeypatch.setenv("CONCORD_HOME", str(home))
    path = mine / "mine_numpy.py"
    spying = f"\nimport glob, os\nfound = glob.glob({str(proven / '*' / '*.npz')!r})\n{reads}\n"
    path.write_text(path.read_text() + spying)
    with Collector(tmp_path / "runs", data.load("digits"), store=Store(home / "store"), threads=1) as collector:
        row = prove(collector, find_task(str(mine)), variants()["numpy"], PRECISIONS)
    assert row.outcome == "error"
    assert row.failure
    assert "a recipe can't read what other programs gave" in row.failure.reason


def test_failures_are_never_kept(compare, mine, home):
    path = mine / "mine_numpy.py"
    sound = path.read_text()
    path.write_text(sound + "\nraise ValueError\n")
    assert compare(mine).code == 1
    assert list((home / "store").rglob("*.json")) == []
    path.write_text(sound)
    finished = compare(mine)
    assert finished.code == 0
    assert REUSED not in finished.out


# Several at once, and the end in the middle.


def started(home: Path, tmp_path: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "concord", "compare", *map(str, arguments), "--data", "digits"],
        cwd=tmp_path,
        env=os.environ | {"CONCORD_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def first_row(process: subprocess.Popen[str]) -> str:
    """Waits for the first verdict."""
    assert process.stdout
    return next(line for line in process.stdout if line.startswith("✓"))


def test_two_comparisons_at_once(home, tmp_path):
    both = [started(home, tmp_path, SMALLEST, "--frameworks", "numpy") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=240)
        assert (process.returncode, err) == (0, ""), out
    assert list((home / "store").rglob("*.part*")) == []


def endless(mine: Path) -> None:
    """Makes PyTorch's program one that never ends."""
    path = mine / "mine_pytorch.py"
    path.write_text(path.read_text() + "\n\ndef predict(model, images):\n    while True:\n        pass\n")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_comparison_that_is_ended_in_the_middle(compare, mine, home, tmp_path, how):
    """What was proven by then is kept, and nothing stays behind. The rows come as they are known, into a pipe too."""
    endless(mine)
    process = started(home, tmp_path, mine, "--frameworks", "numpy,pytorch", "--jobs", 1)
    first_row(process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert err == "concord: interrupted; what was proven is kept, and the next call goes on\n"
    else:
        assert process.returncode == -how
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    assert "pytorch" not in out
    assert REUSED in compare(mine).out


# What is printed.


def test_output_in_a_pipe_has_a_line_for_each_verdict_and_no_control_characters(compare):
    finished = compare(SMALLEST, frameworks="numpy,pytorch")
    assert (finished.code, finished.err) == (0, "")
    rows = [line for line in finished.out.splitlines() if line.startswith("✓ ")]
    assert sorted(row.split()[2] for row in rows) == ["numpy", "pytorch"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x9b]", finished.out)


def test_exit_codes(compare, mine):
    assert compare(mine, "--precision", "float64").code == 0
    path = mine / "mine_numpy.py"
    path.write_text(path.read_text().replace(' + model["dense_bias"]', ""))
    # NumPy's own program is the reference: a fault of it shows in the others.
    wrong = compare(mine, "--precision", "float64", frameworks="numpy,pytorch")
    assert wrong.code == 1
    assert "1 is not the same (✗)" in wrong.out
    assert "✗ mine  pytorch" in wrong.out
    (mine / "mine_pytorch.py").unlink()
    absent = compare(mine, "--precision", "float64", frameworks="pytorch")
    assert absent.code == 1
    assert "- mine  pytorch" in absent.out
    assert compare("softmax_regresion").code == 2


LEFT_OUT = """
import sys
from concord.cli import main
from concord.project.framework import variants
from concord.report import compare
compare.select_variants = lambda text: [variants()[name] for name in ("numpy", "theano")]
sys.argv = ["concord", "compare", "softmax_regression", "--data", "digits", "--precision", "float64", *sys.argv[1:]]
main()
"""


def test_own_environments_are_left_out_unless_asked_for(home, tmp_path):
    """Without `--all` none is made, and a line says so."""
    finished = python("-c", LEFT_OUT, home=home, cwd=tmp_path)
    assert (finished.code, finished.err) == (0, ""), finished.out
    megabytes = variants()["theano"].own.megabytes
    said = f"theano is left out: it needs an environment of its own. `--all` makes it (about {megabytes} MB"
    assert said in finished.out
    assert not (home / "environments").exists()


# The order of things changes nothing.


def test_recipes_in_reverse_order_give_the_same_bits(tmp_path, monkeypatch):
    """A worker serves one recipe after the other: none leaves anything for the next."""
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    tasks, found = [find_task(name) for name in (SMALLEST, "convolution", "mnist_cnn")], []
    for order in (tasks, tasks[::-1]):
        with Collector(tmp_path / f"runs-{len(found)}", data.load("digits"), threads=1) as collector:
            arrays = {}
            for task in order:
                for precision in PRECISIONS:
                    for level in ladder.levels(task, "quick")[:3]:
                        for run_ in collector.runs(task, level, precision):
                            asked = plan.drawn(run_, 7)
                            one = collector.collect(task, variants()["pytorch"], precision, asked)
                            assert one.outcome == "ok", one.reason
                            arrays[task.name, precision, run_.name] = one.arrays()
            found.append(arrays)
    first, second = found
    assert set(first) == set(second)
    for key, arrays in first.items():
        for name, array in arrays.items():
            assert np.array_equal(array, second[key][name]), (key, name)


def test_history_gets_a_line_for_each_program(compare, home, tmp_path):
    """What `--publish` appends; it writes into docs/results, so only its lines are made here."""
    file = tmp_path / "results.json"
    compare(SMALLEST, "--json", file)
    document = json.loads(file.read_text())
    with Collector(tmp_path / "runs", data.load("digits"), store=Store(home / "store")) as collector:
        row = prove(collector, find_task(SMALLEST), variants()["numpy"], PRECISIONS)
    published = tmp_path / "published"
    published.mkdir()
    for count in (1, 2):
        results.publish(document, [row], published)
        lines = [json.loads(line) for line in (published / "history.jsonl").read_text().splitlines()]
        assert len(lines) == count
    assert lines[0]["errors"]["float64"]["training"] == 0
    assert (lines[0]["recipe"], lines[0]["variant"], lines[0]["outcome"]) == (SMALLEST, "numpy", "ok")
    assert json.loads((published / f"compare-{SMALLEST}.json").read_text())["schema"] == results.SCHEMA
