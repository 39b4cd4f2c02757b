"""The facilitator of a rehearsal that plays itself: one move after another through the programme, as a console would.

It looks before each move at what is on screen, so that somebody at the console can pause, or press a button, meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import msgspec

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.rehearsal.crowd_process import CrowdProcess
from forum.services.sessions import facilitation, second_run
from forum.services.sessions.desk import Desk, Step
from forum.services.sessions.programmes import take_step
from forum.sessions.programme import Item, ItemKind, Programme, present
from forum.sessions.rehearsal import Pace
from forum.sessions.session import CueKind, LiveSession
from forum.sessions.stop import Stop, StopState
from forum.voting.round import Round, RoundState

_ANSWERS_WITHIN: Final = 90.0  # seconds
_SETTLES_WITHIN: Final = 60.0
_LOOK: Final = 0.5  # seconds between two looks at a room that waits for somebody
_STUCK, _MOST_IN_VAIN = 2, 6  # moves in a row that may fail before the next cue is put up, and at all
_OF_A_VOTE: Final = 4  # moves: it is put, opened, closed and shown

Changed = Callable[[str], Awaitable[None]]


class _Seen(msgspec.Struct, frozen=True):
    """The room at one look."""

    session: LiveSession
    plan: Programme
    rounds: tuple[Round, ...]
    stops: tuple[Stop, ...]

    @property
    def asked(self) -> Round | None:
        """The round on screen."""
        if self.session.cue.kind not in (CueKind.QUESTION, CueKind.RESULT):
            return None
        return next((one for one in self.rounds if one.id == self.session.cue.round), None)

    @property
    def place(self) -> int:
        """The place of the cue on screen in the programme, from 1; 0 before the first."""
        now = present(self.plan, self.session.cue, self.rounds)
        return self.plan.items.index(now) + 1 if now is not None else 0


class ProgrammePlayer:
    """Plays the programme of a rehearsal's copy. `left_out` has the cues that could not be played: their ids, and why,
    as an error says it. `place` is the present cue's, from 1, of `cues`."""

    def __init__(self, store: Store, desk: Desk, copy: str, crowd: CrowdProcess, changed: Changed, pace: Pace) -> None:
        self.left_out: list[tuple[str, str]] = []
        self.place, self.cues = 0, 0
        self.seconds_left: int | None = None
        self._store = store
        self._desk = desk
        self._copy = copy
        self._crowd = crowd
        self._changed = changed
        self._pace = pace
        self._tried = 0  # cues of the programme that were put up, or could not be
        self._stopped = ""  # the replay of which a stop was taken

    async def watch(self) -> None:
        """Follows somebody who presses the buttons themselves; returns when the session has ended."""
        while True:
            seen = await self._look()
            if seen.session.ended:
                return
            await asyncio.sleep(2 * _LOOK)

    async def play(self) -> None:
        """Plays the programme to its end, then ends the session; returns when it has ended."""
        in_vain = 0
        while True:
            seen = await self._look()
            if seen.session.ended:
                return
            if seen.session.paused:
                await asyncio.sleep(_LOOK)
                continue
            try:
                # What is on screen may be stuck, as where its story was taken back: then what comes after it.
                await (self._next(seen) if in_vain >= _STUCK else self._move(seen))
                in_vain = 0
            except (IllegalMove, BadInput, NotFound) as error:
                # Somebody at the console was faster, or this cue cannot be played: look again, and go on.
                in_vain += 1
                if in_vain >= _MOST_IN_VAIN:
                    raise
                self._leave_out(seen, error)
            await self._changed(self._copy)
            await asyncio.sleep(self._pace.seconds)

    async def _look(self) -> _Seen:
        async with self._store.read() as work:
            session = await work.sessions.get_session(self._copy)
            plan = (await work.programmes.latest(self._copy)).plan
            rounds = tuple(await work.rounds.list_rounds(self._copy))
            seen = _Seen(session, plan, rounds, tuple(await work.stops.list_stops(self._copy)))
        self.place, self.cues = max(seen.place, self.place), len(plan.items)
        self.seconds_left = self._estimate(seen)
        return seen

    async def _move(self, seen: _Seen) -> None:
        """Makes the next move."""
        desk, copy, round_ = self._desk, self._copy, seen.asked
        if round_ is not None and round_.state == RoundState.DRAFT:
            await facilitation.open_round(replace(desk, act="open"), copy, round_.id)
        elif round_ is not None and round_.state == RoundState.OPEN:
            await self._crowd.until(lambda heard: round_.id in heard.answered, _ANSWERS_WITHIN)
            await facilitation.close_round(replace(desk, act="close"), copy, round_.id)
        elif round_ is not None and round_.state == RoundState.CLOSED:
            await self._settled(round_)
            await facilitation.reveal_round(replace(desk, act="reveal"), copy, round_.id)
        else:
            if round_ is not None and round_.state == RoundState.REVEALED:
                await self._settled(round_)
            if not await self._take_stop(seen):
                await self._next(seen)

    async def _settled(self, round_: Round) -> None:
        """Waits until every screen was compared."""
        await self._crowd.until(lambda heard: (round_.id, round_.state.value) in heard.settled, _SETTLES_WITHIN)

    async def _take_stop(self, seen: _Seen) -> bool:
        """Takes one stop of a replay, or goes on after it; returns False where there is none to take."""
        showing = seen.session.cue.showing
        here = [stop for stop in seen.stops if showing and stop.showing == showing]
        taken = next((stop for stop in here if stop.state == StopState.TAKEN), None)
        if taken is not None:
            await second_run.move_stop(replace(self._desk, act="finish-stop"), self._copy, taken.id, "finish")
            return True
        waiting = next((stop for stop in here if stop.state == StopState.WAITING), None)
        if waiting is None or self._stopped == showing:
            return False
        self._stopped = showing
        await second_run.take_stop(replace(self._desk, act="take-stop"), self._copy, waiting.id)
        return True

    async def _next(self, seen: _Seen) -> None:
        """Puts up the next cue of the programme; ends the session after the last."""
        at = max(seen.place, self._tried)
        if at >= len(seen.plan.items):
            await facilitation.end(replace(self._desk, act="end"), self._copy)
            return
        item = seen.plan.items[at]
        self._tried = at + 1
        await take_step(replace(self._desk, act="item"), self._copy, Step(item.id, seen.session.cue.item))

    def _leave_out(self, seen: _Seen, error: IllegalMove | BadInput | NotFound) -> None:
        items = seen.plan.items
        if seen.place < self._tried <= len(items):
            self.left_out.append((items[self._tried - 1].id, error.message))

    def _estimate(self, seen: _Seen) -> int:
        """Returns about how many seconds are left."""
        a_move = self._pace.seconds + 0.6
        left = sum(_moves(item) for item in seen.plan.items[max(seen.place, self._tried) :])
        round_ = seen.asked
        order = (RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
        if round_ is not None and round_.state in order:
            left += len(order) - order.index(round_.state)
        return round((left + 1) * a_move)


def _moves(item: Item) -> int:
    if item.kind in (ItemKind.SCENE, ItemKind.NOTE):
        return 3 if item.replay else 1
    return _OF_A_VOTE
