"""The judge's own judge: small cases with known answers. The sound harness passes all of them, and each wrong one in
`judge.toml` must fail the case that it names. Almost everything is made up by hand, and no framework is started."""

import importlib
import itertools
import json
import math
import os
import shutil
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from concord.data.datasets import Dataset
from concord.judge.ladder import NETWORK_RUNS, Run
from concord.project import paths
from concord.run import plan

MUTANTS = tomllib.loads(Path(__file__).with_name("judge.toml").read_text(encoding="utf-8"))["mutants"]
MODULES = (
    "judge.ladder", "judge.prove", "judge.reuse", "judge.verdict",
    "project.cases", "project.experiment", "project.files", "project.framework", "project.paths", "project.task",
    "run.evidence", "run.plan", "run.pool", "run.process", "run.program", "run.store",
)  # fmt: skip
numbers = itertools.count(1)


def harness() -> SimpleNamespace:
    """The modules that decide, by their last names."""
    return SimpleNamespace(**{name.split(".")[1]: importlib.import_module(f"concord.{name}") for name in MODULES})


def changed_harness(folder: Path, file: str, changes: list[list[str]]) -> SimpleNamespace:
    """The same modules of a copy of the source with a change, beside the real ones."""
    package = folder / "src" / "concord"
    shutil.copytree(paths.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "site", "templates"))
    for name in ("recipes", "frameworks", "mutants"):
        (folder / name).symlink_to(paths.CHECKOUT / name)
    source = (package / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, f"the change no longer applies: {file} has {old!r} {source.count(old)} times"
        source = source.replace(old, new)
    (package / file).write_text(source, encoding="utf-8")
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "concord"}
    sys.path.insert(0, str(package.parent))
    try:
        importlib.invalidate_caches()
        return harness()
    finally:
        sys.path.remove(str(package.parent))
        for name in [name for name in sys.modules if name.split(".")[0] == "concord"]:
            del sys.modules[name]
        sys.modules.update(real)


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant["name"]) for mutant in MUTANTS])
def test_wrong_judge_is_noticed(mutant, tmp_path, monkeypatch):
    changed = changed_harness(tmp_path / "harness", mutant["file"], mutant["changes"])
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    # A wrong harness may also fall over the wrong answer; but a change that is no sound Python notices nothing.
    with pytest.raises((AssertionError, ValueError, KeyError)):
        CASES[mutant["noticed_by"]](changed, tmp_path)


def test_mutants_are_many_and_each_case_notices_one():
    assert len({mutant["name"] for mutant in MUTANTS}) == len(MUTANTS) >= 60
    assert {mutant["noticed_by"] for mutant in MUTANTS} == set(CASES) - {"a_right_program_passes_every_level"}


CASES: dict[str, Callable[[Any, Path], None]] = {}


def case(function: Callable[[Any, Path], None]) -> Callable[[Any, Path], None]:
    CASES[function.__name__] = function
    return function


# A made-up task with two tensors, whose right answers are known.

LABELS = np.arange(10) % 3
TASK: Any = SimpleNamespace(
    name="made_up",
    own_name="made_up",
    kind="network",
    stops_early=False,
    folder=Path("made_up"),
    recipes={"numpy": Path("made_up_numpy.py")},
    settings={},
    initial_weights=lambda: {"kernel": np.full((2, 2), 1024, np.float32), "bias": np.zeros(3, np.float32)},
    specification=SimpleNamespace(PARAMETERS=7, ACCURACY_FLOORS={"made up": 0.5}, ACCURACY_MARGIN=0.01),
)
CAUSE = "on purpose"


def right_answer(run: Run, precision: str) -> dict[str, np.ndarray]:
    """What a run gives: each step moves a weight by 1/1024, the kernel's are of about a thousand."""
    if run.setting:
        return right_training(run, precision)
    start = plan.start_weights(TASK, run)
    moved = 2**-10 * (100 if run.ordinary else run.all_steps)
    moved *= 2**10 if run.weights == "large" else 1  # or float32 wouldn't hold it beside the weights
    logits = np.eye(3)[LABELS] + 1e-12 * np.arange(3)
    logits[:2] = logits[:2, ::-1] * [1, 0, 0.5]  # two wrong answers
    arrays: dict[str, Any] = {}
    if run.predict_first:
        arrays["first/logits"] = 2 * logits
        arrays |= {f"first/weights/{name}": array for name, array in start.items()}
    if moved:
        arrays["history"] = 0.5 ** np.arange(1, run.epochs + 1)
    arrays |= {f"weights/{name}": array + np.float64(moved) for name, array in start.items()}
    if run.predict or run.ordinary:
        arrays["logits"] = logits
    arrays = {name: array if name == "history" else array.astype(precision) for name, array in arrays.items()}
    if run.ordinary:
        arrays["accuracy"] = np.array(np.mean(logits.argmax(axis=1) == LABELS))
    if run.conduct:
        arrays |= {"conduct/mean loss": np.full(2, 0.5, precision), "holds/the sky is up": np.array(1.0)}
    return arrays


Change = Callable[[dict[str, Any], Run, str], None]


def unchanged(arrays: dict[str, Any], run: Run, precision: str) -> None:
    pass


def changing(name: str, by: Callable[[Any], Any], only: str = "", at: str = "") -> Change:
    """A change of one tensor, in one run or all, at one precision or both."""

    def change(arrays: dict[str, Any], run: Run, precision: str) -> None:
        if name in arrays and only in ("", run.name) and at in ("", precision):
            arrays[name] = by(arrays[name])

    return change


def times(factor: float) -> Callable[[Any], Any]:
    return lambda array: array * np.asarray(factor, array.dtype)


def judged(h: Any, level: str, change: Change = unchanged, precision: str = "float64", task: Any = TASK) -> Any:
    """The verdict on one level, of the whole ladder or else of the quick one."""
    known = {found.name: found for found in (*h.ladder.levels(TASK, "quick"), *h.ladder.levels(TASK, "full"))}
    held = []
    for run in h.ladder.runs(TASK, known[level], precision):
        arrays = right_answer(run, precision)
        change(arrays, run, precision)
        facts = {"labels": LABELS, "data": "made up"} if run.ordinary else {"start": plan.start_weights(TASK, run)}
        held.append(h.verdict.Held(run, arrays, right_answer(run, "float64"), **facts))
    return h.verdict.measure(task, known[level], precision, held)


def is_wrong(verdict: Any, outcome: str = "mismatch") -> bool:
    return verdict.outcome == outcome and not verdict.passed


@case
def a_right_program_passes_every_level(h, folder):
    for depth in ("quick", "full"):
        for level in h.ladder.levels(TASK, depth):
            for precision in level.gates:
                found = judged(h, level.name, precision=precision)
                assert found.outcome == "ok", found


ERRORS = [
    ([3.0, 4.0], [3.0, 4.0], 0.0),
    ([3.0, 5.0], [3.0, 4.0], 0.2),
    ([4.0, 3.0], [3.0, 4.0], math.sqrt(2) / 5),  # a signed sum would see nothing
    ([math.nan, 4.0], [3.0, 4.0], math.inf),
    ([math.nan], [math.nan], 0.0),  # where the reference has none, neither has a right answer
    ([0.0], [math.nan], math.inf),
    ([math.inf, 1.0], [math.inf, 1.0], 0.0),
    ([-math.inf], [math.inf], math.inf),
    ([0.0], [0.0], 0.0),
    ([1e-300], [0.0], math.inf),
    ([1e-9] * 1000, [2e-9] * 1000, 0.5),  # small numbers are no excuse, nor are many of them
    ([2e9] * 1000, [1e9] * 1000, 1.0),
    ([1 + 2j], [1 + 1j], 1 / math.sqrt(2)),
]


@case
def relative_errors_are_what_they_should_be(h, folder):
    for found, reference, expected in ERRORS:
        error = h.verdict.relative_error(np.array(found), np.array(reference))
        assert error == pytest.approx(expected, rel=1e-12), (found, reference)


@case
def the_error_and_its_place_are_told(h, folder):
    found = judged(h, "logits", changing("logits", times(1.5), "probe"))
    assert found.error == pytest.approx(0.5) and (found.tensor, found.run, found.gate) == ("logits", "probe", 1e-12)
    assert "logits parts first, before training from the probe weights: 5e-01, gate 1e-12" in found.reason


@case
def a_fault_in_one_run_of_several_shows(h, folder):
    tensors = {"logits": "logits", "loss": "history", "gradients": "weights/bias", "updates": "weights/kernel"}
    levels = {level.name: level for level in h.ladder.levels(TASK, "full")}
    for level, tensor in tensors.items():
        for run in levels[level].runs["float64"]:
            assert is_wrong(judged(h, level, changing(tensor, times(1.001), run))), (level, run)


