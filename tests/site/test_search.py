"""The site's search in a real browser, asked in the words of public threads: does it lead to the page that answers?"""

import json
import tomllib

import pytest
from playwright.sync_api import expect
from test_browser import PATIENCE, address, browser, built, pytestmark, visit

from concord.ask.symptoms import read_symptoms
from concord.project.errors import UserError
from concord.site import search

__all__ = ["address", "browser", "built", "pytestmark", "visit"]

LEARNING = "learning/index.html"  # "My network isn't learning"
ENOUGH = 0.9  # of the questions
# What people type, and where it should lead: to the first of these pages that the site has.
QUERIES = [
    ("my loss is nan after a few iterations", [LEARNING, "recipes/cross_entropy"]),
    ("Loss becomes nan after training ~6000 iterations", [LEARNING, "recipes/cross_entropy"]),
    ("loss not decreasing, accuracy stuck at 10%", [LEARNING, "recipes/saturated_neuron", "recipes/initialisers"]),
    ("why is my neural net not learning", [LEARNING, "recipes/saturated_neuron"]),
    ("my model is overfitting", [LEARNING, "features/dropout", "features/early_stopping"]),
    ("RuntimeWarning: overflow encountered in exp softmax", ["recipes/cross_entropy"]),
    ("do I need softmax before CrossEntropyLoss?", ["gotchas/double_softmax"]),
    ("is the softmax applied twice", ["gotchas/double_softmax"]),
    ("dying relu, all outputs zero", ["recipes/activations", "gotchas/relu_slope"]),
    ("vanishing gradient sigmoid", ["recipes/saturated_neuron", "recipes/activations"]),
    ("kaiming init", ["recipes/initialisers", "gotchas/initialisers"]),
    ("how does pytorch initialize linear layer weights by default", ["gotchas/initialisers"]),
    ("count_include_pad", ["recipes/pooling"]),
    ("average pooling border pytorch vs tensorflow", ["recipes/pooling"]),
    ("calculate output size of conv layer with padding and stride", ["recipes/strides_and_padding"]),
    ("padding='same' tensorflow pytorch different results", ["gotchas/same_padding", "recipes/strides_and_padding"]),
    ("Transferring weights from Keras to PyTorch", ["porting"]),
    ("converted model gives different output after flatten", ["gotchas/flatten_order"]),
    ("NHWC to NCHW", ["gotchas/conv_layout", "porting"]),
    ("batchnorm momentum convention", ["gotchas/batch_norm"]),
    ("Fix TF batch norm momentum and epsilon values", ["gotchas/batch_norm"]),
    ("weight_decay in Adam is not an L2 Penalty", ["gotchas/weight_decay"]),
    ("keep_prob vs dropout rate", ["gotchas/dropout_rate"]),
    ("forgot model.eval()", ["gotchas/default_mode"]),
    ("Each time I run the Keras, I get different result", ["gotchas/shuffle_order", "gotchas/seed_order"]),
    ("numpy float64 becomes float32 in jax", ["gotchas/silent_float32"]),
    ("how does backward() work, from scratch", ["recipes/backprop_by_hand"]),
    ("how to check my backprop implementation is correct numerical gradient", ["recipes/gradient_check"]),
    ("simple mnist example", ["recipes/softmax_regression", "recipes/mnist_cnn"]),
    ("how to make cnn training faster on cpu", ["recipes/mnist_cnn_fast", "speed"]),
    ("val_loss lower than train loss", [LEARNING, "recipes/dropout"]),
    ("channels_last to channels_first", ["gotchas/conv_layout"]),
    ("exploding gradients in RNN, loss suddenly nan", ["recipes/gradient_clipping"]),
    ("how to choose batch size", ["recipes/batch_size", "recipes/batch_and_rate"]),
    ("what optimizer is best adam vs sgd", ["recipes/optimisers"]),
    ("which learning rate should I use", ["recipes/learning_rate"]),
    ("pytorch or jax", ["guide"]),
    ("how do I install concord", ["install"]),
    ("ReduceLROnPlateau / learning rate decay", ["recipes/schedules"]),
    ("restore_best_weights", ["recipes/early_stopping"]),
    ("load pytorch weights into keras model", ["porting", "recipes/save_and_load"]),
    ("mse instead of cross entropy for classification", ["recipes/wrong_loss"]),
    ("how many hidden neurons should I use", ["recipes/capacity", "recipes/layer_sizes"]),
]
# Of these the answer comes first.
FIRST = [
    ("0.1", [LEARNING]),
    ("accuracy 0.1", [LEARNING]),
    ("fp16", ["recipes/mixed_precision"]),
    ("keras to pytorch", ["porting"]),
    ("exploding gradient", ["recipes/gradient_clipping"]),
]

