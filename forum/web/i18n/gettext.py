"""Gettext in the language of the reader. English is in the source; `languages.py` reads the others.

The language is set before anything is drawn: by the middleware for a request, by app.py for a screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from forum.errors import Filled
from forum.web.i18n.languages import ENGLISH, Language

_language: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def language() -> Language:
    """Returns the language of the person who is being answered."""
    return _language.get()


def speak(chosen: Language) -> None:
    """Sets the language for the rest of this task."""
    _language.set(chosen)


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Sets the language inside a `with` block."""
    token = _language.set(chosen)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str) -> str:
    """Returns a message in the reader's language; also a sentence that was filled in, with its values.

    The name is the one that the extraction of messages looks for.
    """
    if isinstance(message, Filled):
        return say(message)
    return language().gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """Returns the form of a message for the number `n`; fill the number in afterwards."""
    return language().ngettext(one, many, n)


def say(message: str, values: dict[str, object] | None = None) -> str:
    """Returns a message that came with an error, or a sentence that was filled in, translated and with its values."""
    if isinstance(message, Filled):
        return say(message.message, dict(message.values))
    words = gettext(message)
    if not values:
        return words
    return words % {name: say(value) if isinstance(value, Filled) else value for name, value in values.items()}
