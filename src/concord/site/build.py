"""Everything that the site generates: files by their place in it, and the menu."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concord.ask.features import features as read_features
from concord.ask.features import written
from concord.ask.gotchas import topics
from concord.ask.symptoms import read_symptoms
from concord.project import paths
from concord.project.framework import frameworks
from concord.project.task import all_tasks
from concord.site import (
    choose,
    comparison,
    cookbook,
    correspondence,
    features,
    glossary,
    gotchas,
    guide,
    moved,
    pages,
    symptoms,
)
from concord.site.results import Results, read_pins
from concord.site.source import read_source


@dataclass
class Site:
    """Made anew for each build.

    Args:
        docs: the folder of the site's own pages, with the published measurements in `results`.
        repository: the address of the sources, `repo_url` of mkdocs.yml; without it no page names one.
    """

    docs: Path
    repository: str = ""
    results: Results = field(init=False)
    words: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        for cached in (
            frameworks,
            read_features,
            written,
            topics,
            read_symptoms,
            cookbook.usual,
            read_source,
            read_pins,
            correspondence.patterns,
        ):
            cached.cache_clear()  # the preview builds again in the same process, after something was changed
        self.results = Results(self.docs / "results", self.repository)
        self.words = glossary.entries(self.docs / "glossary.md")

    def files(self) -> dict[str, str | bytes]:
        """Every generated file by its place in the site; Markdown becomes a page, the rest stays as it is."""
        found: dict[str, str | bytes] = {}
        for task in all_tasks():
            found |= comparison.files(task, self.results)
        for framework in frameworks().values():
            folder = paths.FRAMEWORKS / framework.id
            found[f"frameworks/{framework.id}.md"] = pages.framework_page(framework, folder, self.results)
        found["recipes/index.md"] = cookbook.page(self.results)
        found |= features.pages(self.results)
        table = choose.groups(self.results)
        found |= choose.pages(table)
        found["guide.md"] = guide.page(table)
        found |= gotchas.pages(self.results)
        found |= symptoms.pages(self.results)
        found["contribute.md"] = pages.contribute(paths.CHECKOUT / "CONTRIBUTING.md")
        written = {file.relative_to(self.docs).as_posix() for file in self.docs.rglob("*.md")}
        addresses = {f"{place[:-3]}.html" for place in found.keys() | written if place.endswith(".md")}
        return found | moved.pages(self.docs / "moved.toml", addresses)

    def menu(self) -> list[dict[str, Any]]:
        """The menu, as MkDocs wants it."""
        recipes = [
            {chapter.title: [{task.specification.TITLE: f"recipes/{task.name}/index.md"} for task in chapter.tasks]}
            for chapter in cookbook.chapters()
        ]
        return [
            {"Home": ["index.md", "install.md"]},
            {"Recipes": ["recipes/index.md", *recipes, {"Words": ["glossary.md"]}]},
            {"Not learning?": "learning/index.md"},
            {"Frameworks": [{found.label: f"frameworks/{found.id}.md"} for found in frameworks().values()]},
            {"Choose": [{"Guide": "guide.md"}, {"Table": "choose.md"}]},
            {"Speed": "speed.md"},
            {"Porting": "porting.md"},
            {"Gotchas": "gotchas.md"},
            {"Proof": ["proof.md", "mutants.md", "measured.md", "compare-json.md"]},
            {"Contribute": "contribute.md"},
        ]

    def fill(self, markdown: str) -> str:
        """A hand-written page with its marks replaced."""
        return pages.fill(markdown, self.results)

    def definitions(self, markdown: str) -> str:
        """What a page ends with, so that the words of the glossary are found in it."""
        return "\n\n" + glossary.definitions(self.words, markdown)

    def linked(self, content: str, place: str) -> str:
        """A page's HTML with links into the glossary, which lies at that place from it."""
        return glossary.linked(content, self.words, place)