@case
def a_fault_in_one_tensor_of_several_shows(h, folder):
    for level in ("updates", "training"):
        for tensor in ("weights/kernel", "weights/bias", "history"):
            assert is_wrong(judged(h, level, changing(tensor, times(1.001)))), (level, tensor)


@case
def the_displacement_is_judged_and_not_the_parameter(h, folder):
    """A part in 3e13 of a weight of a thousand is a part in 3e7 of its way."""
    assert is_wrong(judged(h, "gradients", changing("weights/kernel", times(1 + 3e-14))))


@case
def a_short_last_batch_shows_in_its_epochs_loss(h, folder):
    assert is_wrong(judged(h, "updates", changing("history", times(1.01), "short_batch")))


@case
def the_quick_proof_sees_logits_before_and_after(h, folder):
    assert is_wrong(judged_quick(h, "logits", changing("first/logits", times(1.001))))
    assert is_wrong(judged_quick(h, "training", changing("logits", times(1.001))))


def judged_quick(h: Any, level: str, change: Change) -> Any:
    level = next(found for found in h.ladder.levels(TASK, "quick") if found.name == level)
    (run,) = h.ladder.runs(TASK, level, "float64")
    arrays = right_answer(run, "float64")
    change(arrays, run, "float64")
    one = h.verdict.Held(run, arrays, right_answer(run, "float64"), start=plan.start_weights(TASK, run))
    return h.verdict.measure(TASK, level, "float64", [one])


def one_nan(array: Any) -> Any:
    array = array.copy()
    array.flat[0] = math.nan
    return array


@case
def numbers_that_are_none_show(h, folder):
    for level, tensor in (("logits", "logits"), ("updates", "history"), ("training", "weights/bias")):
        assert is_wrong(judged(h, level, changing(tensor, one_nan)), "nonfinite")


@case
def the_asked_for_precision_is_demanded(h, folder):
    lower = judged(h, "gradients", changing("weights/bias", lambda array: array.astype("float32")))
    higher = judged(h, "logits", changing("logits", lambda array: array.astype("float64")), "float32")
    assert is_wrong(lower) and is_wrong(higher)


@case
def shapes_are_demanded(h, folder):
    rows = judged(h, "logits", changing("logits", lambda array: array[:1]))
    column = judged(h, "gradients", changing("weights/bias", lambda array: array[:, None]))
    assert is_wrong(rows) and rows.reason == "logits has the shape (1, 3), expected (10, 3)"
    assert is_wrong(column) and column.reason == "weights/bias has the shape (3, 1), expected (3,)"


@case
def names_are_demanded(h, folder):
    def without_bias(arrays: dict[str, Any], run: Run, precision: str) -> None:
        del arrays["weights/bias"]

    def with_more(arrays: dict[str, Any], run: Run, precision: str) -> None:
        arrays["weights/more"] = np.zeros(1, precision)

    assert is_wrong(judged(h, "shapes", without_bias)) and is_wrong(judged(h, "shapes", with_more))


@case
def parameters_are_counted(h, folder):
    task = replace_in(TASK, PARAMETERS=8)
    assert "has 7 parameters, expected 8" in judged(h, "shapes", task=task).reason


def replace_in(task: Any, **changes: Any) -> Any:
    """The task with another specification."""
    return SimpleNamespace(**vars(task) | {"specification": SimpleNamespace(**vars(task.specification) | changes)})


@case
def weights_survive_the_way_in_and_out(h, folder):
    assert is_wrong(judged(h, "shapes", changing("weights/bias", lambda array: array + 1e-9)))
    assert is_wrong(judged_quick(h, "shapes", changing("first/weights/bias", lambda array: array + 1e-9)))


@case
def another_class_of_a_test_image_shows(h, folder):
    """The scores of an image that nearly ties: no norm sees the change, but the class is another."""

    def swapped(array: Any) -> Any:
        array = array.copy()
        array[5] = array[5, [0, 2, 1]]
        return array

    found = judged(h, "trajectory", changing("logits", swapped, "steps_200"))
    assert is_wrong(found) and found.tensor == "the class of a test image" and found.error == pytest.approx(0.1)


# Operations.

OPERATION: Any = SimpleNamespace(
    kind="operation", name="made_up", own_name="made_up", folder=Path("made_up"), settings={}, stops_early=False
)


def operation(h: Any, found: list[Any], answers: list[Any], expected: list[Any] | None = None, **gates: float) -> Any:
    """The verdict on one case's outputs, float64."""

    def results(arrays: list[Any]) -> dict[str, Any]:
        return {f"result/{number}": np.asarray(array) for number, array in enumerate(arrays)}

    level = h.ladder.levels(OPERATION)[1]
    run = h.ladder.Run("f_case", function="f", case="case")
    answers_ = tuple(map(np.asarray, answers))
    one = h.verdict.Held(run, results(found), results(expected or answers), answers=answers_, gates=gates)
    sound = h.verdict.Held(replace(run, name="f_other", case="other"), results([1.0]), results([1.0]), answers=(1.0,))
    return h.verdict.measure(OPERATION, level, "float64", [one, sound])


@case
def each_output_is_held_to_the_exact_answer_and_to_the_reference(h, folder):
    assert operation(h, [1.0, 2.0], [1.0, 2.0]).outcome == "ok"
    assert is_wrong(operation(h, [1.0, 2.1], [1.0, 2.0]))
    assert is_wrong(operation(h, [1.1], [1.0], expected=[1.1]))
    assert is_wrong(operation(h, [1.0], [1.0], expected=[1.1]))


@case
def a_gate_of_a_cases_own_is_that_cases(h, folder):
    found = operation(h, [1.0 + 1e-9], [1.0], float64=1e-8)
    assert (found.outcome, found.error) == ("ok", 0.0)
    assert is_wrong(operation(h, [1.0 + 1e-7], [1.0], float64=1e-8))
    assert is_wrong(operation(h, [1.0 + 1e-9], [1.0], float32=1e-8))


@case
def other_arguments_have_ten_times_the_gate(h, folder):
    level, run = h.ladder.levels(OPERATION)[1], h.ladder.Run("f_one", function="f", case="one")
    name = f"conduct/output 0 of one {h.program.OTHERWISE}"

    def judged(error: float) -> Any:
        found, expected = ({"result/0": np.array(1.0), name: np.array(1.0 + one)} for one in (error, 0.0))
        return h.verdict.measure(
            OPERATION, level, "float64", [h.verdict.Held(run, found, expected, answers=(np.array(1.0),))]
        )

    assert judged(5e-14).outcome == "ok"
    assert is_wrong(judged(5e-13))


@case
def whole_numbers_stay_whole_numbers(h, folder):
    assert operation(h, [np.array([1, 2], "int32")], [np.array([1, 2])]).outcome == "ok"
    assert is_wrong(operation(h, [np.array([1.0, 2.0])], [np.array([1, 2])]))
    assert is_wrong(operation(h, [np.array([1, 0])], [np.array([True, False])]))


@case
def nothing_finite_is_asked_for_where_the_reference_has_none(h, folder):
    assert operation(h, [np.array([math.inf])], [np.array([math.inf])]).outcome == "ok"
    assert is_wrong(operation(h, [np.array([math.nan])], [np.array([math.inf])]))


# float32, and what is known to differ.


@case
def triage_excuses_nothing(h, folder):
    beyond = h.verdict.LevelVerdict("logits", "float32", "mismatch", "logits part", error=2e-5, gate=1e-5)
    for outcome in ("ok", "mismatch", "unsupported", "crashed"):
        strict = h.verdict.LevelVerdict("logits", "float64", outcome, "why", error=1e-15)
        found = h.verdict.triage(beyond, strict)
        assert is_wrong(found) and found.reason.startswith("logits part; ")


def settled(h: Any, outcome: str, error: float | None, *, must_show: bool = True, ceiling: float = 1e-3) -> Any:
    difference = h.framework.KnownDifference(("numpy",), ("made_up",), False, "float64", {"logits": ceiling}, CAUSE)
    verdict = h.verdict.LevelVerdict("logits", "float64", outcome, "", error=error, gate=1e-12)
    return h.verdict.settle(verdict, difference, must_show=must_show)


@case
def what_is_no_row_is_told_even_of_the_reference(h, folder):
    for name, change in (("history", lambda array: array[0]), ("logits", lambda array: array[:, 0])):
        run = NETWORK_RUNS["steps_50"]
        arrays, expected = right_answer(run, "float64"), right_answer(run, "float64")
        assert h.verdict.malformed(TASK, h.verdict.Held(run, arrays, expected), "float64") is None
        arrays[name], expected[name] = change(arrays[name]), change(expected[name])
        assert h.verdict.malformed(TASK, h.verdict.Held(run, arrays, expected), "float64")


