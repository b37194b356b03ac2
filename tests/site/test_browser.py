"""The built site in a real browser. Without one these tests are skipped, but in CI they fail."""

import functools
import http.server
import itertools
import os
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import EVERY, TASKS

from concord.data import datasets
from concord.project.python import run_file
from concord.site import cookbook
from concord.site.comparison import anchor
from concord.site.source import read_source

pytestmark = pytest.mark.xdist_group("site")  # which is built once for each process that asks for it

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str:
    """Why there is no browser to test with, or nothing."""
    try:
        import axe_playwright_python
        import mkdocs
        import playwright
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed: pip install -c constraints.txt -e '.[docs,test]'"
    assert axe_playwright_python and mkdocs and playwright
    return "" if CHROMIUM else "there is no chromium: apt-get install chromium"


if missing() and not os.environ.get("CI"):
    pytest.skip(missing(), allow_module_level=True)
assert not missing(), missing()

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from building import made_up_curves, site  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

PATIENCE = 60_000  # milliseconds: the suite's other processes may need all cores
expect.set_options(timeout=PATIENCE)
WIDTHS = (390, 768, 1280, 1440)
KINDS = (
    "index.html",
    "porting.html",
    "recipes/index.html",
    "recipes/filters/index.html",
    "recipes/mnist_cnn/index.html",
    "recipes/convolution/index.html",
    "recipes/strides_and_padding/index.html",
    "recipes/pooling/index.html",
    "recipes/cross_entropy/index.html",
    "recipes/learning_rate/index.html",
    "recipes/optimisers/index.html",
    "recipes/mnist_cnn/keras.html",
    "frameworks/keras.html",
    "guide.html",
    "choose.html",
    "features/conv_2d.html",
    "gotchas.html",
    "gotchas/relu_slope.html",
    "glossary.html",
    "learning/index.html",
    "proof.html",
    "mutants.html",
    "speed.html",
    "measured.html",
    "contribute.html",
    "compare-json.html",
    "404.html",
)
COMPARISON = "recipes/softmax_regression/index.html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def built():
    found = site()
    assert found.code == 0, found.output
    return found


