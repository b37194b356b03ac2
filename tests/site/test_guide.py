"""The guide: every sentence has rows, and the published evidence supports it."""

import dataclasses
import json
import re

import pytest

pytest.importorskip("mkdocs", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'")
pytest.importorskip(
    "jupytext", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'"
)

from building import ROOT, documents, site

from concord.ask.answers import NOT_WRITTEN
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import variants
from concord.site import choose, guide
from concord.site.matrix import NOT_MEASURED
from concord.site.results import Results

pytestmark = pytest.mark.xdist_group("site")  # which is built once for each process that asks for it

NOTHING_KNOWN = f"({NOT_MEASURED}|(. )?{NOT_WRITTEN})"
SENTENCES = {sentence.need: sentence for sentence in guide.sentences()}


def rows_of(folder):
    return {row.id: row for group in choose.groups(Results(folder)) for row in group.rows}


@pytest.fixture(scope="module")
def published():
    return rows_of(ROOT / "docs" / "results")


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_the_evidence_supports_it(sentence, published, lacking):
    assert sentence.because
    assert sentence.because.keys() <= published.keys()
    complaints = guide.complaints(sentence, published)
    # "All but these" speaks of a framework from the day that its folder is made.
    unknown = [line for line in complaints if sentence.spared and re.search(f" is {NOTHING_KNOWN}, not ", line)]
    for line in unknown:
        lacking(f"no evidence for the guide's sentence {sentence.need!r}: {line}")
    assert complaints == unknown


def test_sentences(lacking):
    """No need twice, prose that fits its place; a framework that nobody is sent to is told."""
    assert len(SENTENCES) == len(guide.sentences()) >= 10
    for sentence in SENTENCES.values():
        assert not sentence.need.endswith(".")
        assert sentence.why.endswith(".") and "\n" not in sentence.why
        assert sentence.only or not sentence.also
    taken = {id for sentence in SENTENCES.values() if not sentence.spared for id in sentence.take}
    for id in variants():
        if id not in taken:
            lacking(f"no sentence of the guide takes {id}")


def test_the_table_has_what_the_guide_says(published):
    """One definition of having something: who the guide takes alone is who the table says has everything needed."""
    alike = 0
    for sentence in SENTENCES.values():
        needed = [published[id] for id in sentence.because if published[id].needed]
        if not sentence.only or {sentence.because[row.id] for row in needed} != {"built in"}:
            continue
        has = {id for id in variants() if not any(row.cells[id].lacks for row in needed)}
        taken = {*sentence.take, *guide.members(sentence.also)}
        assert has >= taken and (has == taken or len(needed) < len(sentence.because)), sentence.need
        alike += 1
    assert alike >= 3


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_no_reason_is_idle(sentence, published):
    """Each claim, if it weren't so for one that is taken, would be missed."""
    for id in sentence.because:
        cell = dataclasses.replace(
            published[id].cells[sentence.take[0]], text="? gone", value="gone", rank=None, tone=""
        )
        row = dataclasses.replace(published[id], cells=published[id].cells | {sentence.take[0]: cell})
        before = guide.complaints(sentence, published)
        complaints = [line for line in guide.complaints(sentence, published | {id: row}) if line not in before]
        assert len(complaints) == 1 and f"{row.label} is ? gone, not {sentence.because[id]}" in complaints[0]


def altered(tmp_path, feature, answers):
    """The published answers with other ones in a row, by variant."""
    document = json.loads((ROOT / "docs" / "results" / "features.json").read_text(encoding="utf-8"))
    for cell in document["results"]:
        if cell["feature"] == feature and cell["variant"] in answers:
            cell |= {"answer": answers[cell["variant"]], "outcome": "ok"}
            cell |= {"source": ""} if cell["answer"] != "not possible" else {}
    return rows_of(documents(tmp_path / "docs", [document]) / "results")


@pytest.mark.parametrize(
    ("need", "feature", "answers", "complaint"),
    [
        (
            "want the training loop",
            "callbacks",
            {"keras-jax": "add-on"},
            "Keras on JAX: callbacks is + add-on, not built in",
        ),
        ("deploy to phones", "mobile_runtime", {"pytorch": "built in"}, "PyTorch has all of that too"),
        ("deploy to phones", "mobile_runtime", {"keras-tf": "a few lines"}, "mobile runtime is ◐ a few lines"),
        ("need more than", "jacobian", {"jax": "not written yet"}, "JAX: Jacobian is ? not written yet"),
    ],
)
def test_a_release_that_makes_it_false_is_seen(tmp_path, need, feature, answers, complaint):
    sentence = next(sentence for text, sentence in SENTENCES.items() if text.startswith(need))
    assert any(complaint in line for line in guide.complaints(sentence, altered(tmp_path, feature, answers)))


def test_wrong_sentences():
    entry = {
        "about": "Speed",
        "if": "hurry",
        "take": ["numpy"],
        "why": "It is.",
        "because": {"no_such_row": "built in"},
    }
    assert guide.complaints(guide.read_sentence(dict(entry)), {}) == ["there is no row no_such_row"]
    assert guide.complaints(guide.read_sentence(entry | {"because": {}}), {}) == ["it has no rows"]
    assert guide.complaints(guide.read_sentence(entry | {"take": []}), {}) == ["it takes nothing"]
    with pytest.raises(UserError, match="caffe, which is neither a framework nor a variant"):
        guide.read_sentence(entry | {"take": ["caffe"]})


def test_unreadable_guide(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FRAMEWORKS", tmp_path)
    for text in ("sentences = [", "[[sentences]]\nif = 'so'\n", "[[sentences]]\nif = 'a'\ntake = []\nhow = 'b'\n"):
        (tmp_path / "guide.toml").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=re.escape("guide.toml can't be read")):
            guide.sentences()


def test_every_sentence_is_on_the_page_and_leads_to_rows_of_the_table():
    built = site()
    text = (built.folder / "guide.html").read_text(encoding="utf-8")
    assert text.count('class="guide__take"') == len(SENTENCES)
    table = (built.folder / "choose.html").read_text(encoding="utf-8")
    needs = set(re.findall(r'name="need" value="([\w-]+)"', table))
    links = re.findall(r'href="choose.html\?sort=([\w-]+)(?:&amp;need=([\w,-]+))?#row-([\w-]+)"', text)
    assert len(links) == len(SENTENCES)
    for sort, need, row in links:
        assert sort == row and f'id="row-{row}"' in table
        assert set(filter(None, need.split(","))) <= needs
    assert "The evidence doesn't support this" in text  # the made-up answers of the tests don't


def test_figures_of_programs_that_have_changed_are_told():
    """Beside the row that they are of, where one that is taken has them; published ones may be such, too."""

    def told(stale):
        groups = []
        for group in choose.groups(Results(ROOT / "docs" / "results")):
            rows = [
                dataclasses.replace(
                    row,
                    cells={
                        id: dataclasses.replace(cell, stale="changed" if (row.id, id) in stale else "")
                        for id, cell in row.cells.items()
                    },
                )
                for row in group.rows
            ]
            groups.append(dataclasses.replace(group, rows=rows))
        return guide.page(groups).count("measured before the programs changed")

    assert told(()) == 0
    assert told([("tier-mnist_cnn", "tensorflow"), ("tier-mnist_cnn", "jax")]) == 1  # nobody is sent to JAX for that


def test_nothing_is_measured(tmp_path):
    """Without results each sentence says that it has no evidence."""
    text = guide.page(choose.groups(Results(documents(tmp_path / "docs", []) / "results")))
    assert text.count('class="stale"') == len(SENTENCES)
