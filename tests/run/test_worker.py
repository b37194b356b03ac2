"""Whatever a recipe does has its outcome, and the next job is done as if nothing had been."""

import ctypes
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from conftest import LIVING_WORKERS, skip_unless_installed, together

from concord.data import datasets as data
from concord.judge.ladder import NETWORK_LEVELS, NETWORK_RUNS
from concord.judge.prove import collect_and_measure, prove
from concord.project.errors import UserError
from concord.project.files import write_json
from concord.project.framework import variants
from concord.project.task import Task, read_task
from concord.run.evidence import Collector
from concord.run.pool import Workers
from concord.run.process import PROGRAM, Worker

MEBIBYTE = 2**20
GOOD = Path(read_task.__globals__["paths"].RECIPES) / "softmax_regression"

# Each fault: what the recipe's `predict` does instead, the outcome, and a part of the reason.
FAULTS = {
    "raise": (
        "raise ValueError('no such digit')",
        "error",
        "ValueError: no such digit (softmax_regression_numpy.py, line",
    ),
    "nan": ("return np.full((len(images), 10), np.nan, images.dtype)", "nonfinite", "100% of logits"),
    "wrong_shape": ("return network(model, images)[:, :9]", "mismatch", "has the shape (1003, 9), expected (1003, 10)"),
    "wrong_dtype": ("return network(model, images).astype(np.float16)", "mismatch", "comes in float16"),
    "objects": ("return np.full((len(images), 10), None)", "error", "is not an array of numbers"),
    "endless_loop": ("while True: pass", "timeout", "no answer within"),
    "exit": ("import os; os._exit(3)", "crashed", "exit code 3"),
    "sys_exit": ("raise SystemExit(4)", "crashed", "exit code 4"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "crashed", "SIGSEGV"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "out_of_memory", "SIGKILL"),
    "memory_error": ("raise MemoryError('too much')", "out_of_memory", "too much"),
    "memory_hog": (
        "a = []\n    while True: a.append(np.ones(1 << 20))",
        "out_of_memory",
        "its limit is 700 MiB",
    ),
    "broken_library": ("import no_such_library", "error", "No module named 'no_such_library'"),
}


@pytest.fixture
def few(tmp_path):
    """A collector with short limits over little data."""
    limits = {"time_limit": 3.0, "memory_limit": 700 * MEBIBYTE}
    with Collector(tmp_path / "evidence", data.load("digits"), **limits) as collector:
        yield collector


def with_predict(tmp_path, body) -> Task:
    """The softmax regression task with another body for `predict`."""
    task = read_task(GOOD)
    path = tmp_path / "softmax_regression_numpy.py"
    source = task.recipes["numpy"].read_text(encoding="utf-8")
    changed = source.replace("    return network(model, images)\n\n\ndef evaluate", f"    {body}\n\n\ndef evaluate")
    assert changed != source
    path.write_text(changed, encoding="utf-8")
    return Task(task.name, tmp_path, task.specification, {"numpy": path})


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_costs_its_own_job_only(few, tmp_path, fault):
    body, outcome, reason = FAULTS[fault]
    faulty, sound, numpy = with_predict(tmp_path, body), read_task(GOOD), variants()["numpy"]
    reference = few.reference
    few.reference = lambda task, run: reference(sound, run)
    verdict = collect_and_measure(few, faulty, numpy, NETWORK_LEVELS[1], "float64")
    assert (verdict.outcome, reason in verdict.reason) == (outcome, True), verdict
    assert "\n" not in verdict.reason
    assert few.collect(sound, numpy, "float64", NETWORK_RUNS["steps_2"]).outcome == "ok"


PROBES = """
import os
import signal
import tempfile
from pathlib import Path

import numpy as np

calls = []


def count():
    calls.append(1)
    return len(calls)


def leave():
    os._exit(3)


def leave_quietly():
    os._exit(0)


def die():
    os.kill(os.getpid(), signal.SIGSEGV)


def leave_a_copy():
    parent = Path(f"/proc/{os.getppid()}/cmdline")
    if parent.exists() and b"program.py" in parent.read_bytes():
        os._exit(1)
    return count()


def loop():
    while True:
        pass


def hoard():
    held = []
    while True:
        held.append(np.ones(1 << 20))


def leave_a_file():
    file, path = tempfile.mkstemp()
    os.close(file)
    return path


def find_neighbour():
    import neighbour

    return neighbour.__name__
"""


