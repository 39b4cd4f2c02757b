"""The parts of the workspace that follow what is written: cards, what is to be mended, reading ages, the paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from forum.stories import compose, paths
from forum.stories.compose import Sketch
from forum.stories.draft import Card, Draft
from forum.stories.reading_age import PLAIN_AGE, Reading, measure
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.site import site_of

FINDINGS, HINTS, PATHS = "findings", "hints", "paths"


@dataclass(frozen=True)
class View:
    """A card as the page shows it: `number` from 1, what it is called, how hard its words are to read."""

    card: Card
    number: int
    name: str
    reading: Reading


@dataclass(frozen=True)
class Note:
    """Something to look at: a sentence, whether it must be mended, and the card it is about ("" for the whole)."""

    words: str
    serious: bool
    card: str


def views(draft: Draft, sketch: Sketch) -> list[View]:
    """The cards in their order."""
    return [View(card, number, sketch.names[card.id], measure(card.text)) for number, card in enumerate(draft.cards, 1)]


def choices(draft: Draft, sketch: Sketch) -> list[tuple[str, str]]:
    """What a way can lead to: a card's id, and its number with its name."""
    return [(card.id, f"{number}. {sketch.names[card.id]}") for number, card in enumerate(draft.cards, 1)]


def notes(sketch: Sketch) -> list[Note]:
    """What a reader could run into, as far as the story is written; nothing while there is no scene."""
    if not sketch.story.scenes:
        return []
    return [
        Note(say(found.message, dict(found.values)), found.serious, sketch.card_of(found.scene))
        for found in paths.findings(sketch.story)
        if not found.scene or sketch.card_of(found.scene)
    ]


def drawn(request: Request, draft: Draft, wanted: Iterable[str], cards: Iterable[str]) -> dict[str, str]:
    """The parts that a page's script asked for, drawn anew, by their name; reading hints are those of `cards`."""
    asked = frozenset(wanted)
    if not asked & {FINDINGS, HINTS, PATHS}:
        return {}
    get = site_of(request).templates.get_template
    sketch = compose.sketch(draft)
    parts: dict[str, str] = {}
    if FINDINGS in asked:
        parts[FINDINGS] = get("stories/writing/_findings.html").render(notes=notes(sketch))
    if PATHS in asked:
        parts[PATHS] = get("stories/writing/_picture.html").render(told=sketch.story)
    if HINTS in asked:
        for card in filter(None, map(draft.card, cards)):
            hint = get("stories/writing/_hint.html").render(reading=measure(card.text), plain_age=PLAIN_AGE)
            parts[f"hint-{card.id}"] = hint
    return parts


def place_words(draft: Draft, path: str, names: Mapping[str, str] | None = None) -> str:
    """A field's place in words: "Title", or the scene it is in.

    `names` are the scenes' (`compose.sketch`); whoever asks for many places makes them once, and gives them.
    """
    own = {
        "title": _("Title"),
        "setting": _("Where and when"),
        "characters": _("Who is in it"),
        "notes": _("What readers should know first"),
        "group": _("Your group"),
        "may_perform": _("May it be performed?"),
        "may_publish": _("May it be published?"),
        "may_quote": _("May it be quoted?"),
        "start": _("The first scene"),
        "cards": _("Scenes"),
    }
    card = path.partition(".")[0].partition("/")[0]
    if names is None and card:
        names = compose.sketch(draft).names
    if names and card in names:
        return _("In “%(scene)s”") % {"scene": names[card]}
    return own.get(path, _("In a scene"))
