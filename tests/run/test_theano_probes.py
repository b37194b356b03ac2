"""Theano's environment: what it says without a compiler, and that its absence harms nobody else. What Theano computes
otherwise than the others, which its recipes work round, is probed in `gotchas/`."""

import dataclasses

import pytest
from conftest import TASKS

from concord.project.framework import variants
from concord.run.environments import NoEnvironmentError, ensure
from concord.run.evidence import Collector
from concord.run.process import Worker

VARIANTS = [variant for variant in variants().values() if variant.own and "theano" in variant.id]


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
    from concord.data import datasets as data
    from concord.judge.ladder import NETWORK_RUNS
    from concord.run import pool as workers

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
