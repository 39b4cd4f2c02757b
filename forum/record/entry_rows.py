"""Differences between what an entry says and what a row of the database says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forum.voting.round import WITHDRAWN


class Gone:
    """Stands in an entry where words were taken back."""


GONE = Gone()
# What rows hold in their place.
_TAKEN_BACK = (WITHDRAWN, "", None)


def spoken(fact: Any, words: Mapping[str, Any]) -> Any:
    """Returns a fact of an entry with the words themselves in the place of their digests; GONE for those that `words`
    (by digest) has not."""
    if isinstance(fact, dict):
        return words.get(fact["sd"], GONE) if fact.keys() == {"sd"} else {k: spoken(v, words) for k, v in fact.items()}
    return [spoken(item, words) for item in fact] if isinstance(fact, list) else fact


def differences(said: Any, made: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yields the place, what an entry says there, and what a row makes of it, wherever the two differ.

    Names that only `made` has, without a value, are no difference: entries of earlier versions have fewer.
    """
    if said is GONE:
        if made not in _TAKEN_BACK:
            yield path, WITHDRAWN, made
    elif isinstance(said, dict) and isinstance(made, dict):
        for name in sorted(said.keys() | made.keys()):
            place = f"{path}.{name}" if path else name
            if name in said or made[name] not in (None, "", []):
                yield from differences(said.get(name), made.get(name), place)
    elif isinstance(said, list) and isinstance(made, list) and len(said) == len(made):
        for place, (one, other) in enumerate(zip(said, made, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif said != made or type(said) is not type(made):
        yield path, said, made
