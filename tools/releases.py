"""`python tools/releases.py`: when the frameworks were released and how large their files are, from PyPI.

Writes `frameworks/releases.json`, dated; the feature matrix reads it, so that no page is made from the network.
"""

import re
import sys
import time
from datetime import date, timedelta
from typing import Any

from concord.project import paths
from concord.project.files import write_json
from concord.project.framework import Variant, variants

INDEX = "https://pypi.org/simple/{}/"
ACCEPT = "application/vnd.pypi.simple.v1+json"
RELEASE = re.compile(r"\d+(\.\d+)*(\.post\d+)?")  # what a user gets: no alphas, betas, candidates
# Best first; what pip takes for Python 3.11 on Linux, x86-64.
FILES = (
    r"-cp311-cp311-.*manylinux.*x86_64\.whl$",
    r"-cp3\d+-abi3-.*manylinux.*x86_64\.whl$",
    r"-(py2\.)?py3-none-any\.whl$",
    r"\.tar\.gz$",
)


def main() -> None:
    """Reads PyPI's list of each framework's files and writes what it says."""
    import requests

    today = time.strftime("%Y-%m-%d", time.gmtime())
    found = {}
    for variant in variants().values():
        name = variant.distributions[0]
        url = INDEX.format(name.lower().replace("_", "-"))
        answer = requests.get(url, headers={"Accept": ACCEPT}, timeout=30)
        answer.raise_for_status()
        version = installed_version(variant)
        found[name] = summary(answer.json()["files"], version, date.fromisoformat(today)) | {
            "source": f"https://pypi.org/project/{name}/#history"
        }
    path = paths.FRAMEWORKS / "releases.json"
    write_json(path, {"created": today, "index": INDEX.format("NAME"), "distributions": found})
    print(f"wrote {path}")


def installed_version(variant: Variant) -> str:
    versions = variant.versions()
    return next(iter(versions.values())).split("+")[0] if versions else ""


def summary(files: list[dict[str, Any]], installed: str, today: date) -> dict[str, Any]:
    """First and latest release, how many there were in the year up to a day, and the file of one version.

    Args:
        files: as PyPI lists them, with `filename`, `upload-time`, `size` and `yanked`.
    """
    released: dict[str, str] = {}
    for file in files:
        version = version_of(file["filename"])
        day = file["upload-time"][:10]
        if version and RELEASE.fullmatch(version) and not file.get("yanked"):
            released[version] = min(day, released.get(version, day))
    ordered = sorted(released, key=lambda version: (released[version], numbers(version)))
    # The highest version, not the last upload: that may mend an old series.
    latest = max(ordered, key=numbers)
    year_ago = (today - timedelta(days=365)).isoformat()
    return {
        "first": {"version": ordered[0], "date": released[ordered[0]]},
        "latest": {"version": latest, "date": released[latest]},
        "last_year": sum(year_ago < day <= today.isoformat() for day in released.values()),
        "file": file_for(files, installed),
    }


def version_of(filename: str) -> str:
    """The version in a wheel's or a source archive's name; empty for other files."""
    if filename.endswith(".whl"):
        return filename.split("-")[1]
    match = re.fullmatch(r".+?-(\d[^-]*?)\.(?:tar\.gz|tar\.bz2|zip)", filename)
    return match[1] if match else ""


def file_for(files: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """What pip would download: its name and its size in bytes; empty if there is nothing."""
    for pattern in FILES:
        for file in files:
            if version_of(file["filename"]) == version and re.search(pattern, file["filename"]):
                return {"name": file["filename"], "bytes": file["size"]}
    return {}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


if __name__ == "__main__":
    sys.exit(main())
