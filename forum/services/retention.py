"""Removes data whose time is over (`ports/personal_data.PERIODS`), once a day, and records how much of each kind.

It works in small pieces with pauses, so that nobody waits for it; of several servers each may do some, and one records
it. A clock that jumps forward must not erase
everything: where more than MOST_DAYS have passed since the last run, nothing is removed until somebody has confirmed
that the clock is right (`forum retention --confirm`). The first look of a database only notes the time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.personal_data import PERIODS
from forum.services import record_entries, scrub
from forum.services.periodic import Periodic
from forum.services.stories import private_links, withdrawal
from forum.sessions.session import LiveSession
from forum.voting.check_back import check_none_going_on

# Days after the last run from which on the clock must be confirmed: so much at most goes too early where it is wrong.
MOST_DAYS = 31
A_PIECE = 50  # rows that one unit of work removes at most, or one story: ballots wait no longer than that
FEW = 5  # a smaller number in the record might tell of one person
EVERY = 3600.0  # seconds between two looks whether it is time
PAUSE = 0.05  # seconds between two pieces

# No part of the record, so neither is how much of it went.
UNRECORDED = {"staff_acts"}
_STATE = "retention"
_OVER = "kept long enough %s"

log = structlog.get_logger()


@dataclass(frozen=True)
class State:
    """State of retention: when it last ran, since when it waits for the clock to be confirmed ("" for not), how much
    was removed since the last entry about it, by period, and whether somebody confirmed the clock."""

    ran_at: str = ""
    refused_at: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    confirmed: bool = False


async def state(work: Work, *, lock: bool = False) -> State:
    """Returns the state of retention; with `lock` no other server changes it before this unit of work ends."""
    return State(**json.loads(await work.facts.get_fact(_STATE, lock=lock) or "{}"))


class OpenVote(msgspec.Struct, frozen=True):
    """A vote that is open in a room's session: since when nobody has come to it, and whether it is waited for."""

    session: LiveSession
    since: str
    waited_for: bool


async def open_votes(work: Work, at: str) -> list[OpenVote]:
    """Returns the votes that are open in rooms, longest left first: while one is waited for, nothing is removed."""
    found = sorted((await work.rounds.voting()).items(), key=lambda one: one[1])
    still = scrub.counts_since(at)
    return [OpenVote(await work.sessions.get_session(id_), since, since >= still) for id_, since in found]


async def confirm(store: Store) -> bool:
    """Confirms the clock, so that the next run removes what is over. Returns False where nothing waits for that."""
    async with store.begin() as work:
        now = await state(work, lock=True)
        if not now.refused_at:
            return False
        await _save(work, now, confirmed=True)
    return True


async def kept_long_enough(work: Work, story: str) -> bool:
    """Tells whether the words of a story went because its time was over."""
    return await work.facts.get_fact(_OVER % story) is not None


