"""Several processes' rooms of one session, over one store and a broker that repeats and reorders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from support.factories import CLOCK, a_room
from support.unruly_broker import UnrulyBroker

from forum.live import live_count, shared_rooms
from forum.live.ballot_box import cast_of
from forum.live.brokers.memory import Hub, MemoryBroker
from forum.live.connection import Connection
from forum.live.elsewhere import HOLDS, Elsewhere
from forum.live.messages import CastMessage, Screen, encode
from forum.live.news import MOST_HERE, Here, Names, News, decode
from forum.live.news import encode as packed
from forum.live.seal import MOST_APART, Seal
from forum.live.shared_rooms import SharedRooms
from forum.ports import Store
from forum.ports.broker import MOST_BYTES, Broker
from forum.services.sessions import cues, facilitation, tickets
from forum.services.sessions.desk import Desk
from forum.sessions.participant_view import Mine
from forum.sessions.session import Entrance
from forum.sessions.view import RoomView
from forum.voting.question import Terms


def draw(kind: Screen, view: RoomView, language: str) -> str:
    return f"<p>{kind} {view.session.title} {view.session.cue.kind} {view.round.state if view.round else ''}</p>"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the beat quick: nothing here waits for seconds."""
    for name, seconds in (("BEAT", 0.02), ("RENEWED", 0.1), ("LOOK", 0.1), ("LOOK_VOTING", 0.1), ("WHOLE", 0.1)):
        monkeypatch.setattr(shared_rooms, name, seconds)


class Processes:
    """Rooms of several processes over one store."""

    def __init__(self, store: Store, brokers: Callable[[], Broker]) -> None:
        self._store = store
        self._brokers = brokers
        self.all: list[SharedRooms] = []

    async def start(self, number: int) -> list[SharedRooms]:
        for _ in range(number):
            rooms = SharedRooms(
                self._store, CLOCK, draw, lambda words, language: words, 100, broker=self._brokers(), key=b"k" * 32
            )
            await rooms.start()
            self.all.append(rooms)
        return self.all


@pytest.fixture
async def processes(sqlite_store: Store) -> AsyncIterator[Processes]:
    hub = Hub()
    running = Processes(sqlite_store, lambda: UnrulyBroker(MemoryBroker(hub)))
    yield running
    for rooms in running.all:
        await rooms.close()


@pytest.fixture
async def deaf(sqlite_store: Store) -> AsyncIterator[Processes]:
    """Processes whose broker loses every message."""
    hub = Hub()
    running = Processes(sqlite_store, lambda: UnrulyBroker(MemoryBroker(hub), lost=1.0))
    yield running
    for rooms in running.all:
        await rooms.close()


