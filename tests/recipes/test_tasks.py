"""The tasks say what they are meant to say: golden values, parameter counts, start weights."""

import hashlib

import numpy as np
import pytest
from conftest import EVERY, TASKS

from concord.data import datasets as data

X_MAP_FIRST_ROWS = [[0.77, -0.11, 0.11, 0.33, 0.55, -0.11, 0.33], [-0.11, 1.00, -0.11, 0.33, -0.11, 0.11, -0.11]]


@pytest.mark.parametrize("name", EVERY)
def test_every_question_has_an_answer(name):
    """In a sentence or two: one card shows it whole."""
    said = EVERY[name].specification
    answer = vars(said).get("ANSWER", "")
    assert 20 <= len(answer) <= 220
    assert answer.endswith(".")
    assert answer != said.QUESTION
    assert answer == " ".join(answer.split())


@pytest.fixture(scope="module")
def cases():
    return TASKS["convolution"].specification.cases(data.load("digits").test_images)


def test_small_case(cases):
    assert cases["small"]["expected"].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_x_case(cases):
    feature_map = cases["x"]["expected"]
    assert feature_map.shape == (7, 7)
    assert (np.trunc(feature_map[:2] * 100) / 100).tolist() == X_MAP_FIRST_ROWS


def test_expected_maps_agree_with_scipy(cases):
    from scipy.signal import correlate2d

    for case in cases.values():
        expected = correlate2d(case["image"], case["kernel"], mode="valid")
        np.testing.assert_allclose(case["expected"], expected, rtol=0, atol=1e-12)


def test_kernels_on_a_real_digit(cases):
    """Edges sum to nothing where the image is flat; the blur keeps its brightness."""
    assert cases["edges"]["kernel"].sum() == 0
    assert cases["blur"]["kernel"].sum() == 1
    assert cases["edges"]["image"].shape == (28, 28)
    assert cases["edges"]["image"].any()


# Of the float32 bytes of all tensors in order: the shared start must never move, or old evidence means something else.
START_DIGESTS = {
    "batch_norm": "4f07de276572e527",
    "dropout": "0206030b628a0113",  # that of mlp
    "first_network": "544665e4df9e0931",
    "mlp": "0206030b628a0113",
    "mnist_cnn": "307fe1a3d8411536",
    "softmax_regression": "57347701d22fd819",
}


@pytest.mark.parametrize("name", START_DIGESTS)
def test_start_weights(name):
    task = TASKS[name]
    weights = task.initial_weights()
    assert sum(array.size for array in weights.values()) == task.specification.PARAMETERS
    digest = hashlib.sha256(b"".join(array.tobytes() for array in weights.values())).hexdigest()
    assert digest[:16] == START_DIGESTS[name]


def test_he_normal():
    weights = TASKS["mnist_cnn"].initial_weights()
    for name, array in weights.items():
        if name.endswith("_bias"):
            assert not array.any()
        else:
            expected = np.sqrt(2 / np.prod(array.shape[:-1]))
            assert array.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * array.size))
            assert abs(array.mean()) < 4 * expected / np.sqrt(array.size)
