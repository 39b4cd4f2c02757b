"""Drafts: stories while they are being written, unfinished, perhaps by several people at once.

A draft has fields of plain text, and cards. A card is a future scene, and its ways lead on from it (in a decision point
they are the responses). Fields are named by paths: "title", "c1.text", "c1/w2.to". Edits of a draft are in edits.py,
its conversion to a story in compose.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forum.errors import BadInput
from forum.stories import scenario

YES, NO = "yes", "no"

GROUP, MAY_PERFORM, MAY_PUBLISH, MAY_QUOTE = "group", "may_perform", "may_publish", "may_quote"
PERMISSIONS = (MAY_PERFORM, MAY_PUBLISH, MAY_QUOTE)
# The most characters of each field; lists (characters, content notes) are one text with an item a line.
_LIST = scenario.MAX_DETAILS * (scenario.MAX_DETAIL + 1)
MOST: Mapping[str, int] = {
    "title": scenario.MAX_TITLE,
    "setting": scenario.MAX_DETAIL,
    "characters": _LIST,
    "notes": _LIST,
    GROUP: 64,
    **dict.fromkeys(PERMISSIONS, 3),
    "start": 32,
}
MOST_OF_CARD: Mapping[str, int] = {"name": scenario.MAX_NAME, "text": scenario.MAX_TEXT, "stop": 3, "decision": 3}
MOST_OF_WAY: Mapping[str, int] = {"text": scenario.MAX_RESPONSE, "to": 32}

_PATH = re.compile(r"(?:(?P<card>[a-z0-9]{1,32})(?:/(?P<way>[a-z0-9]{1,32}))?\.)?(?P<name>[a-z_]{1,20})")


@dataclass(frozen=True)
class Way:
    """A way on from a card: its words, and the id of the card it leads to ("" while none is chosen)."""

    id: str
    text: str = ""
    to: str = ""


@dataclass(frozen=True)
class Card:
    """A future scene. `stop` and `decision` are "yes" or ""; the text of a decision point is its question."""

    id: str
    name: str = ""
    text: str = ""
    stop: str = ""
    decision: str = ""
    ways: tuple[Way, ...] = ()

    def way(self, id_: str) -> Way | None:
        """Returns the way with this id, or None."""
        return next((way for way in self.ways if way.id == id_), None)


@dataclass(frozen=True)
class Draft:
    """A story being written. `start` is the id of the card that it begins with, "" for the first one.

    `characters` and `notes` hold an item a line. `group` is a group id of the commission, NO for "I prefer not to say",
    "" while unanswered. The three permissions are YES, NO, or "" while unanswered.
    """

    title: str = ""
    setting: str = ""
    characters: str = ""
    notes: str = ""
    group: str = ""
    may_perform: str = ""
    may_publish: str = ""
    may_quote: str = ""
    start: str = ""
    cards: tuple[Card, ...] = field(default_factory=tuple)

    def card(self, id_: str) -> Card | None:
        """Returns the card with this id, or None."""
        return next((card for card in self.cards if card.id == id_), None)

    @property
    def first(self) -> Card | None:
        """The card that the story begins with; None while there are no cards."""
        return self.card(self.start) or next(iter(self.cards), None)

    def to_json(self) -> dict[str, Any]:
        """Returns the draft as plain dicts and lists."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in MOST}
        plain["cards"] = [
            {"id": card.id}
            | {name: getattr(card, name) for name in MOST_OF_CARD}
            | {"ways": [{"id": way.id, "text": way.text, "to": way.to} for way in card.ways]}
            for card in self.cards
        ]
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Draft:
        """Returns the draft that `to_json` wrote."""
        cards = tuple(Card(**{**card, "ways": tuple(Way(**way) for way in card["ways"])}) for card in plain["cards"])
        return cls(**{**plain, "cards": cards})


def branches(draft: Draft) -> bool:
    """Tells whether the ways on from some scene lead to different scenes."""
    return any(len({way.to for way in card.ways}) > 1 for card in draft.cards)


def mark(text: str) -> str:
    """Returns a fingerprint of a text (32 hex digits of its SHA-256), by which an edit names the text that its writer
    saw.
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def mark_of(thing: Card | Way) -> str:
    """Returns a fingerprint of a whole card or way."""
    return mark(repr(thing))


def read(draft: Draft, path: str) -> str | None:
    """Returns the text of a field; None where its card or way does not exist. Raises BadInput for an unknown field
    name.
    """
    card, way, name = parts(path)
    holder: Draft | Card | Way | None = draft
    if card:
        holder = draft.card(card)
    if way and isinstance(holder, Card):
        holder = holder.way(way)
    return None if holder is None else str(getattr(holder, name))


def fields(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yields every field as (path, text): the story's own, then card by card."""
    for name in MOST:
        yield name, getattr(draft, name)
    for card in draft.cards:
        for name in MOST_OF_CARD:
            yield f"{card.id}.{name}", getattr(card, name)
        for way in card.ways:
            for name in MOST_OF_WAY:
                yield f"{card.id}/{way.id}.{name}", getattr(way, name)


def parts(path: str) -> tuple[str, str, str]:
    """Returns card, way and name in a field's path, "" for a part it lacks. Raises BadInput for an unknown
    field name.
    """
    match = _PATH.fullmatch(path)
    card, way, name = (match["card"] or "", match["way"] or "", match["name"]) if match else ("", "", "")
    known = MOST if not card else MOST_OF_WAY if way else MOST_OF_CARD
    if name not in known:
        raise BadInput("There is no such part of a story. Open the page again.", field="cards")
    return card, way, name