AFTER_IMAGES = """
import ctypes
import runpy
import sys

import numpy as np

class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("arena", "ordblks", "smblks", "of_the_system", *"abcdef")]

libc = ctypes.CDLL(None)
libc.mallinfo.restype, libc.malloc.restype = Mallinfo, ctypes.c_void_p
read_images = runpy.run_path(sys.argv[1])["read_images"]
np.save("images.npy", np.zeros((10, 28, 28), np.uint8))
np.save("labels.npy", np.zeros(10, np.uint8))
images, labels = read_images("images.npy", "labels.npy", 10_000, "float32")  # 31 MB
assert images.shape == (10_000, 28, 28, 1) and images.dtype == np.float32
del images, labels
before = libc.mallinfo().of_the_system
libc.malloc(16 * 2**20)
print(libc.mallinfo().of_the_system - before)
"""


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo"), reason="glibc's")
def test_images_do_not_teach_glibc_to_keep_freed_memory(tmp_path):
    """It would make a step's time depend on how many images there were: an array of 16 MiB must still be one that
    glibc takes from the system, and gives back."""
    command = [sys.executable, "-c", AFTER_IMAGES, str(PROGRAM)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}  # the suite's
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert told == "1\n"


@pytest.fixture
def probes(tmp_path):
    """Asks a file of probes with short limits: `ask(function)`, or `ask(function, fresh=False)`."""
    file, numpy = tmp_path / "probes.py", variants()["numpy"]
    file.write_text(PROBES, encoding="utf-8")
    with Workers(tmp_path / "logs", time_limit=3.0, memory_limit=700 * MEBIBYTE) as workers:

        def ask(function, *, fresh=True):
            return (workers.fresh_probe if fresh else workers.probe)(numpy, "float32", file, function)

        yield ask


