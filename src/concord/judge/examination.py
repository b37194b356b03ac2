"""The examination of the judge: small cases with known answers. The sound judge passes all of them; a judge with a
fault of its own must fail one. Everything is made up here but the last cases, which need a worker.
"""

import itertools
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from concord.data.datasets import Dataset
from concord.judge import ladder, verdict
from concord.judge.ladder import NETWORK_LEVELS, NETWORK_RUNS, Run
from concord.project.framework import KnownDifference, Variant, variants
from concord.project.task import Task, find_task
from concord.run import evidence
from concord.run import process as worker
from concord.run.evidence import Evidence

LEVELS = {level.name: level for level in NETWORK_LEVELS}
START = {"kernel": np.full((2, 2), 1024, np.float32), "bias": np.zeros(3, np.float32)}
CAUSE = "on purpose"
numbers = itertools.count()


@dataclass(frozen=True)
class Judge:
    """The parts of the harness that decide: two modules, and the program inside a worker."""

    verdict: Any = verdict
    evidence: Any = evidence
    program: Path = worker.PROGRAM


def changed_judge(name: str, source: str, folder: Path) -> Judge:
    """The harness with another source for one of its files, in place of the real module.

    Raises:
        SyntaxError: the source isn't Python.
    """
    if Path(name).name == worker.PROGRAM.name:
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / f"{next(numbers)}-{Path(name).name}"
        program.write_text(source, encoding="utf-8")
        return Judge(program=program)
    real = {"judge/verdict.py": verdict, "run/evidence.py": evidence}[name]
    module = ModuleType(f"changed_{Path(name).stem}")
    module.__file__ = real.__file__
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
    finally:
        del sys.modules[module.__name__]
    return Judge(verdict=module) if real is verdict else Judge(evidence=module)


def first_failure(judge: Judge, folder: Path) -> str:
    """The first case that the judge gets wrong, in words; empty if none. An exception is a wrong answer too.

    Args:
        judge: the harness to examine.
        folder: where the cases that need a worker may write.
    """
    for case in CASES:
        try:
            right = case(judge)
        except Exception as error:
            return told(case, error, folder)
        if not right:
            return name_of(case)
    with laboratory(judge, folder / f"examination-{next(numbers)}") as made:
        for case in WORKER_CASES:
            try:
                right = case(judge, *made)
            except Exception as error:
                return told(case, error, folder)
            if not right:
                return name_of(case)
    return ""


def told(case: Callable[..., bool], error: Exception, folder: Path) -> str:
    """What a case died of, in one line that names no folder of this machine."""
    return f"{name_of(case)}: {type(error).__name__}: {' '.join(str(error).split())}".replace(f"{folder}{os.sep}", "")


def name_of(case: Callable[..., bool]) -> str:
    return case.__name__.replace("_", " ")


# A made-up task with two tensors, whose right answers are known.

TASK: Any = SimpleNamespace(
    name="made up",
    kind="network",
    recipes={"numpy": Path("made_up_numpy.py")},
    specification=SimpleNamespace(
        PARAMETERS=7, ACCURACY_FLOORS={"made up": 0.5}, ACCURACY_MARGIN=0.1, HYPERPARAMETERS={}
    ),
)
LABELS = np.arange(10) % 3
VARIANT = replace(variants()["numpy"], known_differences=())


def right_answer(run: Run, precision: str) -> dict[str, np.ndarray]:
    """What a run should give: a step moves each weight by a thousandth; the kernel.s are of about a thousand."""
    moved = 2**-10 * (run.steps or (100 if run.whole else 0))  # in float32 too, without rounding
    arrays = {"history": np.array([0.5, 0.25][: run.epochs])} if moved else {}
    arrays |= {f"weights/{name}": (array + np.float64(moved)).astype(precision) for name, array in START.items()}
    if run.predict or run.whole:
        logits = np.eye(3)[LABELS] + 1e-12 * np.arange(3)
        if run.whole:
            logits[:2] = logits[:2, ::-1] * [1, 0, 0.5]  # two wrong answers
        arrays["logits"] = logits.astype(precision)
    if run.whole:
        arrays["accuracy"] = np.array(np.mean(arrays["logits"].argmax(axis=1) == LABELS))
    return arrays


