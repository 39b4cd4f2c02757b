"""The comparison of a rehearsal's screens with the truth: the database, and the published result."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from forum.live.messages import State, Tally
from forum.rehearsal import result_reader
from forum.rehearsal.phone import Phone
from forum.rehearsal.screen_client import Watcher
from forum.voting.round import RoundState

SETTLE: Final = 30.0  # seconds that screens have to show the truth
_LOOK_AGAIN: Final = 0.15


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


@dataclass
class Compared:
    """The comparison of screens: how many screens were compared, and each difference with its moment."""

    screens: int = 0
    differences: list[tuple[str, Difference]] = field(default_factory=list)


class ScreenCheck:
    """The comparison of all screens of a rehearsal, again and again while it is played; `compared` is its outcome.

    `others` are the screens that are no phones; `version` asks for the session's version now. Screens have `settle`
    seconds to show the truth.
    """

    def __init__(
        self,
        phones: Sequence[Phone],
        others: Sequence[Watcher],
        version: Callable[[], Awaitable[int]],
        settle: float,
    ) -> None:
        self.compared = Compared()
        self._phones = phones
        self._others = others
        self._version = version
        self._settle = settle

    async def compare(self, when: str, truth: Truth) -> None:
        """Compares every screen until all show the truth or the time is over, and records the differences left then."""

        async def now() -> Truth:
            return replace(truth, version=await self._version())

        await self.follow(when, now)

    async def follow(self, when: str, now: Callable[[], Awaitable[Truth]]) -> None:
        """Compares as `compare` does, with the truth as it is `now` at each look: somebody else may go on meanwhile."""
        deadline = time.monotonic() + self._settle
        while True:
            truth = await now()
            differing = differences(truth, self._seen(truth.round))
            if not differing or time.monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_AGAIN)
        self.compared.screens += len(self._phones) + len(self._others)
        self.compared.differences += [(when, difference) for difference in differing]

    def _seen(self, round_id: str) -> list[Seen]:
        seen = [
            Seen("phone", n, phone.connected, phone.on_screen, phone.tally, phone.known.get(round_id))
            for n, phone in enumerate(self._phones, 1)
        ]
        numbers: Counter[str] = Counter()
        for screen in self._others:
            numbers[screen.kind] += 1
            number = numbers[screen.kind]
            seen.append(Seen(screen.kind, number, screen.connected, screen.on_screen, screen.tally))
        return seen


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
    for number in (voted, *([drawn] if drawn is not None and truth.state == RoundState.CLOSED else [])):
        if number != truth.voted:
            yield Difference(seen.name, "turnout", str(number), str(truth.voted))
    if seen.kind == "phone" and seen.choice != truth.choices.get(seen.number - 1):
        yield Difference(seen.name, "vote", str(seen.choice), str(truth.choices.get(seen.number - 1)))
    if truth.result is not None and seen.kind in ("phone", "projector"):
        wrong = result_reader.differs(now.html, truth.result, in_turn=seen.kind == "projector")
        if wrong:
            yield Difference(seen.name, "result", wrong, "the published result")
