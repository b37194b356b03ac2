"""The built site: what it shows is what is tested, its links lead somewhere, and bad results stop it."""

import builtins
import dis
import gzip
import html
import json
import os
import re
import subprocess
import time
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("mkdocs", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'")
pytest.importorskip(
    "jupytext", reason="the site's tools are not installed: pip install -c constraints.txt -e '.[docs]'"
)

import nbformat
import yaml
from building import ROOT, build, documents, results_file, site
from conftest import TASKS

from concord.ask.features import features, read_probes
from concord.ask.gotchas import topics
from concord.judge import ladder
from concord.judge.mutants import all_mutants
from concord.project import paths
from concord.project.errors import UserError
from concord.project.framework import frameworks, variants
from concord.project.python import definition
from concord.project.task import Task
from concord.site import comparison, plots
from concord.site import features as site_features
from concord.site.costs import OF_THE_IMPORT
from concord.site.results import Measurement, Results, read_results
from concord.site.source import differing_lines, lines_of_code, notebook, read_source

pytestmark = pytest.mark.xdist_group("site")  # which is built once for each process that asks for it

# Numbered, not named: `pytest -k pytorch` asks about an installation, and needs no site built for that.
NETWORKS = [task.name for task in TASKS.values() if task.kind == "network"]
written = [(task, framework) for task in TASKS.values() for framework in task.recipes]
for_each_recipe = pytest.mark.parametrize(("task", "framework"), written, ids=map(str, range(len(written))))


class Page(HTMLParser):
    """A page's text in code elements by the heading above them, its links, and its ids."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.code, self.links, self.loaded, self.ids = {}, [], [], set()
        self.heading, self.inside, self.text = "", False, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if "id" in values:
            self.ids.add(values["id"])
        if tag in ("h1", "h2", "h3"):
            self.heading = values.get("id", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if (tag == "link" and values.get("rel") != "canonical") or tag in ("script", "img", "iframe", "source"):
            self.loaded += [values[name] for name in ("href", "src") if values.get(name)]
        if tag == "code":
            self.inside, self.text = True, []

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
    assert built.seconds < 30


@for_each_recipe
def test_what_is_shown_is_what_is_tested(built, pages, task, framework):
    source = task.recipes[framework].read_text(encoding="utf-8")
    page = pages[built.folder / "recipes" / task.name / "index.html"]
    shown = [page.code[f"{comparison.anchor(step)}-{framework}"] for step in task.steps]
    parts = re.split(r"^# %% .*\n", source, flags=re.MULTILINE)[2:]
    assert shown == [part.rstrip("\n") + "\n" for part in parts]
    whole = built.folder / "recipes" / task.name / f"{framework}.html"
    assert source in code_texts(whole)


def code_texts(path):
    """The text of every code element of a page."""

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
    code = [cell.source + "\n" for cell in book.cells if cell.cell_type == "code"]
    assert code == list(read_source(file).cells.values())
    assert notebook(read_source(file)) == (folder / f"{file.stem}.ipynb").read_text(encoding="utf-8")


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


def test_nothing_is_loaded_from_elsewhere(built, pages):
    loaded = {link for page in pages.values() for link in page.loaded}
    assert [link for link in loaded if urlsplit(link).scheme not in ("", "data")] == []
    for style in built.folder.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:", style.read_text(encoding="utf-8"))


def test_weight(built, pages):
    def size(path):
        return len(gzip.compress(path.read_bytes()))

    for path, page in pages.items():
        loaded = {(path.parent / urlsplit(link).path).resolve() for link in page.loaded}
        assert size(path) + sum(size(file) for file in loaded if file.is_file()) < 600_000, path


def test_no_path_of_this_machine(built):
    for path in built.folder.rglob("*"):
        if path.suffix in (".html", ".json", ".csv", ".ipynb", ".js", ".css", ".xml"):
            assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def test_gates_are_the_harnesss(built):
    text = html.unescape((built.folder / "measured.html").read_text(encoding="utf-8"))
    for level in (*ladder.NETWORK_LEVELS, *ladder.OPERATION_LEVELS):
        assert level.asserts in text
        for gate in level.gates.values():
            assert not gate or f"{gate:.0e}" in text


def test_states(built):
    text = (built.folder / "recipes" / "mnist_cnn" / "index.html").read_text(encoding="utf-8")
    for words in ("✓ same", "! known difference", "✗ differs", "unverified", "the pinned version is"):
        assert words in text
    text = (built.folder / "recipes" / "convolution" / "index.html").read_text(encoding="utf-8")
    assert "not measured" in text
    assert "concord compare convolution --publish" in text


def test_plots(built):
    text = (built.folder / "recipes" / "softmax_regression" / "index.html").read_text(encoding="utf-8")
    figures = [result["history"] for result in results_file(TASKS["softmax_regression"])["results"]]
    assert text.count("<polyline") == sum(map(bool, figures))
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
    assert table.count("<td>mnist</td><td>6</td><td>3</td>") == 2
    assert table.count("✗ 5 of 6</span> not Keras on PyTorch</td>") == 2


def test_other_data_never_hides_mnist(tmp_path):
    for name, day in (("mnist", "2026-01-30"), ("digits", "2026-01-31")):
        document = results_file(TASKS["mnist_cnn"]) | {"created": f"{day}T00:00:00Z"}
        document["data"] = document["data"] | {"name": name}
        (tmp_path / f"compare-{name}.json").write_text(json.dumps(document), encoding="utf-8")
    assert Results(tmp_path).find("mnist_cnn", "numpy").file.name == "compare-mnist.json"


def test_statistics(built):
    text = html.unescape((built.folder / "proof.html").read_text(encoding="utf-8"))
    assert "1 of 6 pairs are equivalent" in text
    for words in ("equivalent, </span>✓ 0.02", "different, </span>✗ 2.00", "undecided, </span>~ 0.00"):
        assert words in text
    assert "stale: JAX: mnist_cnn_jax.py changed since" in text
    assert text.count("changed since") == 1
    assert "concord certify softmax_regression --json docs/results/certify-softmax_regression.json" in text


def test_features(built, pages):
    first = next(iter(features().values()))
    page = pages[built.folder / "features" / f"{first.id}.html"]
    assert set(variants()) <= page.ids
    document = json.loads((built.folder / "choose.json").read_text(encoding="utf-8"))
    group = next(group for group in document["groups"] if group["title"] == first.group)
    row = group["rows"][0]
    ids = list(variants())
    assert [row["cells"][id]["value"] for id in ids[:7]] == [
        "built in",
        "built in",
        "a few lines",
        "add-on",
        "not possible",
        "not written yet",
        "broken",
    ]
    assert [row["cells"][id]["lacks"] for id in ids[3:7]] == ["", "lacks", "unknown", "unknown"]
    usable = sum(row["cells"][ids[0]]["value"] in ("built in", "a few lines", "add-on") for row in group["rows"])
    assert group["summary"][ids[0]] == f"{usable} of {len(group['rows'])}"
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
    assert 'badge--good"><span class="visually-hidden">caught </span>✗ 2e-1' in text  # the least of two
    assert 'badge--bad"><span class="visually-hidden">caught </span>✗ 5e-1' in text  # by another level
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


def test_costs_are_the_benchmarks(built):
    """Medians with their intervals; without a benchmark there is no figure."""
    document = json.loads((built.folder / "choose.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for group in document["groups"] for row in group["rows"]}
    first, second, old, unproven, failed, other = list(variants())[:6]
    tiers = rows["tier-mnist_cnn"]["cells"]
    assert [tiers[id]["text"] for id in (first, second, old)] == ["tier 1", "tier 1", "tier 2"]
    steps = rows["steady_seconds-mnist_cnn"]
    assert steps["about"] == "A processor, 4 threads"
    assert steps["cells"][first]["text"] == "10.0 ms"
    assert steps["cells"][first]["note"] == "1.0× the least; 9.50 ms to 10.5 ms, 3 rounds"
    assert steps["cells"][first]["link"].startswith("speed.html#bench-")
    beside = "with jax, sklearn, imported only because installed too"
    with_it = [id for id, row in rows.items() if beside in row["cells"]["tensorflow"]["note"]]
    of_the_import = {f"{name}-{task}" for name in OF_THE_IMPORT for task in NETWORKS}
    assert set(with_it) == of_the_import
    assert "stale: " in steps["cells"][old]["note"]
    assert (steps["cells"][unproven]["text"], steps["cells"][unproven]["note"]) == ("unverified", "logits differ")
    assert (steps["cells"][failed]["text"], steps["cells"][failed]["note"]) == ("no figure", "killed")
    assert (steps["cells"][other]["text"], steps["cells"][other]["tone"]) == ("60.0 ms", "4")
    assert steps["cells"][other]["note"] == "6.0× the least; 57.0 ms to 63.0 ms, 3 rounds; round 4: crashed: killed"
    assert rows["epoch_seconds-softmax_regression"]["cells"][first]["text"] == "1.50 s"
    assert "steady_seconds-softmax_regression" not in rows


def test_speed_page(built):
    text = (built.folder / "speed.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2 id=\"bench-[^>]*>([^<]*)", text)
    assert titles == ["mnist_cnn: A processor, 4 threads", "mnist_cnn_fast: A processor, 4 threads"]
    first, second, old = (variant.label for variant in list(variants().values())[:3])
    assert f"<li><strong>{first}, {second}</strong>: 1.0×, 10.0 ms</li>" in text
    assert f"<li><strong>{old}</strong>: 3.0×</li>" in text
    assert text.count(", round 4: crashed: killed") == 2  # one in each file
    beside = "imported only because it is installed too: TensorFlow with jax, sklearn."
    assert text.count(beside) == 2
    assert beside in (built.folder / "recipes/softmax_regression/index.html").read_text(encoding="utf-8")
    stale = re.findall(r"stale: [^<]*: (\w+\.py changed since)", text)
    assert stale == [f"{recipe}_keras.py changed since" for recipe in ("mnist_cnn", "mnist_cnn_fast")]


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
        "index.html": "concord compare convolution --publish",
        "choose.html": "concord features --json docs/results/features.json",
        "gotchas.html": "concord gotchas --json docs/results/gotchas.json",
        "mutants.html": "concord mutants --full --json docs/results/mutants.json",
        "proof.html": "concord certify mnist_cnn --json docs/results/certify-mnist_cnn.json",
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
    found = Results(documents(tmp_path / "docs", documents_by_date) / "results").find("softmax_regression", "numpy")
    assert found
    assert found.date == "2026-03-01"


def test_stale_by_version(tmp_path):
    document = results_file(TASKS["softmax_regression"])
    results = Results(tmp_path)
    entry = next(result for result in document["results"] if result["variant"] == "pytorch")
    fresh = Measurement(tmp_path / "x.json", document, entry | {"versions": {"torch": "2.13.0+cpu"}})
    assert results.staleness(fresh, []) == ""
    old = Measurement(tmp_path / "x.json", document, entry | {"versions": {"torch": "1.0"}})
    assert results.staleness(old, []).startswith("measured with torch 1.0; the pinned version is ")


def test_stale_by_history(tmp_path, monkeypatch):
    document = results_file(TASKS["softmax_regression"])
    entry = next(result for result in document["results"] if result["variant"] == "numpy")
    results = Results(tmp_path)
    recipe, file = tmp_path / "recipe.py", tmp_path / "x.json"
    monkeypatch.setitem(results.__dict__, "_ages", {recipe: 1, file: 2})
    assert results.staleness(Measurement(file, document, entry), [recipe]) == "recipe.py changed since"
    monkeypatch.setitem(results.__dict__, "_ages", {recipe: 2, file: 2})
    assert results.staleness(Measurement(file, document, entry), [recipe]) == ""


def test_stale_by_an_uncommitted_change(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    recipe, file = tmp_path / "recipes" / "a recipe.py", tmp_path / "results" / "compare-0.json"
    for path in (recipe, file):
        path.parent.mkdir()
        path.write_text("{}", encoding="utf-8")
    for arguments in (["init"], ["add", "."], ["commit", "-m", "both"]):
        git(*arguments)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setattr(paths, "RECIPES", recipe.parent)

    def stale():
        results = Results(tmp_path / "nowhere")
        results.folder = file.parent
        return results._is_newer(recipe, file)

    assert not stale()
    recipe.write_text("{ }", encoding="utf-8")
    assert stale()
    file.write_text("{ }", encoding="utf-8")
    os.utime(file, (time.time() + 5, time.time() + 5))  # measured after the change, and not committed either
    assert not stale()
    git("commit", "-am", "both again")
    assert not stale()
    file.write_text('{\n"created": 1}', encoding="utf-8")
    git("commit", "-am", "measured")
    assert not stale()
    recipe.write_text("{  }", encoding="utf-8")
    git("commit", "-am", "the recipe once more")
    file.write_text('{"schema": 2,\n"created": 1}', encoding="utf-8")
    git("commit", "-am", "the same results in another form")
    assert stale()


def test_lines_of_code():
    assert lines_of_code('# a comment\n\nx = 1  # and one more\ny = """two\nlines"""\n') == 3


def test_differing_lines():
    assert differing_lines("a\nb\nc\n", "a\nc\nd\n") == [2]
