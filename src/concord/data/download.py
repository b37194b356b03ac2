"""Fetches MNIST's four files from public mirrors into a folder: verified, all four or none, once."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from concord.project.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)

# SHA-256 of the uncompressed contents: a copy that somebody compressed anew is as good as the published one.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

LARGEST = 64_000_000  # bytes; the largest file has 47,040,016


class _MirrorError(Exception):
    """One attempt at one mirror failed; the message is the short reason."""


def cache_folder() -> Path:
    """The user's cache of MNIST, which need not exist."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("concord")) / "mnist"


def fetch(
    cache: Path | None = None,
    mirrors: Sequence[str] = MIRRORS,
    checksums: Mapping[str, str] = CHECKSUMS,
    *,
    timeout: float = 10,
    limit: float = 300,
    retries: int = 1,
    progress: Console | None = None,
) -> Path:
    """Makes `cache` hold all files of `checksums`, uncompressed and verified; downloads only what is absent or damaged.

    New files are put in place together, once all of them are verified. A second process waits for the first one's lock.

    Args:
        cache: the folder, made if need be; by default the user's cache.
        mirrors: base addresses; `<mirror><file>.gz` is tried at each in turn.
        checksums: file name to SHA-256 (hex) of the uncompressed content.
        timeout: seconds to connect, and between bytes.
        limit: seconds for one file from one mirror, however it trickles.
        retries: how often to go round all mirrors again for a file.
        progress: where the progress bar is drawn (only on a terminal); by default standard error.

    Returns:
        The folder.

    Raises:
        UserError: no mirror has a good copy (with each mirror's reason), or the folder can't be written.
    """
    from filelock import FileLock, Timeout

    cache = cache or cache_folder()
    patience = limit * len(checksums)
    try:
        if not _missing(cache, checksums):
            return cache
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock", timeout=patience):
            names = _missing(cache, checksums)  # again: another process may have fetched them meanwhile
            wanted = {name: checksums[name] for name in names}
            _store(cache, _download(wanted, mirrors, timeout, limit, retries, progress))
    except Timeout as error:
        raise UserError(
            f"{cache}: another process has been downloading for {patience:.0f} s. End it, then try again."
        ) from error
    except OSError as error:
        raise UserError(
            f"{cache}: {error.strerror or error}, so MNIST (55 MB) can't be stored there. "
            "Make room, or set $MNIST_DIR to a folder that has it."
        ) from error
    return cache


def _missing(cache: Path, checksums: Mapping[str, str]) -> list[str]:
    """The files that are absent or damaged."""
    return [
        name
        for name, checksum in checksums.items()
        if not (cache / name).exists() or hashlib.sha256((cache / name).read_bytes()).hexdigest() != checksum
    ]


def _store(cache: Path, contents: Mapping[str, bytes]) -> None:
    """Writes all the files under temporary names first, so that a full disk leaves the folder as it was."""
    parts = {cache / f".{name}.part": name for name in contents}  # fixed names: under the lock there is one writer
    try:
        for part, name in parts.items():
            with part.open("wb") as file:
                file.write(contents[name])
                file.flush()
                os.fsync(file.fileno())
        for part, name in parts.items():
            os.replace(part, cache / name)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _download(
    wanted: Mapping[str, str],
    mirrors: Sequence[str],
    timeout: float,
    limit: float,
    retries: int,
    console: Console | None,
) -> dict[str, bytes]:
    """The verified, uncompressed contents by name."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = console or Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    contents = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        for name, checksum in wanted.items():
            task = bars.add_task(name, total=None)

            def report(received: int, total: int | None, task=task) -> None:
                bars.update(task, completed=received, total=total)

            reasons: dict[str, str] = {}
            for mirror in [*mirrors] * (1 + retries):
                try:
                    body = _body(f"{mirror}{name}.gz", timeout, limit, report)
                    contents[name] = _verified(body, checksum)
                except _MirrorError as failure:
                    reasons[mirror] = str(failure)
                    continue
                mirrors = [mirror, *(other for other in mirrors if other != mirror)]  # the one that works goes first
                break
            else:
                told = "; ".join(f"{urlsplit(mirror).netloc}: {reason}" for mirror, reason in reasons.items())
                raise UserError(
                    f"can't download {name}.gz: {told}.\n"
                    "Check the network and run `concord data fetch`, or set $MNIST_DIR to a folder that has the files."
                )
    return contents


def _body(url: str, timeout: float, limit: float, report: Callable[[int, int | None], None]) -> bytes:
    """What the server sends, within `limit` seconds.

    The work is done in a thread that can be abandoned: a look-up of the host, headers or a body that trickle in byte by
    byte never meet a socket's timeout.
    """
    from concurrent.futures import Future
    from threading import Thread

    answer: Future[bytes] = Future()
    deadline = time.monotonic() + limit

    def work() -> None:
        try:
            answer.set_result(_get(url, timeout, deadline, report))
        except Exception as error:
            answer.set_exception(error if isinstance(error, _MirrorError) else _MirrorError(_reason(error)))

    Thread(target=work, daemon=True).start()
    try:
        return answer.result(limit)
    except TimeoutError:
        raise _MirrorError(f"not done after {limit:g} s") from None


def _get(url: str, timeout: float, deadline: float, report: Callable[[int, int | None], None]) -> bytes:
    import requests

    with requests.get(url, timeout=timeout, stream=True, headers={"Accept-Encoding": "identity"}) as response:
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        body = bytearray()
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if time.monotonic() > deadline:
                raise _MirrorError("too slow")
            if len(body) > LARGEST:
                raise _MirrorError(f"sent more than {LARGEST:,} bytes")
            report(len(body), int(length) if length.isdecimal() else None)
    start = body[:64].lstrip().lower()
    if "text/html" in response.headers.get("Content-Type", "") or start.startswith((b"<!doctype html", b"<html")):
        raise _MirrorError("an HTML page instead of the file (a network's login page?)")
    return bytes(body)


def _verified(body: bytes, checksum: str) -> bytes:
    """The uncompressed content of a download, if it is the right one."""
    content = body  # some servers unpack .gz files on the way
    if body.startswith(b"\x1f\x8b"):
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST)
        except (EOFError, OSError, zlib.error):
            raise _MirrorError("truncated or damaged gzip") from None
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise _MirrorError(f"wrong content (SHA-256 {found[:8]}…, expected {checksum[:8]}…)")
    return content


def _reason(error: Exception) -> str:
    """A few words for what requests says in three lines."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refuses"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
