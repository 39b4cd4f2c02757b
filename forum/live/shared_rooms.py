"""The rooms of one process among several that serve the same sessions from one database.

What is done here is told to the others as hints (`news.py`); what they tell makes this process read again. Nothing
hangs on a hint: every few seconds each room is held against the database, which costs one small read, and now and then
it is read as a whole.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from itertools import count

import structlog

from forum.errors import StoreUnavailable
from forum.live.connection import Say
from forum.live.dead_tickets import send_away
from forum.live.debounced import Debounced
from forum.live.elsewhere import Elsewhere, Shared, here_of, named
from forum.live.group_read import GIVEN_AT_ONCE
from forum.live.news import Here, Names, decode
from forum.live.room import Own, Room
from forum.live.rooms import STIRS, Rooms
from forum.live.screen_frames import Draw
from forum.live.seal import Seal
from forum.live.store_away import logged_if_away
from forum.live.teller import SOON, Teller
from forum.ports import Store
from forum.ports.broker import Broker
from forum.ports.clock import Clock
from forum.services.sessions import room_history
from forum.services.voting import live_counts
from forum.sessions.view import RoomView

# Seconds between two rounds through all rooms.
BEAT = 1.0
# Seconds after which a process says again who is here, and after which a room is held against the database: while a
# vote is open, and otherwise. Each a quarter more or less, so that processes do not fall into step.
RENEWED = 4.0
LOOK_VOTING = 2.0
LOOK = 5.0
# Seconds after which a look reads all that a room shows, whatever its version: a moderator's act on a story, and what
# else everybody sees, is in no version. So a lost hint costs LOOK_VOTING or LOOK more than this, and a BEAT.
WHOLE = 3.5
# Every so many looks the tickets and the places of a session are read.
RECOUNTED = 8

log = structlog.get_logger()


def about(seconds: float) -> float:
    """Draws a time of about so many seconds."""
    return seconds * (0.75 + secrets.randbelow(500) / 1000)


class SharedRooms(Rooms):
    """Rooms whose sessions other processes serve too. `key` is a secret that all of them have."""

    def __init__(
        self, store: Store, clock: Clock, draw: Draw, say: Say, places: int, *, broker: Broker, key: bytes
    ) -> None:
        super().__init__(store, clock, draw, say, places)
        self._broker = broker
        self._names = Names(key)
        self._seal = Seal(key)
        self._teller = Teller(broker, self._names, self._seal)
        self._shared: dict[str, Shared] = {}
        # Of all rooms together: one that is made anew goes on where the others have heard of it last.
        self._numbers = count(1)
        self._sessions: dict[str, str] = {}  # by round
        self._rereads = Debounced(self._reread)
        self._looks = Debounced(self._look)
        self._unknown = Debounced(self._find_session)
        self._histories = Debounced(self._settle_history)
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes up the history that the other processes are in, and begins to listen to them."""
        self.history = await room_history.agree(self._store, "")
        await self._broker.start()
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """As Rooms has it; the other processes are told that nobody is here any more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await super().close()
        for waiting in (self._rereads, self._looks, self._unknown, self._histories):
            waiting.cancel()
        self._teller.send_all()
        for session_id in list(self._shared):
            self._part(session_id)
        await self._broker.stop()

    # ------------------------------------------------------------------ rooms come and go

    def _make(
        self, session_id: str, view: RoomView, own: Own | None = None, elsewhere: Elsewhere | None = None
    ) -> Room:
        if session_id not in self._shared:
            self._shared[session_id] = Shared(Elsewhere(self._names))
            self._broker.subscribe(
                self._teller.topic(session_id), partial(self._hear, session_id), partial(self._back, session_id)
            )
        shared = self._shared[session_id]
        shared.look_at = asyncio.get_running_loop().time() + about(LOOK_VOTING)
        return super()._make(session_id, view, partial(self._own_here, session_id), shared.elsewhere)

    def left(self, session_id: str) -> None:
        """As Rooms has it."""
        super().left(session_id)
        if session_id not in self._rooms:
            self._part(session_id)

    def _part(self, session_id: str) -> None:
        shared = self._shared.pop(session_id, None)
        if shared is not None:
            self._broker.unsubscribe(self._teller.topic(session_id))
            if shared.number:
                self._teller.here(session_id, Here(self._teller.me, next(self._numbers)))

    # ------------------------------------------------------------------ what is done here is told

    async def changed(self, session_id: str) -> None:
        """As Rooms has it; the other processes read it again too."""
        self._teller.now(session_id).changed = True
        await super().changed(session_id)

    def joined(self, session_id: str) -> None:
        """As Rooms has it; so do the consoles of other processes."""
        super().joined(session_id)
        told = self._teller.soon(session_id)
        told.joined = True
        told.full = self.places.full(session_id)

    def let_in(self, session_id: str) -> None:
        """As Rooms has it; the other processes let in more, too."""
        self._teller.now(session_id).let_in = True
        super().let_in(session_id)

    async def place(self, session_id: str, *, proved: bool) -> bool:
        """As Rooms has it; those who came in through other processes are counted from time to time."""
        shared = self._shared.get(session_id)
        if self.places.knows(session_id) and (shared is None or shared.looks % RECOUNTED == 0):
            async with self._store.read() as work:
                self.places.recount(session_id, await work.sessions.places(session_id))
        return await super().place(session_id, proved=proved)

    def stirred(self, session_id: str) -> None:
        """As Rooms has it, also where the screens are all connected to other processes."""
        self._redraws.ask(session_id, STIRS)

    def mine(self, session_id: str, participant: str) -> None:
        """As Rooms has it; so are their screens at other processes."""
        super().mine(session_id, participant)
        self._teller.own(session_id, participant)

    def _own_here(self, session_id: str, participant: str, unsure: bool) -> None:
        """Tells of a participant who was answered on one screen just now; what is being read for them may be older."""
        room = self._rooms.get(session_id)
        if room is not None and (unsure or room.devices(participant) > 1 or self._own.busy(participant)):
            super().mine(session_id, participant)
        self._teller.own(session_id, participant)

    def expel(self, session_id: str, participant: str | None) -> None:
        """As Rooms has it, on every process."""
        super().expel(session_id, participant)
        if participant is not None:
            self._teller.now(session_id).expelled.add(self._names.of(participant))

    def _counted(self, voted: dict[str, int]) -> None:
        super()._counted(voted)
        for round_id, number in voted.items():
            session_id = self._sessions.get(round_id, "")
            if session_id:
                self._teller.soon(session_id).voted[round_id] = number
            else:
                self._unknown.ask(round_id)

    async def _find_session(self, round_id: str) -> None:
        """Finds the session of a round that was voted on here for the first time, and tells how many have voted."""
        with logged_if_away("other processes do not know yet how many have voted"):
            async with self._store.read() as work:
                round_ = await work.rounds.get_round(round_id)
                voted = (await work.rounds.voted([round_id]))[round_id]
            if len(self._sessions) > 1000:
                self._sessions = {}
            self._sessions[round_id] = round_.session
            self._counted({round_id: voted})

    # ------------------------------------------------------------------ what others tell

    def _hear(self, session_id: str, message: bytes) -> None:
        taken = self._seal.taken(self._teller.topic(session_id), message)
        heard, room = decode(taken) if taken is not None else None, self._rooms.get(session_id)
        if heard is None or room is None or heard.sender == self._teller.me:
            return
        if isinstance(heard, Here):
            if self._shared[session_id].elsewhere.take(heard, asyncio.get_running_loop().time()):
                room.moved()
            return
        if heard.changed:
            self._rereads.ask(session_id)
        if heard.full:
            self.places.refuse(session_id)
        if heard.let_in:
            self.places.open(session_id)
        if heard.joined or heard.full or heard.let_in:
            super().joined(session_id)
        if heard.voted:
            super()._counted(heard.voted)
        for name in heard.own:
            super().mine(session_id, self._names.known(name))
        for name in heard.expelled:
            super().expel(session_id, self._names.known(name) or None)

    def _back(self, session_id: str) -> None:
        """Listening has begun, for the first time or after a gap: what was said meanwhile is in the database."""
        shared = self._shared.get(session_id)
        if shared is not None:
            shared.renew_at = 0.0
            shared.looks = -1 if shared.number else 0
            shared.whole_at = 0.0 if shared.number else asyncio.get_running_loop().time() + WHOLE
            self._looks.ask(session_id, about(SOON))

    async def _reread(self, session_id: str) -> None:
        with logged_if_away("screens are not up to date", session=session_id):
            await self._read_whole(session_id)
        await self.hold_against_record(session_id)

    async def _read_whole(self, session_id: str) -> None:
        async with self._reading[session_id]:
            room = self._rooms.get(session_id)
            if room is None:
                return
            view = await self._view(session_id)
            if view.session.version < room.version or view.for_all != room.view.for_all:
                self._show(room, view)
            elif view != room.view:
                room.show_console(view)

    # ------------------------------------------------------------------ the slow beat

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(about(BEAT))
            for session_id in list(self._rooms):
                try:
                    self._go_round(session_id)
                except Exception:
                    log.exception("a room was passed over", session=session_id)

    def _go_round(self, session_id: str) -> None:
        now = asyncio.get_running_loop().time()
        room, shared = self._rooms[session_id], self._shared[session_id]
        if room.empty:
            if now - room.read_at > BEAT:
                self.left(session_id)
            return
        who = room.presence.who(now)
        said = (room.presence.changes, room.pages)
        if said != shared.said or now >= shared.renew_at:
            shared.said, shared.renew_at = said, now + about(RENEWED)
            shared.number = next(self._numbers)
            here = here_of(named(who, self._names), self._teller.me, shared.number, room.pages)
            self._teller.here(session_id, here)
        if shared.elsewhere.age(now):
            room.moved()
        if now >= shared.look_at:
            self._looks.ask(session_id)

    async def _look(self, session_id: str) -> None:
        """Holds a room against the database: its history, its version, how many have voted, and the count it shows."""
        room, shared = self._rooms.get(session_id), self._shared.get(session_id)
        if room is None or shared is None:
            return
        try:
            voting = room.view.round if room.view.voting else None
            before = room.voted
            # Another round may be on screen by the time that this has been read.
            counted = room.count.round
            async with self._store.read() as work:
                history = await room_history.kept(work)
                version = (await work.sessions.get_session(session_id)).version
                voted = await work.rounds.voted([voting.id]) if voting is not None else {}
                drawn = await live_counts.drawn(work, counted) if counted else None
            if history != self.history:
                self._histories.ask("")
                return
            shared.looks += 1
            now, changed = asyncio.get_running_loop().time(), version != room.version
            if changed or now >= shared.whole_at:
                shared.whole_at = now + WHOLE
                await self._read_whole(session_id)
            if changed or shared.looks % RECOUNTED == 0:
                await send_away(self._store, room, self._clock.now(), partial(super().expel, session_id))
            for round_id, number in voted.items():
                room.recount(round_id, number, before)
            if drawn is not None:
                room.adopt_count(counted, drawn.voted, drawn.shares)
            if shared.looks == 0:
                await self._tell_own_after_gap(session_id, room)
        except StoreUnavailable:
            log.warning("a room could not be held against the database", session=session_id)
        finally:
            wait = LOOK_VOTING if room.view.voting else LOOK
            shared.look_at = asyncio.get_running_loop().time() + about(wait)

    async def _tell_own_after_gap(self, session_id: str, room: Room) -> None:
        """Sends everybody here what is theirs: who voted at another process meanwhile was not heard of."""
        here = room.presence.who(asyncio.get_running_loop().time()).connected
        for number, participant in enumerate(list(here), 1):
            super().mine(session_id, participant)
            if number % GIVEN_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _show_count(self, session_id: str) -> None:
        """As Rooms has it, but drawn once for all processes."""
        room = self._rooms.get(session_id)
        round_ = room.view.round if room is not None else None
        if room is None or round_ is None or room.count_due != round_.id:
            return
        count = room.count
        with logged_if_away("the live count is not up to date", session=session_id):
            drawn = await live_counts.draw_once(self._store, round_, count.least, count.drawn)
            if drawn is not None:
                room.adopt_count(round_.id, drawn.voted, drawn.shares)

    # ------------------------------------------------------------------ history

    def _next_history(self) -> str:
        return room_history.following(self.history)

    def _begin_anew(self, history: str) -> None:
        super()._begin_anew(history)
        for session_id in list(self._shared):
            self._part(session_id)
        self._histories.ask("")

    async def _settle_history(self, _: str) -> None:
        with logged_if_away("the history of rooms is not agreed yet"):
            holds = await room_history.agree(self._store, self.history)
            if holds != self.history:
                log.info("another history of rooms has begun")
                self._begin_anew(holds)
