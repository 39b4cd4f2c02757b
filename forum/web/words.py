"""Words in the reader's language, by gettext. English is in the source; a catalogue stands in forum/locales."""

from __future__ import annotations

import gettext as _gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locales"
ENGLISH = "en"


@cache
def translations(language: str = ENGLISH) -> _gettext.NullTranslations:
    """The catalogue of a language; where there is none, English as it stands in the source."""
    return _gettext.translation("forum", LOCALES, [language], fallback=True)


def gettext(message: str) -> str:
    """A message that Python code shows to a person; the name is what the extraction looks for."""
    return translations().gettext(message)


def say(message: str, values: dict[str, object] | None = None) -> str:
    """A message id that came with an error, translated and filled in."""
    words = gettext(message)
    return words % values if values else words
