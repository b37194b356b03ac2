"""What a comparison prints: a line for each program, and nothing twice."""

import io
import math
import threading

from rich.console import Console

from concord.data import datasets
from concord.judge import ladder
from concord.judge.verdict import LevelVerdict, VariantVerdict
from concord.project.framework import variants
from concord.project.task import all_tasks
from concord.report import compare
from concord.report.compare import WORTH_HELP, Comparison, network_first
from concord.report.results import levels_table, lines
from concord.run.evidence import lay_out

SAME = LevelVerdict("training", "float64", "ok", error=3e-15, gate=1e-9)
ORDER = LevelVerdict("conduct", "float64", "mismatch", error=math.inf, gate=1e-12, declared="always the same order")


def row(recipe, *levels):
    return VariantVerdict(recipe, "keras-tf", {"keras": "3.15.1"}, levels)


def text(*rows):
    told = set()
    return [line.plain for one in rows for line in lines(one, 8, 8, told)]


def test_a_known_difference_is_told_once():
    first, explained, second, third = text(row("mlp", SAME, ORDER), row("dropout", SAME, ORDER), row("l2", SAME))
    assert explained.strip() == "known difference: always the same order (float64 conduct)"
    assert first.startswith("!") and "as above" not in first
    assert second.startswith("!") and second.endswith("known difference, as above")
    assert third.startswith("✓") and "known" not in third


def test_an_order_has_no_digits():
    assert "f64 3e-15" in text(row("mlp", SAME, ORDER))[0]


def test_what_is_infinitely_wrong_says_so_each_time():
    wrong = LevelVerdict("training", "float64", "mismatch", reason="is NaN", error=math.inf, gate=1e-9)
    printed = text(row("mlp", wrong), row("l2", wrong))
    assert len(printed) == 4
    assert all("f64 inf" in line for line in printed[::2])


def test_a_plain_small_network_comes_first():
    first = network_first(all_tasks())[0]
    assert first.kind == "network" and not first.settings
    assert len(network_first(all_tasks())) == len(all_tasks())


def test_who_has_no_variant_left_helps(monkeypatch):
    """Two jobs are at work on one variant's programs, and each is proven once."""
    both, tasks = threading.Barrier(2, timeout=60), all_tasks()[: WORTH_HELP + 1]

    def proven_once(collector, task, variant, precisions, depth):
        if task in (tasks[0], tasks[-1]):  # one's first, and the other's
            both.wait()
        return VariantVerdict(task.name, variant.id, {}, ())

    monkeypatch.setattr(compare, "proven_once", proven_once)
    images = lay_out(datasets.load("digits"))
    asked = Comparison(tasks, [variants()["numpy"]], True, ("float64",), images, "quick", "cpu", 2, None)
    assert sorted(row.recipe for row in compare.proven(asked)) == sorted(task.name for task in tasks)


def test_no_figure_is_cut_off_in_a_narrow_terminal():
    levels = [
        LevelVerdict(name, precision, "ok", error=2e-16)
        for precision in ("float64", "float32")
        for name in ladder.LEVEL_NAMES
    ]
    console = Console(width=40, file=(printed := io.StringIO()))
    console.print(levels_table(VariantVerdict("mnist_cnn", "keras-theano", {}, tuple(levels))))
    assert printed.getvalue().count("2e-16") == len(levels)
    assert "…" not in printed.getvalue()
