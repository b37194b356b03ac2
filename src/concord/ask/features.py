"""The feature matrix as it is written: its rows, and each framework's probes read from their source. Nothing is run.

`frameworks/features.toml` has the rows, `frameworks/feature_checks.py` what each must give, and
`frameworks/<framework>/features.py` a function for each feature, the probe. `answers.py` runs them.
"""

import ast
import inspect
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import REFERENCE, Variant, frameworks
from concord.project.python import definition, dotted_names, imported_names, one_line, run_file

MOST_LINES = 8  # of a probe's body, without comments
LONGEST_REMARK = 120  # characters
DOCUMENTED_ANSWERS = ("built in", "a few lines", "add-on", "not possible", "fact")

# The API that a probe shows comes first in its docstring: `torch.nn.Conv1d`, `keras.Model.fit`, or with the keyword
# that it is about: `keras.optimizers.SGD(nesterov=)`.
CLAIM = re.compile(r"`([A-Za-z_][\w.]*\.\w+)(?:\((\w+)=\))?`")


@dataclass(frozen=True)
class Feature:
    """A row. See features.toml for what the fields mean."""

    id: str
    group: str
    name: str
    question: str
    rtol: float = 1e-5
    fresh: bool = False
    source_only: bool = False
    derived: bool = False
    tool: str = ""


@dataclass(frozen=True)
class Probe:
    """One function of a features.py, read from its source and that of the helpers that it uses."""

    function: str
    remark: str
    claim: str  # a dotted name, or empty
    keyword: str  # that the claim is about, or empty
    parameters: tuple[str, ...]
    lines: int  # of the body, without its docstring, comments and blank lines
    names: frozenset[str]  # what it uses of the packages that it imports, as dotted names
    attributes: frozenset[str]  # every name after a dot
    keywords: frozenset[str]

    @property
    def imports(self) -> set[str]:
        """The packages that it uses, by their top-level names."""
        return {name.split(".")[0] for name in self.names}


@dataclass(frozen=True)
class Source:
    """A sentence and where it can be read."""

    answer: str = ""
    sentence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Written:
    """All that one framework's features.py says. Keys are a feature, or `feature__variant` for one variant alone."""

    path: Path
    probes: dict[str, Probe] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()  # what is imported at the top
    problems: tuple[str, ...] = ()  # with what isn't a probe

    def probe(self, feature: str, variant: Variant) -> Probe | None:
        return self.probes.get(own_name(feature, variant)) or self.probes.get(feature)

    def source(self, feature: str, variant: Variant) -> Source | None:
        """What a source says; a probe or a source for the variant alone comes before one for all."""
        if own_name(feature, variant) in self.probes:
            return None
        return self.sources.get(own_name(feature, variant)) or self.sources.get(feature)


def own_name(feature: str, variant: Variant) -> str:
    """What a probe for one variant alone is called: `jacobian__keras_torch`."""
    return f"{feature}__{variant.id.replace('-', '_')}"


@cache
def features() -> dict[str, Feature]:
    """The rows by id.

    Raises:
        UserError: features.toml has a row that can't be read, or one twice.
    """
    path = paths.FRAMEWORKS / "features.toml"
    rows: dict[str, Feature] = {}
    try:
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["features"]:
            feature = Feature(**row)
            if rows.setdefault(feature.id, feature) is not feature:
                raise UserError(f"{path} has the row {feature.id} twice")
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    return rows


@cache
def checks() -> dict[str, Callable[..., tuple[dict[str, Any], Any]]]:
    """What each row must give, by the row's id."""
    return run_file(paths.FRAMEWORKS / "feature_checks.py", "feature_checks").CHECKS


@cache
def written(framework: str) -> Written:
    """A framework's features.py; empty if there is none."""
    return read_probes(paths.FRAMEWORKS / framework / "features.py")


def read_probes(path: Path) -> Written:
    """Reads a features.py.

    Raises:
        UserError: it isn't Python, or its sources aren't plain texts.
    """
    if not path.is_file():
        return Written(path)
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UserError(f"{path} isn't Python: line {error.lineno}: {error.msg}") from None
    sources, problems = read_sources(path, tree)
    probes = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            probes[node.name] = read_probe(path, node, text)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (lines := count_lines(node, text)) > MOST_LINES:
            problems.append(f"{node.name}: a helper has {lines} lines, more than {MOST_LINES}")
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    packages = frozenset(name.split(".")[0] for node in top for name in imported_names(node).values())
    return Written(path, probes, sources, packages, tuple(problems))


