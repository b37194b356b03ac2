"""`--device`: what a worker is told, what becomes of it without a GPU, and the GPU's way as far as a processor can."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from commands import assert_refused, run
from conftest import LIVING_WORKERS, TASKS, skip_unless_installed, together

from concord.cost.bench import start
from concord.cost.rounds import QUICK, Bench
from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.prove import judge, prove
from concord.project import paths
from concord.project.framework import variants
from concord.project.task import Task
from concord.run.devices import find_gpu, same_device, told_device
from concord.run.evidence import Collector

COMPARE = json.loads((paths.CHECKOUT / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
BENCH = json.loads((paths.CHECKOUT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))
FAKE = Path(__file__).with_name("fake_cuda.py")
WITH_CODE = [variant for variant in variants().values() if variant.device_code]

without_gpu = pytest.mark.skipif(find_gpu()["name"] is not None, reason="there is a GPU here")


def faked():
    """PyTorch, with a device that is none."""
    skip_unless_installed(variants()["pytorch"])
    return replace(variants()["pytorch"], device_code=FAKE)


@pytest.fixture
def on_gpu(tmp_path):
    with Collector(tmp_path / "evidence", data.load("digits"), device="gpu") as collector:
        yield collector


def test_frameworks_with_a_gpu():
    assert {variant.framework for variant in WITH_CODE} == {
        "cuda",
        "jax",
        "keras",
        "pytorch",
        "tensorflow",
        "tensorflow_v1",
    }
    for variant in variants().values():
        assert bool(variant.no_gpu) != bool(variant.device_code)


@pytest.mark.parametrize("variant", WITH_CODE, ids=lambda variant: variant.id)
def test_processor_hides_the_gpu(variant):
    on_cpu, on_gpu = (variant.worker_environment("float32", 1, device) for device in ("cpu", "gpu"))
    assert on_cpu["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in on_gpu
    assert "JAX_PLATFORMS" not in on_gpu
    assert on_gpu == variant.worker_environment("float32", 1) | variant.devices["gpu"]
    assert on_gpu.get("TF_DETERMINISTIC_OPS", "0") == "0"  # as nobody else is held to deterministic kernels


def nvidia_smi(folder, monkeypatch, body):
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_gpu_as_its_driver_tells_it(tmp_path, monkeypatch):
    nvidia_smi(tmp_path, monkeypatch, "echo 'NVIDIA Abacus, 81559, 580.1'")
    expected = {"kind": "gpu", "name": "NVIDIA Abacus", "memory_bytes": 81559 * 2**20, "driver": "580.1", "tf32": {}}
    assert find_gpu() == expected
    nvidia_smi(tmp_path, monkeypatch, "echo 'No devices were found'; exit 6")
    assert find_gpu()["name"] is None
    (tmp_path / "nvidia-smi").unlink()
    assert find_gpu()["name"] is None


def test_devices_are_told_apart():
    gpu = {"kind": "gpu", "name": "Abacus", "memory_bytes": 1, "driver": "1.0", "tf32": {}}
    of_gpu, of_processor = {"device": gpu}, {"processor": "Abacus"}
    assert same_device(of_gpu, {"device": gpu | {"tf32": {"jax": "off"}}})
    assert same_device(of_processor, {})
    assert not same_device(of_gpu, of_processor)
    assert not same_device(of_gpu, {"device": gpu | {"driver": "1.1"}})
    assert told_device(of_gpu) == "Abacus, driver 1.0"
    assert told_device(of_processor) == "the processor"


@without_gpu
def test_comparison_without_a_gpu(tmp_path):
    """With device code or without, a variant says what was looked for and what to do; none runs on the processor."""
    file = tmp_path / "results.json"
    chosen = ["numpy", "jax", "pytorch", "theano"]
    options = ["--device", "gpu", "--data", "digits", "--precision", "float32", "--json", file]
    options += ["--frameworks", ",".join(chosen)]
    finished = run("compare", "softmax_regression", *options, home=tmp_path / "home", cwd=tmp_path)
    assert (finished.code, finished.err) == (1, "")
    assert "GPU: nvidia-smi finds none" in finished.out
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(COMPARE).validate(document)
    assert document["environment"]["device"] == find_gpu()
    assert [row["variant"] for row in document["results"]] == chosen
    for row in document["results"]:
        variant = variants()[row["variant"]]
        if row["outcome"] == "not_installed":
            continue
        assert row["outcome"] == "unsupported"
        assert row["reason"].startswith("no GPU: ")
        assert ("it needs an NVIDIA GPU" in row["reason"]) == bool(variant.device_code)
        assert (row["accuracy"], row["proven"]) == (None, None)


@without_gpu
def test_benchmark_without_a_gpu(tmp_path):
    file = tmp_path / "bench.json"
    options = ("--quick", "--frameworks", "numpy,pytorch", "--device", "gpu", "--data", "digits", "--json", file)
    finished = run("bench", "softmax_regression", *options, home=tmp_path / "home", cwd=tmp_path)
    assert (finished.code, finished.err) == (1, "")
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(BENCH).validate(document)
    for row in document["variants"].values():
        assert row["unproven"].startswith("unsupported: ")
        assert row["rounds"] == []


def test_unknown_device_is_refused(tmp_path):
    for command in ("compare", "bench"):
        finished = run(command, "--device", "tpu", "--data", "digits", home=tmp_path, cwd=tmp_path)
        assert_refused(finished, "'tpu'", "cpu, gpu")


def test_comparison_goes_the_way_of_the_gpu(on_gpu):
    """The whole ladder, float64 and float32, of a recipe that believes to compute on a GPU."""
    row = prove(on_gpu, TASKS["softmax_regression"], faked(), ["float64", "float32"], "full")
    assert (row.outcome, row.reason) == ("ok", "")
    assert all(found.peak_device_memory for found in on_gpu.of(TASKS["softmax_regression"], faked()))
    assert on_gpu.tf32 == {"pytorch": "off"}
    timed = (on_gpu.folder / "pytorch-float32.log").read_text().count("synchronised\n")
    assert timed > 2 * 12  # each run makes a model and reads its weights at least


@pytest.mark.parametrize("recipe", ["mnist_cnn", "mnist_cnn_fast"])
def test_convolutional_network_places_everything(on_gpu, recipe):
    task, levels = TASKS[recipe], ladder.NETWORK_LEVELS[:4]
    for level in levels:
        verdict = judge(on_gpu, task, faked(), level, "float64")
        assert (level.name, verdict.outcome, verdict.reason) == (level.name, "ok", "")


def test_operation_places_everything(on_gpu):
    row = prove(on_gpu, TASKS["convolution"], faked(), ["float64"])
    assert (row.outcome, row.reason) == ("ok", "")


def changed(task: Task, folder: Path, old: str, new: str) -> Task:
    """The task with another text in its PyTorch recipe."""
    source = task.recipes["pytorch"].read_text(encoding="utf-8")
    assert old in source
    path = folder / task.recipes["pytorch"].name
    path.write_text(source.replace(old, new), encoding="utf-8")
    return replace(task, folder=folder, recipes={**task.recipes, "pytorch": path})


@pytest.mark.parametrize(
    ("recipe", "old", "new", "outcome", "reason"),
    [
        ("softmax_regression", "(torch.as_tensor(images, device=device))", "(torch.tensor(images))", "error", "on two"),
        ("softmax_regression", "nn.Sequential(layers).to(device)", "nn.Sequential(layers)", "error", "on two devices"),
        ("mnist_cnn", ".cpu().numpy()", ".numpy()", "error", "can't convert a cuda tensor"),
        ("convolution", ', device=device)', ")", "unsupported", "nothing was ever on the GPU"),
    ],
)  # fmt: skip
def test_misplaced_tensors_show(on_gpu, tmp_path, recipe, old, new, outcome, reason):
    task = changed(TASKS[recipe], tmp_path, old, new)
    level = ladder.levels(task)[1]
    verdict = judge(on_gpu, task, faked(), level, "float64")
    assert (verdict.outcome, reason in verdict.reason) == (outcome, True), verdict.reason


def test_reference_stays_on_the_processor(on_gpu):
    task, numpy, run = TASKS["softmax_regression"], variants()["numpy"], ladder.NETWORK_RUNS["unseen"]
    assert on_gpu.collect(task, numpy, "float64", run).outcome == "unsupported"
    assert on_gpu.reference(task, replace(run, draw=1)).outcome == "ok"


def test_benchmark_goes_the_way_of_the_gpu(on_gpu, tmp_path):
    task, variant = TASKS["softmax_regression"], faked()
    document = start(tmp_path / "bench.json", task, on_gpu.dataset, QUICK, "gpu")
    bench = Bench(on_gpu, task, document, tmp_path / "bench.json", QUICK)
    for _, do in bench.work([variants()["numpy"], variant]):
        do()
    bench.save()
    bench.close()
    document = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(BENCH).validate(document)
    assert document["variants"]["numpy"]["unproven"].startswith("unsupported: ")
    assert document["environment"]["device"]["tf32"] == {"pytorch": "off"}
    (found,) = document["variants"]["pytorch"]["rounds"]
    assert (found["outcome"], found["reason"]) == ("ok", "")
    assert found["peak_device_memory"] > 0


WAITS = """
import importlib.util

