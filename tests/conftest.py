"""One collector for the whole session: each thing is run once, in workers that are reused."""

import os
from collections.abc import Callable

import pytest

from concord.ask.answers import Answers
from concord.data import datasets as data
from concord.project.framework import Variant, variants
from concord.project.task import Task, all_tasks
from concord.run.environments import NoEnvironmentError, ensure
from concord.run.evidence import Collector
from concord.run.pool import keep_compiled_code
from concord.run.process import available_threads
from concord.run.store import Store

# Workers keep freed memory instead of giving it back to the system and asking for it anew at each step (glibc's
# malloc). Only the suite does so: `concord bench` times what a user would see.
os.environ |= {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}

keep_compiled_code()

LIVING_WORKERS = 4  # of one variant and of the reference, float64 and float32; a framework holds up to a gigabyte

EVERY = {task.name: task for task in all_tasks()}
TASKS = {name: task for name, task in EVERY.items() if task.kind != "experiment"}  # those with programs of their own
# What Theano compiles takes longer than everything else together; these show that it computes the same.
QUICK_FOR_THEANO = ("convolution", "softmax_regression", "mnist_cnn")
pairs = [(task, variant) for variant in variants().values() for task in EVERY.values()]


def together(variant: Variant) -> pytest.MarkDecorator:
    """The group of what runs in a variant's workers: with xdist, in one process, which starts them once."""
    return pytest.mark.xdist_group(variant.id)


def copied(variant: Variant) -> pytest.MarkDecorator:
    """The group of what runs in copies of a worker that has only imported the variant's framework; `asked` has it."""
    return pytest.mark.xdist_group(f"{variant.id}-copies")


def in_time(variant: Variant, quick: bool) -> list[pytest.MarkDecorator]:
    """In the long part, if Theano compiles it and it isn't one of the quick ones."""
    return [pytest.mark.long] if variant.framework in ("theano", "keras_theano") and not quick else []


def ladder_cases(*kinds: str) -> list:
    """Every recipe and variant, ordered by variant so that a worker serves one test after the other."""
    return [
        pytest.param(
            task,
            variant,
            id=f"{task.name}-{variant.id}",
            marks=[together(variant), *in_time(variant, task.name in QUICK_FOR_THEANO)],
        )
        for task, variant in pairs
        if task.kind in kinds
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    long_part = "the long part too: the whole ladder of each recipe, each recipe as a program, notebooks"
    parser.addoption("--long", action="store_true", help=long_part)
    parser.addoption("--fresh", action="store_true", help="prove anew what has been proven before, unchanged since")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="in the long part: pytest --long"))


def pytest_xdist_auto_num_workers() -> int:
    """The processes of `-n auto`: one for each core that may be used, but no more than memory allows, as each holds
    several frameworks. By itself xdist counts cores that a container or `taskset` has taken away."""
    return min(available_threads(), 4)


def pytest_configure() -> None:
    """With xdist each process gets processor cores of its own; what it starts takes no more threads than those."""
    process, count = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("PYTEST_XDIST_WORKER_COUNT")
    if process and count and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[int(process.removeprefix("gw")) :: int(count)] or cores)


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory):
    """Without a store: whatever is asserted has been run."""
    with Collector(tmp_path_factory.mktemp("evidence"), data.load(), threads=1) as collector:
        yield collector


@pytest.fixture(scope="session")
def proofs(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, collector: Collector):
    """With the store of `concord compare`: what it or the suite has proven isn't proven again while nothing about it
    changes. In CI everything is."""
    store = Store(fresh=request.config.getoption("--fresh") or bool(os.environ.get("CI")))
    proofs = Collector(tmp_path_factory.mktemp("proofs"), collector.images, store=store)
    proofs.workers = collector.workers
    return proofs


@pytest.fixture(scope="session")
def workers(collector: Collector):
    """The workers of the ladder, for whatever else runs in them; when a test is over, those used last live on."""
    return collector.workers


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory):
    """Who answers the feature matrix, in workers of its own."""
    with Answers(tmp_path_factory.mktemp("features")) as asked:
        yield asked


def skip_unless_ready(task: Task, variant: Variant) -> None:
    """Skips what isn't written or installed, and says how to get it; never fails it and never passes it."""
    if variant.framework not in task.recipes:
        pytest.skip(f"{task.file_name(variant.framework)} is not written yet")
    skip_unless_installed(variant)


def skip_unless_installed(variant: Variant) -> None:
    """Skips what isn't installed or can't be, and says how to get it."""
    if variant.versions() is None:
        pytest.skip(f"{variant.id} is not installed: {variant.install_command()}")
    if variant.own:
        try:
            ensure(variant.own)
        except NoEnvironmentError as error:
            pytest.skip(f"{variant.id}: {error.outcome}: {error}")


@pytest.fixture
def lacking(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line about evidence that isn't there yet, for the end of the suite. A new recipe or framework lacks some,
    and that is no failure."""
    return lambda line: record_property("lacking", line)


ran: set[str] = set()
found: set[str] = set()  # tests whose proof was in the store
lacks: dict[str, None] = {}  # lines, in their order


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes which variants climbed the ladder, now or before, and what lacks evidence; with xdist, in the main process
    too."""
    lacks.update(dict.fromkeys(line for name, line in report.user_properties if name == "lacking"))
    found.update(report.nodeid for name, _ in report.user_properties if name == "found")
    if report.when == "call" and report.passed and "test_ladder.py" in report.nodeid and "[" in report.nodeid:
        identity = report.nodeid.split("[", 1)[1].split("@")[0].rstrip("]")  # with xdist a group comes last
        ran.update(id for id in variants() if any(identity == f"{name}-{id}" for name in TASKS))


def pytest_terminal_summary(terminalreporter) -> None:
    installed = [variant.id for variant in variants().values() if variant.versions()]
    missing = [variant for variant in variants().values() if not variant.versions()]
    line = f"concord: {len(ran)} of {len(variants())} variants are proven"
    terminalreporter.write_line(f"{line}: {', '.join(id for id in variants() if id in ran) or 'none'}")
    if found:
        why = "nothing has changed about them; pytest --fresh makes them anew"
        terminalreporter.write_line(f"concord: proofs made before: {len(found)}, {why}")
    if idle := [id for id in installed if id not in ran]:
        terminalreporter.write_line(f"concord: installed, but not asked or not passed here: {', '.join(idle)}")
    for variant in missing:
        terminalreporter.write_line(f"concord: {variant.id} is not installed: {variant.install_command()}")
    for line in lacks:
        terminalreporter.write_line(f"concord: {line}")
