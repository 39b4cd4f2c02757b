"""Comparison of two drafts of a story for readers: card by card, word by word.

Cards are matched by their text, id and name, because a story that was sent and opened again has new ids. The writer's
answers (group, permissions) are not compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from forum.stories import compose
from forum.stories.draft import Card, Draft, Way


class PieceKind(StrEnum):
    """Kinds of a piece of a text: in both texts, or in one of them alone."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class DifferenceKind(StrEnum):
    """Kinds of a difference: in the story as a whole, or in a card."""

    STORY = "story"
    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    MOVED = "moved"


# The compared parts of a story, and of a card; of a way its words ("way") and the scene it leads to ("to").
OF_STORY = ("title", "setting", "characters", "notes", "start")
OF_CARD = ("name", "text", "stop", "decision", "way", "to")

_WORD = re.compile(r"\S+\s*|\s+")
_KIN = 0.25  # likeness from which two cards are taken for the same one
_AKIN = 0.2  # share of common words from which two texts are compared word by word
_MOST_STEPS = 600  # words removed and added; with more changes both texts are shown whole


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text."""

    text: str
    kind: PieceKind = PieceKind.SAME


class Part(msgspec.Struct, frozen=True):
    """A text that differs. `name` is one of OF_STORY or OF_CARD.

    For "start" and "to" the texts are names of scenes; for "stop" and "decision" they are "yes" or "".
    """

    name: str
    before: str
    after: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Both texts as one sequence of pieces."""
        if self.name in {"start", "to"}:
            return _joined([Piece(self.before, PieceKind.REMOVED), Piece(self.after, PieceKind.ADDED)])
        return pieces(self.before, self.after)


class Difference(msgspec.Struct, frozen=True):
    """The differences in one place. `card` is the scene's name, "" for STORY.

    STORY holds the parts outside the scenes. NEW and GONE cards have all their texts as parts. A MOVED card stands
    elsewhere among the others; its parts are those that also differ, if any.
    """

    kind: DifferenceKind
    card: str = ""
    parts: tuple[Part, ...] = ()


class _Both(msgspec.Struct, frozen=True):
    """Two drafts: their scenes' names by card id, and `pairs`, which maps card ids of `after` to those of `before`."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    pairs: Mapping[str, str]


def differences(before: Draft, after: Draft) -> tuple[Difference, ...]:
    """Returns the differences: first of the story as a whole, then card by card; cards that are gone where they
    stood.
    """
    pairs = _pairs(before.cards, after.cards)
    both = _Both(compose.sketch(before).names, compose.sketch(after).names, pairs)
    listed: list[Difference] = []
    story = [*_changed(before, after, OF_STORY[:-1]), *_start(before, after, both)]
    if story:
        listed.append(Difference(DifferenceKind.STORY, parts=tuple(story)))
    place = {card.id: number for number, card in enumerate(before.cards)}
    moved = _moved([pairs[card.id] for card in after.cards if card.id in pairs], place)
    gone = [card for card in before.cards if card.id not in pairs.values()]
    for card in after.cards:
        old = before.card(pairs.get(card.id, ""))
        if old is None:
            listed.append(Difference(DifferenceKind.NEW, both.after[card.id], tuple(_of_card(Card(""), card, both))))
            continue
        if old.id not in moved:
            listed += [_gone(other, both) for other in gone if place[other.id] < place[old.id]]
            gone = [other for other in gone if place[other.id] > place[old.id]]
        parts = tuple(_of_card(old, card, both))
        if parts or old.id in moved:
            listed.append(
                Difference(
                    DifferenceKind.MOVED if old.id in moved else DifferenceKind.CHANGED, both.after[card.id], parts
                )
            )
    return (*listed, *(_gone(card, both) for card in gone))


def _gone(card: Card, both: _Both) -> Difference:
    return Difference(DifferenceKind.GONE, both.before[card.id], tuple(_of_card(card, Card("", card.name), both)))


def _changed(before: object, after: object, names: Iterable[str]) -> Iterator[Part]:
    for name in names:
        yield from _part(name, getattr(before, name), getattr(after, name))


def _part(name: str, before: str, after: str) -> Iterator[Part]:
    if before != after:
        yield Part(name, before, after)


def _start(before: Draft, after: Draft, both: _Both) -> Iterator[Part]:
    old, new = before.first, after.first
    if old and new and both.pairs.get(new.id) != old.id:
        yield Part("start", both.before[old.id], both.after[new.id])


def _of_card(old: Card, new: Card, both: _Both) -> Iterator[Part]:
    """Yields the parts of a card that differ; a way without words counts as none."""
    yield from _changed(old, new, OF_CARD[:4])
    left = list(old.ways)
    for way in new.ways:
        was = _way_before(way, left, new) or Way("")
        if was in left:
            left.remove(was)
        yield from _part("way", was.text, way.text)
        if both.pairs.get(way.to, way.to) != was.to:
            yield from _part("to", both.before.get(was.to, ""), both.after.get(way.to, ""))
    for way in left:
        yield from _part("way", way.text, "")


def _way_before(way: Way, left: Sequence[Way], card: Card) -> Way | None:
    """Returns the earlier state of a way: one with the same words, else with the same id unless its words moved
    elsewhere.
    """
    same = next((was for was in left if was.text == way.text), None)
    taken = {new.text for new in card.ways}
    return same or next((was for was in left if was.id == way.id and was.text not in taken), None)


# ---------------------------------------------------------------- word by word


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Compares two texts word by word. All pieces but the added ones make `before`, all but the removed ones make
    `after`.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    begin = 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < min(len(old), len(new)) - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = _compared(old[begin : len(old) - end], new[begin : len(new) - end])
    return _joined([Piece("".join(old[:begin])), *middle, Piece("".join(old[len(old) - end :]))])


def _compared(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Returns the shortest edit between two lists of words (Myers 1986); one replacement where they are too
    different.
    """
    steps = _steps(old, new) if _alike(Counter(old), Counter(new)) >= _AKIN else None
    if steps is None:
        return [Piece("".join(old), PieceKind.REMOVED), Piece("".join(new), PieceKind.ADDED)]
    backwards: list[Piece] = []
    x, y = len(old), len(new)
    for furthest in reversed(steps):
        k = x - y
        taken = furthest.get(k - 1, -1) + 1 > furthest.get(k + 1, -1)
        start = (furthest[k - 1] + 1) if taken else furthest[k + 1]
        backwards += [Piece(word) for word in reversed(old[start:x])]
        x, y = start, start - k
        if taken:
            x -= 1
            backwards.append(Piece(old[x], PieceKind.REMOVED))
        else:
            y -= 1
            backwards.append(Piece(new[y], PieceKind.ADDED))
    backwards += [Piece(word) for word in reversed(old[:x])]
    return backwards[::-1]


