"""The contract of network recipes beside the ladder: weights in and out, what is refused, training under watch.

That the layouts are right isn't shown here, but by logits from random weights, in test_ladder.py: reading what was
written gives the same, however wrongly it lies in the model.
"""

import ast
import json
import sys
from pathlib import Path

import pytest
from conftest import LIVING_WORKERS, ladder_cases, skip_unless_installed, skip_unless_ready, together

from concord.project.framework import frameworks, variants
from concord.project.structure import imported

PROBE = Path(__file__).with_name("try_recipe.py")
networks = pytest.mark.parametrize(("task", "variant"), ladder_cases("network"))


def asked(workers, variant, precision, function, /, **arguments):
    answer = workers.probe(variant, precision, PROBE, function, **arguments)
    if answer.outcome == "unsupported":
        pytest.skip(f"{variant.id}: {answer.reason}")
    assert answer.outcome == "ok", answer.reason
    workers.keep(LIVING_WORKERS)
    return answer.fields["value"]


@networks
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_weights_go_in_and_out(workers, task, variant, precision):
    skip_unless_ready(task, variant)
    shapes = {name: array.shape for name, array in task.initial_weights().items()}
    found = asked(
        workers,
        variant,
        precision,
        "weights_go_in_and_out",
        recipe=str(task.recipes[variant.framework]),
        adapter=str(variant.weights_code),
        shapes=json.dumps(shapes),
        flattened=json.dumps(task.flattened),
        precision=precision,
    )
    names = list(shapes)
    assert found["orders"] == [names, names[::-1]]
    assert all(found["unchanged"]), dict(zip(names, found["unchanged"], strict=True))
    assert found["dtypes"] == [precision]
    refusals = found["refusals"]
    assert "no_such_kernel" in refusals["read unknown"] and names[0] in refusals["read unknown"]
    assert "no_such_kernel" in refusals["write unknown"]
    assert names[0] in refusals["write too few"]
    shape = shapes[names[0]]
    assert all(str(part) in refusals["write wrong shape"] for part in (names[0], shape, (*shape, 1)))
    assert all(message.count("\n") < 2 for message in refusals.values())


@networks
def test_training_is_watched(workers, task, variant):
    skip_unless_ready(task, variant)
    recipe = str(task.recipes[variant.framework])
    found = asked(workers, variant, "float32", "training_is_watched", recipe=recipe, precision="float32")
    assert 0 <= found["before"] <= 1
    assert len(found["history"]) == found["watched"] == 2
    # The last one comes back, or the best.
    assert found["each epoch"] and (any(found["came back"]) if task.stops_early else found["came back"][1])


@together(variants()["pytorch"])
def test_pytorch_layers(workers):
    variant = variants()["pytorch"]
    skip_unless_installed(variant)
    found = asked(workers, variant, "float32", "pytorch_layers", adapter=str(variant.weights_code))
    assert len(found["read"]) == 9
    assert all(found["read"].values()), found["read"]
    assert all(found["written"].values()), found["written"]
    assert found["misfit"] == "maps of (2, 2, 1) have 4 values, not 3"


@pytest.mark.parametrize("framework", frameworks().values(), ids=lambda framework: framework.id)
def test_weights_code_can_be_copied(framework):
    """It imports its framework and NumPy alone, and explains the layout."""
    tree = ast.parse(framework.variants[0].weights_code.read_text(encoding="utf-8"))
    assert imported(tree) <= {"numpy", *framework.imports, *sys.stdlib_module_names}
    assert "layout" in (ast.get_docstring(tree) or "")
    functions = {node.name: ast.get_docstring(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions["read"] and functions["write"]
