"""The built site: what it shows is what is tested, its links lead somewhere, and bad results stop it."""

import ast
import builtins
import dis
import gzip
import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import pytest

pytest.importorskip("mkdocs", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'")
pytest.importorskip(
    "jupytext", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'"
)

import markdown
import nbformat
import numpy as np
import yaml
from building import ROOT, build, documents, results_file, site
from conftest import EVERY, TASKS

from concord.ask.features import features, read_probes
from concord.ask.gotchas import topics
from concord.cost.statistics import Figure
from concord.judge import ladder
from concord.judge.mutants import all_mutants
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.project.python import definition
from concord.project.task import Task, read_task
from concord.report.results import code_sha256
from concord.site import comparison, cookbook, correspondence, evidence, experiment, glossary, moved, plots, speed
from concord.site import features as site_features
from concord.site import pages as site_pages
from concord.site.costs import OF_THE_IMPORT
from concord.site.evidence import staleness
from concord.site.markup import Held, code
from concord.site.results import Measurement, Results, pins, read_results
from concord.site.source import differing_lines, lines_of_code, notebook, read_source

pytestmark = pytest.mark.xdist_group("site")  # which is built once for each process that asks for it

BENCHMARKED = ("mnist_cnn", "mnist_cnn_fast")
# Numbered, not named: `pytest -k pytorch` asks about an installation, and needs no site built for that.
written = [(task, framework) for task in TASKS.values() for framework in task.recipes]
for_each_recipe = pytest.mark.parametrize(("task", "framework"), written, ids=map(str, range(len(written))))


class Page(HTMLParser):
    """A page's text in the first block of code below each heading, its links, and its ids."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.code, self.links, self.loaded, self.ids, self.twice, self.lazy = {}, [], [], set(), set(), set()
        self.heading, self.block, self.inside, self.text = "", False, False, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if "id" in values:
            (self.twice if values["id"] in self.ids else self.ids).add(values["id"])
        if tag in ("h1", "h2", "h3"):
            self.heading = values.get("id", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if (tag == "link" and values.get("rel") != "canonical") or tag in ("script", "img", "iframe", "source"):
            self.loaded += [values[name] for name in ("href", "src") if values.get(name)]
            if values.get("loading") == "lazy":
                self.lazy.add(values["src"])
        if tag == "code" and self.block:
            self.inside, self.text = True, []
        self.block = tag == "pre"

    def handle_endtag(self, tag):
        if tag == "code" and self.inside:
            self.inside = False
            self.code.setdefault(self.heading, "".join(self.text))

    def handle_data(self, data):
        if self.inside:
            self.text.append(data)


@pytest.fixture(scope="module")
def built():
    found = site()
    assert found.code == 0, found.output
    return found


@pytest.fixture(scope="module")
def pages(built):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(built.folder.rglob("*.html"))}


def test_no_warning_and_quick(built):
    assert "WARNING" not in built.output
    assert built.seconds < 60  # with forty recipes


@for_each_recipe
def test_what_is_shown_is_what_is_tested(built, pages, task, framework):
    source = task.recipes[framework].read_text(encoding="utf-8")
    page = pages[built.folder / "recipes" / task.name / "index.html"]
    shown = [page.code[f"{comparison.anchor(step)}-{framework}"] for step in task.steps]
    cells = re.split(r"^(?=# %% )", source, flags=re.MULTILINE)
    parts = [cell.partition("\n")[2] for cell in cells if cell and not cell.startswith("# %% [markdown]")]
    assert shown == [part.rstrip("\n") + "\n" for part in parts]
    whole = built.folder / "recipes" / task.name / f"{framework}.html"
    assert source in code_texts(whole)


def code_texts(path):
    """The text of every block of code of a page."""

    class Every(Page):
        def handle_endtag(self, tag):
            if tag == "code" and self.inside:
                self.inside = False
                self.code[len(self.code)] = "".join(self.text)

    return list(Every(path.read_text(encoding="utf-8")).code.values())


@for_each_recipe
def test_downloads(built, task, framework):
    file = task.recipes[framework]
    folder = built.folder / "recipes" / task.name
    assert (folder / file.name).read_bytes() == file.read_bytes()
    book = nbformat.read(folder / f"{file.stem}.ipynb", as_version=4)
    nbformat.validate(book)
    (install,) = [cell for cell in book.cells if "install" in cell.metadata.get("tags", [])]
    assert book.cells.index(install) == 1
    variant = frameworks()[framework].variants[0]
    assert install.cell_type == ("markdown" if variant.own else "code")
    assert comparison.install_command(variant) in install.source
    code = [cell.source + "\n" for cell in book.cells if cell.cell_type == "code" and cell is not install]
    assert code == list(read_source(file).cells.values())


def test_the_same_file_gives_the_same_notebook():
    source = read_source(TASKS["pooling"].recipes["numpy"])
    assert notebook(source, "pip install numpy==2.4.6", "7\n") == notebook(source, "pip install numpy==2.4.6", "7\n")


def outputs(row, printed="the largest of each window\n"):
    """What tools/outputs.py writes, of one program."""
    created = "2026-01-31T23:59:59Z"
    return {
        "schema": "concord.outputs/1",
        "created": created,
        "environment": {},
        "results": [row | {"printed": printed}],
    }


def test_what_a_program_prints_is_shown_as_long_as_it_is_the_same_program(tmp_path):
    task = TASKS["pooling"]
    row = {
        "recipe": task.name,
        "framework": "numpy",
        "variant": "numpy",
        "versions": {"numpy": pins(variants()["numpy"])["numpy"]},
        "recipe_sha256": code_sha256(task.recipes["numpy"]),
    }
    changes = ({}, {"recipe_sha256": "0" * 64}, {"versions": {"numpy": "1.0"}}, {"recipe": "filters"})
    for number, change in enumerate(changes):
        results = Results(documents(tmp_path / str(number), [outputs(row | change)]) / "results")
        files = comparison.files(task, results)
        shown = "What pooling_numpy.py prints" in files["recipes/pooling/index.md"]
        last = nbformat.reads(files["recipes/pooling/pooling_numpy.ipynb"], as_version=4).cells[-1]
        assert shown == bool(last.outputs) == (number == 0)
    assert not nbformat.reads(files["recipes/pooling/pooling_jax.ipynb"], as_version=4).cells[-1].outputs


def test_addresses_of_other_hosts_come_from_one_setting(tmp_path):
    names = ("colab.research.google.com", "kaggle.com", "github.com/someone/concord")
    folder = documents(tmp_path / "docs", []) / "results"
    without = comparison.files(TASKS["pooling"], Results(folder))
    assert not any(name in text for text in without.values() if isinstance(text, str) for name in names)
    page = comparison.page(TASKS["pooling"], Results(folder, "https://github.com/someone/concord"))
    book = "someone/concord/blob/notebooks/recipes/pooling/pooling_pytorch.ipynb"
    assert f'href="https://colab.research.google.com/github/{book}"' in page
    assert f'src={quote("https://github.com/" + book, safe="")}"' in page
    assert 'href="https://github.com/someone/concord/blob/main/recipes/pooling/pooling_theano.py"' in page
    assert "pooling_theano.ipynb&" not in page and "recipes/pooling/pooling_theano.ipynb" not in page
    other = comparison.page(TASKS["pooling"], Results(folder, "https://example.org/concord"))
    assert "colab" not in other and "example.org" not in other


WORDS = {"Logit": "A score.", "Feature map": "What a kernel makes.", "float64": "64 bits.", "ReLU": "max(x, 0)."}


def test_the_first_use_of_a_word_leads_to_the_glossary():
    text = "# Logits\n\n[A logit](x.html), logits, `logit`.\n\nTwo feature maps: float64, float64x, float64; a ReLU."
    found = markdown.markdown(text + "\n\n" + glossary.definitions(WORDS, text), extensions=["abbr"])
    shown = glossary.linked(found, WORDS, "../glossary.html")
    links = re.findall(r'<a class="term" href="([^"]*)" title="([^"]*)">([^<]*)</a>', shown)
    assert links == [
        ("../glossary.html#logit", "A score.", "logits"),
        ("../glossary.html#feature-map", "What a kernel makes.", "feature maps"),
        ("../glossary.html#float64", "64 bits.", "float64"),
        ("../glossary.html#relu", "max(x, 0).", "ReLU"),
    ]
    assert "abbr" not in shown
    assert text_of(shown) == text_of(markdown.markdown(text))


def test_the_glossary(built, pages):
    """Each word has a place that its links lead to; pages use the words, and none leads to itself."""
    words = glossary.entries(ROOT / "docs" / "glossary.md")
    assert {glossary.anchor(word) for word in words} <= pages[built.folder / "glossary.html"].ids
    assert list(words) == sorted(words, key=str.lower)
    for place in ("recipes/cross_entropy/index.html", "measured.html"):
        text = (built.folder / place).read_text(encoding="utf-8")
        links = re.findall(r'class="term" href="[^"]*#([^"]*)"', text)
        assert links and len(links) == len(set(links))
    assert 'class="term"' not in (built.folder / "glossary.html").read_text(encoding="utf-8")
    assert "<abbr" not in "".join(path.read_text(encoding="utf-8") for path in pages)


def test_a_word_that_is_explained_twice_is_told(tmp_path):
    file = tmp_path / "glossary.md"
    file.write_text("## Gate\n\nThe largest error. It may move.\n\n## Gate\n\nA door.\n", encoding="utf-8")
    with pytest.raises(UserError, match="explains Gate twice"):
        glossary.entries(file)
    file.write_text("## Gate\n\nThe largest\nerror of `a.b`. It may move.\n", encoding="utf-8")
    assert glossary.entries(file) == {"Gate": "The largest error of a.b."}


def test_links_lead_somewhere(built, pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//") or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (
                parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids
            ):
                broken.append(f"{path.relative_to(built.folder)}: {link}")
    assert broken == []


def test_each_id_is_there_once(pages):
    """A step may be called as its page is: both have a place of their own."""
    assert {path: page.twice for path, page in pages.items() if page.twice} == {}


# What a page is made of, by its name in the repository, and the page's address.
SOURCES = {
    r"docs/([^/]+)\.md": r"\1.html",
    r"recipes/(\w+)/task\.py": r"recipes/\1/index.html",
    r"recipes/(\w+)/\1_(numpy|pytorch|jax|tensorflow|keras|theano|cuda)\.py": r"recipes/\1/\2.html",
    r"frameworks/(\w+)/framework\.toml": r"frameworks/\1.html",
    r"gotchas/(\w+)\.py": r"gotchas/\1.html",
}


def address(source):
    """Of the page that a file is the source of; empty for another file."""
    return next((re.sub(one, page, source) for one, page in SOURCES.items() if re.fullmatch(one, source)), "")


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def test_a_page_that_goes_leaves_a_redirect(built):
    """Whatever the history tells of sources that are gone, their addresses are still there, or in docs/moved.toml."""
    assert address("docs/porting.md") == "porting.html"
    assert address("recipes/pooling/pooling_jax.py") == "recipes/pooling/jax.html"
    assert address("recipes/pooling/figure.py") == ""
    if git("rev-parse", "--is-shallow-repository").strip() != "false":
        pytest.skip("the whole history isn't here")
    gone = git("log", "--format=", "--no-renames", "--diff-filter=D", "--name-only").split()
    rows = re.findall(r'^-id = "(\w+)"', git("log", "-p", "--format=", "--", "frameworks/features.toml"), re.MULTILINE)
    places = {*map(address, gone), *(f"features/{id}.html" for id in rows)} - {""}
    assert gone and [place for place in places if not (built.folder / place).is_file()] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('"old.html" = "gone.html"', "doesn't lead"),
        ('"here.html" = "here.html"', "doesn't lead"),
        ('"old" = "here.html"', "doesn't lead"),
        ("old = ", "can't be read"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told(tmp_path, text, complaint):
    file = tmp_path / "moved.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=complaint):
        moved.pages(file, {"here.html"})


def test_nothing_is_loaded_from_elsewhere(built, pages):
    loaded = {link for page in pages.values() for link in page.loaded}
    assert [link for link in loaded if urlsplit(link).scheme not in ("", "data")] == []
    for style in built.folder.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:", style.read_text(encoding="utf-8"))


def size(path):
    """Bytes over the wire."""
    return len(gzip.compress(path.read_bytes(), 6))


def files_of(path, links):
    """What a page loads; of its pictures, those in one colour."""
    found = {(path.parent / urlsplit(link).path).resolve() for link in links}
    return {file for file in found if file.is_file() and file.name != "figure-dark.svg"}


def test_weight(pages):
    """What a page loads at once, and what with the pictures that wait until they are scrolled to."""
    for path, page in pages.items():
        for links, most in ((set(page.loaded) - page.lazy, 450_000), (page.loaded, 800_000)):
            assert size(path) + sum(map(size, files_of(path, links))) < most, path


def heavy(folder):
    """The recipes' pages that load more than 150 KB beyond what the first page does."""
    first = folder / "index.html"
    shared = files_of(first, Page(first.read_text(encoding="utf-8")).loaded)
    weights = {}
    for name in EVERY:
        path = folder / "recipes" / name / "index.html"
        own = files_of(path, Page(path.read_text(encoding="utf-8")).loaded) - shared
        weights[name] = size(path) + sum(map(size, own))
    return {name: weight for name, weight in weights.items() if weight > 150_000}


def test_each_recipe_is_light(built):
    assert heavy(built.folder) == {}


@pytest.mark.long
def test_the_published_site(tmp_path):
    """The same of the results that are published: no warning, in time, and no page too heavy."""
    done = build(ROOT / "docs", tmp_path / "site")
    assert (done.code, "WARNING" in done.output) == (0, False), done.output
    assert done.seconds < 60
    assert heavy(tmp_path / "site") == {}


def test_no_path_of_this_machine(built):
    for path in built.folder.rglob("*"):
        if path.suffix in (".html", ".json", ".csv", ".ipynb", ".js", ".css", ".xml"):
            assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def test_gates_are_the_harnesss(built):
    text = html.unescape((built.folder / "measured.html").read_text(encoding="utf-8"))
    for level in (*ladder.NETWORK_LEVELS, *ladder.QUICK_NETWORK_LEVELS, *ladder.OPERATION_LEVELS):
        assert level.asserts in text
        for gate in level.gates.values():
            assert not gate or f"{gate:.0e}" in text


def test_states(built):
    text = (built.folder / "recipes" / "mnist_cnn" / "index.html").read_text(encoding="utf-8")
    for words in ("✓ same", "! known difference", "✗ differs", "unverified", "the pinned version is"):
        assert words in text
    text = (built.folder / "recipes" / "convolution" / "index.html").read_text(encoding="utf-8")
    assert "Not published yet: <code>concord compare convolution</code> proves it on your machine." in text
    assert "not proven yet" in text and "last proven" not in text


def test_a_verdict_in_one_line(built):
    """Of ten variants one fails, one is of an old version, one has a known difference, whose error doesn't count."""

    def words(recipe):
        path = built.folder / "recipes" / recipe / "index.html"
        return " ".join(text_of(path.read_text(encoding="utf-8")).split())

    line = "8 of 10 variants proven the same on 2026-01-31, largest float64 error 2e-16"
    assert f"{line}; 1 of them with a known difference; 1 changed since then." in words("mnist_cnn")
    assert f"{line}; 1 changed since then." in words("pooling")
    for words_of_the_badge in ("8/10 variants ✓ last proven 2026-01-31; versions", "PyTorch : torch "):
        assert words_of_the_badge in words("pooling").replace("PyTorch:", "PyTorch :")


def test_no_verdict_of_other_programs(tmp_path):
    document = results_file(TASKS["pooling"])
    for result in document["results"]:
        result["task_sha256"] = "f" * 64
    results = Results(documents(tmp_path / "docs", [document]) / "results")
    standing = evidence.standing(TASKS["pooling"], results)
    assert (standing.proven, standing.stale, standing.date) == (0, 10, "2026-01-31")
    text = comparison.page(TASKS["pooling"], results)
    assert "changed since they were measured on 2026-01-31" in text
    assert "largest float64 error" not in text and "last proven" not in text


def test_what_was_proven_quick_says_so(tmp_path):
    document = results_file(TASKS["pooling"])
    for quick in (1, 10):
        for result in document["results"][-quick:]:
            result["depth"] = "quick"
        results = Results(documents(tmp_path / str(quick), [document]) / "results")
        text = " ".join(text_of(comparison.page(TASKS["pooling"], results)).split())
        some = "1 of them quick" if quick == 1 else "quick"
        assert f"last proven 2026-01-31, {some}; versions" in text
        assert f"proven the same on 2026-01-31 ({some}: by few strong runs), largest" in text


networks = [pair for pair in written if pair[0].kind == "network"]


@pytest.mark.parametrize(("task", "framework"), networks, ids=map(str, range(len(networks))))
def test_each_network_has_the_parts_that_correspond(built, task, framework):
    """The page marks a loss, a gradient and an update in each program: the words of its own code."""
    text = (built.folder / "recipes" / task.name / "index.html").read_text(encoding="utf-8")
    cells = read_source(task.recipes[framework]).cells.values()
    columns = re.split(r'(?=<div class="cell" data-framework=)', text)
    mine = "".join(one for one in columns if one.startswith(f'<div class="cell" data-framework="{framework}"'))
    for name in correspondence.PARTS:
        found = re.findall(
            rf'<span class="part" data-part="[^"]*\b{name}\b[^"]*">((?:<span[^>]*>[^<]*</span>|[^<]|<wbr>)*)</span>',
            mine,
        )
        assert found, f"frameworks/correspondence.toml finds no {name} in {task.recipes[framework].name}"
        assert all(any(text_of(one) in cell for cell in cells) for one in found)


def test_marks_lie_in_each_other():
    text = "new = old - rate * grad(loss)  # grad(x)\n"
    marks = ((0, 0, 29, "update"), (0, 19, 29, "gradient"))
    shown = str(code(text, marks))
    assert text_of(shown) == text
    parts = re.findall(r'data-part="([^"]*)">(.*?)(?=<span class="part"|\n)', shown)
    assert [(part, text_of(words).split("  #")[0]) for part, words in parts] == [
        ("update", "new = old - rate * "),
        ("update gradient", "grad(loss)"),
    ]


def test_a_comment_is_no_part():
    assert correspondence.marks("pytorch", "x = 1  # loss.backward()\n") == ()
    assert correspondence.marks("pytorch", "    loss.backward()  # back\n") == ((0, 4, 19, "gradient"),)
    assert correspondence.marks("unheard_of", "loss.backward()\n") == ()


def test_plots(built):
    text = (built.folder / "recipes" / "softmax_regression" / "index.html").read_text(encoding="utf-8")
    figures = [result["history"] for result in results_file(TASKS["softmax_regression"])["results"]]
    assert 1 <= text.count("<polyline") <= sum(map(bool, figures))  # those that lie on each other are one
    assert "Mean loss of each epoch, from the first to the last: NumPy 0.5000 to 0.2500" in text
    assert "ok in 2 of 3 repeats" in text
    assert "A line is the range over the repeats." in text
    text = (built.folder / "recipes" / "mnist_cnn" / "index.html").read_text(encoding="utf-8")
    assert "<polyline" not in text  # no curve without two epochs


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.978, 0.9842], [0.978, 0.98, 0.982, 0.984, 0.986]),
        ([0.25, 0.25], [0.25, 0.3]),
        ([0.0, 2.3], [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]),
    ],
)
def test_scale(values, expected):
    ticks, start, end = plots.scale(values, 5)
    assert ticks == pytest.approx(expected)
    assert start <= min(values) < max(values) + 1e-9 <= end + 1e-9


