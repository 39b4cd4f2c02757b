"""Requests of a page to change a draft, as JSON from its script or as fields of a form; and the edits that they
become.

A field of a page is named by its path in the draft ("c1.text"); beside it, "seen:c1.text" holds the mark of the text
that was shown there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Literal

import msgspec

from forum.errors import BadInput
from forum.stories import edits
from forum.stories.draft import MOST_OF_CARD, MOST_OF_WAY, YES, Card, Draft, Way, mark, mark_of, parts, read
from forum.stories.edits import Clash, Edit
from forum.stories.visible_text import trimmed
from forum.web.forms import Form

# Ids of the cards that the steps write, before there is a workspace.
HAPPENED, QUESTION = "happened", "question"
# Prefixes of field names: marks of seen texts; choices in a clash; deleted fields to be restored with their words.
SEEN, CHOOSE, GONE = "seen:", "choose:", "gone:"
THEIRS, MINE = "theirs", "mine"
NOTES = "notes"
_EMPTY = mark("")


class Set(msgspec.Struct, tag_field="do", tag="set"):
    """A request to set a field's text. `back` restores its card or way first, where that was deleted meanwhile."""

    field: str
    seen: Annotated[list[str], msgspec.Meta(min_length=1, max_length=200)]
    text: str
    back: bool = False


class AddCard(msgspec.Struct, tag_field="do", tag="add_card"):
    """A request for a new card."""

    card: str
    after: str = ""
    decision: str = ""


class AddWay(msgspec.Struct, tag_field="do", tag="add_way"):
    """A request for a new way on."""

    card: str
    way: str
    text: str = ""
    to: str = ""


class Remove(msgspec.Struct, tag_field="do", tag="remove"):
    """A request to delete a card, or one of its ways; `seen` has the mark of each of its fields as they were shown."""

    card: str
    seen: dict[str, str]
    way: str = ""


class Move(msgspec.Struct, tag_field="do", tag="move"):
    """A request to move a card by one place, from behind the card `behind` ("" for none); one that was moved
    already stays."""

    card: str
    by: Literal[-1, 1]
    behind: str


class PutBack(msgspec.Struct, tag_field="do", tag="put_back"):
    """A request to restore a deleted card as it was shown. `ways` are (id, words, where to)."""

    card: str
    after: str = ""
    name: str = ""
    text: str = ""
    stop: str = ""
    decision: str = ""
    ways: list[tuple[str, str, str]] = msgspec.field(default_factory=list)


Wish = Set | AddCard | AddWay | Remove | Move | PutBack


def known(draft: Draft, path: str) -> str | None:
    """Returns the text of a field; None where there is no such field."""
    try:
        return read(draft, path)
    except BadInput:
        return None


def place(path: str) -> tuple[str, str]:
    """Returns the ids of the card and the way that a field is on; "" for none, or for a name that no field has."""
    with suppress(BadInput):
        return parts(path)[:2]
    return "", ""


def touched(wishes: Iterable[Wish]) -> set[str]:
    """Returns the ids of the cards that requests are about."""
    return {place(wish.field)[0] if isinstance(wish, Set) else wish.card for wish in wishes} - {""}


def edits_of(draft: Draft, wishes: Sequence[Wish], gone: Mapping[str, edits.PutBack | None]) -> list[Edit]:
    """Returns the edits that do what was asked, in a draft as it is now. `gone` restores cards that were deleted."""
    made: list[Edit] = []
    for wish in wishes:
        for edit in _edits(draft, wish, gone):
            made.append(edit)
            with suppress(Clash, BadInput):
                draft = edits.apply(draft, edit)
    return made


