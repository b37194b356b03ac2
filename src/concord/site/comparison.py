"""The side-by-side page of a recipe, and a page for each of its files."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from concord.project.framework import Framework, Variant, frameworks, variants
from concord.project.task import Task
from concord.site import cookbook, correspondence, evidence, experiment, symptoms, touch
from concord.site.markup import code, inline, render
from concord.site.results import Results, pins
from concord.site.source import Source, differing_lines, notebook, read_source

GITHUB = "https://github.com/"
FIRST_SHOWN = ("keras", "pytorch")  # to a reader who hasn't chosen yet, as far as they are written


@dataclass(frozen=True)
class Way:
    """A way of running a downloaded recipe: what makes it run, at the versions that were measured, and the command."""

    label: str
    install: str
    run: str


@dataclass(frozen=True)
class Column:
    """One framework on a recipe's page. `source` is None where its file isn't written yet.

    `printed` is what the program is known to print, as it is now; `elsewhere` are addresses of other hosts, by name;
    `unwritten` is why there is no file.
    """

    framework: Framework
    source: Source | None
    file: str
    ways: list[Way]
    printed: str
    elsewhere: dict[str, str]
    unwritten: cookbook.Unwritten | None

    def notebook(self) -> str:
        """The file with a cell that installs what it needs, and with what it prints."""
        assert self.source
        return notebook(self.source, self.ways[0].install, self.printed)


def columns(task: Task, results: Results) -> list[Column]:
    """Every framework in the order of the tables. One for something else, as CUDA is, only where it's written."""
    found = []
    for framework in cookbook.asked(task):
        path = task.recipes.get(framework.id)
        file = f"{task.name}_{framework.id}.py"
        source = read_source(path) if path else None
        printed = results.recorded(task, framework.id).get("printed", "")
        hosts = elsewhere(results.repository, task, framework, file) if source else {}
        unwritten = None if source else cookbook.unwritten(task, framework)
        found.append(Column(framework, source, file, ways(framework, file), printed, hosts, unwritten))
    return found


def elsewhere(repository: str, task: Task, framework: Framework, file: str) -> dict[str, str]:
    """Where a file can be read and run on other hosts; nothing without a repository on GitHub.

    Colab and Kaggle read notebooks from the branch that .github/workflows/pages.yml writes. They have no environment of
    a framework's own.
    """
    if not repository.startswith(GITHUB):
        return {}
    found = {"source": f"{repository}/blob/main/recipes/{task.name}/{file}"}
    if not framework.variants[0].own:
        book = f"{repository}/blob/notebooks/recipes/{task.name}/{file.removesuffix('.py')}.ipynb"
        found["Colab"] = book.replace(GITHUB, "https://colab.research.google.com/github/")
        found["Kaggle"] = f"https://www.kaggle.com/kernels/welcome?src={quote(book, safe='')}"
    return found


def install_command(variant: Variant) -> str:
    """The distributions of a variant at the versions that were measured, or its environment. NumPy is named because
    recipes import it, and PyTorch doesn't bring it."""
    if variant.own:
        return variant.install_command()
    asked = pins(variant) | pins(variants()["numpy"])
    return f"pip install {' '.join(f'{name}=={version}' for name, version in asked.items())}"


def ways(framework: Framework, file: str) -> list[Way]:
    """Once, or once for each variant that an environment variable chooses."""
    python = f".concord/environments/{framework.id}/bin/python" if framework.variants[0].own else "python"
    chosen = selectors(framework)
    return [
        Way(
            variant.label,
            install_command(variant),
            " ".join([*(f"{name}={variant.environment[name]}" for name in chosen), python, file]),
        )
        for variant in (framework.variants if chosen else framework.variants[:1])
    ]


def selectors(framework: Framework) -> list[str]:
    """The environment variables that have another value in each of several variants."""
    environments = [variant.environment for variant in framework.variants]
    if len(environments) < 2:
        return []
    common = set.intersection(*map(set, environments))
    return sorted(name for name in common if len({values[name] for values in environments}) == len(environments))