@pytest.fixture(scope="module")
def address(built):
    handler = functools.partial(Quiet, directory=str(built.folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def visit(browser, address):
    """Opens a page; afterwards, nothing may have been asked from elsewhere or written to the console."""
    contexts, complaints = [], []

    def opened(path, *, width=1440, now=None, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((address, "data:", "blob:")) or complaints.append(f"asks {request.url}")
            ),
        )
        page.on("response", lambda answer: answer.status >= 400 and complaints.append(f"{answer.status} {answer.url}"))
        if now is not None:  # before the page's own timers start: a timer of one clock can't be stopped by the other's
            page.clock.set_fixed_time(now)
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def attributes(elements, name) -> list[str]:
    """An attribute of those elements that can be seen, in one answer of the browser's."""
    seen = "all.filter(one => one.checkVisibility({visibilityProperty: true}))"
    return elements.evaluate_all(f"(all, name) => {seen}.map(one => one.getAttribute(name))", name)


def columns(page) -> list[str]:
    """The frameworks whose code of the first step can be seen."""
    return attributes(page.locator("section.step").nth(1).locator(".cell"), "data-framework")


# Further columns of the table to choose by, and further steps of a recipe, have the same kinds of cells as the first.
ALIKE = "tbody tr[data-row] td:nth-child(n + 5), section.step ~ section.step ~ section.step .cell"


def barriers(page, options=None, among=("html",)) -> list[str]:
    """What would hinder somebody in these parts of a page. What is in order is not listed, which halves the time."""
    in_time = "document.getAnimations().every(one => one.timeline !== document.timeline)"  # the others go by scrolling
    page.wait_for_function(in_time)  # colours have stopped changing
    asked = {"resultTypes": ["violations"], **(options or {})}
    found = Axe().run(page, context={"include": list(among)}, options=asked).response["violations"]
    return [f"{entry['id']}: {node['target']} {node['failureSummary']}" for entry in found for node in entry["nodes"]]


@pytest.mark.parametrize("path", KINDS)
def test_every_kind_of_page(visit, path):
    """At each width it fits, and nothing hinders on a wide screen in light or on a phone in dark; it follows the system
    from the one to the other."""
    page = visit(path, color_scheme="light")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.locator(ALIKE).evaluate_all("all => all.forEach(one => one.style.setProperty('display', 'none', 'important'))")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    in_light = barriers(page)
    assert in_light == [], "\n".join(in_light[:10])
    dark = "getComputedStyle(document.body).getPropertyValue('--md-default-bg-color').trim() === '#14181d'"
    assert not page.evaluate(dark)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(dark)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    in_dark = barriers(page)
    assert in_dark == [], "\n".join(in_dark[:10])


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_what_is_found_can_be_read(visit, width, scheme):
    page = visit("index.html", width=width, color_scheme=scheme)
    if width == 390:
        page.locator("label[for=__search]:visible").first.click()
    page.locator(".md-search__input").click()
    page.keyboard.type("loss nan")
    page.locator(".md-search-result__item mark").first.wait_for()
    assert barriers(page, among=(".md-search",)) == []


def test_the_recipes_filtered(visit):
    """By framework, topic and difficulty; a chapter of which nothing is left goes with its heading."""
    page = visit("recipes/index.html?framework=cuda")
    cards, form = page.locator(".recipes > li"), page.locator(".recipes__filter")
    expect(cards.locator("visible=true")).to_have_count(sum("cuda" in task.recipes for task in EVERY.values()))
    expect(page.locator("article h2:not(#talk)").locator("visible=true")).to_have_count(1)
    expect(page.locator("article h2:not(#talk)").locator("visible=true")).to_contain_text("On a GPU")
    form.get_by_label("Framework").select_option("numpy")
    form.get_by_label("Difficulty").select_option("easy")
    form.get_by_label("Topic").select_option("Inside a neuron")
    assert all(part in page.url for part in ("framework=numpy", "topic=inside-a-neuron", "level=easy"))
    chapter = cookbook.chapters()[1]
    found = [task for task in chapter.tasks if chapter.levels.get(task.name) == "easy" and "numpy" in task.recipes]
    expect(cards.locator("visible=true").locator("strong")).to_have_text([task.specification.TITLE for task in found])
    expect(form.locator("output")).to_have_text(f"{len(found)} of {len(EVERY)} recipes")
    page = visit("recipes/index.html?level=impossible")
    expect(page.locator(".recipes > li").locator("visible=true")).to_have_count(len(EVERY))


def test_columns_and_address(visit):
    page = visit(COMPARISON + "?show=keras,pytorch")
    assert columns(page) == ["keras", "pytorch"]
    page.get_by_label("JAX", exact=True).and_(page.locator("[type=checkbox]")).check(force=True)
    assert columns(page) == ["jax", "keras", "pytorch"]
    assert page.url.endswith("?show=keras,pytorch,jax")
    page.go_back()
    assert columns(page) == ["keras", "pytorch"]
    page.go_forward()
    assert columns(page) == ["jax", "keras", "pytorch"]
    page.goto(page.url.split("?")[0])
    assert columns(page) == ["jax", "keras", "pytorch"]  # remembered


def test_cells_line_up(visit):
    page = visit(COMPARISON + "?show=keras,numpy,jax,pytorch")
    steps = page.locator("section.step").evaluate_all(
        """steps => steps.map(step => [...step.querySelectorAll(".cell")].filter(cell => cell.checkVisibility())
            .map(cell => Math.round(cell.getBoundingClientRect().top - steps[0].getBoundingClientRect().top)))"""
    )
    assert len(steps) > 1
    for tops in steps:
        assert len(tops) == 4
        assert len(set(tops)) == 1


def test_headers_stick(visit):
    page = visit(COMPARISON)
    page.locator("#evaluate").scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(200)
    assert page.locator(".compare__head").bounding_box()["y"] < 60


def test_unknown_names(visit):
    page = visit(COMPARISON + "?show=keras,caffe,jax")
    assert columns(page) == ["jax", "keras"]
    expect(page.locator(".compare__notice")).to_contain_text("no framework called caffe")


def test_fewest_and_most(visit):
    """No chip is disabled: who is chosen when there is no room takes a place, and the last two stay and say why."""
    page = visit(COMPARISON + "?show=keras,pytorch")
    keras = page.locator(".compare__picker input[value=keras]")
    keras.click(force=True)
    expect(keras).to_be_checked()
    expect(page.locator(".compare__notice")).to_contain_text("Two columns stay.")
    page = visit(COMPARISON + "?show=keras,pytorch,jax,numpy")
    page.locator(".compare__picker input[value=tensorflow]").check(force=True)
    assert sorted(columns(page)) == ["jax", "numpy", "pytorch", "tensorflow"]
    expect(page.locator(".compare__notice")).to_contain_text("Keras 3 made room for TensorFlow.")
    page = visit(COMPARISON + "?show=keras,pytorch", width=900)  # there is room for two
    page.locator(".compare__picker input[value=jax]").check(force=True)
    assert columns(page) == ["jax", "pytorch"]
    expect(page.locator(".compare__picker :disabled")).to_have_count(0)


CUT = "all => all.filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth)"


FOUR = "recipes/mnist_cnn/index.html?show=numpy,jax,keras,pytorch"


@pytest.mark.parametrize(("path", "width"), [(FOUR, 390), (FOUR, 1440), ("recipes/mnist_cnn/jax.html", 390)])
def test_no_line_is_cut_off_without_a_sign(visit, path, width):
    page = visit(path, width=width)
    codes = page.locator(".md-content pre > code")
    assert codes.evaluate_all(f"all => ({CUT})(all).length") == 0
    page.get_by_label("Wrap long lines").uncheck(force=True)
    assert codes.evaluate_all(f"all => ({CUT})(all).length") > 0
    assert codes.evaluate_all(
        f"all => ({CUT})(all).every(one => getComputedStyle(one.parentElement, '::after').content === '\"»\"')"
    )
    page.reload()  # remembered
    expect(page.get_by_label("Wrap long lines")).not_to_be_checked()
    assert codes.evaluate_all(f"all => ({CUT})(all).length") > 0
    last = codes.last
    last.evaluate("one => { one.scrollLeft = 1e6 }")
    expect(page.locator(".md-content pre:has(> code)").last).not_to_have_class(re.compile("cut"))
    page.get_by_label("Wrap long lines").check(force=True)
    assert codes.evaluate_all(f"all => ({CUT})(all).length") == 0


def test_columns_scroll_together(visit):
    page = visit("recipes/mnist_cnn/index.html?show=numpy,jax,keras,pytorch")
    page.get_by_label("Wrap long lines").uncheck(force=True)
    step = page.locator("section.step:has(#train) .cell:visible pre > code")
    step.first.evaluate("one => { one.scrollLeft = 40 }")
    page.wait_for_timeout(500)  # and nobody pulls another one back
    found = step.evaluate_all("all => all.map(one => [one.scrollLeft, one.scrollWidth - one.clientWidth])")
    assert len(found) == 4
    assert all(place == min(40, most) for place, most in found)
    assert [place for place, _ in found].count(40) > 1


@pytest.mark.parametrize("wrapped", [True, False])
def test_functions_begin_at_one_height(visit, wrapped):
    """Where a column's helpers come first, the others leave room."""
    page = visit("recipes/pooling/index.html?show=numpy,pytorch,tensorflow,jax")
    page.get_by_label("Wrap long lines").set_checked(wrapped, force=True)
    for name in ("max_pool", "average_pool", "global_average", "max_pool_gradient"):
        tops = page.locator(".cell:visible .l", has_text=re.compile(rf"^def {name}\(")).evaluate_all(
            "all => all.map(one => Math.round(one.getBoundingClientRect().top + scrollY))"
        )
        assert len(tops) == 4
        assert max(tops) - min(tops) <= 1, name
    page.set_viewport_size({"width": 390, "height": 900})
    expect(page.locator(".l[style*=margin-top]")).to_have_count(0)


def test_no_room_of_many_lines(visit):
    """JAX has its step before `train`, PyTorch inside: that is no reason to leave half a column empty."""
    page = visit("recipes/mnist_cnn/index.html?show=jax,pytorch")
    line = page.locator(".cell:visible .l").first.evaluate("one => parseFloat(getComputedStyle(one).lineHeight)")
    left = page.locator(".l[style*=margin-top]").evaluate_all("all => all.map(one => parseFloat(one.style.marginTop))")
    assert left and max(left) <= 10.5 * line
    tops = page.locator(".cell:visible .l", has_text=re.compile(r"^def train\(")).evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 2 and abs(tops[0] - tops[1]) > 10.5 * line


@pytest.mark.parametrize("width", [390, 1440])
def test_copy_the_whole_file(visit, width):
    page = visit(COMPARISON + "?show=numpy,jax", width=width)
    page.locator("#evaluate").scroll_into_view_if_needed()  # from where one is: the names of the columns stay in sight
    head = page.locator(".column[data-framework=numpy]")
    head.get_by_role("button", name="Copy the whole file").click()
    expect(head.get_by_text("Copied")).to_be_visible()
    file = TASKS["softmax_regression"].recipes["numpy"]
    assert page.evaluate("navigator.clipboard.readText()") == file.read_text(encoding="utf-8")


def lit(page, part) -> set[str]:
    """The columns in which something is lit up; whatever is has to be this part."""
    parts = page.locator(".cell:visible .part.lit")
    assert all(part in one.split() for one in parts.evaluate_all("all => all.map(one => one.dataset.part)"))
    return set(parts.evaluate_all("all => all.map(one => one.closest('.cell').dataset.framework)"))


NETWORKS = [task.name for task in TASKS.values() if task.kind == "network"]
OTHERS = [pytest.param(name, marks=pytest.mark.long) for name in NETWORKS if name not in ("mnist_cnn", "optimisers")]


@pytest.mark.parametrize("recipe", ["mnist_cnn", "optimisers", *OTHERS])
def test_counterparts_light_up(visit, recipe):
    page = visit(f"recipes/{recipe}/index.html?show=numpy,jax,theano,pytorch")
    every = {"numpy", "jax", "theano", "pytorch"} & TASKS[recipe].recipes.keys()
    for part in ("loss", "gradient", "update"):
        one = page.locator(f".cell[data-framework=pytorch] .part[data-part={part}]").first
        one.hover()
        assert lit(page, part) == every
        page.locator("h1").hover()
        assert lit(page, part) == set()
        page.keyboard.press("Shift")  # who uses a keyboard sees what has the focus
        one.focus()  # which Tab reaches
        assert one.evaluate("one => one.tabIndex") == 0
        assert lit(page, part) == every
        one.blur()
        assert lit(page, part) == set()
        page.locator(".compare__parts button", has_text=part).click()
        page.locator("h1").hover()
        page.evaluate("document.activeElement.blur()")
        assert lit(page, part) == every  # held
        page.locator(".compare__parts button", has_text=part).click()
    page.locator("h1").hover()
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(".part.lit")).to_have_count(0)


