"""Draws docs/figures/compare.svg, the picture in the README, from a published comparison.

Run from the project's root: python docs/figures/compare.py docs/results/compare-mnist_cnn.json
"""

import io
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project.task import find_task
from concord.report import results as report


def rows(document: dict) -> list[VariantVerdict]:
    """The verdicts that a document was made from."""
    fields = VariantVerdict.__dataclass_fields__
    found = []
    for result in document["results"]:
        levels = [{name: level[name] for name in LevelVerdict.__dataclass_fields__} for level in result["levels"]]
        values = {name: result[name] for name in fields if name in result}
        values["levels"] = tuple(LevelVerdict(**level) for level in levels)
        found.append(VariantVerdict(**values))
    return found


def main() -> None:
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = rows(document)
    console = Console(record=True, width=report.WIDE, file=io.StringIO())
    console.print(*report.tables(find_task(found[0].recipe), found, document["data"]["name"], console.width))
    epochs = f" --epochs {len(found[0].history)}" if len(found[0].history) > 1 else ""
    title = f"concord compare {found[0].recipe}{epochs}"
    # With an id of its own, the same table gives the same file.
    picture = console.export_svg(title=title, theme=DEFAULT_TERMINAL_THEME, unique_id="compare")
    Path("docs/figures/compare.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
