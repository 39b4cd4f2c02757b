"""This process's live rooms, each made when its first screen comes and dropped when its last one has left.

After an act of the facilitator a room reads the truth again (`changed`), and shows it. Versions of a session grow
within one history, which begins when the server starts: it may have been started on an older copy of its data. Where
the data goes back under a running server, another history begins, and every screen is told to come back and start anew.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import structlog

from forum.errors import RoomFull, StoreUnavailable
from forum.live.ballot_box import Intake
from forum.live.message_allowance import Allowances
from forum.live.messages import GOODBYES
from forum.live.places import Places
from forum.live.presence import POLLING
from forum.live.room import Connection, Draw, Room, Say
from forum.live.stop_box import Stopping
from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.sessions.room_view import own_of, view_of
from forum.services.voting import reasons
from forum.sessions.session import LiveSession
from forum.sessions.view import View

log = structlog.get_logger()

ARRIVALS = 1.0
# How long small changes that everybody sees wait for others like them: each is a frame to every phone.
STIRS = 4.0
# A room that is only polled is kept for a little longer than a phone that polls counts as here.
POLLED = POLLING + 1
# Seconds for which a room without screens is not read again: asking for its page again and again costs little.
FRESH = 1.0
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
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Sessions whose consoles are to be told who joined, and those that are being told.
        self._arrived: set[str] = set()
        self._arrivals: dict[str, asyncio.Task[None]] = {}
        self._counts: dict[str, asyncio.Task[None]] = {}
        # Participants whose screens are to be told what is theirs, and those that are being told.
        self._owners: set[str] = set()
        self._tellings: dict[str, asyncio.Task[None]] = {}
        # What waits, by session: for a reason's time to come; to show small changes together.
        self._due: dict[str, asyncio.Task[None]] = {}
        self._stirs: dict[str, asyncio.Task[None]] = {}
        self._allowances = Allowances()
        self.intake = Intake(store, self._counted)
        self.stopping = Stopping(store, self.joined)
        self.places = Places(places)

    async def room(self, session: str, seen: LiveSession | None = None) -> Room:
        """The room of a session, with the view that the database gives now. Raises NotFound. `seen` is the session as
        it was read for whoever asks, so that it need not be read once more.

        Enter it before the next await: a room without screens may be dropped at any time.
        """
        return await self._room(session, seen)

    async def polled(self, session: str, participant: str, *, observing: bool = False) -> Room:
        """The same for a phone that asks what is new because sockets are blocked for it. Raises NotFound."""
        room = await self._room(session)
        room.polled(participant, observing=observing)
        asyncio.get_running_loop().call_later(POLLED, self.left, session)
        return room

    async def _room(self, session: str, seen: LiveSession | None = None, *, anew: bool = False) -> Room:
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is None or (room.empty and (anew or not await self._still(room, seen))):
                view = await self._view(session)
                room = Room(
                    view, self.history, self.intake, self.stopping, self._clock, self._draw, self._say, self.mine,
                    self._allowances,
                )  # fmt: skip
                self._rooms[session] = room
            return room

    async def _still(self, room: Room, seen: LiveSession | None) -> bool:
        """Whether a room that nobody is connected to may be shown as it was read a moment ago. What an act changes is
        in its session; who joined meanwhile is seen on consoles alone, and for those it is read anew.
        """
        if asyncio.get_running_loop().time() - room.read_at > FRESH:
            return False
        if seen is not None:
            return seen == room.view.session
        async with self._store.read() as work:
            return await work.sessions.get_session(room.view.session.id) == room.view.session

    async def enter(self, session: str, connection: Connection, seen: int = -1, history: str = "") -> Room:
        """Takes a screen into the room of a session, and greets it with what is its own. Raises NotFound, RoomFull.

        `seen` is the version that it shows already, in this `history`.
        """
        room = await self._room(session, anew=connection.kind == "console")
        if room.full(connection.kind):
            self.left(session)
            raise RoomFull(GOODBYES["full"], FULL_FOR)
        room.arrive(connection)
        try:
            async with self._store.read() as work:
                own = await own_of(work, connection.participant, room.view)
        except BaseException:
            room.leave(connection)
            self.left(session)
            raise
        room.greet(connection, own, seen if history == room.history else -1)
        if connection.behind:
            self.mine(connection.participant)
        return room

    def kept_out(self, participant: str) -> float:
        """For how many seconds yet a participant stays out who was sent away; 0 for who may come in."""
        return self._allowances.out(participant, asyncio.get_running_loop().time())

    def mine(self, participant: str) -> None:
        """What a participant sent is counted, kept or taken back: all their screens hear what is theirs now."""
        if any(room.devices(participant) for room in self._rooms.values()):
            self._owners.add(participant)
            if participant not in self._tellings:
                self._tellings[participant] = asyncio.create_task(self._tell_own(participant))

    async def _tell_own(self, participant: str) -> None:
        try:
            while participant in self._owners:
                # What comes from here on may not be in what is read now; then it is read once more.
                self._owners.discard(participant)
                for room in [room for room in self._rooms.values() if room.devices(participant)]:
                    async with self._store.read() as work:
                        own = await own_of(work, participant, room.view)
                    if participant not in self._owners:
                        room.tell(participant, own)
        except StoreUnavailable:
            log.warning("a participant's other screens are not up to date")
        finally:
            self._owners.discard(participant)
            del self._tellings[participant]

    async def changed(self, session: str) -> None:
        """The facilitator did something: reads the truth again and shows it to every screen."""
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is None:
                return
            view = await self._view(session)
            if view.session.version < room.version:
                log.warning("the data has gone back to an earlier state", session=session)
                self._begin_anew()
            else:
                room.show(view)

    def _begin_anew(self) -> None:
        """Another history begins: every screen of every room comes back to a new room."""
        self.history = secrets.token_hex(8)
        for room in self._rooms.values():
            room.goodbye("anew", again=True)
        self._rooms = {}

    def expel(self, session: str, participant: str | None) -> None:
        """The participant's ticket is dead, or has been replaced: the device that it was on is out at once."""
        room = self._rooms.get(session)
        if room is not None and participant is not None:
            room.expel(participant)

    async def place(self, session: str, *, proved: bool) -> bool:
        """Takes a place in a session for a phone that joins, where there is one; else its consoles are told."""
        if not self.places.knows(session):
            async with self._store.read() as work:
                self.places.begin(session, await work.sessions.places(session))
        before = self.places.full(session)
        taken = self.places.take(session, proved=proved)
        if self.places.full(session) != before:
            self.joined(session)
        return taken

    def joined(self, session: str) -> None:
        """Somebody joined: consoles see it within a second, however many others join in it."""
        room = self._rooms.get(session)
        if room is not None and room.consoles:
            self._arrived.add(session)
            if session not in self._arrivals:
                self._arrivals[session] = asyncio.create_task(self._show_arrivals(session))

    async def _show_arrivals(self, session: str) -> None:
        try:
            while session in self._arrived:
                await asyncio.sleep(ARRIVALS)
                # Whoever joins from here on may not be in what is read now.
                self._arrived.discard(session)
                async with self._reading[session]:
                    room = self._rooms.get(session)
                    if room is not None:
                        room.show_console(await self._view(session))
        except StoreUnavailable:
            log.warning("who is here is not up to date", session=session)
        finally:
            del self._arrivals[session]

    def stirred(self, session: str) -> None:
        """Something small that everybody sees has changed ("me too"): shown within seconds, with others like it."""
        if session in self._rooms and session not in self._stirs:
            self._stirs[session] = asyncio.create_task(self._stir(session))

    async def _stir(self, session: str) -> None:
        try:
            await asyncio.sleep(STIRS)
            await reasons.redraw(self._store, session)
        except StoreUnavailable:
            log.warning("what everybody sees is not up to date", session=session)
        finally:
            del self._stirs[session]
        await self._retold(session)

    def expect(self, session: str, due: str) -> None:
        """A reason is to be shown at this time, if one ("" is none)."""
        if due and session not in self._due:
            self._due[session] = asyncio.create_task(self._show_due(session, due))

    async def _show_due(self, session: str, due: str) -> None:
        try:
            wait = datetime.fromisoformat(due) - datetime.fromisoformat(self._clock.now())
            await asyncio.sleep(max(0.0, wait.total_seconds()))
            await reasons.publish_due(self._store, self._clock.now(), session)
        except StoreUnavailable:
            log.warning("reasons are shown later than they should be", session=session)
            await asyncio.sleep(ARRIVALS)
        finally:
            del self._due[session]
        await self._retold(session)

    async def _retold(self, session: str) -> None:
        try:
            await self.changed(session)
        except StoreUnavailable:
            log.warning("screens are not up to date", session=session)

    def left(self, session: str) -> None:
        """A screen has gone; a room without screens is forgotten, the database has everything."""
        room = self._rooms.get(session)
        if room is not None and room.empty:
            del self._rooms[session]

    async def close(self) -> None:
        """Says goodbye to every screen and waits until every ballot taken has been answered."""
        await self.intake.drain()
        await self.stopping.drain()
        for tasks in (self._arrivals, self._counts, self._tellings, self._due, self._stirs):
            for task in tasks.values():
                task.cancel()
        for room in self._rooms.values():
            room.goodbye("restart", again=True)

    def _counted(self, voted: dict[str, int]) -> None:
        for round_id, number in voted.items():
            for session, room in self._rooms.items():
                room.counted(round_id, number)
                if room.count_due == round_id and session not in self._counts:
                    self._counts[session] = asyncio.create_task(self._show_count(session))

    async def _show_count(self, session: str) -> None:
        """Counts the open round of a room that shows its count, from the committed ballots."""
        try:
            room = self._rooms[session]
            # Once more where enough have voted while the others were counted.
            shown = True
            while room.count_due and shown:
                async with self._store.read() as work:
                    choices = await work.rounds.choices(room.count_due)
                shown = room.show_count(choices)
        except StoreUnavailable:
            log.warning("the live count is not up to date", session=session)
        finally:
            del self._counts[session]

    async def _view(self, session: str) -> View:
        async with self._store.read() as work:
            view = await view_of(work, await work.sessions.get_session(session))
        self.expect(session, view.reasons_due)
        return replace(view, full=self.places.full(session))
