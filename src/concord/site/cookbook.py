"""The recipes as a book: their chapters, their pictures, and the page that shows all of them."""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from concord.ask.gotchas import topics
from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import REFERENCE, Framework, frameworks
from concord.project.task import Task, all_tasks
from concord.site.markup import render
from concord.site.results import Results, outdated_program

REST = "More"  # the chapter of the recipes that no chapter names
LEVELS = ("easy", "medium", "hard")  # most recipes are medium, and listed in neither of the others
LINK = re.compile(r"\]\(\.\./(\w+)/README\.md")  # from one recipe to another, where the sources are read
GOTCHA = re.compile(r"`gotchas/(\w+)\.py`")
VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True)
class Chapter:
    title: str
    tasks: list[Task]
    levels: dict[str, str]  # by recipe, how hard it is

    @property
    def id(self) -> str:
        """Its stable name in a link."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Picture:
    """What stands at the top of a recipe's page. The size is that of its coordinates."""

    alt: str
    width: int
    height: int


def chapters(file: Path | None = None) -> list[Chapter]:
    """All recipes in the order of the book; those that no chapter names come last.

    Raises:
        UserError: the file can't be read, or names a recipe that doesn't exist, or one twice.
    """
    file = file or paths.RECIPES / "chapters.toml"
    rest = {task.name: task for task in sorted(all_tasks(), key=lambda task: task.name)}
    known, found = list(rest), []
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        listed = [(str(one["title"]), list(one["recipes"])) for one in written["chapters"]]
        levels = {name: level for level in LEVELS for name in written.get(level, ())}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"{file} can't be read: {type(error).__name__}: {error}.\n"
            'It lists [[chapters]], each with a title = "…" and recipes = ["…"].'
        ) from None
    for name in (*levels, *(name for _, names in listed for name in names)):
        if name not in known:
            raise UserError(f"{file}: " + nearest("recipe", name, known))
    for title, names in listed:
        for name in names:
            if name not in rest or names.count(name) > 1:
                raise UserError(f"{file} names {name} twice.\nA recipe has one place in the book.")
        found.append(Chapter(title, [rest.pop(name) for name in names], levels))
    return [chapter for chapter in (*found, Chapter(REST, list(rest.values()), levels)) if chapter.tasks]


def talk(file: Path | None = None) -> dict[str, list[Task]]:
    """The talk's topics in the order of its slides, each with its recipes.

    Raises:
        UserError: the file can't be read, or names a recipe that doesn't exist.
    """
    file = file or paths.RECIPES / "chapters.toml"
    known = {task.name: task for task in all_tasks()}
    try:
        topics = {str(topic): list(names) for topic, names in tomllib.loads(file.read_text("utf-8"))["talk"].items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{file} can't be read: {type(error).__name__}: {error}.\nIts table [talk] lists recipes by topic."
        ) from None
    for name in (name for names in topics.values() for name in names):
        if name not in known:
            raise UserError(f"{file}: " + nearest("recipe", name, known))
    return {topic: [known[name] for name in names] for topic, names in topics.items()}


def in_order() -> list[Task]:
    """All recipes, one chapter after the other."""
    return [task for chapter in chapters() for task in chapter.tasks]


@cache
def usual() -> list[Framework]:
    """The frameworks that most recipes are written in. One that is for something else, as CUDA is, isn't among them."""
    tasks = all_tasks()
    return [found for found in frameworks().values() if 2 * sum(found.id in t.recipes for t in tasks) > len(tasks)]


def asked(task: Task) -> list[Framework]:
    """The frameworks that a recipe is asked of: the usual ones, and what else it is written in."""
    wanted = {framework.id for framework in usual()} | task.recipes.keys()
    return [framework for framework in frameworks().values() if framework.id in wanted]


@dataclass(frozen=True)
class Unwritten:
    """Why a framework has no program for a recipe: a few words; with a sentence and its source where it can't have."""

    words: str
    sentence: str = ""
    source: str = ""


def unwritten(task: Task, framework: Framework) -> Unwritten:
    """What stands in the place of a program that isn't there."""
    if framework.id in task.not_possible:
        return Unwritten("not possible", *task.not_possible[framework.id])
    return Unwritten("not written yet" if framework in asked(task) else "not asked of it")


def picture(task: Task) -> Picture | None:
    """A recipe's picture, if it is drawn. Its figure.py says what it shows."""
    file, code = task.folder / "figure-light.svg", task.folder / "figure.py"
    if not file.is_file() or not (code.is_file() or task.settings):
        return None
    view = VIEW.search(file.read_text(encoding="utf-8"))
    if not view:
        raise UserError(f"{file} has no viewBox.\n`concord compare {task.name} --publish` draws it anew.")
    if task.settings:
        says = task.specification.FIGURE["says"]
    else:
        says = ast.get_docstring(ast.parse(code.read_text(encoding="utf-8"))) or task.specification.TITLE
    return Picture(" ".join(says.split()), round(float(view[1])), round(float(view[2])))


def split_readme(text: str) -> tuple[str, str, str]:
    """A README without its title: the first paragraph; what follows, under a heading; its sources, which come last."""
    body = LINK.sub(r"](../\1/index.md", text.split("\n", 1)[1].strip())
    body = GOTCHA.sub(lambda found: f"[{topics()[found[1]].title}](../../gotchas/{found[1]}.md)", body)
    lead, _, rest = body.partition("\n\n")
    rest, heading, sources = rest.partition("## Source\n")
    return lead, rest if rest.startswith("## ") else f"## In numbers {{ #numbers }}\n\n{rest}", heading + sources


def run_time(task: Task, results: Results) -> str:
    """How long the NumPy program takes, in words, if it was timed; of an experiment, how often it trains, and how long
    the proof of all that took in NumPy."""
    if task.of:
        trainings, proof = f"{len(task.settings)} trainings", results.find(task.name, REFERENCE)
        known = proof and proof.result["seconds"] and not outdated_program(task, REFERENCE, proof.result)
        return f"{trainings}, proven in NumPy in {told(proof.result['seconds'])}" if proof and known else trainings
    seconds = results.recorded(task, REFERENCE).get("seconds")
    return "" if seconds is None else told(seconds)


def told(seconds: float) -> str:
    return "seconds" if seconds < 20 else "a minute" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def page(results: Results) -> str:
    """The Markdown of the page with all recipes."""
    book = chapters()
    times = {task.name: run_time(task, results) for chapter in book for task in chapter.tasks}
    pictures = {task.name: picture(task) for chapter in book for task in chapter.tasks}
    sections = "\n\n".join(
        f"## {chapter.title} {{ #{chapter.id} }}\n\n"
        + render(
            "chapter.html",
            chapter=chapter,
            pictures=pictures,
            frameworks=frameworks(),
            usual=usual(),
            times=times,
        )
        for chapter in book
    )
    labels = [framework.label for framework in frameworks().values()]
    most = max(len(task.recipes) for chapter in book for task in chapter.tasks)
    filters = render("filters.html", chapters=book, frameworks=frameworks().values(), levels=LEVELS)
    return f"""---
title: All recipes
description: Every recipe of the cookbook, chapter by chapter, with its picture.
hide: [toc]
---

# Recipes

Each recipe answers one question with one small program, in up to {most} of {len(labels)} frameworks:
{", ".join(labels[:-1])} and {labels[-1]}. Read them in this order, or start where you are curious.
If your network isn't learning, [begin with what you see](../learning/index.md).

{filters}

{sections}

## The talk, topic by topic {{ #talk }}

The cookbook comes from a talk about deep learning. These are its topics in their order, each with its recipes.

{render("talk.html", topics=talk())}
"""
