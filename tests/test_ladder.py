"""The proof itself: every recipe of every framework against the NumPy reference, level by level."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_ready

from concord.judge import ladder
from concord.judge.verdict import judge
from concord.project.framework import PRECISIONS
from concord.run.evidence import Collector

networks = pytest.mark.parametrize(("task", "variant"), ladder_cases("network"))
operations = pytest.mark.parametrize(("task", "variant"), ladder_cases("operation"))
everything = pytest.mark.parametrize(("task", "variant"), ladder_cases("network", "operation"))


# In the default part a large task has smaller batches: the same runs, steps and gates in a third of the time.
SHORT_BATCH = 40  # images; the ladder's batch that isn't full has 37
SHORT_STEPS, SHORT_TEST = 100, 2_000  # of an ordinary run, and how many images it is scored on
SHORT_MARGIN = 0.05  # after so few images, accuracies lie further apart than after an epoch


def shortened(task):
    """A task with smaller batches and less training. Its margin is stated for 10,000 test images, wider for fewer."""
    specification = task.specification
    changes = {
        "HYPERPARAMETERS": specification.HYPERPARAMETERS | {"batch_size": SHORT_BATCH},
        "TRAIN_IMAGES": SHORT_STEPS * SHORT_BATCH,
        "ACCURACY_FLOORS": {},
        "ACCURACY_MARGIN": SHORT_MARGIN * math.sqrt(SHORT_TEST / 10_000),
    }
    return replace(task, specification=SimpleNamespace(**(vars(specification) | changes)))


@pytest.fixture(scope="session")
def short_collector(collector, tmp_path_factory):
    """In the same workers, with fewer test images: to predict all twice takes longer than the short training."""
    all_images = collector.dataset
    few = replace(
        all_images,
        test_images=all_images.test_images[:SHORT_TEST],
        test_labels=all_images.test_labels[:SHORT_TEST],
        digest=f"the first {SHORT_TEST} test images of {all_images.digest}",
    )
    short = Collector(tmp_path_factory.mktemp("short"), few)
    short.workers = collector.workers
    return short


@pytest.fixture
def climb(collector, short_collector, request):
    """Asserts one level, or some of its runs, float64 first; a failure says what the verdict says.

    Where a precision is only reported and not judged, there is nothing to assert.
    """
    long = request.config.getoption("--long")

    def climb(task, variant, name, runs=None):
        skip_unless_ready(task, variant)
        level = next(level for level in ladder.levels(task) if level.name == name)
        level = replace(level, runs=runs or level.runs)
        large = getattr(task.specification, "PARAMETERS", 0) > 10_000
        source, judged = (short_collector, shortened(task)) if large and not long else (collector, task)
        for precision in PRECISIONS:
            if level.gates.get(precision) is not None:
                verdict = judge(source, judged, variant, level, precision)
                if verdict.outcome == "unsupported":
                    pytest.skip(f"{variant.id} {precision}: {verdict.reason}")
                assert verdict.passed, f"{variant.id} {precision} {name}: {verdict.outcome}: {verdict.reason}"
        collector.workers.keep(LIVING_WORKERS)

    return climb


@everything
def test_shapes(climb, task, variant):
    climb(task, variant, "shapes")


@networks
def test_logits(climb, task, variant):
    climb(task, variant, "logits")


@networks
def test_loss(climb, task, variant):
    climb(task, variant, "loss")


@networks
def test_gradients(climb, task, variant):
    climb(task, variant, "gradients")


@networks
def test_updates(climb, task, variant):
    climb(task, variant, "updates")


@networks
def test_trajectory(climb, task, variant):
    climb(task, variant, "trajectory", ("steps_20",))


@pytest.mark.long
@networks
def test_long_trajectory(climb, task, variant):
    climb(task, variant, "trajectory", ("steps_50", "steps_200"))


@networks
def test_accuracy(climb, task, variant):
    """An ordinary run: over the task's floor and near the reference. A large one is short, but not in the long part."""
    climb(task, variant, "accuracy")


@operations
def test_values(climb, task, variant):
    climb(task, variant, "values")