class Watched:
    """A connected screen, with all that it was sent."""

    def __init__(self, kind: Screen, participant: str = "") -> None:
        self.connection = Connection(kind, participant)
        self.seen: list[dict[str, Any]] = []

    async def enter(self, rooms: SharedRooms, session: str) -> Watched:
        await rooms.enter(session, self.connection)
        return self

    async def until(self, *wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Reads on until the last message of its type is as wanted, for each of these."""
        async with asyncio.timeout(20):
            while not all(any(want(m) for m in self._last()) for want in wanted):
                self.seen += [json.loads(frame) for frame in await self.connection.outbox.take()]

    def _last(self) -> list[dict[str, Any]]:
        return list({message["t"]: message for message in self.seen}.values())


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


def tally(**numbers: int) -> Callable[[dict[str, Any]], bool]:
    return lambda m: m["t"] == "tally" and all(m[name] == number for name, number in numbers.items())


def open_round(m: dict[str, Any]) -> bool:
    return bool(m["t"] == "state" and m["round"] and m["round"]["state"] == "open")


async def ask(store: Store, rooms: SharedRooms, session: str, *, live: bool = False) -> str:
    desk = Desk(store, CLOCK)
    asked = (await cues.ask_question(desk, session, "Who?", ["A", "B"], Terms("single", 0, 0, live), none=True)).round
    assert asked is not None
    await facilitation.open_round(desk, session, asked.id)
    await rooms.changed(session)
    return asked.id


async def test_an_act_a_vote_and_a_join_anywhere_reach_the_screens_of_all(
    processes: Processes, sqlite_store: Store
) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 3)
    one, two, three = await processes.start(3)
    assert one.history == two.history == three.history
    walls = [await Watched("projector").enter(rooms, live.id) for rooms in (one, two, three)]
    phone = await Watched("phone", people[0]).enter(two, live.id)
    round_id = await ask(sqlite_store, one, live.id)
    for screen in (*walls, phone):
        await screen.until(open_round)
    (await two.room(live.id)).receive(phone.connection, encode(CastMessage("a", round_id, "r1")))
    # By form, at a process that none of its screens is connected to.
    await three.intake.cast_and_wait(cast_of(CastMessage("b", round_id, "r2"), people[1], CLOCK.now()))
    for wall in walls:
        await wall.until(tally(voted=2, present=1))


async def test_two_devices_of_one_participant_count_once_and_are_told_of_each_others_votes(
    processes: Processes, sqlite_store: Store
) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 2)
    one, two = await processes.start(2)
    wall = await Watched("projector").enter(one, live.id)
    here = await Watched("phone", people[0]).enter(one, live.id)
    there = await Watched("phone", people[0]).enter(two, live.id)
    other = await Watched("phone", people[1]).enter(two, live.id)
    round_id = await ask(sqlite_store, one, live.id)
    await wall.until(tally(present=2))
    (await one.room(live.id)).receive(here.connection, encode(CastMessage("a", round_id, "r1")))
    await there.until(lambda m: m["t"] == "mine" and [y["choice"] for y in m["yours"]] == ["r1"])
    # One of them goes: the other is still here. The last of a participant is nobody's to count any more.
    (await one.room(live.id)).leave(here.connection)
    (await two.room(live.id)).leave(other.connection)
    await wall.until(tally(present=1))
    (await two.room(live.id)).leave(there.connection)
    await wall.until(tally(present=0))


async def test_after_a_gap_everybody_is_told_what_is_theirs_and_nothing_older_than_what_they_know(
    deaf: Processes, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    one, two = await deaf.start(2)
    round_id = await ask(sqlite_store, one, live.id)
    there = await Watched("phone", people[0]).enter(two, live.id)
    await eventually(lambda: two._shared[live.id].number > 0)
    await one.intake.cast_and_wait(cast_of(CastMessage("a", round_id, "r1"), people[0], CLOCK.now()))
    two._back(live.id)
    await there.until(lambda m: m["t"] == "mine" and [y["choice"] for y in m["yours"]] == ["r1"])

    room, real = await two.room(live.id), two.reads.own

    async def then_votes(participant: str, view: RoomView) -> Mine:
        own = await real(participant, view)
        monkeypatch.setattr(two.reads, "own", real)
        room.receive(there.connection, encode(CastMessage("b", round_id, "r2")))
        await eventually(lambda: any(m["t"] == "ack" for m in there.seen))
        return own

    monkeypatch.setattr(two.reads, "own", then_votes)
    there.seen.clear()
    two._back(live.id)
    await there.until(lambda m: m["t"] == "mine")
    assert [[y["choice"] for y in m["yours"]] for m in there.seen if m["t"] == "mine"] == [["r2"]]


async def test_without_any_hint_screens_end_equal_to_the_database(deaf: Processes, sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 2)
    one, two = await deaf.start(2)
    wall = await Watched("projector").enter(two, live.id)
    round_id = await ask(sqlite_store, one, live.id)
    await wall.until(open_round)
    await one.intake.cast_and_wait(cast_of(CastMessage("a", round_id, "r1"), people[0], CLOCK.now()))
    await wall.until(tally(voted=1))
    # Neither is a number believed that some message brought.
    room = await two.room(live.id)
    room.counted(round_id, 900)
    assert room.voted == 900
    await eventually(lambda: room.voted == 1)
    # Data that goes back is another history for all.
    before = two.history
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, version=1))
    await wall.until(lambda m: m["t"] == "bye" and m["why"] == "anew")
    again = await Watched("projector").enter(one, live.id)
    await again.until(lambda m: m["t"] == "state" and m["v"] == 1)
    await eventually(lambda: one.history == two.history != before)


async def test_what_changes_without_a_version_is_seen_within_two_looks(deaf: Processes, sqlite_store: Store) -> None:
    """As where a moderator holds a story: nothing of the session has changed."""
    live, _ = await a_room(sqlite_store, ["g1"])
    [rooms] = await deaf.start(1)
    await Watched("projector").enter(rooms, live.id)
    room, shared = await rooms.room(live.id), rooms._shared[live.id]
    await eventually(lambda: shared.looks > 0)
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, title="Another title"))
    shared.looks = 0
    await eventually(lambda: room.view.session.title == "Another title")
    assert shared.looks <= 4, "one look had begun, and the next may be within WHOLE"


@pytest.mark.parametrize("reader", ["who joins", "a console"])
async def test_what_is_held_goes_from_every_screen_though_it_was_read_for_consoles_first(
    deaf: Processes, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    """Somebody joins, or a console comes, between the act at another process and its hint, which is lost here."""
    monkeypatch.setattr(shared_rooms, "WHOLE", 3600)
    live, people = await a_room(sqlite_store, ["g1"] * 2)
    [rooms] = await deaf.start(1)
    phone = await Watched("phone", people[0]).enter(rooms, live.id)
    wall = await Watched("projector").enter(rooms, live.id)
    await Watched("console").enter(rooms, live.id)
    room, shared = await rooms.room(live.id), rooms._shared[live.id]
    await eventually(lambda: shared.looks > 0)
    version = room.version
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, title="Another title"))
    if reader == "a console":
        await Watched("console").enter(rooms, live.id)
    else:
        await rooms._show_arrivals(live.id)
    late = await Watched("phone", people[1]).enter(rooms, live.id)
    for screen in (phone, wall, late):
        await screen.until(lambda m: m["t"] in ("state", "change") and "Another title" in str(m) and m["v"] == version)


async def test_who_is_sent_away_goes_everywhere_also_where_the_hint_is_lost(
    processes: Processes, deaf: Processes, sqlite_store: Store
) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    one, two = await processes.start(2)
    phone = await Watched("phone", people[0]).enter(two, live.id)
    one.expel(live.id, people[0])
    await phone.until(lambda m: m["t"] == "bye" and m["why"] == "replaced")
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, entrance=Entrance.TICKETS))
    session = replace(session, entrance=Entrance.TICKETS)
    [first, second] = await tickets.issue(sqlite_store, CLOCK, live.id, None, 2)
    [alone] = await deaf.start(1)
    who = await tickets.admit(sqlite_store, CLOCK, session, first.code, "d" * 64)
    guest = await Watched("phone", who.id).enter(alone, live.id)
    await tickets.revoke(sqlite_store, CLOCK, live.id, 1)
    await guest.until(lambda m: m["t"] == "bye" and m["why"] == "replaced")
    # A lost phone goes when its ticket is renewed, though its participant has the new one.
    who = await tickets.admit(sqlite_store, CLOCK, session, second.code, "e" * 64)
    lost = await Watched("phone", who.id).enter(alone, live.id)
    await tickets.renew(sqlite_store, CLOCK, live.id, 2)
    await lost.until(lambda m: m["t"] == "bye" and m["why"] == "replaced")


async def test_nobodys_vote_follows_from_the_live_counts_of_two_processes(
    processes: Processes, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the count is drawn once for all: two draws of the same ballots could be averaged, and two of one
    ballot more or less subtracted."""
    drawn: list[int] = []

    def so_far(counts: object, n: int, least: int, blur: object) -> dict[str, int]:
        drawn.append(n)
        return {"r1": len(drawn)}

    monkeypatch.setattr(live_count, "so_far", so_far)
    live, people = await a_room(sqlite_store, ["g1"] * 60)
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, entrance=Entrance.TICKETS))
    one, two = await processes.start(2)
    walls = [await Watched("projector").enter(rooms, live.id) for rooms in (one, two)]
    round_id = await ask(sqlite_store, one, live.id, live=True)
    for wall in walls:
        await wall.until(open_round)
    for at, person in enumerate(people):
        rooms = (one, two)[at % 2]
        await rooms.intake.cast_and_wait(cast_of(CastMessage(f"c{at}", round_id, "r1"), person, CLOCK.now()))
        await asyncio.sleep(0)
    for wall in walls:
        await wall.until(tally(voted=60))
    least = (await one.room(live.id)).count.least
    assert len(drawn) >= 2, "both processes had something to draw"
    assert all(later - earlier >= least for earlier, later in pairwise(drawn)), drawn
    # What was shown anywhere was drawn; both end with the same.
    last = {"r1": len(drawn)}
    for wall in walls:
        await wall.until(lambda m: m["t"] == "tally" and m.get("so_far") == last)