def test_counterparts_only_in_networks(visit):
    page = visit("recipes/pooling/index.html")
    expect(page.locator(".part, .compare__parts")).to_have_count(0)


def test_how_long_ago_it_was_proven(visit):
    page = visit("recipes/pooling/index.html", now="2026-02-03T12:00:00Z")
    expect(page.locator(".proven summary")).to_contain_text("8/10 variants ✓ last proven 3 days ago; versions")
    page.locator(".proven summary").click()
    expect(page.locator(".versions")).to_contain_text("PyTorch: torch")


def test_link_to_a_step(visit):
    page = visit(COMPARISON + "?show=keras,pytorch#train-jax")
    assert "jax" in columns(page)
    expect(page.locator("#train-jax")).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 1440])
def test_copy(visit, width):
    page = visit(COMPARISON + "?show=numpy,jax", width=width)
    task = TASKS["softmax_regression"]
    text = read_source(task.recipes["numpy"]).cells["Train"]
    cell = page.locator(f"section.step .cell:has(#{anchor('Train')}-numpy)")
    cell.get_by_role("button", name="Copy").click()
    expect(cell.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    assert text in task.recipes["numpy"].read_text(encoding="utf-8")


def test_tabs_on_a_phone(visit):
    page = visit(COMPARISON, width=390)
    page.locator("label[for=tab-jax]").click()
    assert columns(page) == ["jax"]
    for step in page.locator("section.step").all():  # linked: every step shows the same framework
        assert attributes(step.locator(".cell"), "data-framework") == ["jax"]
    page.keyboard.press("ArrowLeft")
    assert columns(page) == ["numpy"]


@pytest.mark.parametrize("width", WIDTHS)
def test_without_a_script(visit, width):
    page = visit(COMPARISON, width=width, java_script_enabled=False)
    for framework in ("jax", "pytorch"):
        page.locator(f"label[for=tab-{framework}]").click()
        assert columns(page) == [framework]
    assert page.locator(".compare__picker").is_hidden()
    page = visit(COMPARISON + "#network-numpy", width=width, java_script_enabled=False)
    assert page.locator("#network-numpy").is_visible()
    page.locator("label[for=tab-jax]").click()  # the linked step goes when another tab is chosen
    assert columns(page) == ["jax"]
    assert page.locator("#network-numpy").is_hidden()
    page = visit("choose.html", width=width, java_script_enabled=False)
    assert page.locator("tr[data-row]").first.is_visible()


def test_keyboard_alone(visit):
    page = visit(COMPARISON + "?show=keras,pytorch")
    page.locator(".compare__picker input[value=jax]").focus()
    page.keyboard.press("Space")
    assert columns(page) == ["jax", "keras", "pytorch"]
    page.locator("details.evidence > summary").focus()
    page.keyboard.press("Enter")
    badge = page.locator("button.badge").first
    badge.focus()
    page.keyboard.press("Enter")
    figures = page.locator(".figures:popover-open")
    expect(figures).to_contain_text("worst error")
    page.keyboard.press("Escape")
    expect(figures).to_have_count(0)


def test_badges_open_the_figures(visit):
    page = visit(COMPARISON)
    page.get_by_text("Every variant, level by level").click()
    page.locator("button.badge", has_text="2e-16").first.click()
    figures = page.locator(".figures:popover-open")
    for words in ("2.00e-16", "gate", "tensor", "2026-01-31", "A processor"):
        expect(figures).to_contain_text(words)


@pytest.mark.parametrize("script", [True, False])
def test_a_link_to_folded_evidence_opens_it(visit, script):
    page = visit("proof.html", java_script_enabled=script)
    page.locator("a[href='recipes/filters/index.html#evidence-pytorch']").click()
    expect(page.locator("#evidence-pytorch")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_picture_for_each_scheme(visit, scheme):
    page = visit("recipes/filters/index.html", color_scheme=scheme)
    shown = attributes(page.locator("img.picture"), "src")
    assert shown == [f"figure-{scheme}.svg#only-{scheme}"]
    page.wait_for_function("[...document.querySelectorAll('img.picture')].some(one => one.naturalWidth > 0)")


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_through_the_book_by_keyboard(visit, width, script):
    """From a card into its recipe, and on to the next one."""
    page = visit("recipes/index.html", width=width, java_script_enabled=script)
    page.locator(".recipes a", has_text="What does a kernel see?").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"recipes/filters/index\.html$"))
    page.get_by_role("link", name="Next: Find the X").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"recipes/find_the_x/index\.html$"))


