"""The benchmark: its statistics, what it refuses, and that it goes on where it stopped. No test judges a time."""

import copy
import json
import math
import shutil
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, run

from concord.cost.bench import of_another_program, remarks, run_benchmark, start
from concord.cost.rounds import FULL, QUICK, Bench, Entrant, FailedError, Turn, check_clock, check_even
from concord.cost.statistics import Figure, compared, figure, loaded, noise, ratio, reference, sound
from concord.data import datasets as data
from concord.judge.mutants import MutantCollector, patched
from concord.project import paths
from concord.project.framework import variants
from concord.project.task import Task, find_task
from concord.report.results import code_sha256
from concord.run.distributions import closure_bytes
from concord.run.evidence import Collector
from concord.run.pool import Workers
from concord.run.process import Answer
from concord.site import costs, speed
from concord.site.results import Results

GPU = {"kind": "gpu", "name": "Abacus", "memory_bytes": 2**30, "driver": "1.0", "tf32": {"numpy": "off"}}
SCHEMA = json.loads((paths.CHECKOUT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))


def row(*steps: float, unproven: str = "") -> dict:
    """A variant's row: a round for each step; None for one that failed."""
    rounds = [
        {"round": number, "outcome": "ok", "reason": "", "steady_seconds": step, "turns": [step]}
        if step is not None
        else {"round": number, "outcome": "crashed", "reason": "killed"}
        for number, step in enumerate(steps)
    ]
    return {"unproven": unproven, "installed_bytes": None, "rounds": rounds}


def a_document(**variants: dict) -> dict:
    return {
        "environment": {"processor": "a processor", "threads": 2},
        "created": "2026-01-31T00:00:00Z",
        "recipe": "mnist_cnn",
        "batch_size": 100,
        "control": {"variant": "numpy", "rounds": row(1.0, 1.0, 1.0)["rounds"]},
        "variants": {id.replace("_", "-"): found for id, found in variants.items()},
    }


def test_one_outlier_does_not_move_the_median():
    assert figure(row(1.0, 1.01, 0.99, 1.0, 9.0), "steady_seconds") == Figure(1.0, 0.99, 9.0)
    assert figure(row(1.0), "epoch_seconds") is None


def test_import_model_and_first_step_are_one_time():
    """Wherever a framework compiles, it is in the sum; a round that lacks a part has none."""
    found = row(1.0, 1.0)
    for number, one in enumerate(found["rounds"]):
        one |= {"import_seconds": 2.0, "start_seconds": 5.0 * (number == 0), "first_step_seconds": 0.25}
    assert figure(found, "ready_seconds") == Figure(4.75, 2.25, 7.25)
    del found["rounds"][0]["start_seconds"]
    assert figure(found, "ready_seconds") == Figure(2.25, 2.25, 2.25)


def test_a_ratio_is_of_the_same_rounds():
    """A machine that is slower for a round is so for all of them, and makes no difference."""
    slow = (1.0, 1.4, 0.7)
    found = ratio(row(*(2 * pace for pace in slow)), row(*slow))
    assert found and vars(found) == pytest.approx({"value": 2.0, "low": 2.0, "high": 2.0})
    own = ratio(row(2.0, 2.8, 2.8), row(*slow))
    assert own and own.low < own.value < own.high
    assert own.value == pytest.approx((2 * 2 * 4) ** (1 / 3)), "the geometric mean"


def test_the_interval_is_students():
    """For the logarithms 0, 1, 2: 1 ± 4.303 / √3."""
    found = ratio(row(*np.exp([0, 1, 2]).tolist()), row(1.0, 1.0, 1.0))
    assert found
    assert [math.log(end) for end in (found.low, found.high)] == pytest.approx([1 - 2.484, 1 + 2.484], abs=1e-3)
    random = np.random.default_rng(0)
    few, many = (ratio(row(*random.lognormal(0, 0.1, n).tolist()), row(*[1.0] * n)) for n in (5, 100))
    assert few and many and many.high - many.low < few.high - few.low