# ---------------------------------------------------------------- messages


def test_a_process_that_says_nothing_more_is_forgotten_and_an_older_message_not_heeded() -> None:
    there = Elsewhere(Names(b"k"))
    name = (7).to_bytes(8, "little")
    assert there.take(Here("p", 2, connected=name), 0.0)
    assert not there.take(Here("p", 2, connected=name), 1.0)
    assert not there.take(Here("p", 1), 1.0)
    assert not there.take(Here("q", 1, connected=b"123"), 1.0)
    assert there.phones.present == 1
    assert not there.age(HOLDS - 0.1)
    assert there.age(HOLDS)
    assert there.phones.present == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"[]",
        packed(News("p"))[:-1],
        packed(News("p" * 33)),
        packed(News("p", own=[-1])),
        packed(News("p", own=[1] * 2_001)),
        packed(Here("p", 1, connected=b"x" * (8 * MOST_HERE + 1))),
        packed(Here("p", -1)),
        b"\x91" * 5_000,
        b"\xc0" * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_message_is_dropped(data: bytes) -> None:
    assert decode(data) is None


def test_a_name_says_nothing_without_the_key() -> None:
    names, others = Names(b"k"), Names(b"l")
    name = names.of("somebody")
    assert name != others.of("somebody")
    assert (names.known(name), others.known(name)) == ("somebody", "")