def _edits(draft: Draft, wish: Wish, gone: Mapping[str, edits.PutBack | None]) -> Iterator[Edit]:
    if isinstance(wish, Set):
        seen = tuple(wish.seen)
        for edit in _for_field(draft, wish, gone):
            yield edit
            if isinstance(edit, edits.PutBack):
                # The restored text has not been seen by its writer, who chose to put their own words in its place.
                with suppress(BadInput):  # there is no room for it; applying the edit reports that
                    seen = (mark(known(edits.apply(draft, edit), wish.field) or ""),)
        yield edits.SetField(wish.field, seen, wish.text)
    elif isinstance(wish, AddCard):
        yield edits.AddCard(wish.card, wish.after, decision=wish.decision)
    elif isinstance(wish, AddWay):
        yield edits.AddWay(wish.card, wish.way, wish.text, wish.to)
    elif isinstance(wish, Remove):
        yield _removal(draft, wish)
    elif isinstance(wish, PutBack):
        ways = tuple(Way(*way) for way in wish.ways)
        yield edits.PutBack(Card(wish.card, wish.name, wish.text, wish.stop, wish.decision, ways), wish.after)
    elif _behind(draft, wish.card) == wish.behind:
        yield edits.MoveCard(wish.card, wish.by)


def _for_field(draft: Draft, wish: Set, gone: Mapping[str, edits.PutBack | None]) -> Iterator[Edit]:
    """Yields what a field needs before it can be written: the cards of the steps, a new way, or a restored card."""
    card_id, way_id = place(wish.field)
    if not card_id or not trimmed(wish.text) or known(draft, wish.field) is not None:
        return
    new = wish.seen[0] == _EMPTY
    if draft.card(card_id) is None:
        again = gone.get(card_id) if wish.back else None
        if again:
            yield again
        elif new and card_id == HAPPENED:
            yield edits.AddCard(HAPPENED)
        elif new and card_id == QUESTION:
            yield edits.AddCard(QUESTION, draft.cards[-1].id if draft.cards else "", decision=YES)
        else:
            return
    if way_id and (new or wish.back):
        yield edits.AddWay(card_id, way_id)


def _removal(draft: Draft, wish: Remove) -> Edit:
    card = draft.card(wish.card)
    if wish.way:
        way = card.way(wish.way) if card else None
        path = f"{wish.card}/{wish.way}."
        same = way is not None and all(mark(getattr(way, name)) == wish.seen.get(path + name) for name in MOST_OF_WAY)
        return edits.RemoveWay(wish.card, wish.way, mark_of(way) if way and same else "")
    return edits.RemoveCard(wish.card, mark_of(card) if card and _all_seen(card, wish.seen) else "")


def _all_seen(card: Card, seen: Mapping[str, str]) -> bool:
    """Tells whether somebody with these marks has seen the card as it is now."""
    own = {f"{card.id}.{name}": getattr(card, name) for name in MOST_OF_CARD}
    ways = {f"{card.id}/{way.id}.{name}": getattr(way, name) for way in card.ways for name in MOST_OF_WAY}
    return all(seen.get(path) == mark(text) for path, text in (own | ways).items())


def _behind(draft: Draft, card: str) -> str | None:
    """Returns the id of the card before this one, "" for the first; None where there is no such card."""
    ids = ["", *(one.id for one in draft.cards)]
    return ids[ids.index(card) - 1] if card and card in ids else None


# ---------------------------------------------------------------- forms


def wishes_of(form: Form) -> list[Set]:
    """Returns the fields of a form; boxes and choices left empty are "".

    On the page of a clash a field can be left as the other person wrote it, or restored where it was deleted.
    """
    wishes = []
    for name in form.values:
        path = name.removeprefix(SEEN)
        choice = form.text(CHOOSE + path)
        if name.startswith(SEEN) and choice != THEIRS:
            text = _notes_of(form) if path == NOTES else form.text(path)
            wishes.append(Set(path, form.texts(name), text, back=form.flag(GONE + path)))
    return wishes


def _notes_of(form: Form) -> str:
    """Returns the content notes: those ticked, and the writer's own, one a line."""
    own = [" ".join(line.split()) for line in form.text("own_notes").split("\n")]
    return "\n".join(dict.fromkeys(note for note in (*form.texts(NOTES), *own) if note))
