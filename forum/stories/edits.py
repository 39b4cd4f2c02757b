"""Edits of a draft by one of several people who write in it at once.

An edit of a field names the text that its writer saw there. Where somebody else has changed the field since, the edit
is refused: `Clash` holds both texts, and the writer chooses. So nobody's words are overwritten unseen, without locks or
waiting, and changes of two people to different fields are both kept. An edit sent again because its answer was lost
changes nothing; only where somebody has restored the text it started from is it made again, and the restored text is
among the versions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import msgspec

from forum.errors import BadInput, ForumError
from forum.stories.draft import (
    MOST,
    MOST_OF_CARD,
    MOST_OF_WAY,
    NO,
    PERMISSIONS,
    YES,
    Card,
    Draft,
    Way,
    fields,
    mark,
    mark_of,
    parts,
    read,
)

MOST_CARDS, MOST_WAYS = 60, 10
MOST_CHARACTERS = 100_000  # of the whole draft, so that it fits a .twee file

_ID = re.compile(r"[a-z0-9]{1,32}")
_FULL = "The story is as long as it can be. Shorten it somewhere, or tell the rest as a second story."
_UNKNOWN = "There is no such part of a story. Open the page again."


class SetField(msgspec.Struct, frozen=True):
    """Writes `text` into a field.

    `seen` are marks of texts (`draft.mark`): of the text its writer began from, then of those they have sent since
    without hearing the outcome.
    """

    field: str
    seen: tuple[str, ...]
    text: str


class AddCard(msgspec.Struct, frozen=True):
    """Adds a card with this id after another one ("" for the end); does nothing where it exists.

    After a scene with one way on, or none, the story goes on through the new card.
    """

    card: str
    after: str = ""
    name: str = ""
    text: str = ""
    decision: str = ""


class AddWay(msgspec.Struct, frozen=True):
    """Adds a way on from a card; does nothing where it exists."""

    card: str
    way: str
    text: str = ""
    to: str = ""


class RemoveCard(msgspec.Struct, frozen=True):
    """Removes a card. Clashes where the card has changed since `seen`, its `mark_of`."""

    card: str
    seen: str


class RemoveWay(msgspec.Struct, frozen=True):
    """Removes a way, as RemoveCard does a card."""

    card: str
    way: str
    seen: str


class MoveCard(msgspec.Struct, frozen=True):
    """Moves a card up (-1) or down (1) among the cards; does nothing at the end of the row."""

    card: str
    by: int


class PutBack(msgspec.Struct, frozen=True):
    """Restores a removed card as it was; does nothing where it exists again.

    `after` is the id of the card before it, "" for the beginning; where that card is gone too, this one goes to the
    end.
    """

    card: Card
    after: str = ""


Holder = TypeVar("Holder", Draft, Card, Way)
Edit: TypeAlias = SetField | AddCard | AddWay | RemoveCard | RemoveWay | MoveCard | PutBack


class Clash(ForumError):
    """An edit of a place that somebody else has changed since its writer looked.

    `field` names it; `theirs` is its text now, None where the card or way was removed; `yours` is the text of the edit,
    None for a removal.
    """

    code = "clash"

    def __init__(self, field_: str, theirs: str | None, yours: str | None) -> None:
        self.field = field_
        self.theirs = theirs
        self.yours = yours
        super().__init__("Somebody else has changed this since you opened it. Look at both texts, and choose.")


def apply(draft: Draft, edit: Edit) -> Draft:
    """Returns the draft after an edit; the same object where nothing changes.

    Raises Clash where the edit would overwrite something its writer has not seen, BadInput(field=...) for text that is
    too long, too many cards or ways, or an unknown field.
    """
    after = _apply(draft, edit)
    if after is not draft and _length(after) > max(MOST_CHARACTERS, _length(draft)):
        raise BadInput(_FULL, field=edit.field if isinstance(edit, SetField) else "cards")
    return after


def _length(draft: Draft) -> int:
    return sum(len(text) for _, text in fields(draft))


def _apply(draft: Draft, edit: Edit) -> Draft:
    if isinstance(edit, SetField):
        return _set(draft, edit)
    if isinstance(edit, AddCard):
        return _add_card(draft, edit)
    if isinstance(edit, MoveCard):
        return _move(draft, edit)
    if isinstance(edit, PutBack):
        return _put_back(draft, edit)
    card = draft.card(edit.card)
    if isinstance(edit, AddWay):
        return _add_way(draft, card, edit)
    if isinstance(edit, RemoveCard):
        if card is None:
            return draft
        _same(card, edit.seen, f"{card.id}.text", card.text)
        return replace(draft, cards=tuple(other for other in draft.cards if other is not card))
    way = card.way(edit.way) if card else None
    if card is None or way is None:
        return draft
    _same(way, edit.seen, f"{card.id}/{way.id}.text", way.text)
    return _with(draft, replace(card, ways=tuple(other for other in card.ways if other is not way)))


def _set(draft: Draft, edit: SetField) -> Draft:
    card_id, way_id, name = parts(edit.field)
    text = plain(edit.text)
    current = read(draft, edit.field)
    if text == current:
        return draft
    if current is None or mark(current) not in edit.seen:
        if mark(text) in edit.seen[:1]:
            return draft  # its writer changed nothing here
        raise Clash(edit.field, current, text)
    _fits(edit.field, name, text, MOST if not card_id else MOST_OF_WAY if way_id else MOST_OF_CARD)
    card = draft.card(card_id)
    if card is None:
        return _changed(draft, name, text)
    if way_id:
        ways = tuple(_changed(way, name, text) if way.id == way_id else way for way in card.ways)
        return _with(draft, replace(card, ways=ways))
    return _with(draft, _changed(card, name, text))


def _changed(thing: Holder, name: str, text: str) -> Holder:
    new: dict[str, Any] = {name: text}
    return replace(thing, **new)


def _add_card(draft: Draft, edit: AddCard) -> Draft:
    _known_id(edit.card)
    if draft.card(edit.card):
        return draft
    if len(draft.cards) >= MOST_CARDS:
        raise BadInput("A story has at most %(most)s scenes.", field="cards", most=MOST_CARDS)
    new = Card(edit.card, plain(edit.name), plain(edit.text), decision=edit.decision)
    for name, most in MOST_OF_CARD.items():
        _fits(f"{edit.card}.{name}", name, getattr(new, name), {name: most})
    before = draft.card(edit.after)
    if before is None:
        return replace(draft, cards=(*draft.cards, new))
    if not before.decision and len(before.ways) <= 1:
        onward = before.ways[0] if before.ways else Way(edit.card, "Go on")
        if before.ways and onward.to and not new.decision:
            new = replace(new, ways=(Way(edit.card, "Go on", onward.to),))
        draft = _with(draft, replace(before, ways=(replace(onward, to=new.id),)))
    place = next(n for n, card in enumerate(draft.cards, 1) if card.id == before.id)
    return replace(draft, cards=(*draft.cards[:place], new, *draft.cards[place:]))


def _put_back(draft: Draft, edit: PutBack) -> Draft:
    card = replace(
        edit.card,
        name=plain(edit.card.name),
        text=plain(edit.card.text),
        ways=tuple(replace(way, text=plain(way.text), to=plain(way.to)) for way in edit.card.ways),
    )
    if draft.card(card.id):
        return draft
    if len(draft.cards) >= MOST_CARDS:
        raise BadInput("A story has at most %(most)s scenes.", field="cards", most=MOST_CARDS)
    if len(card.ways) > MOST_WAYS:
        raise BadInput("A scene has at most %(most)s ways on.", field=f"{card.id}.text", most=MOST_WAYS)
    for id_ in (card.id, *(way.id for way in card.ways)):
        _known_id(id_)
    if len({way.id for way in card.ways}) < len(card.ways):
        raise BadInput(_UNKNOWN, field="cards")
    for name, most in MOST_OF_CARD.items():
        _fits(f"{card.id}.{name}", name, getattr(card, name), {name: most})
    for way in card.ways:
        for name, most in MOST_OF_WAY.items():
            _fits(f"{card.id}/{way.id}.{name}", name, getattr(way, name), {name: most})
    ids = [other.id for other in draft.cards]
    place = ids.index(edit.after) + 1 if edit.after in ids else len(ids) if edit.after else 0
    return replace(draft, cards=(*draft.cards[:place], card, *draft.cards[place:]))


def _add_way(draft: Draft, card: Card | None, edit: AddWay) -> Draft:
    _known_id(edit.way)
    path = f"{edit.card}/{edit.way}.text"
    if card is None:
        raise Clash(path, None, edit.text)
    if card.way(edit.way):
        return draft
    if len(card.ways) >= MOST_WAYS:
        raise BadInput("A scene has at most %(most)s ways on.", field=f"{edit.card}.text", most=MOST_WAYS)
    new = Way(edit.way, plain(edit.text), plain(edit.to))
    _fits(path, "text", new.text, MOST_OF_WAY)
    _fits(path, "to", new.to, MOST_OF_WAY)
    return _with(draft, replace(card, ways=(*card.ways, new)))


def _move(draft: Draft, edit: MoveCard) -> Draft:
    at = next((n for n, card in enumerate(draft.cards) if card.id == edit.card), -1)
    to = at + (1 if edit.by > 0 else -1)
    if at < 0 or not 0 <= to < len(draft.cards):
        return draft
    cards = list(draft.cards)
    cards[at], cards[to] = cards[to], cards[at]
    return replace(draft, cards=tuple(cards))


def _same(thing: Card | Way, seen: str, path: str, text: str) -> None:
    if mark_of(thing) != seen:
        raise Clash(path, text, None)


def _with(draft: Draft, card: Card) -> Draft:
    return replace(draft, cards=tuple(card if other.id == card.id else other for other in draft.cards))


def _known_id(id_: str) -> None:
    if not _ID.fullmatch(id_):
        raise BadInput(_UNKNOWN, field="cards")


def _fits(path: str, name: str, text: str, most: Mapping[str, int]) -> None:
    if (name in {"stop", "decision"} and text not in {"", YES}) or (name in PERMISSIONS and text not in {"", YES, NO}):
        raise BadInput(_UNKNOWN, field=path)
    if len(text) > most[name]:
        raise BadInput("This is too long. Use at most %(most)s characters.", field=path, most=most[name])


def plain(text: str) -> str:
    """Returns the text as it is stored: every line break one newline, without characters that cannot be stored."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "ignore").decode()
