"""The kink ledger names the one ReLU or maximum that flips, and none where none does."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from conftest import TASKS

from concord.judge.kinks import Flip, Kinks, compare, compare_layer, find_parting, with_kinks
from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.report import results as report
from concord.run.evidence import Evidence

NUMPY = variants()["numpy"]
SCHEMA = json.loads((paths.CHECKOUT / "docs" / "compare.schema.json").read_text(encoding="utf-8"))

# Two windows of two pixels in each of two images: (pixels, N, units).
WINDOWS = np.array([[[3.0, -1.0], [0.5, 0.0]], [[2.0, -2.0], [0.5, 0.0]]])


def test_counts_of_one_layer():
    """The second image has a tie above 0 and one at 0; below 0 nothing gets through, so nothing can tie."""
    counts, flip = compare_layer("pool", WINDOWS, WINDOWS)
    assert counts == (8, 2, 4, 2, 0, 0)
    assert flip is None


def test_without_pooling_there_are_no_windows():
    counts, _ = compare_layer("dense", WINDOWS[:1], WINDOWS[:1])
    assert counts == (4, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("place", "value", "counts", "expected"),
    [
        ((1, 0, 0), 3.5, (0, 1), Flip("pool", "maximum", 7, (0,), 1.0, -0.5)),  # the other pixel wins
        ((0, 0, 1), 1e-9, (1, 0), Flip("pool", "ReLU", 7, (1,), -1.0, 1e-9)),  # it opens
        ((0, 1, 1), 1e-9, (1, 0), Flip("pool", "ReLU", 8, (1,), 0.0, 1e-9)),  # out of 0
        ((1, 1, 0), 0.4, (0, 0), None),  # one less that ties, the same one wins
        ((1, 0, 1), -0.5, (0, 0), None),  # another maximum, but nothing gets through
        ((0, 0, 0), 2.5, (0, 0), None),  # moved, not past the other
    ],
)
def test_exactly_one_flips(place, value, counts, expected):
    other = WINDOWS.copy()
    other[place] = value
    found, flip = compare_layer("pool", WINDOWS, other, number=7)
    assert found[4:] == counts
    assert flip == expected


# A network of two units without pooling and one window of two pixels, for images of 2x2 pixels.
def tiny_kinks(weights, images):
    flat = images.reshape(len(images), -1)
    dense = flat @ weights["kernel"]  # (N, 2)
    return {"first": dense[np.newaxis], "second": dense.T[:, :, np.newaxis]}


def tiny_task(function=tiny_kinks, batch=20):
    specification = SimpleNamespace(
        kinks=function,
        HYPERPARAMETERS={"batch_size": batch},
        initial_weights=lambda: {"kernel": np.zeros((4, 2), np.float32)},
    )
    return SimpleNamespace(name="tiny", folder=paths.RECIPES / "tiny", specification=specification)


@pytest.fixture
def images():
    """60 images without ink but for one: the 43rd has its first pixel, the third batch's."""
    pixels = np.zeros((60, 2, 2), np.uint8)
    pixels[:, 1, 1] = 255
    pixels[43, 0, 0] = 255
    return SimpleNamespace(train_images=pixels)


KERNEL = np.array([[-1.0, 0.5], [0.0, 0.0], [0.0, 0.0], [2.0, 1.0]])


def test_names_the_image_in_the_batch_that_follows(images):
    other = KERNEL.copy()
    other[0, 0] = -2.001  # the 43rd image's unit 0 goes from 1.0 to -0.001
    for dtype in np.float32, np.float64:
        weights, reference = {"kernel": other.astype(dtype)}, {"kernel": KERNEL}
        found, flip = compare(tiny_task(), images, "steps_2", 2, weights, reference)
        assert (found.run, found.inputs, found.windows) == ("steps_2", 80, 20)
        assert flip == Flip("first", "ReLU", 43, (0,), pytest.approx(-0.001, rel=1e-3), 1.0)
        # In the window of both units, unit 1 leads with 1.5 in either case.
        assert (found.relu_flips, found.pooling_flips) == (1, 0)
        assert "image 43, unit 0, input -1.0e-03, reference 1.0e+00" in flip.describe()


