"""Broken programs show their symptoms, and the right ones don't."""

import json
from dataclasses import replace

import jsonschema
import pytest
from commands import assert_refused, run
from conftest import skip_unless_installed, together
from markupsafe import escape

from concord.ask import symptoms
from concord.ask.check import program_folder
from concord.ask.symptoms import (
    ERROR,
    HIDDEN,
    LADDER,
    SHOWN,
    Document,
    Rehearsals,
    digest,
    holds,
    judged,
    one_row,
    read_symptoms,
)
from concord.data import datasets as data
from concord.judge.mutants import MutantCollector, sound_task
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.report.results import jsonable
from concord.site.comparison import page as recipe_page
from concord.site.results import Results
from concord.site.symptoms import difference, figure, off_the_axis, pages, plot

SYMPTOMS, CAUSES = read_symptoms()
SCHEMA = json.loads((paths.CHECKOUT / "docs" / "symptoms.schema.json").read_text(encoding="utf-8"))
PUBLISHED = paths.CHECKOUT / "docs" / "results" / "symptoms.json"
LIVING = ("numpy", "pytorch", "jax", "tensorflow", "keras")
# In the other frameworks one of each kind: what runs as a program, the functions, the start.
SELECTION = ("new images dark on white", "a sigmoid in place of the softmax", "a start of zeros")
CELLS = [
    pytest.param(cause, variants()[id], id=f"{cause.name}-{id}", marks=together(variants()[id]))
    for id in ("numpy", "pytorch", "jax", "tensorflow", "keras-jax")
    for cause in CAUSES.values()
    if (id == "numpy" or cause.name in SELECTION) and variants()[id].framework in cause.changes
]


@pytest.fixture(scope="session")
def dataset():
    return data.load()


@pytest.fixture(scope="session")
def rehearsals(tmp_path_factory, dataset):
    with Rehearsals(tmp_path_factory.mktemp("symptoms"), dataset) as rehearsals:
        yield rehearsals


@pytest.fixture(scope="session")
def document(dataset):
    return Document(dataset, None)


@pytest.mark.parametrize(("cause", "variant"), CELLS)
def test_a_broken_program_shows_its_symptom(rehearsals, document, dataset, cause, variant):
    skip_unless_installed(variant)
    if dataset.name != "mnist":
        pytest.skip("the criteria are those of MNIST")
    with MutantCollector(rehearsals.folder, dataset, threads=1) as collector:
        row = one_row(rehearsals, collector, cause, variant, 1, document)
    assert (row["outcome"], row["reason"]) == (SHOWN, "")
    assert row["caught"], row
    assert bool(row["level"]) or LADDER not in cause.caught or variant.id == "keras-jax"


@pytest.mark.parametrize("cause", [pytest.param(cause, id=cause.name) for cause in CAUSES.values()])
def test_changes_apply_in_each_living_framework(cause):
    assert set(cause.changes) | (set(cause.absent) & set(frameworks())) == set(LIVING)
    for framework in cause.changes:
        compile(cause.source(framework), framework, "exec")
        broken, right, step = difference(cause, frameworks()[framework])
        assert broken.strip() and right.strip() and broken != right
        assert step in sound_task(cause.recipe).steps


def test_enough_is_told():
    assert len(CAUSES) >= 15
    assert {cause.symptom for cause in CAUSES.values()} == set(SYMPTOMS)
    for symptom in SYMPTOMS.values():
        assert symptom.asked and all(address.startswith("https://") for _, address in symptom.asked)
    assert len({cause.id for cause in CAUSES.values()} | set(SYMPTOMS)) == len(CAUSES) + len(SYMPTOMS)


def test_what_is_published_is_of_these_programs():
    found = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA)
    rows = {(row["cause"], row["variant"]): row for row in found["results"]}
    living = [variant for variant in variants().values() if variant.framework in LIVING]
    assert set(rows) == {(cause.name, variant.id) for cause in CAUSES.values() for variant in cause.chosen(living)}
    for (name, id), row in rows.items():
        assert (row["outcome"], row["caught"]) == (SHOWN, True), (name, id, row["reason"])
        assert row["source_sha256"] == digest(CAUSES[name], row["framework"]), (name, id)
        assert row["criteria"] == list(CAUSES[name].criteria(variants()[id])), (name, id)
        control = next(one for one in found["controls"] if (one["recipe"], one["variant"]) == (CAUSES[name].recipe, id))
        assert judged(CAUSES[name], variants()[id], as_floats(row["runs"]), as_floats(control["runs"])) == (SHOWN, "")


