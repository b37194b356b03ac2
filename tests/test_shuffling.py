"""Shuffling: each epoch goes through every image once, in an order of its own, which the seed decides.

From zero weights and black images nothing but the last layer's biases can learn, and those learn from the labels alone.
So the biases after two epochs tell in which order the images came: all orders are tried.
"""

import itertools

import numpy as np
import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_ready

from concord.judge.ladder import Run

RATES = ("learning_rate", "momentum")
COUNT = 5  # images, each of another class
ORDERS = np.array(list(itertools.permutations(range(COUNT))))
TWO_EPOCHS = np.array([[*first, *second] for first in ORDERS for second in ORDERS])  # (14,400, 10)


def biases(orders: np.ndarray, learning_rate: float, momentum: float = 0.0) -> np.ndarray:
    """The ten biases after one step for each label of each order, in float64: (orders, 10)."""
    learned, velocity = np.zeros((2, len(orders), 10))
    for labels in orders.T:
        exponentials = np.exp(learned)
        velocity = momentum * velocity + exponentials / exponentials.sum(axis=1, keepdims=True) - np.eye(10)[labels]
        learned = learned - learning_rate * velocity
    return learned


@pytest.mark.parametrize(("task", "variant"), ladder_cases("network"))
def test_each_epoch_has_an_order_of_its_own(collector, tmp_path, task, variant):
    skip_unless_ready(task, variant)
    files = {name: str(tmp_path / f"{name}.npy") for name in ("train_images", "train_labels")}
    np.save(files["train_images"], np.zeros((COUNT, 28, 28), np.uint8))
    np.save(files["train_labels"], np.arange(COUNT, dtype=np.uint8))
    zeros = {name: np.zeros_like(array) for name, array in task.initial_weights().items()}
    np.savez(tmp_path / "zeros.npz", **zeros)
    rates = {name: value for name, value in task.specification.HYPERPARAMETERS.items() if name in RATES}

    def epochs(seed: int) -> list[tuple[int, ...]]:
        """The order of each of two epochs."""
        training = rates | {"epochs": 2, "batch_size": 1, "shuffle": True, "seed": seed}
        results = tmp_path / "results.npz"
        asked = {"weights": str(tmp_path / "zeros.npz"), "train": training, "train_count": COUNT, "predict_count": 0}
        job = collector.job(task, variant, Run("shuffled", steps=1)) | files | asked | {"results": str(results)}
        _, answer = collector.workers.run(variant, "float64", job)
        if answer.outcome == "unsupported":
            pytest.skip(f"{variant.id}: {answer.reason}")
        assert answer.outcome == "ok", answer.reason
        with np.load(results) as found:
            last = found[f"weights/{list(zeros)[-1]}"]
        fitting = TWO_EPOCHS[np.isclose(biases(TWO_EPOCHS, **rates), last, rtol=0, atol=1e-9).all(axis=1)]
        assert len(fitting) == 1, "no two epochs that give each image once end with these biases"
        return [tuple(fitting[0, :COUNT]), tuple(fitting[0, COUNT:])]

    first, other = epochs(seed=0), epochs(seed=1)
    assert epochs(seed=0) == first, "the same seed gave other orders"
    assert other != first, "another seed gave the same orders"
    repeating = all(order == again for order, again in (first, other))
    # Keras's `fit` does so on TensorFlow: the gotcha shuffle_order. The fast program has a data set of its own.
    assert repeating == (variant.id == "keras-tf" and task.name != "mnist_cnn_fast"), (
        "the second epoch repeats the first"
    )
    collector.workers.keep(LIVING_WORKERS)
