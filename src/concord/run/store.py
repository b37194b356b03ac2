"""The store: the evidence of runs that were right to the end, and verdicts on programs, each under a digest of
everything that it depends on.

An entry is two files: the arrays, under a name that is used once, and then the facts, which name them. Facts are
written beside their place and renamed, so that an entry is whole or absent, whatever ends the process, and two
processes that prove the same at once don't mix their draws. Failures are never kept.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import Variant
from concord.run.distributions import closure

VERSION = 1  # of the entries; another version's are left alone
SIZE_LIMIT = 6 * 10**9  # bytes; all recipes take half of it. The entries that were used longest ago go first
AGE_LIMIT = 7 * 24 * 3600  # seconds: older evidence isn't used again
REPLACED_LIMIT = 24 * 3600  # seconds: whoever had begun with arrays that were replaced since has ended


@dataclass(frozen=True)
class Entry:
    """What was kept of one run: `arrays` is the file, `facts` plain values, `created` in seconds since 1970.

    A verdict has no arrays.
    """

    arrays: Path | None
    facts: dict[str, Any]
    created: float


class Store:
    """A folder of evidence.

    Args:
        folder: by default in the home of everything that runs leave behind.
        fresh: finds nothing that was there before, only what is kept from now on.
    """

    def __init__(self, folder: Path | None = None, *, fresh: bool = False):
        self.folder = (folder or paths.home() / "store") / str(VERSION)
        self.since = time.time() if fresh else 0.0

    def find(self, digest: str) -> Entry | None:
        """The entry, if there is a whole one that isn't too old."""
        facts = self._facts(digest)
        try:
            known = json.loads(facts.read_text(encoding="utf-8"))
            arrays = facts.with_name(known["arrays"]) if known["arrays"] else None
            if known["created"] < max(self.since, time.time() - AGE_LIMIT):
                return None
            if arrays:
                with zipfile.ZipFile(arrays) as file:
                    if file.testzip() is not None:
                        return None
            os.utime(facts)  # used just now
            return Entry(arrays, known["facts"], known["created"])
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None  # absent, damaged, or being taken away by another process

    def keep(self, digest: str, arrays: Path | None, facts: dict[str, Any], created: float | None = None) -> Entry:
        """Moves a file of arrays into the store, or keeps facts alone.

        Args:
            created: in seconds since 1970; now, if it isn't said.

        Raises:
            UserError: it can't be written; names the folder.
        """
        created, described = created or time.time(), self._facts(digest)
        kept = described.with_name(f"{digest}.{secrets.token_hex(6)}.npz")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            if arrays:
                arrays.replace(kept)
            partial = kept.with_suffix(".part")
            try:
                known = {"created": created, "arrays": arrays and kept.name, "facts": facts}
                partial.write_text(json.dumps(known), encoding="utf-8")
                partial.replace(described)
            finally:
                partial.unlink(missing_ok=True)
            for old in kept.parent.glob(f"{digest}.*.npz"):
                if time.time() - old.stat().st_mtime > REPLACED_LIMIT:
                    old.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"{self.folder} can't be written: {error.strerror or error}. What was proven before is kept.\n"
                "Make room (`concord store clear`), or set CONCORD_HOME to another folder."
            ) from None
        return Entry(arrays and kept, facts, created)

    def trim(self, limit: int = SIZE_LIMIT) -> None:
        """Takes away the entries that were used longest ago until the rest fits."""
        entries: defaultdict[str, list[tuple[float, int, Path]]] = defaultdict(list)
        for file in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                entries[file.name.split(".")[0]].append((file.stat().st_mtime, file.stat().st_size, file))
        held = sum(size for files in entries.values() for _, size, _ in files)
        for files in sorted(entries.values(), key=max):  # by the time of its last use, which is in the facts' file
            if held <= limit:
                return
            for _, size, file in sorted(files, key=lambda found: found[2].suffix != ".json"):
                with contextlib.suppress(OSError):
                    file.unlink()
                held -= size

    def contents(self) -> tuple[int, int, float | None]:
        """How many runs, how many bytes, and when the oldest was made."""
        made, size = [], 0
        for file in self.folder.glob("*/*"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                size += file.stat().st_size
                if file.suffix == ".json":
                    known = json.loads(file.read_text(encoding="utf-8"))
                    made += [known["created"]] if known["arrays"] else []
        return len(made), size, min(made, default=None)

    def others(self) -> list[Path]:
        """The folders of other versions, which nobody reads any more."""
        return sorted(path for path in self.folder.parent.glob("*") if path != self.folder)

    def clear(self) -> int:
        """Takes everything away, other versions' entries too; gives the bytes.

        Raises:
            UserError: something stays, because a folder can't be written.
        """
        parent = self.folder.parent
        size = size_of(parent)
        shutil.rmtree(parent, ignore_errors=True)
        if stays := size_of(parent):
            raise UserError(f"{parent} can't be cleared: {stays / 1e6:,.0f} of {size / 1e6:,.0f} MB are still there.")
        return size

    def _facts(self, digest: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.json"


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder and in those inside of it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def digest_of(**facts: Any) -> str:
    """SHA-256 (hex) over plain values."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


@cache
def installation_digest(distributions: tuple[str, ...], packages: Path | None) -> str:
    """SHA-256 over what is installed: the lists of files, with their hashes, that installing left behind (RECORD). A
    framework that was built anew under the same version is another one.

    Args:
        distributions: which of this interpreter's, with everything that they require.
        packages: the site-packages folder of an environment of its own instead, all of it.
    """
    digest = hashlib.sha256()
    if packages is not None:
        for record in sorted(packages.glob("*.dist-info/RECORD")):
            digest.update(record.read_bytes())
        return digest.hexdigest()
    for name in sorted(closure((*distributions, "numpy"))):
        with contextlib.suppress(metadata.PackageNotFoundError):
            digest.update((metadata.distribution(name).read_text("RECORD") or name).encode())
    return digest.hexdigest()


def variant_digest(variant: Variant) -> str:
    """Of everything about a variant that its results depend on: what is installed, and how it is started."""
    packages = next(iter(variant.own.folder.glob("lib/python*/site-packages")), None) if variant.own else None
    installed = installation_digest(variant.distributions, packages)
    return digest_of(
        installed=installed,
        started=[variant.environment, variant.startup, variant.imports, variant.hides, variant.devices],
        device=variant.device_code and variant.device_code.read_text(encoding="utf-8"),
    )
