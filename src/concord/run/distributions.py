"""What installed distributions take on disk, from their own metadata."""

import re
from importlib import metadata
from pathlib import Path


def closure_bytes(names: tuple[str, ...]) -> int | None:
    """The bytes of these distributions and of everything that they require here; None if one isn't installed."""
    sizes: dict[str, int] = {}
    waiting = list(names)
    while waiting:
        name = normal(waiting.pop())
        if name in sizes:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name in map(normal, names):
                return None
            continue  # required on other systems or by an extra
        sizes[name] = sum(size(Path(str(file.locate()))) for file in distribution.files or [])
        waiting += [
            match[0]
            for line in distribution.requires or []
            if (match := re.match(r"[\w.-]+", line)) and "extra ==" not in line
        ]
    return sum(sizes.values())


def size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # listed, but never made or taken away
        return 0


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
