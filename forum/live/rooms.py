"""This process's live rooms, each made when its first screen comes and dropped when its last one has left.

After an act of the facilitator a room reads the truth again (`changed`), and shows it. Versions of a session grow
within one history, which begins when the server starts: it may have been started on an older copy of its data. Where
the data goes back under a running server, another history begins, and every screen is told to come back and start anew.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime

import structlog

from forum.errors import RoomFull, StoreUnavailable
from forum.live.arrivals import Arrivals
from forum.live.ballot_box import Intake
from forum.live.capacity import Places
from forum.live.connection import Connection, Say
from forum.live.debounced import Debounced
from forum.live.elsewhere import Elsewhere
from forum.live.expelled import Expelled
from forum.live.late_votes import LateVotes, with_late_votes
from forum.live.locks import Locks
from forum.live.messages import GOODBYES, Bye, encode
from forum.live.outbox import Rota
from forum.live.phone_reads import PhoneReads
from forum.live.presence import POLLING
from forum.live.room import Common, Own, Room
from forum.live.screen_frames import Draw
from forum.live.stop_box import Stopping
from forum.live.store_away import logged_if_away
from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.sessions.room_view import console_view_of, room_view_of, unlike_record
from forum.services.voting import reasons
from forum.sessions.session import LiveSession
from forum.sessions.view import RoomView

log = structlog.get_logger()

ARRIVALS = 1.0
# How long small changes that everybody sees wait for others like them: each is a frame to every phone.
STIRS = 4.0
# Seconds until a room is read again that could not be read after an act.
AGAIN = 1.0
# A room that is only polled is kept for a little longer than a phone that polls counts as here.
POLLED = POLLING + 1
# Seconds for which a room without screens is not read again: asking for its page again and again costs little.
FRESH = 1.0
# Seconds in which ballots are stored that were taken before an end; a disk that hangs keeps no goodbye from anybody.
DRAINED = 3.0
# Seconds after which a screen that found no room may ask again.
FULL_FOR = 20


class Rooms:
    """The rooms of this process, by session id; made when the first screen comes, dropped when the last has gone."""

    def __init__(self, store: Store, clock: Clock, draw: Draw, say: Say, places: int = 10_000) -> None:
        self._store = store
        self._clock = clock
        self._draw = draw
        self._say = say
        self._rooms: dict[str, Room] = {}
        self.history = secrets.token_hex(8)
        # Held while the truth is read for a room, so that no act falls between reading it and showing it.
        self._reading = Locks()
        self._arrivals = Debounced(self._show_arrivals)
        self._counts = Debounced(self._show_count)
        self._redraws = Debounced(self._redraw)
        self._due = Debounced(self._show_due)
        self._late = Debounced(self.changed)
        self._own = Debounced(self._tell_own)  # by participant; the others by session
        self.reads = PhoneReads(store)
        self._unlike: dict[str, tuple[tuple[str, int], ...]] = {}
        self._late_votes = LateVotes()
        self.intake = Intake(store, self._counted)
        self._expelled = Expelled()
        self._common = Common(rota=Rota(self.intake.storing))
        self.stopping = Stopping(store, self.joined)
        self.arrivals = Arrivals(store)
        self.places = Places(places)
        self.ended = False  # no phone is let in any more

    async def start(self) -> None:
        """Begins. A process that is alone need not agree with anybody."""

    async def room(self, session_id: str, seen: LiveSession | None = None) -> Room:
        """Returns the room of a session, with the view that the database gives now. Raises NotFound. `seen` is the
        session as it was read for whoever asks, so that it need not be read once more.

        Enter it before the next await: a room without screens may be dropped at any time.
        """
        return await self._room(session_id, seen)

    async def polled(self, session_id: str, participant: str, *, observing: bool = False) -> Room:
        """Returns the room for a phone that asks what is new because sockets are blocked for it. Raises NotFound."""
        room = await self._room(session_id)
        room.polled(participant, observing=observing)
        asyncio.get_running_loop().call_later(POLLED, self.left, session_id)
        return room

    async def _room(self, session_id: str, seen: LiveSession | None = None, *, anew: bool = False) -> Room:
        async with self._reading[session_id]:
            room = self._rooms.get(session_id)
            stays = room is not None and (not room.empty or (not anew and await self._still(room, seen)))
            if room is None or not stays or self._rooms.get(session_id) is not room:  # dropped while it was looked at
                room = self._rooms[session_id] = self._make(session_id, await self._view(session_id))
                asyncio.get_running_loop().call_later(POLLED, self.left, session_id)  # where nobody comes in
            return room

    def _make(
        self, session_id: str, view: RoomView, own: Own | None = None, elsewhere: Elsewhere | None = None
    ) -> Room:
        return Room(
            view, self.history, self.intake, self.stopping, self._clock, self._draw, self._say,
            own or (lambda participant, _: self.mine(session_id, participant)), self._common, elsewhere,
        )  # fmt: skip

    async def _still(self, room: Room, seen: LiveSession | None) -> bool:
        """Returns true where a room that nobody is connected to may be shown as it was read a moment ago. What an act
        changes is in its session; who joined meanwhile is seen on consoles alone, and for those it is read anew.
        """
        if asyncio.get_running_loop().time() - room.read_at > FRESH:
            return False
        if seen is None:
            async with self._store.read() as work:
                seen = await work.sessions.get_session(room.view.session.id)
        return seen == room.view.session

    async def enter(self, session_id: str, connection: Connection, history: str = "") -> Room:
        """Takes a screen into the room of a session, and greets it with what is its own. What it shows already is of
        this `history`; of another one it counts for nothing. Raises NotFound, RoomFull."""
        room = await self._room(session_id, anew=connection.kind == "console")
        if room.full(connection.kind):
            self.left(session_id)
            raise RoomFull(GOODBYES["full"], FULL_FOR)
        room.arrive(connection)
        if self._expelled.since(connection.participant, connection.known):
            connection.outbox.close(encode(Bye("replaced", again=False)))
        try:
            if connection.kind == "console":
                await self._look_for_console(session_id, room)
            own = await self.reads.own(connection.participant, room.view)
        except BaseException:
            room.leave(connection)
            self.left(session_id)
            raise
        if not connection.outbox.closing:
            connection.shows = connection.shows if history == room.history else ""
            room.greet(connection, own)
        if connection.behind:
            self.mine(session_id, connection.participant)
        return room

    async def _look_for_console(self, session_id: str, room: Room) -> None:
        """Reads what consoles show, for one that has arrived in a room and is to be greeted.

        It has arrived before this reads: who joins meanwhile is shown later, and every act from now on reads it too.
        An act that is being shown meanwhile, read without it, is read again here.
        """
        async with self._reading[session_id]:
            view = await self._view(session_id)
            if view.session.version == room.version:
                room.show_console(view)
            else:
                self._show(room, view)

    def kept_out(self, participant: str) -> float:
        """Returns for how many seconds yet a participant who was sent away stays out; 0 for one who may come in."""
        return self._common.allowances.out(participant, asyncio.get_running_loop().time())

    def mine(self, session_id: str, participant: str) -> None:
        """Sends all screens of a participant of a session what is theirs now, as soon as it is read; calls until then
        share it."""
        if any(room.devices(participant) for room in self._rooms.values()):
            self._own.ask(participant)

    async def _tell_own(self, participant: str) -> None:
        with logged_if_away("a participant's other screens are not up to date"):
            for room in [room for room in self._rooms.values() if room.devices(participant)]:
                own = await self.reads.own(participant, room.view)
                if not self._own.asked(participant):
                    room.tell(participant, own)

    async def changed(self, session_id: str) -> None:
        """Reads what a session shows from the store, and sends it to every screen, after an act of the facilitator. The
        act is done: where the store is away just then, screens are sent it AGAIN seconds later, or as soon as it is
        back."""
        try:
            async with self._reading[session_id]:
                if (room := self._rooms.get(session_id)) is not None:
                    self._show(room, await self._view(session_id))
        except StoreUnavailable:
            log.warning("screens are not up to date yet", session=session_id)
            self._late.ask(session_id, AGAIN)
            return
        # After they have it: no screen waits for this.
        await self.hold_against_record(session_id)

    async def hold_against_record(self, session_id: str) -> None:
        """Holds what a session shows against the record; where that changes what is to be said of it (`unlike`), sends
        it to every screen."""
        with logged_if_away("what is shown is not held against the record", session=session_id):
            room = self._rooms.get(session_id)
            if room is None or not room.view.session.recorded:
                return
            unlike = await unlike_record(self._store, room.view)
            if unlike == self.unlike(session_id):
                return
            self._unlike[session_id] = unlike
            if not unlike:
                del self._unlike[session_id]  # it agrees again
            async with self._reading[session_id]:
                if (room := self._rooms.get(session_id)) is not None:
                    self._show(room, await self._view(session_id))

    def unlike(self, session_id: str) -> tuple[tuple[str, int], ...]:
        """Returns what of a session's screens does not agree with the record, as `RoomView.unlike` has it."""
        return self._unlike.get(session_id, ())

    def _show(self, room: Room, view: RoomView) -> None:
        """Sends a view that was read now to every screen, where it is not older than what they have been shown."""
        if view.session.version < room.version:
            log.warning("the data has gone back to an earlier state", session=view.session.id)
            self._begin_anew(self._next_history())
        else:
            room.show(view)

    def _next_history(self) -> str:
        return secrets.token_hex(8)

    def _begin_anew(self, history: str) -> None:
        """Begins another history: every screen of every room is told to come back to a new room."""
        self.history = history
        for room in self._rooms.values():
            room.goodbye("anew", again=True)
        self._rooms = {}

    def expel(self, session_id: str, participant: str | None) -> None:
        """Disconnects every screen of a participant whose ticket was taken back or replaced; None is nobody."""
        if participant is not None:
            self._expelled.add(participant, asyncio.get_running_loop().time())
            if (room := self._rooms.get(session_id)) is not None:
                room.expel(participant)

    async def place(self, session_id: str, *, proved: bool) -> bool:
        """Takes a place in a session for a phone that joins; returns false, and tells the consoles, where there is
        none."""
        if not self.places.knows(session_id):
            async with self._store.read() as work:
                self.places.begin(session_id, await work.sessions.places(session_id))
        before = self.places.full(session_id)
        taken = self.places.take(session_id, proved=proved)
        if self.places.full(session_id) != before:
            self.joined(session_id)
        return taken

    def let_in(self, session_id: str) -> None:
        """Lets as many more into a session as the first time, where somebody was not let in; consoles show it."""
        self.places.open(session_id)
        self.joined(session_id)

    def joined(self, session_id: str) -> None:
        """Schedules one redraw of a session's consoles within 1 s, after somebody joined; calls until then share it."""
        if (room := self._rooms.get(session_id)) is not None and room.consoles:
            self._arrivals.ask(session_id, ARRIVALS)

    async def _show_arrivals(self, session_id: str) -> None:
        with logged_if_away("who is here is not up to date", session=session_id):
            async with self._reading[session_id]:
                if (room := self._rooms.get(session_id)) is not None and room.consoles:
                    room.show_console(await self._view(session_id))

    def stirred(self, session_id: str) -> None:
        """Schedules one redraw of all screens within 4 s; calls until then share it."""
        if session_id in self._rooms:
            self._redraws.ask(session_id, STIRS)

    async def _redraw(self, session_id: str) -> None:
        with logged_if_away("what everybody sees is not up to date", session=session_id):
            await reasons.redraw(self._store, session_id)
        await self.changed(session_id)

    def expect(self, session_id: str, due: str) -> None:
        """Schedules that a session's reasons are shown at the time `due`, where it is not ""; the first call counts."""
        if due:
            wait = datetime.fromisoformat(due) - datetime.fromisoformat(self._clock.now())
            self._due.ask(session_id, max(0.0, wait.total_seconds()))

    async def _show_due(self, session_id: str) -> None:
        try:
            await reasons.publish_due(self._store, self._clock.now(), session_id)
        except StoreUnavailable:
            log.warning("reasons are shown later than they should be", session=session_id)
            # The next look follows at once where they are still due: not again and again while a disk is full.
            await asyncio.sleep(ARRIVALS)
        await self.changed(session_id)

    def left(self, session_id: str) -> None:
        """Forgets a room that no screen is connected to any more: the database has everything."""
        if (room := self._rooms.get(session_id)) is not None and room.empty:
            del self._rooms[session_id]

    async def close(self) -> None:
        """Waits until every ballot taken has been answered, for DRAINED seconds, and says goodbye to every screen."""
        self.ended = True
        draining = (box.drain() for box in (self.intake, self.stopping, self.arrivals))
        await asyncio.wait([asyncio.create_task(one) for one in draining], timeout=DRAINED)
        for waiting in (self._arrivals, self._counts, self._redraws, self._due, self._late, self._own):
            waiting.cancel()
        for room in self._rooms.values():
            room.goodbye("restart", again=True)
        await asyncio.gather(*(room.told() for room in self._rooms.values()))

    def _counted(self, voted: dict[str, int]) -> None:
        self._late_votes.hear(voted)
        for round_id, number in voted.items():
            for session_id, room in self._rooms.items():
                room.counted(round_id, number)
                if room.count_due == round_id:
                    self._counts.ask(session_id)

    async def _show_count(self, session_id: str) -> None:
        """Counts the open round of a room that shows its count, from the committed ballots."""
        room = self._rooms.get(session_id)
        if room is None or not (round_id := room.count_due):
            return  # counted by the run before
        with logged_if_away("the live count is not up to date", session=session_id):
            async with self._store.read() as work:
                choices = await work.rounds.choices(round_id)
            room.show_count(round_id, choices)

    async def _view(self, session_id: str) -> RoomView:
        """Reads what a session shows now; what its consoles alone show too, while one is here or arriving."""
        room = self._rooms.get(session_id)
        with self._late_votes.during() as late:
            async with self._store.read() as work:
                session = await work.sessions.get_session(session_id)
                if room is None or not room.consoles:
                    view = await room_view_of(work, session)
                else:
                    view = await console_view_of(work, session, full=self.places.full(session_id))
        self.expect(session_id, view.reasons_due)
        return replace(with_late_votes(view, late), unlike=self.unlike(session_id))
