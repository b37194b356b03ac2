"""The proof of one program: collects what each level needs, and asks the judge."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from concord.judge import ladder
from concord.judge.ladder import Level
from concord.judge.verdict import Held, LevelVerdict, VariantVerdict, judge_findings, measure, settle, triage
from concord.project import experiment
from concord.project.framework import Variant
from concord.project.outcomes import CAUGHT
from concord.project.task import Task, score_of
from concord.run import plan
from concord.run.evidence import Collector, Evidence
from concord.run.program import as_given

# A CNN leaves a gate in float32 in about one draw of a hundred; so does one whose float64 is declared to be computed in
# float32. A fault leaves it in all of them.
MORE_DRAWS = 2


def judge(collector: Collector, task: Task, variant: Variant, level: Level, precision: str) -> LevelVerdict:
    """The verdict of one level, float32's rounding and known differences taken into account.

    A rounding error that flips one ReLU shows only with this one draw, a fault with every draw. So where only rounding
    can be meant, because float64 agrees or is declared to be float32, what is drawn is drawn again: weights, and the
    arguments of an operation.
    """
    measured = collect_and_measure(collector, task, variant, level, precision)
    verdict = in_light_of_known(variant, task, measured)
    if verdict.passed or measured.outcome != "mismatch" or measured.gate is None:
        return verdict
    if precision == "float32":
        strict = in_light_of_known(variant, task, collect_and_measure(collector, task, variant, level, "float64"))
        rounds = strict.passed
    else:
        strict, (declared, _) = None, variant.known_difference(task.own_name, precision, level.name)
        rounds = declared is not None and not declared.sentence
    drawn = [run for run in collector.runs(task, level, precision) if plan.draws(run)]
    for _ in range(MORE_DRAWS if rounds and drawn else 0):
        for run in drawn:
            collector.again(task, variant, precision, run)
        measured = collect_and_measure(collector, task, variant, level, precision)
        verdict = in_light_of_known(variant, task, measured)
        if verdict.passed:
            return verdict
    return in_light_of_known(variant, task, triage(measured, strict)) if strict else verdict


def in_light_of_known(variant: Variant, task: Task, verdict: LevelVerdict) -> LevelVerdict:
    """The verdict, settled with what is declared of the variant."""
    difference, must_show = variant.known_difference(task.own_name, verdict.precision, verdict.level)
    return settle(verdict, difference, must_show=must_show)


def collect_and_measure(
    collector: Collector, task: Task, variant: Variant, level: Level, precision: str
) -> LevelVerdict:
    """Runs what a level needs, then the reference, and holds the one against the other."""
    if level.name == "findings":
        return collect_findings(collector, task, variant, precision)
    runs = collector.runs(task, level, precision)
    found = (collector.collect(task, variant, precision, run) for run in runs)
    return hold_all(collector, task, variant, level, precision, found)


def hold_all(
    collector: Collector, task: Task, variant: Variant, level: Level, precision: str, found: Iterable[Evidence]
) -> LevelVerdict:
    """Holds what was found against the reference, run by run."""
    held = []
    difference, _ = variant.known_difference(task.own_name, precision, level.name)
    for evidence in found:
        run = evidence.run
        if evidence.outcome != "ok":
            return LevelVerdict(level.name, precision, evidence.outcome, evidence.reason, run=run.name)
        reference = collector.reference(task, run)
        if reference.outcome != "ok":
            return no_reference(level.name, precision, reference)
        held.append(hold(collector, task, evidence, reference))
    return measure(task, level, precision, held, difference.sentence if difference else "")


def collect_findings(collector: Collector, task: Task, variant: Variant, precision: str) -> LevelVerdict:
    """Trains with every setting, shuffled, and asks the task what it finds."""
    runs, expected = {}, {}
    for run in ladder.runs(task, ladder.FINDINGS, precision):
        evidence = collector.collect(task, variant, precision, run)
        if evidence.outcome != "ok":
            return LevelVerdict("findings", precision, evidence.outcome, evidence.reason, run=run.name)
        runs[run.setting] = experiment.curves(evidence.arrays())
        if experiment.compares(task):
            reference = collector.reference(task, run)
            if reference.outcome != "ok":
                return no_reference("findings", precision, reference)
            expected[run.setting] = experiment.curves(reference.arrays())
    return judge_findings(experiment.found(task, runs, expected), precision, collector.dataset.name)


def no_reference(level: str, precision: str, found: Evidence) -> LevelVerdict:
    reason = f"there is no reference to compare with: {found.outcome}, {found.reason}"
    return LevelVerdict(level, precision, "error", reason, run=found.run.name)


def hold(collector: Collector, task: Task, evidence: Evidence, reference: Evidence) -> Held:
    """One run beside the reference."""
    run = evidence.run
    facts: dict[str, Any] = {}
    if task.kind == "operation":
        case = collector.cases(task)[run.case]
        facts = {"answers": case.expected[run.function], "gates": case.gates}
    elif run.setting:
        facts = {"start": plan.start_weights(task, run)}
        if not run.steps:
            perturbed = collector.reference(task, ladder.perturbed(run))
            facts["perturbed"] = perturbed.arrays() if perturbed.outcome == "ok" else {}
    elif not run.ordinary:
        facts = {"start": plan.start_weights(task, run)}
    else:
        dataset = collector.images_of(task).dataset
        count = plan.test_images(run, dataset)
        facts = {"labels": as_given(dataset.test_labels[:count], "float32"), "data": dataset.name}
    return Held(run, evidence.arrays(), reference.arrays(), **facts)


def prove(
    collector: Collector, task: Task, variant: Variant, precisions: Sequence[str], depth: str = "quick"
) -> VariantVerdict:
    """Climbs the ladder with one variant, float64 first, because it decides about float32.

    Where a quick run parts from the reference, the shallow runs of the whole ladder are made too: they name the first
    level, step and tensor.
    """
    begin = time.perf_counter()
    levels = list(climb(collector, task, variant, precisions, ladder.levels(task, depth)))
    if depth == "quick":
        levels = descend(collector, task, variant, levels)
    scored_by = score_of(task.specification).name if task.kind == "network" else ""
    row = VariantVerdict(task.name, variant.id, variant.versions() or {}, tuple(levels), depth, scored_by)
    evidence = collector.of(task, variant)
    made = [found.created for found in evidence if found.created]
    if made and row.outcome == "ok":
        row = replace(row, proven=min(made), reused=all(found.stored for found in evidence))
    if task.settings and row.outcome == "ok":
        curves = {found.run.setting: in_plain_values(found) for found in evidence if is_whole_curve(task, found)}
        for found in evidence:
            if found.outcome == "ok" and found.run.setting in curves and found.run.shuffled:
                curves[found.run.setting]["seconds"] = tuple(found.arrays()["seconds"].tolist())
        row = replace(row, curves=curves)
    ordinary = next((found for found in evidence if found.run.ordinary and found.outcome == "ok"), None)
    if row.outcome == "ok" and ordinary:
        arrays = ordinary.arrays()
        row = replace(row, accuracy=float(arrays["accuracy"]), history=tuple(arrays["history"].tolist()))
    return replace(row, seconds=time.perf_counter() - begin)


def is_whole_curve(task: Task, found: Evidence) -> bool:
    """Whether it is a whole training with a setting, comparable to the reference's; or one of its own."""
    run = found.run
    if found.outcome != "ok" or not run.setting or run.steps or run.perturbed:
        return False
    return run.shuffled == bool(task.settings[run.setting].own)