@pytest.mark.parametrize("script", [True, False])
def test_an_old_address_leads_on(visit, script):
    """To where docs/moved.toml says; a place on the page and what was asked there go along, with a script."""
    page = visit("help/nan.html", java_script_enabled=script)
    expect(page).to_have_url(re.compile(r"learning/index\.html#nan$"))
    page = visit("recipes/digits/index.html?show=jax,pytorch#train", java_script_enabled=script)
    rest = re.escape("?show=jax,pytorch#train") if script else ""
    expect(page).to_have_url(re.compile(rf"recipes/mnist_cnn/index\.html{rest}$"))


def test_the_menu_lists_the_chapters(visit):
    page = visit("recipes/filters/index.html", width=1280)
    menu = page.locator(".md-sidebar--primary")
    for words in ("What a kernel sees", "Inside a neuron", "Convolution", "A saturated neuron"):
        expect(menu.get_by_text(words, exact=True).locator("visible=true").first).to_be_visible()


def test_search_finds_code(visit, address):
    page = visit("index.html")
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("SparseCategoricalCrossentropy")
    found = page.locator(".md-search-result__link[href*='train-keras']").first
    found.wait_for(state="attached")
    page.goto(found.evaluate("link => link.href"))
    expect(page.locator("section.step .cell:has(h3:target) pre")).to_be_visible()
    expect(page.locator("h3:target")).to_be_in_viewport()


