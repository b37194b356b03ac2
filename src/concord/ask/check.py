"""`concord check FILE`: the first checks of a user's own program, one with the functions of a recipe.

Each runs in a worker of the program's framework and ends in a sentence: what was found, what was expected, and where to
look. A check that hangs or crashes costs itself alone.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concord.data import datasets as data
from concord.data.accepted import check_as_mnist
from concord.project.errors import UserError
from concord.project.framework import Variant, frameworks, select_variants
from concord.project.structure import imported
from concord.run.evidence import new_folder
from concord.run.pool import Workers
from concord.run.process import Answer

if TYPE_CHECKING:
    from concord.data.datasets import Dataset

SCHEMA = "concord.check/1"
REHEARSAL = Path(__file__).with_name("rehearsal.py")
TIME_LIMIT = 180.0  # seconds for one check
FUNCTIONS = {
    "variables": (),
    "train": ("model", "images", "labels"),
    "predict": ("model", "images"),
    "evaluate": ("model", "images", "labels"),
}
# What the checks choose themselves, by name, and how a program takes it.
CHOSEN = {"variables": ("seed",), "train": ("epochs", "batch_size", "shuffle", "seed")}
DEFINED = {
    "variables": "def variables(seed=0)",
    "train": "def train(model, images, labels, *, epochs=3, batch_size=50, shuffle=True, seed=0)",
}
# In the order in which they are told: what the Run part gives first, because everything else is built on it.
TITLES = {
    "range": "The images go from 0 to 1",
    "labels": "The labels belong to the images",
    "order": "The images come in a mixed order",
    "new_images": "New images are prepared alike, and are new",
    "start": "An untrained network guesses",
    "scores": "The network gives scores",
    "loss": "The loss is that of the predictions",
    "gradient": "A step follows the gradient",
    "overfit": "It learns 20 images by heart",
    "blank": "Blank images teach it less",
    "shuffling": "Shuffling keeps images and labels together",
    "mode": "It predicts the same twice",
    "evaluate": "The accuracy counts the predictions",
}
OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
SIGNS = {OK: ("✓", "green"), FAILED: ("✗", "bold red"), UNKNOWN: ("-", "dim")}


class Checker(Workers):
    """Asks workers what `rehearsal.py` finds out about a program.

    Args:
        folder: for the workers' logs, and a folder with the data for each program.
    """

    def __init__(self, folder: Path, dataset: "Dataset", **options: Any):
        options.setdefault("time_limit", TIME_LIMIT)
        super().__init__(folder, **options)
        self._npz = folder / "data" / "mnist.npz"
        self._npz.parent.mkdir(parents=True, exist_ok=True)
        write_npz(self._npz, dataset)

    def ask(self, variant: Variant, worker: str, function: str, program: Path, **arguments: Any) -> Answer:
        """Calls a function of `rehearsal.py` with a program, in the worker of a precision.

        The program runs where its own folder's files are, and the data.
        """
        place = program_folder(self.folder, f"runs-{variant.id}-{program.parent.name}-{program.stem}")
        for file in (*program.parent.iterdir(), self._npz):
            link = place / file.name
            if not link.is_symlink() and not link.exists():
                link.symlink_to(file)
        return self.probe(variant, worker, REHEARSAL, function, program=str(program), folder=str(place), **arguments)

    def verdict(self, variant: Variant, program: Path, name: str) -> dict[str, Any]:
        """What one check says: `outcome`, `found`, `expected`, `look`."""
        precision = "float64" if name == "gradient" else "float32"
        adapter = str(variant.weights_code)
        answer = self.ask(variant, precision, "check", program, name=name, adapter=adapter, precision=precision)
        if answer.outcome == "ok":
            return answer.fields["value"]
        return {"outcome": FAILED, "found": f"{answer.outcome}: {answer.reason}", "expected": "an answer", "look": ""}


def program_folder(folder: Path, name: str) -> Path:
    """A folder of a program's own."""
    made = folder / "programs" / re.sub("[^A-Za-z0-9_-]+", "-", name)
    made.mkdir(parents=True, exist_ok=True)
    return made


def write_npz(file: Path, dataset: "Dataset") -> None:
    """The data under Keras's names, not compressed: it is read once for each check."""
    import numpy as np

    np.savez(file, **dict(zip(data.NPZ_KEYS, dataset.arrays, strict=True)))


def read_program(file: Path) -> ast.Module:
    """A user's program, from its source.

    Raises:
        UserError: it can't be read, isn't Python, or lacks one of the functions.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UserError(f"{file}, line {error.lineno}: {error.msg}.\nIt must be a Python program.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read: {getattr(error, 'strerror', None) or error}.") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if missing := [name for name in FUNCTIONS if name not in functions]:
        wanted = ", ".join(f"{name}({', '.join(FUNCTIONS[name])})" for name in missing)
        raise UserError(f"{file} has no function {wanted}.\nA recipe has them all: see CONTRIBUTING.md, or any recipe.")
    for name, handed in FUNCTIONS.items():
        function, chosen = functions[name], CHOSEN.get(name, ())
        place = f"{file}, line {function.lineno}: {name}({ast.unparse(function.args)})"
        if missing := [argument for argument in chosen if argument not in taken(function)]:
            raise UserError(f"{place} takes no {', '.join(missing)}.\nThe checks choose it: write {DEFINED[name]}.")
        if needed := [argument for argument in required(function)[len(handed) :] if argument not in chosen]:
            told = ", ".join((*handed, *chosen))
            raise UserError(
                f"{place} needs {', '.join(needed)}.\nThe checks give it {told}: write a default for the rest."
            )
    return tree


def taken(function: ast.FunctionDef) -> set[str]:
    """The names of all that a function can be given by name."""
    return {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}


def required(function: ast.FunctionDef) -> list[str]:
    """The names of what a function has no default for."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    by_place = positional[: len(positional) - len(arguments.defaults)]
    by_name = [one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default]
    return [one.arg for one in (*by_place, *by_name)]