@case
def a_known_difference_that_shows_is_passed_and_told(h, folder):
    found = settled(h, "mismatch", 1e-4)
    assert (found.outcome, found.passed, found.declared) == ("mismatch", True, CAUSE)


@case
def a_known_difference_has_a_ceiling(h, folder):
    assert is_wrong(settled(h, "mismatch", 1e-2))
    assert is_wrong(settled(h, "mismatch", math.inf))
    assert is_wrong(settled(h, "mismatch", None))  # wrong shapes are no small difference


@case
def a_known_difference_that_has_gone_is_not_passed(h, folder):
    assert is_wrong(settled(h, "ok", 1e-15))
    assert settled(h, "ok", 1e-15, must_show=False).outcome == "ok"


@case
def a_declared_sentence_excuses_itself_alone(h, folder):
    """Not another sentence, nor a loss that differs too; and once it holds, the declaration has to go."""
    ceilings = {"conduct": math.inf}
    cause = ("float64", ceilings, CAUSE, "the sky is up")
    difference = h.framework.KnownDifference(("numpy",), ("made_up",), False, *cause)

    def verdict(*changes: Change) -> Any:
        def change(*arguments: Any) -> None:
            for one in changes:
                one(*arguments)

        row = proven(h, MadeUpCollector(h, change), difference)
        return next(level for level in row.levels if (level.level, level.precision) == ("conduct", "float64"))

    down = changing("holds/the sky is up", lambda one: np.array(0.0))
    assert verdict(down).passed and verdict(down).declared == CAUSE
    assert is_wrong(verdict())
    assert is_wrong(verdict(down, changing("conduct/mean loss", times(1.1), at="float64")))
    other = changing("conduct/mean loss", times(1.1), at="float64")
    assert is_wrong(verdict(other))


@case
def a_known_difference_does_not_excuse_a_crash(h, folder):
    for outcome in ("crashed", "nonfinite", "error", "timeout"):
        assert is_wrong(settled(h, outcome, None), outcome)


@case
def a_declaration_is_for_its_own_recipes_level_and_precision(h, folder):
    logits = h.framework.KnownDifference(("numpy",), ("made_up",), False, "float64", {"logits": 1e-3}, CAUSE)
    primitive = replace(logits, everywhere=True)
    known = replace(h.framework.variants()["numpy"], known_differences=(logits,)).known_difference
    assert known("made_up", "float64", "logits") == (logits, True)
    for asked in (("other", "float64", "logits"), ("made_up", "float32", "logits"), ("made_up", "float64", "loss")):
        assert known(*asked) == (None, False)
    everywhere = replace(h.framework.variants()["numpy"], known_differences=(primitive,)).known_difference
    assert everywhere("made_up", "float64", "logits") == (primitive, True)
    assert everywhere("", "float64", "logits") == (primitive, False)
    theirs = replace(logits, recipes=(), users=True)
    users = replace(h.framework.variants()["numpy"], known_differences=(theirs, primitive)).known_difference
    assert users("", "float64", "logits") == (theirs, False)
    assert users("other", "float64", "logits") == (primitive, False)
    alone = replace(h.framework.variants()["numpy"], known_differences=(theirs,)).known_difference
    assert alone("other", "float64", "logits") == (None, False)
    perhaps = replace(logits, recipes=(), perhaps=("made_up",))
    there = replace(h.framework.variants()["numpy"], known_differences=(perhaps,)).known_difference
    assert there("made_up", "float64", "logits") == (perhaps, False)
    assert there("other", "float64", "logits") == there("", "float64", "logits") == (None, False)


@case
def a_users_folder_inherits_no_declaration(h, folder):
    """Not even one that is called like a recipe of the project's."""
    mine = folder / "mine" / "softmax_regression"
    mine.mkdir(parents=True)
    shutil.copy(h.task.find_task("softmax_regression").folder / "task.py", mine)
    assert h.task.find_task("softmax_regression").own_name == "softmax_regression"
    assert h.task.find_task(str(mine)).own_name == ""


# The ordinary run.


def with_right_images(count: int) -> Change:
    """A program that reads so many of the ten images right, and says so."""

    def change(arrays: dict[str, Any], run: Run, precision: str) -> None:
        logits = np.eye(3, dtype=precision)[LABELS]
        logits[count:] = logits[count:, [1, 2, 0]]
        arrays |= {"logits": logits, "accuracy": np.array(count / 10)}

    return change


@case
def what_evaluate_says_is_counted_again(h, folder):
    assert is_wrong(judged(h, "accuracy", changing("accuracy", lambda array: array + 0.1), "float32"))


@case
def the_floor_of_accuracy_is_kept(h, folder):
    task = replace_in(TASK, ACCURACY_MARGIN=10.0)
    assert judged(h, "accuracy", with_right_images(5), "float32", task).outcome == "ok"
    assert is_wrong(judged(h, "accuracy", with_right_images(4), "float32", task), "accuracy_fail")


@case
def the_margin_to_the_reference_is_kept_on_both_sides(h, folder):
    """It is stated for 10,000 images, and wider for ten."""
    task = replace_in(TASK, ACCURACY_MARGIN=0.005)  # 0.16 for ten images; the reference reads eight of them right
    for count, outcome in ((9, "ok"), (7, "ok"), (10, "accuracy_fail"), (6, "accuracy_fail")):
        assert judged(h, "accuracy", with_right_images(count), "float32", task).outcome == outcome


@case
def a_short_run_has_a_margin_and_a_floor_of_its_own(h, folder):
    short = replace_in(TASK, SHORT_ACCURACY_FLOORS={"made up": 0.8}, ACCURACY_MARGIN=0.0, ACCURACY_FLOORS={})
    level = next(found for found in h.ladder.levels(TASK, "quick") if found.name == "accuracy")

    def verdict(count: int, right: int) -> str:
        run = NETWORK_RUNS["short"]
        arrays, expected = right_answer(run, "float32"), right_answer(run, "float64")
        with_right_images(count)(arrays, run, "float32")
        expected["accuracy"] = np.array(right / 10)
        held = h.verdict.Held(run, arrays, expected, labels=LABELS, data="made up")
        return h.verdict.measure(short, level, "float32", [held]).outcome

    assert [verdict(8, 8), verdict(7, 7), verdict(9, 8)] == ["ok", "accuracy_fail", "accuracy_fail"]


@case
def a_score_of_its_own_is_held_to_its_limit(h, folder):
    """An error of the right images: 2 of 10 are wrong, and the reference's says so too."""
    own: dict[str, Any] = {"SCORE": "error", "BEST": "lowest", "SCORE_LIMITS": {"made up": 0.3}, "SCORE_MARGIN": 0.2}
    task = replace_in(TASK, score=lambda outputs, labels: np.mean(outputs.argmax(axis=1) != labels), **own)
    level = next(found for found in h.ladder.levels(TASK, "full") if found.name == "accuracy")

    def verdict(wrong: int, said: float, reference: float = 0.2) -> str:
        run = NETWORK_RUNS["whole"]
        arrays, expected = right_answer(run, "float32"), right_answer(run, "float64")
        with_right_images(10 - wrong)(arrays, run, "float32")
        arrays["accuracy"], expected["accuracy"] = np.array(said), np.array(reference)
        held = h.verdict.Held(run, arrays, expected, labels=LABELS, data="made up")
        return h.verdict.measure(task, level, "float32", [held]).outcome

    assert [verdict(2, 0.2), verdict(1, 0.1), verdict(4, 0.4)] == ["ok", "ok", "accuracy_fail"]
    assert [verdict(2, 0.21), verdict(2, 0.2, 0.5)] == ["mismatch", "accuracy_fail"]


@case
def own_gates_hold_for_their_level_alone(h, folder):
    own = {"training": {"float32": 1e-2, "because": "a reason"}}
    for depth in ("quick", "full"):
        plain, changed = (h.ladder.levels(task, depth) for task in (TASK, replace_in(TASK, GATES=own)))
        for one, other in zip(plain, changed, strict=True):
            assert other.gates == one.gates | ({"float32": 1e-2} if one.name == "training" else {})
    h.task.check_gates(folder, own)
    told = ""
    try:
        h.task.check_gates(folder, {"training": {"float32": 1e-2}})
    except Exception as error:
        told = str(error)
    assert "'because' must say why" in told


@case
def an_ordinary_run_is_held_to_its_loss_and_sentences(h, folder):
    assert judged(h, "accuracy", changing("history", times(1.1)), "float32").outcome == "ok"
    for factor in (0.0, 0.7, 1.3):
        assert is_wrong(judged(h, "accuracy", changing("history", times(factor)), "float32"))

    def fallen(arrays: dict[str, Any], run: Run, precision: str) -> None:
        arrays["holds/the sky is up"] = np.array(0.0)

    assert is_wrong(judged(h, "accuracy", fallen, "float32"))


