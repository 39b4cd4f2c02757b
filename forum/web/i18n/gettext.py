"""Words in the reader's language, by gettext. English is in the source; see languages.py for every other.

Whoever draws something for somebody says in which language: the middleware for a request, app.py for a screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from forum.errors import Filled
from forum.web.i18n.languages import ENGLISH, Language

_language: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def language() -> Language:
    """The language of whoever is being answered."""
    return _language.get()


def speak(chosen: Language) -> None:
    """From here on, in this task, in this language."""
    _language.set(chosen)


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """What is drawn inside is in this language."""
    token = _language.set(chosen)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str) -> str:
    """A message that Python code shows to a person; the name is what the extraction looks for.

    A sentence that was filled in is told with its values.
    """
    if isinstance(message, Filled):
        return say(message)
    return language().gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The same where a number decides the form; fill the number in afterwards."""
    return language().ngettext(one, many, n)


def say(message: str, values: dict[str, object] | None = None) -> str:
    """A message id that came with an error, or a sentence that was filled in: translated, with its values."""
    if isinstance(message, Filled):
        return say(message.message, dict(message.values))
    words = gettext(message)
    if not values:
        return words
    return words % {name: say(value) if isinstance(value, Filled) else value for name, value in values.items()}
