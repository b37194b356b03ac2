"""Reads data sets in the forms in which people have them: IDX files, Keras's .npz, comma-separated tables.

Each reader of a whole set gives four arrays, as the names below say: training images (N, height, width) and labels
(N,), test images and labels, all uint8. Which sizes and labels a task can be run on, the task says.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from concord.data.download import CHECKSUMS
from concord.project.errors import UserError

if TYPE_CHECKING:
    import numpy as np

MOST_BYTES = 2**31  # of one file, uncompressed: forty times MNIST
IDX_FILES = tuple(CHECKSUMS)  # train images, train labels, test images, test labels
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
# As they are passed on, and Kaggle's, whose second has no labels; with a header or without.
TABLES = (("mnist_train.csv", "mnist_test.csv"), ("train.csv", "test.csv"))
INSIDE = ("", "raw", "MNIST/raw", "mnist")  # where torchvision and others put the files in the folder they are given
EMNIST = "emnist-"  # whose images lie on their side: rows and columns are exchanged
TEST_SHARE = 6  # one image in so many, the last ones, where a table holds no test set


class Found(NamedTuple):
    """What a reader gives: four arrays, a name for each in messages, and what a user should know of them."""

    labels: Sequence[str]
    arrays: Sequence[np.ndarray]
    remark: str = ""


def read_folder(folder: Path) -> Found:
    """Four IDX files, plain or gzipped, in a folder or in torchvision's folders inside of it; or two tables.

    Raises:
        UserError: there is none of them, or one is damaged.
    """
    if not os.path.isdir(folder):
        raise UserError(f"{folder}: no such folder.")
    for place in INSIDE:
        if paths := idx_files(folder / place):
            return read_idx_files(paths)
        for train, test in TABLES:
            if os.path.isfile(folder / place / train):
                return read_tables(folder / place / train, folder / place / test)
    some = {place: [name for name in IDX_FILES if not find(folder / place, name)] for place in INSIDE}
    missing = ", ".join(min(some.values(), key=len))
    raise UserError(f"{folder}: no {missing} (plain or .gz); expected four IDX files, or a train.csv.")


def holds_some(folder: Path) -> bool:
    """Whether there is anything in a folder that may be part of a data set."""
    return any(
        idx_files(place)
        or any(find(place, name) for name in IDX_FILES)
        or any(os.path.isfile(place / train) for train, _ in TABLES)
        for place in (folder / inside for inside in INSIDE)
    )


def idx_files(folder: Path) -> list[Path]:
    """The four files, MNIST's or those of one EMNIST split; none if one is missing."""
    found = [path for name in IDX_FILES if (path := find(folder, name))]
    if len(found) == len(IDX_FILES):
        return found
    for first in sorted(folder.glob(f"{EMNIST}*-train-images-idx3-ubyte*")):
        split = first.name.partition("-train-images")[0]
        found = [path for name in IDX_FILES if (path := find(folder, f"{split}-{name.replace('t10k', 'test')}"))]
        if len(found) == len(IDX_FILES):
            return found
    return []


def find(folder: Path, name: str) -> Path | None:
    """The file of that name, plain or gzipped, in either common spelling."""
    for spelling in (name, f"{name}.gz", name.replace("-idx", ".idx"), f"{name.replace('-idx', '.idx')}.gz"):
        if os.path.isfile(folder / spelling):
            return folder / spelling
    return None


def read_idx_files(paths: Sequence[Path]) -> Found:
    arrays = [read_idx(path, dimensions) for path, dimensions in zip(paths, (3, 1, 3, 1), strict=True)]
    if paths[0].name.startswith(EMNIST):
        arrays = [array.swapaxes(1, 2).copy() if array.ndim == 3 else array for array in arrays]
    return Found([str(path) for path in paths], arrays)


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """An IDX file: bytes 0, 0, 8 (uint8) and the number of dimensions; each as a big-endian uint32; the contents."""
    import numpy as np

    content = read_bytes(path)
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
    check_shape(str(path), shape, dimensions)
    expected = start + math.prod(shape)
    if len(content) != expected:
        fault = "truncated" if len(content) < expected else "too long"
        raise UserError(f"{path}: {fault}: {len(content):,} bytes, expected {expected:,} for shape {shape}.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def read_bytes(path: Path) -> bytes:
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
    return UserError(f"{path}: more than {MOST_BYTES / 1e9:.1f} GB, which is too much for a data set of small images.")


def read_npz(path: Path) -> Found:
    """An .npz file with Keras's names.

    Raises:
        UserError: it is none, is damaged, or lacks one of the four arrays.
    """
    import zipfile

    import numpy as np

    try:
        path.open("rb").close()  # zipfile would call a file that can't be read no archive
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror or error}.") from None
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not an .npz file; expected one, a table (.csv), or a folder of four IDX files.")
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
        check_shape(label, array.shape, dimensions)
    return Found(labels, arrays)


