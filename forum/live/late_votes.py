"""Votes that are stored while a room is being read: what is read may have begun before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from forum.sessions.view import RoomView


class LateVotes:
    """Keeps, for each reading that is under way, how many had voted by what was heard since it began."""

    def __init__(self) -> None:
        self._readings: list[dict[str, int]] = []

    @contextmanager
    def during(self) -> Iterator[Mapping[str, int]]:
        """Gives how many have voted by round, as far as it is heard from now until the end of this."""
        heard: dict[str, int] = {}
        self._readings.append(heard)
        try:
            yield heard
        finally:
            self._readings = [one for one in self._readings if one is not heard]

    def hear(self, voted: Mapping[str, int]) -> None:
        """Takes how many have voted in some rounds, after a commit."""
        for heard in self._readings:
            heard |= {round_: max(number, heard.get(round_, 0)) for round_, number in voted.items()}


def with_late_votes(view: RoomView, heard: Mapping[str, int]) -> RoomView:
    """Returns a view with the votes that were heard of while it was read. Only of an open round, whose votes grow: in
    one that was closed or annulled meanwhile there are those that were read."""
    if view.round is None or not view.voting:
        return view
    return replace(view, voted=max(view.voted, heard.get(view.round.id, 0)))