def test_what_a_stranger_on_the_broker_sends_is_no_message() -> None:
    seal, other = Seal(b"the key of all processes"), Seal(b"another key")
    message = packed(News("somebody", changed=True, expelled=[1]))
    sent = seal.put("a session", message)
    for forged in (message, sent[1:], sent[:-1], other.put("a session", message), b""):
        assert seal.taken("a session", forged) is None
    # Nor is one of another session's.
    assert seal.taken("another session", sent) is None
    assert seal.taken("a session", sent) == message


def test_a_message_is_taken_once_in_whatever_order_and_by_nobody_long_after_it_was_sent() -> None:
    now = 1000.0
    sender, here = Seal(b"k", lambda: now), Seal(b"k", lambda: now)
    sent = [sender.put("t", str(at).encode()) for at in range(5000)]
    order = [*range(40, 60), *range(40), *range(60, 5000)]
    assert [here.taken("t", sent[at]) for at in order] == [str(at).encode() for at in order]
    assert [here.taken("t", one) for one in sent] == [None] * 5000
    behind, ahead = (Seal(b"k", lambda apart=apart: now + apart) for apart in (-MOST_APART - 1, MOST_APART + 1))  # type: ignore[misc]
    assert behind.taken("t", sent[0]) is None
    assert ahead.taken("t", sent[0]) is None
    assert Seal(b"k", lambda: now + MOST_APART - 1).taken("t", sent[0]) == b"0"


async def test_a_name_that_was_overheard_sends_nobody_away(processes: Processes) -> None:
    [rooms] = await processes.start(1)
    live, [person] = await a_room(processes._store, ["g1"])
    phone = Connection("phone", person)
    await rooms.enter(live.id, phone)
    overheard = packed(News("somebody", expelled=[rooms._names.of(person)]))
    rooms._hear(live.id, overheard)
    assert not phone.outbox.closing
    rooms._hear(live.id, rooms._seal.put(rooms._teller.topic(live.id), overheard))
    assert phone.outbox.closing


async def test_a_room_that_was_left_is_heard_of_when_somebody_comes_back(
    processes: Processes, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said with an old number is not heeded, and somebody would count as away until their process is
    forgotten."""
    live, people = await a_room(sqlite_store, ["g1"])
    [rooms] = await processes.start(1)
    said: list[int] = []
    here = rooms._teller.here

    def noted(session_id: str, message: Here) -> None:
        said.append(message.number)
        here(session_id, message)

    monkeypatch.setattr(rooms._teller, "here", noted)
    for _ in range(3):
        before = len(said)
        phone = await Watched("phone", people[0]).enter(rooms, live.id)
        await eventually(lambda before=before: len(said) > before + 2)  # type: ignore[misc]
        (await rooms.room(live.id)).leave(phone.connection)
        rooms.left(live.id)
    assert said == sorted(set(said))