class Retention:
    """Daily runs of retention on one store, for as long as the server runs; `look` is one look whether it is time."""

    def __init__(self, store: Store, clock: Clock, periods: Mapping[str, int], pause: float = PAUSE) -> None:
        self._store = store
        self._clock = clock
        self._periods = periods
        self._pause = pause
        self._looks = Periodic(self.look, EVERY, _failed)

    def start(self) -> None:
        """Starts the task, and with it the first look."""
        self._looks.start()

    async def stop(self) -> None:
        """Ends the task; a run that is under way is given up after its piece, and goes on at the next start."""
        await self._looks.stop()

    async def look(self) -> None:
        """Removes what is over, where a day has passed since the last run, and records it. Raises StoreUnavailable."""
        if not await self._is_time():
            return
        for period in PERIODS:
            before = self._clock.later(days=-self._periods[period])
            while await self._piece(period, before):
                if self._looks.stopping:
                    return
                await asyncio.sleep(self._pause)
            if self._looks.stopping:
                return
        async with self._store.begin() as work:
            now, at = await state(work, lock=True), self._clock.now()
            if _days(now.ran_at, at) < 1:
                return  # another server was done first, and has recorded what both removed
            told = [{"kind": name, "number": _told(number)} for name, number in sorted(now.removed.items()) if number]
            if told:
                await record_entries.append_of_record(work, "retention", at, {"removed": told})
                await scrub.to_do(work, at)
            await _save(work, State(ran_at=at))
        await scrub.scrub(self._store)

    async def _is_time(self) -> bool:
        """Tells whether to run now; notes, and logs once, where the clock must be confirmed first."""
        async with self._store.begin() as work:
            now, at = await state(work, lock=True), self._clock.now()
            if not now.ran_at or now.ran_at > at:
                # The first look of a database, or the clock was put back: from here on time is counted.
                await _save(work, now, ran_at=at)
                return False
            if _days(now.ran_at, at) < 1 or await scrub.a_room_votes(work, at):
                return False  # while a room votes, ballots have the database to themselves
            if _days(now.ran_at, at) > MOST_DAYS and not now.confirmed:
                if not now.refused_at:
                    await _save(work, now, refused_at=at)
                    log.error(
                        "retention removes nothing: by the clock it last ran long ago. Is the clock right? "
                        "Then: forum retention --confirm",
                        last=now.ran_at,
                        now=at,
                    )
                return False
        return True

    async def _piece(self, period: str, before: str) -> bool:
        """Removes one piece of a period and adds it to the counts, in one unit of work. Tells whether there may be
        more."""
        async with self._store.begin() as work:
            now = await state(work, lock=True)
            if _days(now.ran_at, self._clock.now()) < 1:
                return False  # another server was done first
            if period == "drafts":
                gone = await _drafts(work, before, self._clock.now())
            elif period == "decision_drafts":
                gone = await _decision_drafts(work, before)
            elif period == "returned":
                gone = await _returned(work, before, self._clock.now())
            else:
                gone = await work.retention.remove(period, before, A_PIECE)
            if gone and period not in UNRECORDED:
                await _save(work, now, removed={**now.removed, period: now.removed.get(period, 0) + gone})
        return gone > 0


async def _drafts(work: Work, before: str, at: str) -> int:
    gone = 0
    for story, _ in await work.retention.unsent(before, 1):
        try:
            await work.drafts.get_draft(story, lock=True)
        except NotFound:
            continue
        # Looked at again under the lock: on PostgreSQL a save may have come between.
        still = await work.retention.unsent(before, 1, only=story)
        if not still:
            continue
        [(_, link)] = still
        # Else somebody with the old link could put words where its writer will look.
        await private_links.bury(work, link, at)
        await work.retention.delete_story(story)
        gone += 1
    return gone


async def _decision_drafts(work: Work, before: str) -> int:
    gone = 0
    for one in await work.decision_drafts.old_drafts(before, A_PIECE):
        try:
            draft = await work.decision_drafts.get_draft(one.id, lock=True)
            # Looked at again under the lock; while those who voted are asked about it, it stays.
            check_none_going_on(await work.rounds.check_backs([draft.rounds[-1]]))
        except (NotFound, IllegalMove):
            continue
        if draft.saved_at < before:
            await work.decision_drafts.remove_draft(draft.id)
            gone += 1
    return gone


async def _returned(work: Work, before: str, at: str) -> int:
    gone = 0
    for id_ in await work.retention.returned(before, 1):
        try:
            story = await work.stories.get_story(id_, lock=True)
        except NotFound:
            continue
        # Looked at again under the lock: its writer may have sent it, or said yes.
        if await work.retention.returned(before, 1, only=id_):
            await withdrawal.take_back(work, story, at)
            await work.facts.set_fact(_OVER % id_, at)
            gone += 1
    return gone


async def _save(work: Work, now: State, **changes: object) -> None:
    await work.facts.set_fact(_STATE, json.dumps(asdict(now) | changes))


def _told(number: int) -> int | None:
    """Returns a number as the record says it: None for one that is small enough to tell of somebody."""
    return number if number >= FEW else None


def _days(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)) / timedelta(days=1)


def _failed(error: Exception) -> None:
    log.error("data whose time is over was not removed", exc_info=error)