def read_sources(path: Path, tree: ast.Module) -> tuple[dict[str, Source], list[str]]:
    """What NOT_POSSIBLE and DOCUMENTED say, and what is wrong with them."""
    sources: dict[str, Source] = {}
    problems = []
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(target := node.targets[0], ast.Name):
            continue
        if target.id not in ("NOT_POSSIBLE", "DOCUMENTED"):
            continue
        try:
            entries = ast.literal_eval(node.value)
        except (ValueError, TypeError):
            raise UserError(f"{path}, line {node.lineno}: not plain texts in a dict") from None
        for key, value in entries.items():
            entry = ("not possible", *value) if target.id == "NOT_POSSIBLE" else value
            source = sources[key] = Source(*entry[:3])
            here = f"{target.id}[{key!r}]"
            if source.answer not in DOCUMENTED_ANSWERS:
                problems.append(f"{here}: {source.answer!r} is none of {', '.join(DOCUMENTED_ANSWERS)}")
            elif not source.sentence or not source.url.startswith("https://"):
                problems.append(f"{here}: needs a sentence and a source that begins with https://")
            elif target.id == "DOCUMENTED" and (row := features().get(key.split("__")[0])) and not row.source_only:
                problems.append(f"{here}: the row isn't source_only; only a program can answer it")
    return sources, problems


def read_probe(path: Path, function: ast.FunctionDef, text: str) -> Probe:
    remark = ast.get_docstring(function) or ""
    claim = CLAIM.match(remark)
    alone = ast.parse(definition(path, function.name))
    used = [part for part in alone.body if not isinstance(part, (ast.Import, ast.ImportFrom))]
    nodes = [node for part in used for node in ast.walk(part)]
    bound = imported_names(alone)
    names = {name for part in used for name in (*imported_names(part).values(), *dotted_names(part, bound))}
    return Probe(
        function=function.name,
        remark=remark,
        claim=claim[1] if claim else "",
        keyword=(claim[2] or "") if claim else "",
        parameters=tuple(argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]),
        lines=count_lines(function, text),
        names=frozenset(names),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        keywords=frozenset(node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg),
    )


def count_lines(function: ast.FunctionDef | ast.ClassDef, text: str) -> int:
    """The lines of a body, without its docstring, comments and blank lines."""
    body = function.body[ast.get_docstring(function) is not None :]
    numbers = {node.lineno for part in body[:1] for node in ast.walk(part) if isinstance(node, (ast.stmt, ast.expr))}
    lines = text.splitlines()[min(numbers) - 1 : function.end_lineno] if numbers else []
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def own_packages(variant: Variant) -> set[str]:
    """The packages of the framework itself: what its recipes may import."""
    return {*variant.imports, *(["numpy"] if variant.framework == REFERENCE else [])}


def problems(framework: str) -> list[str]:
    """Everything that is wrong with a framework's features.py as it is written, in sentences; empty if nothing."""
    return problems_of(written(framework), frameworks()[framework].variants)


def problems_of(found: Written, variants: tuple[Variant, ...]) -> list[str]:
    complaints = list(found.problems)
    known = {feature: feature for feature in features()}
    known |= {own_name(feature, variant): feature for feature in features() for variant in variants}
    for key in [*found.probes, *found.sources]:
        if key not in known:
            complaints.append(f"{key}: there is no such row in features.toml")
    for key in found.probes.keys() & found.sources.keys():
        complaints.append(f"{key}: has a probe and a source; one of them is wrong")
    for name, probe in found.probes.items():
        if probe.lines > MOST_LINES:
            complaints.append(f"{name}: has {probe.lines} lines, more than {MOST_LINES}")
        if not probe.remark or "\n" in probe.remark or len(probe.remark) > LONGEST_REMARK:
            complaints.append(f"{name}: needs a docstring of one line of at most {LONGEST_REMARK} characters")
        row = features().get(known.get(name, ""))
        if row is None:
            continue
        if row.derived or row.id not in checks():
            complaints.append(f"{name}: the row is not one for a probe")
        elif probe.parameters != (expected := tuple(question(row.id)[0])):
            complaints.append(f"{name}: takes ({', '.join(probe.parameters)}), expected ({', '.join(expected)})")
    foreign = sorted(found.packages - {*sys.stdlib_module_names, "numpy", *own_packages(variants[0])})
    inside = "at the top; an add-on is imported inside the functions that need it"
    return complaints + [f"imports {name} {inside}" for name in foreign]