# The eight symptoms by their id on the page, each in a user's own words. None may be missed.
SYMPTOMS_IN_WORDS = {
    "nan": "loss is nan from the second epoch on",
    "stuck-at-10": "my network always predicts the same digit, accuracy 10%",
    "stays-at-2-30": "loss stays at 2.30 and never goes down",
    "loss-falls-accuracy-too": "the loss falls but accuracy does too",
    "training-fine-validation-not": "training accuracy is fine, validation accuracy is bad",
    "validation-better": "why is my validation accuracy better than training accuracy",
    "random-when-deployed": "model good in training but predictions are random when deployed",
    "too-slow": "network learns slower than it should",
}


INDEX = {
    "config": {"lang": ["en"]},
    "docs": [
        {"location": "recipes/mlp/index.html", "title": "A network", "text": "<p>An idea.</p>"},
        {
            "location": "recipes/mlp/index.html#train-numpy",
            "title": "Train",
            "text": "<pre><code>loss = 1</code></pre>",
        },
        {"location": "recipes/mlp/index.html#evidence", "title": "Evidence", "text": "10 of 10"},
        {
            "location": "features/jacobian.html",
            "title": "Jacobian",
            "text": "<p>Is there one?</p> 3 <pre><code>def jacobian(f): return torch.func.jacrev(f)</code></pre>",
        },
        {"location": "recipes/mlp/index.html#more", "title": "More", "text": "<p>mean0.31580.9110 of 0.31</p>"},
        {"location": "choose.html", "title": "Choose", "text": 9_000 * "x"},
        {"location": "proof.html", "title": "Proof", "text": "<p>Verdicts</p>"},
    ],
}


def test_the_index_holds_what_is_asked_for():
    """A recipe's code is in it; a feature's, what was measured and what the tables hold isn't."""
    made = search.prepare(INDEX)
    docs = {entry["location"]: entry for entry in made["docs"]}
    assert "loss = 1" in docs["recipes/mlp/index.html#train-numpy"]["text"]
    assert "recipes/mlp/index.html#evidence" not in docs
    assert docs["features/jacobian.html"]["text"] == "<p>Is there one?</p> torch.func.jacrev"
    assert docs["recipes/mlp/index.html#more"]["text"].split() == ["<p>", "of", "0.31</p>"]
    assert len(docs["choose.html"]["text"]) < 1_000
    boosts = [docs[f"{place}.html"]["boost"] for place in ("recipes/mlp/index", "features/jacobian", "choose", "proof")]
    assert boosts == sorted(boosts, reverse=True) and len(set(boosts)) == 4
    assert made["config"]["lang"] == ["en"]
    assert "kaiming" in made["config"]["synonyms"]["he glorot initialiser"]


@pytest.mark.parametrize("text", ["synonyms = 1\n[pages]", "[synonyms", "[pages]", "[synonyms]\nnan = 3\n[pages]"])
def test_damaged_words(tmp_path, text):
    file = tmp_path / "search.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"search\.toml can't be read"):
        search.prepare(INDEX, file)


def test_words_are_of_pages(built):
    """A page that moves takes its words along."""
    named = tomllib.loads(search.WORDS.read_text(encoding="utf-8"))["pages"]
    assert [page for page in named if not (built.folder / page).is_file()] == []


