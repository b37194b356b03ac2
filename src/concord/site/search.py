"""What the site's search looks through: an index that holds what readers ask for, and says it in their words too.

The theme's plugin gathers every text of every page. Here the figures and the code that nobody searches for leave it,
the pages that answer questions are put before those that record results, and the words of `docs/search.toml` come in.
`docs/javascripts/search.js` turns what is typed into a query of this index.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from concord.project import paths
from concord.project.errors import UserError

WORDS = paths.CHECKOUT / "docs" / "search.toml"
FIELDS = {"title": {"boost": 6.0}, "text": {"boost": 1.0}, "tags": {"boost": 4.0}}
BOOSTS = (  # by the beginning of a page's place, the first that fits
    ("learning", 3.0),
    ("recipes/index", 0.5),
    ("recipes/", 2.0),
    ("gotchas/", 2.0),
    (("porting", "guide"), 2.0),
    ("features/", 0.8),
    ("frameworks/", 0.7),
    (("index", "choose", "speed", "gotchas"), 0.7),
    ("", 0.3),  # proofs, formats, how to contribute
)
TABLES = ("choose.html", "gotchas.html", "mutants.html")  # of these only the beginning is text
LEAD = 400  # characters of it
CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
API = re.compile(r"\b[A-Za-z]\w*(?:\.\w+)+")  # torch.func.jacrev
FIGURE = re.compile(r"[^\s<>]*(?:\d\.\d{4}|\d{9})[^\s<>]*")  # 0.31580.9110, two cells of a table; lunr confuses some
LEFT_OUT = re.compile(r"^recipes/[^#]*#(evidence|measured|source|symptoms)$")


def prepare(index: dict[str, Any], file: Path = WORDS) -> dict[str, Any]:
    """The plugin's index, made smaller and given the readers' words.

    Raises:
        UserError: the file of words can't be read.
    """
    try:
        words = tomllib.loads(file.read_text(encoding="utf-8"))
        synonyms = {str(means): [str(phrase) for phrase in typed] for means, typed in words["synonyms"].items()}
        pages = {str(page): str(text) for page, text in words["pages"].items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{file} can't be read: {type(error).__name__}: {error}.\n"
            'It has two tables: [synonyms] of "word" = ["what is typed", …], [pages] of "page.html" = "words".'
        ) from None
    kept = [entry for entry in map(shortened, index["docs"]) if entry["text"] or "#" not in entry["location"]]
    for entry in kept:
        entry["boost"] = next(boost for start, boost in BOOSTS if entry["location"].startswith(start))
        if entry["location"] in pages:
            entry["tags"] = [pages[entry["location"]]]
    return {"config": index["config"] | {"fields": FIELDS, "synonyms": synonyms}, "docs": kept}


def shortened(entry: dict[str, Any]) -> dict[str, Any]:
    """One section of a page without what nobody searches for."""
    place, text = entry["location"], entry["text"]
    if LEFT_OUT.match(place):
        text = ""
    elif place in TABLES:
        text = text[:LEAD]
    elif place.startswith("features/"):  # the question, and the names of what answers it
        names = sorted(set(API.findall(" ".join(CODE.findall(text)))))
        text = " ".join([text.partition("</p>")[0] + "</p>", *names])
    elif place.startswith("frameworks/"):
        text = CODE.sub("", text)
    text = FIGURE.sub(" ", text)
    return {"location": place, "title": entry["title"], "text": " ".join(text.split(" "))}