def question(feature: str, folder: Path | None = None) -> tuple[dict[str, Any], Any]:
    """What a probe gets and what it must give. `folder` is for those that write files; without one nothing is kept."""
    check = checks()[feature]
    if "folder" not in inspect.signature(check).parameters:
        return check()
    if folder:
        return check(folder)
    with tempfile.TemporaryDirectory() as temporary:
        return check(Path(temporary))


def row_problems() -> list[str]:
    """What is wrong between features.toml and feature_checks.py."""
    needed = {feature.id for feature in features().values() if not feature.derived and not feature.source_only}
    complaints = [f"{id}: the row has no check in feature_checks.py" for id in sorted(needed - checks().keys())]
    complaints += [f"{id}: the check has no row in features.toml" for id in sorted(checks().keys() - features().keys())]
    for id in checks().keys() & features().keys():
        if question(id)[1] is None:
            complaints.append(f"{id}: the check expects nothing yet")
    derived = {feature.id for feature in features().values() if feature.derived}
    return complaints + [f"{id}: the row is derived, and has a check" for id in sorted(derived & checks().keys())]


def near(value: Any, expected: Any, rtol: float = 1e-5) -> bool:
    """Whether two arrays have the same shape and differ by no more than a share of the largest expected value.

    True and None are no numbers, nor is a text; NaN is near nothing.
    """
    import numpy as np

    try:
        value, expected = np.asarray(value), np.asarray(expected, dtype=float)
    except ValueError:  # a ragged list
        return False
    if value.dtype.kind not in "iuf" or value.shape != expected.shape:
        return False
    return bool(np.all(np.abs(value.astype(float) - expected) <= rtol * np.max(np.abs(expected), initial=0)))


def is_sentences(expected: Any) -> bool:
    """Whether a check gives sentences to be true of the value, rather than the value."""
    return isinstance(expected, dict) and any(map(callable, expected.values()))


def complaint(value: Any, expected: Any, rtol: float) -> str:
    """Why a probe's value is not what its row's check expects, in one line; empty if it is.

    Raises:
        ModuleNotFoundError: the check itself needs a package that isn't installed.
    """
    if is_sentences(expected):
        for sentence, holds in expected.items():
            try:
                why = "" if holds(value) else f"not so: {sentence}"
            except ModuleNotFoundError:
                raise
            except Exception as error:
                why = f"not so: {sentence} ({one_line(error)})"
            if why:
                return f"{why}; it gave {shown(value)}"
        return ""
    if isinstance(expected, dict):
        if not isinstance(value, dict) or value.keys() != expected.keys():
            return f"it gave {shown(value)}, expected {', '.join(expected)} by name"
        found = {name: complaint(value[name], part, rtol) for name, part in expected.items()}
        return next((f"{name}: {why}" for name, why in found.items() if why), "")
    if isinstance(expected, list):
        if not isinstance(value, list) or len(value) != len(expected):
            return f"it gave {shown(value)}, expected a list of {len(expected)}"
        return next(filter(None, (complaint(*pair, rtol) for pair in zip(value, expected, strict=True))), "")
    return "" if near(value, expected, rtol) else f"it gave {shown(value)}, expected {shown(expected)}"


def checked(expected: Any, rtol: float) -> str:
    """What `complaint` held a value against, in words."""
    return "; ".join(expected) if is_sentences(expected) else f"equal to NumPy's within {rtol:g}"


def shown(value: Any) -> str:
    """A value in a few characters, for people."""
    import numpy as np

    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(part)}" for name, part in list(value.items())[:4]) or "{}"
    try:
        array = np.asarray(value)
    except ValueError:
        return f"a list of {len(value)}"
    if array.dtype.kind not in "iuf":
        return repr(value)[:80]
    if array.ndim == 0:
        return f"{array:.6g}"
    start = ", ".join(f"{number:.4g}" for number in array.ravel()[:3])
    return f"{array.shape} {start}{', …' if array.size > 3 else ''}"