class MadeUpCollector:
    """Stands in for a Collector: gives right answers, changed for the variant as a case wants it."""

    def __init__(self, change: Callable[[dict, Run, str], dict | None], outcome: str = "ok", reference: str = "ok"):
        self.change, self.outcome, self.reference_outcome = change, outcome, reference
        self.dataset = SimpleNamespace(name="made up", test_labels=LABELS)
        self.workers = SimpleNamespace(close_one=lambda *_: None)

    def runs(self, task: Any, level: ladder.Level) -> list[Run]:
        return [NETWORK_RUNS[name] for name in level.runs]

    def drawn(self, task: Any, variant: Variant, precision: str, run: Run) -> Run:
        return run

    def training(self, task: Any, run: Run) -> tuple[dict, int]:
        return {"epochs": 1}, 0

    def start_weights(self, task: Any, run: Run) -> dict[str, np.ndarray]:
        return dict(START)

    def collect(self, task: Any, variant: Variant, precision: str, run: Run) -> Any:
        arrays = right_answer(run, precision)
        arrays = self.change(arrays, run, precision) or arrays
        return self.answer(self.outcome, arrays)

    def reference(self, task: Any, precision: str, run: Run) -> Any:
        return self.answer(self.reference_outcome, right_answer(run, precision))

    def answer(self, outcome: str, arrays: dict[str, np.ndarray]) -> Any:
        seconds = {"train": 1.0}
        return SimpleNamespace(
            outcome=outcome,
            reason=outcome,
            arrays=lambda: arrays,
            seconds=seconds,
            import_seconds=1.0,
            peak_memory=1,
            peak_device_memory=None,
        )


def unchanged(arrays: dict, run: Run, precision: str) -> None:
    return None


def changing(name: str, by: Callable[[np.ndarray], Any], only: str = "", in_precision: str = "") -> Callable:
    """A change of one tensor, in one run or all, at one precision or both."""

    def change(arrays: dict, run: Run, precision: str) -> None:
        if name in arrays and only in ("", run.name) and in_precision in ("", precision):
            arrays[name] = by(arrays[name])

    return change


def judged(
    judge: Judge,
    level: str,
    change: Callable = unchanged,
    precision: str = "float64",
    *,
    outcome: str = "ok",
    reference: str = "ok",
    declared: tuple[str, ...] = (),
) -> Any:
    """The verdict on one level; `declared` names levels at which a float64 difference is known."""
    variant = VARIANT
    if declared:
        difference = KnownDifference(("numpy",), ("made up",), "float64", declared, CAUSE)
        variant = replace(VARIANT, known_differences=(difference,))
    made = MadeUpCollector(change, outcome, reference)
    return judge.verdict.judge(made, TASK, variant, LEVELS[level], precision)


def wrong(verdict: Any, outcome: str = "mismatch") -> bool:
    return verdict.outcome == outcome and not verdict.passed


CASES: list[Callable[[Judge], bool]] = []
WORKER_CASES: list[Callable[..., bool]] = []


def case(function: Callable[[Judge], bool]) -> Callable[[Judge], bool]:
    CASES.append(function)
    return function


def worker_case(function: Callable[..., bool]) -> Callable[..., bool]:
    WORKER_CASES.append(function)
    return function


# The measure itself.

ERRORS = [
    ([3.0, 4.0], [3.0, 4.0], 0.0),
    ([3.0, 5.0], [3.0, 4.0], 0.2),
    ([4.0, 3.0], [3.0, 4.0], math.sqrt(2) / 5),  # a signed sum would see nothing
    ([math.nan, 4.0], [3.0, 4.0], math.inf),
    ([math.nan], [math.nan], math.inf),
    ([math.inf], [math.inf], math.inf),
    ([0.0], [0.0], 0.0),
    ([1e-300], [0.0], math.inf),
    ([1e-9] * 1000, [2e-9] * 1000, 0.5),  # small numbers are no excuse, nor are many of them
    ([2e9] * 1000, [1e9] * 1000, 1.0),
]


@case
def relative_errors_are_what_they_should_be(judge: Judge) -> bool:
    return all(
        math.isclose(judge.verdict.relative_error(np.array(found), np.array(reference)), expected, rel_tol=1e-12)
        for found, reference, expected in ERRORS
    )


# One level at a time.


@case
def a_right_program_passes_every_level(judge: Judge) -> bool:
    return all(
        judged(judge, level.name, precision=precision).outcome == "ok"
        for level in NETWORK_LEVELS
        for precision in level.gates
    )


