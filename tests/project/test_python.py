"""Python files by their path: run, and shown with all that a function of theirs needs."""

import pytest

from concord.project.errors import UserError
from concord.project.framework import frameworks, select_variants, variants
from concord.project.python import definition, dotted_names, imported_names, run_file
from concord.report.results import jsonable

SOURCE = """
import functools
import math
from os import path as places

LIMIT = math.pi
UNUSED = 3


def _twice(function):
    return lambda x: 2 * function(x)


class _Base:
    pass


@_twice
def _helper(x, most=LIMIT):
    return min(x, most)


class _Kept(_Base):
    @functools.cached_property
    def place(self):
        return places.sep


def shown(x):
    # a comment of its own
    return _helper(x), _Kept().place


def other():
    return UNUSED
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_definition_runs_as_it_stands(file):
    """With decorators, bases and defaults; without what it doesn't need."""
    text = definition(file, "shown")
    assert text.startswith("import functools\nimport math\nfrom os import path as places\n\n\nLIMIT = math.pi\n")
    assert "@_twice\ndef _helper" in text
    assert "# a comment of its own" in text
    assert "UNUSED" not in text and "other" not in text
    scope = {}
    exec(compile(text, "shown", "exec"), scope)
    assert scope["shown"](9)[0] == pytest.approx(6.283, abs=1e-3)
    with pytest.raises(KeyError):
        definition(file, "nothing")


def test_names_at_their_full_length():
    import ast

    tree = ast.parse("import numpy as np\nfrom a.b import c\n\ndef f(x, c):\n    return np.linalg.norm(x).T + c.d\n")
    assert imported_names(tree) == {"np": "numpy", "c": "a.b.c"}
    assert dotted_names(tree, imported_names(tree)) == {"numpy.linalg.norm"}


def test_run_file(file, tmp_path):
    module = run_file(file, "mine")
    assert module.shown.__module__ == "mine"
    assert module.__file__ == str(file)
    assert list(tmp_path.iterdir()) == [file], "no __pycache__"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def f(:", "some.py, line 1: invalid syntax"),
        ("1 / 0", "some.py fails: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "some.py fails: SystemExit: 3"),
        (None, "some.py can't be read"),
    ],
)
def test_run_file_refuses(file, source, told):
    file.unlink() if source is None else file.write_text(source, encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        run_file(file, "mine")
    assert told in str(refusal.value)


def test_variants_that_words_mean():
    keras = [variant.id for variant in frameworks()["keras"].variants]
    assert [variant.id for variant in select_variants(" keras, numpy ")] == ["numpy", *keras]
    assert select_variants("numpy") == select_variants(["numpy"]) == [variants()["numpy"]]
    assert select_variants(None) == list(variants().values())
    for wrong in ("nunpy", "numpy,", ""):
        with pytest.raises(UserError, match=r"There is no framework|No framework is named"):
            select_variants(wrong)


def test_infinities_become_words():
    value = {"a": (float("inf"), -float("inf")), "b": [float("nan"), 1.5, None, True, "inf"]}
    assert jsonable(value) == {"a": ["inf", "-inf"], "b": ["nan", 1.5, None, True, "inf"]}
