"""The pages around the comparisons: home, frameworks, proof, and what hand-written pages leave to be filled in."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from concord.judge import ladder
from concord.project.framework import Framework, frameworks, variants
from concord.project.task import all_tasks
from concord.site import evidence, gotchas, mutants, proof, speed
from concord.site.comparison import install_command
from concord.site.markup import code, render
from concord.site.results import Results, pins

MARK = re.compile(r"<!-- concord: ([a-z-]+) -->")


def fill(markdown: str, results: Results) -> str:
    """Replaces each mark of a hand-written page, `<!-- concord: name -->`, by what it names.

    Raises:
        KeyError: nothing has that name.
    """
    return MARK.sub(lambda mark: str(FRAGMENTS[mark[1]](results)), markdown)


def picture(_: Results) -> Markup:
    """One task, every framework, one ladder."""
    names = [framework.label for framework in frameworks().values()]
    rungs = [level.name for level in ladder.NETWORK_LEVELS]
    return render("picture.html", names=names, rungs=rungs, rows=max(len(names), len(rungs)))


def verdicts(results: Results) -> Markup:
    """One badge for each recipe and variant."""
    tasks = all_tasks()
    rows = []
    for variant in variants().values():
        badges = []
        for task in tasks:
            measurement = results.find(task.name, variant.id)
            written = variant.framework in task.recipes
            badge = evidence.state_badge(measurement)
            if not written:
                badge = (evidence.NEUTRAL, "–", evidence.WORDS["not_written"])
            stale = evidence.staleness(results, measurement, task)
            badges.append({"task": task, "badge": badge, "measured": measurement is not None, "stale": stale})
        rows.append({"variant": variant, "badges": badges})
    unmeasured = [task for task in tasks if not results.of_recipe(task.name)]
    return render("verdicts.html", tasks=tasks, rows=rows, unmeasured=unmeasured, command=evidence.compare_command)


def gate_table(_: Results) -> Markup:
    """The ladder, from the harness's own data."""
    return render("ladder.html", networks=ladder.NETWORK_LEVELS, operations=ladder.OPERATION_LEVELS)


def recipe_cards(_: Results) -> Markup:
    return render("recipes.html", tasks=all_tasks(), frameworks=frameworks())


def reproduce(results: Results) -> Markup:
    """The command behind each results file."""
    rows = [(task, list(results.of_recipe(task.name).values())[:1]) for task in all_tasks()]
    return render("reproduce.html", rows=rows, command=evidence.compare_command)


def differences(_: Results) -> Markup:
    """Every declared difference of every framework."""
    found = [
        (framework, difference)
        for framework in frameworks().values()
        for difference in dict.fromkeys(d for v in framework.variants for d in v.known_differences)
    ]
    return render("differences.html", differences=found)


FRAGMENTS: dict[str, Callable[[Results], Markup]] = {
    "picture": picture,
    "verdicts": verdicts,
    "ladder": gate_table,
    "recipes": recipe_cards,
    "reproduce": reproduce,
    "differences": differences,
    "repeats": proof.repeats,
    "statistics": proof.statistics,
    "mutants-summary": mutants.summary,
    "mutants": mutants.matrix,
    "speed": speed.page,
}


def framework_page(framework: Framework, folder: Path, results: Results) -> str:
    """One framework: how to install it, its recipes, versions, differences and notes."""
    tasks = all_tasks()
    differences = list(dict.fromkeys(d for variant in framework.variants for d in variant.known_differences))
    installs = [(variant.label, install_command(variant)) for variant in framework.variants]
    install = render("framework.html", framework=framework, installs=installs, own=framework.variants[0].own)
    recipes = render(
        "framework_recipes.html",
        framework=framework,
        versions={variant.id: pins(variant) for variant in framework.variants},
        tasks=tasks,
        badges={
            (task.name, variant.id): evidence.state_badge(results.find(task.name, variant.id))
            for task in tasks
            for variant in framework.variants
        },
    )
    found = render("framework_gotchas.html", found=gotchas.of_framework(framework, results))
    known = render("differences.html", differences=[(framework, difference) for difference in differences])
    return f"""---
title: {framework.label}
---

# {framework.label}

{install}

## Recipes {{ #recipes }}

{recipes}

## Weights in and out {{ #weights }}

{weights(folder / "weights.py")}

## Known differences {{ #known-differences }}

{known}

## Gotchas {{ #gotchas }}

{found}

## Notes {{ #notes }}

{notes(folder / "notes.md")}
"""


def weights(path: Path) -> str:
    """A framework's weights.py: what it says of the layout, and the code below that."""
    if not path.is_file():
        return "None yet."
    text = path.read_text(encoding="utf-8")
    first = ast.parse(text).body[0]
    shown = code("\n".join(text.splitlines()[first.end_lineno :]).strip() + "\n")
    block = f'<div class="highlight"><pre tabindex="0" aria-label="weights.py"><code>{shown}</code></pre></div>'
    return f"{ast.get_docstring(ast.parse(text))}\n\n{block}"


def notes(path: Path) -> str:
    """A framework's notes without their title, for its page."""
    if not path.is_file():
        return "None yet."
    return re.sub(r"\A# .*\n+", "", path.read_text(encoding="utf-8"))


def contribute(path: Path) -> str:
    """CONTRIBUTING.md as a page."""
    return f"---\ntitle: Contribute\n---\n\n{path.read_text(encoding='utf-8')}"