@case
def the_error_and_its_place_are_told(judge: Judge) -> bool:
    found = judged(judge, "logits", changing("logits", lambda array: array * 1.5, "probe"))
    return math.isclose(found.error, 0.5) and (found.tensor, found.run, found.gate) == ("logits", "probe", 1e-12)


@case
def a_fault_in_one_run_of_several_shows(judge: Judge) -> bool:
    levels = ("logits", "loss", "gradients", "updates", "trajectory")
    tensors = ("logits", "history", "weights/bias", "weights/bias", "weights/bias")
    return all(
        wrong(judged(judge, level, changing(tensor, lambda array: array * 1.001, name)))
        for level, tensor in zip(levels, tensors, strict=True)
        for name in LEVELS[level].runs
    )


@case
def a_fault_in_one_tensor_of_several_shows(judge: Judge) -> bool:
    tensors = ("weights/kernel", "weights/bias", "history")
    return all(wrong(judged(judge, "updates", changing(name, lambda array: array * 1.001))) for name in tensors)


@case
def the_displacement_is_judged_and_not_the_parameter(judge: Judge) -> bool:
    """A part in 3e13 of a weight of a thousand is a part in 3e7 of its way."""
    return wrong(judged(judge, "gradients", changing("weights/kernel", lambda array: array * (1 + 3e-14))))


