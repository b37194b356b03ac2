"""What was once seen and mended, one test of each kind, in a real browser: words that are cut, buttons over code,
tables that can't be walked through, pages that are too heavy."""

import gzip
import re
from urllib.parse import unquote, urlsplit

import pytest
from building import results_file
from conftest import EVERY, TASKS
from playwright.sync_api import expect
from test_browser import address, attributes, barriers, browser, built, pytestmark, visit

from concord.project.framework import variants
from concord.site import evidence, plots
from concord.site.matrix import usual_variants
from concord.site.results import Measurement

__all__ = ["address", "browser", "built", "pytestmark", "visit"]

TRAINED = "recipes/softmax_regression/index.html"  # its made-up runs have three epochs
COOKBOOK = 40  # recipes that the first load must have room for
FIRST, RECIPE = 450_000, 150_000  # bytes over the wire
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"


# ---- weight


def loaded(visit, built, path) -> dict:
    """The files that a page loads, by their place, and how many bytes each takes over the wire."""
    page = visit(path)
    page.goto("about:blank")
    found = []
    page.on("request", lambda request: found.append(request.url))
    page.goto(visit.base + path)
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("loss")
    page.locator(".md-search-result__item").first.wait_for(state="attached")
    places = {unquote(urlsplit(url).path).lstrip("/") for url in found if url.startswith("http")}
    files = {place: built.folder / place for place in places}
    return {place: len(gzip.compress(file.read_bytes(), 6)) for place, file in files.items() if file.is_file()}


@pytest.fixture
def weigh(visit, built, address):
    visit.base = address
    return lambda path: loaded(visit, built, path)


def test_the_first_load(weigh, built):
    """With theme and search, and an index as large as that of forty recipes would be."""
    found = weigh("index.html")
    index = found.pop("search/search_index.json")
    assert any("workers/search" in place for place in found)
    assert sum(found.values()) + index * max(1, COOKBOOK / len(TASKS)) <= FIRST, found | {"index": index}


@pytest.mark.parametrize(
    "path", ["recipes/index.html", *(f"recipes/{name}/index.html" for name in ("filters", "mnist_cnn"))]
)
def test_a_page_beyond_what_all_share(weigh, path):
    shared, found = weigh("index.html"), weigh(path)
    own = {place: size for place, size in found.items() if place not in shared}
    assert path in own
    assert sum(own.values()) <= (2 * RECIPE if path == "recipes/index.html" else RECIPE), own  # a picture a recipe


# ---- charts


INSIDE = """frames => frames.flatMap(frame => {
    const edge = frame.closest("article").getBoundingClientRect()
    return [...frame.querySelectorAll("b, li > span, figcaption")]
        .filter(one => one.textContent.trim() && one.checkVisibility())
        .filter(one => {
            const box = one.getBoundingClientRect()
            return box.left < edge.left - 1 || box.right > edge.right + 1
        })
        .map(one => one.textContent.trim())
})"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("article *")]
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && one.checkVisibility())
    .map(one => parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1)))"""