@case
def who_stops_early_may_have_another_number_of_epochs(h, folder):
    early = SimpleNamespace(**vars(TASK) | {"stops_early": True})

    def longer(array):
        return np.append(array, 10 * array[-1])

    assert judged(h, "accuracy", changing("history", longer), "float32", early).outcome == "ok"
    assert is_wrong(judged(h, "accuracy", changing("history", times(2)), "float32", early))
    assert is_wrong(judged(h, "accuracy", changing("history", longer), "float32"))
    assert is_wrong(judged(h, "updates", changing("history", longer), task=early))


# The proof of a program, with answers that are made up.


class MadeUpCollector:
    """Stands in for a collector: right answers, changed for the variant as a case wants it."""

    def __init__(self, h: Any, change: Change = unchanged, outcome: str = "ok", reference: str = "ok"):
        self.h, self.change, self.outcome, self.reference_outcome = h, change, outcome, reference
        self.dataset = SimpleNamespace(name="made up", test_images=LABELS, test_labels=LABELS)
        self.found: dict[Any, Any] = {}
        self.order: list[tuple[str, str]] = []
        self.drawn_again = 0

    def images_of(self, task: Any) -> Any:
        return SimpleNamespace(dataset=self.dataset)

    def runs(self, task: Any, level: Any, precision: str) -> list[Any]:
        return self.h.ladder.runs(task, level, precision)

    def collect(self, task: Any, variant: Any, precision: str, run: Any) -> Any:
        if (precision, run) not in self.found:
            self.order.append(("variant", run.name))
            arrays = right_answer(run, precision)
            self.change(arrays, run, precision)
            self.found[precision, run] = self.evidence(run, self.outcome, arrays)
        return self.found[precision, run]

    def again(self, task: Any, variant: Any, precision: str, run: Any) -> Any:
        self.drawn_again += 1
        del self.found[precision, run]
        return self.collect(task, variant, precision, run)

    def reference(self, task: Any, run: Any) -> Any:
        self.order.append(("reference", run.name))
        return self.evidence(run, self.reference_outcome, right_answer(run, "float64"))

    def evidence(self, run: Any, outcome: str, arrays: dict[str, Any]) -> Any:
        created = 1000.0 + len(self.found)
        stored = bool(self.found)  # all but the first
        return SimpleNamespace(
            run=run, outcome=outcome, reason=outcome, arrays=lambda: arrays, created=created, stored=stored
        )

    def of(self, task: Any, variant: Any) -> list[Any]:
        return list(self.found.values())


def proven(h: Any, collector: MadeUpCollector, *differences: Any, depth: str = "quick") -> Any:
    variant = replace(h.framework.variants()["numpy"], known_differences=differences)
    return h.prove.prove(collector, TASK, variant, ("float64", "float32"), depth)


@case
def both_precisions_and_every_level_are_judged(h, folder):
    row, strong = proven(h, MadeUpCollector(h)), ("loss", "training", "conduct", "range", "trajectory")
    assert row.outcome == "ok", row.reason
    assert [(level.precision, level.level) for level in row.levels] == [
        *(("float64", name) for name in ("shapes", "logits", "updates", *strong)),
        *(("float32", name) for name in ("shapes", "logits", *strong, "accuracy")),
    ]


@case
def what_did_not_run_is_not_passed(h, folder):
    outcomes = ("error", "timeout", "out_of_memory", "crashed", "not_installed", "unsupported", "not_written")
    for outcome in outcomes:
        row = proven(h, MadeUpCollector(h, outcome=outcome))
        assert row.outcome == outcome and not any(level.passed for level in row.levels)


@case
def without_a_reference_nothing_is_passed(h, folder):
    row = proven(h, MadeUpCollector(h, reference="crashed"))
    assert row.outcome == "error" and not any(level.passed for level in row.levels)


@case
def no_recipe_finds_an_answer_lying_about(h, folder):
    """The reference runs after the variant whose weights were drawn."""
    collector = MadeUpCollector(h)
    proven(h, collector)
    for run in ("drawn", "drawn_3"):
        assert collector.order.index(("variant", run)) < collector.order.index(("reference", run))


@case
def rounding_is_told_from_a_fault_by_another_draw(h, folder):
    """Where float64 agrees, a float32 run is drawn again, twice at most: a flipped ReLU hides, a fault doesn't."""

    def flipping(arrays: dict[str, Any], run: Run, precision: str) -> None:
        if precision == "float32" and run.name == "drawn_3" and not once.drawn_again:
            arrays["weights/bias"] = arrays["weights/bias"] * np.float32(1.01)

    once = MadeUpCollector(h, flipping)
    assert proven(h, once).outcome == "ok" and once.drawn_again == 1
    always = MadeUpCollector(h, changing("weights/bias", times(1.01), "drawn_3", at="float32"))
    row = proven(h, always)
    assert row.outcome == "mismatch" and "less precise than float32" in row.failure.reason
    assert always.drawn_again == 2

    def in_float64(arrays: dict[str, Any], run: Run, precision: str) -> None:
        if precision == "float64" and run.name == "drawn" and not flipped.drawn_again:
            arrays["weights/bias"] = arrays["weights/bias"] * 1.01

    flipped = MadeUpCollector(h, in_float64)
    assert proven(h, flipped).outcome == "mismatch" and flipped.drawn_again == 0
    single = h.framework.KnownDifference(("numpy",), (), True, "float64", {"training": 1e-5}, CAUSE)
    assert proven(h, flipped, single).outcome == "ok" and flipped.drawn_again == 1
    fault = MadeUpCollector(h, changing("weights/bias", times(1.01), "drawn", at="float64"))
    assert proven(h, fault, single).outcome == "mismatch" and fault.drawn_again == 2


@case
def a_failed_quick_proof_names_the_first_level(h, folder):
    row = proven(h, MadeUpCollector(h, changing("history", times(1.01))))
    assert (row.outcome, row.failure.level) == ("mismatch", "loss")
    assert [level.level for level in row.levels if not level.passed][:2] == ["loss", "updates"]


@case
def nothing_is_shown_of_what_is_not_proven(h, folder):
    row = proven(h, MadeUpCollector(h, changing("first/logits", times(2))))
    assert (row.outcome, row.accuracy, row.history) == ("mismatch", None, ())
    assert proven(h, MadeUpCollector(h)).accuracy == 0.8


@case
def a_declared_difference_is_told_in_the_row(h, folder):
    difference = h.framework.KnownDifference(("numpy",), ("made_up",), False, "float64", {"logits": 10}, CAUSE)
    wrong = changing("first/logits", times(2), at="float64")
    assert proven(h, MadeUpCollector(h, wrong), difference).declared
    assert proven(h, MadeUpCollector(h), difference).outcome == "mismatch"


@case
def evidence_is_as_old_as_its_oldest_part(h, folder):
    row = proven(h, MadeUpCollector(h))
    assert (row.proven, row.reused) == (1000.0, False)  # all but one from the store is not all


# The proof of what is trained with several settings.

RATES = {"fast": 4.0, "slow": 1.0, "wild": 8.0}
GAP = 0.25  # what the fast setting's accuracy has on the slow one's


def right_training(run: Run, precision: str) -> dict[str, np.ndarray]:
    """What a training with a setting gives. From weights that differ by 1e-14 the wild one is another one, and the
    others' curves differ in the last digits."""
    rate = RATES[run.setting]
    arrays = {
        f"weights/{name}": array + 2**-10 * rate * (1 + run.steps) for name, array in TASK.initial_weights().items()
    }
    arrays = {name: array.astype(precision) for name, array in arrays.items()}
    arrays["history"] = rate * 0.5 ** np.arange(1, 4)
    if not run.steps:
        arrays["validation_loss"] = rate * 0.5 ** np.arange(4)
        arrays["accuracy"] = np.array([0.125, 0.25, 0.375, 0.5 + GAP * (run.setting == "fast")])
        arrays["seconds"] = np.arange(4.0)
        for name in ("history", "validation_loss", "accuracy") if run.perturbed else ():
            arrays[name] = arrays[name] * (1 + (1e-3 if run.setting == "wild" else 1e-13))
    return arrays


def told(runs: Any) -> dict[str, tuple[float, float]]:
    fast, slow = (runs[name]["accuracy"] for name in ("fast", "slow"))
    return {"fast is ahead": (fast[-1] - slow[-1], GAP / 2), "slow learns": (slow[-1] - slow[0], GAP)}


class Trainings(MadeUpCollector):
    """The same collector, of a task that is trained with three settings."""

    def __init__(self, h: Any, change: Change = unchanged, data: str = "mnist"):
        super().__init__(h, change)
        self.dataset.name = data
        settings = {
            name: h.experiment.Setting(name, {"learning_rate": r}, *({} for _ in range(5))) for name, r in RATES.items()
        }
        changes = {"kind": "experiment", "settings": settings, "specification": SimpleNamespace(findings=told)}
        self.task = SimpleNamespace(**vars(TASK) | changes)

    def proven(self, depth: str = "full") -> Any:
        variant = replace(self.h.framework.variants()["numpy"], known_differences=())
        return self.h.prove.prove(self, self.task, variant, ("float64", "float32"), depth)


