"""Python files by their path: run as a module, and read from their source."""

import ast
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from symtable import SymbolTable, symtable
from types import ModuleType
from typing import Any

from concord.project.errors import UserError

TIME_LIMIT = 60  # seconds for whatever a user wrote
IMPORTS = (ast.Import, ast.ImportFrom)


def run_file(path: Path, name: str) -> ModuleType:
    """Runs a Python file as a module of its own. It is not imported: that would leave a __pycache__ beside it.

    Raises:
        UserError: it can't be read, isn't Python, or raises something.
    """
    try:
        code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    module = ModuleType(name)
    module.__file__ = str(path)
    call(str(path), exec, code, module.__dict__)
    return module


def call(here: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls what a user wrote.

    Raises:
        UserError: it fails, or doesn't end within the time limit; the message begins with `here`.
    """
    try:
        with time_limit(TIME_LIMIT):
            return function(*arguments)
    except TimeoutError:
        raise UserError(f"{here} doesn't end within {TIME_LIMIT} s.") from None
    except (Exception, SystemExit) as error:
        raise UserError(f"{here} fails: {one_line(error)}") from None


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises a TimeoutError in Python code that runs for longer; without effect in a thread, and on Windows."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def definition(path: Path, function: str) -> str:
    """The source of a function, with everything of its file that it needs, in the file's order.

    Raises:
        KeyError: there is no such function.
    """
    text = path.read_text(encoding="utf-8")
    tree, binds, uses = _read(text)
    needed = [binds[function]]
    for node in needed:  # grows while it is gone through
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            around = [
                part for part in ast.iter_child_nodes(node) if part not in node.body
            ]  # decorators, bases, defaults
            names = uses[node.name].union(*map(names_in, around))
        else:
            names = names_in(node)
        for name in names:
            if name in binds and binds[name] not in needed:
                needed.append(binds[name])
    lines = text.splitlines()
    shown, before = "", None
    for node in tree.body:
        if node in needed:
            imports = isinstance(node, IMPORTS) and isinstance(before, IMPORTS)
            between = "\n" if imports else "\n\n\n" if before else ""
            shown += between + "\n".join(lines[first_line(node) - 1 : node.end_lineno])
            before = node
    return shown + "\n"


@cache
def _read(text: str) -> tuple[ast.Module, dict[str, ast.stmt], dict[str, set[str]]]:
    """A file's tree, which of its statements gives which name, and what its functions take from the file."""
    tree = ast.parse(text)
    binds = {name: node for node in tree.body for name in bound_names(node)}
    return tree, binds, {table.get_name(): global_names(table) for table in symtable(text, "", "exec").get_children()}


def first_line(node: ast.stmt) -> int:
    """Where a statement begins; a function with decorators at the first of them."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def bound_names(node: ast.stmt) -> set[str]:
    """What a statement at the top of a file gives a name to."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, IMPORTS):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return {name for target in node.targets for name in names_in(target)} if isinstance(node, ast.Assign) else set()


def global_names(table: SymbolTable) -> set[str]:
    """The names that a function and those inside it take from the file; a local import of the same name isn't one."""
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return own.union(*map(global_names, table.get_children()))


def imported_names(tree: ast.AST) -> dict[str, str]:
    """What the import statements in a piece of code bind, each name with the dotted name that it stands for."""
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                bound |= {alias.asname: alias.name} if alias.asname else {top: top}
        elif isinstance(node, ast.ImportFrom) and node.module:
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return bound


def dotted_names(tree: ast.AST, bound: dict[str, str]) -> set[str]:
    """What code uses of what it imports, each at its full length: `np.linalg.norm(x)` uses numpy.linalg.norm."""
    nodes = list(ast.walk(tree))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    found = set()
    for node in nodes:
        if id(node) in inner:
            continue
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in bound and node.id not in arguments:
            found.add(".".join([bound[node.id], *parts]))
    return found
