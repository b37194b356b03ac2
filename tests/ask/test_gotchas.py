"""Where the frameworks differ: each probe on the installed versions, and what is said when a value changes."""

import dataclasses
import json
import math
import re
from pathlib import Path

import jsonschema
import pytest
from conftest import LIVING_WORKERS, skip_unless_installed, together

from concord.ask import gotchas
from concord.ask.gotchas import Finding, Topic, examine, found, question, read_topic, same, topics
from concord.ask.questions import ABSENT
from concord.project.errors import UserError
from concord.project.framework import Variant, variants
from concord.run.pool import Workers
from concord.run.process import Answer

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "gotchas.schema.json").read_text(encoding="utf-8"))

CASES = [
    pytest.param(topic, variant, id=f"{topic.name}-{variant.id}", marks=together(variant))
    for variant in variants().values()
    for topic in sorted(topics().values(), key=lambda topic: question(topic, variant).precision)
    if variant in topic.variants
]


@pytest.mark.parametrize(("topic", "variant"), CASES)
def test_gotcha(workers: Workers, topic: Topic, variant: Variant):
    skip_unless_installed(variant)
    finding = examine(workers, topic, variant)
    workers.keep(LIVING_WORKERS)
    if finding.outcome in ABSENT:
        pytest.skip(f"{variant.id}: {finding.outcome}: {finding.reason}")
    assert finding.outcome == "ok", finding.reason


# What is said


def changed(topic: Topic, variant: str, expected: object) -> Topic:
    return dataclasses.replace(topic, expected=topic.expected | {variant: expected})


def test_a_changed_default_fails_with_a_sentence(workers, monkeypatch):
    """NumPy's convolution is not what was expected, in a newer version than that of the expectation."""
    variant = variants()["numpy"]
    version = (variant.versions() or {})["numpy"]
    topic = changed(topics()["conv_flip"], "numpy", [1, 2])
    monkeypatch.setattr(gotchas, "pins", lambda variant: {"numpy": "0.9.8"})
    finding = examine(workers, topic, variant)
    assert finding.outcome == "mismatch"
    assert finding.reason == (
        f"conv_flip: numpy (numpy {version}) gives [2, 3], expected [1, 2] (as in numpy 0.9.8): the default has "
        "changed; see what relies on it, then change EXPECTED in gotchas/conv_flip.py"
    )


def test_the_same_version_is_not_said_to_have_changed(workers, monkeypatch):
    variant = variants()["numpy"]
    monkeypatch.setattr(gotchas, "pins", Variant.versions)
    finding = examine(workers, changed(topics()["conv_flip"], "numpy", [1, 2]), variant)
    assert "default has changed" not in finding.reason
    assert "this machine computes something else, or gotchas/conv_flip.py is wrong" in finding.reason


def test_several_distributions_are_all_named():
    variant = variants()["keras-jax"]
    reason = gotchas.change(topics()["max_pool_ties"], variant, [0.25] * 4, {"keras": "9.0", "jax": "9.1"})
    assert reason.startswith(
        "max_pool_ties: keras-jax (keras 9.0, jax 9.1) gives [0.25, 0.25, 0.25, 0.25], expected [1"
    )
    pinned = gotchas.pins(variant)
    assert f"(as in keras {pinned['keras']}, jax {pinned['jax']}): the default has changed" in reason


def test_a_probe_that_fails_is_an_error_with_its_place(workers, tmp_path):
    topic = read_topic(write(tmp_path, GOOD.replace("return 3", "return 1 / 0")))
    finding = examine(workers, topic, variants()["numpy"])
    assert (finding.outcome, finding.agrees) == ("error", None)
    assert re.fullmatch(r"ZeroDivisionError: division by zero \(mine.py, line \d+\)", finding.reason)


def test_what_is_not_installed_is_no_failure(workers):
    variant = dataclasses.replace(variants()["numpy"], distributions=("no-such-distribution",))
    finding = examine(workers, topics()["conv_flip"], variant)
    assert (finding.outcome, finding.agrees, finding.versions) == ("not_installed", None, {})


# Same or not


