"""The picture at the top of a recipe's page: its figure.py draws it from evidence, once for each kind of page.

The house style is set here and nowhere else: a figure.py names colours by their place in the cycle ("C0", "C1", …) and
is drawn in those of light and of dark pages. The same results give the same bytes on any machine: nothing is read from
the user's settings, text becomes outlines of the font that matplotlib brings, and no file says when it was made.
"""

import io
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from concord.judge import ladder
from concord.project.errors import UserError
from concord.project.framework import REFERENCE, variants
from concord.project.task import Task

if TYPE_CHECKING:
    from concord.run.evidence import Collector, Evidence

CURVES = Path(__file__).with_name("curves.py")  # draws experiments
MOST_BYTES = 150_000  # of one picture
TRAINED = ladder.NETWORK_RUNS["steps_200"]  # what a network's picture shows
UNDRAWN = "A picture is drawn from its results only."
HINT = "It must define SIZE = (width, height) in inches and draw(results, figure)."

# The site's own colours. Both cycles were searched for colours that stay apart for everybody: seen without one of the
# three kinds of cones (simulated as by Machado, Oliveira and Fernandes, 2009) two of them differ by at least 19 in
# CIELAB. Each has a contrast of at least 3 with its page.
THEMES = {
    "light": {
        "text": "#1b232b",
        "muted": "#5a6570",
        "line": "#d9dee3",
        "cycle": ("#1f66d6", "#a33c00", "#14a078", "#4d1458", "#a88e10", "#5f6870"),
    },
    "dark": {
        "text": "#e3e8ec",
        "muted": "#a5b0ba",
        "line": "#343c45",
        "cycle": ("#4a8cff", "#ee6c35", "#45e8a8", "#b060bb", "#f5d000", "#d5e4f0"),
    },
}


def evidence(collector: "Collector", task: Task) -> dict[str, dict[str, Any]]:
    """What an operation's picture is drawn from: what the NumPy program gives in float64, and what it was given.

    Returns:
        By case: by function an array, or a tuple where the function gives several; under "arguments" its arguments.

    Raises:
        UserError: the program fails.
    """
    found: dict[str, dict[str, Any]] = {
        case.name: {"arguments": case.arrays | case.options} for case in collector.cases(task).values()
    }
    for run in collector.runs(task, ladder.levels(task)[-1], "float64"):
        held = collector.reference(task, run)
        if held.outcome != "ok":
            raise UserError(f"{task.name}: the NumPy program fails {run.describe()}: {held.reason}\n{UNDRAWN}")
        parts = tuple(part for name, part in held.arrays().items() if name.startswith("result/"))
        found[run.case][run.function] = parts if len(parts) > 1 else parts[0] if parts else None
    return found


