"""Parts of the workspace that are drawn again as the story grows: cards, notes on mistakes, reading ages, the paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from starlette.requests import Request

from forum.stories import compose, paths
from forum.stories.compose import Sketch
from forum.stories.draft import Card, Draft, branches
from forum.stories.reading_age import PLAIN_AGE, Reading, measure
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.site import site_of

FINDINGS, HINTS, PATHS = "findings", "hints", "paths"


class View(msgspec.Struct, frozen=True):
    """A card as the page shows it: `number` from 1, its name, and how hard its words are to read."""

    card: Card
    number: int
    name: str
    reading: Reading


class Note(msgspec.Struct, frozen=True):
    """Something to look at: a sentence, whether it must be corrected, and the card it is about ("" for the whole
    story)."""

    words: str
    serious: bool
    card: str


def views(draft: Draft, sketch: Sketch) -> list[View]:
    """Returns the cards in their order."""
    return [View(card, number, sketch.names[card.id], measure(card.text)) for number, card in enumerate(draft.cards, 1)]


def choices(draft: Draft, sketch: Sketch) -> list[tuple[str, str]]:
    """Returns the cards that a way can lead to: id, and number with name."""
    return [(card.id, f"{number}. {sketch.names[card.id]}") for number, card in enumerate(draft.cards, 1)]


def notes(sketch: Sketch) -> list[Note]:
    """Returns the obstacles that a reader could meet in the story so far; [] while there is no scene."""
    if not sketch.story.scenes:
        return []
    return [
        Note(say(finding.message, dict(finding.values)), finding.serious, sketch.card_of(finding.scene))
        for finding in paths.findings(sketch.story)
        if not finding.scene or sketch.card_of(finding.scene)
    ]


def drawn(request: Request, draft: Draft, wanted: Iterable[str], cards: Iterable[str]) -> dict[str, str]:
    """Returns the parts that a page's script asked for, drawn again, by name; the reading hints are those of
    `cards`."""
    asked = frozenset(wanted)
    if not asked & {FINDINGS, HINTS, PATHS}:
        return {}
    get = site_of(request).templates.get_template
    sketch = compose.sketch(draft)
    parts: dict[str, str] = {}
    if FINDINGS in asked:
        parts[FINDINGS] = get("stories/workspace/_findings.html").render(notes=notes(sketch))
    if PATHS in asked:
        picture = get("stories/workspace/_picture.html")
        parts[PATHS] = picture.render(told=sketch.story) if branches(draft) else ""
    if HINTS in asked:
        for card in filter(None, map(draft.card, cards)):
            hint = get("stories/workspace/_hint.html").render(reading=measure(card.text), plain_age=PLAIN_AGE)
            parts[f"hint-{card.id}"] = hint
    return parts


def place_words(draft: Draft, path: str, names: Mapping[str, str] | None = None) -> str:
    """Returns a field's place in words: "Title", or the scene it is in.

    `names` are the scenes' names (`compose.sketch`); a caller with many fields makes them once.
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