def test_fresh_probes_know_nothing_of_each_other(probes):
    assert [probes("count").fields["value"] for _ in range(2)] == [1, 1]
    assert [probes("count", fresh=False).fields["value"] for _ in range(2)] == [1, 2]
    assert [probes("count").fields["value"] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("function", "outcome", "reason"),
    [
        ("leave", "crashed", "exit code 3"),
        ("leave_quietly", "crashed", "exit code 0"),
        ("die", "crashed", "SIGSEGV"),
        ("loop", "timeout", "no answer within"),
        ("hoard", "out_of_memory", "its limit is 700 MiB"),
    ],
)
def test_fault_of_a_fresh_probe_is_told(probes, function, outcome, reason):
    answer = probes(function)
    assert (answer.outcome, reason in answer.reason) == (outcome, True), answer
    assert probes("count").fields["value"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no worker is copied")
def test_what_ends_a_copy_is_asked_again_in_a_worker(probes):
    """It may have ended for being a copy."""
    assert probes("leave_a_copy").fields["value"] == 1
    assert probes("count").fields["value"] == 1


@pytest.mark.parametrize("fresh", [False, True])
def test_temporary_files_are_gone(probes, fresh):
    """Of a process that is killed too, and of a copy; those of a worker that lives on stay."""
    left = Path(probes("leave_a_file", fresh=fresh).fields["value"])
    assert left.exists()
    probes("die", fresh=fresh)
    assert not left.parent.exists()


def test_a_neighbour_is_hidden_while_the_framework_is_imported(tmp_path):
    """It would be timed with it; but what a recipe itself imports is there."""
    import dataclasses

    (tmp_path / "neighbour.py").touch()
    (tmp_path / "probes.py").write_text(PROBES)
    startup = f"import sys; sys.path.append({str(tmp_path)!r}); import neighbour"
    numpy = dataclasses.replace(variants()["numpy"], startup=startup, hides=("neighbour",))
    with Workers(tmp_path / "logs") as workers:
        answer = workers.probe(numpy, "float32", tmp_path / "probes.py", "find_neighbour")
        assert (answer.outcome, answer.reason) == (
            "not_installed",
            "import of neighbour halted; None in sys.modules",
        )
    numpy = dataclasses.replace(numpy, startup=startup.removesuffix("; import neighbour"))
    with Workers(tmp_path / "logs") as workers:
        assert workers.probe(numpy, "float32", tmp_path / "probes.py", "find_neighbour").fields["value"] == "neighbour"


HIDING = [
    pytest.param(variant, id=variant.id, marks=together(variant)) for variant in variants().values() if variant.hides
]


@pytest.mark.parametrize("variant", HIDING)
def test_framework_comes_without_what_it_would_import(workers, tmp_path, variant):
    """Not at its start, and not when a recipe sets its seed, with which Keras looks for TensorFlow."""
    skip_unless_installed(variant)
    probe = tmp_path / "loaded.py"
    seed = "import keras; keras.utils.set_random_seed(0)" if variant.framework == "keras" else "pass"
    loaded = "[name for name in names if name in sys.modules]"
    probe.write_text(f"import sys\n\n\ndef loaded(names):\n    {seed}\n    return {loaded}\n")
    answer = workers.probe(variant, "float32", probe, "loaded", names=list(variant.hides))
    assert answer.fields["value"] == []
    workers.keep(LIVING_WORKERS)


@pytest.mark.parametrize("room", [True, False])
def test_a_worker_that_holds_much_is_started_anew(tmp_path, room):
    numpy, probe = variants()["numpy"], tmp_path / "probe.py"
    probe.write_text("import os\n\n\ndef process():\n    return os.getpid()\n")
    with Workers(tmp_path / "logs", most_held=1e12 if room else MEBIBYTE) as workers:
        first, second = (workers.probe(numpy, "float32", probe, "process").fields["value"] for _ in range(2))
    assert (first == second) == room


def test_closed_workers_start_nothing_any_more(tmp_path):
    """Whoever is interrupted in one run of a program mustn't begin its next one."""
    probe = tmp_path / "probe.py"
    probe.write_text("def process():\n    return 1\n")
    with Workers(tmp_path / "logs") as workers:
        assert workers.probe(variants()["numpy"], "float32", probe, "process").outcome == "ok"
        workers.close()
        with pytest.raises(RuntimeError, match="closed"):
            workers.probe(variants()["numpy"], "float32", probe, "process")
        assert not workers._living


def test_an_ended_worker_leaves_no_process(tmp_path):
    """Not even where it is started after it was ended, as by another thread."""
    worker = Worker(variants()["numpy"], "float32", tmp_path / "log")
    worker.end()
    with pytest.raises(RuntimeError, match="ended"):
        worker.run({"kind": "names"})
    assert worker._process is None


def test_megabytes_of_output_do_no_harm(few, tmp_path):
    talker = with_predict(tmp_path, "print('x' * 50_000_000); print('{}'); return network(model, images)")
    evidence = few.collect(talker, variants()["numpy"], "float32", NETWORK_RUNS["probe"])
    assert evidence.outcome == "ok", evidence.reason


def test_failed_job_leaves_no_arrays(few, tmp_path):
    faulty = with_predict(tmp_path, "raise ValueError")
    evidence = few.collect(faulty, variants()["numpy"], "float32", NETWORK_RUNS["probe"])
    assert evidence.path is None
    assert [path.name for path in few.folder.glob("inputs/*/*")] == ["probe.npz"]


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    task, numpy = read_task(GOOD), variants()["numpy"]
    with (
        Collector(tmp_path / "file" / "evidence", data.load("digits")) as collector,
        pytest.raises(UserError, match=r"can't be written: Not a directory[\s\S]*CONCORD_HOME"),
    ):
        collector.collect(task, numpy, "float64", NETWORK_RUNS["probe"])


def test_results_that_cannot_be_written(few):
    """The worker can't save its arrays, on a full disk for example: no recipe is to blame, so the command ends."""
    task, numpy = read_task(GOOD), variants()["numpy"]
    (few._inputs(task) / "numpy-float64-probe-0.part.npz").mkdir()
    with pytest.raises(UserError, match=r"can't be written: Is a directory[\s\S]*What was proven before is kept"):
        few.collect(task, numpy, "float64", NETWORK_RUNS["probe"])


def test_write_json_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"old": True})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert path.read_text() == '{\n "old": true\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_missing_framework_is_not_installed(tmp_path):
    import dataclasses

    variant = dataclasses.replace(variants()["numpy"], imports=("no_such_framework",))
    with Worker(variant, "float32", tmp_path / "log") as worker:
        answer = worker.run({})
    assert (answer.outcome, answer.reason) == ("not_installed", "No module named 'no_such_framework'")


