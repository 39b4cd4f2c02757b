"""This process's live rooms: who is connected, what they see, and their ballots on the way to the intake.

A room takes a message by a plain call that never awaits (`receive`) and answers through the screen's outbox. After an
act of the facilitator the room reads the truth again (`changed`), draws each kind of screen once in each language that
is read in the room, and hands the one frame to everybody. Between acts it sends tallies: how many have voted, at most
five times a second, the first change at once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from forum import groups, reasoning, scenario, tallying
from forum.ballot import Cast
from forum.errors import BadInput, StoreUnavailable
from forum.fanout import Outbox
from forum.intake import Intake
from forum.livecount import LiveCount, counting
from forum.ports import BREAK, TIME, CastOutcome, Clock, Store, Work
from forum.proposal import WAITING, Agenda, Promised
from forum.reason import MOST_CONDITION
from forum.round import ANNULLED, POLICY_VOTE, REVEALED, Round
from forum.screen import Story, View, cue_key, round_now
from forum.session import LiveSession
from forum.stop import Run, credits
from forum.stopping import Press, Stopping, refusal
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
    StopMessage,
    Stopped,
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

KINDS: tuple[Screen, ...] = ("phone", "tablet", "projector", "console")
# A kind of screen, what the room sees, a language's code; a sentence, a language's code.
Draw = Callable[[Screen, View, str], str]
Say = Callable[[str, str], str]

log = structlog.get_logger()


@dataclass(eq=False)
class Connection:
    """One connected screen. `participant` is set for a phone. `allowance` is what is left of its burst of messages."""

    kind: Screen
    participant: str = ""
    language: str = "en"
    outbox: Outbox = field(default_factory=Outbox)
    malformed: int = 0
    allowance: float = BURST
    heard: float = 0.0


class Room:
    """One live session as this process sees it."""

    def __init__(self, view: View, intake: Intake, stopping: Stopping, clock: Clock, draw: Draw, say: Say) -> None:
        self.view = view
        self.version = view.session.version
        self._intake = intake
        self._stopping = stopping
        self._clock = clock
        self._draw = draw
        self._say = say
        self._connections: set[Connection] = set()
        self._participants: Counter[str] = Counter()
        self._states: dict[tuple[Screen, str], str] = {}
        self._voted = view.voted
        self._count = LiveCount(view.round, view.commission.threshold, view.voted)
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
            connection.outbox.state(self._state(connection))
        connection.outbox.tally(encode(self.tally))
        self._changed()

    def leave(self, connection: Connection) -> None:
        """A screen is gone."""
        self._connections.discard(connection)
        if connection.participant:
            self._participants[connection.participant] -= 1
            if not self._participants[connection.participant]:
                del self._participants[connection.participant]
        self._changed()

    def expel(self, participant: str) -> None:
        """Whoever is connected as this participant is somebody else from now on: their screens are told, and closed."""
        for connection in self._connections:
            if connection.participant == participant:
                # What still comes from it is nobody's.
                connection.participant = ""
                connection.outbox.answer(encode(Bye("replaced", again=False)))
                connection.outbox.close()
        del self._participants[participant]
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
            phone.outbox.answer(self._refusal("not_joined", message.id, phone))
        elif isinstance(message, StopMessage):
            self._stop(message, phone)
        elif len(message.condition) > MOST_CONDITION:
            phone.outbox.answer(self._refusal("condition_too_long", message.id, phone))
        elif len(message.reason) > MAX_REASON:
            phone.outbox.answer(self._refusal("reason_too_long", message.id, phone))
        else:
            self._intake.cast(
                cast_of(message, phone.participant, self._clock.now()),
                lambda outcome: phone.outbox.answer(self._answer(outcome, phone)),
            )

    def _stop(self, message: StopMessage, phone: Connection) -> None:
        press = press_of(message, phone.participant, self.view.session.id, self._clock.now())

        def answer(code: str) -> None:
            said = self._refusal(code, message.id, phone) if code else encode(Stopped(message.id, message.showing))
            phone.outbox.answer(said)

        code = refusal(press, self.characters)
        if code:
            answer(code)
        else:
            self._stopping.press(press, answer)

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters of the story that is on."""
        return self.view.story.scenario.characters if self.view.story is not None else ()

    def _answer(self, outcome: CastOutcome, phone: Connection) -> str:
        cast = outcome.cast
        if outcome.refusal:
            return self._refusal(outcome.refusal, cast.cast, phone)
        return encode(Ack(cast.cast, cast.round, outcome.choice, outcome.changed))

    def _refuse(self, phone: Connection, code: str, frame: str | bytes) -> None:
        cast = ""
        if code == "too_fast":
            try:
                message = decode(frame)
                cast = "" if isinstance(message, Ping) else message.id
            except BadInput:
                pass
        phone.outbox.answer(self._refusal(code, cast, phone))

    def _refusal(self, code: str, cast: str, phone: Connection) -> str:
        return encode(Refused(code, self._say(REFUSALS[code], phone.language), cast))

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
        if self._count.round != counting(view.round):
            self._count = LiveCount(view.round, view.commission.threshold, view.voted)
        self._states = {}
        self._send_state(KINDS)

    def show_console(self, view: View) -> None:
        """The same for the consoles alone, where nothing changed that others see (somebody joined)."""
        if view.session.version == self.version:
            self.view = view
            self._states = {key: frame for key, frame in self._states.items() if key[0] != "console"}
            self._send_state(("console",))

    def _send_state(self, kinds: Sequence[Screen]) -> None:
        for connection in self._connections:
            if connection.kind in kinds:
                connection.outbox.state(self._state(connection))
                connection.outbox.tally(encode(self.tally))

    @property
    def consoles(self) -> int:
        """How many consoles are connected."""
        return sum(connection.kind == "console" for connection in self._connections)

    def state(self, kind: Screen, language: str) -> State:
        """What a screen of this kind shows now, in a language."""
        view = self.view.read_in(language)
        return State(
            v=view.session.version,
            cue=cue_key(view),
            round=round_now(view),
            paused=view.session.paused,
            html=self._draw(kind, view, language),
        )

    def _state(self, connection: Connection) -> str:
        key = (connection.kind, connection.language)
        if key not in self._states:
            self._states[key] = encode(self.state(*key))
        return self._states[key]

    def counted(self, round_id: str, voted: int) -> None:
        """A commit is done: so many have voted in this round now."""
        if self.view.round is not None and self.view.round.id == round_id and voted > self._voted:
            self._voted = voted
            self._changed()

    @property
    def count_due(self) -> str:
        """The round whose count may be shown again by now; empty where there is none."""
        return self._count.round if self._count.due(self._voted) else ""

    def show_count(self, choices: Mapping[str, int]) -> None:
        """Takes how many ballots there are of each choice in that round, to show as much of it as may be shown."""
        if self._count.take(choices):
            self._changed()

    @property
    def present(self) -> int:
        """How many phones are connected, each participant once."""
        return len(self._participants)

    @property
    def voted(self) -> int:
        """How many have voted in the round on screen."""
        return self._voted

    @property
    def tally(self) -> Tally:
        """How many have voted and are here, and the count so far where the round shows it."""
        return Tally(self.view.round.id if self.view.round else None, self._voted, self.present, self._count.shown)

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
        tally = encode(self.tally)
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
        condition=message.condition.strip(),
        ballot=secrets.token_hex(16),
        salt=secrets.token_hex(16),
        group_salt=secrets.token_hex(16),
        at=at,
    )