@case
def numbers_that_are_none_show(judge: Judge) -> bool:
    def spoilt(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array.flat[0] = math.nan
        return array

    return wrong(judged(judge, "logits", changing("logits", spoilt)), "nonfinite") and wrong(
        judged(judge, "updates", changing("history", spoilt)), "nonfinite"
    )


@case
def the_asked_for_precision_is_demanded(judge: Judge) -> bool:
    lower = judged(judge, "gradients", changing("weights/bias", lambda array: array.astype(np.float32)))
    higher = judged(judge, "logits", changing("logits", lambda array: array.astype(np.float64)), "float32")
    return wrong(lower) and wrong(higher)


@case
def shapes_are_demanded(judge: Judge) -> bool:
    rows = judged(judge, "logits", changing("logits", lambda array: array[:1]))
    column = judged(judge, "gradients", changing("weights/bias", lambda array: array[:, None]))
    return wrong(rows) and wrong(column)


@case
def names_are_demanded(judge: Judge) -> bool:
    def without_bias(arrays: dict, run: Run, precision: str) -> dict:
        return {name: array for name, array in arrays.items() if name != "weights/bias"}

    return wrong(judged(judge, "shapes", without_bias)) and wrong(
        judged(judge, "shapes", lambda arrays, run, precision: arrays | {"weights/more": np.zeros(1)})
    )


@case
def weights_survive_the_way_in_and_out(judge: Judge) -> bool:
    return wrong(judged(judge, "shapes", changing("weights/bias", lambda array: array + 1e-9)))


@case
def what_did_not_run_is_not_passed(judge: Judge) -> bool:
    outcomes = ("error", "timeout", "out_of_memory", "crashed", "not_installed", "unsupported", "not_written")
    return all(wrong(judged(judge, "logits", outcome=outcome), outcome) for outcome in outcomes)


@case
def without_a_reference_nothing_is_passed(judge: Judge) -> bool:
    return wrong(judged(judge, "logits", reference="crashed"), "error")


@case
def another_class_of_a_test_image_shows(judge: Judge) -> bool:
    """The three scores of an image that nearly tie: no norm sees the change, but the class is another."""

    def swapped(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[0] = array[0, [1, 0, 2]]
        return array

    found = judged(judge, "trajectory", changing("logits", swapped, "steps_200"))
    return wrong(found) and found.tensor == "the class of a test image" and math.isclose(found.error, 0.1)


@case
def an_epochs_loss_is_judged_among_the_updates(judge: Judge) -> bool:
    return wrong(judged(judge, "updates", changing("history", lambda array: array * 1.01, "short_batch")))


# float32, and what is known to differ.


@case
def float32_rounding_is_excused_when_float64_agrees(judge: Judge) -> bool:
    found = judged(judge, "logits", changing("logits", lambda array: array * np.float32(1 + 2e-5)), "float32")
    wrong_too = wrong(judged(judge, "logits", changing("logits", lambda array: array * (1 + 2e-5)), "float64"))
    only32 = changing("logits", lambda array: array * np.float32(1 + 2e-5), in_precision="float32")
    return not found.passed and wrong_too and judged(judge, "logits", only32, "float32").outcome == "ok"


@case
def less_than_float32_is_not_excused(judge: Judge) -> bool:
    only32 = changing("logits", lambda array: array * np.float32(1.001), in_precision="float32")
    return wrong(judged(judge, "logits", only32, "float32"))


@case
def float32_is_not_excused_where_float64_did_not_run(judge: Judge) -> bool:
    Level = judge.verdict.LevelVerdict  # noqa: N806
    beyond = Level("logits", "float32", "mismatch", "logits part", error=2e-5, tensor="logits", gate=5e-6)
    unable = Level("logits", "float64", "unsupported", "no float64 here")
    return wrong(judge.verdict.triage(beyond, unable))


@case
def a_known_difference_that_shows_is_passed_and_told(judge: Judge) -> bool:
    found = judged(judge, "logits", changing("logits", lambda array: 2 * array), declared=("logits",))
    return (found.outcome, found.passed, found.declared) == ("mismatch", True, CAUSE)


@case
def a_known_difference_that_has_gone_is_not_passed(judge: Judge) -> bool:
    return wrong(judged(judge, "logits", declared=("logits",)))


@case
def a_known_difference_excuses_its_own_level_only(judge: Judge) -> bool:
    return wrong(judged(judge, "logits", changing("logits", lambda array: 2 * array), declared=("loss",)))


@case
def a_known_difference_does_not_excuse_a_crash(judge: Judge) -> bool:
    return wrong(judged(judge, "logits", outcome="crashed", declared=("logits",)), "crashed")


# The ordinary run, and what may be shown.


@case
def what_evaluate_says_is_counted_again(judge: Judge) -> bool:
    return wrong(judged(judge, "accuracy", changing("accuracy", lambda array: array + 0.1), "float32"))


@case
def the_floor_of_accuracy_is_kept(judge: Judge) -> bool:
    def mostly_wrong(arrays: dict, run: Run, precision: str) -> dict:
        logits = arrays["logits"][:, ::-1].copy()
        return arrays | {"logits": logits, "accuracy": np.array(np.mean(logits.argmax(axis=1) == LABELS))}

    return wrong(judged(judge, "accuracy", mostly_wrong, "float32"), "accuracy_fail")


@case
def the_margin_to_the_reference_is_kept(judge: Judge) -> bool:
    """The margin is stated for 10,000 images; for the 10 here it is wider than any accuracy, so it is made narrow."""

    def all_right(arrays: dict, run: Run, precision: str) -> dict:
        return arrays | {"logits": np.eye(3, dtype=np.float32)[LABELS], "accuracy": np.array(1.0)}

    narrow = SimpleNamespace(**vars(TASK))
    narrow.specification = SimpleNamespace(**vars(TASK.specification))
    narrow.specification.ACCURACY_MARGIN = 1e-3
    made = MadeUpCollector(all_right)
    return wrong(judge.verdict.judge(made, narrow, VARIANT, LEVELS["accuracy"], "float32"), "accuracy_fail")


@case
def no_speed_without_sameness(judge: Judge) -> bool:
    faulty = MadeUpCollector(changing("logits", lambda array: 2 * array))
    row = judge.verdict.judge_variant(faulty, TASK, VARIANT, ["float64", "float32"])
    sound = judge.verdict.judge_variant(MadeUpCollector(unchanged), TASK, VARIANT, ["float64", "float32"])
    return row.outcome == "mismatch" and row.epoch_seconds is None and sound.epoch_seconds == 1.0


# With a worker: what is kept, what is run anew, and what the worker makes of a recipe.

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


@contextmanager
def laboratory(judge: Judge, folder: Path) -> Iterator[tuple[Any, Path]]:
    """A collector of the judge's own with the judge's own worker program, and a home that holds nothing yet."""
    before, home = worker.PROGRAM, os.environ.get("CONCORD_HOME")
    worker.PROGRAM, os.environ["CONCORD_HOME"] = judge.program, str(folder / "home")
    try:
        with judge.evidence.Collector(folder / "evidence", IMAGES) as collector:
            yield collector, folder
    finally:
        worker.PROGRAM = before
        os.environ.pop("CONCORD_HOME")
        if home is not None:
            os.environ["CONCORD_HOME"] = home


def changed_recipe(folder: Path, old: str, new: str) -> Task:
    """The smallest recipe with one change, as a task of its own."""
    sound = find_task(SMALLEST)
    source = sound.recipes["numpy"].read_text(encoding="utf-8")
    if source.count(old) != 1:
        raise ValueError(f"{sound.recipes['numpy'].name} has {old!r} {source.count(old)} times")
    folder = folder / f"recipe-{next(numbers)}"
    folder.mkdir(parents=True)
    (folder / "task.py").write_bytes((sound.folder / "task.py").read_bytes())
    path = folder / sound.recipes["numpy"].name
    path.write_text(source.replace(old, new), encoding="utf-8")
    return replace(sound, folder=folder, recipes={"numpy": path})


def same(first: Evidence, second: Evidence) -> bool:
    one, other = first.arrays(), second.arrays()
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


@worker_case
def results_of_an_earlier_run_are_not_looked_at(judge: Judge, collector: Any, folder: Path) -> bool:
    task, run = find_task(SMALLEST), NETWORK_RUNS["probe"]
    path = collector.folder / task.name / VARIANT.id / "float64" / "probe.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, left=np.zeros(3))
    return "logits" in collector.collect(task, VARIANT, "float64", run).arrays()


@worker_case
def a_failed_run_leaves_no_arrays(judge: Judge, collector: Any, folder: Path) -> bool:
    task = changed_recipe(folder, "    return network(model, images)\n", "    raise ValueError\n")
    found = collector.collect(task, VARIANT, "float64", NETWORK_RUNS["probe"])
    return found.outcome == "error" and found.path is None


@worker_case
def each_run_and_precision_has_evidence_of_its_own(judge: Judge, collector: Any, folder: Path) -> bool:
    task = find_task(SMALLEST)
    found = [
        collector.collect(task, VARIANT, precision, NETWORK_RUNS[name])
        for precision in ("float64", "float32")
        for name in ("initial", "probe")
    ]
    dtypes = [evidence.arrays()["logits"].dtype for evidence in found]
    return dtypes == ["f8", "f8", "f4", "f4"] and not same(found[0], found[1])


@worker_case
def a_changed_recipe_is_run_anew(judge: Judge, collector: Any, folder: Path) -> bool:
    """A reference that was kept belongs to the recipe that it was made with."""
    task, other = find_task(SMALLEST), changed_recipe(folder, ' + model["dense_bias"]', "")
    run = NETWORK_RUNS["gradient_probe"]  # that no other case collects: what is in memory isn't kept
    return not same(collector.reference(task, "float64", run), collector.reference(other, "float64", run))


@worker_case
def unseen_weights_are_new_each_time(judge: Judge, collector: Any, folder: Path) -> bool:
    task, run = find_task(SMALLEST), NETWORK_RUNS["unseen"]
    with judge.evidence.Collector(folder / "again", IMAGES) as again:
        drawn = [
            made.drawn(task, variant, precision, run)
            for made in (collector, again)
            for variant in (VARIANT, replace(VARIANT, id="another"))
            for precision in ("float64", "float32")
        ]
        kernels = [collector.start_weights(task, each)["dense_kernel"] for each in drawn]
    kernels.append(collector.start_weights(task, NETWORK_RUNS["probe"])["dense_kernel"])
    return len({kernel.tobytes() for kernel in kernels}) == len(drawn) + 1


@worker_case
def answers_for_unseen_weights_are_not_kept(judge: Judge, collector: Any, folder: Path) -> bool:
    task = find_task(SMALLEST)
    run = collector.drawn(task, VARIANT, "float64", NETWORK_RUNS["unseen"])
    kept = folder / "home" / "reference"
    before = set(kept.glob("*.npz"))
    path = collector.reference(task, "float64", run).path
    return set(kept.glob("*.npz")) == before and path.is_relative_to(collector.folder)


@worker_case
def numbers_that_are_none_come_through(judge: Judge, collector: Any, folder: Path) -> bool:
    task = changed_recipe(folder, "    return network(model, images)\n", "    return network(model, images) * np.nan\n")
    found = collector.collect(task, VARIANT, "float64", NETWORK_RUNS["probe"])
    return bool(np.isnan(found.arrays()["logits"]).all())


@worker_case
def each_answer_is_computed_anew(judge: Judge, collector: Any, folder: Path) -> bool:
    """What a recipe gives from other weights isn't what it gave before."""
    task = find_task(SMALLEST)
    found = []
    for precision in ("float64", "float32"):
        run = collector.drawn(task, VARIANT, precision, NETWORK_RUNS["unseen"])
        found.append(collector.collect(task, VARIANT, precision, run).arrays()["logits"])
    return not np.allclose(found[0], found[1], rtol=1e-3)