def test_current_folder_cannot_shadow_a_library(few, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise RuntimeError('the wrong numpy')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert few.collect(read_task(GOOD), variants()["numpy"], "float32", NETWORK_RUNS["probe"]).outcome == "ok"


ENDLESS = """
    import sys
    from pathlib import Path
    from concord.project.framework import variants
    from concord.run.process import Worker

    worker = Worker(variants()["numpy"], "float32", Path(sys.argv[1]) / "log")
    job = {"kind": "function", "recipe": sys.argv[2], "contract": {}, "function": "forever", "arguments": sys.argv[3],
           "parameters": ["a"], "options": {}, "raises": False,
           "results": str(Path(sys.argv[1]) / "results.part.npz")}
    print("ready", flush=True)
    worker.run(job)
"""


def hear_interrupts() -> None:
    """A shell's background job is deaf to Ctrl-C, and so is what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("how", ["terminate", "kill", "interrupt"])
def test_no_orphans(tmp_path, how):
    """However the harness ends, its workers end with it, and neither a half file stays nor a temporary one."""
    import numpy as np

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    recipe = tmp_path / "endless.py"
    recipe.write_text("def forever(a):\n    while True: pass\n")
    np.savez(tmp_path / "arguments.npz", a=np.zeros(1))
    harness = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ENDLESS), tmp_path, recipe, tmp_path / "arguments.npz"],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_interrupts,
    )
    assert harness.stdout
    assert harness.stdout.readline() == b"ready\n"
    parent = psutil.Process(harness.pid)
    deadline = time.monotonic() + 20
    while not (children := parent.children(recursive=True)) or children[0].cpu_times().user < 0.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if how == "interrupt":
        harness.send_signal(signal.SIGINT)
    else:
        getattr(harness, how)()
    harness.wait(timeout=20)
    harness.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert not (tmp_path / "results.part.npz").exists()
    assert list(temporary.iterdir()) == []


PAUSED = """
    import sys
    from pathlib import Path
    from concord.project.framework import variants
    from concord.run.process import Worker

    job = {"kind": "function", "recipe": sys.argv[2], "contract": {}, "function": "slow", "arguments": sys.argv[3],
           "parameters": ["a"], "options": {}, "raises": False,
           "results": str(Path(sys.argv[1]) / "results.part.npz")}
    with Worker(variants()["numpy"], "float32", Path(sys.argv[1]) / "log", time_limit=3) as worker:
        worker.run(job | {"function": "soon"})  # now it is started
        print("ready", flush=True)
        print(worker.run(job).outcome)
"""
SLOW = """
import time


def soon(a):
    return a


def slow(a):
    while time.process_time() < 1.5:
        pass
    return a
"""


@pytest.mark.parametrize("worker_too", [False, True])
def test_a_pause_is_no_timeout(tmp_path, worker_too):
    """Ctrl-Z stops the harness but not its workers: what they did meanwhile counts, however late it is read. Where
    the machine is suspended, neither has lost time."""
    import numpy as np

    recipe = tmp_path / "slow.py"
    recipe.write_text(SLOW)
    np.savez(tmp_path / "arguments.npz", a=np.zeros(1))
    harness = psutil.Popen(
        [sys.executable, "-c", textwrap.dedent(PAUSED), tmp_path, recipe, tmp_path / "arguments.npz"],
        stdout=subprocess.PIPE,
    )
    assert harness.stdout
    assert harness.stdout.readline() == b"ready\n"
    paused = [harness, *(harness.children() if worker_too else [])]
    for process in paused:
        process.suspend()
    time.sleep(3.5)
    for process in paused:
        process.resume()
    assert harness.communicate(timeout=30)[0] == b"ok\n"


def test_interrupted_comparison_says_so(tmp_path):
    """Ctrl-C: one line, exit code 130, no orphan, no result file."""
    results = tmp_path / "results.json"
    harness = subprocess.Popen(
        [sys.executable, "-m", "concord", "compare", "mnist_cnn", "--data", "digits", "--json", results],
        env=os.environ | {"CONCORD_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=hear_interrupts,
    )
    parent = psutil.Process(harness.pid)
    deadline = time.monotonic() + 60
    while not (children := parent.children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    harness.send_signal(signal.SIGINT)
    _, errors = harness.communicate(timeout=10)  # and not when the program's proof has come to its end
    assert harness.returncode == 130
    assert errors.strip() == "concord: interrupted; what was proven is kept, and the next call goes on"
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert not results.exists()


def test_verdict_of_a_crash(few, tmp_path):
    """A row says what became of it, and shows no number that wasn't proven."""
    faulty = with_predict(tmp_path, "import os; os._exit(3)")
    row = prove(few, faulty, variants()["numpy"], ["float64", "float32"])
    assert (row.outcome, row.accuracy, row.history) == ("crashed", None, ())