@pytest.mark.parametrize("path", [TRAINED, "speed.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_words_of_charts(visit, path, width):
    """None is cut, none smaller than 10 px, and no chart is wider than its page."""
    page = visit(path, width=width)
    page.evaluate(OPEN)
    charts = page.locator("figure.race, figure.curves-plot")
    assert charts.count() > 0
    assert charts.evaluate_all(INSIDE) == []
    assert page.evaluate(SMALLEST) >= 10
    assert charts.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length") == 0


def test_lines_that_would_lie_on_each_other_are_one(visit):
    page = visit(TRAINED)
    page.evaluate(OPEN)
    expect(page.locator("#loss polyline")).to_have_count(1)
    expect(page.locator("#loss")).to_contain_text("lie in the band")


def test_lines_that_part_are_drawn_each():
    document = results_file(TASKS["softmax_regression"])
    ends = {"numpy": 0.1, "jax": 0.9}

    def measurement(id):
        entry = next(result for result in document["results"] if result["variant"] == id)
        return Measurement(None, document, entry | {"history": [1.0, ends[id]]})

    plot = plots.loss_curves({id: measurement(id) for id in ends})
    assert plot and not plot["together"]
    alike = plots.loss_curves({"numpy": measurement("numpy")})
    assert alike and alike["together"]


@pytest.mark.parametrize("recipe", ["backprop_by_hand", "cross_entropy", "learning_rate", "mnist_cnn", "optimisers"])
def test_words_of_pictures(visit, recipe):
    """Outlines have no font size, but each letter tells its scale. On a phone a picture scrolls, by keyboard too."""
    drawn = (EVERY[recipe].folder / "figure-light.svg").read_text(encoding="utf-8")
    smallest = 100 * min(float(scale) for scale in re.findall(r"scale\((0\.\d+) -", drawn))  # of the picture's units
    page = visit(f"recipes/{recipe}/index.html", color_scheme="light")
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        picture = page.locator(".shown .picture").locator("visible=true")
        shown = picture.evaluate("one => one.getBoundingClientRect().width") / float(picture.get_attribute("width"))
        assert smallest * shown >= 9.5, width
        frame = page.locator(".shown__frame")
        scrolls = frame.evaluate("one => one.scrollWidth > one.clientWidth")
        assert scrolls == (width < 400)
        page.wait_for_function(f"document.querySelector('.shown__frame').tabIndex === {0 if scrolls else -1}")
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function("document.querySelector('.shown__frame').tabIndex === 0")
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.shown__frame').scrollLeft > 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "width", "frame"),
    [
        ("recipes/mnist_cnn/index.html", 390, ".shown__frame"),
        ("proof.html", 390, ".table-wrap"),
        ("choose.html", 1280, ".matrix__frame"),
    ],
)
def test_a_shade_tells_that_there_is_more(visit, path, width, frame, scheme):
    """At the edge of what scrolls sideways, over all that stands there; not at its end, nor where all of it fits."""
    page = visit(path, width=width, color_scheme=scheme)
    place = page.locator(frame).first
    place.scroll_into_view_if_needed()
    shade = "one => getComputedStyle(one, '::after').opacity"
    assert place.evaluate("one => one.scrollWidth > one.clientWidth")
    assert place.evaluate(shade) == "1"
    edge = place.evaluate(
        """one => {
            const shade = getComputedStyle(one, "::after"), last = one.firstElementChild.getBoundingClientRect()
            return shade.position === "sticky" && parseFloat(shade.height) >= last.height - 1
        }"""
    )
    assert edge
    place.evaluate("one => { one.scrollLeft = one.scrollWidth }")
    page.wait_for_function(f"getComputedStyle(document.querySelector('{frame}'), '::after').opacity === '0'")
    page.set_viewport_size({"width": 2600, "height": 900})
    page.wait_for_function(f"getComputedStyle(document.querySelector('{frame}'), '::after').opacity === '0'")


@pytest.mark.parametrize("path", ["recipes/index.html", "recipes/filters/index.html"])
def test_no_light_picture_in_the_dark(visit, path):
    page = visit(path, color_scheme="dark")
    shown = page.locator("article img").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => one.src)"
    )
    assert shown
    assert [source for source in shown if "-dark.svg" not in source] == []


# ---- code, badges, dialogues


@pytest.mark.parametrize("width", [390, 1280])
def test_no_button_over_code(visit, width):
    page = visit("frameworks/keras.html", width=width)
    over = page.locator(".code-frame").evaluate_all(
        """all => all.filter(one => {
            const [code, button] = ["pre", ".copy"].map(part => one.querySelector(part).getBoundingClientRect())
            return code.left < button.right && button.left < code.right
                && code.top < button.bottom && button.top < code.bottom
        }).map(one => one.textContent)"""
    )
    assert page.locator(".code-frame .copy").count() > 0
    assert over == []


def test_far_off_is_another_colour_than_a_question_of_digits(visit):
    """Both are known differences, and say so."""

    def badge(error):
        entry = {"level": "logits", "precision": "float64", "outcome": "mismatch", "passed": True, "reason": ""}
        entry |= {"declared": "a cause", "error": error, "run": "initial"}
        return evidence.level_badge(Measurement(None, {}, {"variant": "numpy", "levels": [entry]}), "logits")

    near, far = badge(3e-7), badge(5.46)
    assert near and far
    assert (near.sign, near.text, near.tone) == ("!", "3e-7", "known")
    assert (far.sign, far.text, far.tone) == ("!", "5.5", "far")
    page = visit(TRAINED)
    page.evaluate(OPEN)
    colours = [
        page.locator(f".legend .badge--{tone}").first.evaluate("one => getComputedStyle(one).backgroundColor")
        for tone in ("known", "far")
    ]
    assert len(set(colours)) == 2
    assert "e+" not in page.locator("table.verdicts").inner_text()


