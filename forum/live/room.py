"""One live room: who is connected to it, what they see, and their ballots on the way to the intake.

A room takes a message by a plain call that never awaits (`receive`) and answers through the screen's outbox. It draws
each kind of screen once in each language that is read in the room, and hands the one frame to everybody. Between acts
it sends tallies: how many have voted, at most five times a second, the first change at once. Phones show no more of
them than a live count, and every frame costs their battery and data, so they get one in two seconds, and none that
tells only of who came and went.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from forum.errors import BadInput
from forum.live.ballot_box import Intake, new_cast
from forum.live.line_patch import patch
from forum.live.live_count import LiveCount, counting
from forum.live.message_allowance import Allowance, Allowances
from forum.live.messages import (
    GOODBYES,
    REFUSALS,
    TRY_AGAIN,
    Ack,
    Bye,
    CastMessage,
    Change,
    Choice,
    Health,
    Hello,
    Ping,
    Pong,
    Refused,
    RoundNow,
    Screen,
    State,
    StopMessage,
    Stopped,
    Tally,
    decode,
    encode,
)
from forum.live.messages import VERSION as WIRE_VERSION
from forum.live.outbox import Outbox
from forum.live.presence import Presence
from forum.live.stop_box import Press, Stopping, refusal
from forum.ports.clock import Clock
from forum.sessions.participant_view import Mine
from forum.sessions.view import View, cue_key
from forum.stories.visible_text import upright
from forum.voting.ballot import Cast, CastOutcome
from forum.voting.easy_read import offered_in

TICK = 0.2
PHONES_TICK = 2.0
MOST_MALFORMED = 20
# Sockets of one participant; and of each other kind of screen in a session.
MOST_SOCKETS = 8
MOST_SCREENS = 100

KINDS: tuple[Screen, ...] = ("phone", "tablet", "projector", "console")
# A kind of screen, what the room sees, a language's code; a sentence, a language's code.
Draw = Callable[[Screen, View, str], str]
Say = Callable[[str, str], str]
# Called with a participant of whom something has changed that all their screens are to hear.
Own = Callable[[str], None]

log = structlog.get_logger()
NOTHING = Mine()


@dataclass(eq=False)
class Connection:
    """One connected screen. `participant` is set for a phone, `observing` where that one follows without voting.

    `allowance` is what it may send, shared with its participant's other sockets. `since` is when it came.
    `behind`: what is its own changed before it was greeted.
    """

    kind: Screen
    participant: str = ""
    language: str = "en"
    outbox: Outbox = field(default_factory=Outbox)
    malformed: int = 0
    allowance: Allowance = field(default_factory=Allowance)
    since: float = 0.0
    observing: bool = False
    behind: bool = False


@dataclass(frozen=True)
class Drawn:
    """A state as a frame, and where that is shorter the `change` that makes it of the one marked `since`."""

    frame: str
    mark: str
    lines: list[str]
    change: str = ""
    since: str = ""


@dataclass
class Told:
    """When some kinds of screens were last sent a tally, and what was in it; the timer for the next one."""

    at: float = 0.0
    news: tuple[str, ...] = ()
    tick: asyncio.TimerHandle | None = None


class Room:
    """One live session as this process sees it."""

    def __init__(
        self,
        view: View,
        history: str,
        intake: Intake,
        stopping: Stopping,
        clock: Clock,
        draw: Draw,
        say: Say,
        own: Own = lambda participant: None,
        allowances: Allowances | None = None,
    ) -> None:
        self.view = view
        self.history = history
        self.version = view.session.version
        self.read_at = asyncio.get_running_loop().time()
        self._intake = intake
        self._stopping = stopping
        self._clock = clock
        self._draw = draw
        self._say = say
        self._own = own
        self._allowances = allowances or Allowances()
        self._connections: set[Connection] = set()
        self._arriving: set[Connection] = set()
        self._presence = Presence()
        self._states: dict[tuple[Screen, str], Drawn] = {}
        self._before: dict[tuple[Screen, str], Drawn] = {}
        self._voted = view.voted
        self._count = LiveCount(view.round, view.live_step, view.voted)
        self._tallies = {quick: Told() for quick in (True, False)}
        self._later: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ screens come and go

    @property
    def empty(self) -> bool:
        """Whether no screen is connected and no phone polls."""
        return not self._connections and not self._arriving and not self.present

    def enter(self, connection: Connection, own: Mine = NOTHING, seen: int = -1) -> None:
        """A screen is connected of which nothing more has to be read."""
        self.arrive(connection)
        self.greet(connection, own, seen)

    def arrive(self, connection: Connection) -> None:
        """A screen is connected: it is here, and is sent nothing before it is greeted.

        Of a participant who has MOST_SOCKETS already, the oldest is sent away.
        """
        connection.since = asyncio.get_running_loop().time()
        if self.devices(connection.participant) >= MOST_SOCKETS:
            mine = sorted(self._of(connection.participant), key=lambda one: one.since)
            for oldest in mine[: len(mine) + 1 - MOST_SOCKETS]:
                self._send_away(oldest, "too_many")
        self._arriving.add(connection)
        if connection.participant:
            connection.allowance = self._allowances.of(connection.participant, connection.since)
            if connection.observing:
                self._presence.observes(connection.participant)
            self._presence.came(connection.participant)

    def full(self, kind: Screen) -> bool:
        """Whether there are so many screens of a kind that none can be let in beside them. (A phone always is.)"""
        here = self._connections | self._arriving
        return kind != "phone" and sum(screen.kind == kind for screen in here) >= MOST_SCREENS

    def _of(self, participant: str) -> list[Connection]:
        """The sockets of a participant that were not sent away."""
        here = self._connections | self._arriving
        return [one for one in here if one.participant == participant and not one.outbox.closing]

    def _send_away(self, connection: Connection, why: str) -> None:
        words = self._say(GOODBYES[why], connection.language)
        connection.outbox.close(encode(Bye(why, again=False, words=words)))

    def greet(self, connection: Connection, own: Mine = NOTHING, seen: int = -1) -> None:
        """A screen gets hello, then the state unless it has `seen` this version of this history, then the tally."""
        self._arriving.discard(connection)
        self._connections.add(connection)
        hello = Hello(
            WIRE_VERSION, self.view.session.id, self.history, own.yours, own.stop, own.reason, own.too, own.group
        )
        connection.outbox.answer(encode(hello))
        if seen != self.version:
            self._put_state(connection)
        connection.outbox.tally(self._tally(connection.kind))
        self._changed()

    def devices(self, participant: str) -> int:
        """How many connections a participant has."""
        return self._presence.devices(participant)

    def tell(self, participant: str, own: Mine) -> None:
        """Tells every screen of a participant what is theirs now."""
        frame = encode(own)
        for connection in self._connections:
            if connection.participant == participant:
                connection.outbox.answer(frame)
        for connection in self._arriving:
            connection.behind = connection.behind or connection.participant == participant

    def leave(self, connection: Connection, *, lost: bool = False) -> None:
        """A screen is gone; `lost` where it did not say goodbye."""
        self._connections.discard(connection)
        self._arriving.discard(connection)
        if connection.participant:
            self._presence.went(connection.participant, asyncio.get_running_loop().time(), lost=lost)
        self._changed()

    def polled(self, participant: str, *, observing: bool = False) -> None:
        """A phone for which sockets are blocked asked what is new."""
        if observing:
            self._presence.observes(participant)
        self._presence.polled(participant, asyncio.get_running_loop().time())
        self._changed()

    def expel(self, participant: str) -> None:
        """Whoever is connected as this participant is somebody else from now on: their screens are told, and closed."""
        for connection in self._connections | self._arriving:
            if connection.participant == participant:
                # What still comes from it is nobody's.
                connection.participant = ""
                connection.outbox.close(encode(Bye("replaced", again=False)))
        self._presence.forget(participant)
        self._changed()

    # ------------------------------------------------------------------ messages from a phone

    def receive(self, phone: Connection, frame: str | bytes) -> None:
        """Takes one message and returns at once; the answer goes to the phone's outbox, now or after the commit."""
        if phone.outbox.ended:
            return  # it was sent away; what it still says it keeps, and sends again
        now = asyncio.get_running_loop().time()
        if not phone.allowance.take(now):
            self._refuse(phone, "too_fast", frame)
            if phone.allowance.spent:
                phone.allowance.keep_out(now)
                self._send_away(phone, "too_fast")
            return
        try:
            message = decode(frame)
        except BadInput as error:
            phone.malformed += 1
            self._refuse(phone, error.message, frame)
            if phone.malformed >= MOST_MALFORMED:
                phone.allowance.keep_out(now)
                self._send_away(phone, "malformed")
            return
        if isinstance(message, Ping):
            phone.outbox.answer(encode(Pong()))
        elif not phone.participant:
            phone.outbox.answer(self._refusal("not_joined", message.id, phone))
        elif isinstance(message, StopMessage):
            self._stop(message, phone)
        else:
            self._intake.cast(
                cast_of(message, phone.participant, self._clock.now()),
                lambda outcome: self._share(phone, self._answer(outcome, phone)),
            )

    def _share(self, phone: Connection, answer: str) -> None:
        """Answers a phone; its participant's other screens hear what came of it, too."""
        if self.devices(phone.participant) > 1:
            self._own(phone.participant)
        phone.outbox.answer(answer)

    def _stop(self, message: StopMessage, phone: Connection) -> None:
        press = press_of(message, phone.participant, self.view.session.id, self._clock.now())

        def answer(code: str) -> None:
            said = self._refusal(code, message.id, phone) if code else encode(Stopped(message.id, message.showing))
            self._share(phone, said)

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
        return encode(Refused(code, self._say(REFUSALS[code], phone.language), cast, code in TRY_AGAIN))

    # ------------------------------------------------------------------ what everybody sees

    def show(self, view: View) -> None:
        """Puts a newer view in front of everybody."""
        self.view = view
        self.version = view.session.version
        self._voted = view.voted
        if self._count.round != counting(view.round):
            self._count = LiveCount(view.round, view.live_step, view.voted)
        self._before |= {key: drawn for key, drawn in self._states.items() if key[0] == "phone"}
        self._states = {}
        self._send_state(KINDS)
        # With the state everybody was sent the tally of now.
        for quick, told in self._tallies.items():
            told.news = self._news(quick)

    def show_console(self, view: View) -> None:
        """The same for the consoles alone, where nothing changed that others see (somebody joined)."""
        if view.session.version == self.version:
            self.view = view
            self._states = {key: frame for key, frame in self._states.items() if key[0] != "console"}
            self._send_state(("console",))

    def _send_state(self, kinds: Sequence[Screen]) -> None:
        for connection in self._connections:
            if connection.kind in kinds:
                self._put_state(connection)
                connection.outbox.tally(self._tally(connection.kind))

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

    def drawn(self, kind: Screen, language: str) -> Drawn:
        """The same as a frame, made once for all screens of this kind and language, and for each reading that there is
        of the question: what a phone asks for besides is no drawing of its own."""
        key = (kind, offered_in(language, (self.view.round, self.view.first)))
        if key not in self._states:
            self._states[key] = drawn_of(self.state(*key), self._before.get(key))
        return self._states[key]

    def _put_state(self, connection: Connection) -> None:
        drawn = self.drawn(connection.kind, connection.language)
        connection.outbox.state(drawn.frame, drawn.mark, drawn.change, drawn.since)

    def counted(self, round_id: str, voted: int) -> None:
        """A commit is done: so many have voted in this round now."""
        if self.view.round is not None and self.view.round.id == round_id and voted > self._voted:
            self._voted = voted
            self._changed()

    @property
    def count_due(self) -> str:
        """The round whose count may be shown again by now; empty where there is none."""
        return self._count.round if self._count.due(self._voted) else ""

    def show_count(self, round_id: str, choices: Mapping[str, int]) -> None:
        """Takes how many ballots there are of each choice in a round, and shows as much of it as may be shown.

        Does nothing where another round is on screen by now.
        """
        if self._count.round == round_id and self._count.take(choices):
            self._changed()

    @property
    def present(self) -> int:
        """How many phones are here, connected or polling, each participant once."""
        return self._presence.present(asyncio.get_running_loop().time())

    @property
    def health(self) -> Health:
        """How the phones are connected, and how many were lost a moment ago."""
        return self._presence.health(asyncio.get_running_loop().time())

    @property
    def voted(self) -> int:
        """How many have voted in the round on screen."""
        return self._voted

    @property
    def tally(self) -> Tally:
        """How many have voted and are here, and the count so far where the round shows it."""
        return Tally(self.view.round.id if self.view.round else None, self._voted, self.present, self._count.shown)

    def _tally(self, kind: Screen) -> str:
        return encode(replace(self.tally, health=self.health) if kind == "console" else self.tally)

    def _changed(self) -> None:
        now = asyncio.get_running_loop().time()
        for quick, told in self._tallies.items():
            if told.tick is not None:
                continue
            due = told.at + (TICK if quick else PHONES_TICK)
            if due <= now:
                self._tell(quick)
            else:
                told.tick = asyncio.get_running_loop().call_at(due, self._tell, quick)

    def _tell(self, quick: bool) -> None:
        """Sends the tally to the phones, or to the screens that are to be `quick`."""
        told = self._tallies[quick]
        told.tick = None
        told.at = asyncio.get_running_loop().time()
        news = self._news(quick)
        if news != told.news:
            told.news = news
            frames = {kind: self._tally(kind) for kind in KINDS if (kind != "phone") == quick}
            for connection in self._connections:
                if connection.kind in frames:
                    connection.outbox.tally(frames[connection.kind])
        self._wait_for_silence()

    def _news(self, quick: bool) -> tuple[str, ...]:
        """What must be different for a tally to be sent: to phones, who comes and goes is no news."""
        if quick:
            return tuple(self._tally(kind) for kind in KINDS if kind != "phone")
        return (encode(replace(self.tally, present=0)),)

    def _wait_for_silence(self) -> None:
        """Tells the numbers again when they change because nothing was heard of a phone."""
        loop = asyncio.get_running_loop()
        due = self._presence.due(loop.time())
        if self._later is not None:
            self._later.cancel()
        self._later = loop.call_at(due, self._changed) if due is not None else None

    def goodbye(self, why: str, *, again: bool) -> None:
        """Tells every screen that this server is going, and closes their outboxes."""
        for timer in (self._later, *(told.tick for told in self._tallies.values())):
            if timer is not None:
                timer.cancel()
        for connection in self._connections | self._arriving:
            connection.outbox.close(encode(Bye(why, again)))


