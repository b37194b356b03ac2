"""The feature matrix as it is written: its rows, and each framework's probes read from their source. Nothing is run.

`frameworks/features.toml` has the rows, `frameworks/feature_checks.py` what each must give, and
`frameworks/<framework>/features.py` a function for each feature, the probe. `answers.py` runs them.
"""

import ast
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from concord.project import paths
from concord.project.errors import UserError, nearest
from concord.project.framework import REFERENCE, Variant, frameworks

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
    """One function of a features.py, read from its source."""

    function: str
    remark: str
    claim: str  # a dotted name, or empty
    keyword: str  # that the claim is about, or empty
    parameters: tuple[str, ...]
    lines: int  # of the body, without its docstring, comments and blank lines
    code: str  # with the helpers that it uses
    imports: frozenset[str]  # the packages that it uses, by their top-level names
    names: frozenset[str]  # what it uses of them, as dotted names
    attributes: frozenset[str]  # every name after a dot
    keywords: frozenset[str]


@dataclass(frozen=True)
class Source:
    """A sentence and where it can be read."""

    answer: str
    sentence: str
    url: str


@dataclass(frozen=True)
class Written:
    """All that one framework's features.py says. Keys are a feature, or `feature__variant` for one variant alone."""

    path: Path
    probes: dict[str, Probe]
    sources: dict[str, Source]
    problems: tuple[str, ...]  # with NOT_POSSIBLE and DOCUMENTED themselves

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
            if feature.id in rows:
                raise UserError(f"{path} has the row {feature.id} twice")
            rows[feature.id] = feature
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    return rows


def select_features(name: str | None) -> list[Feature]:
    """One row, or all.

    Raises:
        UserError: there is no such row.
    """
    if name is None:
        return list(features().values())
    if name not in features():
        raise UserError(nearest("feature", name, features()))
    return [features()[name]]


@cache
def checks() -> dict[str, Callable[..., tuple[dict[str, Any], Any]]]:
    """What each row must give, by the row's id."""
    path = paths.FRAMEWORKS / "feature_checks.py"
    specification = importlib.util.spec_from_file_location("feature_checks", path)
    assert specification and specification.loader
    module = ModuleType("feature_checks")
    specification.loader.exec_module(module)
    return module.CHECKS


@cache
def written(framework: str) -> Written:
    """A framework's features.py; empty if there is none."""
    return read_probes(paths.FRAMEWORKS / framework / "features.py")


def read_probes(path: Path) -> Written:
    """Reads a features.py.

    Raises:
        UserError: it isn't Python.
    """
    if not path.is_file():
        return Written(path, {}, {}, ())
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UserError(f"{path} isn't Python: line {error.lineno}: {error.msg}") from None
    top = imported_names(tree.body)
    helpers = {
        node.name: node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name.startswith("_")
    }
    probes = {
        node.name: read_probe(node, source, top, helpers)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name not in helpers
    }
    sources: dict[str, Source] = {}
    problems = []
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        if not isinstance(target, ast.Name) or target.id not in ("NOT_POSSIBLE", "DOCUMENTED"):
            continue
        for key, value in literal(node, path).items():
            entry = ("not possible", *value) if target.id == "NOT_POSSIBLE" else tuple(value)
            if len(entry) != 3:
                problems.append(f"{target.id}[{key!r}]: the source is missing")
            elif entry[0] not in DOCUMENTED_ANSWERS:
                problems.append(f"DOCUMENTED[{key!r}]: {entry[0]!r} is none of {', '.join(DOCUMENTED_ANSWERS)}")
            elif not entry[1] or not entry[2].startswith("https://"):
                problems.append(f"{target.id}[{key!r}]: needs a sentence and a source that begins with https://")
            elif target.id == "DOCUMENTED" and (row := features().get(key.split("__")[0])) and not row.source_only:
                problems.append(f"DOCUMENTED[{key!r}]: the row isn't source_only; only a program can answer it")
            sources[key] = Source(*(*entry, "", "", "")[:3])
    return Written(path, probes, sources, tuple(problems))


def literal(node: ast.Assign, path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return ast.literal_eval(node.value)
    except ValueError:
        raise UserError(f"{path}, line {node.lineno}: not plain texts in a dict") from None


def read_probe(
    function: ast.FunctionDef,
    source: str,
    top: dict[str, str],
    helpers: dict[str, ast.FunctionDef | ast.ClassDef],
) -> Probe:
    used = reachable(function, helpers)
    remark = ast.get_docstring(function) or ""
    claim = CLAIM.match(remark)
    nodes = [node for part in used for node in walked(part)]
    names: set[str] = set()
    for part in used:
        names |= dotted_names(part, top | imported_names(walked(part)))
    inside = imported_names(nodes)
    code = "\n\n\n".join(whole_source(part, source) for part in reversed(used))
    return Probe(
        function=function.name,
        remark=remark,
        claim=claim[1] if claim else "",
        keyword=(claim[2] or "") if claim else "",
        parameters=tuple(argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]),
        lines=count_lines(function, source),
        code=code,
        imports=frozenset(name.split(".")[0] for name in {*names, *inside.values()}),
        names=frozenset({*names, *inside.values()}),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        keywords=frozenset(node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg),
    )


