"""The data: MNIST, scikit-learn's digits, or any IDX folder or .npz file of the same shape."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import math
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from concord.data.download import CHECKSUMS, cache_folder, fetch
from concord.project.errors import UserError, nearest

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

__all__ = ["KNOWN", "Dataset", "Row", "cache_folder", "export", "fetch", "load", "status", "verify"]

KNOWN = ("mnist", "digits")
MOST_BYTES = 2**31  # of one file, uncompressed: forty times MNIST
IDX_FILES = tuple(CHECKSUMS)  # train images, train labels, test images, test labels; so everywhere below
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
DIGITS_DIGEST = "4e9dbc30def62fc9573745964896f677285f2961d5a1bc7fb1fc57959354600b"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of ten classes, split into a training and a test set.

    A known name is earned by the contents: whatever equals MNIST is called "mnist", and nothing else is.
    """

    name: str  # "mnist", "digits", or that of the folder or file
    source: str  # where it came from, for people
    train_images: np.ndarray  # (N, 28, 28) uint8: 0 is background, 255 is ink
    train_labels: np.ndarray  # (N,) uint8, 0 to 9
    test_images: np.ndarray  # (M, 28, 28) uint8
    test_labels: np.ndarray  # (M,) uint8
    digest: str  # SHA-256 (hex) over the SHA-256 of the four arrays as uncompressed IDX files

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
        choice: "mnist", "digits", a folder of four IDX files (plain or .gz), or an .npz file with Keras's names. None
            means MNIST if it can be had, else digits, with a warning.
        progress: where the download's progress and the warning go; by default standard error.

    MNIST is looked for in `$MNIST_DIR`, then in the user's cache, then at the public mirrors. With None, `$MNIST_DIR`
    may hold other data of the same shape.

    Raises:
        UserError: the choice is unknown, can't be had, or is damaged.
    """
    if choice not in (None, "mnist"):
        return _chosen(choice)
    if os.environ.get("MNIST_DIR"):
        dataset = _from_variable()
        return dataset if choice is None else _official(dataset)
    try:
        return _from_cache()
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
    """What there is, without downloading: `$MNIST_DIR`, the cache, digits."""
    variable = os.environ.get("MNIST_DIR")
    digits = _digits()
    return [
        _state(f"$MNIST_DIR: {variable}", Path(variable).expanduser())
        if variable
        else Row("mnist", "$MNIST_DIR (not set)", "absent"),
        _state(f"cache: {cache_folder()}", cache_folder()),
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
        return _read_npz(Path(path), choice)
    raise UserError(nearest("data", choice, [*KNOWN, "a folder of four IDX files", "an .npz file"]))


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


def _read_folder(folder: Path, source: str) -> Dataset:
    if not os.path.isdir(folder):
        raise UserError(f"{folder}: no such folder.")
    paths = {name: _find(folder, name) for name in IDX_FILES}
    missing = ", ".join(name for name, path in paths.items() if path is None)
    if missing:
        raise UserError(f"{folder}: no {missing} (plain or .gz); expected four IDX files.")
    found = [path for path in paths.values() if path]
    arrays = [_read_idx(path, dimensions) for path, dimensions in zip(found, (3, 1, 3, 1), strict=True)]
    return _dataset(folder.resolve().name, source, [str(path) for path in found], arrays)


def _find(folder: Path, name: str) -> Path | None:
    """The file of that name, plain or gzipped, in either common spelling."""
    for spelling in (name, f"{name}.gz", name.replace("-idx", ".idx"), f"{name.replace('-idx', '.idx')}.gz"):
        if os.path.isfile(folder / spelling):
            return folder / spelling
    return None


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """An IDX file: bytes 0, 0, 8 (uint8) and the number of dimensions; each as a big-endian uint32; the contents."""
    import numpy as np

    content = _content(path)
    magic = bytes([0, 0, 8, dimensions])
    start = 4 + 4 * dimensions
    if not content:
        raise UserError(f"{path}: empty, expected an IDX file.")
    if content[:4] != magic:
        raise UserError(
            f"{path}: starts with {content[:4].hex()}, expected {magic.hex()} (IDX, {dimensions}-d, uint8)."
        )
    if len(content) < start:
        raise UserError(f"{path}: truncated: {len(content)} bytes, less than an IDX header.")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    _check_shape(str(path), shape, dimensions)
    expected = start + math.prod(shape)
    if len(content) != expected:
        fault = "truncated" if len(content) < expected else "too long"
        raise UserError(f"{path}: {fault}: {len(content):,} bytes, expected {expected:,} for shape {shape}.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _content(path: Path) -> bytes:
    """The uncompressed bytes of a plain or gzipped file, as far as they may be."""
    try:
        with path.open("rb") as file:
            begin = file.read(2)
            if path.suffix == ".gz" and begin != b"\x1f\x8b":
                raise UserError(f"{path}: not gzip: starts with {begin.hex() or 'nothing'}, expected 1f8b.")
            if path.suffix != ".gz" and path.stat().st_size > MOST_BYTES:
                raise too_large(path)
            file.seek(0)
            content = (gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file).read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise too_large(path)
        return content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: truncated or damaged gzip: {error}. Fetch it again.") from error
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror or error}.") from error


def too_large(path: Path) -> UserError:
    return UserError(f"{path}: more than {MOST_BYTES / 1e9:.1f} GB, which is too much for a data set of 28x28 images.")


def _read_npz(path: Path, source: str) -> Dataset:
    import zipfile

    import numpy as np

    if not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not an .npz file; expected one, or a folder of four IDX files.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > MOST_BYTES:
            raise too_large(path)
        with np.load(path, allow_pickle=False) as archive:
            found = archive.files
            arrays = [archive[key] for key in NPZ_KEYS if key in found]
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen types for a damaged archive
        raise UserError(f"{path}: damaged, or no .npz file of plain arrays: {error}") from error
    missing = ", ".join(key for key in NPZ_KEYS if key not in found)
    if missing:
        raise UserError(f"{path}: no {missing}; found {', '.join(found) or 'nothing'}; expected {', '.join(NPZ_KEYS)}.")
    labels = [f"{path}: {key}" for key in NPZ_KEYS]
    for label, array, dimensions in zip(labels, arrays, (3, 1, 3, 1), strict=True):
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
            raise UserError(f"{label}: {getattr(array, 'dtype', 'not an array')}, expected uint8.")
        _check_shape(label, array.shape, dimensions)
    return _dataset(path.stem, source, labels, arrays)


def _check_shape(label: str, shape: tuple[int, ...], dimensions: int) -> None:
    if len(shape) != dimensions or shape[1:] != (28, 28)[: dimensions - 1]:
        raise UserError(f"{label}: shape {shape}, expected {'(N, 28, 28)' if dimensions == 3 else '(N,)'}.")
    if shape[0] == 0:
        raise UserError(f"{label}: no {'images' if dimensions == 3 else 'labels'} in it, expected at least one.")


def _dataset(name: str, source: str, labels: Sequence[str], arrays: Sequence[np.ndarray]) -> Dataset:
    """Checks what is common to all sources; `labels` name the arrays in messages."""
    for i in (0, 2):  # train, test
        images, classes = arrays[i : i + 2]
        if len(images) != len(classes):
            raise UserError(f"{labels[i]}: {len(images):,} images, but {len(classes):,} labels in {labels[i + 1]}.")
        if classes.max() > 9:
            raise UserError(f"{labels[i + 1]}: label {classes.max()}, expected 0 to 9.")
    checksums = _checksums(arrays)
    digest = hashlib.sha256("".join(checksums.values()).encode()).hexdigest()
    if checksums == CHECKSUMS:
        name = "mnist"
    elif digest == DIGITS_DIGEST:
        name = "digits"
    elif name in KNOWN:
        name = f"{name}-unverified"
    return Dataset(name, source, *arrays, digest=digest)


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


def _state(where: str, folder: Path) -> Row:
    if not any(_find(folder, name) for name in IDX_FILES):
        return Row("mnist", where, "absent")
    try:
        dataset = _read_folder(folder, where)
    except UserError as error:
        return Row("mnist", where, f"damaged: {error}")
    if dataset.name in KNOWN:
        return Row(dataset.name, where, "verified")
    if folder == cache_folder():
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
    return _dataset("digits", "scikit-learn", IDX_FILES, arrays)


def _warn(reason: str, console: Console | None) -> None:
    from rich.console import Console
    from rich.text import Text

    console = console or Console(stderr=True)
    message = (
        f"Warning: using digits (1,797 small images), not MNIST: {reason}\n"
        "Not comparable with MNIST results. To get it: `concord data fetch`, or `--data DIR` if you have the files."
    )
    console.print(Text(message, style="bold yellow"), soft_wrap=True)
