"""One live room: who is connected to it, what they see, and how many have voted.

A room answers by plain calls that never await, through the screens' outboxes. Its parts lie beside it: messages of
phones (`phone_input`), frames drawn once for everybody (`screen_frames`), tallies and their timers (`tally_ticker`),
phones that are here (`presence`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

import msgspec
from msgspec.structs import replace

from forum.live.ballot_box import Intake
from forum.live.connection import Connection, Say
from forum.live.elsewhere import Elsewhere, Everywhere
from forum.live.live_count import LiveCount, counting
from forum.live.message_allowance import BROKEN, Allowances
from forum.live.messages import VERSION as WIRE_VERSION
from forum.live.messages import Bye, Health, Hello, Screen, Tally, encode
from forum.live.metrics import RESYNCS, SCREENS
from forum.live.outbox import Rota, Turns
from forum.live.phone_input import PhoneMessages
from forum.live.presence import Presence
from forum.live.screen_frames import Draw, Drawn, ScreenFrames
from forum.live.screens_here import ScreensHere
from forum.live.stop_box import Stopping
from forum.live.tally_ticker import TallyFrames, TallyTicker, frames_of
from forum.ports.clock import Clock
from forum.sessions.participant_view import Mine
from forum.sessions.view import RoomView

# Sockets of one participant; and of each other kind of screen in a session.
MOST_SOCKETS = 8
MOST_SCREENS = 100

KINDS: frozenset[Screen] = frozenset({"phone", "tablet", "projector", "console"})
# Called with a participant whose screens are to be sent what has changed, and whether the one that sent it is, too.
Own = Callable[[str, bool], None]

NOTHING = Mine()


class Common(msgspec.Struct, frozen=True):
    """What the rooms of one process have in common."""

    allowances: Allowances = msgspec.field(default_factory=Allowances)
    rota: Rota = msgspec.field(default_factory=Rota)


class Room:
    """One live session as this process sees it."""

    def __init__(
        self,
        view: RoomView,
        history: str,
        intake: Intake,
        stopping: Stopping,
        clock: Clock,
        draw: Draw,
        say: Say,
        own: Own = lambda participant, unsure: None,
        common: Common | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.history = history
        self.version = view.session.version
        self.read_at = asyncio.get_running_loop().time()
        self.frames = ScreenFrames(draw, view)
        self._say = say
        self._common = common or Common()
        self._connections = ScreensHere()
        self._arriving = ScreensHere()
        self._presence = Presence()
        self._elsewhere = elsewhere
        # All phones of the session, on whichever process; and this process's alone.
        self._everybody = Everywhere(self._presence, elsewhere) if elsewhere is not None else self._presence
        self._turns = Turns(self._common.rota)
        self._messages = PhoneMessages(
            intake, stopping, clock, say, own, self._presence, self.moved, elsewhere=elsewhere is not None
        )
        self._voted = view.voted
        self._count = LiveCount(view.round, view.live_step, view.voted)
        self._ticker = TallyTicker(self._full_tally, self._send_tally, self._everybody.due)

    @property
    def view(self) -> RoomView:
        """The view that everybody is shown; a ConsoleView while consoles are here."""
        return self.frames.view

    # ------------------------------------------------------------------ screens come and go

    @property
    def empty(self) -> bool:
        """True where no screen is connected and no phone polls."""
        return not (self._connections or self._arriving or self._presence.present(asyncio.get_running_loop().time()))

    def enter(self, connection: Connection, own: Mine = NOTHING) -> None:
        """Takes in and greets a screen for which nothing more has to be read. Arguments as for `greet`."""
        self.arrive(connection)
        self.greet(connection, own)

    def arrive(self, connection: Connection) -> None:
        """Takes in a screen: it counts as here, and is sent nothing before it is greeted.

        Of a participant who has MOST_SOCKETS already, the oldest is sent away.
        """
        connection.since = asyncio.get_running_loop().time()
        connection.outbox.turns = self._turns
        if self.devices(connection.participant) >= MOST_SOCKETS:
            mine = sorted(self.screens_of(connection.participant), key=lambda screen: screen.since)
            for oldest in mine[: len(mine) + 1 - MOST_SOCKETS]:
                oldest.send_away("too_many", self._say)
        self._arriving.add(connection)
        SCREENS.labels(connection.kind).inc()
        if connection.participant:
            connection.allowance = self._common.allowances.of(connection.participant, connection.since)
            connection.allowance.take_coming(connection.since)
            if connection.observing:
                self._presence.observes(connection.participant)
            self._presence.came(connection.participant)

    def full(self, kind: Screen) -> bool:
        """Returns true where so many screens of a kind are here that no other is let in; never for phones."""
        return kind != "phone" and self._here(kind) >= MOST_SCREENS

    def _here(self, kind: Screen) -> int:
        """Returns how many screens of a kind are connected or arriving."""
        return self._connections.number(kind) + self._arriving.number(kind)

    def screens_of(self, participant: str) -> list[Connection]:
        """Returns the sockets of a participant that were not sent away."""
        here = (*self._connections.of(participant), *self._arriving.of(participant))
        return [screen for screen in here if not screen.outbox.closing]

    def greet(self, connection: Connection, own: Mine = NOTHING) -> None:
        """Sends a screen hello with its `own` votes, the state unless it shows that already, and the tally.

        It is the mark that says what a screen shows: a story that is held, say, is in no version. Consoles are always
        sent the state.
        """
        self._arriving.discard(connection)
        self._connections.add(connection)
        hello = Hello(
            WIRE_VERSION, self.view.session.id, self.history, own.yours, own.stop, own.reason, own.too, own.group
        )
        connection.outbox.answer(encode(hello))
        drawn = self.drawn(connection.kind, connection.language)
        if connection.shows != drawn.mark or connection.kind == "console":
            RESYNCS.inc()
            connection.outbox.state(drawn.frame, drawn.mark, drawn.change, drawn.since)
        connection.outbox.tally(encode(self._full_tally() if connection.kind == "console" else self.tally))
        self._ticker.changed()

    def devices(self, participant: str) -> int:
        """Returns how many connections a participant has."""
        return self._presence.devices(participant)

    def tell(self, participant: str, own: Mine) -> None:
        """Sends every screen of a participant what is theirs now."""
        frame = encode(own)
        for connection in self._connections.of(participant):
            connection.outbox.answer(frame)
        for connection in self._arriving.of(participant):
            connection.behind = True

    def leave(self, connection: Connection, *, lost: bool = False, broken: bool = False) -> None:
        """Removes a screen that has gone; `lost` where it did not say goodbye, `broken` where it sent what is no
        message of a websocket."""
        if broken:
            connection.allowance.take_unreadable(asyncio.get_running_loop().time(), BROKEN)
        if connection in self._connections or connection in self._arriving:
            SCREENS.labels(connection.kind).dec()
        self._connections.discard(connection)
        self._arriving.discard(connection)
        if connection.participant:
            self._presence.went(connection.participant, asyncio.get_running_loop().time(), lost=lost)
        self._ticker.changed()

    def polled(self, participant: str, *, observing: bool = False) -> None:
        """Counts a phone as here that asked what is new because sockets are blocked for it."""
        if observing:
            self._presence.observes(participant)
        self._presence.polled(participant, asyncio.get_running_loop().time())
        self._ticker.changed()

    def expel(self, participant: str) -> None:
        """Disconnects every screen of a participant whose ticket was replaced."""
        for screen in (*self._connections.of(participant), *self._arriving.of(participant)):
            self.disown(screen)
        self._presence.forget(participant)
        self._ticker.changed()

    def disown(self, screen: Connection) -> None:
        """Disconnects a phone whose ticket was replaced: what still comes from it is nobody's."""
        self._presence.went(screen.participant, asyncio.get_running_loop().time(), lost=False)
        (self._connections if screen in self._connections else self._arriving).disown(screen)
        screen.outbox.close(encode(Bye("replaced", again=False)))
        self._ticker.changed()

    def receive(self, phone: Connection, frame: str | bytes) -> None:
        """Takes one message and returns at once; the answer goes to the phone's outbox, now or after the commit."""
        self._messages.receive(phone, frame, self.view)

    # ------------------------------------------------------------------ what everybody sees

    def show(self, view: RoomView) -> None:
        """Sends a newer view, and the tally, to every screen."""
        self.version = view.session.version
        self._voted = view.voted
        if self._count.round != counting(view.round):
            self._count = LiveCount(view.round, view.live_step, view.voted)
        self.frames.show(view)
        self._ticker.sent(self._send_state(KINDS))

    def show_console(self, view: RoomView) -> None:
        """Sends a view to the consoles alone (somebody joined); to everybody where it differs for others too, as a
        story that is held does without a new version. Does nothing with a view of another version than is shown."""
        if view.session.version != self.version:
            return
        if view.for_all != self.view.for_all:
            self.show(view)
        else:
            self.frames.show_console(view)
            self._send_state({"console"})

    def _send_state(self, kinds: Collection[Screen]) -> Tally:
        """Sends screens of these kinds the state with a tally, and returns that tally."""
        tally = self._full_tally()
        frames = frames_of(tally)
        alike: dict[tuple[Screen, str], Drawn] = {}
        if "phone" in kinds:
            self._turns.recall()
        for connection in self._connections.of_kinds(kinds):
            kind = connection.kind, connection.language
            drawn = alike.get(kind)
            if drawn is None:
                drawn = alike[kind] = self.drawn(*kind)
            connection.outbox.state(drawn.frame, drawn.mark, drawn.change, drawn.since)
            connection.outbox.tally(frames.of(connection.kind))
        return tally

    def drawn(self, kind: Screen, language: str) -> Drawn:
        """Returns the frame of a kind of screen in a language, as ScreenFrames.drawn does."""
        return self.frames.drawn(kind, language)

    @property
    def consoles(self) -> int:
        """How many consoles are connected or arriving."""
        return self._here("console")

    # ------------------------------------------------------------------ numbers

    def counted(self, round_id: str, voted: int) -> None:
        """Takes how many have voted in a round, after a commit."""
        round_ = self.view.round
        if round_ is not None and round_.id == round_id and voted > self._voted:
            self._voted = voted
            self._ticker.changed()

    def recount(self, round_id: str, voted: int, before: int) -> None:
        """Takes how many had voted when the database was read; `before` is what was shown then. It is right also where
        it is less, unless more was heard of meanwhile."""
        round_ = self.view.round
        if round_ is not None and round_.id == round_id and self._voted == before != voted:
            self._voted = voted
            self._ticker.changed()

    @property
    def count(self) -> LiveCount:
        """The count of the round on screen, where it shows it."""
        return self._count

    @property
    def count_due(self) -> str:
        """The id of the round whose count may be shown again by now; empty where there is none."""
        return self._count.round if self._count.due(self._voted) else ""

    def show_count(self, round_id: str, choices: Mapping[str, int]) -> None:
        """Takes how many ballots there are of each choice in a round, and shows as much of it as may be shown.

        Does nothing where another round is on screen by now.
        """
        if self._count.round == round_id and self._count.take(choices):
            self._ticker.changed()

    def adopt_count(self, round_id: str, voted: int, shares: dict[str, int]) -> None:
        """Shows shares that were drawn of `voted` ballots of a round, where they are newer than what is shown."""
        if self._count.round == round_id and self._count.adopt(voted, shares):
            self._ticker.changed()

    @property
    def present(self) -> int:
        """How many phones are here, connected or polling, each participant once."""
        return self._everybody.present(asyncio.get_running_loop().time())

    @property
    def health(self) -> Health:
        """How the phones are connected, and how many were lost a moment ago."""
        return self._everybody.health(asyncio.get_running_loop().time())

    @property
    def voted(self) -> int:
        """How many have voted in the round on screen."""
        return self._voted

    @property
    def tally(self) -> Tally:
        """How many have voted and are here, and the count so far where the round shows it."""
        return Tally(self.view.round.id if self.view.round else None, self._voted, self.present, self._count.shown)

    def _full_tally(self) -> Tally:
        """Returns the tally with the phones' health and the big screens' pages, as consoles are sent it."""
        pages = max(self.pages, self._elsewhere.pages) if self._elsewhere is not None else self.pages
        return replace(self.tally, health=self.health, pages=pages)

    @property
    def pages(self) -> int:
        """Into how many pages the longest result on a big screen of this process is cut."""
        return max((screen.pages for screen in self._connections.of_kinds({"projector"})), default=0)

    @property
    def presence(self) -> Presence:
        """The phones that are connected to this process, or ask it what is new."""
        return self._presence

    def moved(self) -> None:
        """Sends a tally, at once or soon, after a number in it may have changed."""
        self._ticker.changed()

    def _send_tally(self, kinds: frozenset[Screen], frames: TallyFrames) -> None:
        for connection in self._connections.of_kinds(kinds - {"phone"}):
            connection.outbox.tally(frames.of(connection.kind))
        if "phone" in kinds:
            self._turns.tell(self._connections.of_kinds({"phone"}), frames.plain)

    def goodbye(self, why: str, *, again: bool) -> None:
        """Closes every screen's outbox with a goodbye (`why` and `again` as in messages.Bye), which goes out in its
        turn: see `told`."""
        self._ticker.cancel()
        bye = encode(Bye(why, again))
        for connection in (*self._connections, *self._arriving):
            connection.outbox.close(bye, with_others=True)

    async def told(self) -> None:
        """Returns when every screen was sent what it was to be sent, unless it does not read. For closing down."""
        await self._turns.over()