specification = importlib.util.spec_from_file_location("device_code", {path!r})
device_code = importlib.util.module_from_spec(specification)
specification.loader.exec_module(device_code)


def waits():
    import jax.numpy as jnp

    product = jnp.ones((1500, 1500))
    for _ in range(8):
        product = product @ product / 1500
    device_code.synchronise()
    return product.is_ready()
"""


@together(variants()["jax"])
def test_jax_is_waited_for(workers, tmp_path):
    """It queues work on processors too, so that here it can be seen."""
    variant = variants()["jax"]
    skip_unless_installed(variant)
    probe = tmp_path / "waits.py"
    probe.write_text(WAITS.format(path=str(variant.device_code)))
    answer = workers.probe(variant, "float32", probe, "waits")
    assert (answer.reason, answer.fields["value"]) == ("", True)


@pytest.mark.parametrize(
    "variant", [pytest.param(variant, id=variant.id, marks=together(variant)) for variant in WITH_CODE]
)
def test_device_code_on_a_processor(variant, workers):
    skip_unless_installed(variant)
    assert variant.device_code
    waited = workers.probe(variant, "float32", variant.device_code, "synchronise")
    said = workers.probe(variant, "float32", variant.device_code, "tf32")
    workers.keep(LIVING_WORKERS)
    assert (waited.outcome, waited.reason) == ("ok", "")
    assert isinstance(said.fields["value"], str)