def of_network(collector: "Collector", task: Task, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a network's picture is drawn from: its weights by name, before and after the ladder's longest training in
    the task's own order, in float64.

    Returns:
        "before": the start by weight. "after": by the variants' names, NumPy's first, what each has made of it.

    Raises:
        UserError: the NumPy program fails.
    """
    reference = collector.reference(task, TRAINED)
    if reference.outcome != "ok":
        raise UserError(f"{task.name}: the NumPy program fails {TRAINED.describe()}: {reference.reason}\n{UNDRAWN}")
    after = {variants()[REFERENCE].label: weights(reference)}
    for variant in (variants()[id] for id in ids if id != REFERENCE):
        found = collector.collect(task, variant, "float64", TRAINED)
        if found.outcome == "ok":
            after[variant.label] = weights(found)
    return {"before": task.initial_weights(), "after": after}


def weights(found: "Evidence") -> dict[str, Any]:
    """The weights by name after a training."""
    return {
        name.removeprefix("weights/"): array for name, array in found.arrays().items() if name.startswith("weights/")
    }


def of_experiment(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What an experiment's picture is drawn from: by setting and variant its curves by name, as arrays."""
    import numpy as np

    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for setting, curves in row["curves"].items():
            arrays = {name: np.array(curve, float) for name, curve in curves.items()}
            found.setdefault(setting, {})[row["variant"]] = arrays
    return found


def publish(collector: "Collector", task: Task, rows: Sequence[Mapping[str, Any]] = ()) -> list[Path]:
    """Draws a recipe's pictures into its folder; gives the files, none where nothing says what to draw.

    Args:
        rows: the published results; an experiment's hold its curves, and a network's say whose weights are drawn beside
            NumPy's.
    """
    if task.settings:
        results = of_experiment(rows)
    elif not (task.folder / "figure.py").exists():
        return []
    elif task.kind == "network":
        results = of_network(collector, task, [row["variant"] for row in rows])
    else:
        results = evidence(collector, task)
    files = []
    for name, picture in (draw(task, results) if results else {}).items():
        files.append(task.folder / name)
        files[-1].write_bytes(picture)
    return files


def draw(task: Task, results: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """`figure-light.svg` and `figure-dark.svg` of a recipe; none of one without a figure.py or settings.

    Args:
        task: the recipe's folder.
        results: by case: what each function gave, by its name, and the functions' arguments under "arguments". Of a
            network as `of_network` gives it; of an experiment by setting: its curves by variant and name.

    Raises:
        UserError: the figure.py lacks SIZE or draw, fails, or draws what takes too many bytes.
    """
    path = task.folder / "figure.py"
    if not path.exists():
        if not task.settings:
            return {}
        path = CURVES
    says = getattr(task.specification, "FIGURE", {})
    return {
        f"figure-{theme}.svg": _drawn(path, f"{task.name}-{theme}", THEMES[theme], results, says) for theme in THEMES
    }


def style(colours: Mapping[str, Any], name: str) -> dict[Any, Any]:
    """matplotlib's settings for a page of these colours, over its defaults. A page may hold several pictures: the names
    inside of each differ from those of a picture of another name."""
    from cycler import cycler

    text, muted = colours["text"], colours["muted"]
    return {
        "axes.edgecolor": muted,
        "axes.facecolor": "none",
        "axes.labelcolor": text,
        "axes.prop_cycle": cycler(color=colours["cycle"]),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": text,
        "axes.titlesize": 14,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "figure.labelsize": 13,
        "font.family": "DejaVu Sans",  # which matplotlib brings; the picture holds its outlines
        "font.size": 13,
        "grid.color": colours["line"],
        "image.cmap": "gray",
        "image.interpolation": "none",  # pixels are kept as they are, and stay sharp at every size
        "legend.frameon": False,
        "lines.linewidth": 2.5,
        "patch.edgecolor": muted,
        "savefig.dpi": 200,  # of what a figure.py asks to have in pixels
        "svg.fonttype": "path",
        "svg.hashsalt": name,
        "text.color": text,
        "xtick.color": muted,
        "xtick.labelcolor": text,
        "ytick.color": muted,
        "ytick.labelcolor": text,
    }


def _drawn(
    path: Path, name: str, colours: Mapping[str, Any], results: Mapping[str, Any], says: Mapping[str, Any]
) -> bytes:
    """One picture, as SVG; `says` is an experiment's FIGURE."""
    import matplotlib
    from matplotlib.figure import Figure

    module = ModuleType(f"figure_of_{path.parent.name}")
    module.__file__ = str(path)
    written = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(style(colours, name))
        try:
            exec(compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True), module.__dict__)
            if lacking := [needed for needed in ("SIZE", "draw") if not hasattr(module, needed)]:
                raise UserError(f"{path} lacks {' and '.join(lacking)}.\n{HINT}")
            if says:
                module.__dict__["FIGURE"] = says
            module.__dict__["LABELS"] = {variant.id: variant.label for variant in variants().values()}
            figure = Figure(figsize=module.SIZE)
            module.draw(results, figure)
            nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            figure.savefig(written, format="svg", metadata=nothing)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise UserError(f"{path}{_line(path, error)} fails: {reason}\n{HINT}") from None
    if written.tell() > MOST_BYTES:
        raise UserError(
            f"{path} draws {written.tell():,} bytes of SVG, more than {MOST_BYTES:,}.\n"
            "Draw fewer elements, or give those that are many rasterized=True."
        )
    return written.getvalue()


def _line(path: Path, error: BaseException) -> str:
    """Where in the figure.py it went wrong, if it was in there."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""