def _steps(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """Returns the furthest point on each diagonal before each step but the first (Myers 1986); None above
    _MOST_STEPS.
    """
    furthest = {1: 0}
    steps: list[dict[int, int]] = []
    for step in range(min(len(old) + len(new), _MOST_STEPS) + 1):
        here: dict[int, int] = {}
        for k in range(-step, step + 1, 2):
            x = max(furthest.get(k - 1, -1) + 1, furthest.get(k + 1, -1)) if step else 0
            while x < len(old) and x - k < len(new) and x - k >= 0 and old[x] == new[x - k]:
                x += 1
            if x <= len(old) and 0 <= x - k <= len(new):
                here[k] = x
            if x >= len(old) and x - k >= len(new):
                return steps
        steps.append(here)
        furthest = here
    return None


def _joined(each: Iterable[Piece]) -> tuple[Piece, ...]:
    """Merges pieces into readable runs: removed words, then those added instead, without unchanged blanks between
    changes.
    """
    joined: list[Piece] = []
    same = out = into = ""
    for piece in (*each, Piece(".")):
        if piece.kind == PieceKind.SAME and (piece.text.strip() or not (out or into)):
            if out or into:
                joined += [Piece(same), Piece(out, PieceKind.REMOVED), Piece(into, PieceKind.ADDED)]
                same = out = into = ""
            same += piece.text
        else:
            out += piece.text if piece.kind != PieceKind.ADDED else ""
            into += piece.text if piece.kind != PieceKind.REMOVED else ""
    return tuple(piece for piece in (*joined, Piece(same[:-1])) if piece.text)


# ---------------------------------------------------------------- which card is which


def _pairs(before: Sequence[Card], after: Sequence[Card]) -> dict[str, str]:
    """Maps each card id of `after` to its card's id in `before`, most alike pairs first; unmatched cards are
    left out.
    """
    words = {id(card): Counter(_words(card)) for card in (*before, *after)}
    alike = [
        (-_likeness(old, new, words[id(old)], words[id(new)]), abs(here - there), here, there)
        for here, old in enumerate(before)
        for there, new in enumerate(after)
    ]
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for likeness, _, here, there in sorted(alike):
        old, new = before[here], after[there]
        if -likeness >= _KIN and new.id not in pairs and old.id not in taken:
            pairs[new.id] = old.id
            taken.add(old.id)
    return pairs


def _words(card: Card) -> list[str]:
    return " ".join((card.text, *(way.text for way in card.ways))).casefold().split()


def _likeness(old: Card, new: Card, words: Counter[str], others: Counter[str]) -> float:
    named = bool(old.name) and old.name == new.name
    return _alike(words, others) + _KIN * (old.id == new.id) + _KIN * named


def _alike(words: Counter[str], others: Counter[str]) -> float:
    both = words.total() + others.total()
    return 2 * (words & others).total() / both if both else 0.0


def _moved(now: Sequence[str], place: Mapping[str, int]) -> set[str]:
    """Returns the smallest set of cards, by their earlier ids, whose moving explains the new order."""
    row = [place[card] for card in now]
    longest = [1] * len(row)
    for at, value in enumerate(row):
        longest[at] += max((longest[n] for n in range(at) if row[n] < value), default=0)
    kept: set[int] = set()
    wanted, below = max(longest, default=0), len(place)
    for at in reversed(range(len(row))):
        if longest[at] == wanted and row[at] < below:
            kept.add(row[at])
            wanted, below = wanted - 1, row[at]
    return {card for card in now if place[card] not in kept}