def test_words_of_a_page_are_found(built):
    """They are in the index of the built site, on that page and no other."""
    docs = json.loads((built.folder / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    assert [entry["location"] for entry in docs if "count_include_pad" in entry.get("tags", [""])[0]] == [
        "recipes/pooling/index.html"
    ]


def hits(page, words: str) -> list[str]:
    """The pages that are found, the best first."""
    field = page.locator(".md-search__input")
    field.fill(words)
    field.press("End")  # the theme listens to keys
    page.wait_for_function(
        """words => window.answered === words""",
        arg=words,
        timeout=PATIENCE,
    )
    return page.locator(".md-search-result__list > li").evaluate_all(
        "all => all.map(one => new URL(one.querySelector('a').href).pathname.slice(1))"
    )


class Questions:
    """A page whose search is asked; of a page that was found, the parts that are offered with it."""

    def __init__(self, page):
        self.page = page

    def __call__(self, words: str) -> list[str]:
        return hits(self.page, words)

    def parts(self, place: str) -> list[str]:
        links = self.page.locator(f'.md-search-result__list > li a[href*="{place}"]')
        return links.evaluate_all("all => all.map(one => new URL(one.href).hash.slice(1))")


# Tells when the answer to what stands in the field has been drawn.
LISTEN = """
const Before = window.Worker
Object.defineProperty(window, "Worker", { configurable: true, get: () => window.listening || Before, set: (made) => {
  window.listening = class extends made {
    constructor(...where) {
      super(...where)
      this.addEventListener("message", ({ data }) => {
        const words = document.querySelector(".md-search__input")?.value
        if (data.type === 3) setTimeout(() => { window.answered = words }, 100)
      })
    }
  }
} })
"""


@pytest.fixture
def ask(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(LISTEN)
    page.goto(address + "index.html")
    yield Questions(page)
    context.close()


def places(built, pages: list[str]) -> list[str]:
    """The pages that count: the first that the site has, where there is a choice, and its chapters."""
    named = [
        page if page.endswith(".html") else f"{page}/index.html" if page.startswith("recipes/") else f"{page}.html"
        for page in pages
    ]
    return [page for page in named if (built.folder / page).is_file()]


def test_questions_in_readers_words(built, ask):
    """At least nine of ten have the page that answers among the first three."""
    missed = []
    for words, pages in QUERIES:
        wanted = places(built, pages)
        found = ask(words)[:3]
        if not set(wanted) & set(found):
            missed.append(f"{words!r}: {found}, not {wanted}")
    assert len(QUERIES) - len(missed) >= ENOUGH * len(QUERIES), "\n".join(missed)


def test_what_comes_first(built, ask):
    assert [ask(words)[:1] for words, _ in FIRST] == [places(built, pages) for _, pages in FIRST]


# A search that fails at endings: it answers that there is nothing, as lunr does where its index is damaged.
NO_ENDINGS = """
window.Worker = class extends Worker {
  constructor(...where) {
    super(...where)
    this.addEventListener("message", ({ data }) => {
      if (data.type === 3 && this.typed.includes("*")) data.data.items = []
    })
  }
  postMessage(message) {
    if (message.type === 2) this.typed = message.data
    super.postMessage(message)
  }
}
"""


def test_a_search_that_fails_is_asked_again_without_endings(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(NO_ENDINGS + LISTEN)
    page.goto(address + "index.html")
    assert hits(page, "momentum convention")[0] in ("gotchas/batch_norm.html", "gotchas/momentum_form.html")
    assert hits(page, "qqqq") == []
    context.close()


def test_each_symptom_is_found_in_a_users_words(built, ask):
    """The page of all symptoms is among the first three, and the symptom's own part of it is offered."""
    assert set(SYMPTOMS_IN_WORDS) == set(read_symptoms()[0])
    missed = []
    for symptom, words in SYMPTOMS_IN_WORDS.items():
        found = ask(words)[:3]
        parts = ask.parts(LEARNING) if LEARNING in found else found
        if symptom not in parts:
            missed.append(f"{words!r}: {parts}, not {symptom}")
    assert missed == []


PASTED = """Error: Given groups=1, weight of size [32, 1, 3, 3], expected input[128, 28, 28, 1] to have 1 channels,
but got 28 channels instead ^~*+- (nchw: "channels first")"""


def test_pasted_text(visit):
    """With the mouse, so that no key is pressed, and with all that means something to the theme's search."""
    page = visit("index.html")
    field = page.locator(".md-search__input")
    field.click()
    page.evaluate(
        """text => {
            const field = document.querySelector(".md-search__input")
            field.value = text
            field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste", data: text }))
        }""",
        PASTED,
    )
    found = page.locator(".md-search-result__list > li")
    expect(found.first).to_be_attached()
    assert "gotchas/conv_layout.html" in [
        one.get_attribute("href").split("?")[0].split("#")[0].split("/", 3)[-1] for one in found.locator("> a").all()
    ]
    expect(page.locator(".md-search-result__terms")).to_have_count(0)  # nothing is said to be missing