def test_search_from_a_disk(browser, built):
    """Opened as a file, without a server: the search finds, and nothing is asked from elsewhere."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints = []
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: request.url.startswith(built.folder.as_uri()) or complaints.append(f"asks {request.url}"),
    )
    page.goto((built.folder / "index.html").as_uri())
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("SparseCategoricalCrossentropy")
    page.locator(".md-search-result__link[href*='train-keras']").first.wait_for(state="attached")
    context.close()
    assert complaints == []


def test_downloads(visit):
    page = visit(COMPARISON + "?show=keras,pytorch")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download softmax_regression_keras.py").click()
    file = TASKS["softmax_regression"].recipes["keras"]
    assert Path(download.value.path()).read_bytes() == file.read_bytes()
    assert download.value.suggested_filename == file.name


def test_differences(visit):
    page = visit(COMPARISON + "?show=keras,pytorch")
    expect(page.locator(".compare__differences")).to_be_hidden()
    if "keras_theano" not in TASKS["softmax_regression"].recipes:
        pytest.skip("no framework has a relative yet")
    page = visit(COMPARISON + "?show=keras,keras_theano")
    page.locator(".compare__differences").click()
    assert page.locator(".l.differs").count() > 0
    page.locator(".compare__differences").click()
    assert page.locator(".l.differs").count() == 0


def test_choosing(visit):
    page = visit("choose.html")
    every = page.locator("tr[data-row]:visible").count()
    page.get_by_role("searchbox").fill("lines of code")
    assert 0 < page.locator("tr[data-row]:visible").count() < every
    assert "filter=lines+of+code" in page.url
    page.get_by_label("only where they differ").check()
    row = page.locator("tr[data-row=lines-network]")
    row.get_by_role("button", name="a whole network", exact=True).click()
    values = [float(value) for value in attributes(row.locator("td[data-value]"), "data-value")]
    assert values == sorted(values)
    page.reload()  # all of it is in the address
    again = [float(value) for value in attributes(row.locator("td[data-value]"), "data-value")]
    assert again == values
    page.get_by_role("button", name="Everything").click()
    expect(page.locator("tr[data-row]:visible")).to_have_count(every)


def test_choosing_columns(visit):
    page = visit("choose.html?show=jax,pytorch,caffe")
    assert attributes(page.locator("thead th[data-variant]"), "data-variant") == ["jax", "pytorch"]
    expect(page.locator(".matrix__notice")).to_contain_text("no column called caffe")


def test_what_i_need(visit):
    page = visit("choose.html")
    page.get_by_text("I need …").click()
    page.locator("input[name=need][value=dense]").check()  # the fifth column hasn't got it, the sixth isn't written
    page.locator("input[name=need][value=conv_1d]").check()
    lacking, unknown = (page.locator("thead th").nth(number) for number in (4, 5))
    expect(lacking).to_contain_text("lacks dense layer; no evidence for 1-D convolution")
    expect(unknown).to_contain_text("no evidence for dense layer")
    assert "faded" in page.locator("tr[data-row=dense] td").nth(4).get_attribute("class")
    expect(page.locator(".matrix__notice")).to_contain_text("Has everything that you need: NumPy")
    assert "need=dense,conv_1d" in page.url
    page.reload()
    expect(lacking).to_contain_text("lacks dense layer")
    assert barriers(page, among=(".matrix form", ".matrix__notice", ".matrix thead", "tr.wanted")) == []
    for scheme, stripe in itertools.product(("light", "dark"), ("--md-default-bg-color", "--c-panel")):
        # The contrast with stripes can't be judged, but that with each of their colours can.
        page.emulate_media(color_scheme=scheme)
        page.add_style_tag(content=f".md-typeset .matrix .faded {{ background: var({stripe}); }}")
        assert barriers(page, {"runOnly": ["color-contrast"]}, among=(".matrix thead",)) == []
    page.get_by_role("button", name="Everything").click()
    expect(page.locator("thead .lacks")).to_have_count(0)
    assert "need" not in page.url


@pytest.mark.parametrize("width", [390, 1440])
def test_the_guide_leads_into_the_table(visit, width):
    """To the first of its rows, below the names of the columns, with what the sentence needs ticked."""
    page = visit("guide.html", width=width)
    page.locator(".guide > li", has_text="Jacobians").get_by_role("link", name="In the table").click()
    row = page.locator("#row-jacobian")
    expect(row).to_be_in_viewport()
    expect(page.locator("input[name=need][value=vectorising_map]")).to_be_checked()
    expect(page.locator("#row-jacobian.wanted")).to_have_count(1)
    head = page.locator("thead th:visible").first.bounding_box()
    header = page.locator(".md-header").bounding_box()
    assert header["y"] + header["height"] <= head["y"] + 1
    assert head["y"] < row.bounding_box()["y"]


def test_sorting_by_an_answer(visit):
    page = visit("choose.html?sort=dense")
    texts = page.locator("tr[data-row=dense] td").all_inner_texts()
    assert texts[:7] == ["● built in"] * 4 + ["◐ a few lines", "+ add-on", "– not possible"]
    assert set(texts[7:]) == {"? not written yet", "x broken", "not measured"}


def test_an_answer_opens_its_evidence(visit):
    page = visit("choose.html")
    link = page.locator("tr[data-row=dense] td").first.get_by_role("link")
    link.focus()
    page.keyboard.press("Enter")
    figures = page.locator(".figures:popover-open")
    for words in ("built in", "It gave 3", "numpy 2", "2026-01-31"):
        expect(figures).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(figures).to_have_count(0)
    expect(link).to_be_focused()
    assert page.url.endswith("choose.html")
    link.click()
    figures.get_by_role("link", name="All frameworks").click()
    expect(page).to_have_url(re.compile(r"features/dense\.html#numpy$"))


@pytest.mark.parametrize("script", [True, False])
def test_a_gotcha_leads_to_its_code(visit, script):
    page = visit("gotchas.html", java_script_enabled=script)
    page.locator("tr[data-row=relu_slope-0] td").get_by_role("link").last.click()
    shown = page.locator(".figures:popover-open" if script else "section.answer:target")
    expect(shown).to_contain_text("def theano")
    expect(shown.get_by_role("button", name="Copy")).to_have_count(int(script))


def test_filtering_gotchas(visit):
    page = visit("gotchas.html?filter=momentum")
    titles = page.locator("tr.group:visible").all_inner_texts()
    assert 0 < len(titles) < page.locator("tr.group").count()
    page.get_by_role("searchbox").fill("slope of relu at 0")
    expect(page.locator("tr.group:visible")).to_have_text(["The slope of ReLU at 0"])


def test_from_a_disk_an_answer_leads_to_its_page(browser, built):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto((built.folder / "gotchas.html").as_uri())
    page.locator("tr[data-row=relu_slope-0] td").get_by_role("link").last.click()
    expect(page).to_have_url(re.compile(r"gotchas/relu_slope\.html#theano$"))
    page.close()


def test_first_paint_needs_no_script(visit, browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(address + COMPARISON, wait_until="commit")
    expect(page.locator(f"#{anchor('Train')}-keras")).to_be_visible()
    context.close()


# ---- figures to touch: what they show is what the recipe's NumPy program gives

POSITIONS = 20


def program(recipe):
    return run_file(TASKS[recipe].recipes["numpy"], f"{recipe}_in_numpy")


def shown(page, name) -> list[float]:
    """The exact values under a name; what a reader sees of each has to be that, but for the rounding to five digits."""
    found = page.locator(f".touch data[data-name={name}]").evaluate_all(
        "all => all.map(one => [one.value, one.textContent])"
    )
    for value, text in found:
        seen = float(text.replace("−", "-").replace("∞", "inf"))
        assert np.allclose(seen, float(value.replace("Infinity", "inf")), rtol=1e-4, equal_nan=True)
    return [float(value.replace("Infinity", "inf")) for value, _ in found]


def slide(page, label, value):
    page.locator(".touch label", has_text=label).locator("input[type=range]").fill(str(value))


@pytest.mark.parametrize(
    ("recipe", "width", "scheme"),
    [("convolution", 1280, "dark"), ("filters", 390, "light"), ("filters", 1280, "light")],
)
def test_a_window_shows_its_products(visit, recipe, width, scheme):
    page = visit(f"recipes/{recipe}/index.html", width=width, color_scheme=scheme, reduced_motion="reduce")
    digit = datasets.load("digits").test_images[0].astype(np.float64)
    case = TASKS[recipe].specification.cases(digit[np.newaxis])
    if recipe == "filters":
        names = TASKS[recipe].specification.KERNELS
        maps = program(recipe).filter_image(digit, case["gallery"]["kernels"])
        kernels = dict(zip(names, zip(case["gallery"]["kernels"], maps, strict=True), strict=True))
    else:
        kernels = {
            name: (case[name]["kernel"], program(recipe).convolve(digit, case[name]["kernel"]))
            for name in ("edges", "blur")
        }
    field = page.get_by_role("application")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    random = np.random.default_rng(1)
    row, column = 10, 10  # where it begins
    for number in range(POSITIONS):
        name = str(random.choice(list(kernels)))
        page.locator(".touch select").select_option(name)
        if number % 2:
            row, column = (int(place) for place in random.integers(0, 26, 2))
            y, x = ((place + 1.5) / 28 for place in (row, column))  # in the middle of the window's middle pixel
            field.click(position={"x": x * box["width"], "y": y * box["height"]})
        else:
            field.focus()
            key, step = (("ArrowDown", (1, 0)), ("ArrowUp", (-1, 0)), ("ArrowLeft", (0, -1)), ("ArrowRight", (0, 1)))[
                number // 2 % 4
            ]
            page.keyboard.press(key)
            row, column = np.clip((row + step[0], column + step[1]), 0, 25)
        kernel, expected = kernels[name]
        assert np.allclose(
            shown(page, "product"), (digit[row : row + 3, column : column + 3] * kernel).ravel(), rtol=1e-12
        )
        assert np.allclose(shown(page, "sum"), expected[row, column], rtol=1e-12, atol=1e-12)
        expect(page.locator(".touch output")).to_contain_text(f"Row {row}, column {column}")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_row_with_strides_and_padding(visit, width, scheme):
    page = visit("recipes/strides_and_padding/index.html", width=width, color_scheme=scheme)
    recipe, random = program("strides_and_padding"), np.random.default_rng(2)
    for _ in range(POSITIONS):
        size, kernel_size, stride = (int(random.integers(*ends)) for ends in ((5, 13), (1, 6), (1, 5)))
        padding, weights, flip = (
            random.choice(["valid", "same", "1", "2"]),
            random.choice(["ones", "counted"]),
            random.random() < 0.5,
        )
        for label, value in (("Pixels", size), ("Kernel", kernel_size), ("Stride", stride)):
            slide(page, label, value)
        page.locator(".touch label", has_text="Padding").locator("select").select_option(str(padding))
        page.locator(".touch label", has_text="Weights").locator("select").select_option(str(weights))
        page.get_by_label("Flip the kernel").set_checked(bool(flip))
        padding = int(padding) if padding.isdigit() else str(padding)
        kernel = np.ones((1, kernel_size)) if weights == "ones" else np.arange(1.0, kernel_size + 1)[np.newaxis]
        count, before, after = recipe.extent(size, kernel_size, stride, padding)
        framed = np.pad(np.arange(1.0, size + 1), (before, after))[np.newaxis]  # the rows above and below aren't wanted
        expected = recipe.convolve(framed, kernel[:, ::-1] if flip else kernel, stride, "valid")[0]
        assert [shown(page, name) for name in ("count", "before", "after")] == [[count], [before], [after]]
        assert shown(page, "map") == expected.tolist()
        at = int(random.integers(count))
        window = page.locator(".touch label", has_text="Window").locator("input")
        window.focus()
        page.keyboard.press("Home")
        for _ in range(at):
            page.keyboard.press("ArrowRight")
        assert shown(page, "sum") == [expected[at]]
        expect(window).to_have_attribute("aria-valuetext", f"window {at + 1} of {count}: {expected[at]:.0f}")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_window_that_pools(visit, width, scheme):
    page = visit("recipes/pooling/index.html", width=width, color_scheme=scheme)
    recipe, random = program("pooling"), np.random.default_rng(3)
    maps = np.array(TASKS["pooling"].specification.DRAWN, np.float64)[np.newaxis, :, :, np.newaxis]
    field = page.get_by_role("application")
    for _ in range(POSITIONS):
        kind, size, stride = (
            str(random.choice(["max", "average"])),
            int(random.integers(1, 5)),
            int(random.integers(1, 4)),
        )
        page.locator(".touch select").select_option(kind)
        slide(page, "Window", size)
        slide(page, "Stride", stride)
        expected = getattr(recipe, f"{kind}_pool")(maps, size, stride)
        assert shown(page, "kept") == expected.ravel().tolist()
        assert shown(page, "global") == recipe.global_average(maps).ravel().tolist()
        d_out = np.arange(1.0, expected.size + 1).reshape(expected.shape)
        assert shown(page, "gradient") == recipe.max_pool_gradient(maps, d_out, size, stride).ravel().tolist()
        expect(page.get_by_text("gradient goes to", exact=True)).to_be_visible(visible=kind == "max")
        field.focus()
        row, column = (int(random.integers(extent)) for extent in expected.shape[1:3])
        for key, times in (("ArrowUp", 4), ("ArrowLeft", 4), ("ArrowDown", row), ("ArrowRight", column)):
            for _ in range(times):
                page.keyboard.press(key)
        assert shown(page, "value") == [expected[0, row, column, 0]]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_scores_and_their_loss(visit, width, scheme):
    page = visit("recipes/cross_entropy/index.html", width=width, color_scheme=scheme)
    recipe, random = program("cross_entropy"), np.random.default_rng(4)
    failed = 0
    for _ in range(POSITIONS):
        scores, factor, label = (
            random.integers(-20, 21, 3) / 2,
            int(random.choice([1, 10, 100])),
            int(random.integers(3)),
        )
        for number, score in enumerate(scores):
            slide(page, f"Score of class {number}", score)
        page.locator(".touch label", has_text="All scores").locator("select").select_option(str(factor))
        page.locator(".touch label", has_text="Right is").locator("select").select_option(str(label))
        logits, labels = scores[np.newaxis] * factor, np.array([label])
        assert shown(page, "logit") == logits[0].tolist()
        for name in ("stable", "naive"):
            expected = getattr(recipe, name)(logits, labels)
            assert np.allclose(shown(page, name), expected, rtol=1e-12, atol=1e-15, equal_nan=True)
        failed += not np.isfinite(recipe.naive(logits, labels)[0])
        assert np.allclose(shown(page, "gradient"), recipe.gradient(logits, labels)[0], rtol=1e-12, atol=1e-15)
        assert np.allclose(shown(page, "probability"), np.exp(recipe.log_softmax(logits))[0], rtol=1e-12, atol=1e-300)
    assert 0 < failed < POSITIONS  # both kinds were seen


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_slider_moves_over_the_recorded_curves(visit, width, scheme):
    page = visit("recipes/learning_rate/index.html", width=width, color_scheme=scheme)
    recorded = made_up_curves(EVERY["learning_rate"])
    slider = page.locator(".touch input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    for name, curves in recorded.items():
        expect(slider).to_have_attribute("aria-valuetext", name)
        assert (shown(page, "loss"), shown(page, "accuracy")) == ([curves["loss"][-1]], [curves["accuracy"][-1]])
        expect(page.locator(".touch polyline.on")).to_have_count(2)
        assert page.locator(".touch svg").first.bounding_box()["width"] <= width
        page.keyboard.press("ArrowRight")


def test_a_figure_by_keyboard_and_without_motion(visit):
    page = visit("recipes/filters/index.html", reduced_motion="reduce")
    page.locator(".touch select").focus()
    page.keyboard.press("Tab")
    field = page.get_by_role("application")
    expect(field).to_be_focused()
    assert field.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    window = page.locator(".touch__window").first
    duration = "one => getComputedStyle(one).transitionDuration"
    assert set(window.evaluate(duration).split(", ")) == {"0s"}
    page.keyboard.press("Home")
    expect(page.locator(".touch output")).to_contain_text("column 0")
    page.emulate_media(reduced_motion="no-preference")
    assert "0s" not in window.evaluate(duration).split(", ")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_word_is_explained_on_focus_and_leads_to_the_glossary(visit, width):
    page = visit("recipes/cross_entropy/index.html", width=width)
    word = page.locator("a.term").first
    word.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("The score that a network gives a class")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"glossary\.html#logit$"))


def test_figures_only_where_they_are(visit):
    page = visit("recipes/filters/index.html", java_script_enabled=False)
    expect(page.locator(".touch")).to_be_hidden()
    page = visit("recipes/activations/index.html")
    expect(page.locator("script[src*='/touch/']")).to_have_count(0)
