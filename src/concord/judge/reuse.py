"""Verdicts that still hold: a program about which nothing has changed isn't judged again, and its evidence isn't read.

A verdict is kept under a digest of all that it depends on: the harness, the task, the program and the reference's, what
they are given, what is installed, and what is declared of the variant. Only those without a fault are kept.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any

from concord.judge.prove import prove
from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project import paths
from concord.project.experiment import Finding
from concord.project.framework import REFERENCE, Variant, variants
from concord.project.task import Task
from concord.run.evidence import Collector, file_digest
from concord.run.store import digest_of, variant_digest

ROOMS = ("project", "data", "run", "judge")  # of the harness, whose code a verdict depends on


def proven_once(
    collector: Collector, task: Task, variant: Variant, precisions: Sequence[str], depth: str
) -> VariantVerdict:
    """The verdict that is in the store, or else a new proof's."""
    store = collector.store
    if store is None or variant.framework not in task.recipes or variant.versions() is None:
        return prove(collector, task, variant, precisions, depth)
    digest = verdict_digest(collector, task, variant, precisions, depth)
    if entry := store.find(digest):
        return read(entry.facts)
    row = prove(collector, task, variant, precisions, depth)
    if row.outcome == "ok" and row.proven:
        store.keep(digest, None, asdict(row), row.proven)
    return row


def verdict_digest(collector: Collector, task: Task, variant: Variant, precisions: Sequence[str], depth: str) -> str:
    """SHA-256 (hex) of everything that a verdict depends on, but for what is drawn."""
    of, reference = task.of_reference, variants()[REFERENCE]
    specification = file_digest(task.folder / "task.py")  # its least values, too
    return digest_of(
        verdict=[task.name, variant.id, list(precisions), depth, collector.device],
        harness=harness_digest(),
        task=[specification, collector.task_digest(task, task.recipes[variant.framework])],
        reference=collector.task_digest(of, of.recipes[REFERENCE]),
        given=collector.given(task),
        data=collector.images_of(task).dataset.digest,
        variants=[variant_digest(one) for one in (variant, reference)],
        adapters=task.kind != "operation" and [file_digest(one.weights_code) for one in (variant, reference)],
        declared=variant.known_differences,
    )


@cache
def harness_digest() -> str:
    files = sorted(file for room in ROOMS for file in (paths.PACKAGE / room).glob("*.py"))
    return digest_of(**{str(file.relative_to(paths.PACKAGE)): file_digest(file) for file in files})


def read(facts: dict[str, Any]) -> VariantVerdict:
    """A verdict from the plain values that it was kept as."""
    levels = [
        LevelVerdict(**level | {"findings": tuple(Finding(**found) for found in level["findings"])})
        for level in facts["levels"]
    ]
    curves = {setting: {name: tuple(curve) for name, curve in one.items()} for setting, one in facts["curves"].items()}
    sequences = {"levels": tuple(levels), "history": tuple(facts["history"]), "curves": curves, "repeats": ()}
    return replace(VariantVerdict(**facts | sequences), reused=True, seconds=0.0)