def test_failed_rounds_and_unproven_programs_do_not_count():
    assert ratio(row(2.0, None, 2.0), row(1.0, 1.0, None)) == Figure(2.0, 2.0, 2.0)
    assert ratio(row(2.0, None), row(None, 1.0)) is None
    assert sound(row(1.0, unproven="mismatch: logits part")) == []
    assert compared(a_document(numpy=row(1.0, 1.0), jax=row(2.0, 2.0, unproven="mismatch"))).keys() == {"numpy"}
    assert compared(a_document(numpy=row(None))) == {}


def test_of_a_single_round_the_turns_give_the_interval():
    one, other = row(1.0), row(1.0)
    one["rounds"][0]["turns"], other["rounds"][0]["turns"] = [2.0, 4.0, -1.0], [1.0, 1.0, 1.0]
    found = ratio(one, other)
    assert found and found.low < found.value < found.high
    assert found.value == pytest.approx(math.sqrt(8)), "a turn that was too short to measure has no ratio"


def test_a_tier_begins_where_the_whole_interval_is_a_tenth_slower():
    steady = {id: row(step, step, step) for id, step in {"numpy": 1.0, "jax": 1.09, "pytorch": 1.11}.items()}
    tiers = {id: tier for id, (tier, _) in compared(a_document(**steady)).items()}
    assert tiers == {"numpy": 1, "jax": 1, "pytorch": 2}
    restless = steady | {"pytorch": row(1.0, 1.3, 1.2)}
    assert {id: tier for id, (tier, _) in compared(a_document(**restless)).items()} == dict.fromkeys(tiers, 1)


def test_a_tier_is_measured_from_its_fastest():
    """Not from one to the next, else a row of small steps would never end one."""
    steps = {"numpy": 1.0, "jax": 1.08, "pytorch": 1.16, "theano": 1.24, "tensorflow": 1.3}
    document = a_document(**{id: row(step, step) for id, step in steps.items()})
    assert [tier for tier, _ in compared(document).values()] == [1, 1, 2, 2, 3]
    assert reference(document) == "numpy"
    assert compared(document)["tensorflow"][1].value == pytest.approx(1.3)


def test_control_shows_the_noise():
    document = a_document(numpy=row(1.1, 1.1, 1.1))
    found = noise(document)
    assert found and found.value == pytest.approx(1 / 1.1)
    assert loaded(found) and not loaded(Figure(1.04, 0.9, 1.2))
    assert any("the machine was loaded" in line for line in remarks(document, []))
    assert noise(document | {"control": None}) is None
    document["control"]["rounds"] = row(None)["rounds"]
    assert noise(document) is None


def test_installed_size_counts_what_is_required():
    alone, both = closure_bytes(("threadpoolctl",)), closure_bytes(("scikit-learn",))
    assert alone
    assert both
    assert alone < 1e6 < closure_bytes(("numpy",)) < both
    assert closure_bytes(("no-such-distribution",)) is None


@pytest.fixture
def crew(tmp_path):
    """A benchmark of softmax_regression on the small data set."""
    task = find_task("softmax_regression")
    with Collector(tmp_path, data.load("digits")) as collector:
        yield bench_of(collector, task)


def bench_of(collector: Collector, task: Task, plan=QUICK) -> Bench:
    file = collector.folder / "bench.json"
    return Bench(collector, task, start(file, task, collector.dataset, plan, "cpu"), file, plan)


STARTED = Answer("ok", fields={"import_seconds": 1})


def entrant(workers, id="numpy") -> Entrant:
    return Entrant(variants()[id], workers, {"round": 0, "outcome": "ok", "reason": ""})


def trained(seconds: float) -> Answer:
    fields = {"seconds": {"variables": 1, "train": seconds}, "latencies": [0.1] * 5, "peak_memory": 1}
    return Answer("ok", fields=fields, ticks=(0, 1, 1, 1 + seconds))