def test_the_batch_before_has_none(images):
    other = KERNEL.copy()
    other[0, 0] = -2.001
    found, flip = compare(tiny_task(), images, "steps_1", 1, {"kernel": other}, {"kernel": KERNEL})
    assert (found.flips, flip) == (0, None)


def test_wraps_round_where_the_images_run_out(images):
    other = KERNEL.copy()
    other[0, 0] = -2.001
    _, flip = compare(tiny_task(), images, "steps_5", 5, {"kernel": other}, {"kernel": KERNEL})
    assert flip and flip.image == 43


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (lambda weights, images: 1 / 0, "fails: ZeroDivisionError"),
        (lambda weights, images: {"first": images.astype("f8")[np.newaxis]}, "is float64"),
        (lambda weights, images: {"first": images}, "expected float32 (pixels, 16, ...)"),
        (lambda weights, images: {"first": 3}, "is int"),
    ],
)
def test_faulty_task_is_told(images, function, complaint):
    weights = {"kernel": KERNEL.astype(np.float32)}
    with pytest.raises(UserError) as told:
        compare(tiny_task(function), images, "initial", 0, weights, weights)
    assert complaint in str(told.value)


def noisy_reference_weights():
    """The task's start with noise in the biases, so that no input is at 0 for want of a bias."""
    weights = {name: array.astype(np.float64) for name, array in TASKS["mnist_cnn"].initial_weights().items()}
    random = np.random.default_rng(0)
    return {
        name: array + (random.normal(0, 0.1, array.shape) if array.ndim == 1 else 0) for name, array in weights.items()
    }


@pytest.fixture(scope="module")
def digits():
    from concord.data import datasets as data

    return data.load("digits")


def test_mnist_cnn_says_what_its_relus_are_given(digits):
    """The same as the reference's own intermediate results."""
    import importlib.util

    task, weights = TASKS["mnist_cnn"], noisy_reference_weights()
    specification = importlib.util.spec_from_file_location("reference", task.recipes["numpy"])
    assert specification and specification.loader
    recipe = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(recipe)
    images = digits.train_images[:8, ..., np.newaxis] / 255.0
    recipe.network(weights, images, tape := [])
    found = task.specification.kinks(weights, images)
    shapes = [found[layer].shape for layer in ("conv1", "conv2", "dense1")]
    assert shapes == [(4, 8, 13, 13, 32), (4, 8, 5, 5, 64), (1, 8, 128)]
    for layer, number in (("conv1", 2), ("conv2", 5), ("dense1", 7)):
        np.testing.assert_allclose(np.maximum(found[layer].max(axis=0), 0), tape[number], rtol=0, atol=1e-13)
    for layer, number in (("conv1", 1), ("conv2", 4)):
        corners = np.stack(recipe.corners(tape[number]))
        np.testing.assert_allclose(np.maximum(found[layer], 0), corners, rtol=0, atol=1e-13)


def test_one_relu_of_mnist_cnn_flips(digits):
    """The bias of one hidden unit moves just so far that one image crosses 0."""
    task, weights = TASKS["mnist_cnn"], noisy_reference_weights()
    images = digits.train_images[:128, ..., np.newaxis] / np.float32(255)
    given = task.specification.kinks(weights, images.astype(np.float64))["dense1"][0]  # (128, 128)
    unit = 17
    order = np.argsort(abs(given[:, unit]))
    nearest, next_one = given[order[0], unit], given[order[1], unit]
    shift = -nearest * (1 + min(1.0, abs(next_one / nearest) - 1) / 2)
    other = weights | {"dense1_bias": weights["dense1_bias"] + shift * (np.arange(128) == unit)}
    found, flip = compare(task, digits, "initial", 0, other, weights)
    assert (found.relu_flips, found.pooling_flips) == (1, 0)
    assert flip and (flip.layer, flip.kind, flip.image, flip.place) == ("dense1", "ReLU", order[0], (unit,))
    assert flip.found * flip.expected < 0
    assert compare(task, digits, "initial", 0, weights, weights)[0].flips == 0