def test_what_is_caught_is_no_cross(visit):
    page = visit("mutants.html")
    good = page.locator(".badge--good").all_inner_texts()
    assert good
    assert [text for text in good if "✗" in text] == []


def test_a_dialogue_says_what_it_is_about(visit):
    page = visit("choose.html")
    page.locator("tr[data-row=dense] td").first.get_by_role("link").click()
    expect(page.locator(".figures:popover-open > h2")).to_have_text("dense layer")


def test_an_interval_on_a_click(visit):
    page = visit("choose.html")
    cell = page.locator("tr[data-row=steady_seconds-mnist_cnn] td").first
    expect(cell.locator(".detail")).to_be_hidden()
    cell.get_by_role("link").click()
    figures = page.locator(".figures:popover-open")
    expect(figures.locator("h2")).to_have_text("a training step: NumPy")
    for words in ("10.0 ms, 1.0×", "9.50 ms to 10.5 ms, 3 rounds", "A processor, 4 threads"):
        expect(figures).to_contain_text(words)
    figures.get_by_role("link", name="All figures").click()
    expect(page).to_have_url(re.compile(r"speed\.html#bench-"))
    expect(page.get_by_role("tabpanel", name="Processor")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_doors_are_in_the_first_screen(visit, width):
    page = visit("index.html", width=width)
    doors = page.locator(".doors a")
    expect(doors).to_have_count(6)
    for name in doors.locator("strong").all():
        expect(name).to_be_in_viewport(ratio=1)
    doors.filter(has_text="Keras to PyTorch").click()
    expect(page).to_have_url(re.compile(r"porting\.html$"))
    for label in ("Keras 3", "PyTorch"):
        expect(page.get_by_label(f"Network in {label}", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("name", "place"),
    [("All recipes", r"recipes/index\.html$"), ("My network isn't learning", r"learning/index\.html$")],
)
def test_a_missing_page_leads_on(visit, name, place):
    page = visit("404.html")
    page.locator("article").get_by_role("link", name=name).click()
    expect(page).to_have_url(re.compile(place))


def test_nothing_invisible_takes_the_focus(visit):
    """Side by side, the tabs of narrow windows are out of the way."""
    page = visit(TRAINED + "?show=keras,pytorch")
    radios = page.locator(".compare__radio")
    assert radios.count() > 0
    assert radios.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 0
    page.set_viewport_size({"width": 390, "height": 900})
    expect(page.locator(".compare:not([data-mode])")).to_have_count(1)
    assert radios.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == radios.count()


@pytest.mark.parametrize("path", [TRAINED, "proof.html", "speed.html", "choose.html"])
def test_landmarks_have_names_of_their_own(visit, path):
    page = visit(path)
    page.evaluate(OPEN)
    assert barriers(page, {"runOnly": ["landmark-unique", "empty-table-header", "heading-order"]}) == []


# ---- the table


def test_one_stop_for_the_tab_key(visit):
    page = visit("choose.html")
    stops = "table => [...table.querySelectorAll('a, button, td, th')].filter(one => one.tabIndex === 0).length"
    table = page.get_by_role("grid")
    assert table.evaluate(stops) == 1
    table.locator("tr[data-row]").first.get_by_role("button").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    where = (
        "document.activeElement.closest('td').dataset.variant + ' ' + document.activeElement.closest('tr').dataset.row"
    )
    assert page.evaluate(where) == f"{usual_variants()[1].id} float64"
    assert table.evaluate(stops) == 1
    page.keyboard.press("End")
    assert page.evaluate(where) == f"{usual_variants()[-1].id} float64"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"  # the row's name
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert "sort=same" in page.url


def test_the_column_compared_with_is_one(visit):
    page = visit("choose.html?with=jax")
    rows = page.locator("tr[data-row]:has(td[data-variant=jax] .times)")
    texts = rows.locator("td[data-variant=jax] .times").all_inner_texts()
    assert len(texts) > 5
    assert set(texts) == {"1.0×"}
    step = page.locator("tr[data-row=steady_seconds-mnist_cnn]")
    expect(step.locator("td[data-variant=numpy] .times")).to_have_text("1.0×")  # 10.0 ms of 10.1 ms
    expect(step.locator("td[data-variant=tensorflow] .times")).to_contain_text(re.compile(r"^[2-9]\.\d×$"))
    page.get_by_label("Compare with").select_option("tensorflow")
    expect(step.locator("td[data-variant=tensorflow] .times")).to_have_text("1.0×")
    assert "with=tensorflow" in page.url


def test_two_pages_tell_the_same_ratio(visit):
    """Of a step to the fastest, though medians would give another for a variant that was slow in one round."""
    page = visit("speed.html")
    lines = page.locator(".race").first.locator("li:not(.race__axis)")
    told = {one.locator("span").first.inner_text(): one.locator(".race__value").inner_text() for one in lines.all()}
    page = visit("choose.html")
    cells = page.locator("tr[data-row=steady_seconds-mnist_cnn] td:has(.times)")
    shown = {
        variants()[cell.get_attribute("data-variant")].label: cell.locator(".times").inner_text()
        for cell in cells.all()
    }
    assert shown == told
    slow = page.locator("tr[data-row=steady_seconds-mnist_cnn] td[data-variant=pytorch]")
    fast = page.locator("tr[data-row=steady_seconds-mnist_cnn] td[data-variant=numpy]")
    medians = float(slow.get_attribute("data-value")) / float(fast.get_attribute("data-value"))
    assert slow.locator(".times").inner_text() != f"{medians:.1f}×"


def test_a_framework_of_few_recipes_has_no_column(visit):
    for path in ("choose.html", "gotchas.html"):
        page = visit(path)
        heads = attributes(page.locator("thead th[data-variant]"), "data-variant")
        assert heads == [variant.id for variant in usual_variants()]
        expect(page.locator(".matrix .legend a")).to_have_text("CUDA (Numba)")


def test_only_where_they_differ_is_by_meaning(visit):
    """Versions, sizes and accuracies have other digits everywhere, and mean the same."""
    shown = "all => all.map(one => one.dataset.row)"
    page = visit("choose.html?differ=1&show=jax,numpy")
    alike = set(page.locator("tr[data-row]:visible").evaluate_all(shown))
    assert not {"versions", "steady_seconds-mnist_cnn", "dense"} & alike  # 10.0 and 10.1 ms; built in, both
    assert {"same", "float64", "conv_1d"} <= alike
    page = visit("choose.html?differ=1&show=numpy,pytorch")
    apart = set(page.locator("tr[data-row]:visible").evaluate_all(shown))
    assert not {"versions", "accuracy", "float64"} & apart  # 98.00% and 98.60%
    assert {"steady_seconds-mnist_cnn", "dense"} <= apart


def test_columns_stand_under_their_family(visit):
    page = visit("choose.html")
    texts = [text for text in page.locator(".families td").all_inner_texts() if text]
    assert texts == ["Keras", "TensorFlow"]
    expect(page.get_by_role("link", name="Keras on JAX").first).to_have_text("on JAX")


def test_two_columns_at_a_time_on_a_phone(visit):
    page = visit("choose.html", width=390)
    names = page.locator("thead th:visible a")
    assert names.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))") == [
        "Keras on TensorFlow",
        "PyTorch",
    ]
    frame = page.locator(".matrix__frame")
    assert frame.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.get_by_label("Right").select_option("jax")
    expect(names).to_have_count(2)
    assert "show=jax,keras-tf" in page.url or "show=keras-tf,jax" in page.url


