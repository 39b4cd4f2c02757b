"""The screens that are in a room, found by their kind and by whose they are.

A hall has thousands of phones and a handful of other screens. Whoever wants those, or the phones of one participant,
does not go through all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from forum.live.connection import Connection
from forum.live.messages import Screen


class ScreensHere:
    """A set of screens."""

    def __init__(self) -> None:
        self._kinds: dict[Screen, set[Connection]] = {
            "phone": set(),
            "tablet": set(),
            "projector": set(),
            "console": set(),
        }
        self._whose: dict[str, tuple[Connection, ...]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._kinds.values()))

    def __iter__(self) -> Iterator[Connection]:
        return chain.from_iterable(self._kinds.values())

    def __contains__(self, screen: object) -> bool:
        return isinstance(screen, Connection) and screen in self._kinds[screen.kind]

    def add(self, screen: Connection) -> None:
        """Adds a screen."""
        if screen in self:
            return
        self._kinds[screen.kind].add(screen)
        if screen.participant:
            self._whose[screen.participant] = (*self.of(screen.participant), screen)

    def discard(self, screen: Connection) -> None:
        """Removes a screen, where it is here."""
        self._kinds[screen.kind].discard(screen)
        others = tuple(other for other in self.of(screen.participant) if other is not screen)
        if others:
            self._whose[screen.participant] = others
        else:
            self._whose.pop(screen.participant, None)

    def of(self, participant: str) -> tuple[Connection, ...]:
        """Returns the screens of a participant, in the order in which they were added."""
        return self._whose.get(participant, ())

    def of_kinds(self, kinds: Collection[Screen]) -> Iterator[Connection]:
        """Yields the screens of these kinds."""
        return chain.from_iterable(self._kinds[kind] for kind in kinds)

    def number(self, kind: Screen) -> int:
        """Returns how many screens of a kind there are."""
        return len(self._kinds[kind])

    def disown(self, screen: Connection) -> None:
        """Makes a screen nobody's, where it is here."""
        if screen in self:
            self.discard(screen)
            screen.participant = ""
            self.add(screen)
