"""The data layer: what is read, what is refused and how it is told, and downloads from a server that misbehaves."""

import contextlib
import errno
import functools
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from concord.data import datasets as data
from concord.data import download
from concord.project.errors import UserError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
REAL_MNIST = os.environ.get("MNIST_DIR")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache of the test's own, nothing set by the user or kept by Keras, and no mirror in reach."""
    folder = tmp_path_factory.mktemp("user") / "cache"
    monkeypatch.setenv("KERAS_HOME", str(folder.parent / "keras"))
    monkeypatch.setattr(download, "cache_folder", lambda: folder)
    monkeypatch.setattr(data, "cache_folder", lambda: folder)
    monkeypatch.setattr(data, "fetch", functools.partial(download.fetch, mirrors=["http://127.0.0.1:9/"]))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


def small_arrays(train: int = 20, test: int = 10) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(1)
    sizes = ((train, 28, 28), (train,), (test, 28, 28), (test,))
    return tuple(random.integers(0, 10, size, dtype=np.uint8) for size in sizes)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


CONTENTS = {name: idx(array) for name, array in zip(FILES, small_arrays(), strict=True)}
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


def write(folder: Path, contents: dict[str, bytes] = CONTENTS, suffix: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix == ".gz" else content)
    return folder


@pytest.fixture
def small_mnist(monkeypatch):
    """The small files count as the official ones."""
    monkeypatch.setattr(data, "CHECKSUMS", CHECKSUMS)


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files but the lock, which is allowed to stay."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def message(error: pytest.ExceptionInfo[UserError]) -> str:
    """The message, which is one or two lines."""
    text = str(error.value)
    assert 1 <= len(text.splitlines()) <= 2, text
    return text


# Reading


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("spelling", ["-idx", ".idx"])
def test_a_folder_is_read_in_every_spelling(tmp_path, suffix, spelling):
    folder = write(tmp_path / "fashion", {n.replace("-idx", spelling): c for n, c in CONTENTS.items()}, suffix)
    dataset = data.load(str(folder))
    assert (dataset.name, dataset.source) == ("fashion", str(folder))
    for found, expected in zip(dataset.arrays, small_arrays(), strict=True):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)