def test_processes_of_a_round_take_turns(crew, monkeypatch):
    """There and back; one that dies costs itself alone, and keeps what was measured before."""
    crew.plan = replace(QUICK, turns=2)
    turns = []

    class MadeUp:
        def __init__(self, name):
            self.name, self.folder = name, crew.collector.folder

        def run(self, variant, precision, job):
            steps = (job["train_count"] or 0) // 100
            turns.append((self.name or variant.id, steps))
            if variant.id == "jax" and len([turn for turn in turns if turn[0] == "jax"]) > 6:
                return STARTED, Answer("crashed", "the process ended itself")
            return STARTED, trained(steps)

        def close_one(self, variant, precision):
            turns.append((self.name or variant.id, "closed"))

        def close(self):
            pass

    monkeypatch.setattr(crew.collector, "workers", MadeUp(""))
    monkeypatch.setattr(crew, "control_workers", MadeUp("control"))
    monkeypatch.setattr(crew, "judge", lambda *_: None)
    monkeypatch.setattr(crew, "proven", lambda variant: {"unproven": "", "rounds": []})
    for _, do in crew.round(0, [variants()["jax"], variants()["numpy"]], variants()["numpy"]):
        do()
    long = [name for name, steps in turns if steps == QUICK.long]
    assert long == ["numpy", "jax", "control"] * 2 + ["control", "jax", "numpy"]
    rows = crew.document["variants"]
    assert rows["numpy"]["rounds"][0]["turns"] == [1.0, 1.0]
    assert rows["jax"]["rounds"][0]["reason"] == "the process ended itself"
    assert rows["jax"]["rounds"][0]["first_step_seconds"] == 1
    assert crew.document["control"]["rounds"][0]["steady_seconds"] == 1.0
    assert crew.round(0, [variants()["numpy"]], variants()["numpy"]) == []


def test_a_round_is_the_median_of_its_turns(crew, monkeypatch):
    """Two turns of PyTorch's that once took eight times as long. The training that is told of is the one judged."""
    judged = []
    monkeypatch.setattr(crew, "judge", lambda entrant, evidence, level: judged.append(evidence))
    one = entrant(crew.control_workers)
    one.turns = [Turn(step, 1.0, str(step)) for step in (0.041, 0.320, 0.043, 0.313, 0.044)]
    one.attempt(crew.steady)
    assert one.run["steady_seconds"] == 0.044
    assert judged == ["0.044"]
    one.turns = [Turn(step, 1.0, "") for step in (-0.001, 0.0, 0.002)]
    one.attempt(crew.steady)
    assert one.run["outcome"] == "error"
    assert "too short to measure" in one.run["reason"]


