"""What a question's other wordings are called, and content notes in the reader's language."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from forum.errors import message
from forum.voting.easy_read import EASY
from forum.web.i18n.gettext import gettext as _

# Languages that a question can be written in, besides those that pages have: what is spoken most in Britain.
WRITTEN = (
    *("ar", "bn", "cy", "es", "fa", "fr", "gu", "it", "lt", "pa", "pl"),
    *("ps", "pt", "ro", "so", "ta", "ti", "tr", "uk", "ur", "vi", "zh"),
)

# The content notes that a story can choose from. Stories keep them with a small letter.
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
    """What a version of a question is called: a language in its own words."""
    if kind == EASY:
        return _("Easy words")
    try:
        name = Locale.parse(kind, sep="-").get_language_name() or kind
    except (UnknownLocaleError, ValueError):
        return kind
    return name[:1].upper() + name[1:]


def readings() -> list[tuple[str, str]]:
    """What an organiser can give a question in, for a list to choose from."""
    return [(EASY, reading_name(EASY)), *((code, reading_name(code)) for code in WRITTEN)]


def note_words(note: str) -> str:
    """A content note: one of those that stories offer in the reader's language, any other as its writer wrote it."""
    offered = note[:1].upper() + note[1:]
    words = _(offered) if offered in NOTES else note
    return words[:1].lower() + words[1:] if offered in NOTES else note