def press_of(message: StopMessage, participant: str, session: str, at: str) -> Press:
    """The stop in a message."""
    return Press(session, participant, message.showing, message.character.strip(), message.how.strip(), at)


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
        self._counts: dict[str, asyncio.Task[None]] = {}
        # What waits, by session: for a reason's time to come; to show small changes together.
        self._due: dict[str, asyncio.Task[None]] = {}
        self._stirs: dict[str, asyncio.Task[None]] = {}
        self.intake = Intake(store, self._counted)
        self.stopping = Stopping(store, self.joined)

    async def room(self, session: str) -> Room:
        """The room of a session, with the view that the database gives now. Raises NotFound.

        Enter it before the next await: a room without screens may be dropped at any time.
        """
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is None or room.empty:
                room = Room(await self._view(session), self.intake, self.stopping, self._clock, self._draw, self._say)
                self._rooms[session] = room
            return room

    async def changed(self, session: str) -> None:
        """The facilitator did something: reads the truth again and shows it to every screen."""
        async with self._reading[session]:
            room = self._rooms.get(session)
            if room is not None:
                room.show(await self._view(session))

    def expel(self, session: str, participant: str | None) -> None:
        """The participant's ticket is dead, or has been replaced: the device that it was on is out at once."""
        room = self._rooms.get(session)
        if room is not None and participant is not None:
            room.expel(participant)

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

    def stirred(self, session: str) -> None:
        """Something small that everybody sees has changed ("me too"): shown within a second, with others like it."""
        if session in self._rooms and session not in self._stirs:
            self._stirs[session] = asyncio.create_task(self._stir(session))

    async def _stir(self, session: str) -> None:
        try:
            await asyncio.sleep(ARRIVALS)
            await reasoning.redraw(self._store, session)
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
            await reasoning.publish_due(self._store, self._clock.now(), session)
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
        for task in [*self._arrivals.values(), *self._counts.values(), *self._due.values(), *self._stirs.values()]:
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
            async with self._store.read() as work:
                choices = await work.rounds.choices(room.count_due)
            room.show_count(choices)
        except StoreUnavailable:
            log.warning("the live count is not up to date", session=session)
        finally:
            del self._counts[session]

    async def _view(self, session: str) -> View:
        async with self._store.read() as work:
            view = await view_of(work, await work.sessions.get(session))
        self.expect(session, view.reasons_due)
        return view


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
    joined = await work.sessions.joined(live.id)
    run = Run(tuple(await work.stops.of(live.id)), {} if live.badges_off else credits(joined, commission), cue.showing)
    magic = run.taken.magic if run.taken is not None else None
    wanted = (round_, by_id.get((round_.second_of if round_ else "") or ""), by_id.get(magic or ""))
    shown = [r for r in wanted if r is not None]
    results = {r.id: await tallying.result_of(work, r, commission.threshold) for r in shown if r.state == REVEALED}
    if live.badges_off:
        results = {id_: result.without_groups() for id_, result in results.items()}
    asked = await work.care.of(live.id)
    # () before the reveal: how reasons fall to the answers says how the room votes.
    reasons = await reasoning.said_of(work, live, round_, commission) if round_ else ()
    counted = await work.papers.get(round_.id) if round_ else None
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
        programme=(await work.programmes.latest(live.id)).plan,
        papers=("confirmed" if counted.confirmed_at else "entered") if counted else "",
        joined=groups.in_the_room(joined, commission.threshold),
        breaks=asked[BREAK, ""].waiting if (BREAK, "") in asked else 0,
        slower=asked[TIME, round_.id].number if round_ and (TIME, round_.id) in asked else 0,
        observers=await work.sessions.observers(live.id),
        also=groups.in_the_room(await work.care.belonging(live.id), commission.threshold),
        reasons=reasons,
        asynchronous=await tallying.asynchronous_rounds(work, commission, results=True),
        reasons_due=await work.reasons.next_due(round_.id) if reasons and round_ else "",
        run=run,
        agenda=await _agenda(work, live, round_),
    )


async def _agenda(work: Work, live: LiveSession, round_: Round | None) -> Agenda:
    """The proposals, and what was promised on the vote on screen: commitments first, then what waits to be one."""
    promised: list[Promised] = []
    if round_ is not None and round_.kind == POLICY_VOTE and round_.state == REVEALED:
        for made in reversed(await work.decisions.of(live.commission)):
            if round_.id in made.rounds:
                promised += [Promised(c.role, c.what, c.by, confirmed=True) for c in made.commitments]
        waiting = [p for p in await work.proposals.pledges_on([round_.id]) if p.state == WAITING and p.what]
        promised += [Promised(p.role, p.what, p.by, confirmed=False, pledge=p.id) for p in waiting]
    return Agenda(
        tuple(await work.proposals.of(live.id)), tuple(await work.proposals.amendments(live.id)), tuple(promised)
    )
