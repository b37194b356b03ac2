"""Whatever a user writes into a task.py or types: what is wrong is told in a line or two, and nothing falls over.

Nothing is run: the way is the product's own, from the folder to the jobs.
"""

import contextlib
import io
import itertools
import json
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concord import cli
from concord.data.datasets import Dataset
from concord.judge import ladder
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.project.task import find_task
from concord.run import plan
from concord.run.evidence import Collector
from concord.run.pool import Workers
from concord.run.process import Answer

NETWORK = {
    "TITLE": '"A title"',
    "QUESTION": '"Is it?"',
    "KIND": '"network"',
    "STEPS": '("Init", "Run")',
    "PARAMETERS": "6",
    "HYPERPARAMETERS": '{"epochs": 1, "batch_size": 4, "learning_rate": 0.5}',
    "TRAIN_IMAGES": "100",
    "ACCURACY_FLOORS": '{"mnist": 0.5}',
    "ACCURACY_MARGIN": "0.01",
    "SHORT_ACCURACY_FLOORS": '{"mnist": 0.5}',
    "FLATTENED": '{"dense": (1, 2, 3)}',
    "WEIGHTS": '{"dense_kernel": np.ones((2, 3), np.float32)}',
    "initial_weights": "lambda: WEIGHTS",
}
OPERATION = {
    "TITLE": '"A title"',
    "QUESTION": '"Is it?"',
    "KIND": '"operation"',
    "STEPS": '("Init", "Run")',
    "FUNCTIONS": '{"double": ("a",)}',
    "CASE": '{"a": np.ones(2), "expected": 2 * np.ones(2), "functions": ("double",), "raises": False, "gates": {}}',
    "cases": "lambda images: {'one': CASE}",
}
# Values that are Python, but no plain ones.
ODD = (
    "np.float32(0.5)", "np.float64(0.5)", "np.int64(3)", "np.ones(3)", "np.ones((2, 3), np.float32)", "np.array('a')",
    "np.array(None)", "object()", "lambda: 1", "lambda images: images", "print", "range(3)", "{1, 2}", "...", "10**12",
    "-1", "0", "1e400", "type", "[[1], [1, 2]]", "{1: 2, 'a': 3}", "{'file': np.ones(1, np.float32)}", "1j",
    "{'a/b': {'a': np.ones(2), 'expected': np.ones(2)}}", "{'x': np.float32(1)}", "b''", "np",
    "WEIGHTS", "(lambda: 1 / 0)",
)  # fmt: skip
KEYS = ("epochs", "batch_size", "learning_rate", "a", "expected", "functions", "gates", "mnist", "dense", "double")
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=5,
)
values = nested.map(repr) | st.sampled_from(ODD)


@st.composite
def tasks(draw):
    """The source of a task.py in which a few names, or a few entries of a dictionary, are something else."""
    lines = dict(draw(st.sampled_from((NETWORK, OPERATION))))
    for name in draw(st.lists(st.sampled_from(sorted(lines)), min_size=1, max_size=2, unique=True)):
        how = draw(st.sampled_from(("another value", "another entry", "another key", "left out")))
        is_table = lines[name].startswith("{")
        if how == "left out":
            del lines[name]
        elif how == "another value" or not is_table:
            lines[name] = draw(values)
        elif how == "another entry":
            key = draw(st.sampled_from(KEYS))
            lines[name] += f" | {{{key!r}: {draw(values)}}}"
        else:
            lines[name] += f" | {{{draw(leaves)!r}: {draw(values)}}}"
    text = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f'"""fuzzed: a task."""\n\nimport numpy as np\n\nnan, inf = float("nan"), float("inf")\n{text}\n'


random = np.random.default_rng(0)
IMAGES = Dataset(
    "digits",
    "made up",
    random.integers(0, 256, (60, 28, 28), np.uint8),
    random.integers(0, 10, 60).astype(np.uint8),
    random.integers(0, 256, (20, 28, 28), np.uint8),
    random.integers(0, 10, 20).astype(np.uint8),
    "0" * 64,
)
fuzzed = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def ask(folder, collector):
    """What `compare` does up to the worker: reads the folder, and works out each job of the quick ladder."""
    task, numpy = find_task(str(folder)), variants()["numpy"]
    for level in ladder.levels(task, "quick"):
        for run in collector.runs(task, level, "float64"):
            drawn = plan.drawn(run, 5)
            json.dumps(collector.job(task, numpy, drawn))
            collector.digest(task, numpy, "float64", run)
            if task.kind == "network" and not run.ordinary:
                plan.start_weights(task, drawn)


@fuzzed
@given(source=tasks())
def test_a_wrong_task_is_told_in_a_line_or_two(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("fuzzed") / "fuzzed"
    folder.mkdir()
    (folder / "task.py").write_text(source, encoding="utf-8", errors="surrogatepass")
    (folder / "fuzzed_numpy.py").write_text("", encoding="utf-8")
    with Collector(folder / "evidence", IMAGES) as collector:
        told = refusal(ask, folder, collector)
    assert len(told.splitlines()) <= 2


def refusal(function, *arguments):
    """What a user is told; nothing if there is no objection."""
    try:
        function(*arguments)
    except UserError as error:
        return str(error)
    return ""


COMMANDS = (
    "compare",
    "features",
    "bench",
    "gotchas",
    "mutants",
    "data verify",
    "env list",
    "store",
    "",
    "no",
)
OPTIONS = {
    "--frameworks": ("numpy", "", ",", "numpy,,pytorch", "nmpy", "numpy,\0", "--json", "keras-torch,numpy", "[/]"),
    "--data": ("digits", "", "nothing", "/", "/dev/null", "a\0b", "[red]", "~", "/etc/passwd"),
    "--precision": ("float32", "float16", "", "both "),
    "--json": ("", "/", "/no/such/folder/x.json", "/dev/full", "a\0b", "/proc/x.json"),
    "--device": ("cpu", "gpu", "tpu", ""),
    **dict.fromkeys(
        ("--jobs", "--repeat", "--seeds", "--threads", "--rounds"), ("0", "-1", "x", "1.5", "", "nan", "2")
    ),
    "--what": ("ever",),
}
WORDS = ("convolution", "convolutoin", "", "/", "..", "a/b", "\0", "[/bold]", "\udcff", "-", "x" * 5_000, "/dev/null")
option = st.sampled_from(sorted(OPTIONS)).flatmap(lambda name: st.sampled_from(OPTIONS[name]).map(lambda v: [name, v]))


@fuzzed
@given(
    command=st.sampled_from(COMMANDS),
    words=st.lists(st.sampled_from(WORDS) | st.text(max_size=4), min_size=1, max_size=2),
    options=st.lists(option, max_size=3),
)
def test_whatever_is_typed_is_answered(tmp_path_factory, command, words, options):
    """With an exit code, and in a line or two if it is refused; the usage that a wrong option shows has more."""
    folder = tmp_path_factory.mktemp("typed")
    out, err = io.StringIO(), io.StringIO()
    arguments = [*command.split(), *itertools.chain(*options), *words]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(folder)
        patch.setenv("CONCORD_HOME", str(folder / "home"))
        patch.setattr(sys, "argv", ["concord", *arguments])
        patch.setattr(Workers, "run", lambda *_: (Answer("ok"), Answer("error", "nothing is run here")))
        try:
            cli.main()
            code = 0
        except SystemExit as left:
            code = left.code
    assert code in (0, 1, 2), arguments
    told = err.getvalue()
    assert code != 2 or told.startswith("Usage: ") or (told.startswith("concord: ") and len(told.splitlines()) <= 2), (
        told
    )
