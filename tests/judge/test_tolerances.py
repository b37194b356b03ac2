"""Gates are calibrated from both sides: ten times the measured noise at least, and a tenth of the effect of the weakest
wrong program that they must catch at most. Both sides come from the committed evidence, the gates from the ladder."""

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest
from commands import assert_refused, python
from conftest import TASKS
from noise import CLEARANCE, ORDINARY, SETTINGS, UNGATED, levels_of, reordered

from concord.data import datasets as data
from concord.judge import ladder
from concord.judge.ladder import NETWORK_RUNS
from concord.project import paths
from concord.project.framework import PRECISIONS, variants

SCHEMA = json.loads((paths.CHECKOUT / "docs" / "noise.schema.json").read_text(encoding="utf-8"))
TOOL = paths.CHECKOUT / "tools" / "noise.py"
RESULTS = paths.CHECKOUT / "docs" / "results"
GATES = {
    (level.name, precision): gate
    for level in (*ladder.NETWORK_LEVELS, *ladder.OPERATION_LEVELS)
    for precision, gate in level.gates.items()
    if gate is not None and level.name not in UNGATED
}
# Wrong programs that float64 alone can be asked to catch: what they do is less than a hundred times float32's noise, so
# no float32 gate could be ten times from both. (Of a decay of 1e-4 float32 still sees seven gates.)
FLOAT64_ONLY = (
    "single precision inside",
    "float64 request served in float32",
    "Bessel in the moving variance",
    "Bessel in the normalisation",
    "a weight decay slips in",
    "epsilon beside the deviation",
    "a millionth in the norm",
    "weights saved as float32",
)


def committed(name: str) -> dict[str, Any]:
    path = RESULTS / name
    if not path.exists():
        pytest.skip(f"docs/results/{name} isn't there yet")
    return json.loads(path.read_text(encoding="utf-8"))


def too_near_to_noise(noise: dict[str, Any]) -> Iterator[str]:
    """A sentence for each gate less than ten times as large as a figure that a right program gave."""
    for row in noise["rows"]:
        gate, error = GATES[row["level"], row["precision"]], row["error"]
        where = f"{row['recipe']}, {row['variant']}, {row['setting']}"
        if error is None:
            yield f"{row['precision']} {row['level']}: not measured ({where}): {row['reason']}"
        elif gate < CLEARANCE * float(error):
            yield (
                f"{row['precision']} {row['level']}: the gate {gate:.0e} is less than {CLEARANCE:g} times the noise "
                f"{float(error):.1e} ({where}, {row['tensor']})"
            )


def never_measured(noise: dict[str, Any]) -> Iterator[str]:
    """A line for each recipe, variant, or gate that a variant is held to, of which the file knows no noise."""
    measured = {row["recipe"] for row in noise["rows"]}, {row["variant"] for row in noise["rows"]}
    yield from (f"no noise figures for {name}" for name in TASKS if name not in measured[0])
    yield from (f"no noise figures for {id}" for id in variants() if id not in measured[1])
    known = {(row["recipe"], row["variant"], row["precision"], row["level"]) for row in noise["rows"]}
    for task in TASKS.values():
        for variant in variants().values():
            if task.name not in measured[0] or variant.id not in measured[1]:
                continue
            for precision in PRECISIONS:
                wanted = {level.name for setting in SETTINGS for level in levels_of(task, variant, setting, precision)}
                for level in sorted(wanted):
                    if (task.name, variant.id, precision, level) not in known:
                        yield f"no noise figures for {task.name} in {variant.id}: {precision} {level}"


def effects(mutants: dict[str, Any], level: str) -> list[tuple[float, str, str]]:
    """What the mutants that a level claims do to its figure, the weakest first; their names, and where that was."""
    return sorted(
        (row["levels"][level]["error"], row["mutant"], f"{row['recipe']}, {row['variant']}")
        for row in mutants["results"]
        if row["level"] == level and not row["equivalent"]
        if isinstance(row["levels"].get(level, {}).get("error"), float)  # neither "inf" nor caught by a shape
    )


def too_near_to_mutants(mutants: dict[str, Any]) -> Iterator[str]:
    """A sentence for each gate more than a tenth of the effect of the weakest mutant that it must catch."""
    for (level, precision), gate in GATES.items():
        claimed = [row for row in effects(mutants, level) if precision == "float64" or row[1] not in FLOAT64_ONLY]
        for effect, mutant, where in claimed[:1]:
            if gate > effect / CLEARANCE:
                yield (
                    f"{precision} {level}: the gate {gate:.0e} is more than a tenth of the effect of the weakest mutant"
                    f" that it must catch, {effect:.1e}: {mutant} ({where})"
                )


