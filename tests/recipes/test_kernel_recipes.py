"""What the recipes about kernels say in their READMEs and pictures: known figures, counted from their cases."""

import numpy as np
import pytest
from conftest import TASKS

from concord.data import datasets as data

# Of the first test image's valid maps: sum, smallest and largest value, places that aren't zero.
GALLERY = {
    "edges": (1_800, -1_196, 1_075, 201),
    "sharpen": (19_054, -502, 705, 180),
    "blur": (292_864, 0, 3_884, 201),
    "box": (164_286, 0, 2_118, 201),
    "Sobel x": (0, -1_015, 1_004, 188),
    "Sobel y": (2_400, -1_016, 1_016, 201),
    "Laplace": (-600, -483, 523, 181),
    "emboss": (20_254, -933, 1_197, 197),
    "identity": (18_454, 0, 255, 116),
}
# The first rows of the X's three tables as they are printed, cut off after two digits.
PRINTED = [
    [0.77, -0.11, 0.11, 0.33, 0.55, -0.11, 0.33],
    [0.33, -0.55, 0.11, -0.11, 0.11, -0.55, 0.33],
    [0.33, -0.11, 0.55, 0.33, 0.11, -0.11, 0.77],
]


def cases(recipe: str) -> dict:
    return TASKS[recipe].specification.cases(data.load("digits").test_images)


def test_gallery_of_the_first_digit():
    dataset = data.load()
    if dataset.name != "mnist":
        pytest.skip("needs MNIST")
    task = TASKS["filters"].specification
    maps = task.cases(dataset.test_images)["gallery"]["expected"]["filter_image"]
    found = {
        name: (feature_map.sum(), feature_map.min(), feature_map.max(), np.count_nonzero(feature_map))
        for name, feature_map in zip(task.KERNELS, maps, strict=True)
    }
    assert found == GALLERY


def test_only_lopsided_kernels_notice_a_flip():
    kernels = TASKS["filters"].specification.KERNELS
    lopsided = {name for name, kernel in kernels.items() if not np.array_equal(kernel, np.flip(kernel))}
    assert lopsided == {"Sobel x", "Sobel y", "emboss"}


def test_tables_of_the_x():
    task = TASKS["find_the_x"].specification
    tables = np.array(task.RESPONSES_OF_X)
    assert (np.trunc(tables[:, 0] / 9 * 100) / 100).tolist() == PRINTED
    assert np.array_equal(tables, task.whole_number_responses(task.pictures()["x"], np.array(task.FILTERS)))


def test_what_is_known_of_the_pictures():
    task = TASKS["find_the_x"].specification
    pictures = task.pictures()
    for name, (strongest, equal) in task.KNOWN.items():
        responses = task.whole_number_responses(pictures[name], np.array(task.FILTERS))
        assert responses.max(axis=(1, 2)).tolist() == strongest, name
        assert np.count_nonzero(pictures[name] == pictures["x"]) == equal, name


@pytest.mark.parametrize("name", TASKS["strides_and_padding"].specification.EXTENTS)
def test_extents_follow_the_formula(name):
    size, kernel_size, stride, padding, (places, before, after) = TASKS["strides_and_padding"].specification.EXTENTS[
        name
    ]
    assert places == int(np.floor((size + before + after - kernel_size) / stride)) + 1
    if padding == "same":
        assert places == np.ceil(size / stride)
        assert after - before in (0, 1)


def test_the_same_row_begins_elsewhere():
    found = cases("strides_and_padding")
    assert found["four_pixels_same"]["expected"].tolist() == [[6, 7]]
    assert found["four_pixels_padding_1"]["expected"].tolist() == [[3, 9]]


def test_matrix_of_a_convolution():
    task = TASKS["shared_weights"].specification
    kernel = np.arange(1, 26).reshape(5, 5)
    exact = task.expected(np.ones((28, 28), int), kernel, np.ones((24, 24), int))
    matrix = exact["matrix"]
    assert matrix.shape == (576, 784) and matrix.size == 451_584
    assert np.count_nonzero(matrix) == 14_400 and set(np.count_nonzero(matrix, axis=1)) == {25}
    assert set(np.unique(matrix)) == set(range(26))
    assert 784 * 3 * 576 + 3 * 576 == 1_356_480 and pytest.approx(17_391, abs=1) == 1_356_480 / (3 * 25 + 3)


def test_channels_add_up():
    found = cases("filter_maps")
    parts = [found[name]["expected"]["maps"] for name in ("first_channel", "second_channel")]
    assert np.array_equal(sum(parts), found["two_channels"]["expected"]["maps"])
    assert found["digit"]["expected"]["maps"][0].size == 1_728
    assert found["digit"]["kernels"].size + found["digit"]["biases"].size == 78


def test_lenets_first_layer():
    """Six maps of 28x28 places, each with a 5x5 kernel and a bias."""
    text = (TASKS["shared_weights"].folder / "README.md").read_text(encoding="utf-8")
    places, _, _ = TASKS["strides_and_padding"].specification.EXTENTS["lenet_32_pixels"][-1]
    parameters = 6 * (5 * 5 + 1)
    assert f"has {parameters} parameters and {parameters * places**2:,} connections" in " ".join(text.split())
    assert (parameters, parameters * places**2) == (156, 122_304)


def test_ties_are_the_rule():
    """The shares that pooling's README names, counted in the first 1,000 test digits."""
    dataset = data.load()
    if dataset.name != "mnist":
        pytest.skip("needs MNIST")
    windows = dataset.test_images[:1_000].reshape(1_000, 14, 2, 14, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4)
    largest = windows.max(axis=1)
    shared = np.count_nonzero(windows == largest[:, None], axis=1) > 1
    equal = largest == windows.min(axis=1)
    text = " ".join((TASKS["pooling"].folder / "README.md").read_text(encoding="utf-8").split())
    one, any_tie, bright = (f"{100 * part.mean():.1f} %" for part in (equal, shared, shared & (largest > 0)))
    assert f"{one} are all of one value, {any_tie} share their maximum, and {bright} share one that isn't black" in text


def test_both_forms_of_gelu():
    """What activations' README says of them: their values at 1, and how far they are apart at most, and where."""
    values = TASKS["activations"].specification.VALUES
    x = np.linspace(-6, 6, 24_001)
    apart = np.array([abs(values["gelu"](place) - values["gelu_tanh"](place)) for place in x.tolist()])
    assert (round(values["gelu"](1.0), 10), round(values["gelu_tanh"](1.0), 10)) == (0.8413447461, 0.8411919906)
    assert f"{apart.max():.2e}" == "4.73e-04" and f"{abs(x[apart.argmax()]):.1f}" == "2.7"
    text = (TASKS["activations"].folder / "README.md").read_text(encoding="utf-8")
    assert "0.84134 and 0.84119" in text and "0.00047" in text