def drawn_of(state: State, before: Drawn | None) -> Drawn:
    """The frames of a state, which comes after `before` on the same screens."""
    lines = state.html.split("\n")
    mark = hashlib.sha256(state.html.encode()).hexdigest()[:16]
    frame = encode(replace(state, mark=mark))
    if before is None:
        return Drawn(frame, mark, lines)
    pieces = patch(before.lines, lines)
    change = encode(Change(state.v, state.cue, state.round, state.paused, mark, before.mark, pieces))
    return Drawn(frame, mark, lines, change if len(change) < len(frame) else "", before.mark)


def cast_of(message: CastMessage, participant: str, at: str) -> Cast:
    """Makes the ballot in a message."""
    return new_cast(message.round, participant, message.id, message.choice, message.reason, message.condition, at=at)


def press_of(message: StopMessage, participant: str, session: str, at: str) -> Press:
    """The stop in a message."""
    return Press(session, participant, message.showing, upright(message.character), upright(message.how), at)


def round_now(view: View) -> RoundNow | None:
    """The round on screen, as phones are told of it."""
    if view.round is None:
        return None
    return RoundNow(
        id=view.round.id,
        state=view.round.state,
        question=view.round.question,
        responses=[Choice(r.id, r.label) for r in view.round.responses],
        closing_soon=view.round.closing_soon,
        method=view.round.method,
    )
