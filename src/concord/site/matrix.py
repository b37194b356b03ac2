"""The table machinery: variants as columns, one row for each thing that is known about all of them.

A row is plain data, so a new kind of evidence needs new rows and nothing else. The page, the CSV and the JSON are made
from the same rows.
"""

import csv
import io
import json
import math
import re
from dataclasses import asdict, dataclass, field

from markupsafe import Markup

from concord.project.framework import Variant, frameworks, variants
from concord.project.task import Task
from concord.site.cookbook import unwritten, usual
from concord.site.markup import render

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Cell:
    """One figure. `value` is what is sorted and downloaded, None where nothing is known; `link` leads to its evidence.

    `tone` is a step of the colour scale: 1 (near the best) to 4 (far from it), or a badge's; `note` says it in words.
    `rank` is what words are sorted by. `lacks` is why a reader who needs this can't count on it as it is: "lacks",
    "unknown", or what it takes. `ratio` is a figure's to the best, and `times` says it; `detail` is what a click tells.
    `means` is what counts when columns are compared, where it isn't what `meaning` makes of the rest. `stale` is why a
    figure no longer speaks for what is written now.
    """

    text: str
    value: float | str | None = None
    link: str = ""
    note: str = ""
    tone: str = ""
    rank: int | None = None
    lacks: str = ""
    ratio: float | None = None
    times: str = ""
    detail: str = ""
    means: str = ""
    stale: str = ""

    @property
    def meaning(self) -> str:
        """Figures differ if they are another step of the colour scale, everything else if its words do, not its digits.

        Empty where nothing is known: that is no difference.
        """
        if self.value is None:
            return ""
        return self.means or (self.tone if self.times else re.sub(r"[^a-z]+", " ", self.text.lower()).strip())


@dataclass(frozen=True)
class Row:
    id: str
    label: str
    unit: str = ""
    about: str = ""
    measure: str = ""  # the command that would fill the cells that aren't measured
    cells: dict[str, Cell] = field(default_factory=dict)
    needed: bool = False  # whether a reader may say: I need this


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]
    summary: dict[str, str] = field(default_factory=dict)  # by variant, in a few words


def unknown(task: Task, variant: Variant) -> Cell:
    """A cell without evidence."""
    if variant.framework not in task.recipes:
        missing = unwritten(task, frameworks()[variant.framework])
        return Cell(missing.words, note=missing.sentence or f"{task.file_name(variant.framework)} is missing")
    return Cell(NOT_MEASURED)


def table(name: str, groups: list[Group], placeholder: str, legend: Markup) -> Markup:
    """The table with its tools. `name` is that of the files to download; the placeholder shows what to filter by."""
    return render(
        "matrix.html",
        name=name,
        groups=groups,
        columns=columns(),
        left_out=[variant for variant in variants().values() if variant not in usual_variants()],
        placeholder=placeholder,
        legend=legend,
        scaled=any(cell.times for group in groups for row in group.rows for cell in row.cells.values()),
    )


@dataclass(frozen=True)
class Column:
    """A variant, the family that it stands under, if there are several of it, and what that leaves of its name."""

    variant: Variant
    family: str
    short: str


def usual_variants() -> list[Variant]:
    """Those of the frameworks that most recipes are written in: of another one the table would know next to nothing."""
    ids = {framework.id for framework in usual()}
    return [variant for variant in variants().values() if variant.framework in ids]


def columns() -> list[Column]:
    """The usual variants in the order of the tables."""
    families = [family(variant) for variant in usual_variants()]
    found = []
    for variant, name in zip(usual_variants(), families, strict=True):
        shared = families.count(name) > 1
        short = variant.label.removeprefix(f"{name} ") if shared else variant.label
        found.append(Column(variant, name if shared else "", short))
    return found


def family(variant: Variant) -> str:
    """What a framework and its older or other forms have in common: Keras, TensorFlow."""
    oldest = frameworks()[variant.framework.partition("_")[0]]
    return re.sub(r" \d+$", "", oldest.label)


def files(name: str, groups: list[Group]) -> dict[str, str | bytes]:
    """The table to download."""
    return {f"{name}.json": as_json(groups), f"{name}.csv": as_csv(groups)}


def as_json(found: list[Group]) -> str:
    columns = [{"id": v.id, "label": v.label, "framework": v.framework} for v in variants().values()]
    document = {"columns": columns, "groups": [asdict(group) for group in found]}
    assert all(
        not isinstance(cell.value, float) or math.isfinite(cell.value)
        for group in found
        for line in group.rows
        for cell in line.cells.values()
    )
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def as_csv(found: list[Group]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["group", "row", "unit", *variants()])
    for group in found:
        for line in group.rows:
            values = [line.cells[id].value for id in variants()]
            writer.writerow([group.title, line.label, line.unit, *("" if v is None else v for v in values)])
    return file.getvalue()