def test_repeats(built):
    """Of six variants that were compared three times, one passed only twice."""
    text = html.unescape((built.folder / "proof.html").read_text(encoding="utf-8"))
    table = text[text.index('aria-label="Repeats"') :].split("</table>")[0]
    usual = {framework.id for framework in cookbook.usual()}
    whole = sum(usual <= task.recipes.keys() for task in EVERY.values()) - 1  # convolution has no results
    assert table.count("<td>mnist</td><td>6</td><td>3</td>") == whole
    assert table.count("✗ 5 of 6</span> not Keras on PyTorch</td>") == whole


def test_what_a_framework_cannot_is_told_with_its_source(built):
    """In its row and its column, on its own page, and where all verdicts are: nothing is "not written yet" there."""
    task = TASKS["hello_cuda"]
    assert task.not_possible.keys() == {f.id for f in cookbook.usual()} - task.recipes.keys()
    page = (built.folder / "recipes" / task.name / "index.html").read_text(encoding="utf-8")
    proof = (built.folder / "proof.html").read_text(encoding="utf-8")
    assert "not written yet" not in text_of(page).lower()
    for id, (sentence, source) in task.not_possible.items():
        own = (built.folder / "frameworks" / f"{id}.html").read_text(encoding="utf-8")
        for variant in frameworks()[id].variants:
            row = page.split(f'<tr id="evidence-{variant.id}">')[1].split("</tr>")[0]
            assert "– not possible" in row and sentence in html.unescape(row) and f'href="{source}"' in row
        idea = page.split('id="idea"')[1].split("</section>")[0].split(f'data-framework="{id}"')[1].split("</div>")[0]
        assert sentence in html.unescape(idea) and f'href="{source}"' in idea
        assert f'title="{sentence}"' in html.unescape(own) and f'title="{sentence}"' in html.unescape(proof)


