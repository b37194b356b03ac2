"""The proof itself: every recipe of every framework against the NumPy reference."""

import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_ready

from concord.judge.reuse import proven_once
from concord.project.framework import PRECISIONS


@pytest.mark.parametrize(("task", "variant"), ladder_cases("network", "operation"))
def test_computes_the_same(proofs, request, record_property, task, variant):
    """The quick proof; in the long part every run of the whole ladder."""
    long = request.config.getoption("--long")
    skip_unless_ready(task, variant)
    row = proven_once(proofs, task, variant, PRECISIONS, "full" if long else "quick")
    if row.outcome == "unsupported":
        pytest.skip(f"{variant.id}: {row.reason}")
    where = row.failure and f"{row.failure.precision} {row.failure.level}"
    assert row.outcome == "ok", f"{task.name}, {variant.id}, {where}: {row.outcome}: {row.reason}"
    if row.reused:
        record_property("found", True)
    proofs.workers.keep(LIVING_WORKERS)