@pytest.mark.parametrize(
    ("value", "wanted", "right"),
    [
        (1.0, 1, True),
        (1 + 1e-8, 1, True),
        (1 + 1e-5, 1, False),
        (0.0, 1e-3, False),
        (math.nan, math.nan, False),
        (math.inf, math.inf, True),
        (-math.inf, math.inf, False),
        (True, 1, False),
        (0, False, False),
        ("1", 1, False),
        ([1, 0], [1, 0], True),
        ([1, 0], [0, 1], False),
        ([1], [1, 1], False),
        (1, [1], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({}, {"a": 1}, False),
    ],
)
def test_same(value, wanted, right):
    assert same(value, wanted, gotchas.TOLERANCE) is right


def test_documentation_may_speak_of_a_part():
    assert same({"a": 1, "b": 2}, {"a": 1}, gotchas.TOLERANCE, partly=True)
    assert not same({"a": 1, "b": 2}, {"a": 2}, gotchas.TOLERANCE, partly=True)
    assert not same({"b": 2}, {"a": 1}, gotchas.TOLERANCE, partly=True)


# The topics' files

GOOD = '''"""What differs, and why it bites."""

TITLE = "Title"
QUESTION = "What is it?"
EXPECTED = {"numpy": 3}


def numpy():
    return 3
'''


def write(folder: Path, source: str) -> Path:
    path = folder / "mine.py"
    path.write_text(source, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"""What differs, and why it bites."""', "", "lacks a docstring"),
        ('TITLE = "Title"', "", "lacks TITLE"),
        ('QUESTION = "What is it?"', "", "lacks QUESTION"),
        ('EXPECTED = {"numpy": 3}', "", "lacks EXPECTED"),
        ('EXPECTED = {"numpy": 3}', "EXPECTED = {}", "EXPECTED lacks 'numpy'"),
        (
            '{"numpy": 3}',
            '{"numpy": 3, "nunpy": 3}',
            "EXPECTED: There is no framework 'nunpy'. Did you mean",
        ),
        ('{"numpy": 3}', '{"numpy": 3, "jax": 3}', "EXPECTED has 'jax', but there is no function jax()"),
        ("def numpy", "def nunpy", "nunpy() takes nothing, so it is a probe. There is no framework 'nunpy'"),
        ("def numpy():", "def numpy(x):", "has no probe"),
        (
            "EXPECTED",
            'DOCUMENTED = {"numpy": 3}\nEXPECTED',
            "DOCUMENTED of 'numpy' is 3, expected (value, 'https://…')",
        ),
        ("EXPECTED", 'DOCUMENTED = {"numpy": (3, "a book")}\nEXPECTED', "expected (value, 'https://…')"),
        ("EXPECTED", 'NOTES = {"jax": "?"}\nEXPECTED', "NOTES has 'jax', but there is no function jax()"),
        ("EXPECTED", 'PRECISION = "float46"\nEXPECTED', "There is no precision 'float46'. Did you mean 'float64'?"),
        ("EXPECTED", "EXPECTED EXPECTED", ": invalid syntax"),
        ("EXPECTED", "import no_such_module\nEXPECTED", "fails: ModuleNotFoundError"),
    ],
)
def test_a_broken_topic_is_named(tmp_path, old, new, told):
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UserError, match=re.escape(told)) as refusal:
        read_topic(path)
    assert str(path) in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 2


def test_a_variant_comes_before_its_framework(tmp_path):
    source = GOOD.replace("numpy", "keras").replace('{"keras": 3}', '{"keras-jax": 4, "keras": 3}')
    assert read_topic(write(tmp_path, source)).expected == {"keras-tf": 3, "keras-jax": 4, "keras-torch": 3}


@pytest.mark.parametrize("topic", topics().values(), ids=topics())
def test_every_probe_has_an_expected_value_for_each_variant(topic: Topic):
    assert list(topic.expected) and set(topic.expected) == {variant.id for variant in topic.variants}
    assert set(topic.documented) <= set(topic.expected)
    assert 2 <= topic.text.count(". ") + 1 <= 5, "two to five sentences say what differs"


def test_no_two_generators_draw_the_same_mask():
    """But one: Keras on PyTorch drops with PyTorch's."""
    masks = dict(topics()["dropout_masks"].expected)
    assert masks.pop("keras-torch") == masks["pytorch"]
    assert len(set(masks.values())) == len(masks)


# The report


def finding(outcome: str = "ok", value: object = None, reason: str = "") -> Finding:
    topic, variant = topics()["probability_clip"], variants()["theano"]
    fields = {"value": value} if outcome in ("ok", "mismatch") else {}
    return found(topic, variant, Answer(outcome, reason, fields), {"Theano-PyMC": "1.1.2"})


def test_the_document_is_as_its_schema_says():
    rows = [
        finding(value={"loss": math.inf, "gradient": -math.inf}),
        finding("mismatch", {"loss": math.nan, "gradient": 0.0}, "has changed"),
        finding("not_installed", reason="no Python for it"),
        finding("timeout", reason="no answer within 180 s"),
    ]
    document = gotchas.document(rows)
    jsonschema.validate(document, SCHEMA)
    json.dumps(document, allow_nan=False)
    assert document["results"][0]["value"] == {"loss": "inf", "gradient": "-inf"}
    assert [row["agrees"] for row in document["results"]] == [True, False, None, None]


@pytest.mark.parametrize(
    "damage", [{"agrees": None}, {"outcome": "fine"}, {"value": None}, {"documented": {"value": 3}}, {"more": 1}]
)
def test_the_schema_refuses(damage):
    document = gotchas.document([finding(value=1.0)])
    document["results"][0] |= damage
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_documentation_that_disagrees_is_marked():
    topic, variant = topics()["shuffle_order"], variants()["keras-tf"]
    shuffled = found(topic, variant, Answer("ok", "", {"value": False}), {"keras": "3", "tensorflow": "2"})
    assert shuffled.agrees is True
    assert shuffled.documented and shuffled.documented["agrees"] is False
    assert "the documentation says yes, it is no (https://" in gotchas.explanations([shuffled])[0]


def test_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    file = tmp_path / "values.json"
    assert gotchas.run_gotchas("conv_flip", "numpy", file) == 0
    out = capsys.readouterr().out
    assert re.search(r"conv_flip +\[2, 3\] +numpy", out)
    assert "1 of 1 as expected" in out
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    assert [(row["topic"], row["value"]) for row in document["results"]] == [("conv_flip", [2, 3])]


def test_the_command_fails_when_a_value_has_changed(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    topic = changed(topics()["conv_flip"], "numpy", [1, 2])
    monkeypatch.setattr(gotchas, "topics", lambda: {"conv_flip": topic})
    assert gotchas.run_gotchas(None, "numpy", None) == 1
    assert "conv_flip: numpy" in (out := capsys.readouterr().out)
    assert "gives [2, 3], expected [1, 2]" in out


@pytest.mark.parametrize(("topic", "framework"), [("conv_flop", "numpy"), ("conv_flip", "nunpy")])
def test_an_unknown_name_is_refused(topic, framework):
    with pytest.raises(UserError, match="Did you mean"):
        gotchas.run_gotchas(topic, framework, None)