def test_what_most_recipes_are_not_asked_of_is_not_missing(built):
    """CUDA's kernels are one recipe's business: it has no row and no card elsewhere."""
    unusual = set(frameworks()) - {framework.id for framework in cookbook.usual()}
    assert unusual == {"cuda"}
    for task in EVERY.values():
        page = (built.folder / "recipes" / task.name / "index.html").read_text(encoding="utf-8")
        if "cuda" not in task.recipes:
            assert 'id="evidence-cuda"' not in page and "CUDA (Numba)" not in text_of(page.split('id="evidence"')[1])
    own = text_of((built.folder / "frameworks" / "cuda.html").read_text(encoding="utf-8"))
    assert TASKS["hello_cuda"].specification.TITLE in own and "not written yet" not in own
    proof = (built.folder / "proof.html").read_text(encoding="utf-8")
    assert proof.count("– not asked of it") == sum("cuda" not in task.recipes for task in EVERY.values())


def test_other_data_never_hides_mnist(tmp_path):
    for name, day in (("mnist", "2026-01-30"), ("digits", "2026-01-31")):
        document = results_file(TASKS["mnist_cnn"]) | {"created": f"{day}T00:00:00Z"}
        document["data"] = document["data"] | {"name": name}
        (tmp_path / f"compare-{name}.json").write_text(json.dumps(document), encoding="utf-8")
    assert Results(tmp_path).find("mnist_cnn", "numpy").file.name == "compare-mnist.json"


