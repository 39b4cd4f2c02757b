"""News in a room, to whom and how soon: on a clock that jumps to the next timer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from conftest import Database
from support.factories import CLOCK, a_room, new_id
from support.jumping_loop import run_jumping, wait_for_database

from forum.live.ballot_box import new_cast
from forum.live.connection import Connection
from forum.live.messages import CastMessage, PagesMessage, Screen, encode
from forum.live.outbox import AT_ONCE
from forum.live.presence import LOST, POLLING
from forum.live.room import Room
from forum.live.rooms import ARRIVALS, Rooms
from forum.live.tally_ticker import PHONES_TICK, TICK
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import paper_counts
from forum.services.voting.paper_counts import PaperForm
from forum.sessions.session import Participant
from forum.sessions.stop import Run, Stop, StopState
from forum.sessions.view import ConsoleView, RoomView
from forum.store import SqlStore, open_store
from forum.store.base import Link
from forum.voting.question import Terms
from forum.voting.reason import ReasonState, Said

IDLE = PHONES_TICK * 3


def draw(kind: Screen, view: RoomView, language: str) -> str:
    """Draws what a test looks at: the cue; on consoles who joined, and what became of the papers."""
    alone = f"{dict(view.joined)} {view.papers}" if isinstance(view, ConsoleView) else ""
    return f"{kind} {view.session.cue.kind} {alone}"


@dataclass
class Evening:
    """A room with three people in it, and its rooms."""

    store: SqlStore
    rooms: Rooms
    session: str
    people: list[str]
    round: str = ""

    async def room(self) -> Room:
        return await self.rooms.room(self.session)

    async def enter(self, kind: Screen = "phone", participant: str = "") -> Connection:
        """Connects a screen and sends it everything there is."""
        connection = Connection(kind, participant)
        (await self.room()).enter(connection)
        news(connection)
        return connection

    async def open(self) -> str:
        """Opens a vote and shows it; the id of its round."""
        acts = Desk(self.store, CLOCK)
        asked = (await cues.ask_question(acts, self.session, "Who?", ["A nurse", "The police"], none=True)).round
        assert asked is not None
        await facilitation.open_round(acts, self.session, asked.id)
        await self.rooms.changed(self.session)
        return asked.id

    async def joins(self, number: int) -> None:
        """Lets so many people of a second group join."""
        async with self.store.begin() as work:
            for _ in range(number):
                await work.sessions.join(Participant(new_id(), self.session, "g2", CLOCK.now()), new_id())
        self.rooms.joined(self.session)


def an_evening(database: Database, play: Callable[[Evening], Awaitable[None]]) -> None:
    async def evening() -> None:
        store = await open_store(database.url)
        wait_for_database(store)
        live, people = await a_room(store, ["g1"] * 3)
        rooms = Rooms(store, CLOCK, draw, lambda words, language: words)
        async with asyncio.timeout(3600):  # on this clock: what would wait for ever fails at once
            await play(Evening(store, rooms, live.id, people))
        await rooms.close()
        await store.close()

    run_jumping(evening())


def news(connection: Connection, *kinds: str) -> list[dict[str, Any]]:
    """Takes the messages that have come for a screen by now (of these types), without waiting."""
    connection.outbox.answer("{}")
    taking = connection.outbox.take()
    try:
        taking.send(None)
    except StopIteration as done:
        messages: list[dict[str, Any]] = [json.loads(frame) for frame in done.value if frame != "{}"]
        return [message for message in messages if not kinds or message["t"] in kinds]
    raise AssertionError("it waits although there is something")


def test_who_comes_and_goes_is_no_news_to_phones(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        phone, wall = await evening.enter("phone", evening.people[0]), await evening.enter("projector")
        round_ = await evening.open()
        await asyncio.sleep(IDLE)
        news(phone)
        news(wall)
        others = [await evening.enter("phone", person) for person in evening.people[1:]]
        await asyncio.sleep(IDLE)
        assert [message["present"] for message in news(wall, "tally")] == [3]
        (await evening.room()).leave(others[0])
        (await evening.room()).leave(others[1], lost=True)
        await asyncio.sleep(IDLE)
        assert [message["present"] for message in news(wall, "tally")] == [1]
        assert news(phone, "tally") == []
        # A vote is: with it comes how many are here.
        (await evening.room()).receive(phone, encode(CastMessage("c1", round_, "r1")))
        sent: list[dict[str, Any]] = []
        while "ack" not in [message["t"] for message in sent]:  # the database takes real time, and so jumps no clock
            sent += [json.loads(frame) for frame in await phone.outbox.take()]
        await asyncio.sleep(IDLE)
        tallies = [m for m in [*sent, *news(phone)] if m["t"] == "tally"]
        assert [(m["voted"], m["present"]) for m in tallies] == [(1, 1)]

    an_evening(sqlite_database, play)


def test_consoles_alone_hear_into_how_many_pages_a_big_screen_cuts_a_result(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        phone, console = await evening.enter("phone", evening.people[0]), await evening.enter("console")
        wall, beamer = await evening.enter("projector"), await evening.enter("projector")
        room = await evening.room()
        await asyncio.sleep(IDLE)
        for screen in (phone, console, wall, beamer):
            news(screen)
        for screen, number, most in ((wall, 2, 2), (beamer, 3, 3), (beamer, 0, 2), (phone, 9, 2)):
            room.receive(screen, encode(PagesMessage(number)))
            await asyncio.sleep(IDLE)
            assert [m["pages"] for m in news(console, "tally")] == [most] * (screen is not phone), (number, most)
        room.leave(wall)
        await asyncio.sleep(IDLE)
        assert ["pages" in m for m in news(console, "tally")] == [False]
        assert not any("pages" in m for screen in (phone, beamer) for m in news(screen, "tally"))
        room.receive(beamer, '{"t": "pages", "number": 101}')
        assert [m["code"] for m in news(beamer, "refused")] == ["malformed"]

    an_evening(sqlite_database, play)


def test_the_first_change_is_told_at_once_and_those_after_it_together(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        phone, wall = await evening.enter("phone", evening.people[0]), await evening.enter("projector")
        round_ = await evening.open()
        room = await evening.room()
        await asyncio.sleep(IDLE)
        news(phone)
        news(wall)
        room.counted(round_, 1)
        await asyncio.sleep(0)
        assert [m["voted"] for m in news(wall, "tally")] == [m["voted"] for m in news(phone, "tally")] == [1]
        for voted in range(2, 30):
            room.counted(round_, voted)
        assert (news(wall, "tally"), news(phone, "tally")) == ([], [])
        await asyncio.sleep(TICK * 1.5)
        assert ([m["voted"] for m in news(wall, "tally")], news(phone, "tally")) == ([29], [])
        await asyncio.sleep(PHONES_TICK)
        assert ([m["voted"] for m in news(phone, "tally")], news(wall, "tally")) == ([29], [])

    an_evening(sqlite_database, play)


def test_a_commit_without_a_new_ballot_is_no_news_and_holds_up_none(sqlite_database: Database) -> None:
    """As where people only change their minds: the next new ballot is told at once, not a tick later."""

    async def play(evening: Evening) -> None:
        phone, wall = await evening.enter("phone", evening.people[0]), await evening.enter("projector")
        round_ = await evening.open()
        room = await evening.room()
        room.counted(round_, 5)
        await asyncio.sleep(IDLE)
        news(phone)
        news(wall)
        for voted in (5, 4, 5):
            room.counted(round_, voted)
        room.counted(new_id(), 50)
        assert (room.voted, news(wall), news(phone)) == (5, [], [])
        room.counted(round_, 6)
        await asyncio.sleep(0)
        assert [m["voted"] for m in news(wall, "tally")] == [m["voted"] for m in news(phone, "tally")] == [6]

    an_evening(sqlite_database, play)


def test_a_hall_looks_at_a_screen_that_does_not_wait_for_its_phones(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        wall, round_, room = await evening.enter("projector"), await evening.open(), await evening.room()
        hall = [Connection("phone", f"somebody {number}") for number in range(5 * AT_ONCE)]
        for phone in hall:
            room.enter(phone)
        await asyncio.sleep(IDLE)
        for screen in (wall, *hall):
            news(screen)
        room.counted(round_, 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [m["voted"] for m in news(wall, "tally")] == [1]
        assert len([phone for phone in hall if news(phone, "tally")]) <= 2 * AT_ONCE
        room.show(replace(room.view, voted=7))
        await room.told()
        assert {m["voted"] for phone in hall for m in news(phone, "tally")} == {7}, "not that of what was shown before"
        for phone in hall:
            room.leave(phone)

    an_evening(sqlite_database, play)


def test_a_count_of_the_vote_before_is_not_shown_on_the_next(sqlite_database: Database) -> None:
    """As where the next vote is opened while the ballots of this one are being read."""

    async def play(evening: Evening) -> None:
        acts, rounds = Desk(evening.store, CLOCK), []
        for question in ("Who?", "Where?"):
            asked = (
                await cues.ask_question(acts, evening.session, question, ["Here", "There"], Terms(live=True), none=True)
            ).round
            assert asked is not None
            await facilitation.open_round(acts, evening.session, asked.id)
            rounds.append(asked.id)
            await evening.rooms.changed(evening.session)
            if len(rounds) == 1:
                await facilitation.close_round(acts, evening.session, asked.id)
        room = await evening.room()
        room.show_count(rounds[0], {"r1": 60})
        assert (room.tally.round, room.tally.so_far) == (rounds[1], None)
        room.show_count(rounds[1], {"r2": 60})
        shown = room.tally.so_far
        assert shown is not None
        assert [*shown] == ["r1", "r2", "none"]
        assert shown["r2"] > 50 > max(shown["r1"], shown["none"])

    an_evening(sqlite_database, play)


def test_consoles_alone_are_never_shown_another_state_than_everybody_has(sqlite_database: Database) -> None:
    """An act that others have not been shown yet comes to consoles with them, and an older one does not come back."""

    async def play(evening: Evening) -> None:
        console, phone = await evening.enter("console"), await evening.enter("phone", evening.people[0])
        room = await evening.room()
        old = room.view
        await facilitation.pause(Desk(evening.store, CLOCK), evening.session, paused=True)
        new = await evening.rooms._view(evening.session)
        assert new.session.version == old.session.version + 1
        room.show_console(new)
        assert (room.view, news(console, "state"), news(phone, "state")) == (old, [], [])
        await evening.rooms.changed(evening.session)
        assert [m["v"] for m in news(console, "state") + news(phone, "state")] == [new.session.version] * 2
        room.show_console(old)
        assert (room.view.session, news(console, "state"), news(phone, "state")) == (new.session, [], [])

    an_evening(sqlite_database, play)


def test_what_has_changed_without_a_new_version_is_shown_too(sqlite_database: Database) -> None:
    """Papers that somebody has counted: nothing that phones see, and no act of the facilitator."""

    async def play(evening: Evening) -> None:
        round_ = await evening.open()
        console = await evening.enter("console")
        version = (await evening.room()).version
        form = PaperForm({("g1", "r1"): "2"}, "50")
        await paper_counts.enter(evening.store, CLOCK, "ann", evening.session, round_, form)
        await evening.rooms.changed(evening.session)
        [state] = news(console, "state")
        assert (state["v"], state["html"].endswith(" entered")) == (version, True)

    an_evening(sqlite_database, play)


def test_what_is_for_consoles_alone_goes_to_nobody_else(sqlite_database: Database) -> None:
    """Nor do votes that have come meanwhile, which tallies tell: in a hall that were a frame to every phone."""

    async def play(evening: Evening) -> None:
        round_ = await evening.open()
        console, phone = await evening.enter("console"), await evening.enter("phone", evening.people[0])
        await evening.rooms.intake.cast_and_wait(new_cast(round_, evening.people[1], new_id(), "r1", at=CLOCK.now()))
        room = await evening.room()
        await evening.joins(6)
        await asyncio.sleep(ARRIVALS * 2)
        assert ("'g2': 6" in news(console, "state")[-1]["html"], room.view.voted) == (True, 1)
        unread = Said("x", "r1", "", "Nobody should wait alone.", "", ReasonState.WAITING, 0)
        run = Run((Stop("s", evening.session, "now", CLOCK.now(), "story", "scene", CLOCK.now()),), {}, "now")
        room.show_console(replace(room.view, reasons=(unread,), reasons_due=CLOCK.now(), run=run))
        assert (len(news(console, "state")), news(phone, "state", "change")) == (1, [])
        taken = replace(run, stops=(replace(run.stops[0], state=StopState.TAKEN),))
        for shown in ({"reasons": (msgspec.structs.replace(unread, state=ReasonState.SHOWN),)}, {"run": taken}):
            room.show_console(replace(room.view, **shown))
            assert [len(news(screen, "state")) for screen in (console, phone)] == [1, 1]

    an_evening(sqlite_database, play)


def test_a_room_that_nobody_is_in_is_read_anew(sqlite_database: Database) -> None:
    """Nobody tells an empty room who joins: a socket that ended before it entered may have left one behind."""

    async def play(evening: Evening) -> None:
        left_behind = await evening.room()
        await evening.joins(6)
        console = Connection("console")
        room = await evening.rooms.enter(evening.session, console)
        [state] = news(console, "state")
        assert "'g2': 6" in state["html"]
        assert room is not left_behind
        # While somebody is in it, it is that room for everybody.
        assert await evening.room() is await evening.room()

    an_evening(sqlite_database, play)


def test_what_consoles_alone_show_is_read_only_while_one_is_there(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = Link.rows

    async def counted(self: Link, statement: Any, *given: Any) -> Any:
        asked.append(str(statement))
        return await plain(self, statement, *given)

    monkeypatch.setattr(Link, "rows", counted)

    async def play(evening: Evening) -> None:
        async def after_an_act() -> list[str]:
            asked.clear()
            await evening.rooms.changed(evening.session)
            return list(asked)

        await evening.enter("phone", evening.people[0])
        await evening.enter("projector")
        await evening.open()
        without = await after_an_act()
        console = Connection("console")
        room = await evening.rooms.enter(evening.session, console)
        read = await after_an_act()
        # Who joined, papers, what was asked for, observers, other groups, asynchronous sessions, the last act.
        assert (len(without), len(read)) == (len(without), len(without) + 7)
        assert [statement for statement in read if statement in without] == without
        assert [state["v"] for state in news(console, "state")] == [room.version]
        evening.rooms.joined(evening.session)
        room.leave(console)
        asked.clear()
        await asyncio.sleep(ARRIVALS * 2)
        assert asked == [], "who joins is read for nobody"
        assert await after_an_act() == without
        assert not isinstance(room.view, ConsoleView)

    an_evening(sqlite_database, play)


@dataclass
class Held:
    """A reading of what a session shows: it has `begun`, and stops before it is shown until it may `go_on`."""

    begun: asyncio.Event
    go_on: asyncio.Event


def held_readings(evening: Evening, monkeypatch: pytest.MonkeyPatch) -> list[Held]:
    """The readings to be held, in this order; those after them are not."""
    held, view = [Held(asyncio.Event(), asyncio.Event())], evening.rooms._view
    waiting = list(held)

    async def slow(session: str) -> RoomView:
        read = await view(session)
        if waiting:
            reading = waiting.pop(0)
            reading.begun.set()
            await reading.go_on.wait()
        return read

    monkeypatch.setattr(evening.rooms, "_view", slow)
    return held


def test_a_console_that_comes_while_an_act_is_being_shown_has_what_it_shows_and_who_is_here(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The act was read for a room without consoles, and is shown to others while the console waits to be greeted."""

    async def play(evening: Evening) -> None:
        phone = await evening.enter("phone", evening.people[0])
        room = await evening.room()
        [reading] = held_readings(evening, monkeypatch)
        await facilitation.pause(Desk(evening.store, CLOCK), evening.session, paused=True)
        showing = asyncio.create_task(evening.rooms.changed(evening.session))
        await reading.begun.wait()
        await evening.joins(6)
        console = Connection("console")
        coming = asyncio.create_task(evening.rooms.enter(evening.session, console))
        await asyncio.sleep(1)  # as long as it would take the console, did it not wait for the act
        reading.go_on.set()
        await asyncio.gather(showing, coming)
        [state] = news(console, "state")
        assert (state["v"], state["paused"], state["html"]) == (
            room.version,
            True,
            "console welcome {'g1': None, 'g2': 6} ",
        )
        assert [m["v"] for m in news(phone, "state")] == [room.version]

    an_evening(sqlite_database, play)