def test_start_on_mnist_lies_at_kinks(digits):
    """With zero biases and black borders, zeros and ties are the normal case."""
    weights = TASKS["mnist_cnn"].initial_weights()
    found, flip = compare(TASKS["mnist_cnn"], digits, "initial", 0, weights, weights)
    assert flip is None
    assert found.inputs == 128 * (26 * 26 * 32 + 10 * 10 * 64 + 128)
    assert found.windows == 128 * (13 * 13 * 32 + 5 * 5 * 64)
    assert found.zeros > 0.3 * found.inputs
    assert found.ties > 0.3 * found.windows


def falling(steps):
    """A rounding error: it becomes less as the weights move on."""
    return 1.4e-5 / steps**0.6


def parting_of(true_step, growth, flips=()):
    """`find_parting` on a run that truly parts at one step; and what it measured."""
    asked = []

    def error(steps):
        return falling(steps) + (growth * 1.5 ** (steps - true_step) if steps >= true_step else 0.0)

    def error_after(steps):
        asked.append(steps)
        return error(steps)

    def page(steps):
        flip = Flip("dense1", "ReLU", 1, (2,), 1e-8, -1e-8) if steps + 1 in flips else None
        return Kinks(f"steps_{steps}", 10, 0, 0, 0, 1 if flip else 0, 0), flip

    known = {steps: min(error(steps), 1.0) for steps in (2, 3, 10, 50, 200)}
    return find_parting(known, error_after, page), asked


@pytest.mark.parametrize("step", [1, 2, 3, 4, 9, 10, 11, 33, 50, 51, 137, 180])
def test_finds_the_step(step):
    parting, asked = parting_of(step, 1e-4, flips={step})
    assert parting and parting.step == step
    assert parting.flip and parting.flips == 1
    assert len(asked) <= 8
    assert len(asked) == len(set(asked))
    assert parting.before < parting.after


def test_small_first_rise_counts():
    """A maximum that raises the error by a quarter, long before it passes the mark."""
    parting, _ = parting_of(33, 0.3 * falling(33), flips={33})
    assert parting and parting.step == 33


def test_flip_without_effect_is_not_named():
    parting, _ = parting_of(33, 1e-4, flips={9, 32, 33})
    assert parting and parting.step == 33


def test_flip_that_numpy_does_not_see():
    parting, _ = parting_of(33, 1e-4)
    assert parting and (parting.step, parting.flips, parting.flip) == (33, 0, None)
    assert "no kink flips" in parting.describe()


def test_wavering_is_no_rise():
    """An error that was larger after 3 steps than after 2, and fell again: the run parted later."""
    errors = {2: 2e-6, 3: 3e-6, 10: 2.5e-6, 50: 1e-2}
    empty = Kinks("steps_30", 10, 0, 0, 0, 0, 0)
    parting = find_parting(errors, lambda steps: 2.4e-6 if steps < 31 else 1e-3, lambda steps: (empty, None))
    assert parting and parting.step == 31


def test_rounding_does_not_part():
    parting, asked = parting_of(1000, 1e-4, flips={5})
    assert (parting, asked) == (None, [])


NEAR = KERNEL.copy()
NEAR[0, 0] = -2 + 1e-6  # an image with ink gives unit 0 next to nothing


class TinyCollector:
    """Evidence of a run whose displacement errs by 1e-5, and from the 31st step on by 1% more each step."""

    def __init__(self, folder, dataset, fails=()):
        self.folder, self.dataset, self.fails, self.asked = folder, dataset, fails, []
        self.workers = SimpleNamespace(close_one=lambda variant, precision: None)

    def start_weights(self, task, run):
        return task.specification.initial_weights()

    def reference(self, task, precision, run):
        return self.evidence(f"reference-{run.name}", NEAR * (1 + run.steps))

    def collect(self, task, variant, precision, run):
        self.asked.append(run.steps)
        if run.steps in self.fails:
            return Evidence("tiny", "numpy", precision, run.name, "timeout", "no answer")
        kernel = NEAR * (1 + run.steps)
        if precision == "float32":
            kernel = kernel * (1 + 1e-5 + 0.01 * max(0, run.steps - 30))
            if run.steps == 30:
                kernel[0, 0] = -(2 + 2.2e-5) * (1 + run.steps)  # the input of the image with ink falls below 0
        return self.evidence(f"{precision}-{run.name}", kernel.astype(precision))

    def evidence(self, name, kernel):
        path = self.folder / f"{name}.npz"
        np.savez(path, **{"weights/kernel": kernel})
        return Evidence("tiny", "numpy", "", name, "ok", path=path)


