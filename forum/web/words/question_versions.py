"""Names of a question's other versions (easy words, languages), and content notes in the reader's language."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from forum.errors import message
from forum.voting.easy_read import EASY
from forum.web.i18n.gettext import gettext as _

# Languages that a question can be written in, besides those of the pages: the most spoken in Britain.
WRITTEN = (
    *("ar", "bn", "cy", "es", "fa", "fr", "gu", "it", "lt", "pa", "pl"),
    *("ps", "pt", "ro", "so", "ta", "ti", "tr", "uk", "ur", "vi", "zh"),
)

# Content notes that a story can choose from. Stories keep them with a small first letter.
NOTES = (
    message("Suicide or self-harm"),
    message("Restraint or force"),
    message("Violence or abuse"),
    message("Being held against your will"),
    message("Drugs or alcohol"),
    message("Death or grief"),
    message("Racism or other hate"),
    message("A child in distress"),
)


def reading_name(kind: str) -> str:
    """Returns the name of a version of a question: a language by its own name for itself."""
    if kind == EASY:
        return _("Easy words")
    try:
        name = Locale.parse(kind, sep="-").get_language_name() or kind
    except (UnknownLocaleError, ValueError):
        return kind
    return name[:1].upper() + name[1:]


def readings() -> list[tuple[str, str]]:
    """Returns the versions in which an organiser can give a question, for a list to choose from."""
    return [(EASY, reading_name(EASY)), *((code, reading_name(code)) for code in WRITTEN)]


def note_words(note: str) -> str:
    """Returns a content note: an offered one in the reader's language, any other as its writer wrote it."""
    offered = note[:1].upper() + note[1:]
    words = _(offered) if offered in NOTES else note
    return words[:1].lower() + words[1:] if offered in NOTES else note
