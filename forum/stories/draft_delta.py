"""A draft kept as its difference to another one: which cards there are, and what changed in each field.

Words stand in a difference as they are, so whoever looks for a word in the database's files finds it here as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forum.stories.draft import MOST, MOST_OF_CARD, MOST_OF_WAY, Card, Draft, Way, fields

# {"fields": {path: [begin, end, words]}, "cards": [[card, way, ...], ...]}: a field is so many characters of its text
# before, the words, and so many of its end. "cards" are ids in order; they stand there only where they are others.
Delta = Mapping[str, Any]


def delta(before: Draft, after: Draft) -> Delta | None:
    """What makes `after` of `before`; None where an id stands twice in `after`, so that its fields have no one name."""
    there = dict(fields(before))
    changed = {}
    for path, text in fields(after):
        old = there.get(path, "")
        if text != old:
            begin = alike(old, text)
            end = alike(old[begin:][::-1], text[begin:][::-1])
            changed[path] = [begin, end, text[begin : len(text) - end]]
    order = _order(after)
    found: Delta = {"fields": changed} | ({} if order == _order(before) else {"cards": order})
    return found if patched(before, [found]) == after else None


def patched(draft: Draft, deltas: Sequence[Delta]) -> Draft:
    """The draft after these differences, each to the one before it."""
    if not deltas:
        return draft
    texts = dict(fields(draft))
    order = _order(draft)
    for one in deltas:
        if "cards" in one:
            order = one["cards"]
            # A card that went and comes back later is a new one.
            texts = {path: texts.get(path, "") for path in _paths(order)}
        for path, (begin, end, words) in one["fields"].items():
            old = texts[path]
            texts[path] = old[:begin] + words + old[len(old) - end :]
    return Draft(**{name: texts[name] for name in MOST}, cards=tuple(_card(ids, texts) for ids in order))


def written(change: Delta) -> int:
    """How many characters of words a difference holds."""
    return sum(len(words) for _, _, words in change["fields"].values())


def alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    same, most = 0, min(len(one), len(other))
    # Whole stretches are compared: a loop over characters takes a thousand times as long.
    while same < most:
        middle = (same + most + 1) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            most = middle - 1
    return same


def _order(draft: Draft) -> list[list[str]]:
    """The id of each card, with those of its ways behind it."""
    return [[card.id, *(way.id for way in card.ways)] for card in draft.cards]


def _paths(order: Sequence[Sequence[str]]) -> Iterator[str]:
    """The names of all fields of a draft with these cards."""
    yield from MOST
    for card, *ways in order:
        yield from (f"{card}.{name}" for name in MOST_OF_CARD)
        yield from (f"{card}/{way}.{name}" for way in ways for name in MOST_OF_WAY)


def _card(ids: Sequence[str], texts: Mapping[str, str]) -> Card:
    card, *ways = ids
    made = tuple(Way(way, **{name: texts[f"{card}/{way}.{name}"] for name in MOST_OF_WAY}) for way in ways)
    return Card(card, **{name: texts[f"{card}.{name}"] for name in MOST_OF_CARD}, ways=made)
