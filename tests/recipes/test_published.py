"""What operations expect is what was published, or follows from what they mean: task.py is no judge of itself."""

import numpy as np
import pytest
from conftest import TASKS


@pytest.fixture
def expected(collector):
    """By recipe, case and function: the exact outputs."""
    return lambda recipe, case, function: collector.cases(TASKS[recipe])[case].expected[function]


@pytest.mark.parametrize(
    ("case", "step", "published"),
    [
        ("near_quadratic", 0, 0.82),
        ("near_quadratic", 300, 0.09),
        ("far_quadratic", 0, 0.98),
        ("far_quadratic", 300, 0.20),
    ],
)
def test_outputs_of_nielsen_s_neuron(expected, case, step, published):
    """Neural Networks and Deep Learning, chapter 3, beside the sliders."""
    (outputs,) = expected("saturated_neuron", case, "outputs")
    assert round(float(outputs[step]), 2) == published


def test_cross_entropy_wakes_the_neuron(expected):
    quadratic, entropy = (
        expected("saturated_neuron", f"far_{cost}", "outputs")[0] for cost in ("quadratic", "cross_entropy")
    )
    assert ((quadratic < 0.5).argmax(), (entropy < 0.5).argmax()) == (232, 17)


def test_mazur_s_numbers(expected):
    """https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/ prints nine digits."""
    _, output, cost = expected("backprop_by_hand", "mazur", "forward")
    w1, _, w2, _ = expected("backprop_by_hand", "mazur", "gradients_by_hand")
    assert float(cost) == pytest.approx(0.298371109, abs=5e-10)
    assert output[0] == pytest.approx([0.75136507, 0.772928465], abs=5e-9)
    assert 0.4 - 0.5 * w2[0, 0] == pytest.approx(0.35891648, abs=5e-9)  # the weights after one step
    assert 0.45 - 0.5 * w2[1, 0] == pytest.approx(0.408666186, abs=5e-10)
    assert 0.5 - 0.5 * w2[0, 1] == pytest.approx(0.511301270, abs=5e-10)
    assert 0.55 - 0.5 * w2[1, 1] == pytest.approx(0.561370121, abs=5e-10)
    assert 0.15 - 0.5 * w1[0, 0] == pytest.approx(0.149780716, abs=5e-10)


def test_central_differences_gain_two_digits_a_step(expected):
    """Until rounding outgrows the curvature; three digits are the most that float32 has to give."""
    (digits,) = expected("gradient_check", "tanh_digits", "digits")
    assert np.diff(digits[1:5]) == pytest.approx(2, abs=0.01)
    assert np.diff(digits[6:]) == pytest.approx(-1, abs=0.01)
    assert expected("gradient_check", "tanh_digits_in_float32", "digits")[0].max() < 3.5


def test_initialisers_keep_the_size(expected):
    spreads = {case: expected("initialisers", case, "spread")[0] for case in ("relu_he", "relu_glorot", "selu_lecun")}
    assert spreads["relu_he"].min() > 0.5 and spreads["relu_he"].max() < 1.2
    assert spreads["selu_lecun"].min() > 0.8 and spreads["selu_lecun"].max() < 1.2
    assert np.all(np.diff(spreads["relu_glorot"]) < 0)
    saturated = expected("initialisers", "tanh_unit_signal", "signal")
    assert all(0.7 < np.mean(abs(layer) > 0.99) < 0.95 for layer in saturated)


def test_a_literal_loss_falls_while_the_network_forgets(expected):
    """What the page of wrong_output says of its eight images."""
    losses, accuracies = expected("wrong_output", "descent_literal", "descend")
    right = (8 * accuracies).astype(int)
    assert (right.max(), right.argmax(), (right[17:] < 8).all()) == (8, 9, True)
    assert (right[98], right[99], right[-1]) == (5, 4, 4)
    assert np.all(np.diff(losses) < 0)
    assert losses[[0, 99]] == pytest.approx([0.69, 0.03], abs=5e-3)
    for name in ("softmax", "sigmoid"):
        assert expected("wrong_output", f"descent_{name}", "descend")[1][-1] == 1


@pytest.mark.parametrize(("kind", "last"), [("bfloat16", 0.25), ("float16", 2)])
def test_weights_of_sixteen_bits_stop_moving(expected, collector, kind, last):
    """A step of 1/1024 moves weights up to the last one, and none above."""
    start = collector.cases(TASKS["mixed_precision"])[f"{kind}_weights"].arrays["weights"]
    (end,) = expected("mixed_precision", f"{kind}_weights", "train")
    assert end[start <= last] == pytest.approx(start[start <= last] - 64 / 1024, abs=1e-12)
    assert np.array_equal(end[start > last], start[start > last])
