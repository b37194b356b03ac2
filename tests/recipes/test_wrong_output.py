"""What wrong_output's page says of real digits: its table is read, and each row of it is trained."""

import numpy as np
import pytest
from conftest import TASKS

from concord.data import datasets as data
from concord.project.python import run_file

TASK = TASKS["wrong_output"]
NAMES = {
    "softmax": "softmax",
    "sigmoid, divided by the sum": "sigmoid",
    "literal": "literal",
    "exchanged": "exchanged",
}
RATE, BATCH, EPOCHS = 0.5, 50, 3


def table() -> dict[str, tuple[list[float], float]]:
    """By loss, the accuracy after each epoch and the mean loss of the last one, as the README prints them."""
    text = (TASK.folder / "README.md").read_text(encoding="utf-8")
    rows = text.split("| loss | accuracy after 1, 2, 3 epochs |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip(" *") for cell in row.strip("| ").replace("**", "").split("|")] for row in rows]
    return {
        NAMES[name]: ([float(part) for part in accuracies.split(", ")], float(loss.replace("−", "-").replace(",", "")))
        for name, accuracies, loss in cells
    }


@pytest.fixture(scope="module")
def digits():
    """5,000 images to learn from and 10,000 others, as rows of 784 numbers from 0 to 1."""
    dataset = data.load()
    if dataset.name != "mnist":
        pytest.skip("needs MNIST")
    images = dataset.train_images.reshape(-1, 784).astype(np.float64) / 255
    return images[:5_000], dataset.train_labels[:5_000], images[50_000:], dataset.train_labels[50_000:]


def trained(name, images, labels, others, their_labels):
    """Softmax regression from zeros with the NumPy program's own losses and slopes, in the images' order."""
    program = run_file(TASK.recipes["numpy"], "wrong_output_numpy")
    kernel, bias, accuracies = np.zeros((784, 10)), np.zeros(10), []
    for _ in range(EPOCHS):
        losses = []
        for start in range(0, len(images), BATCH):
            batch, wanted = images[start : start + BATCH], labels[start : start + BATCH]
            logits = batch @ kernel + bias
            losses.append(program.loss(name, logits, wanted).mean())
            slopes = program.gradient(name, logits, wanted)
            kernel -= RATE * batch.T @ slopes
            bias -= RATE * slopes.sum(axis=0)
        accuracies.append(np.mean((others @ kernel + bias).argmax(axis=1) == their_labels))
    return accuracies, np.mean(losses)


@pytest.mark.parametrize("name", NAMES.values())
def test_the_table_is_what_training_gives(digits, name):
    """Two of 10,000 images may fall otherwise on another machine; losses hold to their last digit."""
    accuracies, loss = trained(name, *digits)
    printed, printed_loss = table()[name]
    np.testing.assert_allclose(accuracies, printed, rtol=0, atol=2.5e-4)
    np.testing.assert_allclose(loss, printed_loss, rtol=0, atol=0.6 if printed_loss < -1_000 else 6e-4)


def test_the_table_has_each_loss():
    assert tuple(table()) == TASK.specification.LOSSES


def test_a_falling_loss_is_no_learning():
    """Of the eight images all are right after 9 steps with the literal loss, and four after 99."""
    losses, accuracies = TASK.specification.descent("literal")
    assert (accuracies[9], accuracies[99]) == (1, 0.5)
    assert (round(losses[0], 2), round(losses[99], 2)) == (0.69, 0.03)