def test_a_console_that_comes_before_an_act_is_shown_has_it_and_so_has_everybody(sqlite_database: Database) -> None:
    """As where the act is stored and nobody has been told of it yet, or another process did it."""

    async def play(evening: Evening) -> None:
        phone = await evening.enter("phone", evening.people[0])
        await facilitation.pause(Desk(evening.store, CLOCK), evening.session, paused=True)
        console = Connection("console")
        room = await evening.rooms.enter(evening.session, console)
        assert [m["paused"] for m in news(console, "state") + news(phone, "state")] == [True, True]
        version = room.version
        await evening.rooms.changed(evening.session)
        assert {m["v"] for m in news(console, "state")} <= {version}

    an_evening(sqlite_database, play)


def test_an_act_while_a_console_is_being_let_in_is_shown_on_it(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read for the console is older than the act: it neither stays nor counts as data that has gone back."""

    async def play(evening: Evening) -> None:
        phone = await evening.enter("phone", evening.people[0])
        [reading] = held_readings(evening, monkeypatch)
        console = Connection("console")
        coming = asyncio.create_task(evening.rooms.enter(evening.session, console))
        await reading.begun.wait()
        await facilitation.pause(Desk(evening.store, CLOCK), evening.session, paused=True)
        showing = asyncio.create_task(evening.rooms.changed(evening.session))
        await asyncio.sleep(1)  # as long as showing the act would take, did it not wait for the console's reading
        reading.go_on.set()
        await asyncio.gather(coming, showing)
        for screen in (console, phone):
            assert [m["paused"] for m in news(screen, "state", "bye")] == [True]

    an_evening(sqlite_database, play)


def test_who_joins_while_a_console_is_being_let_in_is_seen_on_it(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(evening: Evening) -> None:
        await evening.enter("phone", evening.people[0])
        [reading] = held_readings(evening, monkeypatch)
        console = Connection("console")
        coming = asyncio.create_task(evening.rooms.enter(evening.session, console))
        await reading.begun.wait()
        await evening.joins(6)
        reading.go_on.set()
        await coming
        await asyncio.sleep(ARRIVALS * 2)
        assert "'g2': 6" in news(console, "state")[-1]["html"]

    an_evening(sqlite_database, play)


def test_a_console_that_comes_back_is_shown_who_joined_while_it_was_away(sqlite_database: Database) -> None:
    """It has seen this version, which does not count who joins; the page it was first sent was read before, too."""

    async def play(evening: Evening) -> None:
        await evening.enter("phone", evening.people[0])
        room = await evening.room()
        await evening.joins(6)
        console = Connection("console", shows=room.drawn("console", "en").mark)
        await evening.rooms.enter(evening.session, console, room.history)
        assert ["'g2': 6" in m["html"] for m in news(console, "state")] == [True]
        wall = Connection("projector", shows=room.drawn("projector", "en").mark)
        await evening.rooms.enter(evening.session, wall, room.history)
        assert news(wall, "state") == []

    an_evening(sqlite_database, play)


def test_a_console_that_comes_where_the_data_has_gone_back_is_told_to_begin_anew(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        phone = await evening.enter("phone", evening.people[0])
        async with evening.store.begin() as work:
            live = await work.sessions.get_session(evening.session)
            await work.sessions.save_session(replace(live, version=live.version - 1))
        console = Connection("console")
        await evening.rooms.enter(evening.session, console)
        assert [m["why"] for m in news(phone)] == ["anew"]
        assert [(m["t"], m.get("why")) for m in news(console)] == [("bye", "anew")]

    an_evening(sqlite_database, play)


def test_a_phone_that_polls_no_more_is_lost_and_then_forgotten(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        wall, console = await evening.enter("projector"), await evening.enter("console")
        await evening.rooms.polled(evening.session, evening.people[0])
        room = await evening.room()
        await asyncio.sleep(IDLE)
        assert room.present == 1
        assert [m["present"] for m in news(wall, "tally")] == [1]
        await asyncio.sleep(POLLING - IDLE + TICK * 2)
        assert [m["present"] for m in news(wall, "tally")] == [0]
        assert news(console, "tally")[-1]["health"] == {"connected": 0, "polling": 0, "lost": 1}
        await asyncio.sleep(LOST + TICK * 2)
        assert news(console, "tally")[-1]["health"] == {"connected": 0, "polling": 0, "lost": 0}
        assert {m["present"] for m in news(wall, "tally")} <= {0}

    an_evening(sqlite_database, play)


def test_a_room_that_was_polled_is_dropped_once_nobody_polls(sqlite_database: Database) -> None:
    async def play(evening: Evening) -> None:
        room = await evening.rooms.polled(evening.session, evening.people[0])
        await asyncio.sleep(POLLING / 2)
        assert await evening.room() is room
        await evening.rooms.polled(evening.session, evening.people[0])
        await asyncio.sleep(POLLING - 1)
        assert await evening.room() is room
        await asyncio.sleep(POLLING)
        assert evening.rooms._rooms == {}

    an_evening(sqlite_database, play)