experiments = [task for task in EVERY.values() if task.settings]


@pytest.mark.parametrize("task", experiments, ids=lambda task: task.name)
def test_a_setting_as_code_passes_on_what_it_changes(task):
    """The line that a page shows, run with functions that keep what they are given."""
    for setting in task.settings.values():
        given = {name: {} for name in ("data", "variables", "initial_weights", "train")}

        def keep(name, gives, given=given):
            return lambda *_, **options: (given[name].update(options), gives)[1]

        scope = {"data": keep("data", (1, 2, 3, 4)), "train": keep("train", (1, 2)), "write": lambda *_: 1}
        scope |= {name: keep(name, 1) for name in ("variables", "initial_weights")}
        scope |= dict.fromkeys(("images", "labels", "validation_images", "validation_labels"))
        exec(experiment.called(setting), scope)
        assert given["train"] == setting.training | setting.own
        assert given["variables"] == setting.variables | setting.own
        assert given["data"] == setting.data
        assert given["initial_weights"] == setting.start


@pytest.mark.parametrize("task", [task for task in experiments if task.of], ids=lambda task: task.name)
def test_an_experiment_shows_where_its_settings_act(built, task):
    """In each program its own lines, with every name that it is given; in task.py what makes the data or the start."""
    texts = code_texts(built.folder / "recipes" / task.name / "index.html")
    shown = {part["title"]: html.unescape(text_of(part["code"])) for part in experiment.parts(task)}
    assert shown and set(shown.values()) <= set(texts)
    asked = {n for one in task.settings.values() for n in (*one.training, *one.variables, *one.own)}
    asked &= set(experiment.varied(task))
    for framework, path in task.recipes.items() if asked else ():
        lines = shown.pop(frameworks()[framework].label)
        program = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        assert [line for line in lines.splitlines() if line.strip() not in program and line[0] != "#"] == []
        assert [name for name in asked if not re.search(rf"\b{name}\b", lines)] == []
    for text in shown.values():
        assert "def data(" in text or "def initial_weights(" in text


def test_lines_that_use_a_name():
    text = (
        "def step(rate):\n    return (\n        2\n        * rate\n    )\n\n\n"
        "def train(*, rate=0.1):\n    for _ in range(rate):\n        step(1)\n        model.rate = 2\n    return 3\n"
    )
    assert experiment.acting(text, {"rate"}) == (
        "# step\nreturn (\n    2\n    * rate\n)\n# train\nfor _ in range(rate):\nmodel.rate = 2\n"
    )


def test_the_book_has_every_recipe_once():
    tasks = cookbook.in_order()
    assert sorted(task.name for task in tasks) == sorted(EVERY)
    assert cookbook.chapters()[-1].title != cookbook.REST  # every recipe is in a chapter


def test_the_talk_topic_by_topic(built):
    """Each topic leads to its recipes; all of the talk's building blocks and first networks have a place."""
    text = (built.folder / "recipes" / "index.html").read_text(encoding="utf-8")
    items = text.split('id="talk"')[1].split("<ol")[1].split("</ol>")[0].split("<li>")[1:]
    talk = cookbook.talk()
    assert len(items) == len(talk) > 20
    for item, (topic, tasks) in zip(items, talk.items(), strict=True):
        assert text_of(item).startswith(f"{topic}: ") and tasks
        assert re.findall(r'href="(\w+)/index.html"', item) == [task.name for task in tasks]
    told = {task.name for tasks in talk.values() for task in tasks}
    assert {task.name for task in cookbook.chapters()[0].tasks} <= told
    assert {"softmax_regression", "first_network", "mnist_cnn", "learned_filters", "hello_cuda"} <= told