def of_setting(setting: str, name: str, by: Callable[[Any], Any], kind: str = "") -> Change:
    """A change of one tensor in the trainings with one setting, or in those of one kind: prefix, curve, finding."""

    def change(arrays: dict[str, Any], run: Run, precision: str) -> None:
        if name in arrays and run.setting == setting and run.name.startswith(kind):
            arrays[name] = by(arrays[name])

    return change


def refused(row: Any, level: str) -> bool:
    return row.outcome == "mismatch" and row.failure.level == level


def at_epoch(number: int, by: float) -> Callable[[Any], Any]:
    return lambda array: array + by * (np.arange(len(array)) == number)


@case
def the_first_steps_of_every_setting_are_compared(h, folder):
    """Even of one that is chaotic later."""
    assert Trainings(h).proven().outcome == "ok"
    for depth, setting in itertools.product(("quick", "full"), RATES):
        for tensor in ("weights/bias", "history"):
            row = Trainings(h, of_setting(setting, tensor, times(1 + 1e-6), "prefix")).proven(depth)
            assert refused(row, "prefix"), (depth, setting, tensor)
            assert f"with the setting {setting}" in row.failure.reason


@case
def each_point_of_each_curve_is_compared(h, folder):
    for name, length in (("history", 3), ("validation_loss", 4), ("accuracy", 4)):
        for number, setting in itertools.product(range(length), ("fast", "slow")):
            row = Trainings(h, of_setting(setting, name, at_epoch(number, 1e-3), "curve")).proven()
            assert refused(row, "curves"), (name, number, setting)
    quick = Trainings(h, of_setting("fast", "history", at_epoch(1, 1e-3), "curve")).proven("quick")
    assert refused(quick, "curve")


@case
def chaos_alone_excuses_a_curve(h, folder):
    """What grows from 1e-14 is left out; the other settings' curves are compared all the same."""
    row = Trainings(h, of_setting("wild", "accuracy", at_epoch(3, 0.1), "curve")).proven()
    assert row.outcome == "ok", row.reason
    assert row.curves["wild"]["accuracy"][3] == 0.6


@case
def a_finding_holds_from_its_least_value_on(h, folder):
    """Each of them, by what the variant found itself, of shuffled training; on other data it is only told."""
    row = Trainings(h).proven()
    assert row.outcome == "ok" and [one.value for one in row.levels[-1].findings] == [GAP, 1.5 * GAP]

    def less(by: float, setting: str = "fast", **options: Any) -> Any:
        return Trainings(h, of_setting(setting, "accuracy", at_epoch(3, -by), "finding"), **options).proven()

    assert less(GAP / 2).outcome == "ok"
    short = less(GAP / 2 + 1e-4)
    assert refused(short, "findings") and "fast is ahead: 0.125, at least 0.125 expected" in short.reason
    assert "slow learns" in less(0.55 * GAP, "slow").reason
    assert refused(less(math.nan), "findings")
    assert less(GAP, data="digits").outcome == "ok"


# What a run is given.

SMALLEST = "softmax_regression"
random = np.random.default_rng(0)
IMAGES = Dataset(
    "made up",
    "made up",
    random.integers(0, 256, (300, 28, 28), np.uint8),
    random.integers(0, 10, 300).astype(np.uint8),
    random.integers(0, 256, (300, 28, 28), np.uint8),
    random.integers(0, 10, 300).astype(np.uint8),
    "0" * 64,
)
DRAWN = NETWORK_RUNS["drawn"]


@case
def what_must_hold_is_asked_for(h, folder):
    """Sentences that don't hold, losses that are others, and a run that says nothing of either."""
    found = judged(h, "conduct", changing("holds/the sky is up", lambda one: np.array(0.0)))
    assert is_wrong(found) and "the sky is up" in found.reason
    assert is_wrong(judged(h, "conduct", changing("conduct/mean loss", times(1 + 1e-9))))
    held = h.verdict.Held(NETWORK_RUNS["drawn"], {"logits": np.ones((1, 1))}, {"logits": np.ones((1, 1))})
    level = next(level for level in h.ladder.levels(TASK, "quick") if level.name == "conduct")
    none = SimpleNamespace(kind="network", settings={}, stops_early=False, specification=SimpleNamespace(PARAMETERS=0))
    assert is_wrong(h.verdict.measure(none, level, "float64", [held]))


@case
def large_weights_are_large(h, folder):
    task = h.task.find_task("mnist_cnn")
    own, large = task.initial_weights(), h.plan.start_weights(task, replace(NETWORK_RUNS["large"], draw=1))
    assert np.abs(large["conv1_kernel"]).max() > 30 * np.abs(own["conv1_kernel"]).max()


@case
def what_is_drawn_is_drawn(h, folder):
    task = h.task.find_task("mnist_cnn")
    first, second = (h.plan.drawn(DRAWN, draw) for draw in (1, 2))
    assert (first.draw, second.draw, h.plan.drawn(NETWORK_RUNS["probe"], 1).draw) == (1, 2, 0)
    own = task.initial_weights()
    weights = [h.plan.start_weights(task, run) for run in (first, second)]
    for name in own:
        assert len({array.tobytes() for array in (own[name], weights[0][name], weights[1][name])}) == 3, name
        assert weights[0][name].any()
    values = task.specification.HYPERPARAMETERS
    trained = [h.plan.training(task, run, IMAGES)[0] for run in (first, second)]
    for name in ("learning_rate", "momentum"):
        assert 0.04 * values[name] < trained[0][name] < 0.21 * values[name]
        assert trained[0][name] != trained[1][name]
    sizes = {h.plan.training(task, h.plan.drawn(DRAWN, draw), IMAGES)[0]["batch_size"] for draw in range(20)}
    assert len(sizes) > 1 and values["batch_size"] not in sizes
    images = [h.plan.drawn_images(IMAGES, 20, draw)[0] for draw in (1, 2)]
    assert not np.array_equal(*images)
    assert not (images[0][:, None] == IMAGES.train_images).all(axis=(2, 3)).any()


@case
def other_arguments_are_drawn(h, folder):
    run = h.ladder.Run("f_one", function="f", case="one")
    assert h.plan.drawn(run, 5).draw == 5
    arrays = {"a": np.arange(40.0).reshape(5, 8), "b": np.arange(9), "c": np.array(0.5)}
    case = h.cases.Case("one", arrays, {}, {"f": ()}, fixed=("b",))
    first, again, second = (h.plan.other_arguments(case, draw) for draw in (1, 1, 2))
    for name, array in arrays.items():
        assert np.array_equal(first[name], again[name])
        assert np.array_equal(first[name], array) == np.array_equal(first[name], second[name]) == (name == "b")
    assert sorted(first["a"].ravel()) == sorted(arrays["a"].ravel())
    assert h.plan.other_arguments(replace(case, fixed=("a", "b", "c")), 1) == {}


@case
def an_operation_that_knows_its_cases_is_not_passed(h, folder):
    recipe = folder / "known.py"
    recipe.write_text("def f(a):\n    return a.sum() if a[0] == 0 else a.sum() + 1\n")
    np.savez(folder / "a.npz", a=np.arange(3.0))
    np.savez(folder / "others.npz", a=np.arange(3.0)[::-1])
    job = {
        "kind": "function", "recipe": str(recipe), "contract": {}, "arguments": str(folder / "a.npz"), "raises": False,
        "parameters": ["a"], "options": {}, "case": "a", "others": str(folder / "others.npz"), "function": "f",
        "results": str(folder / "results.npz"),
    }  # fmt: skip
    with h.pool.Workers(folder / "logs", threads=1) as workers:
        assert workers.run(h.framework.variants()["numpy"], "float64", job)[1].outcome == "ok"
    with np.load(folder / "results.npz") as found:
        assert found["result/0"] == 3 and found[f"conduct/output 0 of a {h.program.OTHERWISE}"] == 4


@case
def an_ordinary_batch_is_none_of_the_drawn(h, folder):
    """A plain step has no momentum and the learning rate 1; no step but an ordinary run's is shuffled."""
    task = h.task.find_task("mnist_cnn")
    values, count = h.plan.training(task, NETWORK_RUNS["gradient"], IMAGES)
    assert (values["learning_rate"], values["momentum"], values["shuffle"], count) == (1.0, 0.0, False, 128)
    assert "shuffle" not in h.plan.training(task, NETWORK_RUNS["short"], IMAGES)[0]