# ---- speed


def test_tabs(visit):
    page = visit("speed.html")
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["Processor", "Fast programs", "GPU"]
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Fast programs")).to_contain_text("are fastest")
    second = page.locator(".tabs__panel h2").nth(1).get_attribute("id")
    page = visit(f"speed.html#{second}")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Fast programs")


def test_all_figures_have_the_whole_width(visit):
    page = visit("speed.html", width=1440)
    page.evaluate(OPEN)
    wrap = page.locator(".tabs__panel:visible .table-wrap").first
    assert wrap.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert wrap.evaluate("one => one.clientWidth / one.closest('article').clientWidth") > 0.9


@pytest.mark.parametrize("path", ["speed.html", "porting.html", "recipes/filters/index.html", "learning/index.html"])
def test_contents_list_every_section_or_none(visit, path):
    page = visit(path, width=1440)
    listed = page.locator(".md-nav--secondary > ul > li > a").locator("visible=true").all_inner_texts()
    sections = page.locator("article h2").evaluate_all("all => all.map(one => one.firstChild.textContent.trim())")
    assert [text.strip() for text in listed] in ([], sections)
    assert bool(listed) == (path in ("porting.html", "learning/index.html"))


def test_speed_without_a_script(visit):
    page = visit("speed.html", java_script_enabled=False)
    expect(page.locator(".tabs__panel:visible")).to_have_count(3)
