"""An adversary's wrong programs, at least six of each kind of what a judge may overlook: the quick proof catches each.

A few run here, in NumPy; all of them, in PyTorch and Keras on PyTorch too, in the long part.
"""

import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import LIVING_WORKERS, skip_unless_ready, together

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.mutants import MutantCollector, all_mutants, patched, sound_task
from concord.judge.prove import climb, up_to_failure
from concord.project.framework import PRECISIONS, variants
from concord.project.outcomes import CAUGHT

PROGRAMS = tomllib.loads(Path(__file__).with_name("wrong_programs.toml").read_text(encoding="utf-8"))["programs"]
RUNS_ON = {"numpy": "numpy", "pytorch": "pytorch", "keras": "keras-torch"}
# Of the kinds that one check each closes, and that nothing else would notice.
SHORT = (
    "float32: a tenth of the rate after step 100",
    "float32: images in half precision",
    "odd batch sizes made even",
    "the batch size of 50 alone is doubled",
    "a buffer of 1,000",
    "batches as wholes",
    "the third epoch has the order of the second",
    "with replacement beyond 1,000 images",
    "shuffled once, before the first epoch",
    "watch is never called",
    "10 images predicted wrongly",
    "gradients clipped at 100",
    "by default another rate",
    "predict repeats its last answer for a shape",
    "a history a tenth too high when shuffling and learning",
    "float32: one own mask for a batch",
    "float32: no penalty above 0.02",
    "float32: another epoch of patience",
    "a patience of 5 whatever is asked",
    "the best model comes back only when stopped",
    "shuffling: a tenth of the rate from the second epoch on",
    "normalisation, shuffling: a tenth of the rate from the second epoch on",
    "batches of at most 64",
    "a tenth of the rate from the 11th epoch on",
    "what an optimiser remembers begins anew with each epoch",
    "squares of a short last batch are divided by the batch size",
    "own masks drop one half whatever is asked",
    "one own mask for all batches of an epoch",
    "watch is called after the first two epochs alone",
    "own start: a hundred times too large",
    "an operation destroys its argument",
    "an operation is right for the images of its cases alone",
    "evaluate: the mean of batches of 1,000, whatever the last one's size",
)
CELLS = [
    pytest.param(
        program,
        framework,
        id=f"{program['name']}-{RUNS_ON[framework]}",
        marks=[
            together(variants()[RUNS_ON[framework]]),
            *([] if framework == "numpy" and program["name"] in SHORT else [pytest.mark.long]),
        ],
    )
    for framework in RUNS_ON
    for program in PROGRAMS
    if framework in program["changes"]
]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory, workers):
    collector = MutantCollector(tmp_path_factory.mktemp("wrong"), data.load())
    collector.workers = workers
    return collector


@pytest.mark.parametrize(("program", "framework"), CELLS)
def test_wrong_program_is_caught(wrong, program, framework):
    variant = variants()[RUNS_ON[framework]]
    recipe = program.get("recipe", "mlp")
    skip_unless_ready(sound_task(recipe), variant)
    changes = {framework: tuple(map(tuple, program["changes"][framework]))}
    mutant = replace(next(iter(all_mutants().values())), name=program["name"], recipe=recipe, changes=changes)
    levels = ladder.levels(sound_task(recipe), "quick")
    *_, last = up_to_failure(climb(wrong, wrong.mutated(mutant, framework), variant, PRECISIONS, levels))
    assert last.outcome in CAUGHT, last
    wrong.workers.keep(LIVING_WORKERS)


def test_there_are_six_of_each_kind():
    assert len({program["name"] for program in PROGRAMS}) == len(PROGRAMS)
    counts = Counter((program["kind"], framework) for program in PROGRAMS for framework in program["changes"])
    assert len(counts) == 8 * len(RUNS_ON) and min(counts.values()) >= 6, counts
    assert set(SHORT) <= {program["name"] for program in PROGRAMS}


@pytest.mark.parametrize("program", [pytest.param(program, id=program["name"]) for program in PROGRAMS])
def test_changes_apply_and_are_python(program):
    for framework, changes in program["changes"].items():
        source = sound_task(program.get("recipe", "mlp")).recipes[framework].read_text(encoding="utf-8")
        compile(patched(source, changes, framework), framework, "exec")
