"""What the Theano recipes work round, shown on the installed versions. If one changes, a recipe can be simpler."""

import dataclasses
import json
import subprocess

import pytest
from conftest import TASKS

from concord.environments import NoEnvironmentError, ensure
from concord.evidence import Collector
from concord.framework import variants
from concord.worker import Worker, available_threads

PROBE = """
import json
import numpy as np
import theano
import theano.tensor as tt
from theano.tensor.signal.pool import pool_2d

x = tt.vector()
maps = tt.tensor4()
zero, ones = np.zeros(1, theano.config.floatX), np.ones((1, 1, 2, 2), theano.config.floatX)
slope = lambda result: theano.function([x], tt.grad(result.sum(), x))(zero).tolist()
ties = lambda result: theano.function([maps], tt.grad(result.sum(), maps))(ones).tolist()
of_slices = tt.maximum(tt.maximum(maps[:, :, 0, 0], maps[:, :, 0, 1]), tt.maximum(maps[:, :, 1, 0], maps[:, :, 1, 1]))
image = np.arange(9, dtype=theano.config.floatX).reshape(1, 1, 3, 3)
kernel = np.array([[[[1, 0], [0, 0]]]], theano.config.floatX)
convolve = lambda **options: float(np.asarray(tt.nnet.conv2d(image, kernel, **options).eval())[0, 0, 0, 0])
print(json.dumps({
    "relu": slope(tt.nnet.relu(x)),
    "maximum": slope(tt.maximum(0, x)),
    "pool_2d": ties(pool_2d(maps, (2, 2), ignore_border=True)),
    "maximum of slices": ties(of_slices),
    "conv2d": convolve(),
    "conv2d unflipped": convolve(filter_flip=False),
}))
"""

VARIANTS = [variant for variant in variants().values() if variant.own and "theano" in variant.id]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.id)
def probe(request):
    variant = request.param
    try:
        python = ensure(variant.own)
    except NoEnvironmentError as error:
        pytest.skip(f"{variant.id}: {error.outcome}: {error}")
    finished = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", PROBE],
        env=variant.worker_environment("float64", available_threads()) | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_relu_has_the_slope_one_half_at_zero(probe):
    assert probe["relu"] == [0.5]


def test_maximum_has_the_slope_zero_at_zero(probe):
    """The recipe's ReLU: of equal arguments the first, the constant, gets the gradient."""
    assert probe["maximum"] == [0]


def test_pooling_gives_every_tied_pixel_the_whole_gradient(probe):
    assert probe["pool_2d"] == [[[[1, 1], [1, 1]]]]


def test_maximum_of_slices_gives_the_first_tied_pixel_all(probe):
    assert probe["maximum of slices"] == [[[[1, 0], [0, 0]]]]


def test_convolution_flips_the_filter_unless_told_not_to(probe):
    assert (probe["conv2d"], probe["conv2d unflipped"]) == (4, 0)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_no_compiler_is_unsupported(variant, tmp_path):
    """Without g++ the outcome is clear, and it is not the environment's fault."""
    try:
        python = ensure(variant.own)
    except NoEnvironmentError as error:
        pytest.skip(f"{variant.id}: {error.outcome}: {error}")
    poor = dataclasses.replace(variant, environment=variant.environment | {"PATH": str(tmp_path)})
    with Worker(poor, "float32", tmp_path / "log", python=python) as worker:
        answer = worker.run({})
    assert answer.outcome == "unsupported"
    assert "install g++" in answer.reason


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_other_frameworks_are_not_affected_by_a_missing_environment(variant, tmp_path, monkeypatch):
    """An environment that can't be made has its own outcome; the next framework runs."""
    from concord import data, workers
    from concord.ladder import NETWORK_RUNS

    def refuse(own, announce):
        raise NoEnvironmentError("not_installed", "the package index can't be reached: no network?")

    monkeypatch.setattr(workers, "ensure", refuse)
    task, run = TASKS["softmax_regression"], NETWORK_RUNS["steps_2"]
    with Collector(tmp_path, data.load("digits")) as collector:
        missing = collector.collect(task, variant, "float32", run)
        assert (missing.outcome, missing.reason) == (
            "not_installed",
            "the package index can't be reached: no network?",
        )
        assert collector.collect(task, variants()["numpy"], "float32", run).outcome == "ok"