@pytest.mark.parametrize(
    ("read", "text", "complaint"),
    [
        (cookbook.chapters, '[[chapters]]\ntitle = "A"\nrecipes = ["poling"]', "poling"),
        (cookbook.chapters, '[[chapters]]\ntitle = "A"\nrecipes = ["pooling", "pooling"]', "names pooling twice"),
        (cookbook.chapters, 'hard = ["poling"]\n[[chapters]]\ntitle = "A"\nrecipes = []', "poling"),
        (cookbook.chapters, '[[chapters]]\ntitle = "A"', "can't be read: KeyError"),
        (cookbook.chapters, "[[chapters]", "can't be read: TOMLDecodeError"),
        (cookbook.talk, '[talk]\n"Pooling" = ["poling"]', "There is no recipe 'poling'"),
        (cookbook.talk, "[other]", "can't be read: KeyError"),
        (cookbook.talk, 'talk = ["pooling"]', "can't be read: AttributeError"),
        (cookbook.talk, "[talk", "can't be read: TOMLDecodeError"),
    ],
)
def test_a_wrong_list_of_chapters_or_topics_is_told(tmp_path, read, text, complaint):
    file = tmp_path / "chapters.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(complaint)):
        read(file)


@pytest.mark.parametrize(("seconds", "words"), [(2, "seconds"), (70.2, "a minute"), (130, "2 minutes"), (None, "")])
def test_a_card_tells_the_run_time(tmp_path, seconds, words):
    task, row = TASKS["pooling"], {"recipe": "pooling", "framework": "numpy", "variant": "numpy"}
    row |= {"versions": {"numpy": pins(variants()["numpy"])["numpy"]}}
    row |= {"recipe_sha256": code_sha256(task.recipes["numpy"])} | ({"seconds": seconds} if seconds else {})
    results = Results(documents(tmp_path / "docs", [outputs(row)]) / "results")
    assert cookbook.run_time(task, results) == words
    assert f"easy{' · ' + words if words else ''} · 8 frameworks" in cookbook.page(results)


def test_a_card_of_an_experiment_tells_how_long_its_proof_took(tmp_path):
    """Published of the present programs, by its own run: a verdict that was kept took no time."""
    task = EVERY["learning_rate"]
    changes = ({"seconds": 46.0}, {"seconds": 433.7}, {"seconds": 0.0}, {"seconds": 46.0, "task_sha256": "f" * 64})
    words = (", proven in NumPy in a minute", ", proven in NumPy in 7 minutes", "", "")
    for number, (change, said) in enumerate(zip(changes, words, strict=True)):
        document = results_file(task)
        document["results"][0].update(change)
        results = Results(documents(tmp_path / str(number), [document]) / "results")
        assert cookbook.run_time(task, results) == f"6 trainings{said}"


def test_code_is_kept_aside_and_put_back():
    page = '<pre aria-label="a"><code><span class="l">x <b>&lt;</b> 1\n</span></code></pre><pre><code>no</code></pre>'
    held = Held()
    plain = held.plain(page)
    assert '<pre aria-label="a"><code data-held="0">x &lt; 1\n</code></pre>' in plain
    assert held.back(plain) == page


def test_recipes_in_no_chapter_come_last(tmp_path):
    file = tmp_path / "chapters.toml"
    file.write_text('[[chapters]]\ntitle = "On maps"\nrecipes = ["pooling"]', encoding="utf-8")
    first, rest = cookbook.chapters(file)
    assert (first.id, [task.name for task in first.tasks]) == ("on-maps", ["pooling"])
    assert [task.name for task in rest.tasks] == sorted(EVERY.keys() - {"pooling"})


def test_each_recipe_leads_to_its_neighbours(built):
    """In the order of the book, at the foot of the page; before the first is the page with all of them."""
    places = ["index.html", *(f"{task.name}/index.html" for task in cookbook.in_order())]
    for number, place in enumerate(places[1:], start=1):
        text = (built.folder / "recipes" / place).read_text(encoding="utf-8")
        found = dict(re.findall(r'<a href="([^"]*)" class="md-footer__link md-footer__link--(prev|next)"', text))
        ways = {way: (built.folder / "recipes" / place).parent.joinpath(link).resolve() for link, way in found.items()}
        assert ways["prev"] == built.folder / "recipes" / places[number - 1]
        if number + 1 < len(places):
            assert ways["next"] == built.folder / "recipes" / places[number + 1]


def test_pictures_and_what_they_show(built):
    """Each in two colours, of which the theme hides one; in words for who can't see it."""
    listed = (built.folder / "recipes" / "index.html").read_text(encoding="utf-8")
    pictured = [task for task in EVERY.values() if (task.folder / "figure-light.svg").exists()]
    assert listed.count('class="picture"') == 2 * len(pictured)
    for task in pictured:
        text = html.unescape((built.folder / "recipes" / task.name / "index.html").read_text(encoding="utf-8"))
        alt = " ".join(says(task).split())
        for theme in ("light", "dark"):
            drawn = f'src="figure-{theme}.svg#only-{theme}" alt="'
            assert drawn + alt + '"' in text or (drawn in text and f"<figcaption>{alt}</figcaption>" in text)
            assert f'src="{task.name}/figure-{theme}.svg#only-{theme}" alt=""' in listed
            assert (built.folder / "recipes" / task.name / f"figure-{theme}.svg").is_file()
    assert 'class="picture"' not in (built.folder / "recipes/mnist_cnn_fast/index.html").read_text(encoding="utf-8")


def says(task):
    if task.settings:
        return task.specification.FIGURE["says"]
    return ast.get_docstring(ast.parse((task.folder / "figure.py").read_text(encoding="utf-8")))


def test_how_far_curves_lie_apart_stands_under_their_picture(tmp_path):
    task = EVERY["learning_rate"]
    document = results_file(task)
    old, _ = document["results"].pop(3), document["results"].pop(1)  # that one failed, and has no curves
    rows = {row["variant"]: row for row in document["results"]}

    def curves(id):
        return next(level for level in rows[id]["levels"] if level["level"] == "curves")

    def told(task=task, document=document):
        (tmp_path / "compare.json").write_text(json.dumps(document), encoding="utf-8")
        text = comparison.page(task, Results(tmp_path))
        return " ".join(text_of(text.partition("<figcaption>")[2].partition("</figcaption>")[0]).split())

    curves("pytorch")["error"] = 3e-12
    on_top = "variants lie on top of each other (the wide line is NumPy's): the largest relative error is 3e-12."
    assert told() == f"All 8 {on_top}"
    rows["pytorch"]["curves"]["100"]["accuracy"][-1] += 1e-3
    assert told().endswith(
        "the largest relative error is 3e-12. Only with “100” do they part: training is chaotic there, and "
        "rounding grows until it shows."
    )
    rows["pytorch"]["curves"]["100"]["accuracy"][-1] -= 1e-3
    for id, error in {"keras-torch": 0.17, "theano": "inf", "tensorflow": 0.1}.items():
        curves(id).update(outcome="mismatch", declared="a cause", error=error)
    rows["keras-torch"]["curves"]["1"]["accuracy"][-1] = 0.5  # of what is drawn, chaotic or not, whatever was judged
    rows["theano"]["curves"]["100"]["accuracy"][-1] = "nan"
    rows["tensorflow"]["curves"] = rows["numpy"]["curves"]
    assert told() == (
        f"6 of 8 {on_top} Known differences from NumPy: Keras on PyTorch, off by 0.2 at “1”; "
        "Theano, not finite at “100”."
    )
    document["results"].append(old)
    assert told() == says(task)
    document["results"].pop()
    rows["tensorflow"]["levels"].remove(curves("tensorflow"))
    assert told() == says(task)
    seeds = EVERY["seeds"]  # each framework has a start of its own
    assert told(seeds, results_file(seeds)) == says(seeds)