def needlessly_spared(mutants: dict[str, Any], noise: dict[str, Any]) -> Iterator[str]:
    """A sentence for each mutant in FLOAT64_ONLY that a float32 gate could catch as well."""
    for level in {level for level, precision in GATES if precision == "float32"}:
        figures = [row["error"] for row in noise["rows"] if (row["level"], row["precision"]) == (level, "float32")]
        for effect, mutant, where in effects(mutants, level) if figures else ():
            if mutant in FLOAT64_ONLY and effect >= CLEARANCE**2 * max(figures):
                yield f"float32 {level}: {mutant} ({where}): effect {effect:.1e}, noise {max(figures):.1e}"


def test_gates_are_far_above_the_noise(lacking):
    noise = committed("noise.json")
    jsonschema.validate(noise, SCHEMA)
    assert noise["data"]["name"] == "mnist"
    assert list(too_near_to_noise(noise)) == []
    for line in never_measured(noise):
        lacking(line)


def test_gates_are_far_below_the_mutants():
    assert list(too_near_to_mutants(committed("mutants.json"))) == []


@pytest.mark.parametrize("level", ["logits", "loss", "gradients", "updates", "values"])
def test_each_gate_has_a_mutant(level):
    assert effects(committed("mutants.json"), level)


def test_float32_is_asked_for_what_it_can_do():
    assert list(needlessly_spared(committed("mutants.json"), committed("noise.json"))) == []


# Figures as the files hold them, for the tests of the test.
def noise_of(**changes: Any) -> dict[str, Any]:
    row = {"recipe": "mnist_cnn", "variant": "jax", "precision": "float64", "level": "gradients", "setting": "order"}
    return {"rows": [row | {"error": 2e-15, "tensor": "conv1_bias", "run": "gradient", "reason": ""} | changes]}


def mutants_of(**changes: Any) -> dict[str, Any]:
    row = {"mutant": "Nesterov", "recipe": "mnist_cnn", "variant": "jax", "level": "updates", "equivalent": ""}
    return {"results": [row | {"levels": {"updates": {"error": 0.3}, "logits": {"error": 1e-16}}} | changes]}


def test_figures_within_the_gap_pass():
    assert list(too_near_to_noise(noise_of())) == []
    assert list(too_near_to_noise(noise_of(error=GATES["gradients", "float64"] / CLEARANCE))) == []
    assert list(too_near_to_mutants(mutants_of())) == []


@pytest.mark.parametrize("error", [1.1e-12, "inf"])
def test_noise_that_has_grown_is_told(error):
    (told,) = too_near_to_noise(noise_of(error=error))
    for part in ("float64 gradients", "1e-11", "10 times the noise", "mnist_cnn, jax, order", "conv1_bias"):
        assert part in told


def test_noise_that_was_not_measured_is_told():
    (told,) = too_near_to_noise(noise_of(error=None, reason="crashed: the process ended"))
    assert "not measured" in told
    assert "crashed" in told
    missing = list(never_measured(noise_of()))
    assert "no noise figures for convolution" in missing
    assert "no noise figures for pytorch" in missing
    assert "no noise figures for mnist_cnn in jax: float32 loss" in missing
    assert "no noise figures for mnist_cnn in jax: float64 gradients" not in missing


def test_mutant_that_is_too_weak_is_told():
    weak = mutants_of(levels={"updates": {"error": 9e-10}})
    told = next(line for line in too_near_to_mutants(weak) if "float64" in line)
    for part in ("float64 updates", "1e-10", "a tenth", "9.0e-10", "Nesterov (mnist_cnn, jax)"):
        assert part in told


def test_mutant_that_is_spared_without_need_is_told():
    mutants = mutants_of(mutant=FLOAT64_ONLY[0], level="loss", levels={"loss": {"error": 1e-5}})
    assert list(needlessly_spared(mutants, noise_of(level="loss", precision="float32", error=1.2e-7))) == []
    (told,) = needlessly_spared(mutants, noise_of(level="loss", precision="float32", error=1e-8))
    assert FLOAT64_ONLY[0] in told


def test_only_what_a_level_claims_counts():
    other = mutants_of()["results"][0] | {"mutant": "a stranger", "level": "logits"}
    assert list(too_near_to_mutants({"results": [other | {"levels": {"updates": {"error": 1e-12}}}]})) == []
    assert list(too_near_to_mutants({"results": [other | {"equivalent": "a reason", "level": "logits"}]})) == []