def row(**changes):
    """Every level agrees in both precisions; those without a gate are only reported."""
    gates = {"logits": (1e-12, 5e-6), "gradients": (1e-11, 2e-5), "updates": (1e-10, None), "trajectory": (1e-8, None)}
    levels = [
        LevelVerdict(level, precision, **({"outcome": "ok", "error": 0.0, "gate": gate} | changes.get(level, {})))
        for number, precision in enumerate(("float64", "float32"))
        for level, both in gates.items()
        for gate in both[number : number + 1]
    ]
    return VariantVerdict("mnist_cnn", "numpy", {"numpy": "2"}, tuple(levels))


@pytest.fixture
def ink(images):
    """Each batch has an image with ink."""
    images.train_images[3::20, 0, 0] = 255
    return images


def test_row_gets_the_ledger(tmp_path, ink):
    collector = TinyCollector(tmp_path, ink)
    found = with_kinks(collector, tiny_task(), NUMPY, row())
    levels = {(level.precision, level.level): level for level in found.levels}
    assert [page.run for page in levels["float64", "updates"].kinks] == ["steps_2", "steps_3", "steps_10"]
    assert all(page.flips == 0 for level in found.levels if level.precision == "float64" for page in level.kinks)
    assert [level.level for level in found.levels if level.parting] == ["trajectory"]
    parting = levels["float32", "trajectory"].parting
    assert parting and (parting.step, parting.flips) == (31, 1)
    assert parting.flip and (parting.flip.layer, parting.flip.image) == ("first", 30 * 20 % 60 + 3)
    assert len(set(collector.asked) - {0, 2, 3, 10, 50, 200}) <= 8
    lines = report.explanations([found])
    assert len(lines) == 1
    assert lines[0].startswith("numpy float32 trajectory: parts at step 31: one ReLU of first flips (image 3, unit 0")
    document = json.loads(json.dumps(report.result(found)))
    jsonschema.validate(document, SCHEMA["$defs"]["result"] | {"$defs": SCHEMA["$defs"]})
    assert document["levels"][-1]["parting"] == asdict(parting) | {"flip": asdict(parting.flip) | {"place": [0]}}


@pytest.mark.parametrize(
    "changes",
    [
        {"gradients": {"outcome": "mismatch", "error": 1.0, "declared": "a cause"}},
        {"gradients": {"outcome": "mismatch", "error": 1.0}},
    ],
)
def test_difference_needs_no_kink(tmp_path, ink, changes):
    collector = TinyCollector(tmp_path, ink)
    found = with_kinks(collector, tiny_task(), NUMPY, row(**changes))
    assert not any(level.parting for level in found.levels)
    assert any(level.kinks for level in found.levels)
    assert set(collector.asked) == {0, 2, 3, 10, 50, 200}


def test_failed_extra_run_names_no_step(tmp_path, ink):
    found = with_kinks(TinyCollector(tmp_path, ink, fails={30}), tiny_task(), NUMPY, row())
    assert not any(level.parting for level in found.levels)


def test_nothing_without_evidence_or_kinks(tmp_path, ink):
    collector = TinyCollector(tmp_path, ink)
    failed = row(updates={"outcome": "crashed", "error": None})
    assert with_kinks(collector, tiny_task(), NUMPY, failed) == failed
    assert with_kinks(collector, TASKS["softmax_regression"], NUMPY, row()) == row()
    assert collector.asked == []