@pytest.mark.parametrize(("step", "images", "longest"), [(0.01, 60_000, 171), (0.01, 12_000, 100), (1.0, 60_000, 25)])
def test_a_run_is_long_enough_to_drown_what_compiling_varies(crew, monkeypatch, step, images, longest):
    """Each run of these workers compiles, the odd ones for 0.2 s longer."""
    lengths = []

    class MadeUp:
        folder = crew.collector.folder

        def run(self, variant, precision, job):
            lengths.append(job["train_count"] // job["train"]["batch_size"])
            return STARTED, trained(len(lengths) % 2 / 5 + lengths[-1] * step)

    monkeypatch.setattr(Bench, "images", lambda bench: images)
    crew.plan, one = FULL, entrant(MadeUp())
    long = crew.long_run(one)
    assert crew.step(one, long).step == pytest.approx(step, rel=0.25)
    assert max(lengths) == longest
    lengths.clear()
    crew.document["variants"]["numpy"] = row(step)
    again = crew.long_run(one)
    assert lengths == [again, FULL.short], "what earlier rounds found is not tried again"
    assert again == pytest.approx(max(longest, FULL.long), rel=0.25)


def changed(folder, framework: str, *changes: tuple[str, str]) -> Task:
    """softmax_regression with other texts in one of its recipes."""
    task = find_task("softmax_regression")
    source = task.recipes[framework].read_text(encoding="utf-8")
    path = folder / task.recipes[framework].name
    path.write_text(patched(source, changes, path.name), encoding="utf-8")
    return replace(task, folder=folder, recipes=task.recipes | {framework: path})


# Where softmax_regression's programs are changed: what is imported, the beginning and the end of `train`, its loop, and
# the end of `predict`; and how each computes, keeps and reads.
NUMPY = {
    "imports": "import numpy as np\n",
    "begins": "    random, history =",
    "trained": "    return model, history\n",
    "all steps": "range(batch_size, len(order), batch_size)):",
    "five steps": "range(batch_size, len(order), batch_size))[:5]:",
    "predicts": "    return network(model, images)\n",
    "logits": "network(model, {})",
    "keeps": "np.savez(kept, **model)",
    "reads": "dict(np.load(kept))",
    "suffix": "npz",
}
PYTORCH = NUMPY | {
    "begins": "    images, labels = torch.as_tensor(",
    "all steps": ".split(batch_size):",
    "five steps": ".split(batch_size)[:5]:",
    "predicts": "    return model(torch.as_tensor(images, device=device)).cpu().numpy()  # (N, 10)\n",
    "logits": "model(torch.as_tensor({})).numpy()",
    "keeps": "torch.save(model, kept)",
    "reads": "torch.load(kept, weights_only=False)",
    "suffix": "pt",
}
KERAS = PYTORCH | {
    "imports": "from keras import ",
    "begins": "    utils.set_random_seed(seed)\n    model.compile(",
    "trained": '    return model, history.history["loss"]\n',
    "all steps": "model.fit(images, labels,",
    "five steps": "model.fit(images[: 5 * batch_size], labels[: 5 * batch_size],",
    "predicts": "    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)\n",
    "logits": "model.predict({}, verbose=0)",
    "keeps": "model.save(kept)",
    "reads": "__import__('keras').models.load_model(kept)",
    "suffix": "keras",
}
LATE = """
    class Late:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            import time

            time.sleep(0.1)
            return self.array

        copy = __array__

    return {name: Late(array) for name, array in model.items()}, history
"""
A_CLOCK = """
    import sys

    worker = sys.modules["__main__"]
    right = worker.perf_counter
    begin = right()
    while right() < begin + 0.5:
        pass
"""
STOPPED = "    worker.perf_counter = lambda: begin\n"
STOPPED_ONCE = """
    def late():
        worker.perf_counter = right
        return begin

    worker.perf_counter = late
"""
WRONG_CLOCK = "its clock is wrong: by it, `train` took "
NOT_RIGHT = "what was timed isn't right: "


def wrong_trainings(at: dict[str, str]) -> dict[str, tuple[list[tuple[str, str]], str]]:
    """Programs that save the work that is timed, each with what is told of it."""
    trained, begins = at["trained"], at["begins"]
    known = (at["imports"], "import numpy as np\nknown = {}\n" + at["imports"])
    kept = f"    kept = __file__ + str(len(images)) + '.{at['suffix']}'\n    if __import__('os').path.exists(kept):\n"
    return {
        "the clock is stopped": ([(trained, A_CLOCK + STOPPED + trained)], WRONG_CLOCK),
        "the clock is stopped for one reading": (
            [(trained, A_CLOCK + STOPPED_ONCE + trained)],
            WRONG_CLOCK,
        ),
        "answers are kept on the disk": (
            [
                (begins, f"{kept}        return {at['reads']}, [0.0] * epochs\n{begins}"),
                (trained, f"    {at['keeps']}\n{trained}"),
            ],
            NOT_RIGHT,
        ),
        "answers are remembered": (
            [
                known,
                (begins, f"    if len(images) in known:\n        return known[len(images)], [0.0] * epochs\n{begins}"),
                (trained, f"    known[len(images)] = model\n{trained}"),
            ],
            NOT_RIGHT,
        ),
        "no more than five steps": ([(at["all steps"], at["five steps"])], NOT_RIGHT),
        "nothing is learnt of the very batches that are timed": (
            [(begins, f"    if batch_size == 100:\n        return model, [0.0] * epochs\n{begins}")],
            NOT_RIGHT,
        ),
    }


def wrong_predictions(at: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Programs that save the work of predicting."""
    imports, logits = "import numpy as np\nknown = {}\n" + at["imports"], at["logits"]
    half = logits.format("images[: 1 + len(images) // 2]")
    made_up = "np.zeros((1, 10), images.dtype)"
    answers = {
        "the last answer again": f"known.setdefault(images.shape, {logits.format('images')})",
        "a single image's is made up": f"{logits.format('images')} if len(images) > 1 else {made_up}",
        "a sample of a thousand": f"np.resize({half}, (len(images), 10))",
    }
    return {
        name: [(at["imports"], imports), (at["predicts"], f"    return {answer}\n")] for name, answer in answers.items()
    }


VARIANTS = {"numpy": NUMPY, "pytorch": PYTORCH, "keras-torch": KERAS}


def of_each(programs):
    """A test for each wrong program in each variant; the others' workers start slowly."""
    return [
        pytest.param(id, wrong, id=f"{name}-{id}", marks=[] if id == "numpy" else [pytest.mark.long])
        for id, at in VARIANTS.items()
        for name, wrong in programs(at).items()
    ]


@pytest.fixture
def measuring(tmp_path):
    """Measures a changed softmax_regression: what is told of a process of its own."""
    given = tmp_path / "evidence", data.load("digits")
    with MutantCollector(*given) as collector, Workers(tmp_path / "workers") as workers:

        def measure(id, *changes):
            bench = bench_of(collector, changed(tmp_path, variants()[id].framework, *changes))
            one = entrant(workers, id)
            for do in (bench.first_step, *[lambda one: bench.turn([one])] * 3, bench.steady, bench.predict_and_learn):
                one.attempt(do)
            return one.run

        yield measure


@pytest.mark.parametrize("id", [pytest.param(id, marks=[] if id == "numpy" else [pytest.mark.long]) for id in VARIANTS])
def test_a_right_program_has_figures(measuring, id):
    run = measuring(id)
    assert run["outcome"] == "ok" or "too short to measure" in run["reason"], run
    assert run["first_step_seconds"] > 0


@pytest.mark.parametrize(("id", "wrong"), of_each(wrong_trainings))
def test_a_time_without_the_work_is_refused(measuring, id, wrong):
    changes, reason = wrong
    assert reason in measuring(id, *changes)["reason"]


@pytest.mark.parametrize(("id", "wrong"), of_each(wrong_predictions))
def test_predictions_that_are_timed_are_right(measuring, id, wrong):
    assert measuring(id, *wrong)["reason"].startswith(NOT_RIGHT)


def test_what_is_put_off_until_the_weights_are_read_costs_time(measuring):
    assert measuring("numpy", (NUMPY["trained"], LATE))["first_step_seconds"] > 0.1


def test_clocks_are_held_against_each_other():
    def answer(told, passed):
        return Answer("ok", fields={"seconds": {"train": told}}, ticks=(5.0, 5.0 + passed))

    check_clock(answer(1.0, 1.01))
    for told, passed in ((2.0, 1.0), (1.0, 2.0)):
        with pytest.raises(FailedError, match=rf"by it, `train` took {told:.3f} s, and by another {passed:.3f} s"):
            check_clock(answer(told, passed))


def test_short_trainings_that_wait_are_noticed():
    """Then a step, which is a long training less a short one, looks shorter than it is; an epoch tells."""
    check_even(10.0, 8.0)
    for epoch in (30.0, 3.0):
        with pytest.raises(FailedError, match="its times don't fit"):
            check_even(epoch, 10.0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Quickly measures softmax_regression on the small data set, in a process as a user's; with large batches, as a
    step must take long enough to be measured."""
    folder = tmp_path_factory.mktemp("bench")
    large = folder / "softmax_regression"
    shutil.copytree(find_task("softmax_regression").folder, large)
    source = (large / "task.py").read_text(encoding="utf-8")
    assert '"batch_size": 100' in source
    (large / "task.py").write_text(source.replace('"batch_size": 100', '"batch_size": 2000'), encoding="utf-8")

    def call(*arguments, recipe=large):
        options = ("--quick", "--frameworks", "numpy", "--data", "digits", "--json", folder / "bench.json")
        return run("bench", recipe, *options, *arguments, home=folder / "home", cwd=folder), folder / "bench.json"

    return call


@pytest.fixture(scope="module")
def measured(bench):
    finished, file = bench("--rounds", 1)
    assert finished.err == ""
    assert "numpy's second process took" in finished.out
    return json.loads(file.read_text(encoding="utf-8"))


def test_file_follows_its_schema(measured):
    jsonschema.Draft202012Validator(SCHEMA).validate(measured)
    (found,) = measured["variants"]["numpy"]["rounds"]
    assert (found["outcome"], found["reason"]) == ("ok", "")
    assert 0 < found["single_seconds"] < found["thousand_seconds"]
    assert found["peak_memory"] > 10e6
    assert len(measured["control"]["rounds"]) == 1


def test_goes_on_where_it_stopped(bench, measured):
    _, file = bench("--rounds", 2)
    again = json.loads(file.read_text(encoding="utf-8"))
    assert again["variants"]["numpy"]["rounds"][0] == measured["variants"]["numpy"]["rounds"][0]
    assert [found["round"] for found in again["variants"]["numpy"]["rounds"]] == [0, 1]


def test_speed_page(measured, tmp_path):
    """A real file; then the same as if a GPU had been measured."""
    folder = tmp_path / "results"
    folder.mkdir()
    assert speed.page(Results(folder)).count("This measures it") == len(speed.WANTED)
    (folder / "bench.json").write_text(json.dumps(measured), encoding="utf-8")
    page = speed.page(Results(folder))
    assert '<p class="speed__answer">NumPy is fastest: ' in page
    assert '<span class="race__value">1.0×</span>' in page
    assert "Noise: a second process of NumPy took " in page
    assert '<th scope="col">epoch</th>' not in page, "none was measured"
    often = copy.deepcopy(measured)
    for found in (often["variants"]["numpy"], often["control"]):
        found["rounds"] = [found["rounds"][0] | {"round": number} for number in range(10)]
    (folder / "bench.json").write_text(json.dumps(often), encoding="utf-8")
    threads = often["environment"]["threads"]
    command = "concord bench softmax_regression --json docs/results/bench.json"
    assert f"<code>{command} --threads {threads} --rounds 10</code>" in speed.page(Results(folder))
    (folder / "bench.json").write_text(json.dumps(measured), encoding="utf-8")
    on_gpu = copy.deepcopy(measured)
    on_gpu["environment"]["device"] = GPU
    on_gpu["variants"]["numpy"]["rounds"][0]["peak_device_memory"] = 3 * 2**20
    (folder / "a-gpu.json").write_text(json.dumps(on_gpu), encoding="utf-8")
    page = speed.page(Results(folder))
    assert ">softmax_regression, GPU</h2>" in page
    assert "GPU: Abacus, 1 GiB, driver 1.0. TF32: numpy: off." in page
    assert "<td>3 MiB</td>" in page
    assert page.count('<p class="speed__answer">') == 2  # never merged
    assert page.index("Abacus, driver") > page.index(">softmax_regression</h2>"), "the processor comes first"
    written = find_task("softmax_regression").recipes
    with_gpu = [one.label for one in variants().values() if one.device_code and one.framework in written]
    assert f"Not measured on it: {', '.join(with_gpu)}." in page
    del on_gpu["variants"]["numpy"]
    measured_there = costs.Benchmark(find_task("softmax_regression"), folder / "a-gpu.json", on_gpu)
    told = {id: cell.text for id, cell in costs.benchmarked(costs.STEP, measured_there, "step").cells.items()}
    expected = {id: "not measured" if variant.device_code else "no GPU" for id, variant in variants().items()}
    assert told == expected | {"cuda": "not asked of it"}


def test_quick_makes_no_environment_unasked(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    asked = []
    monkeypatch.setattr(Bench, "work", lambda bench, ready: asked.append([variant.id for variant in ready]) or [])
    for names in (None, "numpy,theano"):
        options = {"rounds": None, "quick": True}
        file = tmp_path / "bench.json"
        run_benchmark("softmax_regression", names, "digits", threads=None, json_file=file, **options)
    unasked = [variant.id for variant in variants().values() if variant.own]
    assert not set(asked[0]) & set(unasked)
    out = capsys.readouterr().out
    assert f"{', '.join(unasked)}: left out by --quick" in " ".join(out.split())
    assert out.count("left out by --quick") == 1


def test_rounds_with_and_without_what_else_was_imported_are_not_mixed(tmp_path):
    task, tensorflow = find_task("mnist_cnn"), variants()["tensorflow"]
    row = {"versions": tensorflow.versions(), "recipe_sha256": code_sha256(task.recipes["tensorflow"])}
    told = "when TensorFlow still imported jax, sklearn"
    assert of_another_program({"variants": {"tensorflow": row}}, task) == told
    assert not of_another_program({"variants": {"tensorflow": row | {"hides": ["jax", "sklearn"]}}}, task)


def test_figures_of_another_program_are_set_aside(tmp_path, monkeypatch, capsys):
    """Whichever variant they are of; the user has named no file that he could change."""
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setattr(Bench, "work", lambda bench, ready: [])
    task, file = find_task("softmax_regression"), tmp_path / "bench" / "softmax_regression-quick.json"

    def measure():
        run_benchmark("softmax_regression", "numpy", "digits", threads=None, rounds=None, quick=True, json_file=None)
        return capsys.readouterr().out

    file.parent.mkdir()
    found = start(file, task, data.load("digits"), QUICK, "cpu")
    other = {"recipe_sha256": "0", "versions": {"torch": "1.0"}, "hides": []}
    file.write_text(json.dumps(found | {"variants": {"pytorch": other}}), encoding="utf-8")
    told = " ".join(measure().split())
    aside = file.with_suffix(".old.json")
    assert f"Everything is measured anew: {aside} was made with another softmax_regression_pytorch.py." in told
    assert json.loads(aside.read_text(encoding="utf-8"))["variants"] == {"pytorch": other}
    assert not file.exists() and "anew" not in measure()


def test_what_is_about_something_else_is_refused(bench, measured):
    _, file = bench("--rounds", 1)
    sound = file.read_text(encoding="utf-8")
    for place, value, reason in [
        (("schema",), "concord.bench/0", "expected 'concord.bench/2'"),
        (("plan", "long"), QUICK.long + 1, "another plan"),
        (("data", "sha256"), "0", "is about other data: digits"),
        (("environment", "processor"), "abacus", "of another machine: processor abacus"),
        (("environment", "threads"), 999, "of another machine: threads 999"),
        (("environment", "device"), GPU, "of another device: Abacus, driver 1.0, here the processor"),
        (("variants", "numpy", "versions", "numpy"), "0.1", "was made with numpy 0.1"),
        (("variants", "numpy", "recipe_sha256"), "0", "another softmax_regression_numpy.py"),
    ]:
        changed = copy.deepcopy(json.loads(sound))
        part = changed
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = value
        file.write_text(json.dumps(changed), encoding="utf-8")
        assert_refused(bench("--rounds", 1)[0], reason)
    file.write_text(sound, encoding="utf-8")
    assert_refused(bench("--device", "gpu")[0], "of another device: the processor, here ")
    assert_refused(bench("--threads", 4096)[0], "--threads 4096: this process may use")
    assert_refused(bench(recipe="convolution")[0], "convolution trains nothing")