def test_a_loosened_gate_is_told(monkeypatch):
    mutants = mutants_of(level="logits", levels={"logits": {"error": 1e-3}})
    assert list(too_near_to_mutants(mutants)) == []
    monkeypatch.setitem(GATES, ("logits", "float32"), 2e-4)
    (told,) = too_near_to_mutants(mutants)
    assert told.startswith("float32 logits: the gate 2e-04")


def test_order_keeps_every_batch():
    """Whatever a run is given, each of its batches holds the same images."""
    dataset = data.load("digits")
    networks = [task for task in TASKS.values() if task.kind == "network"]
    other = reordered(dataset, networks)
    assert not np.array_equal(other.train_labels, dataset.train_labels)
    count = len(dataset.train_images)
    for task in networks:
        batch = task.specification.HYPERPARAMETERS["batch_size"]
        for job in NETWORK_RUNS.values():
            total = job.steps * batch + job.rest
            for start in range(0, total, batch):
                picked = np.arange(start, min(start + batch, total)) % count
                images = [np.sort(found.train_images[picked].sum(axis=(1, 2))) for found in (dataset, other)]
                np.testing.assert_array_equal(*images)
    assert sorted(other.train_labels) == sorted(dataset.train_labels)


def test_settings_change_what_they_name():
    jax, numpy, torch = (variants()[name] for name in ("jax", "numpy", "pytorch"))
    by_name = {setting.name: setting for setting in SETTINGS}
    assert by_name["four threads"].applied(jax).environment["PJRT_NPROC"] == "4"
    flagged = replace(jax, environment=jax.environment | {"XLA_FLAGS": "--xla_flag=true"})
    assert by_name["AVX2"].applied(jax).environment["XLA_FLAGS"].split() == ["--xla_cpu_max_isa=AVX2"]
    assert by_name["AVX2"].applied(flagged).environment["XLA_FLAGS"] == "--xla_flag=true --xla_cpu_max_isa=AVX2"
    assert by_name["AVX2"].applied(numpy).environment["OPENBLAS_CORETYPE"] == "Haswell"
    assert "mkldnn.enabled = False" in by_name["without oneDNN"].applied(torch).startup
    assert by_name["without oneDNN"].applied(numpy) == ORDINARY.applied(numpy)
    assert all(copy.deepcopy(variant) == variant for variant in (jax, numpy, torch))  # nothing was changed in place


def test_known_differences_are_no_noise():
    keras_torch, task = variants()["keras-torch"], TASKS["softmax_regression"]
    assert levels_of(task, keras_torch, ORDINARY, "float64") == []
    assert [level.name for level in levels_of(task, keras_torch, ORDINARY, "float32")] == [
        "logits",
        "loss",
        "gradients",
        "updates",
        "training",
        "conduct",
        "range",
    ]
    assert all(math.isfinite(gate) for gate in GATES.values())


def test_command_adds_to_its_file(tmp_path):
    """What is measured again replaces its own rows; a file about something else is refused and left alone."""
    file = tmp_path / "noise.json"
    command = (TOOL, "convolution", "--frameworks", "numpy", "--data", "digits", "--json", file)
    for _ in range(2):
        finished = python(*command, home=tmp_path, cwd=tmp_path)
        assert finished.code == 0, finished.err
    found = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA)
    places = [(row["variant"], row["precision"], row["setting"]) for row in found["rows"]]
    assert len(places) == len(set(places)) == 8  # one, two and four threads, AVX2
    assert {level["precision"]: level["gate"] for level in found["levels"]} == {"float64": 1e-14, "float32": 1e-6}

    other = {"rows": [found["rows"][0] | {"variant": "jax", "error": 1.0}], "versions": {"jax": {"jax": "0"}}}
    file.write_text(json.dumps(found | other), encoding="utf-8")
    finished = python(*command, home=tmp_path, cwd=tmp_path)
    assert finished.code == 1
    assert "1 of 2 gates are at least 10 times the noise" in finished.out
    assert len(json.loads(file.read_text(encoding="utf-8"))["rows"]) == 9

    others = ({"schema": "concord.compare/2"}, {"data": found["data"] | {"sha256": "0"}})
    for text in (*(json.dumps(found | other) for other in others), "{}", "not JSON"):
        file.write_text(text, encoding="utf-8")
        assert_refused(python(*command, home=tmp_path, cwd=tmp_path), str(file))
        assert file.read_text(encoding="utf-8") == text
