"""The data: MNIST, scikit-learn's digits, or other small images in a form that formats.py reads."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from concord.data.download import CHECKSUMS, cache_folder, fetch
from concord.data.formats import IDX_FILES, NPZ_KEYS, Found, holds_some, read_file, read_folder
from concord.project.errors import UserError, nearest

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

__all__ = ["KNOWN", "Dataset", "Row", "cache_folder", "export", "fetch", "load", "status", "verify"]

KNOWN = ("mnist", "digits")
DIGITS_DIGEST = "4e9dbc30def62fc9573745964896f677285f2961d5a1bc7fb1fc57959354600b"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and their classes, split into a training and a test set.

    A known name is earned by the contents: whatever equals MNIST is called "mnist", and nothing else is.
    """

    name: str  # "mnist", "digits", or that of the folder or file
    source: str  # where it came from, for people
    train_images: np.ndarray  # (N, 28, 28) uint8, or another size: 0 is background, 255 is ink
    train_labels: np.ndarray  # (N,) uint8, 0 to 9, or other classes
    test_images: np.ndarray  # (M, 28, 28) uint8, of the same size
    test_labels: np.ndarray  # (M,) uint8
    digest: str  # SHA-256 (hex) over the SHA-256 of the four arrays as uncompressed IDX files
    remark: str = ""  # what a user should know of it

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Train images, train labels, test images, test labels."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


class Row(NamedTuple):
    """One line of `concord data`."""

    dataset: str
    where: str
    state: (
        str  # "verified", "absent", "damaged: <why>", or "unverified: <why>" for data that is well-formed, but no MNIST
    )


def load(choice: str | None = None, *, progress: Console | None = None) -> Dataset:
    """Finds the data and reads it.

    Args:
        choice: "mnist", "digits", a folder of four IDX files (plain or .gz; torchvision's root and EMNIST's names too),
            an .npz file with Keras's names, a table such as Kaggle's train.csv, or the folder of one. None means MNIST
            if it can be had, else digits, with a warning.
        progress: where the download's progress, the warning and remarks go; by default standard error.

    MNIST is looked for in `$MNIST_DIR`, then in the user's cache and Keras's, then at the public mirrors. With None,
    `$MNIST_DIR` may hold other data.

    Raises:
        UserError: the choice is unknown, can't be had, or is damaged.
    """
    if choice not in (None, "mnist"):
        return _told(_chosen(choice), progress)
    if os.environ.get("MNIST_DIR"):
        dataset = _told(_from_variable(), progress)
        return dataset if choice is None else _official(dataset)
    for cached in (_from_cache, _from_keras):
        try:
            return cached()
        except UserError:
            pass  # absent or damaged: fetch mends both
    try:
        # A machine without a network should not wait long for data that nobody asked for by name.
        fetch(retries=0 if choice is None else 1, progress=progress)
        return _from_cache()
    except UserError as error:
        if choice == "mnist":
            raise
        _warn(str(error).splitlines()[0], progress)
        return _digits()


def verify(choice: str = "mnist") -> Dataset:
    """Reads the data and compares it with the official checksums; never downloads.

    Raises:
        UserError: absent, damaged, or well-formed but with other contents than MNIST's (or, for digits, ours).
    """
    if choice == "mnist":
        return _official(_from_variable()) if os.environ.get("MNIST_DIR") else _from_cache()
    dataset = _chosen(choice)
    return dataset if dataset.name == "digits" else _official(dataset)


def status() -> list[Row]:
    """What there is, without downloading, in the order in which it is looked for."""
    variable = os.environ.get("MNIST_DIR")
    digits = _digits()
    return [
        _state(f"$MNIST_DIR: {variable}", Path(variable).expanduser())
        if variable
        else Row("mnist", "$MNIST_DIR (not set)", "absent"),
        _state(f"cache: {cache_folder()}", cache_folder()),
        _state(f"Keras: {_keras_file()}", _keras_file()),
        Row("digits", digits.source, "verified" if digits.name == "digits" else "unverified: not Concord's digits"),
    ]