def test_what_comes_after_what(built):
    text = (built.folder / "recipes" / "filters" / "index.html").read_text(encoding="utf-8")
    text = text[text.index("<article") :]
    order = [
        'class="question"',
        'class="answer"',
        "variants ✓",
        'class="picture"',
        "slides over an image",
        'id="touch"',
        'id="compare"',
    ]
    order += ['id="what-to-look-at"', 'id="what-usually-goes-wrong"', 'id="evidence"', 'class="verdict"']
    order += ['class="more evidence"', 'id="source"']
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_the_first_page_shows_a_training_step(built):
    """Lines of the programs as they are, and the worse of the two published errors of the gradients."""
    texts = code_texts(built.folder / "index.html")
    for framework in ("pytorch", "tensorflow"):
        source = stripped(TASKS["mnist_cnn"].recipes[framework].read_text(encoding="utf-8"))
        (shown,) = [text for text in texts if text.count("\n") > 2 and stripped(text) in source]
        assert "gradient" in shown or "backward" in shown
    text = (built.folder / "index.html").read_text(encoding="utf-8")
    assert "✓ same gradient: 2e-16 relative difference" in text
    assert f"and {len(frameworks())} frameworks." in text
    programs = sum(len(task.recipes) for task in TASKS.values())
    assert f"<strong>{programs}</strong> programs in {len(EVERY)} recipes" in text
    assert "<strong>3 of 3</strong> programs with a mistake" in text


def stripped(text):
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_the_worse_gradient_counts(tmp_path):
    document = results_file(TASKS["mnist_cnn"])
    rows = {result["variant"]: result for result in document["results"]}
    level = next(level for level in rows["tensorflow"]["levels"] if level["level"] == "gradients")
    level["error"] = 3e-14
    found = Results(documents(tmp_path / "docs", [document]) / "results")
    assert "same gradient: 3e-14" in site_pages.training_step(found)
    level["passed"] = False
    found = Results(documents(tmp_path / "more", [document]) / "results")
    assert "same gradient" not in site_pages.training_step(found)


def test_what_the_page_about_porting_says_about_weights():
    """The code of the page gives the same sums on channels-first arrays."""
    text = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8")
    scope = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], scope)
    random = np.random.default_rng(0)
    maps, kernel = random.normal(size=(2, 3, 4)), random.normal(size=(24, 5))
    conv, dense = random.normal(size=(3, 2, 4, 6)), random.normal(size=(5, 7))
    turned, other, after_flatten = scope["to_pytorch"](conv, dense, kernel, maps.shape)
    assert np.allclose(after_flatten @ maps.transpose(2, 0, 1).ravel(), maps.ravel() @ kernel)
    assert not np.allclose(kernel.T @ maps.transpose(2, 0, 1).ravel(), maps.ravel() @ kernel)
    patch = random.normal(size=(3, 2, 4))
    assert np.allclose(np.einsum("oihw,ihw", turned, patch.transpose(2, 0, 1)), np.einsum("hwio,hwi", conv, patch))
    assert np.allclose(other @ np.arange(5), np.arange(5) @ dense)


def test_every_gotcha_of_the_page_about_porting_is_one():
    text = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8")
    named = set(re.findall(r"gotchas/(\w+)\.md", text))
    assert len(named) > 10 and named <= topics().keys()


def test_features(built, pages):
    first = next(iter(features().values()))
    page = pages[built.folder / "features" / f"{first.id}.html"]
    assert set(variants()) <= page.ids
    document = json.loads((built.folder / "choose.json").read_text(encoding="utf-8"))
    group = next(group for group in document["groups"] if group["title"] == first.group)
    row = group["rows"][0]
    ids = [variant.id for variant in timed()]
    assert [row["cells"][id]["value"] for id in ids[:7]] == [
        "built in",
        "built in",
        "a few lines",
        "add-on",
        "not possible",
        "not written yet",
        "broken",
    ]
    lacks = ["", "a few lines", "add-on", "lacks", "unknown", "unknown"]
    assert [row["cells"][id]["lacks"] for id in ids[1:7]] == lacks
    has = sum(row["cells"][ids[0]]["value"] == "built in" for row in group["rows"])
    assert 0 < has < len(group["rows"])
    assert group["summary"][ids[0]] == f"{has} of {len(group['rows'])} built in"
    facts = [row for group in document["groups"] for row in group["rows"] if row["id"] == "licence"]
    assert facts[0]["cells"][ids[0]]["text"] == "12 MB"
    assert not facts[0]["needed"]


def test_features_show_their_probe(tmp_path, monkeypatch):
    probe = 'def _helper(x):\n    return x\n\n\ndef dense(x):\n    """A remark."""\n    return _helper(x)\n'
    (tmp_path / "pytorch").mkdir()
    (tmp_path / "pytorch" / "features.py").write_text(probe, encoding="utf-8")
    found = read_probes(tmp_path / "pytorch" / "features.py")
    monkeypatch.setattr("concord.ask.features.written", lambda framework: found)
    answers = site_features.Answers(Results(tmp_path))
    section = site_features.sections(features()["dense"], answers)[0]
    assert "def dense(x)" in text_of(section["code"]) and "def _helper(x)" in text_of(section["code"])
    assert [answer["text"] for answer in section["answers"]] == ["– not measured"] * len(variants())


