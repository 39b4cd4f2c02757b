"""Holds every screen of a rehearsal against the truth: what the database has, and what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forum.live.messages import State, Tally
from forum.rehearsal import result_reader


@dataclass(frozen=True)
class Truth:
    """What every screen must show now. `choices` are what is counted for each phone by its number; `result` is there
    once it was shown (as Result.to_json gives it). Without a round only version and pause are compared."""

    version: int
    paused: bool = False
    round: str = ""
    state: str = ""
    voted: int = 0
    choices: Mapping[int, str] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Seen:
    """What one screen shows. `number` is its number among those of its kind, from 1; `choice` is what a phone says is
    counted for it in this round."""

    kind: str
    number: int
    connected: bool
    state: State | None
    tally: Tally | None
    choice: str | None = None

    @property
    def name(self) -> str:
        """As it is named in a report."""
        return f"{self.kind} {self.number}"


@dataclass(frozen=True)
class Difference:
    """One thing that one screen shows otherwise: `what` is its connection, version, pause, question, turnout, vote or
    result."""

    screen: str
    what: str
    shows: str
    should: str


def differences(truth: Truth, screens: Iterable[Seen]) -> list[Difference]:
    """Everything that is different, screen by screen."""
    return [found for seen in screens for found in _of(truth, seen)]


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