def read_tables(train: Path, test: Path) -> Found:
    """Two tables; or the first alone, if the second is absent or, as Kaggle's, without labels."""
    if not os.path.isfile(test):
        return read_single_table(train)
    with test.open("rb") as file:
        unlabelled = lacks_labels(file.readline())
    if unlabelled:
        found = read_single_table(train)
        return found._replace(remark=f"{found.remark} {test.name} has no labels and isn't used.")
    return Found([str(train)] * 2 + [str(test)] * 2, [*read_table(train), *read_table(test)])


def read_single_table(path: Path) -> Found:
    """One table, such as Kaggle's train.csv: its last rows are the test set."""
    images, labels = read_table(path)
    kept = len(images) - max(1, len(images) // TEST_SHARE)
    if not kept:
        raise UserError(f"{path}: one image, expected at least one to train with and one to test.")
    remark = f"{path}: the last {len(images) - kept:,} of its {len(images):,} images are the test set."
    return Found([str(path)] * 4, [images[:kept], labels[:kept], images[kept:], labels[kept:]], remark)


def read_table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A comma-separated table: in each row the label and the pixels of a square image from 0 to 255, row by row of the
    image. A line of names may come first.

    Raises:
        UserError: a row has another length, or holds something else.
    """
    import numpy as np

    content = read_bytes(path)
    first = content[: content.find(b"\n") + 1] or content
    header = any(byte in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" for byte in first)
    columns = first.count(b",") + 1
    side = math.isqrt(columns - 1)
    if lacks_labels(first):
        raise UserError(f"{path}: {columns} columns, all pixels: the labels aren't in it. Kaggle's are in train.csv.")
    if header and columns > 1 and b"label" in first.lower().rpartition(b",")[2]:
        raise UserError(f"{path}: the label is in the last column, expected in the first.")
    if not is_square(columns - 1):
        expected = "the label and the pixels of a square image, such as 785 for 28x28"
        raise UserError(f"{path}: {columns} columns, expected {expected}.")
    try:
        table = np.loadtxt(lines_of(content), np.int64, delimiter=",", skiprows=int(header), ndmin=2)
    except ValueError as error:
        raise UserError(f"{path}: {' '.join(str(error).split())[:150]}") from None
    if not len(table):
        raise UserError(f"{path}: no rows, expected an image in each.")
    if table.min() < 0 or table.max() > 255:
        raise UserError(f"{path}: numbers from {table.min()} to {table.max()}, expected bytes from 0 to 255.")
    rows = table.astype(np.uint8)
    return rows[:, 1:].reshape(-1, side, side).copy(), rows[:, 0].copy()


def lacks_labels(first: bytes) -> bool:
    """Whether a table's first line has as many columns as a square image has pixels, and none is called label."""
    return is_square(first.count(b",") + 1) and b"label" not in first.lower()


def is_square(pixels: int) -> bool:
    """Whether so many pixels are a square image; a single one is none."""
    return pixels > 1 and math.isqrt(pixels) ** 2 == pixels


def lines_of(content: bytes) -> Iterator[str]:
    return (line.decode("latin-1") for line in content.splitlines())


def check_shape(label: str, shape: tuple[int, ...], dimensions: int) -> None:
    if len(shape) != dimensions:
        raise UserError(f"{label}: shape {shape}, expected {'(N, height, width)' if dimensions == 3 else '(N,)'}.")
    if 0 in shape:
        raise UserError(f"{label}: no {'images' if dimensions == 3 else 'labels'} in it, expected at least one.")


def read_file(path: Path) -> Found:
    """One file with a whole data set: a table by its name, else an .npz."""
    return read_single_table(path) if path.name.endswith((".csv", ".csv.gz")) else read_npz(path)
