"""Draws docs/figures/compare.svg, the picture in the README, from published comparisons.

Run from the project's root: python docs/figures/compare.py docs/results/compare-mnist_cnn.json ...
"""

import io
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.report import results


def rows(document: dict) -> list[VariantVerdict]:
    """The verdicts that a document was made from."""
    found = []
    for result in document["results"]:
        levels = [{name: level[name] for name in LevelVerdict.__dataclass_fields__} for level in result["levels"]]
        known = {name: result[name] for name in ("recipe", "variant", "versions", "depth", "accuracy")}
        found.append(VariantVerdict(**known, levels=tuple(LevelVerdict(**level) for level in levels)))
    return found


def main() -> None:
    console = Console(record=True, width=124, file=io.StringIO())
    documents = [json.loads(Path(file).read_text(encoding="utf-8")) for file in sys.argv[1:]]
    found = [row for document in documents for row in rows(document)]
    recipe, variant = (max(len(getattr(row, name)) for row in found) for name in ("recipe", "variant"))
    for row in found:
        console.print(results.lines(row, recipe, variant)[0])
    console.print()
    console.print(results.matrix(found))
    # With an id of its own, the same rows give the same file.
    picture = console.export_svg(title="concord compare", theme=DEFAULT_TERMINAL_THEME, unique_id="compare")
    Path("docs/figures/compare.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