def text_of(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def test_gotchas(built):
    document = json.loads((built.folder / "gotchas.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for group in document["groups"] for row in group["rows"]}
    cells = rows["relu_slope-0"]["cells"]
    assert cells["tensorflow"]["value"] == 0
    assert (cells["pytorch"]["text"], cells["pytorch"]["note"], cells["pytorch"]["tone"]) == (
        "otherwise",
        "was 0",
        "bad",
    )
    assert (cells["keras-tf"]["note"], cells["keras-tf"]["tone"]) == ("the documentation says otherwise", "known")
    assert (cells["jax"]["text"], cells["jax"]["note"]) == ("error", "ValueError: no")
    assert cells["numpy"]["text"] == "–"  # NumPy has no derivative
    text = (built.folder / "frameworks" / "pytorch.html").read_text(encoding="utf-8")
    assert "gotchas/relu_slope.html#pytorch" in text


@pytest.mark.parametrize("topic", topics().values(), ids=lambda topic: topic.name)
def test_gotchas_show_their_probes(built, topic):
    """The code is that of the file: what is shown runs as it stands, and is all that the probe needs."""
    texts = code_texts(built.folder / "gotchas" / f"{topic.name}.html")
    for framework in topic.frameworks:
        shown = definition(topic.path, framework)
        assert shown in texts
        scope = {}
        exec(compile(shown, topic.name, "exec"), scope)
        assert loaded_globals(compile(shown, topic.name, "exec")) <= set(scope) | set(dir(builtins)), framework
        assert frameworks().keys() & scope.keys() == {framework}  # no other probe beside it


def loaded_globals(code):
    """The global names that the functions of a program use."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return own.union(*(loaded_globals(constant) for constant in code.co_consts if hasattr(constant, "co_code")))


def test_mutants(built):
    text = html.unescape((built.folder / "mutants.html").read_text(encoding="utf-8"))
    assert 'badge--good"><span class="visually-hidden">caught </span>✓ 0.2' in text  # the least of two
    assert 'badge--bad"><span class="visually-hidden">caught </span>✗ 0.5' in text  # by another level
    flipped, rest = text.split('id="wrong-slope"')
    assert "+ " in flipped and "stale" not in flipped  # the change that is run today
    assert "stale: the program changed since" in rest  # a mutant that isn't there any more
    text = html.unescape((built.folder / "proof.html").read_text(encoding="utf-8"))
    assert "2 of 3 wrong programs are caught by the level that claims them" in text
    assert "1 of 1 programs with a change that makes no difference here pass" in text
    assert "all 1 sound programs pass" in text
    assert f"{len(all_mutants()) - 1} more changes are written down and not run yet" in text


def test_matrix_downloads(built):
    document = json.loads((built.folder / "choose.json").read_text(encoding="utf-8"))
    assert [column["id"] for column in document["columns"]] == list(variants())
    rows = [row for group in document["groups"] for row in group["rows"]]
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(set(row["cells"]) == set(variants()) for row in rows)
    lines = (built.folder / "choose.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(["group", "row", "unit", *variants()])
    assert len(lines) == len(rows) + 1


def timed():
    """The variants of the benchmarks, in their order."""
    return [variant for variant in variants().values() if variant.framework in TASKS["mnist_cnn"].recipes]


def test_costs_are_the_benchmarks(built):
    """Medians with their intervals; without a benchmark there is no figure."""
    document = json.loads((built.folder / "choose.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for group in document["groups"] for row in group["rows"]}
    first, second, old, unproven, failed, other = [variant.id for variant in timed()][:6]
    tiers = rows["tier-mnist_cnn"]["cells"]
    assert [tiers[id]["text"] for id in (first, second, old)] == ["tier 1", "tier 1", "tier 2"]
    steps = rows["steady_seconds-mnist_cnn"]
    assert steps["about"] == "mnist_cnn on A processor, 4 threads"
    assert steps["cells"][first]["text"] == "10.0 ms"
    assert (steps["cells"][first]["times"], steps["cells"][first]["detail"]) == ("1.0×", "9.50 ms to 10.5 ms, 3 rounds")
    assert steps["cells"][first]["link"].startswith("speed.html#bench-")
    beside = "with jax, sklearn, imported only because installed too"
    with_it = [id for id, row in rows.items() if beside in row["cells"]["tensorflow"]["detail"]]
    assert set(with_it) == {f"{name}-mnist_cnn" for name in OF_THE_IMPORT}
    assert "stale: " in steps["cells"][old]["detail"]
    assert all(
        rows[id]["cells"][old]["stale"] and not rows[id]["cells"][first]["stale"]
        for id in (steps["id"], "tier-mnist_cnn")
    )
    assert (steps["cells"][unproven]["text"], steps["cells"][unproven]["note"]) == ("unverified", "logits differ")
    assert (steps["cells"][failed]["text"], steps["cells"][failed]["note"]) == ("no figure", "killed")
    assert (steps["cells"][other]["text"], steps["cells"][other]["tone"]) == ("60.0 ms", "4")
    assert steps["cells"][other]["times"] == "6.0×"
    assert steps["cells"][other]["detail"] == "57.0 ms to 63.0 ms, 3 rounds; round 4: crashed: killed"
    ready = rows["ready_seconds-mnist_cnn"]["cells"][first]  # wherever a framework compiles
    assert ready["value"] == pytest.approx(0.01 * (50 + 5 + 20))
    assert not {id for id in rows if "first_step" in id or "softmax_regression" in id}


def test_speed_page(built):
    text = (built.folder / "speed.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2 id=\"bench-[^>]*>([^<]*)", text)
    assert titles == ["Processor", "Fast programs"]
    first, second, old = (variant.label for variant in timed()[:3])
    answer = f"{first} and {second} are fastest: 10.0 ms for a training step of 128 images. The slowest, "
    assert text.count(answer) == 2
    assert text.index(answer) < text.index('<h2 id="surprises"') < text.index('<h2 id="method"')
    assert f"Plain NumPy takes a step in less time than {old}, " in text
    assert "Keras adds" not in text  # its made-up steps are shorter than its backend's
    assert text.count(", round 4: crashed: killed") == 2  # one in each file
    beside = "imported only because it is installed too: TensorFlow with jax, sklearn."
    assert text.count(beside) == 2
    stale = re.findall(r"<li>[^<:]*: (\w+\.py changed since)</li>", text)
    assert stale == [f"{recipe}_keras.py changed since" for recipe in ("mnist_cnn", "mnist_cnn_fast")]
    assert '<th scope="col">import to first step</th>' in text
    assert "of different machines" not in text


def test_machines_are_named_where_they_differ():
    def part(title, machine, gpu=""):
        return {"title": title, "machine": machine, "gpu": gpu, "rows": [1]}

    plain, fast = part("Processor", "one, 2 threads"), part("Fast programs", "another, 2 threads")
    assert speed.machines([plain, part("GPU", "a GPU", "GPU: it"), fast]) == {
        "Processor": "one, 2 threads",
        "Fast programs": "another, 2 threads",
    }
    assert speed.machines([plain, part("GPU", "a GPU", "GPU: it"), part("Fast programs", "one, 2 threads")]) == {}


def test_surprises():
    """Each sentence only as far as the figures say so."""

    def steps(**tiers):
        return {id.replace("_", "-"): (tier, Figure(value, value, value)) for id, (tier, value) in tiers.items()}

    processor = steps(tensorflow=(1, 1.0), keras_tf=(2, 1.3), numpy=(3, 1.8), jax=(4, 5.0), keras_jax=(4, 5.1))
    gpu = steps(jax=(1, 1.0), tensorflow=(2, 2.0))
    assert speed.surprises({"Processor": processor, "GPU": gpu}) == [
        "Plain NumPy takes a step in less time than JAX and Keras on JAX.",
        "Keras adds 30% to TensorFlow’s step; to JAX’s nothing that can be told from noise.",
        "JAX, among the slowest on the processor, is the fastest on the GPU.",
    ]
    assert speed.surprises({"Processor": steps(numpy=(2, 2.0), tensorflow=(1, 1.0), keras_tf=(1, 0.9))}) == []
    assert speed.surprises({}) == []


def test_framework_pages(built):
    for framework in frameworks().values():
        text = (built.folder / "frameworks" / f"{framework.id}.html").read_text(encoding="utf-8")
        for variant in framework.variants:
            assert comparison.install_command(variant) in html.unescape(text)


def test_each_backend_says_how_it_is_installed_and_run(built):
    text = html.unescape((built.folder / "recipes" / "mnist_cnn" / "index.html").read_text(encoding="utf-8"))
    for variant in frameworks()["keras"].variants:
        command = f"KERAS_BACKEND={variant.environment['KERAS_BACKEND']} python mnist_cnn_keras.py"
        assert f"{comparison.install_command(variant)}\n{command}\n" in text
    assert len({comparison.install_command(variant) for variant in frameworks()["keras"].variants}) == 3
    # Every recipe imports NumPy, and PyTorch doesn't bring it.
    shared = [variant for variant in variants().values() if not variant.own]
    assert all("numpy==" in comparison.install_command(variant) for variant in shared)


def test_both_deployments_are_the_same_build():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["deploy"]["steps"]
    install, github = [step["run"] for step in steps if "run" in step]
    assert steps[0]["with"] == {"fetch-depth": 0}
    assert any("SITE_URL" in step.get("env", {}) for step in steps)
    jobs = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))["build"]["jobs"]
    assert jobs["post_checkout"] == ["git fetch --unshallow"]
    assert jobs["install"] == [install]
    assert jobs["build"]["html"] == [f"{github} --site-dir $READTHEDOCS_OUTPUT/html"]
    assert github in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_builds_without_results(tmp_path):
    done = build(documents(tmp_path / "docs", []), tmp_path / "site")
    assert done.code == 0, done.output
    assert "WARNING" not in done.output
    commands = {
        "index.html": "concord compare mnist_cnn",
        "choose.html": "concord features --json docs/results/features.json",
        "gotchas.html": "concord gotchas --json docs/results/gotchas.json",
        "mutants.html": "concord mutants --full --json docs/results/mutants.json",
    }
    for place, command in commands.items():
        text = (tmp_path / "site" / place).read_text(encoding="utf-8")
        assert "not measured" in text
        assert command in text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text[: len(text) // 2], "can't be read as JSON"),
        (lambda text: text.replace("concord.compare/2", "concord.compare/1"), "'concord.compare/1', expected one of"),
        (lambda text: text.replace('"gate"', '"gait"'), "is damaged: results[0].levels[0]"),
        (lambda text: "[]", "has the schema None"),
    ],
)
def test_bad_results_stop_the_build(tmp_path, change, complaint):
    docs = documents(tmp_path / "docs", [results_file(TASKS["softmax_regression"])])
    file = docs / "results" / "compare-0.json"
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(UserError, match=re.escape("results/compare-0.json")) as caught:
        read_results(file)
    assert complaint in str(caught.value)
    done = build(docs, tmp_path / "site")
    assert done.code != 0
    assert "results/compare-0.json" in done.output
    assert "Traceback" not in done.output


def test_missing_column():
    task = TASKS["softmax_regression"]
    fewer = Task(task.name, task.folder, task.specification, {"numpy": task.recipes["numpy"]})
    text = comparison.page(fewer, Results(ROOT / "nowhere"))
    assert "<strong>Not written yet.</strong> PyTorch has no <code>softmax_regression_pytorch.py</code>" in text
    assert "contribute.html" in text


def test_latest_results_win(tmp_path):
    documents_by_date = [results_file(TASKS["softmax_regression"]) for _ in range(3)]
    for document, created in zip(documents_by_date, ("2026-01-01", "2026-03-01", "2026-02-01"), strict=True):
        document["created"] = f"{created}T00:00:00Z"
        document["results"][0]["proven"] = document["created"]
    found = Results(documents(tmp_path / "docs", documents_by_date) / "results").find("softmax_regression", "numpy")
    assert found
    assert found.date == "2026-03-01"


def test_stale_by_version(tmp_path):
    task = TASKS["softmax_regression"]
    document = results_file(task)
    entry = next(result for result in document["results"] if result["variant"] == "pytorch")
    fresh = Measurement(tmp_path / "x.json", document, entry | {"versions": {"torch": "2.13.0+cpu"}})
    assert staleness(fresh, task) == ""
    old = Measurement(tmp_path / "x.json", document, entry | {"versions": {"torch": "1.0"}})
    assert staleness(old, task).startswith("measured with torch 1.0; the pinned version is ")


@pytest.mark.parametrize("changed", ["softmax_regression_numpy.py", "task.py"])
def test_stale_by_a_changed_file(tmp_path, changed):
    """A result is of certain code: comments may change, and what a task.py says to readers."""
    folder = shutil.copytree(TASKS["softmax_regression"].folder, tmp_path / "softmax_regression")
    document = results_file(read_task(folder))
    entry = next(result for result in document["results"] if result["variant"] == "numpy")
    measurement = Measurement(tmp_path / "x.json", document, entry)
    source = (folder / changed).read_text(encoding="utf-8")
    words = source.replace('TITLE = "', 'TITLE = "Another ') if changed == "task.py" else f"# in other words\n{source}"
    (folder / changed).write_text(words, encoding="utf-8")
    assert staleness(measurement, read_task(folder)) == ""
    (folder / changed).write_text(source + "SOMETHING = 1\n", encoding="utf-8")
    assert staleness(measurement, read_task(folder)) == f"{changed} changed since"


def test_lines_of_code():
    assert lines_of_code('# a comment\n\nx = 1  # and one more\ny = """two\nlines"""\n') == 3


def test_differing_lines():
    assert differing_lines("a\nb\nc\n", "a\nc\nd\n") == [2]