def framework_of(file: Path, tree: ast.Module) -> str:
    """The framework that a program is written in, by what it imports; by its name where that leaves several.

    Raises:
        UserError: it imports nothing that is known, or several frameworks.
    """
    uses = {name: imported(tree) & set(one.imports) - {"numpy"} for name, one in frameworks().items()}
    found = [name for name, modules in uses.items() if modules]
    if not found and "numpy" in imported(tree):
        return "numpy"
    named = [name for name in found if file.stem.endswith(f"_{name}")]
    if not found:
        raise UserError(
            f"{file} imports none of the frameworks.\nName one with --framework: {', '.join(frameworks())}."
        )
    if named:
        return named[0]
    others = [name for name in found[1:] if not uses[name] <= uses[found[0]]]  # TensorFlow 1 is TensorFlow too
    if others:
        told = [found[0], *others]
        raise UserError(f"{file} imports {' and '.join(told)}.\nSay which with --framework: {', '.join(told)}.")
    return found[0]


def variant_of(file: Path, tree: ast.Module, chosen: str | None) -> Variant:
    """The variant to run a program in: the chosen one, or its framework's first that is installed.

    Raises:
        UserError: there is no such variant, or it isn't installed.
    """
    candidates = select_variants(chosen or framework_of(file, tree))
    ready = [variant for variant in candidates if variant.versions() is not None]
    if not ready:
        raise UserError(f"{candidates[0].label} is not installed.\n{candidates[0].install_command()}")
    return ready[0]


def lines_of(tree: ast.Module) -> dict[str, str]:
    """Where a user finds what a check names: a function, or the part that runs as a program."""
    found = {node.name: f"{node.name}, line {node.lineno}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            found["Run"] = f"what runs as a program, line {node.lineno}"
    return found


def all_checks(checker: Checker, variant: Variant, file: Path, tree: ast.Module) -> Iterator[dict[str, Any]]:
    """Each check's verdict, as it comes."""
    places = lines_of(tree)
    for name, title in TITLES.items():
        found = checker.verdict(variant, file, name)
        yield {"name": name, "title": title} | found | {"look": places.get(found["look"], found["look"])}


def sentence(row: dict[str, Any]) -> str:
    """One check in a sentence."""
    if row["outcome"] == UNKNOWN:
        return f"{row['title']}: not checked, {row['found']}"
    text = f"{row['title']}: found {row['found']}"
    if row["outcome"] == OK:
        return text
    return f"{text}; expected {row['expected']}." + (f" Look here: {row['look']}." if row["look"] else "")


def run_check(file: Path, chosen: str | None, data_choice: str | None, json_file: Path | None) -> int:
    """Checks a program, prints a line for each check, and gives the exit code: 1 if one fails.

    Raises:
        UserError: the file is no program of the contract, or its framework isn't known or installed; an unknown data
            set; a file that can't be written.
    """
    from rich.text import Text

    from concord.project.files import check_writable, write_json
    from concord.report import results as report
    from concord.report.terminal import progress, terminal

    tree = read_program(file)
    variant = variant_of(file, tree, chosen)
    if json_file:
        check_writable(json_file)
    dataset, console, rows = data.load(data_choice), terminal(), []
    check_as_mnist("concord check", dataset)
    with Checker(new_folder(), dataset) as checker, progress(len(TITLES), None) as announce:
        announce(f"{variant.id}: {file.name}")
        loaded = checker.ask(variant, "float32", "check_loads", file.resolve())
        if error := loaded.fields["value"] if loaded.outcome == "ok" else loaded.reason or loaded.outcome:
            raise UserError(f"{file} can't be run in {variant.label}: {error}")
        for row in all_checks(checker, variant, file.resolve(), tree):
            rows.append(row)
            sign, style = SIGNS[row["outcome"]]
            console.print(Text(f"{sign} {sentence(row)}", style=style), soft_wrap=True)
            announce(f"{variant.id}: {file.name}")
    failed = sum(row["outcome"] == FAILED for row in rows)
    told = f"{failed} of {len(rows)} checks failed" if failed else "no check failed"
    console.print(f"{file.name} in {variant.label}: {told}, on {dataset.name}.", markup=False, soft_wrap=True)
    if failed:
        console.print("Causes and cures: the page “My network isn't learning”.", markup=False)
    if json_file:
        values = {"file": file.name, "variant": variant.id, "versions": variant.versions() or {}, "results": rows}
        write_json(json_file, report.header(SCHEMA) | {"data": dataset.name} | values)
    return 1 if failed else 0