@case
def a_setting_is_validated_on_images_that_are_not_learnt(h, folder):
    """Training images 50,000 to 60,000; the test images where there aren't so many."""
    count = np.arange(60_000)
    large = replace(
        IMAGES,
        train_images=np.stack([count // 256, count % 256], axis=1).astype(np.uint8)[:, np.newaxis],
        train_labels=(count // 1000).astype(np.uint8),
    )
    task = h.task.find_task("learning_rate")
    given = h.plan.setting_arrays(task, "0.1", large)
    number = np.rint(given["validation_images"][:, 0, :, 0] * 255) @ [256, 1]
    assert np.array_equal(number, count[50_000:]) and np.array_equal(given["validation_labels"], number // 1000)
    number = np.rint(given["images"][:, 0, :, 0] * 255) @ [256, 1]
    assert np.array_equal(number, count[: task.specification.TRAIN_IMAGES])
    few = h.plan.setting_arrays(task, "0.1", IMAGES)
    assert np.array_equal(np.rint(few["validation_images"][..., 0] * 255), IMAGES.test_images)
    assert np.array_equal(few["validation_labels"], IMAGES.test_labels)


class MadeUpWorkers:
    """Stands in for the workers: notes what they are asked, and writes a result."""

    def __init__(self, h: Any, outcome: str = "ok"):
        self.h, self.outcome, self.jobs = h, outcome, []

    def run(self, variant: Any, precision: str, job: dict[str, Any]) -> Any:
        self.jobs.append(job | {"precision": precision, "variant": variant.id})
        if self.outcome == "ok":
            np.savez(job["results"], number=np.array(len(self.jobs), precision))
        answer = self.h.process.Answer(self.outcome, "" if self.outcome == "ok" else "why")
        return self.h.process.Answer("ok"), answer

    def close(self) -> None:
        pass


def collecting(h: Any, folder: Path, store: Any = None, outcome: str = "ok") -> Any:
    """A collector with made-up workers."""
    collector = h.evidence.Collector(folder / f"evidence-{next(numbers)}", IMAGES, store=store)
    collector.workers = MadeUpWorkers(h, outcome)
    return collector


@case
def the_job_is_given_what_was_drawn(h, folder):
    collector = collecting(h, folder)
    task, numpy = h.task.find_task(SMALLEST), h.framework.variants()["numpy"]
    run = collector.collect(task, numpy, "float64", DRAWN).run
    (job,) = collector.workers.jobs
    assert run.draw and job["predict_first"] and job["train"]["learning_rate"] < 0.45
    given = {name: np.load(job["weights"])[name] for name in ("dense_kernel", "dense_bias")}
    assert all(np.array_equal(array, h.plan.start_weights(task, run)[name]) for name, array in given.items())
    drawn = h.plan.drawn_images(IMAGES, job["train_count"], run.draw)
    assert np.array_equal(np.load(job["train_images"]), drawn[0])
    assert np.array_equal(np.load(job["train_labels"]), drawn[1])


@case
def a_short_run_is_given_sorted_images(h, folder):
    """Each image with its own label, class by class: who doesn't shuffle learns the last class alone."""
    collector = collecting(h, folder)
    collector.collect(h.task.find_task(SMALLEST), h.framework.variants()["numpy"], "float32", NETWORK_RUNS["short"])
    (job,) = collector.workers.jobs
    images, labels = np.load(job["train_images"]), np.load(job["train_labels"])
    assert len(images) == len(labels) == job["train_count"] and (np.diff(labels.astype(int)) >= 0).all()
    pairs = {(image.tobytes(), label) for image, label in zip(IMAGES.train_images, IMAGES.train_labels, strict=True)}
    assert {(image.tobytes(), label) for image, label in zip(images, labels, strict=True)} == pairs


@case
def each_collection_has_a_draw_of_its_own(h, folder):
    task, numpy = h.task.find_task(SMALLEST), h.framework.variants()["numpy"]
    draws = [
        collecting(h, folder).collect(task, numpy, precision, DRAWN).run.draw
        for precision in ("float64", "float32")
        for _ in range(2)
    ]
    assert len(set(draws)) == len(draws) and all(draws)
    collector = collecting(h, folder)
    before = collector.collect(task, numpy, "float64", DRAWN)
    after = collector.again(task, numpy, "float64", DRAWN)
    assert before.run.draw != after.run.draw and collector.collect(task, numpy, "float64", DRAWN) is after


@case
def each_run_and_precision_has_evidence_of_its_own(h, folder):
    task, numpy = h.task.find_task(SMALLEST), h.framework.variants()["numpy"]
    collector = collecting(h, folder, h.store.Store(folder / "store"))
    for run in (NETWORK_RUNS["probe"], NETWORK_RUNS["gradient"]):
        for precision in ("float64", "float32"):
            collector.collect(task, numpy, precision, run)
    assert len(collector.workers.jobs) == 4


@case
def the_reference_is_numpys_in_float64(h, folder):
    collector, task = collecting(h, folder), h.task.find_task(SMALLEST)
    collector.reference(task, h.plan.drawn(DRAWN, 5))
    collector.reference(task, NETWORK_RUNS["short"])
    assert [(job["variant"], job["precision"]) for job in collector.workers.jobs] == [
        ("numpy", "float64"),
        ("numpy", "float32"),
    ]


@case
def a_failed_run_is_no_evidence(h, folder):
    """It leaves no arrays, isn't kept, and is tried again by the next collector."""
    task, numpy, run = h.task.find_task(SMALLEST), h.framework.variants()["numpy"], NETWORK_RUNS["probe"]
    store = h.store.Store(folder / "store")
    for kept_in in (None, store):
        found = collecting(h, folder, kept_in, "error").collect(task, numpy, "float64", run)
        assert (found.outcome, found.reason, found.path) == ("error", "why", None)
    assert store.contents()[0] == 0
    assert collecting(h, folder, store).collect(task, numpy, "float64", run).outcome == "ok"


@case
def stored_evidence_keeps_its_draw_and_its_date(h, folder):
    task, numpy = h.task.find_task(SMALLEST), h.framework.variants()["numpy"]
    store = h.store.Store(folder / "store")
    made = collecting(h, folder, store).collect(task, numpy, "float64", DRAWN)
    (facts,) = store.folder.glob("*/*.json")
    known = json.loads(facts.read_text())
    facts.write_text(json.dumps(known | {"created": known["created"] - 3600}))
    collector = collecting(h, folder, store)
    found = collector.collect(task, numpy, "float64", DRAWN)
    assert not collector.workers.jobs and found.stored and not made.stored
    assert found.run == made.run and found.created == pytest.approx(made.created - 3600, abs=1)


# What evidence depends on.


def copied_task(h: Any, folder: Path) -> Any:
    """The smallest recipe as a folder of the user's, with a file of data and a second program in it."""
    sound = h.task.find_task(SMALLEST)
    folder = folder / f"task-{next(numbers)}" / SMALLEST
    folder.mkdir(parents=True)
    for name in ("task.py", f"{SMALLEST}_numpy.py", f"{SMALLEST}_pytorch.py"):
        shutil.copy(sound.folder / name, folder)
    (folder / "numbers.csv").write_text("1,2,3")
    return h.task.read_task(folder)


def digest(h: Any, task: Any, variant: Any = None, precision: str = "float64", run: Run = DRAWN, **options: Any) -> str:
    folder = Path(os.environ["CONCORD_HOME"]) / "digests"
    collector = h.evidence.Collector(folder, options.pop("data", IMAGES), **options)
    return collector.digest(task, variant or h.framework.variants()["numpy"], precision, run)


@case
def evidence_depends_on_the_program(h, folder):
    task = copied_task(h, folder)
    before = digest(h, task)
    assert digest(h, task) == before
    with task.recipes["numpy"].open("a") as file:
        file.write("\n# more\n")
    assert digest(h, task) != before


@case
def evidence_depends_on_the_tasks_folder_but_not_on_its_other_programs(h, folder):
    task = copied_task(h, folder)
    before = digest(h, task)
    task.recipes["pytorch"].write_text("")
    (task.folder / "README.md").write_text("prose")
    assert digest(h, task) == before
    for name, text in (("numbers.csv", "\n"), ("task.py", "MORE = 1\n")):
        with (task.folder / name).open("a") as file:
            file.write(text)
        assert digest(h, task) != before
        before = digest(h, task)


@case
def evidence_depends_on_start_weights_and_hyper_parameters(h, folder):
    """They may come from outside of the folder."""
    task = copied_task(h, folder)

    def other(**changes: Any) -> Any:
        return replace(task, specification=SimpleNamespace(**vars(task.specification) | changes))

    weights = {name: array + np.float32(1) for name, array in task.initial_weights().items()}
    values = task.specification.HYPERPARAMETERS | {"learning_rate": 0.25}
    found = {
        digest(h, task),
        digest(h, other(initial_weights=lambda: weights)),
        digest(h, other(HYPERPARAMETERS=values)),
    }
    assert len(found) == 3


@case
def evidence_depends_on_precision_run_draw_data_and_device(h, folder):
    task = copied_task(h, folder)
    found = [
        digest(h, task),
        digest(h, task, precision="float32"),
        digest(h, task, run=NETWORK_RUNS["drawn_3"]),
        digest(h, task, run=replace(DRAWN, predict=DRAWN.predict - 1)),
        digest(h, task, run=replace(DRAWN, draw=1)),
        digest(h, task, run=replace(DRAWN, draw=2)),
        digest(h, task, data=replace(IMAGES, digest="1" * 64)),
        digest(h, task, device="gpu"),
    ]
    assert len(set(found)) == len(found)


@case
def evidence_depends_on_what_is_installed(h, folder):
    """A framework that was built anew under the same version is another one."""
    task, packages = copied_task(h, folder), folder / "packages"
    information = packages / "made_up_framework-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-framework\nVersion: 1.0\n")
    variant = replace(h.framework.variants()["numpy"], distributions=("made-up-framework",))
    sys.path.insert(0, str(packages))
    try:
        found = []
        for record in ("made_up.py,sha256=abc,1\n", "made_up.py,sha256=def,1\n"):
            (information / "RECORD").write_text(record)
            h.store.installation_digest.cache_clear()
            found += [digest(h, task, variant), h.store.installation_digest((), packages)]
        assert len(set(found)) == 4
    finally:
        sys.path.remove(str(packages))
        h.store.installation_digest.cache_clear()


@case
def evidence_depends_on_how_a_variant_is_started(h, folder):
    task, numpy = copied_task(h, folder), h.framework.variants()["numpy"]
    device = folder / "device.py"
    device.write_text("one")
    with_device = replace(numpy, device_code=device)
    found = [digest(h, task, replace(numpy, environment={"NAME": value})) for value in ("1", "2")]
    found += [digest(h, task, replace(numpy, startup="import os")), digest(h, task, with_device)]
    device.write_text("two")
    found.append(digest(h, task, with_device))
    assert len(set(found)) == len(found)


@case
def evidence_depends_on_the_harness(h, folder):
    task, file = copied_task(h, folder), folder / "program.py"
    found = []
    for text in ("one", "two"):
        file.write_text(text)
        h.evidence.HARNESS, before = (file, *h.evidence.HARNESS[1:]), h.evidence.HARNESS
        found.append(digest(h, task))
        h.evidence.HARNESS = before
    assert len(set(found)) == 2


def with_weights_code(h: Any, variant: Any, file: Path) -> Any:
    """The variant, whose framework's weights.py is another file."""
    kind = type("Variant", (type(variant),), {"weights_code": file})
    return kind(**{field.name: getattr(variant, field.name) for field in fields(variant)})


@case
def evidence_depends_on_weights_code(h, folder):
    task, found = copied_task(h, folder), []
    for text in ("one", "two"):
        (folder / "weights.py").write_text(text)
        found.append(digest(h, task, with_weights_code(h, h.framework.variants()["numpy"], folder / "weights.py")))
    assert len(set(found)) == 2


# What a verdict depends on.


def verdict_digest(h: Any, task: Any, variant: Any = None, precisions: Any = ("float64",), **options: Any) -> str:
    folder = Path(os.environ["CONCORD_HOME"]) / "digests"
    collector = h.evidence.Collector(folder, options.pop("data", IMAGES), device=options.pop("device", "cpu"))
    depth = options.pop("depth", "quick")
    return h.reuse.verdict_digest(collector, task, variant or h.framework.variants()["pytorch"], precisions, depth)


@case
def a_verdict_depends_on_what_was_asked(h, folder):
    task = copied_task(h, folder)
    found = [
        verdict_digest(h, task),
        verdict_digest(h, task, h.framework.variants()["numpy"]),
        verdict_digest(h, task, precisions=("float64", "float32")),
        verdict_digest(h, task, depth="full"),
        verdict_digest(h, task, device="gpu"),
        verdict_digest(h, task, data=replace(IMAGES, digest="1" * 64)),
    ]
    assert len(set(found)) == len(found)
    assert verdict_digest(h, task) == found[0]


@case
def a_verdict_depends_on_its_program_and_the_references(h, folder):
    task = copied_task(h, folder)
    found = [verdict_digest(h, task)]
    for name in ("pytorch", "numpy"):
        with task.recipes[name].open("a") as file:
            file.write("\n# more\n")
        found.append(verdict_digest(h, task))
    assert len(set(found)) == len(found)


@case
def a_verdict_depends_on_what_a_task_says_after_its_runs(h, folder):
    """A least value, a gate: the runs stay as they are."""
    experiment = folder / "learning_rate"
    shutil.copytree(h.task.find_task("learning_rate").folder, experiment)
    found = []
    for _ in range(2):
        found.append(verdict_digest(h, h.task.read_task(experiment)))
        task = experiment / "task.py"
        task.write_text(task.read_text().replace('TITLE = "', 'TITLE = "More of '))
    assert len(set(found)) == 2


@case
def a_verdict_depends_on_the_answers_that_are_expected(h, folder):
    """They may come from outside of the folder."""
    task, found = h.task.find_task("convolution"), []
    collector = h.evidence.Collector(folder / "digests", IMAGES)
    for number in (0, 1):
        for case in collector.cases(task).values():
            function, (first, *rest) = next(iter(case.expected.items()))
            case.expected[function] = (first + number, *rest)
            break
        found.append(h.reuse.verdict_digest(collector, task, h.framework.variants()["pytorch"], ("float64",), "quick"))
    assert len(set(found)) == 2


@case
def a_verdict_depends_on_what_is_declared_of_the_variant(h, folder):
    task, pytorch = copied_task(h, folder), h.framework.variants()["pytorch"]
    assert verdict_digest(h, task) != verdict_digest(h, task, replace(pytorch, known_differences=(CAUSE,)))


@case
def a_verdict_depends_on_the_judge(h, folder):
    task, found = copied_task(h, folder), []
    real = h.paths.PACKAGE
    try:
        for text in ("one", "two"):
            h.paths.PACKAGE = folder
            (folder / "judge").mkdir(exist_ok=True)
            (folder / "judge" / "verdict.py").write_text(text)
            h.reuse.harness_digest.cache_clear()
            found.append(verdict_digest(h, task))
    finally:
        h.paths.PACKAGE = real
        h.reuse.harness_digest.cache_clear()
    assert len(set(found)) == 2


@case
def only_a_sound_verdict_is_kept_and_it_is_read_as_it_was(h, folder):
    """Its age is that of the oldest evidence."""
    task, pytorch = copied_task(h, folder), h.framework.variants()["pytorch"]
    collector = h.evidence.Collector(folder / "digests", IMAGES, store=h.store.Store(folder / "store"))
    level = h.verdict.LevelVerdict("findings", "float64", "ok", error=1e-15, findings=(h.experiment.Finding("", 2, 1),))
    old = time.time() - 3600
    row = h.verdict.VariantVerdict(task.name, "pytorch", {"torch": "1"}, (level,), history=(0.5,), proven=old)
    failed = replace(row, levels=(replace(level, outcome="mismatch"),))
    asked, real = [], h.reuse.prove
    try:
        for given in (failed, row, row, row):
            h.reuse.prove = lambda *_, given=given: asked.append(given) or given
            found = h.reuse.proven_once(collector, task, pytorch, ("float64",), "quick")
    finally:
        h.reuse.prove = real
    assert asked == [failed, row]
    assert found == replace(row, reused=True)
    collector.store.since = old + 60
    assert collector.store.find(h.reuse.verdict_digest(collector, task, pytorch, ("float64",), "quick")) is None


# The store.


def kept(h: Any, folder: Path) -> tuple[Any, Path, Path]:
    """A store with one entry under the digest "aa", and the entry's two files."""
    store = h.store.Store(folder / "store")
    file = folder / "arrays.npz"
    np.savez(file, number=np.arange(1000))
    store.keep("aa", file, {"draw": 1})
    entry = store.find("aa")
    assert entry and entry.facts == {"draw": 1} and np.load(entry.arrays)["number"][999] == 999
    (facts,) = store.folder.glob("*/*.json")
    return store, entry.arrays, facts


@case
def an_old_entry_is_not_used(h, folder):
    store, _, facts = kept(h, folder)
    known = json.loads(facts.read_text())
    for days, used in ((6, True), (8, False)):
        facts.write_text(json.dumps(known | {"created": time.time() - days * 86_400}))
        assert bool(store.find("aa")) == used


@case
def a_damaged_entry_is_not_used(h, folder):
    store, arrays, facts = kept(h, folder)
    sound, told = arrays.read_bytes(), facts.read_text()
    changed = bytearray(sound)
    changed[len(changed) // 2] ^= 1
    for damaged in (bytes(changed), sound[:-100], b""):
        arrays.write_bytes(damaged)
        assert store.find("aa") is None
    arrays.write_bytes(sound)
    for damaged in (told[:-5], "[]", "{}", ""):
        facts.write_text(damaged)
        assert store.find("aa") is None
    facts.write_text(told)
    assert store.find("aa")
    arrays.unlink()
    assert store.find("aa") is None


@case
def a_fresh_store_finds_nothing_but_keeps(h, folder):
    store, _, _ = kept(h, folder)
    assert h.store.Store(folder / "store", fresh=True).find("aa") is None
    assert store.find("aa") and store.find("bb") is None


@case
def two_who_prove_the_same_at_once_do_not_mix_their_draws(h, folder):
    store, entries = h.store.Store(folder / "store"), []
    for draw in (1, 2):
        np.savez(folder / "arrays.npz", draw=np.array(draw))
        entries.append(store.keep("aa", folder / "arrays.npz", {"draw": draw}))
    for entry in (*entries, store.find("aa")):
        assert np.load(entry.arrays)["draw"] == entry.facts["draw"]


@case
def another_versions_entries_are_left_alone(h, folder):
    kept(h, folder)
    h.store.VERSION, before = h.store.VERSION + 1, h.store.VERSION
    try:
        store = h.store.Store(folder / "store")
        assert store.find("aa") is None and len(store.others()) == 1
    finally:
        h.store.VERSION = before


# The worker, with real processes.


def changed_program(h: Any, folder: Path, old: str, new: str) -> Any:
    """The smallest recipe with one change in its NumPy program."""
    task = copied_task(h, folder)
    source = task.recipes["numpy"].read_text(encoding="utf-8")
    assert source.count(old) == 1
    task.recipes["numpy"].write_text(source.replace(old, new), encoding="utf-8")
    return task


def collected(h: Any, folder: Path, task: Any, *asked: tuple[str, Run]) -> list[tuple[Any, dict[str, Any]]]:
    """What a collector with a worker finds: the evidence, and its arrays where there are any."""
    numpy = h.framework.variants()["numpy"]
    with h.evidence.Collector(folder / f"evidence-{next(numbers)}", IMAGES, threads=1) as collector:
        found = [collector.collect(task, numpy, precision, run) for precision, run in asked]
        return [(one, one.arrays() if one.path and one.path.exists() else {}) for one in found]


PREDICT = "    return network(model, images)\n"


@case
def a_workers_exception_is_told(h, folder):
    task = changed_program(h, folder, PREDICT, "    raise ValueError('on purpose')\n")
    ((found, _),) = collected(h, folder, task, ("float64", NETWORK_RUNS["probe"]))
    assert found.outcome == "error" and "ValueError: on purpose" in found.reason and found.path is None


@case
def numbers_that_are_none_come_through(h, folder):
    task = changed_program(h, folder, PREDICT, "    return network(model, images) * np.nan\n")
    ((_, arrays),) = collected(h, folder, task, ("float64", NETWORK_RUNS["probe"]))
    assert np.isnan(arrays["logits"]).all()


@case
def each_answer_is_computed_anew_at_its_precision(h, folder):
    """From the weights of the job, at the precision of the job."""
    task = h.task.find_task(SMALLEST)
    runs = [replace(NETWORK_RUNS["unseen"], draw=draw) for draw in (1, 2)]
    found = collected(h, folder, task, *itertools.product(("float64", "float32"), runs))
    for (_, arrays), run, dtype in zip(found, runs * 2, ("f8", "f8", "f4", "f4"), strict=True):
        start = h.plan.start_weights(task, run)
        assert arrays["logits"].dtype == arrays["weights/dense_kernel"].dtype == dtype
        flat = (IMAGES.test_images.astype(np.float64) / 255).reshape(300, 784)
        expected = flat[np.arange(run.predict) % 300] @ start["dense_kernel"] + start["dense_bias"]
        assert np.allclose(arrays["logits"], expected, rtol=1e-4, atol=1e-4)


@case
def who_stops_early_is_made_to(h, folder):
    """Both the epoch that ends the training and the model that comes back show."""

    def tried(old: str, new: str) -> dict[str, Any]:
        task = h.task.find_task("early_stopping")
        program = folder / f"{next(numbers)}.py"
        source = task.recipes["numpy"].read_text(encoding="utf-8")
        assert source.count(old) == 1
        program.write_text(source.replace(old, new), encoding="utf-8")
        task = replace(task, recipes={"numpy": program})
        ((found, arrays),) = collected(h, folder, task, ("float64", replace(DRAWN, draw=1)))
        assert found.outcome == "ok", found.reason
        return {name: array for name, array in arrays.items() if name.endswith("training stops")}

    stop, back = "waited == patience", "return best, history"
    right, late, last = tried(stop, stop), tried(stop, "waited > patience"), tried(back, "return model, history")
    losses, *weights = right.values()
    assert len(losses) < 60 and len(weights) == 4
    assert len(late["conduct/the losses until training stops"]) > len(losses)
    assert all(not np.allclose(array, last[name], rtol=1e-3) for name, array in right.items() if array.ndim == 2)


@case
def what_is_watched_is_what_it_is_called(h, folder):
    """The losses and accuracies before the first epoch are those of the start, on the images that their names say."""
    task, run = h.task.find_task("learning_rate"), Run("curve_0", setting="0.1")
    ((found, arrays),) = collected(h, folder, task, ("float64", run))
    assert found.outcome == "ok", found.reason
    start = {name: array.astype(np.float64) for name, array in task.initial_weights().items()}

    def logits(images: Any) -> Any:
        hidden = np.maximum(images.reshape(len(images), 784) / 255 @ start["dense1_kernel"] + start["dense1_bias"], 0)
        return hidden @ start["dense2_kernel"] + start["dense2_bias"]

    for images, labels, name in (
        (IMAGES.train_images, IMAGES.train_labels, "training_accuracy"),
        (IMAGES.test_images, IMAGES.test_labels, "accuracy"),
    ):
        assert arrays[name][0] == np.mean(logits(images).argmax(axis=1) == labels)
    shares = np.exp(logits(IMAGES.test_images))
    expected = -np.log((shares / shares.sum(axis=1, keepdims=True))[np.arange(300), IMAGES.test_labels]).mean()
    assert arrays["validation_loss"][0] == pytest.approx(expected, rel=1e-6)
    assert arrays["history"].shape == arrays["accuracy"][1:].shape


FORGER = """    import os, stat, sys, time
    frame = sys._getframe()
    while "job" not in frame.f_locals:
        frame = frame.f_back
    np.savez(frame.f_locals["job"]["results"], forged=np.zeros(1))
    for descriptor in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, b'{"outcome": "ok", "reason": ""%s}\\n')
        except OSError:
            pass
    time.sleep(30)
"""


@case
def a_forged_answer_is_not_accepted(h, folder):
    """Of a recipe that writes results, finds the pipe for answers and writes one of its own."""
    for nonce in ("", ', "nonce": "0123456789abcdef"'):
        task = changed_program(h, folder, PREDICT, FORGER.replace("%s", nonce))
        ((found, arrays),) = collected(h, folder, task, ("float64", NETWORK_RUNS["probe"]))
        assert not arrays and found.outcome == "crashed" and "something else than the harness" in found.reason


@case
def an_error_that_must_be_raised_is_raised(h, folder):
    recipe = folder / "raising.py"
    recipe.write_text("def sound(a):\n    raise ValueError\n\n\ndef wrong(a):\n    return a\n")
    np.savez(folder / "a.npz", a=np.zeros(3))
    job = {
        "kind": "function", "recipe": str(recipe), "contract": {}, "arguments": str(folder / "a.npz"),
        "parameters": ["a"], "options": {}, "case": "a", "others": None, "results": str(folder / "results.npz"),
    }  # fmt: skip
    with h.pool.Workers(folder / "logs", threads=1) as workers:
        numpy = h.framework.variants()["numpy"]

        def outcome(function: str, raises: bool) -> str:
            return workers.run(numpy, "float64", job | {"function": function, "raises": raises})[1].outcome

        assert [outcome("sound", True), outcome("wrong", True)] == ["ok", "error"]
        assert [outcome("sound", False), outcome("wrong", False)] == ["error", "ok"]


@pytest.mark.parametrize("name", CASES)
def test_sound_judge_passes(name, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    CASES[name](harness(), tmp_path)


def test_made_up_answers_are_plain():
    """Whoever changes the made-up task sees here what the cases are about."""
    assert asdict(DRAWN)["drawn"] and DRAWN.all_steps == 12
    assert list(right_answer(DRAWN, "float32"))[:2] == ["first/logits", "first/weights/kernel"]
