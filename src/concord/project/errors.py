"""Mistakes of a user's: told in one or two lines, without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """What was found, what was expected, what to do next, in one or two lines."""


def nearest(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for an unknown name: the nearest known one, whatever the case, and the list of all."""
    known = list(dict.fromkeys(known))
    folded = {other.casefold(): other for other in known}
    close = get_close_matches(name.casefold(), folded, n=1)
    hint = f" Did you mean {folded[close[0]]!r}?" if close else ""
    return f"There is no {kind} {name!r}.{hint}\nKnown: {', '.join(known)}."
