"""The pages around the comparisons: home, frameworks, proof, and what hand-written pages leave to be filled in."""

import ast
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from concord.judge import ladder
from concord.project.framework import Framework, frameworks, variants
from concord.project.task import Task, find_task
from concord.site import cookbook, evidence, gotchas, mutants, proof, speed
from concord.site.comparison import install_command
from concord.site.markup import code, error_figure, render
from concord.site.results import Results, pins
from concord.site.source import read_source

SHOWN_RECIPE, SHOWN_VARIANTS = "mnist_cnn", ("pytorch", "tensorflow")  # on the first page
PORTED = ("keras", "pytorch")  # on the page about porting
MARK = re.compile(r"<!-- concord: ([a-z-]+) -->")


def fill(markdown: str, results: Results) -> str:
    """Replaces each mark of a hand-written page, `<!-- concord: name -->`, by what it names.

    Raises:
        KeyError: nothing has that name.
    """
    return MARK.sub(lambda mark: str(FRAGMENTS[mark[1]](results)), markdown)


def training_step(results: Results) -> Markup:
    """A network's training step in two frameworks, from their files, and how closely their gradients agree."""
    task = find_task(SHOWN_RECIPE)
    found = {id: results.find(task.name, id) for id in SHOWN_VARIANTS}
    verdicts = [verdict for m in found.values() if m for verdict in m.levels("gradients")]
    errors = [verdict["error"] for verdict in verdicts if verdict["precision"] == "float64" and verdict["passed"]]
    stale = [why for m in found.values() if (why := evidence.staleness(m, task))]
    cells = [
        {
            "framework": framework,
            "file": task.recipes[framework.id].name,
            "code": code(step_of_training(task.recipes[framework.id].read_text(encoding="utf-8"))),
        }
        for framework in (frameworks()[variants()[id].framework] for id in SHOWN_VARIANTS)
    ]
    known = len(errors) == len(SHOWN_VARIANTS) and all(isinstance(error, (int, float)) for error in errors)
    return render(
        "training_step.html",
        task=task,
        cells=cells,
        error=error_figure(max(errors)) if known else "",
        stale=stale[0] if stale else "",
        show=",".join(cell["framework"].id for cell in cells),
    )


def ported(_: Results) -> Markup:
    """A network and its training in two frameworks, from their files."""
    task = find_task(SHOWN_RECIPE)
    sides = [(frameworks()[id], read_source(task.recipes[id])) for id in PORTED]
    steps = {
        step: [
            {"framework": framework, "file": source.path.name, "code": code(source.cells[step])}
            for framework, source in sides
        ]
        for step in ("Network", "Train")
    }
    return render("ported.html", task=task, steps=steps, show=",".join(PORTED))


def numbers(results: Results) -> Markup:
    """How much there is, and how many wrong programs were caught."""
    written = cookbook.in_order()
    wrong = [row for row in results.latest("mutants")[1].get("results", []) if not row["equivalent"]]
    return render(
        "numbers.html",
        recipes=len(written),
        programs=sum(len(task.recipes) for task in written if not task.of),
        frameworks=len(frameworks()),
        wrong=len(wrong),
        caught=sum(bool(row["killed_by"]) for row in wrong),
    )


def step_of_training(text: str) -> str:
    """One training step, as a recipe's source has it: its function `step`, else the innermost loop of `train`."""
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if "step" in functions:
        node, first = (
            functions["step"],
            min(part.lineno for part in (functions["step"], *functions["step"].decorator_list)),
        )
    else:
        node = [inner for inner in ast.walk(functions["train"]) if isinstance(inner, ast.For)][-1]
        first = node.lineno
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno])) + "\n"


def book(_: Results) -> Markup:
    """The chapters with their recipes, as links."""
    return render("book.html", chapters=cookbook.chapters())


def verdicts(results: Results) -> Markup:
    """One badge for each recipe and variant."""
    chapters = []
    for chapter in cookbook.chapters():
        rows = [{"task": task, "badges": badges(task, results)} for task in chapter.tasks]
        chapters.append({"title": chapter.title, "rows": rows})
    unmeasured = [task for task in cookbook.in_order() if not results.of_recipe(task.name)]
    return render("verdicts.html", chapters=chapters, variants=variants(), unmeasured=unmeasured)


def badges(task: Task, results: Results) -> list[dict[str, Any]]:
    """One recipe's state in each variant."""
    found = []
    for variant in variants().values():
        measurement = results.find(task.name, variant.id)
        found.append(
            {
                "variant": variant,
                "badge": evidence.badge_of(task, variant, measurement),
                "unwritten": evidence.unwritten(task, variant),
                "measured": measurement is not None,
                "stale": evidence.staleness(measurement, task),
            }
        )
    return found


def gate_table(_: Results) -> Markup:
    """The ladder, from the harness's own data."""
    ladders = {
        "A network, every run (full)": ladder.NETWORK_LEVELS,
        "A network, few strong runs (quick)": ladder.QUICK_NETWORK_LEVELS,
        "An operation": ladder.OPERATION_LEVELS,
    }
    return render("ladder.html", ladders=ladders)


def weights_links(_: Results) -> Markup:
    """Each framework's own page says what goes where."""
    return render("weights_links.html", frameworks=frameworks())


def reproduce(results: Results) -> Markup:
    """The command behind each results file."""
    rows = [(task, list(results.of_recipe(task.name).values())[:1]) for task in cookbook.in_order()]
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
    "numbers": numbers,
    "training-step": training_step,
    "ported": ported,
    "book": book,
    "weights": weights_links,
    "verdicts": verdicts,
    "ladder": gate_table,
    "reproduce": reproduce,
    "differences": differences,
    "repeats": proof.repeats,
    "mutants-summary": mutants.summary,
    "mutants": mutants.matrix,
    "speed": speed.page,
}


def framework_page(framework: Framework, folder: Path, results: Results) -> str:
    """One framework: how to install it, its recipes, versions, differences and notes."""
    tasks = [task for task in cookbook.in_order() if framework in cookbook.asked(task)]
    differences = list(dict.fromkeys(d for variant in framework.variants for d in variant.known_differences))
    installs = [(variant.label, install_command(variant)) for variant in framework.variants]
    install = render("framework.html", framework=framework, installs=installs, own=framework.variants[0].own)
    recipes = render(
        "framework_recipes.html",
        framework=framework,
        versions={variant.id: pins(variant) for variant in framework.variants},
        tasks=tasks,
        badges={
            (task.name, variant.id): evidence.badge_of(task, variant, results.find(task.name, variant.id))
            for task in tasks
            for variant in framework.variants
        },
        unwritten={task.name: evidence.unwritten(task, framework.variants[0]) for task in tasks},
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
