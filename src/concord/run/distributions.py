"""What installed distributions take on disk, from their own metadata."""

import re
from importlib import metadata
from pathlib import Path


def closure(names: tuple[str, ...]) -> dict[str, metadata.Distribution]:
    """These distributions and everything that they require here, by normal name; what isn't installed is left out."""
    found: dict[str, metadata.Distribution] = {}
    waiting, seen = list(names), set()
    while waiting:
        name = normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # required on other systems or by an extra
        waiting += [
            match[0]
            for line in found[name].requires or []
            if (match := re.match(r"[\w.-]+", line)) and "extra ==" not in line
        ]
    return found


def closure_bytes(names: tuple[str, ...]) -> int | None:
    """The bytes of these distributions and of everything that they require here; None if one isn't installed."""
    found = closure(names)
    if any(normal(name) not in found for name in names):
        return None
    return sum(size(Path(str(file.locate()))) for distribution in found.values() for file in distribution.files or [])


def size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # listed, but never made or taken away
        return 0


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
