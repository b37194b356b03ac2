"""What some READMEs say beside their findings: of weights, which no curve holds, asked of NumPy's programs."""

import numpy as np
import pytest
from conftest import EVERY

from concord.data import datasets as data
from concord.project.python import run_file


@pytest.fixture
def program():
    """NumPy's program of a recipe, or of the network that an experiment runs."""
    return lambda recipe: run_file(EVERY[recipe].recipes["numpy"], f"{recipe}_numpy")


@pytest.fixture(scope="module")
def digits():
    """A thousand training images and labels."""
    dataset = data.load()
    return dataset.train_images[:1_000], dataset.train_labels[:1_000].astype(np.int64)


def start_of(mlp, precision="float32", **options):
    """The mlp's model with its shared start, and that start."""
    start = EVERY["mlp"].initial_weights(**options)
    model = mlp.variables(hidden=options.get("hidden", (100,)))
    model.parameters = {name: array.astype(precision) for name, array in start.items()}
    return model, {name: array.copy() for name, array in model.parameters.items()}


@pytest.mark.parametrize("start", ["zero", "small"])
def test_zeros_never_part(program, digits, start):
    """initialisation: of weights that are all 0 only the last bias moves, to the bit; of small ones everything does."""
    mlp, (images, labels) = program("initialisation"), digits
    model, before = start_of(mlp, hidden=(100, 100, 100), start=start)
    mlp.train(model, images[..., None] / np.float32(255), labels, epochs=2)
    moved = {name for name, array in model.parameters.items() if array.tobytes() != before[name].tobytes()}
    assert moved == ({"dense4_bias"} if start == "zero" else set(before))


@pytest.mark.parametrize(("batch_size", "rate"), [(10, 0.002), (100, 0.0002)])
def test_of_a_sum_the_rate_is_divided(program, digits, batch_size, rate):
    """batch_and_rate: with the sum over the batch as loss, ten times the batch at a tenth of the rate is what the mean
    is at the same rate, 0.02. Its gradient is summed here image by image."""
    mlp, images, labels = program("batch_and_rate"), digits[0][:300, ..., None] / 255.0, digits[1][:300]
    mean, start = start_of(mlp, "float64")
    mlp.train(mean, images, labels, epochs=1, batch_size=batch_size, learning_rate=0.02, shuffle=False)
    summed, _ = start_of(mlp, "float64")
    for batch in np.arange(300).reshape(-1, batch_size):
        each = [mlp.loss_and_gradients(summed, images[[one]], labels[[one]])[1] for one in batch]
        for name in start:
            summed.parameters[name] -= rate * sum(gradients[name] for gradients in each)
    for name, before in start.items():
        way, other = mean.parameters[name] - before, summed.parameters[name] - before
        assert np.linalg.norm(other - way) <= 1e-13 * np.linalg.norm(way), name


@pytest.mark.long
def test_a_penalty_halves_the_weights(program, digits):
    """l2: with 0.01 the first kernel's norm is less than half of what it is without, after sixty epochs."""
    if data.load().name != "mnist":
        pytest.skip("needs MNIST")
    l2, images, norms = program("l2"), digits[0][..., None] / np.float32(255), {}
    for penalty in (0.0, 0.01):
        model, _ = l2.train(EVERY["l2"].initial_weights(), images, digits[1], l2=penalty)
        norms[penalty] = np.linalg.norm(model["dense1_kernel"])
    assert norms[0.01] < 0.5 * norms[0.0]