def test_torchvisions_root_is_read(tmp_path, monkeypatch, small_mnist):
    write(tmp_path / "root" / "MNIST" / "raw", suffix=".gz")
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "root"))
    assert data.status()[0].state == "verified"
    dataset = data.load(str(tmp_path / "root"))
    for found, expected in zip(dataset.arrays, small_arrays(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_emnists_images_are_stood_up(tmp_path):
    named = {f"emnist-digits-{name.replace('t10k', 'test')}": content for name, content in CONTENTS.items()}
    dataset = data.load(str(write(tmp_path / "emnist", named, ".gz")))
    images, labels, _, _ = small_arrays()
    np.testing.assert_array_equal(dataset.train_images, images.transpose(0, 2, 1))
    np.testing.assert_array_equal(dataset.train_labels, labels)


def table(images, labels, header=True) -> str:
    names = ["label", *(f"pixel{number}" for number in range(images[0].size if len(images) else 784))]
    rows = [",".join(map(str, [label, *image.ravel()])) for image, label in zip(images, labels, strict=True)]
    return "\n".join([",".join(names)] * header + rows) + "\n"


@pytest.mark.parametrize("header", [True, False])
def test_tables_are_read(tmp_path, header):
    """Two of them are the whole set; of one alone, the last rows are the test set."""
    images, labels, test_images, test_labels = small_arrays()
    (tmp_path / "mnist_train.csv").write_text(table(images, labels, header))
    (tmp_path / "mnist_test.csv").write_text(table(test_images, test_labels, header))
    for found, expected in zip(data.load(str(tmp_path)).arrays, small_arrays(), strict=True):
        np.testing.assert_array_equal(found, expected)
    alone = data.load(str(tmp_path / "mnist_train.csv"))
    assert (alone.name, len(alone.train_images), len(alone.test_images)) == ("mnist_train", 17, 3)
    np.testing.assert_array_equal(np.concatenate([alone.train_images, alone.test_images]), images)


@pytest.mark.parametrize("header", [True, False])
def test_kaggles_folder_is_read(tmp_path, capsys, header):
    """Its test.csv has no labels, and that is told; one that has them is the test set."""
    images, labels, test_images, test_labels = small_arrays()
    (tmp_path / "train.csv").write_text(table(images, labels, header))
    alone = data.load(str(tmp_path))
    split = f"{tmp_path / 'train.csv'}: the last 3 of its 20 images are the test set."
    assert capsys.readouterr() == ("", f"{split}\n")
    pixels = [line.partition(",")[2] for line in table(test_images, test_labels, header).splitlines()]
    (tmp_path / "test.csv").write_text("\n".join(pixels))
    dataset = data.load(str(tmp_path))
    assert capsys.readouterr() == ("", f"{split} test.csv has no labels and isn't used.\n")
    assert dataset.digest == alone.digest == data.load(str(tmp_path / "train.csv")).digest
    for found, expected in zip(dataset.arrays, (images[:17], labels[:17], images[17:], labels[17:]), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(UserError) as error:
        data.load(str(tmp_path / "test.csv"))
    assert "784 columns, all pixels: the labels aren't in it" in message(error)
    capsys.readouterr()
    (tmp_path / "test.csv").write_text(table(test_images, test_labels, header))
    for found, expected in zip(data.load(str(tmp_path)).arrays, small_arrays(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert capsys.readouterr() == ("", "")


def test_other_sizes_and_labels_are_read(tmp_path):
    """Of any sound data; whether a task can be run on it is the task's business."""
    random = np.random.default_rng(2)
    for height, width, classes in ((8, 8, 3), (32, 32, 62), (20, 12, 256)):
        sizes = ((9, height, width), (9,), (6, height, width), (6,))
        arrays = tuple(random.integers(0, classes, size, dtype=np.uint8) for size in sizes)
        place = tmp_path / f"{height}x{width}"
        write(place, {name: idx(array) for name, array in zip(FILES, arrays, strict=True)})
        np.savez(place / "set.npz", **dict(zip(data.NPZ_KEYS, arrays, strict=True)))
        for choice in (place, place / "set.npz"):
            for found, expected in zip(data.load(str(choice)).arrays, arrays, strict=True):
                np.testing.assert_array_equal(found, expected)
        if height == width:
            both = [np.concatenate([arrays[i], arrays[i + 2]]) for i in (0, 1)]
            (place / "set.csv").write_text(table(*both))
            alone = data.load(str(place / "set.csv"))
            np.testing.assert_array_equal(np.concatenate([alone.train_images, alone.test_images]), both[0])
            np.testing.assert_array_equal(np.concatenate([alone.train_labels, alone.test_labels]), both[1])


BAD_TABLES = {
    "no labels": (table(*small_arrays()[:2]).split("label,")[1].replace("\n", "\n9,", 1), "the labels aren't in it"),
    "other columns": ("a,b,c\n1,2,3\n", "3 columns, expected the label and the pixels of a square image"),
    "labels last": ("a,b,c,d,Label\n1,2,3,4,0\n", "the label is in the last column, expected in the first"),
    "two columns": ("label,pixel\n1,0\n2,0\n", "2 columns, expected the label and"),
    "small, no labels": ("a,b,c,d\n1,2,3,4\n", "4 columns, all pixels: the labels aren't in it"),
    "nothing": ("", "1 columns, expected the label and"),
    "no rows": (table([], []), "no rows"),
    "a short row": (table(*small_arrays()[:2]) + "1,2,3\n", "number of columns changed from 785 to 3"),
    "a word": (table(*small_arrays()[:2], header=True).replace("\n3,", "\nthree,"), "could not convert string 'three'"),
    "too large": (table([np.full((28, 28), 256)], [3]), "numbers from 3 to 256"),
    "one image": (table(*(part[:1] for part in small_arrays()[:2])), "at least one to train with and one to test"),
}


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_refused(tmp_path, case):
    content, expected = BAD_TABLES[case]
    (tmp_path / "train.csv").write_text(content)
    with pytest.raises(UserError) as error:
        data.load(str(tmp_path / "train.csv"))
    assert expected in message(error), message(error)


def test_an_export_is_read_back_with_the_same_digest(tmp_path):
    dataset = data.load(str(write(tmp_path / "kmnist")))
    data.export(tmp_path / "other.npz", dataset)
    again = data.load(str(tmp_path / "other.npz"))
    assert (again.name, again.digest) == ("other", dataset.digest)
    for found, expected in zip(again.arrays, dataset.arrays, strict=True):
        np.testing.assert_array_equal(found, expected)
    with np.load(tmp_path / "other.npz") as archive:
        assert archive.files == ["x_train", "y_train", "x_test", "y_test"]


def test_export_never_overwrites(tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_text("precious")
    with pytest.raises(UserError) as error:
        data.export(path, data.load(str(write(tmp_path / "kmnist"))))
    assert "exists" in message(error)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("broken", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_export_leaves_nothing(tmp_path, monkeypatch, broken):
    dataset = data.load(str(write(tmp_path / "kmnist")))
    (tmp_path / "out").mkdir()

    def savez_compressed(file, **arrays):
        file.write(b"half")
        raise broken

    monkeypatch.setattr(np, "savez_compressed", savez_compressed)
    with pytest.raises(UserError if isinstance(broken, OSError) else KeyboardInterrupt):
        data.export(tmp_path / "out" / "mnist.npz", dataset)
    assert not list((tmp_path / "out").iterdir())


def test_export_into_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(UserError) as error:
        data.export(tmp_path / "nowhere" / "mnist.npz", data.load(str(write(tmp_path / "kmnist"))))
    assert "No such file or directory" in message(error)


def test_the_digest_follows_every_byte(tmp_path):
    digests = set()
    for name in (None, *FILES):
        contents = dict(CONTENTS)
        if name:
            contents[name] = contents[name][:-1] + bytes([contents[name][-1] ^ 1])
        digests.add(data.load(str(write(tmp_path / f"{name}", contents))).digest)
    assert len(digests) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_a_name_is_earned_by_the_contents(tmp_path, small_mnist):
    assert data.load(str(write(tmp_path / "anything"))).name == "mnist"
    data.export(tmp_path / "any.npz", data.load(str(tmp_path / "anything")))
    assert data.load(str(tmp_path / "any.npz")).name == "mnist"
    other = {name: idx(array) for name, array in zip(FILES, small_arrays(5, 5), strict=True)}
    assert data.load(str(write(tmp_path / "mnist", other))).name == "mnist-unverified"


def test_digits():
    dataset = data.load("digits")
    assert (dataset.name, dataset.source) == ("digits", "scikit-learn")
    assert [array.shape for array in dataset.arrays] == [(1437, 28, 28), (1437,), (360, 28, 28), (360,)]
    assert {array.dtype for array in dataset.arrays} == {np.dtype(np.uint8)}
    assert dataset.train_images.min() == 0
    assert dataset.train_images.max() == 255
    for edge in (slice(0, 4), slice(24, 28)):
        assert not dataset.train_images[:, edge].any()
        assert not dataset.train_images[:, :, edge].any()
    assert np.bincount(dataset.test_labels).min() >= 33  # of 360: balanced, though in the original order
    # The smallest check that the enlargement is neither mirrored nor shifted: halves of the ink stay where they were.
    from sklearn.datasets import load_digits

    small = load_digits().images
    images = np.concatenate([dataset.train_images, dataset.test_images]).astype(float)
    for axis in (1, 2):
        before = np.take(small, range(4), axis).sum((1, 2)) / small.sum((1, 2))
        after = np.take(images, range(14), axis).sum((1, 2)) / images.sum((1, 2))
        np.testing.assert_allclose(after, before, atol=0.1)


@pytest.mark.skipif(not REAL_MNIST, reason="$MNIST_DIR is not set")
def test_real_mnist(monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(REAL_MNIST))
    dataset = data.verify("mnist")
    assert (dataset.name, dataset.source) == ("mnist", "$MNIST_DIR")
    assert [array.shape for array in dataset.arrays] == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    assert dataset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.digest == "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681"


# Refusing: each case is what is wrong with the folder, and what the message must say


def changed(name: str, content: bytes | None, suffix: str = ""):
    def make(folder: Path) -> Path:
        write(folder)
        (folder / name).unlink()
        if content is not None:
            (folder / f"{name}{suffix}").write_bytes(content)
        return folder

    return make


TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = FILES
GOOD = CONTENTS[TRAIN_IMAGES]
BAD_FOLDERS = {
    "missing": (changed(TEST_LABELS, None), ["no t10k-labels-idx1-ubyte", "plain or .gz"]),
    "all missing": (lambda folder: write(folder, {}), ["no train-images", "t10k-labels"]),
    "empty": (changed(TRAIN_LABELS, b""), [TRAIN_LABELS, "empty"]),
    "empty gzip": (changed(TRAIN_LABELS, b"", ".gz"), [f"{TRAIN_LABELS}.gz", "not gzip", "nothing"]),
    "bad magic": (changed(TRAIN_IMAGES, b"PNG!" + GOOD[4:]), [TRAIN_IMAGES, "504e4721", "00000803"]),
    "labels as images": (changed(TRAIN_IMAGES, CONTENTS[TRAIN_LABELS]), [TRAIN_IMAGES, "00000801", "00000803"]),
    "header only": (changed(TRAIN_IMAGES, GOOD[:9]), [TRAIN_IMAGES, "truncated", "9 bytes"]),
    "truncated": (changed(TRAIN_IMAGES, GOOD[:-1]), [TRAIN_IMAGES, "truncated", "15,695", "15,696", "(20, 28, 28)"]),
    "too long": (changed(TRAIN_IMAGES, GOOD + b"\0"), [TRAIN_IMAGES, "too long", "15,697", "15,696"]),
    "not gzip": (changed(TRAIN_IMAGES, GOOD, ".gz"), [f"{TRAIN_IMAGES}.gz", "not gzip", "0000", "1f8b"]),
    "truncated gzip": (changed(TRAIN_IMAGES, gzip.compress(GOOD)[:-9], ".gz"), [f"{TRAIN_IMAGES}.gz", "gzip"]),
    "damaged gzip": (
        changed(TRAIN_IMAGES, gzip.compress(GOOD)[:99] + b"x" * 99 + gzip.compress(GOOD)[198:], ".gz"),
        [f"{TRAIN_IMAGES}.gz", "damaged gzip"],
    ),
    "wrong shape": (
        changed(TEST_IMAGES, idx(np.zeros((10, 32, 30), np.uint8))),
        [TEST_IMAGES, TRAIN_IMAGES, "28x28 images, but 32x30 in"],
    ),
    "no images": (changed(TEST_IMAGES, idx(np.zeros((0, 28, 28), np.uint8))), [TEST_IMAGES, "no images"]),
    "no pixels": (changed(TEST_IMAGES, idx(np.zeros((10, 28, 0), np.uint8))), [TEST_IMAGES, "no images"]),
    "no labels": (changed(TEST_LABELS, idx(np.zeros(0, np.uint8))), [TEST_LABELS, "no labels"]),
    "counts": (changed(TEST_LABELS, idx(np.zeros(9, np.uint8))), ["10 images", "9 labels", TEST_IMAGES, TEST_LABELS]),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_a_bad_folder_is_refused(tmp_path, case):
    make, expected = BAD_FOLDERS[case]
    with pytest.raises(UserError) as error:
        data.load(str(make(tmp_path / "folder")))
    assert all(part in message(error) for part in expected), message(error)


def archive(**changes) -> dict[str, np.ndarray]:
    arrays = dict(zip(("x_train", "y_train", "x_test", "y_test"), small_arrays(), strict=True)) | changes
    return {key: array for key, array in arrays.items() if array is not None}


BAD_ARCHIVES = {
    "missing": (archive(x_train=None), ["no x_train", "found y_train, x_test, y_test"]),
    "shape": (archive(x_test=np.zeros((10, 784), np.uint8)), ["x_test", "(10, 784)", "(N, height, width)"]),
    "dtype": (archive(y_train=np.zeros(20, np.int64)), ["y_train", "int64", "uint8"]),
    "objects": (archive(y_train=np.array([None] * 20)), ["set.npz", "plain arrays"]),
    "empty": (archive(x_test=np.zeros((0, 28, 28), np.uint8)), ["x_test", "no images"]),
    "counts": (archive(y_test=np.zeros(11, np.uint8)), ["10 images", "11 labels"]),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(tmp_path, case):
    arrays, expected = BAD_ARCHIVES[case]
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(UserError) as error:
        data.load(str(tmp_path / "set.npz"))
    assert all(part in message(error) for part in expected), message(error)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(UserError) as error:
        data.load(str(tmp_path / "mnist.npz"))
    assert "mnist.npz: not an .npz file" in message(error)


def test_a_damaged_archive_is_refused(tmp_path):
    np.savez(tmp_path / "set.npz", **archive())
    content = bytearray((tmp_path / "set.npz").read_bytes())
    content[5000] ^= 1
    (tmp_path / "set.npz").write_bytes(content)
    with pytest.raises(UserError) as error:
        data.load(str(tmp_path / "set.npz"))
    assert "set.npz: damaged" in message(error)


@pytest.mark.parametrize("choice", ["mnits", "", "x" * 5000, "/no/such/folder", "\0"])
def test_an_unknown_choice_is_refused(choice):
    with pytest.raises(UserError) as error:
        data.load(choice)
    assert "mnist, digits, a folder" in message(error)
    assert ("Did you mean 'mnist'?" in message(error)) == (choice == "mnits")


# Where it looks


def test_the_order_variable_cache_download_digits(tmp_path, cache, monkeypatch, small_mnist, capsys):
    calls = []

    def fetch(**options):
        calls.append(options)
        raise UserError("no network\nand a second line")

    monkeypatch.setattr(data, "fetch", fetch)
    assert data.load().name == "digits"
    told = capsys.readouterr().err
    assert all(part in told for part in ("digits", "MNIST", "no network", "concord data fetch", "--data DIR")), told
    assert len(told.splitlines()) == 2
    assert [call["retries"] for call in calls] == [0]

    monkeypatch.setattr(data, "fetch", lambda **options: write(cache))
    assert (data.load().name, data.load().source) == ("mnist", "user cache")
    monkeypatch.setattr(data, "fetch", fetch)
    assert data.load().source == data.load("mnist").source == "user cache"

    shutil.rmtree(cache)
    kept = cache.parent / "keras" / "datasets" / "mnist.npz"
    kept.parent.mkdir(parents=True)
    np.savez(kept, **archive())
    assert data.load().source == data.load("mnist").source == str(kept)

    write(tmp_path / "mine")
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mine"))
    assert data.load().source == data.load("mnist").source == "$MNIST_DIR"
    assert len(calls) == 1
    assert capsys.readouterr().err == ""


def test_the_warning_goes_to_the_given_console(capsys):
    console = Console(file=io.StringIO())
    data.load(progress=console)
    assert "digits" in console.file.getvalue()
    assert capsys.readouterr() == ("", "")


def test_an_explicit_mnist_never_falls_back():
    with pytest.raises(UserError) as error:
        data.load("mnist")
    assert "can't download train-images-idx3-ubyte.gz: 127.0.0.1:9: no connection" in message(error)


@pytest.mark.parametrize("choice", [None, "mnist"])
def test_an_unusable_variable_is_told(tmp_path, monkeypatch, choice):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(UserError) as error:
        data.load(choice)
    assert "$MNIST_DIR" in message(error)
    assert "no such folder" in message(error)


def test_other_data_in_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(write(tmp_path / "fashion")))
    assert data.load().name == "fashion"
    for refuses in (data.load, data.verify):
        with pytest.raises(UserError) as error:
            refuses("mnist")
        assert "not MNIST" in message(error)
        assert "$MNIST_DIR" in message(error)


def test_a_damaged_cache_is_fetched_anew(cache, monkeypatch, small_mnist):
    write(cache, CONTENTS | {TRAIN_LABELS: CONTENTS[TRAIN_LABELS][:-1]})
    monkeypatch.setattr(data, "fetch", lambda **options: write(cache))
    assert data.load("mnist").name == "mnist"


def test_verify(tmp_path, cache, small_mnist):
    with pytest.raises(UserError) as error:
        data.verify()
    assert "concord data fetch" in message(error)
    write(cache)
    assert data.verify().name == "mnist"
    assert data.verify("digits").name == "digits"
    assert data.verify(str(write(tmp_path / "copy", suffix=".gz"))).name == "mnist"
    flipped = CONTENTS[TRAIN_IMAGES][:-1] + b"\xff"
    for choice in ("mnist", str(tmp_path / "other")):
        write(cache, {TRAIN_IMAGES: flipped})
        write(tmp_path / "other", CONTENTS | {TRAIN_IMAGES: flipped})
        with pytest.raises(UserError) as error:
            data.verify(choice)
        assert "the contents of train-images-idx3-ubyte differ" in message(error)


def test_status(tmp_path, cache, monkeypatch, small_mnist):
    def states():
        return [(row.dataset, row.state.split(":")[0]) for row in data.status()]

    assert states() == [("mnist", "absent")] * 3 + [("digits", "verified")]
    write(cache)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "set"))
    kept = cache.parent / "keras" / "datasets" / "mnist.npz"
    kept.parent.mkdir(parents=True)
    np.savez(kept, **archive())
    assert states() == [("mnist", "absent"), ("mnist", "verified"), ("mnist", "verified"), ("digits", "verified")]
    assert data.status()[2].where == f"Keras: {kept}"
    np.savez(kept, **archive(y_test=np.zeros(10, np.uint8)))
    assert states()[2] == ("mnist", "damaged")
    kept.write_bytes(b"half")
    write(cache, {TRAIN_IMAGES: CONTENTS[TRAIN_IMAGES][:-1] + b"\xff"})
    write(tmp_path / "set", {TRAIN_LABELS: b""})
    assert states() == [("mnist", "damaged")] * 3 + [("digits", "verified")]
    write(tmp_path / "set", {n: idx(a) for n, a in zip(FILES, small_arrays(5, 5), strict=True)})
    assert states()[0] == ("set", "unverified")
    assert str(tmp_path / "set") in data.status()[0].where
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "kaggle"))
    (tmp_path / "kaggle").mkdir()
    (tmp_path / "kaggle" / "train.csv").write_text(table(*small_arrays()[:2]))
    assert states()[0] == ("kaggle", "unverified")


def test_importing_is_cheap():
    heavy = ["numpy", "requests", "sklearn", "scipy", "rich", "filelock", "platformdirs"]
    program = f"import sys, concord.data.datasets; sys.exit(str([name for name in {heavy} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


# Downloading, from a server on this machine


class Mirrors:
    """A server whose first path component says how it behaves; `asked` has every path."""

    def __init__(self):
        self.asked: list[str] = []
        self.half_sent = threading.Event()
        self.go_on = threading.Event()  # releases whatever hangs
        mirrors = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mirrors.asked.append(self.path)
                _, behaviour, file = self.path.split("/")
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client gave up, as it should
                    getattr(mirrors, behaviour)(self, CONTENTS[file.removesuffix(".gz")])

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{behaviour}/"

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def answer(handler, body: bytes, length: int | None = None, kind="application/gzip", status=200, **headers):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            handler.send_header(key.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    def good(self, handler, content):
        self.answer(handler, gzip.compress(content))

    def compressed_anew(self, handler, content):
        self.answer(handler, gzip.compress(content, 1, mtime=12345))

    def unpacked(self, handler, content):
        self.answer(handler, gzip.compress(content), Content_Encoding="gzip")

    def truncated(self, handler, content):
        body = gzip.compress(content)
        self.answer(handler, body[: len(body) // 2], len(body))

    def shorter(self, handler, content):  # truncated, but the server doesn't know
        body = gzip.compress(content)
        self.answer(handler, body[: len(body) // 2])

    def wrong(self, handler, content):
        self.answer(handler, gzip.compress(content[:-1] + b"\xff"))

    def no_gzip(self, handler, content):
        self.answer(handler, b"\x1f\x8b" + content)

    def login(self, handler, content):
        self.answer(handler, b"<p>Log in", kind="text/html; charset=utf-8")

    def untyped_login(self, handler, content):
        self.answer(handler, b"\n <HTML><title>Log in</title>")

    def absent(self, handler, content):
        self.answer(handler, b"", status=404)

    def busy(self, handler, content):
        self.answer(handler, b"", status=503)

    def endless(self, handler, content):
        self.answer(handler, bytes(200_000), 10**12)
        while not self.go_on.is_set():
            handler.wfile.write(bytes(200_000))

    def silent(self, handler, content):
        self.go_on.wait(20)

    def stalled(self, handler, content):
        body = gzip.compress(content)
        self.answer(handler, body[: len(body) // 2], len(body))
        handler.wfile.flush()
        self.half_sent.set()
        self.go_on.wait(20)

    def trickle(self, handler, content):
        self.answer(handler, b"\x1f", len(content))
        while not self.go_on.wait(0.05):
            handler.wfile.write(b"\0")

    def trickling_headers(self, handler, content):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.go_on.wait(0.05):
            handler.wfile.write(b"x")

    def gated(self, handler, content):
        self.go_on.wait(20)
        self.good(handler, content)


@pytest.fixture
def mirrors():
    server = Mirrors()
    yield server
    server.close()


def fetch(cache: Path, *urls: str, **options) -> Path:
    return download.fetch(cache, urls, CHECKSUMS, **{"retries": 0, "timeout": 5, **options})


@pytest.mark.parametrize("behaviour", ["good", "compressed_anew", "unpacked"])
def test_fetch(tmp_path, mirrors, behaviour, capsys):
    assert fetch(tmp_path / "new" / "cache", mirrors.url(behaviour)) == tmp_path / "new" / "cache"
    assert snapshot(tmp_path / "new" / "cache") == CONTENTS
    assert mirrors.asked == [f"/{behaviour}/{name}.gz" for name in FILES]
    assert capsys.readouterr() == ("", "")  # quiet in a pipe


def test_fetch_downloads_only_what_is_absent_or_damaged(tmp_path, mirrors):
    write(tmp_path, CONTENTS | {TEST_IMAGES: b"damaged"})
    (tmp_path / TEST_LABELS).unlink()
    fetch(tmp_path, mirrors.url("good"))
    assert mirrors.asked == [f"/good/{name}.gz" for name in (TEST_IMAGES, TEST_LABELS)]
    fetch(tmp_path, mirrors.url("good"))
    assert len(mirrors.asked) == 2
    assert snapshot(tmp_path) == CONTENTS


def test_a_complete_cache_is_not_written_to(tmp_path):
    fetch(write(tmp_path), "http://127.0.0.1:9/")
    assert not (tmp_path / ".lock").exists()  # so a read-only one will do


def test_fetch_draws_a_bar_on_a_terminal(tmp_path, mirrors):
    terminal = Console(file=io.StringIO(), force_terminal=True)
    fetch(tmp_path, mirrors.url("good"), progress=terminal)
    assert all(name in terminal.file.getvalue() for name in FILES)


FAILURES = {
    "truncated": "the connection broke off",
    "shorter": "truncated or damaged gzip",
    "wrong": "wrong content (SHA-256",
    "no_gzip": "damaged gzip",
    "login": "an HTML page instead of the file",
    "untyped_login": "an HTML page instead of the file",
    "absent": "404 Not Found",
    "busy": "503 Service Unavailable",
    "silent": "no answer in time",
    "stalled": "no answer in time",
    "trickle": "not done after 1 s",
    "trickling_headers": "not done after 1 s",
    "endless": "sent more than 64,000,000 bytes",
}


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_bad_mirror_is_told_and_leaves_nothing(tmp_path, mirrors, behaviour):
    (tmp_path / "notes.txt").write_text("the user's own")
    write(tmp_path, {TEST_LABELS: b"damaged"})
    before = snapshot(tmp_path)
    limit = 1 if "trickl" in behaviour else 20
    started = time.monotonic()
    with pytest.raises(UserError) as error:
        fetch(tmp_path, mirrors.url(behaviour), timeout=0.5, limit=limit)
    assert time.monotonic() - started < 10
    assert FAILURES[behaviour] in message(error), message(error)
    assert "127.0.0.1" in message(error)
    assert "train-images-idx3-ubyte.gz" in message(error)
    assert snapshot(tmp_path) == before


def test_no_connection_is_told(tmp_path):
    with pytest.raises(UserError) as error:
        fetch(tmp_path, "http://127.0.0.1:9/")
    assert "127.0.0.1:9: no connection" in message(error)


@pytest.mark.parametrize("behaviour", ["wrong", "login", "silent"])
def test_a_bad_mirror_then_a_good_one(tmp_path, mirrors, behaviour):
    fetch(tmp_path, mirrors.url(behaviour), mirrors.url("good"), timeout=0.5)
    assert snapshot(tmp_path) == CONTENTS
    assert len([path for path in mirrors.asked if behaviour in path]) == 1  # the one that works is remembered


def test_each_mirror_has_its_reason(tmp_path, mirrors):
    with pytest.raises(UserError) as error:
        fetch(tmp_path, mirrors.url("absent"), mirrors.url("login"), "http://127.0.0.1:9/")
    assert all(reason in message(error) for reason in ("404 Not Found", "HTML", "no connection"))


def test_retries_go_round_all_mirrors(tmp_path, mirrors):
    with pytest.raises(UserError):
        fetch(tmp_path, mirrors.url("absent"), mirrors.url("busy"), retries=1)
    assert [path.split("/")[1] for path in mirrors.asked] == ["absent", "busy", "absent", "busy"]


def test_a_full_disk_is_told_and_leaves_the_cache_as_it_was(tmp_path, mirrors, monkeypatch):
    write(tmp_path, {TRAIN_LABELS: b"damaged", "notes.txt": b"the user's own"})
    before = snapshot(tmp_path)
    calls = []

    def fsync(descriptor):  # the third file does not fit
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UserError) as error:
        fetch(tmp_path, mirrors.url("good"))
    assert "No space left on device" in message(error)
    assert len(message(error).splitlines()) == 1
    assert snapshot(tmp_path) == before


FETCHER = textwrap.dedent(
    """
    import json, os, resource, signal, sys
    from pathlib import Path
    from concord.data.download import fetch
    from concord.project.errors import UserError

    cache, url, checksums, trick = sys.argv[1:]
    if trick == "small files":
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
    if trick == "killed while writing":
        os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
    print("ready", flush=True)
    try:
        fetch(Path(cache), [url], json.loads(checksums), retries=0)
    except UserError as error:
        sys.exit(str(error))
    """
)


def fetcher(cache: Path, url: str, trick: str = "") -> subprocess.Popen[str]:
    """The same as `fetch`, in a process of its own, from the moment that it is about to begin."""
    command = [sys.executable, "-c", FETCHER, str(cache), url, json.dumps(CHECKSUMS), trick]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_real_limit_on_the_size_of_files(tmp_path, mirrors):
    write(tmp_path, {TRAIN_LABELS: b"damaged"})
    with fetcher(tmp_path, mirrors.url("good"), "small files") as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "File too large" in told
    assert "Traceback" not in told
    assert snapshot(tmp_path) == {TRAIN_LABELS: b"damaged"}


def test_two_processes_download_once(tmp_path, mirrors):
    with fetcher(tmp_path, mirrors.url("gated")) as one, fetcher(tmp_path, mirrors.url("gated")) as other:
        while not mirrors.asked:
            time.sleep(0.01)
        time.sleep(0.3)  # both are in fetch now: one waits for the server, the other for the lock
        assert len(mirrors.asked) == 1
        mirrors.go_on.set()
        for process in (one, other):
            assert process.communicate(timeout=20) == ("", "")
            assert process.returncode == 0
    assert sorted(mirrors.asked) == sorted(f"/gated/{name}.gz" for name in FILES)
    assert snapshot(tmp_path) == CONTENTS


def test_killed_while_downloading(tmp_path, mirrors):
    with fetcher(tmp_path, mirrors.url("stalled")) as process:
        assert mirrors.half_sent.wait(20)
        process.kill()
        process.communicate(timeout=20)
    assert snapshot(tmp_path) == {}
    fetch(tmp_path, mirrors.url("good"))
    assert snapshot(tmp_path) == CONTENTS


def test_killed_while_writing(tmp_path, mirrors):
    with fetcher(tmp_path, mirrors.url("good"), "killed while writing") as process:
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    assert not set(snapshot(tmp_path)) & set(FILES)
    fetch(tmp_path, mirrors.url("good"))
    assert snapshot(tmp_path) == CONTENTS  # and the dead process's temporary file is gone


def test_a_cache_that_cannot_be_a_folder(tmp_path, mirrors):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as error:
        fetch(tmp_path / "file", mirrors.url("good"))
    assert "file: " in message(error)
    assert not mirrors.asked