def as_floats(value):
    """What a results file holds, with floats for the words that JSON has in their place."""
    if isinstance(value, dict):
        return {name: as_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_floats(part) for part in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


# What is judged


def training(loss=0.3, accuracy=0.9, **changes) -> dict:
    points = [
        {"training": 0.1, "training_loss": 2.3, "validation": 0.1, "validation_loss": 2.3},
        {"training": accuracy, "training_loss": loss, "validation": accuracy, "validation_loss": loss},
    ]
    return {"seed": 0, "history": [1.0, loss], "points": points, "fresh": accuracy} | changes


def test_criteria():
    assert holds("loss < 0.5", training()) and not holds("loss > 0.5", training())
    assert holds("first loss - loss > 0.6", training()) and not holds("first loss - loss > 0.8", training())
    assert holds("loss is not finite", training(float("nan"))) and holds("loss is not finite", training(float("inf")))
    assert not holds("loss is not finite", training())
    assert not holds("loss > 1", training(float("nan"))) and not holds("loss < 1", training(float("nan")))


def test_a_symptom_that_isnt_shown_or_that_the_right_program_shows_too():
    cause = replace(next(iter(CAUSES.values())), shows=("validation < 0.2",), instead={})
    numpy = variants()["numpy"]
    assert judged(cause, numpy, [training(accuracy=0.1)], [training()]) == (SHOWN, "")
    outcome, reason = judged(cause, numpy, [training(accuracy=0.1), training(seed=1)], [training()])
    assert outcome == HIDDEN and reason.startswith("seed 1: validation < 0.2 doesn't hold")
    outcome, reason = judged(cause, numpy, [training(accuracy=0.1)], [training(accuracy=0.1)])
    assert outcome == HIDDEN and reason.startswith("seed 0: the right program shows it too")


def test_a_harmless_change_shows_nothing_and_isnt_caught(rehearsals, document, dataset):
    cause = replace(
        CAUSES["the sign of the step"],
        name="harmless",
        changes={"numpy": (("from types import", "from types import"),)},
    )
    with MutantCollector(rehearsals.folder, dataset, threads=1) as collector:
        row = one_row(rehearsals, collector, cause, variants()["numpy"], 1, document)
        stale = replace(cause, changes={"numpy": (("no such text", ""),)})
        wrong = one_row(rehearsals, collector, stale, variants()["numpy"], 1, document)
    assert (row["outcome"], row["caught"], row["level"]) == (HIDDEN, False, "")
    assert wrong["outcome"] == ERROR and "no longer applies" in wrong["reason"]


def test_a_program_that_fails_is_told(rehearsals):
    program = program_folder(rehearsals.folder, "failing") / "mlp_numpy.py"
    source = sound_task("mlp").recipes["numpy"].read_text(encoding="utf-8")
    program.write_text("1 / 0\n" + source, encoding="utf-8")
    runs, answer = rehearsals.watch(variants()["numpy"], program, 1)
    assert runs == []
    assert (answer.outcome, answer.reason.partition(":")[0]) == ("error", "ZeroDivisionError")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('symptom = "nan"', 'symptom = "nam"'), "Did you mean 'nan'?"),
        (('shows = ["loss is not finite"]', 'shows = ["loss looks odd"]'), "is no criterion"),
        (('caught = ["range"]', 'caught = ["rang"]'), "Did you mean 'range'?"),
        (('caught = ["range"]', ""), "caught names checks"),
        (("changes.jax", "changes.jx"), "Did you mean 'jax'?"),
        (("look = ", "looks = "), "is not a file of symptoms"),
        (('explained_by = "normalisation"', 'explained_by = "normalization"'), "Did you mean 'normalisation'?"),
        (('recipe = "batch_norm"', 'recipe = "batchnorm"'), "Did you mean 'batch_norm'?"),
    ],
)
def test_mistakes_in_the_file(tmp_path, change, complaint):
    file = tmp_path / "symptoms.toml"
    file.write_text(symptoms.FILE.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(UserError, match=complaint.replace("?", r"\?")):
        read_symptoms(file)


def test_command(tmp_path):
    """With other data the criteria may not hold; what is run is written all the same."""
    file = tmp_path / "found.json"
    words = ("symptoms", "the sign of the step", "--frameworks", "numpy", "--data", "digits", "--json", file)
    code, out, err = run(*words, home=tmp_path / "home", cwd=tmp_path)
    assert code == 0, out + err
    assert "✓ numpy        the sign of the step: loss is not finite; killed at gradients; gradient: a step of -1" in out
    jsonschema.validate(json.loads(file.read_text()), SCHEMA)
    places = {"home": tmp_path / "home", "cwd": tmp_path}
    assert_refused(run("symptoms", "stuck", **places), "There is no cause or symptom 'stuck'")
    assert_refused(run("symptoms", "--json", tmp_path, **places), "is a folder")


# The page


def test_the_page_without_results(tmp_path):
    page = pages(Results(tmp_path))["learning/index.md"]
    assert isinstance(page, str)
    for symptom in SYMPTOMS.values():
        assert f"## {symptom.title} {{ #{symptom.id} }}" in page
    for cause in CAUSES.values():
        assert f"{{ #{cause.id} }}" in page and f'href="#{cause.id}"' in page
    assert "not measured" in page and "it can't happen here" in page


def test_causes_and_the_recipes_that_explain_them_link_to_each_other(tmp_path):
    page = str(pages(Results(tmp_path))["learning/index.md"])
    for cause in CAUSES.values():
        explained = sound_task(cause.explained_by)
        begin = page.index(f"{{ #{cause.id} }}")
        link = f'<a href="../recipes/{cause.explained_by}/index.html">{explained.specification.TITLE}</a>'
        assert link in page[begin : page.index("class=", begin)]
        back = recipe_page(explained, Results(tmp_path)).partition("## Symptoms that lead here")[2]
        assert f'<a href="../../learning/index.html#{cause.id}">{escape(cause.name)}</a>' in back
        symptom = escape(SYMPTOMS[cause.symptom].title)
        assert f'<a href="../../learning/index.html#{cause.symptom}">{symptom}</a>' in back
    assert "Symptoms that lead here" not in recipe_page(sound_task("convolution"), Results(tmp_path))


def test_both_losses_are_drawn():
    points = [{"training": 0, "training_loss": 2.3, "validation": 0, "validation_loss": loss} for loss in (2.4, 1.5, 6)]
    run = {"history": [1.5, 0.0], "points": points}
    drawn = plot(run, run)
    assert drawn["losses"][0]["training"] == [(0, pytest.approx(0.7 / 3)), (0.5, 0.5), (1, 1)]
    assert drawn["losses"][0]["validation"] == [(0, pytest.approx(0.2)), (0.5, 0.5), (1, 0)]
    assert drawn["mark"] == {"x": 1, "text": "validation 6.00"}
    assert "on validation images 1.50, 6.00;" in drawn["words"]


def test_the_page_shows_what_was_measured(tmp_path):
    file = tmp_path / "symptoms.json"
    found = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    row = next(row for row in found["results"] if (row["cause"], row["variant"]) == ("the sign of the step", "numpy"))
    row["source_sha256"] = "0" * 64
    file.write_text(json.dumps(jsonable(found)), encoding="utf-8")
    page = str(pages(Results(tmp_path))["learning/index.md"])
    assert page.count('class="curve curve--broken"') > 2 * len(CAUSES)
    assert page.count('class="curve curve--broken curve--validation"') == page.count('class="curve curve--broken"')
    assert page.count("stale: the program changed since") == 1
    assert "– not measured" not in page


def test_figures():
    assert [figure(value) for value in (0.1234, 2.3026, 131395.869, 3.4e29, "nan", "inf")] == [
        "0.123",
        "2.30",
        "131,396",
        "3e29",
        "NaN",
        "infinite",
    ]
    assert off_the_axis([2.9, 0.1]) is None
    assert off_the_axis([32.0, 131395.9, 2.3]) == {"x": 0.5, "text": "131,396"}
    assert off_the_axis([32.0, 131395.9, "nan"]) == {"x": 1.0, "text": "NaN"}