def family(framework: str) -> str:
    """Frameworks of one family are close enough for a line-by-line comparison: keras and keras_theano."""
    return framework.split("_")[0]


def cell(task: Task, step: str, column: Column, written: list[Column]) -> dict[str, Any]:
    """One step in one framework."""
    text = column.source.cells[step] if column.source else ""
    relatives = [
        other
        for other in written
        if other is not column and family(other.framework.id) == family(column.framework.id) and column.source
    ]
    return {
        "column": column,
        "id": f"{anchor(step)}-{column.framework.id}",
        "note": column.source.notes.get(step, "") if column.source else "",
        "code": code(text, correspondence.marks(column.framework.id, text) if task.kind == "network" else ()),
        "printed": column.printed if step == task.steps[-1] else "",
        "differs": {
            other.framework.id: " ".join(map(str, differing_lines(text, other.source.cells[step])))
            for other in relatives
            if other.source
        },
    }


def anchor(step: str) -> str:
    """A step's stable name in a link."""
    return step.lower().replace(" ", "-")


def shown_first(task: Task) -> list[str]:
    """The two columns for a reader who hasn't chosen."""
    written = list(task.recipes)
    wanted = [id for id in FIRST_SHOWN if id in written]
    return [*wanted, *(id for id in frameworks() if id in written and id not in wanted)][:2]


def side_by_side(task: Task, results: Results) -> str:
    """The programs next to each other, step by step; nothing of an experiment, which has none of its own."""
    if task.kind == "experiment":
        return ""
    every = columns(task, results)
    written = [column for column in every if column.source]
    steps = [
        {"title": step, "id": anchor(step), "cells": [cell(task, step, column, written) for column in every]}
        for step in task.steps
    ]
    return render(
        "comparison.html",
        task=task,
        columns=every,
        steps=steps,
        shown=shown_first(task),
        parts=correspondence.PARTS if task.kind == "network" else (),
        inline=inline,
    )


def page(task: Task, results: Results) -> str:
    """The Markdown of a recipe's page."""
    lead, rest, source = cookbook.split_readme((task.folder / "README.md").read_text(encoding="utf-8"))
    standing = evidence.standing(task, results)
    apart = experiment.apart(task, results)
    top = render(
        "recipe.html",
        task=task,
        answer=getattr(task.specification, "ANSWER", ""),
        picture=cookbook.picture(task),
        standing=standing,
        apart=apart,
    )
    return f"""---
title: "{task.specification.TITLE}"
description: "{task.specification.QUESTION}"
hide: [toc]
---

# {task.specification.TITLE} {{ #title }}

{top}

{lead}

{touch.figure(task, results)}

{side_by_side(task, results)}

{experiment.settings(task, results)}

{rest}

{symptoms.leading_to(task.name)}

## Evidence {{ #evidence }}

{evidence.section(task, results, standing)}

{source}
"""


def files(task: Task, results: Results) -> dict[str, str | bytes]:
    """Everything of one recipe, by its place in the site."""
    here = f"recipes/{task.name}"
    own = task.kind != "experiment"
    found: dict[str, str | bytes] = {f"{here}/index.md": page(task, results)}
    for column in columns(task, results):
        if column.source and own:
            found[f"{here}/{column.file}"] = column.source.text
            found[f"{here}/{column.file.removesuffix('.py')}.ipynb"] = column.notebook()
            found[f"{here}/{column.framework.id}.md"] = whole_file(task, column)
    for file in sorted([*task.folder.glob("*.svg"), *task.folder.glob("*.png")]):
        found[f"{here}/{file.name}"] = file.read_bytes()
    return found


def whole_file(task: Task, column: Column) -> str:
    """The page of one file. Search leaves it out: it would find everything twice."""
    assert column.source
    body = render("file.html", task=task, column=column, code=code(column.source.text))
    return f"""---
title: "{column.file}"
hide: [navigation, toc]
search:
  exclude: true
---

# {column.file}

{body}
"""
