"""Rehearsals that a server plays beside itself: a crowd in a process of its own comes to the server's own address.

The crowd has no token, as it needs none: made-up people are phones that come by the join code of a copy, and the moves
of the programme are made here. One rehearsal is played at a time; it ends with the server.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from forum.errors import ForumError, IllegalMove, StoreUnavailable
from forum.live.rooms import Rooms
from forum.ports import Store
from forum.ports.clock import Clock
from forum.rehearsal import elsewhere
from forum.rehearsal.crowd_plan import Plan, RehearsalFailed
from forum.rehearsal.crowd_process import CrowdProcess
from forum.rehearsal.programme_player import ProgrammePlayer
from forum.services.periodic import Periodic
from forum.services.sessions import rehearsals
from forum.services.sessions.desk import Desk
from forum.sessions.rehearsal import DROPPING, SLOW, Progress, Rehearsal, RehearsalForm, RehearsalState
from forum.sessions.session import LiveSession

MOST_SECONDS: Final = 3600.0
RECOVERED_WITHIN: Final = 60.0  # seconds after which one whose server went down is ended by another
_JOB: Final = "rehearsal"  # the lock on the one that is played, on all servers of a database
_COMES_WITHIN: Final = 180.0  # seconds in which everybody has to be in
_SPREAD_BY_HAND: Final = 6.0  # seconds within which people vote where somebody else presses the buttons
_BUSY: Final = "Another rehearsal is being played on this server. Wait until it has ended, or stop it."
_TOO_LONG: Final = "It was stopped after an hour: a rehearsal takes no longer."
_NOT_IN: Final = "Not all of the made-up people came in within three minutes. The server may be too busy."
_NO_ADDRESS: Final = "This server does not know its own address, so that nobody made up can come to it."
_BROKE: Final = "Something went wrong in Forum itself. Its log says what."

log = structlog.get_logger()


@dataclass
class _Playing:
    """The rehearsal that is played now, by its `task`; `who` has the numbers of made-up people by participant."""

    rehearsal: Rehearsal
    crowd: CrowdProcess
    player: ProgrammePlayer
    who: dict[str, int]
    task: asyncio.Task[None] | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    alone: AsyncExitStack = field(default_factory=AsyncExitStack)  # holds the lock, as long as it is played


class Rehearsals:
    """Plays rehearsals on this server. The contract is ports.rehearsals.Rehearsing. `here` is the server's own address
    on this machine, "" where it has none. `shared` is True where other processes serve the same database."""

    def __init__(self, store: Store, clock: Clock, rooms: Rooms, here: str, *, shared: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._rooms = rooms
        self._here = here
        self._shared = shared
        self._beginning = False
        self._now: _Playing | None = None
        self._recoveries = Periodic(self.recover, RECOVERED_WITHIN, _not_recovered)

    async def running(self) -> Rehearsal | None:
        """Returns the rehearsal that is played now."""
        if self._now is not None or not self._shared:
            return self._now.rehearsal if self._now is not None else None
        async with self._store.read() as work:
            return next(iter(await work.rehearsals.running_rehearsals()), None)

    async def progress(self, session: str) -> Progress | None:
        """Returns how far the rehearsal in this copy is; None where it is not played now."""
        here = self._progress(session)
        return await elsewhere.progress_of(self._store, session) if here is None and self._shared else here

    def _progress(self, session: str) -> Progress | None:
        now = self._now
        if now is None or now.rehearsal.session != session:
            return None
        heard, player = now.crowd.heard, now.player
        return Progress(
            part="ending" if now.ending else "playing" if heard.ready else "joining",
            people=now.rehearsal.people,
            joined=heard.joined,
            counted=heard.counted,
            step=player.place,
            steps=player.cues,
            seconds_left=None if now.rehearsal.by_hand or not heard.ready or now.ending else player.seconds_left,
        )

    async def start(self, session: str, form: RehearsalForm) -> Rehearsal:
        """Makes a copy of a session, sends made-up people into it, and returns at once."""
        if self._now is not None and self._now.rehearsal.session == form.id:
            return self._now.rehearsal  # the same form, sent twice
        if self._beginning or self._now is not None:
            raise IllegalMove(_BUSY)
        self._beginning = True
        alone = AsyncExitStack()
        try:
            if not (await alone.enter_async_context(self._store.job_lock(_JOB))).granted:
                raise IllegalMove(_BUSY)
            rehearsal = await rehearsals.begin(self._store, self._clock, session, form)
            if rehearsal.state == RehearsalState.RUNNING and self._here:
                (await self._begin(rehearsal)).alone = alone.pop_all()
            elif rehearsal.state == RehearsalState.RUNNING:
                await rehearsals.end(self._store, self._clock, rehearsal.session, RehearsalState.BROKEN, _NO_ADDRESS)
        finally:
            self._beginning = False
            await alone.aclose()
        return rehearsal

    async def stop(self, session: str) -> None:
        """Stops the rehearsal in this copy, and returns when its report is written; does nothing after its end."""
        now = self._now
        if now is not None and now.rehearsal.session == session and now.task is not None:
            now.stopping.set()
            await asyncio.wait([now.task])
        elif self._shared:
            await elsewhere.stop(self._store, session)

    async def recover(self) -> None:
        """Ends the rehearsals that were being played when their server went down, unless one is being played now."""
        async with self._store.job_lock(_JOB) as lock:
            if lock.granted:
                await rehearsals.interrupted(self._store, self._clock)

    def start_recovering(self) -> None:
        """Starts the task that does so for servers that go down while this one runs."""
        self._recoveries.start()

    async def close(self) -> None:
        """Ends the rehearsal that is played, at the end of the server."""
        await self._recoveries.stop()
        now = self._now
        if now is not None and now.task is not None:
            now.task.cancel()
            await asyncio.wait([now.task])

    async def _begin(self, rehearsal: Rehearsal) -> _Playing:
        async with self._store.read() as work:
            copy = await work.sessions.get_session(rehearsal.session)
            commission = await work.commissions.of_session(copy)
        who: dict[str, int] = {}

        async def truth() -> Mapping[str, Any]:
            if len(who) < len(crowd.heard.devices):
                who.update(await rehearsals.numbers_of(self._store, copy.id, crowd.heard.devices))
            return asdict(await rehearsals.truth_of(self._store, copy.id, who))

        crowd = CrowdProcess(self._plan(rehearsal, copy, [group.id for group in commission.groups]), truth)
        desk = Desk(self._store, self._clock)
        player = ProgrammePlayer(self._store, desk, copy.id, crowd, self._rooms.changed, rehearsal.pace)
        self._now = now = _Playing(rehearsal, crowd, player, who)
        now.task = asyncio.create_task(self._play(now))
        return now

    def _plan(self, rehearsal: Rehearsal, copy: LiveSession, groups: list[str]) -> Plan:
        return Plan(
            base=self._here,
            code=copy.code,
            projector=f"/projector/{copy.projector}",
            session=copy.id,
            groups=tuple(groups),
            people=rehearsal.people,
            slow=SLOW if rehearsal.slow else 0.0,
            drop=DROPPING if rehearsal.dropping else 0.0,
            spread=_SPREAD_BY_HAND if rehearsal.by_hand else rehearsal.pace.seconds,
            seed=secrets.randbelow(1_000_000),
        )

    async def _play(self, now: _Playing) -> None:
        """Plays one rehearsal from its first phone to its report; always ends it, and its process."""
        session = now.rehearsal.session
        state, why, report = RehearsalState.BROKEN, _BROKE, dict[str, Any]()
        try:
            async with asyncio.timeout(MOST_SECONDS):
                state, why = await self._through(now)
        except TimeoutError:
            state, why = RehearsalState.STOPPED, _TOO_LONG
        except ForumError as error:
            why, report = error.message, {"values": {name: str(value) for name, value in error.values.items()}}
        except asyncio.CancelledError:
            state, why = RehearsalState.INTERRUPTED, rehearsals.RESTARTED
        except Exception:
            log.exception("a rehearsal broke", session=session)
        finally:
            now.ending = True
            with suppress(asyncio.CancelledError, ForumError):
                await now.crowd.kill()
                report |= await self._report(now)
                await rehearsals.end(self._store, self._clock, session, state, why, report)
                await self._rooms.changed(session)
            self._now = None
            with suppress(StoreUnavailable):  # its connection is gone, and the lock with it
                await now.alone.aclose()

    async def _through(self, now: _Playing) -> tuple[RehearsalState, str]:
        """Plays until the session is over, or somebody stops it; returns the state it ends in, and why."""
        await now.crowd.start()
        listening = asyncio.create_task(now.crowd.listen())
        playing = asyncio.create_task(self._moves(now))
        stopping = asyncio.create_task(now.stopping.wait())
        session = now.rehearsal.session
        telling = partial(elsewhere.tell, self._store, session, partial(self._progress, session), now.stopping)
        told = [asyncio.create_task(telling())] if self._shared else []
        try:
            await asyncio.wait({listening, playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                await listening  # it ended before it was sent home: raises what was wrong
            if playing.done():
                await playing
            now.ending = True
            await now.crowd.go_home()
        finally:
            for task in (listening, playing, stopping, *told):
                task.cancel()
            await asyncio.gather(listening, playing, stopping, *told, return_exceptions=True)
        return (RehearsalState.STOPPED, "") if now.stopping.is_set() else (RehearsalState.DONE, "")

    async def _moves(self, now: _Playing) -> None:
        if not await now.crowd.until(lambda heard: heard.ready, _COMES_WITHIN):
            raise RehearsalFailed(_NOT_IN)
        await (now.player.watch() if now.rehearsal.by_hand else now.player.play())

    async def _report(self, now: _Playing) -> dict[str, Any]:
        """Returns the report: what the crowd says, held against the ballots of each round."""
        said = now.crowd.heard.report
        session = now.rehearsal.session
        left_out = [{"item": item, "why": why} for item, why in now.player.left_out]
        place = {"step": now.player.place, "steps": now.player.cues, "left_out": left_out}
        if said is None:
            return place
        if not now.who:
            now.who |= await rehearsals.numbers_of(self._store, session, now.crowd.heard.devices)
        told = {id_: {int(n): choice for n, choice in mine.items()} for id_, mine in said["told"].items()}
        rows = await rehearsals.counted(self._store, session, now.who, told)
        rounds = [asdict(row) | said["rounds"].get(row.round, {}) for row in rows]
        lost = sum(row.lost for row in rows)
        figures = said["figures"] | {"lost": lost, "own": sum(row.own for row in rows)}
        wrong = lost or figures["untold"] or figures["differing"]
        return place | {
            "figures": figures,
            "rounds": rounds,
            "differences": said["differences"],
            "well": not wrong,
        }


def _not_recovered(error: Exception) -> None:
    log.error("rehearsals whose server went down were not ended", exc_info=error)
