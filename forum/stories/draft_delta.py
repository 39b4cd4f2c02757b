"""Drafts stored as the difference to another draft: the cards there are, and the change of each field.

A difference holds its words in plain text, so that a search of the database's files for a word finds it here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forum.stories.draft import MOST, MOST_OF_CARD, MOST_OF_WAY, Card, Draft, Way, fields

# {"fields": {path: [begin, end, words]}, "cards": [[card, way, ...], ...]}. A field's new text is the first `begin`
# characters of its old text, the words, and the last `end` characters of the old text. "cards" holds the ids in order
# and is left out where they are unchanged.
Delta = Mapping[str, Any]


def delta(before: Draft, after: Draft) -> Delta | None:
    """Returns the difference that makes `after` of `before`; None where an id is used twice in `after`, so that paths
    are not unique.
    """
    there = dict(fields(before))
    changed = {}
    for path, text in fields(after):
        old = there.get(path, "")
        if text != old:
            begin = alike(old, text)
            end = alike(old[begin:][::-1], text[begin:][::-1])
            changed[path] = [begin, end, text[begin : len(text) - end]]
    order = _order(after)
    change: Delta = {"fields": changed} | ({} if order == _order(before) else {"cards": order})
    return change if patched(before, [change]) == after else None


def patched(draft: Draft, deltas: Sequence[Delta]) -> Draft:
    """Returns the draft after these differences, each applied to the result of the one before."""
    if not deltas:
        return draft
    texts = dict(fields(draft))
    order = _order(draft)
    for delta in deltas:
        if "cards" in delta:
            order = delta["cards"]
            # Drops the texts of removed cards: a card that comes back later starts empty.
            texts = {path: texts.get(path, "") for path in _paths(order)}
        for path, (begin, end, words) in delta["fields"].items():
            old = texts[path]
            texts[path] = old[:begin] + words + old[len(old) - end :]
    return Draft(**{name: texts[name] for name in MOST}, cards=tuple(_card(ids, texts) for ids in order))


def written(change: Delta) -> int:
    """Returns the number of characters of words in a difference."""
    return sum(len(words) for _, _, words in change["fields"].values())


def alike(text: str, other: str) -> int:
    """Returns how many characters two texts have in common at their beginning."""
    same, most = 0, min(len(text), len(other))
    # Bisection over slices: a loop over characters takes a thousand times as long.
    while same < most:
        middle = (same + most + 1) // 2
        if text[same:middle] == other[same:middle]:
            same = middle
        else:
            most = middle - 1
    return same


def _order(draft: Draft) -> list[list[str]]:
    """Returns the id of each card, followed by those of its ways."""
    return [[card.id, *(way.id for way in card.ways)] for card in draft.cards]


def _paths(order: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields the paths of all fields of a draft with these cards."""
    yield from MOST
    for card, *ways in order:
        yield from (f"{card}.{name}" for name in MOST_OF_CARD)
        yield from (f"{card}/{way}.{name}" for way in ways for name in MOST_OF_WAY)


def _card(ids: Sequence[str], texts: Mapping[str, str]) -> Card:
    card, *ways = ids
    made = tuple(Way(way, **{name: texts[f"{card}/{way}.{name}"] for name in MOST_OF_WAY}) for way in ways)
    return Card(card, **{name: texts[f"{card}.{name}"] for name in MOST_OF_CARD}, ways=made)
