"""The comparison of a rehearsal's screens with the truth: the database, and the published result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forum.live.messages import State, Tally
from forum.rehearsal import result_reader


@dataclass(frozen=True)
class Truth:
    """The state that every screen must show. Without a round only version and pause are compared.

    `choices` are the counted choices by phone number; `result` (as Result.to_json gives it) is None until it is shown.
    """

    version: int
    paused: bool = False
    round: str = ""
    state: str = ""
    voted: int = 0
    choices: Mapping[int, str] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Seen:
    """The state that one screen shows. `number` counts screens of its kind from 1; `choice` is the one a phone shows as
    counted.
    """

    kind: str
    number: int
    connected: bool
    state: State | None
    tally: Tally | None
    choice: str | None = None

    @property
    def name(self) -> str:
        """The screen's name in a report."""
        return f"{self.kind} {self.number}"


@dataclass(frozen=True)
class Difference:
    """A difference between a screen and the truth: `what` is its connection, version, pause, question, turnout, vote or
    result.
    """

    screen: str
    what: str
    shows: str
    should: str


def differences(truth: Truth, screens: Iterable[Seen]) -> list[Difference]:
    """Returns all differences, screen by screen."""
    return [difference for seen in screens for difference in _of(truth, seen)]


def _of(truth: Truth, seen: Seen) -> Iterator[Difference]:
    now = seen.state
    if not seen.connected or now is None:
        yield Difference(seen.name, "connection", "not connected", "connected")
        return
    if now.v != truth.version:
        yield Difference(seen.name, "version", str(now.v), str(truth.version))
    if now.paused != truth.paused:
        yield Difference(seen.name, "pause", str(now.paused), str(truth.paused))
    if not truth.round:
        return
    here = f"{now.round.id} {now.round.state}" if now.round is not None else "none"
    if here != f"{truth.round} {truth.state}":
        yield Difference(seen.name, "question", here, f"{truth.round} {truth.state}")
    voted = seen.tally.voted if seen.tally is not None and seen.tally.round == truth.round else None
    drawn = result_reader.turnout(now.html)
    for number in (voted, *([drawn] if drawn is not None and truth.state == "closed" else [])):
        if number != truth.voted:
            yield Difference(seen.name, "turnout", str(number), str(truth.voted))
    if seen.kind == "phone" and seen.choice != truth.choices.get(seen.number - 1):
        yield Difference(seen.name, "vote", str(seen.choice), str(truth.choices.get(seen.number - 1)))
    if truth.result is not None and seen.kind in ("phone", "projector"):
        wrong = result_reader.differs(now.html, truth.result)
        if wrong:
            yield Difference(seen.name, "result", wrong, "the published result")
