"""Environments of their own, for frameworks that can't live beside the others: made on first use, kept, mended.

An environment is a folder under `<home>/environments/`. It is built beside its place and renamed when it is complete,
so a killed creation leaves nothing that looks finished. A stamp says from which pins it was made and what lies in it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from concord.project import paths
from concord.project.outcomes import Outcome

STAMP = "concord.json"
VERSION_QUESTION = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
COPY_TO_PACKAGES = "import shutil, sys, sysconfig; shutil.copy(sys.argv[1], sysconfig.get_path('purelib'))"
INSTALL_LIMIT = 900  # seconds


class NoEnvironmentError(Exception):
    """There is no environment and none can be made. `outcome` is one of the closed set; the message is its reason."""

    def __init__(self, outcome: Outcome, reason: str):
        super().__init__(reason)
        self.outcome: Outcome = outcome


@dataclass(frozen=True)
class OwnEnvironment:
    """What a framework asks for: the pins, and the Python versions from `oldest` up to, but not including, `newest`."""

    framework: str
    requirements: Path
    oldest: tuple[int, int]
    newest: tuple[int, int]
    megabytes: int  # about how much it takes when it is installed

    def startup_files(self) -> list[Path]:
        """The `*.pth` files beside the pins: Python runs their lines at each start in the environment. (A
        `sitecustomize.py` would not do: Debian's Python has one of its own, which comes first.)"""
        return sorted(self.requirements.parent.glob("*.pth"))

    @property
    def folder(self) -> Path:
        return paths.home() / "environments" / self.framework

    @property
    def python(self) -> Path:
        return interpreter_in(self.folder)

    def digest(self) -> str:
        """Changes with everything that a rebuild depends on."""
        files = [self.requirements, *self.startup_files()]
        asked = [self.oldest, self.newest, *(path.read_text(encoding="utf-8") for path in files)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    def state(self) -> str:
        """ "ready", "absent", "outdated" (its pins have changed) or "damaged" (files are missing or differ)."""
        stamp = read_stamp(self.folder)
        if stamp is None:
            return "damaged" if self.folder.exists() else "absent"
        if stamp.get("digest") != self.digest():
            return "outdated"
        if not os.access(self.python, os.X_OK) or stamp.get("contents") != contents(self.folder):
            return "damaged"
        return "ready"

    def versions(self, distributions: tuple[str, ...]) -> dict[str, str] | None:
        """The versions of what is installed in it, or of what would be: read from its pins."""
        pinned = dict(
            re.findall(r"^([\w.-]+)==([\w.+!-]+)", self.requirements.read_text(encoding="utf-8"), re.MULTILINE)
        )
        known = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
        found = {name: known.get(name.lower().replace("_", "-")) for name in distributions}
        return {name: version for name, version in found.items() if version} or None


def ensure(own: OwnEnvironment, announce: Callable[[str], None] = lambda what: None) -> Path:
    """The environment's interpreter; makes or mends the environment first if need be.

    Two processes at once make it once: the second waits for the first.

    Raises:
        NoEnvironmentError: no suitable Python, no network, a broken pin, a full disk.
    """
    if own.state() == "ready":
        return own.python
    from filelock import FileLock

    try:
        own.folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(own.folder.parent / f".{own.framework}.lock"):
            if own.state() != "ready":
                create(own, announce)
    except OSError as error:
        raise NoEnvironmentError("not_installed", f"{own.folder}: {error.strerror or error}") from None
    return own.python


def create(own: OwnEnvironment, announce: Callable[[str], None]) -> None:
    """Builds the environment beside its place and renames it when it is complete. The lock must be held."""
    interpreter = find_interpreter(own.oldest, own.newest)
    if interpreter is None:
        oldest, last = ".".join(map(str, own.oldest)), f"{own.newest[0]}.{own.newest[1] - 1}"
        reason = f"needs Python {oldest} to {last}, and none is on the path, under pyenv or known to uv"
        raise NoEnvironmentError("not_installed", reason)
    clear_partial(own)
    partial = own.folder.parent / f".{own.framework}.{os.getpid()}.part"
    announce(f"making the environment of {own.framework} (about {own.megabytes} MB, once)")
    try:
        call([str(interpreter), "-m", "venv", str(partial)])
        install = [str(interpreter_in(partial)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        call([*install, "--requirement", str(own.requirements)])
        for file in own.startup_files():
            call([str(interpreter_in(partial)), "-I", "-c", COPY_TO_PACKAGES, str(file)])
        stamp = {"digest": own.digest(), "python": str(interpreter), "made": time.time(), "contents": contents(partial)}
        (partial / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
        remove(own)
        partial.rename(own.folder)
    finally:
        clear_partial(own)  # again: what a killed creation had started may have gone on writing for a while


def clear_partial(own: OwnEnvironment) -> None:
    """Removes what isn't complete, of this creation and of any that was killed. The lock must be held."""
    for partial in own.folder.parent.glob(f".{own.framework}.*.part"):
        shutil.rmtree(partial, ignore_errors=True)


def remove(own: OwnEnvironment) -> bool:
    """Removes the environment, whatever its state; says whether there was one."""
    if not own.folder.exists():
        return False
    (own.folder / STAMP).unlink(missing_ok=True)  # first: what is left of a killed removal doesn't look finished
    shutil.rmtree(own.folder)
    return True


def distrust(own: OwnEnvironment) -> None:
    """Marks an environment whose framework doesn't start, so that the next use makes it anew."""
    (own.folder / STAMP).unlink(missing_ok=True)


def call(command: list[str]) -> None:
    """Runs a step of a creation.

    Raises:
        NoEnvironmentError: it failed; the reason is its last error line.
    """
    try:
        finished = subprocess.run(
            command,
            env={name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=INSTALL_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise NoEnvironmentError("timeout", f"installing took more than {INSTALL_LIMIT} s") from None
    if finished.returncode:
        raise NoEnvironmentError(
            "not_installed", f"its environment can't be made: {reason(finished.stdout, finished.stderr)}"
        )


def reason(output: str, errors: str) -> str:
    """The line of pip's or venv's output that says most: a full disk and a missing network before anything else."""
    lines = [line.strip() for line in (output + "\n" + errors).splitlines() if line.strip()]
    for clue, meaning in (
        ("No space left on device", "no space left on the device"),
        ("Failed to establish a new connection", "the package index can't be reached: no network?"),
        ("Temporary failure in name resolution", "the package index can't be reached: no network?"),
        ("Name or service not known", "the package index can't be reached: no network?"),
    ):
        if any(clue in line for line in lines):
            return meaning
    told = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["no reason was given"]
    hint = " (no network, or a misspelt name?)" if "(from versions: none)" in told[0] else ""
    return told[0].removeprefix("ERROR:").strip()[:300] + hint


@cache
def find_interpreter(oldest: tuple[int, int], newest: tuple[int, int]) -> Path | None:
    """An interpreter with a version from `oldest` up to, but not including, `newest`, and the module venv.

    Looked for in this order: the running one, `python3.x` on the path, pyenv's versions, uv's.
    """
    for candidate in interpreters(oldest, newest):
        try:
            answer = subprocess.run(
                [str(candidate), "-c", VERSION_QUESTION], capture_output=True, encoding="utf-8", timeout=20
            )
            major, minor = answer.stdout.split(".")
        except (OSError, ValueError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and oldest <= (int(major), int(minor)) < newest:
            return candidate
    return None


def interpreters(oldest: tuple[int, int], newest: tuple[int, int]) -> Iterator[Path]:
    """Candidates; those that are called by their version come newest first."""
    yield Path(sys.executable)
    minors = range(newest[1] - 1, oldest[1] - 1, -1)
    for minor in minors:
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in minors:
        yield from sorted(pyenv.glob(f"3.{minor}.*/bin/python"), reverse=True)
    if uv := shutil.which("uv"):
        for minor in minors:
            answer = subprocess.run(
                [uv, "python", "find", "--no-python-downloads", f"3.{minor}"], capture_output=True, encoding="utf-8"
            )
            if answer.returncode == 0:
                yield Path(answer.stdout.strip())


def interpreter_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_stamp(folder: Path) -> dict | None:
    try:
        return json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def contents(folder: Path) -> list[int]:
    """The number of installed files and their bytes: enough to see that something was deleted or edited by hand."""
    count = size = 0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            if name != STAMP and not name.endswith(".pyc"):
                count += 1
                size += os.lstat(os.path.join(root, name)).st_size
    return [count, size]


def size_on_disk(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(os.lstat(os.path.join(root, name)).st_size for root, _, files in os.walk(folder) for name in files)
