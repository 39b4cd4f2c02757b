"""This process's live rooms: who is connected, what they see, and their ballots on the way to the intake.

A room takes a message by a plain call that never awaits (`receive`) and answers through the screen's outbox. After an
act of the facilitator the room reads the truth again (`changed`), draws each kind of screen once, and hands the one
frame to everybody. Between acts it sends tallies: how many have voted, at most five times a second, the first
change at once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from forum import groups, scenario, tallying
from forum.ballot import Cast
from forum.errors import BadInput, StoreUnavailable
from forum.fanout import Outbox
from forum.intake import Intake
from forum.ports import CastOutcome, Clock, Store, Work
from forum.round import ANNULLED, REVEALED
from forum.screen import Reason, Story, View, cue_key, round_now
from forum.session import LiveSession
from forum.wire import (
    MAX_REASON,
    REFUSALS,
    Ack,
    Bye,
    CastMessage,
    Hello,
    Ping,
    Pong,
    Refused,
    Screen,
    State,
    Tally,
    Yours,
    decode,
    encode,
)
from forum.wire import VERSION as WIRE_VERSION

TICK = 0.2
ARRIVALS = 1.0
BURST = 30.0
REFILL = 10.0
MOST_MALFORMED = 20

KINDS: tuple[Screen, ...] = ("phone", "projector", "console")
Draw = Callable[[Screen, View], str]
Say = Callable[[str], str]

log = structlog.get_logger()


@dataclass(eq=False)
class Connection:
    """One connected screen. `participant` is set for a phone. `allowance` is what is left of its burst of messages."""

    kind: Screen
    participant: str = ""
    outbox: Outbox = field(default_factory=Outbox)
    malformed: int = 0
    allowance: float = BURST
    heard: float = 0.0


class Room:
    """One live session as this process sees it."""

    def __init__(self, view: View, intake: Intake, clock: Clock, draw: Draw, say: Say) -> None:
        self.view = view
        self.version = view.session.version
        self._intake = intake
        self._clock = clock
        self._draw = draw
        self._say = say
        self._connections: set[Connection] = set()
        self._participants: Counter[str] = Counter()
        self._states: dict[Screen, str] = {}
        self._voted = view.voted
        self._tally = ""
        self._told = 0.0
        self._tick: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ screens come and go

    @property
    def empty(self) -> bool:
        """Whether nobody is connected."""
        return not self._connections

    def enter(self, connection: Connection, yours: Sequence[Yours] = (), seen: int = -1) -> None:
        """A screen is connected: it gets hello, then the state unless it has `seen` this version, then the tally."""
        self._connections.add(connection)
        if connection.participant:
            self._participants[connection.participant] += 1
        connection.heard = asyncio.get_running_loop().time()
        connection.outbox.answer(encode(Hello(WIRE_VERSION, self.view.session.id, list(yours))))
        if seen != self.version:
            connection.outbox.state(self._state(connection.kind))
        connection.outbox.tally(encode(self._tally_now()))
        self._changed()

    def leave(self, connection: Connection) -> None:
        """A screen is gone."""
        self._connections.discard(connection)
        if connection.participant:
            self._participants[connection.participant] -= 1
            if not self._participants[connection.participant]:
                del self._participants[connection.participant]
        self._changed()

    # ------------------------------------------------------------------ messages from a phone

    def receive(self, phone: Connection, frame: str | bytes) -> None:
        """Takes one message and returns at once; the answer goes to the phone's outbox, now or after the commit."""
        if not self._in_time(phone):
            self._refuse(phone, "too_fast", frame)
            return
        try:
            message = decode(frame)
        except BadInput as error:
            phone.malformed += 1
            self._refuse(phone, error.message, frame)
            if phone.malformed >= MOST_MALFORMED:
                phone.outbox.answer(encode(Bye("malformed", again=False)))
                phone.outbox.close()
            return
        if isinstance(message, Ping):
            phone.outbox.answer(encode(Pong()))
        elif not phone.participant:
            phone.outbox.answer(self._refusal("not_joined", message.id))
        elif len(message.reason) > MAX_REASON:
            phone.outbox.answer(self._refusal("reason_too_long", message.id))
        else:
            self._intake.cast(
                cast_of(message, phone.participant, self._clock.now()),
                lambda outcome: phone.outbox.answer(self._answer(outcome)),
            )

    def _answer(self, outcome: CastOutcome) -> str:
        cast = outcome.cast
        if outcome.refusal:
            return self._refusal(outcome.refusal, cast.cast)
        return encode(Ack(cast.cast, cast.round, outcome.choice, outcome.changed))

    def _refuse(self, phone: Connection, code: str, frame: str | bytes) -> None:
        cast = ""
        if code == "too_fast":
            try:
                message = decode(frame)
                cast = message.id if isinstance(message, CastMessage) else ""
            except BadInput:
                pass
        phone.outbox.answer(self._refusal(code, cast))

    def _refusal(self, code: str, cast: str) -> str:
        return encode(Refused(code, self._say(REFUSALS[code]), cast))

    def _in_time(self, phone: Connection) -> bool:
        now = asyncio.get_running_loop().time()
        phone.allowance = min(BURST, phone.allowance + (now - phone.heard) * REFILL)
        phone.heard = now
        if phone.allowance < 1:
            return False
        phone.allowance -= 1
        return True

    # ------------------------------------------------------------------ what everybody sees

    def show(self, view: View) -> None:
        """Puts a newer view in front of everybody. An older one than is shown is ignored."""
        if view.session.version < self.version:
            return
        self.view = view
        self.version = view.session.version
        self._voted = view.voted
        self._states = {}
        self._send_state(KINDS)

    def show_console(self, view: View) -> None:
        """The same for the consoles alone, where nothing changed that others see (somebody joined)."""
        if view.session.version == self.version:
            self.view = view
            self._states.pop("console", None)
            self._send_state(("console",))

    def _send_state(self, kinds: Sequence[Screen]) -> None:
        for connection in self._connections:
            if connection.kind in kinds:
                connection.outbox.state(self._state(connection.kind))
                connection.outbox.tally(encode(self._tally_now()))

    @property
    def consoles(self) -> int:
        """How many consoles are connected."""
        return sum(connection.kind == "console" for connection in self._connections)

    def state(self, kind: Screen) -> State:
        """What a screen of this kind shows now."""
        return State(
            v=self.view.session.version,
            cue=cue_key(self.view),
            round=round_now(self.view),
            paused=self.view.session.paused,
            html=self._draw(kind, self.view),
        )

    def _state(self, kind: Screen) -> str:
        if kind not in self._states:
            self._states[kind] = encode(self.state(kind))
        return self._states[kind]

    def counted(self, round_id: str, voted: int) -> None:
        """A commit is done: so many have voted in this round now."""
        if self.view.round is not None and self.view.round.id == round_id and voted > self._voted:
            self._voted = voted
            self._changed()

    @property
    def present(self) -> int:
        """How many phones are connected, each participant once."""
        return len(self._participants)

    @property
    def voted(self) -> int:
        """How many have voted in the round on screen."""
        return self._voted

    def _tally_now(self) -> Tally:
        return Tally(self.view.round.id if self.view.round else None, self._voted, self.present)

    def _changed(self) -> None:
        if self._tick is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._told + TICK - loop.time()
        if wait <= 0:
            self._tell()
        else:
            self._tick = loop.call_at(self._told + TICK, self._tell)

    def _tell(self) -> None:
        self._tick = None
        self._told = asyncio.get_running_loop().time()
        tally = encode(self._tally_now())
        if tally == self._tally:
            return
        self._tally = tally
        for connection in self._connections:
            connection.outbox.tally(tally)

    def goodbye(self, why: str, *, again: bool) -> None:
        """Tells every screen that this server is going, and closes their outboxes."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        for connection in self._connections:
            connection.outbox.answer(encode(Bye(why, again)))
            connection.outbox.close()


def cast_of(message: CastMessage, participant: str, at: str) -> Cast:
    """The ballot in a message, with fresh randoms for its leaf."""
    return Cast(
        round=message.round,
        participant=participant,
        cast=message.id,
        choice=message.choice,
        reason=message.reason.strip(),
        ballot=secrets.token_hex(16),
        salt=secrets.token_hex(16),
        group_salt=secrets.token_hex(16),
        at=at,
    )


class Rooms:
    """The rooms of this process, by session id; made when the first screen comes, dropped when the last has gone."""

    def __init__(self, store: Store, clock: Clock, draw: Draw, say: Say) -> None:
        self._store = store
        self._clock = clock
        self._draw = draw
        self._say = say
        self._rooms: dict[str, Room] = {}
        # Held while the truth is read for a room, so that no act falls between reading it and showing it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._arrivals: dict[str, asyncio.Task[None]] = {}
        self.intake = Intake(store, self._counted)

    async def room(self, session: str) -> Room:
        """The room of a session, with the view that the database gives now. Raises NotFound.

        Enter it before the next await: a room without screens may be dropped at any time.
        """
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is None or room.empty:
                room = Room(await self._view(session), self.intake, self._clock, self._draw, self._say)
                self._rooms[session] = room
            return room

    async def changed(self, session: str) -> None:
        """The facilitator did something: reads the truth again and shows it to every screen."""
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is not None:
                room.show(await self._view(session))

    def joined(self, session: str) -> None:
        """Somebody joined: consoles see it within a second, however many others join in it."""
        room = self._rooms.get(session)
        if room is not None and room.consoles and session not in self._arrivals:
            self._arrivals[session] = asyncio.create_task(self._show_arrivals(session))

    async def _show_arrivals(self, session: str) -> None:
        try:
            await asyncio.sleep(ARRIVALS)
            async with self._reading[session]:
                room = self._rooms.get(session)
                if room is not None:
                    room.show_console(await self._view(session))
        except StoreUnavailable:
            log.warning("who is here is not up to date", session=session)
        finally:
            del self._arrivals[session]

    def left(self, session: str) -> None:
        """A screen has gone; a room without screens is forgotten, the database has everything."""
        room = self._rooms.get(session)
        if room is not None and room.empty:
            del self._rooms[session]

    async def close(self) -> None:
        """Says goodbye to every screen and waits until every ballot taken has been answered."""
        await self.intake.drain()
        for task in self._arrivals.values():
            task.cancel()
        for room in self._rooms.values():
            room.goodbye("restart", again=True)

    def _counted(self, voted: dict[str, int]) -> None:
        for round_id, number in voted.items():
            for room in self._rooms.values():
                room.counted(round_id, number)

    async def _view(self, session: str) -> View:
        async with self._store.read() as work:
            return await view_of(work, await work.sessions.get(session))


async def view_of(work: Work, live: LiveSession) -> View:
    """The room as the database has it. Numbers of connected phones are not in it: only the process knows them."""
    commission = await work.commissions.get(live.commission)
    programme = [await work.stories.get(id_) for id_ in live.scenarios]
    # One that was taken back is gone; one that may not be played any more stays only while it is on.
    shown_now = [s for s in programme if not s.withdrawn_at and (s.may_perform or s.id == live.cue.scenario)]
    stories = tuple([Story(s.id, scenario.parse(s.twee)) for s in shown_now])
    rounds = tuple(await work.rounds.of(live.id))
    by_id = {r.id: r for r in rounds}
    cue = live.cue
    story = next((s for s in stories if s.id == cue.scenario), None)
    round_ = by_id.get(cue.round or "")
    voted = await work.rounds.voted([round_.id]) if round_ else {}
    shown = [r for r in (round_, by_id.get((round_.second_of if round_ else "") or "")) if r is not None]
    results = {r.id: await tallying.result_of(work, r, commission.threshold) for r in shown if r.state == REVEALED}
    reasons: tuple[Reason, ...] = ()
    # Not before: how reasons fall to the answers says how the room votes.
    if round_ is not None and round_.state == REVEALED:
        ballots = await work.rounds.ballots(round_.id)
        # Sorted by their text, so that the order says nothing of who wrote them or when.
        reasons = tuple(sorted((Reason(b.choice, b.reason) for b in ballots if b.reason), key=lambda r: r.text))
    return View(
        session=live,
        commission=commission,
        stories=stories,
        story=story,
        scene=story.scenario.scene(cue.scene) if story and cue.scene else None,
        round=round_,
        rounds=tuple(r for r in rounds if r.state != ANNULLED or r is round_),
        results=results,
        first=by_id.get(round_.second_of) if round_ and round_.second_of else None,
        voted=voted.get(round_.id, 0) if round_ else 0,
        joined=groups.in_the_room(await work.sessions.joined(live.id), commission.threshold),
        reasons=reasons,
        asynchronous=await tallying.asynchronous_rounds(work, commission, results=True),
    )