def export(path: Path, dataset: Dataset) -> None:
    """Writes the data as a compressed .npz with Keras's names: x_train, y_train, x_test, y_test, all uint8.

    Raises:
        UserError: `path` exists, or can't be written.
    """
    import numpy as np

    if path.exists():
        raise UserError(f"{path} exists and is not overwritten. Choose another name, or delete it first.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(file, **dict(zip(NPZ_KEYS, dataset.arrays, strict=True)))
        os.replace(part, path)
    except OSError as error:
        raise UserError(f"can't write {path}: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _chosen(choice: str) -> Dataset:
    if choice == "digits":
        return _digits()
    path = os.path.expanduser(choice)
    if os.path.isdir(path):
        return _read_folder(Path(path), choice)
    if os.path.isfile(path):
        return _dataset(Path(path).stem, choice, read_file(Path(path)))
    raise UserError(nearest("data", choice, [*KNOWN, "a folder of four IDX files", "an .npz file", "a .csv file"]))


def _from_variable() -> Dataset:
    try:
        return _read_folder(Path(os.environ["MNIST_DIR"]).expanduser(), "$MNIST_DIR")
    except UserError as error:
        raise UserError(f"$MNIST_DIR: {error}") from error


def _from_cache() -> Dataset:
    try:
        return _official(_read_folder(cache_folder(), "user cache"))
    except UserError as error:
        raise UserError(f"{error} Run `concord data fetch`.") from error


def _from_keras() -> Dataset:
    return _official(_dataset("mnist", str(_keras_file()), read_file(_keras_file())))


def _keras_file() -> Path:
    """What Keras has downloaded already, for its own `datasets.mnist.load_data`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets" / "mnist.npz"


def _read_folder(folder: Path, source: str) -> Dataset:
    return _dataset(folder.resolve().name, source, read_folder(folder))


def _dataset(name: str, source: str, found: Found) -> Dataset:
    """Checks what is common to all sources."""
    labels, arrays, remark = found
    for i in (0, 2):  # train, test
        images, classes = arrays[i : i + 2]
        if len(images) != len(classes):
            raise UserError(f"{labels[i]}: {len(images):,} images, but {len(classes):,} labels in {labels[i + 1]}.")
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        sizes = ("x".join(map(str, arrays[i].shape[1:])) for i in (0, 2))
        raise UserError("{0}: {2} images, but {3} in {1}.".format(labels[0], labels[2], *sizes))
    checksums = _checksums(arrays)
    digest = hashlib.sha256("".join(checksums.values()).encode()).hexdigest()
    if checksums == CHECKSUMS:
        name = "mnist"
    elif digest == DIGITS_DIGEST:
        name = "digits"
    elif name in KNOWN:
        name = f"{name}-unverified"
    return Dataset(name, source, *arrays, digest=digest, remark=remark)


def _checksums(arrays: Sequence[np.ndarray]) -> dict[str, str]:
    """SHA-256 (hex) of each array as an uncompressed IDX file, by the file's name."""
    checksums = {}
    for name, array in zip(IDX_FILES, arrays, strict=True):
        header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        checksums[name] = hashlib.sha256(header + array.tobytes()).hexdigest()
    return checksums


def _official(dataset: Dataset) -> Dataset:
    """The same, if it is MNIST."""
    if dataset.name == "mnist":
        return dataset
    wrong = [name for name, checksum in _checksums(dataset.arrays).items() if checksum != CHECKSUMS[name]]
    raise UserError(f"{dataset.source}: well-formed, but not MNIST: the contents of {', '.join(wrong)} differ.")


def _state(where: str, place: Path) -> Row:
    """Of a folder, or of Keras's file."""
    if not (place.is_file() or holds_some(place)):
        return Row("mnist", where, "absent")
    try:
        dataset = _dataset(place.stem, where, read_file(place)) if place.is_file() else _read_folder(place, where)
    except UserError as error:
        return Row("mnist", where, f"damaged: {error}")
    if dataset.name in KNOWN:
        return Row(dataset.name, where, "verified")
    if place in (cache_folder(), _keras_file()):
        return Row("mnist", where, "damaged: other contents than MNIST's")
    return Row(dataset.name, where, "unverified: well-formed, but not MNIST")


def _digits() -> Dataset:
    """scikit-learn's 1,797 real 8x8 digits, enlarged to 20x20 and centred in 28x28; the last 360 are the test set."""
    import numpy as np
    from scipy.ndimage import zoom

    # What sklearn.datasets.load_digits reads; importing that takes a second, reading this a tenth of one.
    package = importlib.util.find_spec("sklearn")
    assert package and package.origin
    table = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")  # (1797, 65)
    small, classes = table[:, :-1].reshape(-1, 8, 8), table[:, -1]  # 0 to 16; 0 to 9
    large = np.asarray(zoom(small, (1, 2.5, 2.5), order=1, mode="nearest", grid_mode=True))  # (1797, 20, 20)
    # Exact halves occur (25.5); the small term sends them up on every machine.
    ink = np.floor(large * (255 / 16) + 0.5 + 1e-9).astype(np.uint8)
    images = np.pad(ink, ((0, 0), (4, 4), (4, 4)))  # (1797, 28, 28)
    classes = classes.astype(np.uint8)
    arrays = images[:-360], classes[:-360], images[-360:], classes[-360:]
    return _dataset("digits", "scikit-learn", Found(IDX_FILES, arrays))


def _told(dataset: Dataset, console: Console | None) -> Dataset:
    """The same, after its remark."""
    if dataset.remark:
        from rich.console import Console

        (console or Console(stderr=True)).print(dataset.remark, soft_wrap=True, markup=False, highlight=False)
    return dataset


def _warn(reason: str, console: Console | None) -> None:
    from rich.console import Console
    from rich.text import Text

    console = console or Console(stderr=True)
    message = (
        f"Warning: using digits (1,797 small images), not MNIST: {reason}\n"
        "Not comparable with MNIST results. To get it: `concord data fetch`, or `--data DIR` if you have the files."
    )
    console.print(Text(message, style="bold yellow"), soft_wrap=True)