def in_plain_values(found: Evidence) -> dict[str, tuple[float, ...]]:
    return {name: tuple(curve.tolist()) for name, curve in experiment.curves(found.arrays()).items()}


def climb(
    collector: Collector, task: Task, variant: Variant, precisions: Sequence[str], levels: Sequence[Level]
) -> Iterator[LevelVerdict]:
    """The verdict of every level that has a gate, or a report, at a precision."""
    for precision in precisions:
        for level in levels:
            if precision in level.gates:
                yield judge(collector, task, variant, level, precision)


def up_to_failure(verdicts: Iterable[LevelVerdict]) -> list[LevelVerdict]:
    """The first that isn't passed, and those before it; what comes after it isn't asked."""
    found = []
    for verdict in verdicts:
        found.append(verdict)
        if not verdict.passed:
            break
    return found


def descend(collector: Collector, task: Task, variant: Variant, verdicts: Sequence[LevelVerdict]) -> list[LevelVerdict]:
    """The quick proof's verdicts; before a network's first failure, that of the first shallow level of the whole ladder
    that isn't passed."""
    found = up_to_failure(verdicts)
    failure = found[-1]
    if failure.passed or task.kind != "network" or failure.outcome not in CAUGHT:
        return list(verdicts)
    below = climb(collector, task, variant, (failure.precision,), ladder.shallow(task))
    first = [verdict for verdict in up_to_failure(below)[-1:] if not verdict.passed]
    told = {verdict.level for verdict in first}  # whose quick one asked less, or the same; a known difference stays
    rest = [
        verdict
        for verdict in verdicts
        if verdict.precision != failure.precision or verdict.level not in told or verdict.declared
    ]
    place = sum(verdict in rest for verdict in found[:-1])
    return [*rest[:place], *first, *rest[place:]]
