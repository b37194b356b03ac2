"""Words with an explanation: docs/glossary.md, and the first time that a page uses one of them.

Python-Markdown's `abbr` finds the words, and only in prose. What it marks first becomes a link with the explanation as
its title, and the theme shows that on hover and on focus.
"""

import re
from pathlib import Path

from concord.project.errors import UserError
from concord.site.markup import prose

ENTRY = re.compile(r"^## (.+)\n+((?:.+\n?)+)", re.MULTILINE)
FOUND = re.compile(r'(<a\b.*?</a>|<h[1-6]\b.*?</h[1-6]>)|<abbr title="([^"]*)">(.*?)</abbr>', re.DOTALL)


def entries(file: Path) -> dict[str, str]:
    """By word, as its heading has it, the first sentence of its explanation.

    Raises:
        UserError: a word is there twice.
    """
    found: dict[str, str] = {}
    for word, text in ENTRY.findall(file.read_text(encoding="utf-8")):
        if word in found:
            raise UserError(f"{file} explains {word} twice.")
        plain = re.sub(r"<[^>]*>", "", " ".join(str(prose(text)).split()))
        found[word] = re.match(r".*?[.](?=\s|$)", plain)[0]  # type: ignore[index]
    return found


def forms(word: str) -> list[str]:
    """How prose writes a word: as it is, small, and more than one of it."""
    small = word if word.lower() != word[0].lower() + word[1:] else word.lower()  # ReLU stays
    return [form + end for form in dict.fromkeys((word, small)) for end in ("", "s")]


def definitions(words: dict[str, str], text: str) -> str:
    """What `abbr` reads at the end of a page, of the words that are in its text: reading all would take longer."""
    return "".join(f"\n*[{form}]: {says}" for word, says in words.items() for form in forms(word) if form in text)


def anchor(word: str) -> str:
    return word.lower().replace(" ", "-")


def linked(content: str, words: dict[str, str], glossary: str) -> str:
    """A page's HTML, with the first use of each word as a link into the glossary; further uses, headings and links are
    left as they were written."""
    by_form = {form: word for word in words for form in forms(word)}
    seen: set[str] = set()

    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return re.sub(r"</?abbr\b[^>]*>", "", match[1])
        word = by_form[match[3]]
        if word in seen:
            return match[3]
        seen.add(word)
        return f'<a class="term" href="{glossary}#{anchor(word)}" title="{match[2]}">{match[3]}</a>'

    return FOUND.sub(replaced, content)