@cache
def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All nodes of a tree; a helper is asked about for each probe that uses it."""
    return tuple(ast.walk(tree))


def whole_source(node: ast.FunctionDef | ast.ClassDef, source: str) -> str:
    """The source of a function or class with its decorators, which ast.get_source_segment leaves out."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def reachable(function: ast.FunctionDef, helpers: dict[str, Any]) -> list[Any]:
    """A probe and the helpers that it uses, itself first."""
    found: list[Any] = [function]
    for part in found:  # grows while it is gone through
        for node in walked(part):
            helper = helpers.get(node.id) if isinstance(node, ast.Name) else None
            if helper is not None and helper not in found:
                found.append(helper)
    return found


def count_lines(function: ast.FunctionDef | ast.ClassDef, source: str) -> int:
    """The lines of a body, without its docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    # A decorated inner function begins at its decorator.
    first = min([body[0].lineno, *(node.lineno for node in getattr(body[0], "decorator_list", []))])
    lines = source.splitlines()[first - 1 : function.end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def imported_names(nodes: Any) -> dict[str, str]:
    """What import statements bind, each name with the dotted name that it stands for."""
    bound = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return bound


def dotted_names(tree: ast.AST, bound: dict[str, str]) -> set[str]:
    """What code uses of what it imports, each at its full length: `np.linalg.norm(x)` uses numpy.linalg.norm."""
    arguments = {node.arg for node in walked(tree) if isinstance(node, ast.arg)}
    inner = {id(node.value) for node in walked(tree) if isinstance(node, ast.Attribute)}
    found = set()
    for node in walked(tree):
        if id(node) in inner or not isinstance(node, (ast.Attribute, ast.Name)):
            continue
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in bound and node.id not in arguments:
            found.add(".".join([bound[node.id], *parts]))
    return found


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
        elif probe.parameters != (expected := parameters(row.id)):
            complaints.append(f"{name}: takes ({', '.join(probe.parameters)}), expected ({', '.join(expected)})")
    if found.path.is_file():
        complaints += helpers_too_long(found.path)
        complaints += foreign_imports(found.path, variants)
    return complaints


def parameters(feature: str) -> tuple[str, ...]:
    """The names of what a row's check gives to its probe."""
    return tuple(question(feature, Path("folder"), dry=True)[0])


def question(feature: str, folder: Path, *, dry: bool = False) -> tuple[dict[str, Any], Any]:
    """What a probe gets and what it must give. `folder` is for those that write files; `dry` writes none."""
    import inspect
    import tempfile

    check = checks()[feature]
    if "folder" not in inspect.signature(check).parameters:
        return check()
    if not dry:
        return check(folder)
    with tempfile.TemporaryDirectory() as temporary:
        return check(Path(temporary))


def helpers_too_long(path: Path) -> list[str]:
    source = path.read_text(encoding="utf-8")
    return [
        f"{node.name}: a helper has {lines} lines, more than {MOST_LINES}"
        for node in ast.parse(source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name.startswith("_")
        if (lines := count_lines(node, source)) > MOST_LINES
    ]


def foreign_imports(path: Path, variants: tuple[Variant, ...]) -> list[str]:
    """Imports at the top of the file that aren't the standard library, NumPy or the framework."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    packages = {name.split(".")[0] for name in imported_names(body).values()}
    foreign = sorted(packages - {*sys.stdlib_module_names, "numpy", *own_packages(variants[0])})
    return [f"imports {name} at the top; an add-on is imported inside the functions that need it" for name in foreign]


def row_problems() -> list[str]:
    """What is wrong between features.toml and feature_checks.py."""
    needed = {feature.id for feature in features().values() if not feature.derived and not feature.source_only}
    complaints = [f"{id}: the row has no check in feature_checks.py" for id in sorted(needed - checks().keys())]
    complaints += [f"{id}: the check has no row in features.toml" for id in sorted(checks().keys() - features().keys())]
    for id in checks().keys() & features().keys():
        if question(id, Path("folder"), dry=True)[1] is None:
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
                if not holds(value):
                    return f"not so: {sentence}; it gave {shown(value)}"
            except ModuleNotFoundError:
                raise
            except Exception as error:
                return f"not so: {sentence} ({type(error).__name__}: {error}); it gave {shown(value)}"
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
