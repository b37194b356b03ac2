"""The proof itself: every recipe of every framework against the NumPy reference, level by level."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_ready, tuned_cases

from concord import ladder
from concord.evidence import Collector
from concord.framework import PRECISIONS
from concord.verdict import judge

networks = pytest.mark.parametrize(("task", "variant"), ladder_cases("network"))
operations = pytest.mark.parametrize(("task", "variant"), ladder_cases("operation"))
tuned = pytest.mark.parametrize(("task", "variant"), tuned_cases())
everything = pytest.mark.parametrize(("task", "variant"), ladder_cases("network", "operation"))


def climb(collector, task, variant, name, runs=None):
    """Asserts one level, or some of its runs, float64 first; a failure says what the verdict says.

    Where a precision is only reported and not judged, there is nothing to assert.
    """
    skip_unless_ready(task, variant)
    level = next(level for level in ladder.levels(task) if level.name == name)
    level = replace(level, runs=runs or level.runs)
    for precision in PRECISIONS:
        if level.gates.get(precision) is not None:
            verdict = judge(collector, task, variant, level, precision)
            if verdict.outcome == "unsupported":
                pytest.skip(f"{variant.id} {precision}: {verdict.reason}")
            assert verdict.passed, f"{variant.id} {precision} {name}: {verdict.outcome}: {verdict.reason}"
    collector.workers.keep(LIVING_WORKERS)


SHORT_STEPS, SHORT_TEST = 50, 2_000  # of an ordinary run in the suite, and how many images it is scored on
SHORT_MARGIN = 0.05  # after so few steps, accuracies lie further apart than after an epoch


def is_large(task):
    return task.specification.PARAMETERS > 10_000


def shortened(task):
    """A large task with fewer steps. Its margin is stated for 10,000 test images, and wider for fewer."""
    specification = task.specification
    changes = {
        "TRAIN_IMAGES": SHORT_STEPS * specification.HYPERPARAMETERS["batch_size"],
        "ACCURACY_FLOORS": {},
        "ACCURACY_MARGIN": SHORT_MARGIN * math.sqrt(SHORT_TEST / 10_000),
    }
    return replace(task, specification=SimpleNamespace(**(vars(specification) | changes)))


@pytest.fixture(scope="session")
def short_collector(collector, tmp_path_factory):
    """The same collector with fewer test images: to predict all of them twice takes longer than the short training."""
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


@everything
def test_shapes(collector, task, variant):
    climb(collector, task, variant, "shapes")


@networks
def test_logits(collector, task, variant):
    climb(collector, task, variant, "logits")


@networks
def test_loss(collector, task, variant):
    climb(collector, task, variant, "loss")


@networks
def test_gradients(collector, task, variant):
    climb(collector, task, variant, "gradients")


@networks
def test_updates(collector, task, variant):
    climb(collector, task, variant, "updates")


@networks
def test_trajectory(collector, task, variant):
    climb(collector, task, variant, "trajectory", ("steps_20",))


@pytest.mark.long
@networks
def test_long_trajectory(collector, task, variant):
    climb(collector, task, variant, "trajectory", ("steps_50", "steps_200"))


@networks
def test_accuracy(collector, short_collector, task, variant, request):
    """An ordinary run: over the task's floor and near the reference. A large one is short, but not in the long part."""
    if is_large(task) and not request.config.getoption("--long"):
        climb(short_collector, shortened(task), variant, "accuracy")
    else:
        climb(collector, task, variant, "accuracy")


@operations
def test_values(collector, task, variant):
    climb(collector, task, variant, "values")


@tuned
@pytest.mark.parametrize("name", ["shapes", "logits", "loss", "gradients", "updates"])
def test_tuned(collector, task, variant, name):
    climb(collector, task, variant, name)


@pytest.mark.parametrize(("task", "variant"), [case for case in tuned_cases() if "numpy" in case.id])
def test_tuned_trajectory(collector, task, variant):
    """Of the one that writes its gradients by hand; the others' automatic differentiation is judged above."""
    climb(collector, task, variant, "trajectory", ("steps_20",))
