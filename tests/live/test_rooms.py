"""A room of this process: what screens are sent, with a real store behind it and a drawing function in front."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest
from support.factories import CLOCK, a_room, new_id
from support.faulty_store import AwayStore

from forum.errors import RoomFull
from forum.live import rooms as rooms_module
from forum.live.ballot_box import cast_of
from forum.live.connection import Connection
from forum.live.late_votes import with_late_votes
from forum.live.message_allowance import BURST, COMINGS, PATIENCE, UNREADABLE
from forum.live.messages import GOODBYES, MAX_MESSAGE, CastMessage, Ping, Screen, encode
from forum.live.messages import VERSION as WIRE_VERSION
from forum.live.room import MOST_SCREENS, MOST_SOCKETS, Room
from forum.live.rooms import Rooms
from forum.ports import Store, Work
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import participant_views_of, room_view_of
from forum.sessions.participant_view import Mine
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import ConsoleView, RoomView


def draw(kind: Screen, view: RoomView, language: str) -> str:
    return f"<p>{kind} {view.session.cue.kind}</p>"


def joined_in(view: RoomView) -> dict[str | None, int | None]:
    """Returns the numbers of those who joined by group, as consoles show them; none for other screens."""
    return dict(view.joined) if isinstance(view, ConsoleView) else {}


def the_rooms(store: Store) -> Rooms:
    return Rooms(store, CLOCK, draw, lambda words, language: words)


async def sent(connection: Connection) -> list[dict[str, Any]]:
    """Takes everything that is in the outbox now."""
    return [json.loads(frame) for frame in await connection.outbox.take()]


async def taken_now(connection: Connection) -> list[dict[str, Any]]:
    """Takes the messages that have come for a screen by now; there may be none."""
    connection.outbox.answer("{}")
    return [message for message in await sent(connection) if message]


async def until(connection: Connection, kind: str) -> dict[str, Any]:
    """Waits for the next message of this type; whatever comes before it is passed over."""
    while True:
        for message in await sent(connection):
            if message["t"] == kind:
                return message


async def an_open_round(store: Store, session: str, rooms: Rooms) -> str:
    desk = Desk(store, CLOCK)
    asked = (await cues.ask_question(desk, session, "Who?", ["A nurse", "The police"], none=True)).round
    assert asked is not None
    await facilitation.open_round(desk, session, asked.id)
    await rooms.changed(session)
    return asked.id


async def enter(room: Room, participant: str = "", kind: Screen = "phone") -> Connection:
    connection = Connection(kind, participant)
    room.enter(connection)
    await sent(connection)
    return connection


async def a_phone_in_a_vote(store: Store) -> tuple[Rooms, Room, Connection, str]:
    """Opens a vote in a room with one phone; returns the rooms, the room, the phone and the round's id."""
    live, people = await a_room(store, ["g1"])
    rooms = the_rooms(store)
    room = await rooms.room(live.id)
    phone = await enter(room, people[0])
    round_id = await an_open_round(store, live.id, rooms)
    return rooms, room, phone, round_id


async def test_a_screen_gets_hello_state_and_tally(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    connection = Connection("phone", people[0])
    (await rooms.room(live.id)).enter(connection)
    hello, state, tally = await sent(connection)
    assert (hello["t"], hello["version"], hello["yours"]) == ("hello", WIRE_VERSION, [])
    assert (state["t"], state["v"], state["html"]) == ("state", 1, "<p>phone welcome</p>")
    assert tally == {"t": "tally", "round": None, "voted": 0, "present": 1}


@pytest.mark.parametrize("kind", ["phone", "tablet", "projector"])
async def test_a_screen_that_comes_back_is_sent_what_has_changed_and_nothing_else(
    sqlite_store: Store, kind: Screen
) -> None:
    """Also what changed without a version, as where a moderator holds a story while its socket is down."""
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = Rooms(sqlite_store, CLOCK, lambda *of: f"{of[0]} {of[1].session.title}", lambda words, language: words)
    room = await rooms.room(live.id)
    await enter(room, kind="console")
    shows = room.drawn(kind, "en").mark

    async def comes_back() -> list[dict[str, Any]]:
        screen = Connection(kind, people[0] if kind == "phone" else "", shows=shows)
        await rooms.enter(live.id, screen, room.history)
        return await sent(screen)

    assert [m["t"] for m in await comes_back()] == ["hello", "tally"]
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(live.id)
        await work.sessions.save_session(replace(session, title="Held"))
    await rooms.changed(live.id)
    [_, state, _] = await comes_back()
    assert (state["v"], state["html"]) == (live.version, f"{kind} Held")
    shows = state["mark"]
    assert [m["t"] for m in await comes_back()] == ["hello", "tally"]
    # A version is a state of its own, also where it looks the same.
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(replace(session, title="Held", version=live.version + 1))
    await rooms.changed(live.id)
    assert [m.get("v") for m in await comes_back() if m["t"] == "state"] == [live.version + 1]


async def test_data_that_goes_back_under_a_running_server_is_another_history(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, [])
    other, _ = await a_room(sqlite_store, [])
    rooms = the_rooms(sqlite_store)
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(replace(live, version=9))
    seen, elsewhere = Connection("phone"), Connection("projector")
    await rooms.enter(live.id, seen)
    await rooms.enter(other.id, elsewhere)
    [hello, state, _] = await sent(seen)
    assert (state["v"], (await sent(elsewhere))[0]["history"]) == (9, hello["history"])
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(replace(live, version=8))
    await rooms.changed(live.id)
    for connection in (seen, elsewhere):
        assert [(m["t"], m.get("why"), m.get("again")) for m in await sent(connection)] == [("bye", "anew", True)]
    # Whoever comes back with what it saw in the other history gets what is on now, also where it is the same.
    mark = state["mark"]
    for _ in range(2):
        again = Connection("phone", shows=mark)
        await rooms.enter(live.id, again, hello["history"])
        [anew, state, _] = await sent(again)
        assert anew["history"] != hello["history"]
        assert state["v"] == 8
        mark = state["mark"]
    same = Connection("phone", shows=mark)
    await rooms.enter(live.id, same, anew["history"])
    assert [m["t"] for m in await sent(same)] == ["hello", "tally"]


async def test_every_kind_of_screen_gets_its_own_drawing_made_once(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    drawn: list[str] = []

    def counting(kind: Screen, view: RoomView, language: str) -> str:
        drawn.append(kind)
        return kind

    rooms = Rooms(sqlite_store, CLOCK, counting, lambda words, language: words)
    room = await rooms.room(live.id)
    screens = [await enter(room, p) for p in people] + [await enter(room, kind="projector") for _ in range(3)]
    drawn.clear()
    await an_open_round(sqlite_store, live.id, rooms)
    assert [(await until(s, "state"))["html"] for s in screens] == ["phone", "phone"] + ["projector"] * 3
    assert sorted(drawn) == ["phone", "projector"]


async def test_of_sessions_that_nobody_watches_any_more_nothing_is_kept(sqlite_store: Store) -> None:
    rooms = the_rooms(sqlite_store)
    for _ in range(3):
        live, participants = await a_room(sqlite_store, ["nurses"])
        screen = Connection("phone", participants[0])
        room = await rooms.enter(live.id, screen)
        await rooms.changed(live.id)
        room.leave(screen)
        rooms.left(live.id)
    assert (len(rooms._rooms), len(rooms._reading), len(rooms._unlike)) == (0, 0, 0)


async def test_a_reading_that_no_question_has_is_no_drawing_of_its_own(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    acts = Desk(sqlite_store, CLOCK)
    await enter(room, people[0])
    plain = room.drawn("phone", "cy")
    assert all(room.drawn("phone", f"cy+{other}") is plain for other in ("aa", "ab", "easy"))
    asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=True)).round
    assert asked is not None
    await care.reword(Desk(sqlite_store, CLOCK), live.id, asked.id, "easy", "Who comes?", {})
    await rooms.changed(live.id)
    assert room.drawn("phone", "cy+easy") is not room.drawn("phone", "cy") is room.drawn("phone", "cy+aa")


async def test_a_cast_is_acknowledged_and_everybody_hears_how_many_voted(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g2"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    phone, other = [await enter(room, p) for p in people]
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    room.receive(phone, encode(CastMessage("c1", round_id, "r1", "because")))
    assert await until(phone, "ack") == {"t": "ack", "cast": "c1", "round": round_id, "choice": "r1", "changed": False}
    while (await until(other, "tally"))["voted"] != 1:
        pass
    assert room.voted == 1


async def test_a_vote_that_is_stored_while_the_room_is_read_is_counted_on_every_screen(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the last one: nothing would count it later."""
    live, people = await a_room(sqlite_store, ["g1"] * 3)
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    wall = await enter(room, kind="projector")
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    plain, casting = room_view_of, iter(people)

    async def read(work: Work, session: LiveSession) -> RoomView:
        view = await plain(work, session)
        cast = cast_of(CastMessage(new_id(), round_id, "r1"), next(casting), CLOCK.now())
        await rooms.intake.cast_and_wait(cast)
        return view

    monkeypatch.setattr(rooms_module, "room_view_of", read)
    await rooms.changed(live.id)
    assert (room.voted, room.tally.voted) == (1, 1)
    assert [m["voted"] for m in await taken_now(wall) if m["t"] == "tally"][-1] == 1
    # Nor is it lost to a room that is just being opened.
    room.leave(wall)
    rooms.left(live.id)
    assert (await rooms.room(live.id)).voted == 2
    # What is heard of a vote that was closed or annulled meanwhile does not count.
    await facilitation.annul_round(Desk(sqlite_store, CLOCK), live.id, round_id, "Nobody heard the question.")
    await rooms.changed(live.id)
    async with sqlite_store.read() as work:
        view = await plain(work, await work.sessions.get_session(live.id))
    assert with_late_votes(view, {round_id: 9}).voted == view.voted == (await rooms.room(live.id)).voted


async def test_a_vote_and_its_answer_say_nothing_of_how_others_vote(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g2"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    phone, other, wall = await enter(room, people[0]), await enter(room, people[1]), await enter(room, kind="projector")
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    for screen in (other, wall):
        await until(screen, "state")
    room.receive(phone, encode(CastMessage("c1", round_id, "r2")))
    await until(phone, "ack")
    for screen in (other, wall):
        while (message := await until(screen, "tally"))["voted"] != 1:
            pass
        assert set(message) == {"t", "round", "voted", "present"}


async def test_the_same_cast_again_gets_the_same_answer(sqlite_store: Store) -> None:
    _, room, phone, round_id = await a_phone_in_a_vote(sqlite_store)
    frame = encode(CastMessage("c1", round_id, "r1"))
    for _ in range(3):
        room.receive(phone, frame)
        assert (await until(phone, "ack"))["changed"] is False
    room.receive(phone, encode(CastMessage("c2", round_id, "r2")))
    assert (await until(phone, "ack"))["changed"] is True
    room.receive(phone, frame)
    assert (await until(phone, "ack"))["changed"] is False
    async with sqlite_store.read() as work:
        assert [b.choice for b in await work.rounds.ballots(round_id)] == ["r2"]


async def test_a_late_ballot_is_told_so(sqlite_store: Store) -> None:
    _, room, phone, round_id = await a_phone_in_a_vote(sqlite_store)
    await facilitation.close_round(Desk(sqlite_store, CLOCK), room.view.session.id, round_id)
    room.receive(phone, encode(CastMessage("c1", round_id, "r1")))
    refused = await until(phone, "refused")
    assert (refused["code"], refused["cast"]) == ("closed", "c1")
    assert "not counted" in refused["words"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "malformed"),
        ("{", "malformed"),
        ("[]", "malformed"),
        ('{"t":"nonsense"}', "malformed"),
        ('{"t":"cast","id":"c","round":"r"}', "malformed"),
        ('{"t":"cast","id":"c","round":"r","choice":1}', "malformed"),
        ('{"t":"cast","id":"c","round":"r","choice":"r1","extra":1}', "malformed"),
        (b"\xff\xfe", "malformed"),
        ("[" * 5000, "malformed"),
        ('{"t":"ping","pad":"' + "x" * MAX_MESSAGE + '"}', "too_large"),
        (encode(CastMessage("c", "r", "r1", "x" * 501)), "reason_too_long"),
        (encode(CastMessage("c", "0" * 32, "r1")), "unknown_round"),
    ],
)
async def test_what_is_not_understood_is_refused_and_the_socket_lives_on(
    sqlite_store: Store, frame: str | bytes, code: str
) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    room = await the_rooms(sqlite_store).room(live.id)
    phone = await enter(room, people[0])
    room.receive(phone, frame)
    assert (await until(phone, "refused"))["code"] == code
    room.receive(phone, encode(Ping()))
    assert await until(phone, "pong") == {"t": "pong"}


async def test_who_keeps_sending_nonsense_is_sent_away(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    phone = await enter(room, people[0])
    for _ in range(int(UNREADABLE) - 1):
        room.receive(phone, "nonsense")
    assert not phone.outbox.closing
    room.leave(phone)
    phone = await enter(room, people[0])  # by another socket it begins where it was
    room.receive(phone, "nonsense")
    messages = await sent(phone)
    assert messages[-1] == {"t": "bye", "why": "malformed", "again": False, "words": GOODBYES["malformed"]}
    assert await phone.outbox.take() == []
    assert rooms.kept_out(people[0])


async def test_who_breaks_off_one_socket_after_the_other_or_comes_without_end_stays_out(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1", "g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    for times, who, broken in ((1, people[0], True), (int(COMINGS), people[1], False)):
        for _ in range(times):
            room.leave(await enter(room, who), lost=True, broken=broken)
        assert not rooms.kept_out(who)
        room.leave(await enter(room, who), lost=True, broken=broken)
        assert rooms.kept_out(who)
    assert not rooms.kept_out(people[2])


@pytest.mark.parametrize("kind", ["phone", "tablet", "projector", "console"])
async def test_who_is_far_too_fast_is_sent_away_stays_out_and_is_heard_no_more(
    sqlite_store: Store, kind: Screen
) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    mine = people[0] if kind == "phone" else ""
    fast, other = await enter(room, mine, kind), await enter(room, people[1])
    answers: list[dict[str, Any]] = []
    while not fast.outbox.closing:
        room.receive(fast, encode(Ping()))
        answers += await taken_now(fast) if len(answers) < BURST + PATIENCE else []
    assert len(answers) >= BURST + PATIENCE
    assert (await sent(fast))[-1] == {
        "t": "bye", "why": "too_fast", "again": False, "words": GOODBYES["too_fast"],
    }  # fmt: skip
    room.receive(fast, encode(CastMessage("c1", round_id, "r1")))
    room.receive(other, encode(CastMessage("c2", round_id, "r1")))
    await rooms.intake.drain()
    async with sqlite_store.read() as work:
        assert await work.rounds.voted([round_id]) == {round_id: 1}, "only the other's"
    # By another socket, or to another session of the same process, neither.
    assert (rooms.kept_out(people[0]) > 0) is (kind == "phone")
    assert not rooms.kept_out(people[1])


async def test_tabs_of_one_participant_share_what_they_may_send(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    room = await the_rooms(sqlite_store).room(live.id)
    tabs = [await enter(room, people[0]) for _ in range(3)]
    for _ in range(int(BURST) // 3):
        for tab in tabs:
            room.receive(tab, encode(Ping()))
    assert {m["t"] for tab in tabs for m in await sent(tab)} == {"pong"}
    room.receive(tabs[0], encode(Ping()))
    assert [m["t"] for m in await sent(tabs[0])] == ["refused"]
    other = await enter(room, people[1])
    room.receive(other, encode(Ping()))
    assert [m["t"] for m in await sent(other)] == ["pong"]


async def test_one_socket_too_many_closes_the_participants_oldest(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    room = await the_rooms(sqlite_store).room(live.id)
    other = await enter(room, people[1])
    tabs = [await enter(room, people[0]) for _ in range(MOST_SOCKETS)]
    assert not any(tab.outbox.closing for tab in tabs)
    for number in (1, 2):
        tabs.append(await enter(room, people[0]))
        assert [tab.outbox.closing for tab in tabs] == [True] * number + [False] * MOST_SOCKETS
    goodbye = {"t": "bye", "why": "too_many", "again": False, "words": GOODBYES["too_many"]}
    assert [(await taken_now(tab))[-1] for tab in tabs[:2]] == [goodbye, goodbye]
    assert await taken_now(other) == []
    # The two have gone, and one by itself: there is room for one more.
    for gone in (tabs[0], tabs[1], tabs[5]):
        room.leave(gone)
    last = await enter(room, people[0])
    assert not any(tab.outbox.closing for tab in [*tabs[2:], last, other])


@pytest.mark.parametrize("kind", ["tablet", "projector", "console"])
async def test_a_screen_that_finds_no_room_waits_and_those_that_are_here_stay(
    sqlite_store: Store, kind: Screen
) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    screens = [Connection(kind) for _ in range(MOST_SCREENS)]
    for screen in screens:
        room = await rooms.enter(live.id, screen)
    with pytest.raises(RoomFull):
        await rooms.enter(live.id, Connection(kind))
    for more in [Connection(other) for other in ("tablet", "projector", "console") if other != kind]:
        await rooms.enter(live.id, more)
    await rooms.enter(live.id, Connection("phone", people[0]))
    room.leave(screens[0])
    await rooms.enter(live.id, Connection(kind))
    assert not any(screen.outbox.closing for screen in screens)


async def test_too_many_messages_at_once_are_refused_with_the_ballots_id(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    room = await the_rooms(sqlite_store).room(live.id)
    phone = await enter(room, people[0])
    for _ in range(int(BURST)):
        room.receive(phone, encode(Ping()))
    room.receive(phone, encode(CastMessage("c9", new_id(), "r1")))
    assert {"t": "refused", "code": "too_fast", "cast": "c9"}.items() <= (await sent(phone))[-1].items()


async def test_a_projector_cannot_vote(sqlite_store: Store) -> None:
    live, _people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    wall = await enter(room, kind="projector")
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    room.receive(wall, encode(CastMessage("c1", round_id, "r1")))
    assert (await until(wall, "refused"))["code"] == "not_joined"


async def test_two_tabs_of_one_phone_are_one_person_present(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    room = await the_rooms(sqlite_store).room(live.id)
    first, second = await enter(room, people[0]), await enter(room, people[0])
    await enter(room, people[1])
    assert room.present == 2
    room.leave(first)
    assert room.present == 2
    room.leave(second)
    assert room.present == 1


async def test_every_screen_of_a_participant_hears_what_counts_and_nobody_elses_does(sqlite_store: Store) -> None:
    live, [mine, other] = await a_room(sqlite_store, ["g1", "g2"])
    rooms = the_rooms(sqlite_store)
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    one, two, three = Connection("phone", mine), Connection("phone", mine), Connection("phone", other)
    wall = Connection("projector")
    for connection in (one, two, three, wall):
        await rooms.enter(live.id, connection)
        await sent(connection)
    room = await rooms.room(live.id)
    room.receive(one, encode(CastMessage("a", round_id, "r1", "Because.", "if")))
    ballot = {"round": round_id, "choice": "r1", "reason": "Because.", "condition": "if"}
    for connection in (one, two):
        assert (await until(connection, "mine"))["yours"] == [ballot]
    # Another tab changes it; a change by form, or by polling, is heard by both.
    room.receive(two, encode(CastMessage("b", round_id, "r2")))
    for connection in (one, two):
        assert [y["choice"] for y in (await until(connection, "mine"))["yours"]] == ["r2"]
    await rooms.intake.cast_and_wait(cast_of(CastMessage("c", round_id, "none"), mine, CLOCK.now()))
    rooms.mine(live.id, mine)
    for connection in (one, two):
        assert [y["choice"] for y in (await until(connection, "mine"))["yours"]] == ["none"]
    # A phone with one tab is told by its answer alone, and of nobody else anything but numbers.
    room.receive(three, encode(CastMessage("d", round_id, "r1")))
    await until(three, "ack")
    await rooms.intake.drain()
    rooms.mine(live.id, "nobody")
    told = [m for connection in (one, two, three, wall) for m in await taken_now(connection)]
    assert {m["t"] for m in told} <= {"tally"}


async def test_what_a_tab_sends_while_another_comes_in_is_heard_by_it(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, [mine] = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    one, late = Connection("phone", mine), Connection("phone", mine)
    await rooms.enter(live.id, one)
    room = await rooms.room(live.id)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(work: Work, participants: Collection[str], view: RoomView) -> dict[str, Mine]:
        own = await participant_views_of(work, participants, view)
        if not reading.is_set():
            reading.set()
            await go_on.wait()
        return own

    monkeypatch.setattr("forum.live.phone_reads.participant_views_of", slowly)
    entering = asyncio.create_task(rooms.enter(live.id, late))
    await reading.wait()
    room.receive(one, encode(CastMessage("a", round_id, "r1")))
    await until(one, "ack")
    go_on.set()
    await entering
    assert (await until(late, "mine"))["yours"][0]["choice"] == "r1"


async def test_no_act_is_missed_by_a_room_that_is_being_opened(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    desk = Desk(sqlite_store, CLOCK)

    async def act(number: int) -> None:
        await facilitation.pause(desk, live.id, paused=bool(number % 2))
        await rooms.changed(live.id)

    for _ in range(10):
        opening = asyncio.create_task(rooms.room(live.id))
        await asyncio.gather(opening, *(act(n) for n in range(4)))
        room = await opening
        phone = Connection("phone", people[0])
        room.enter(phone)
        async with sqlite_store.read() as work:
            truth = (await work.sessions.get_session(live.id)).version
        assert room.version == truth
        room.leave(phone)
        rooms.left(live.id)


async def test_closing_says_goodbye_after_the_last_ballot(sqlite_store: Store) -> None:
    rooms, room, phone, round_id = await a_phone_in_a_vote(sqlite_store)
    room.receive(phone, encode(CastMessage("c1", round_id, "r1")))
    await rooms.close()
    kinds = [m["t"] for m in await sent(phone)]
    assert kinds.index("ack") < kinds.index("bye")


async def test_consoles_see_who_joins_and_nobody_else_is_disturbed(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    drawn: list[str] = []

    def counting(kind: Screen, view: RoomView, language: str) -> str:
        drawn.append(kind)
        return f"{sorted(joined_in(view).items(), key=str)}"

    rooms = Rooms(sqlite_store, CLOCK, counting, lambda words, language: words)
    room = await rooms.room(live.id)
    phone, console = await enter(room, people[0]), await enter(room, kind="console")
    drawn.clear()
    async with sqlite_store.begin() as work:
        for _ in range(6):
            await work.sessions.join(Participant(new_id(), live.id, "g2", CLOCK.now()), new_id())
    for _ in range(6):
        rooms.joined(live.id)
    assert (await until(console, "state"))["html"] == "[('g1', None), ('g2', 6)]"
    assert drawn == ["console"]
    phone.outbox.close()
    assert "state" not in [m["t"] for m in await sent(phone)]


async def test_who_joins_while_consoles_are_told_of_others_is_seen_too(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.rooms.ARRIVALS", 0.01)
    live, _ = await a_room(sqlite_store, [])
    rooms = Rooms(sqlite_store, CLOCK, lambda kind, view, language: str(joined_in(view)), lambda words, language: words)
    console = await enter(await rooms.room(live.id), kind="console")
    read, view = asyncio.Event(), rooms._view
    joined_too = asyncio.Event()

    async def slow(session: str) -> RoomView:
        seen = await view(session)
        read.set()
        await joined_too.wait()
        return seen

    async def join() -> None:
        async with sqlite_store.begin() as work:
            for _ in range(6):
                await work.sessions.join(Participant(new_id(), live.id, "g2", CLOCK.now()), new_id())
        rooms.joined(live.id)

    monkeypatch.setattr(rooms, "_view", slow)
    await join()
    await read.wait()
    await join()
    joined_too.set()
    async with asyncio.timeout(10):
        while (await until(console, "state"))["html"] != "{'g2': 12}":
            pass
    await rooms.close()


async def test_a_device_whose_ticket_was_replaced_is_told_and_can_cast_no_more(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1", "g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    old, other = await enter(room, people[0]), await enter(room, people[1])
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    await sent(old)
    rooms.expel(live.id, people[0])
    assert (await until(old, "bye")) == {"t": "bye", "why": "replaced", "again": False}
    assert (room.present, old.outbox.closing, other.outbox.closing) == (1, True, False)
    room.receive(old, encode(CastMessage(new_id(), round_id, "r1")))
    await rooms.intake.drain()
    async with sqlite_store.read() as work:
        assert await work.rounds.voted([round_id]) == {round_id: 0}
    assert await old.outbox.take() == [], "nothing comes after the goodbye"
    room.leave(old)
    assert room.present == 1
    rooms.expel(live.id, people[0])
    rooms.expel(new_id(), people[1])
    rooms.expel(live.id, None)
    assert room.present == 1


async def test_a_device_that_is_on_its_way_while_its_ticket_is_replaced_is_told_and_the_new_one_comes_in(
    sqlite_store: Store,
) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    clock = asyncio.get_running_loop()
    old = Connection("phone", people[0], known=clock.time())
    rooms.expel(live.id, people[0])
    await rooms.enter(live.id, old)
    assert old.outbox.closing
    assert (await until(old, "bye")) == {"t": "bye", "why": "replaced", "again": False}
    await asyncio.sleep(0.01)
    new = Connection("phone", people[0], known=clock.time())
    await rooms.enter(live.id, new)
    assert (new.outbox.closing, (await until(new, "state"))["t"]) == (False, "state")


@pytest.mark.parametrize("gone", [Rooms.left, lambda rooms, _: rooms._begin_anew("f" * 16)], ids=["left", "begun anew"])
async def test_nobody_is_let_into_a_room_that_is_dropped_while_it_is_looked_at(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, gone: Callable[[Rooms, str], None]
) -> None:
    live, _ = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    still = rooms._still

    async def meanwhile(room: Room, seen: LiveSession | None) -> bool:
        stays = await still(room, seen)
        gone(rooms, live.id)
        return stays

    await rooms.room(live.id)  # a page was asked for
    monkeypatch.setattr(rooms, "_still", meanwhile)
    wall = Connection("projector")
    await rooms.enter(live.id, wall)
    await sent(wall)
    await facilitation.pause(Desk(sqlite_store, CLOCK), live.id, paused=True)
    await rooms.changed(live.id)
    async with asyncio.timeout(20):
        assert (await until(wall, "state"))["paused"]


async def test_rooms_of_pages_that_were_asked_for_are_forgotten_unless_somebody_came_in(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "POLLED", 0.05)
    rooms, sessions = the_rooms(sqlite_store), [(await a_room(sqlite_store, ["g1"]))[0].id for _ in range(3)]
    for session in sessions:
        await rooms.room(session)
    kept = await rooms.enter(sessions[0], Connection("projector"))
    await asyncio.sleep(0.3)
    assert rooms._rooms == {sessions[0]: kept}


async def test_consoles_alone_hear_how_phones_are_connected_and_who_was_lost(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 4)
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    console, wall = await enter(room, kind="console"), await enter(room, kind="projector")
    phones = [await enter(room, person) for person in people[:3]]
    room.leave(phones[0], lost=True)
    room.leave(phones[1])
    assert await rooms.polled(live.id, people[3]) is room
    while (message := await until(console, "tally")).get("health") != {"connected": 1, "polling": 1, "lost": 1}:
        pass
    assert message["present"] == room.present == 2
    while (message := await until(wall, "tally"))["present"] != 2:
        pass
    assert "health" not in message


async def test_a_room_that_is_only_polled_is_kept(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    room = await rooms.polled(live.id, people[0])
    rooms.left(live.id)
    assert await rooms.room(live.id) is room


async def test_a_room_without_screens_is_not_read_again_for_every_page(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, _ = await a_room(sqlite_store, ["g1"])
    rooms = the_rooms(sqlite_store)
    read = 0
    plain = room_view_of

    async def counted(work: Work, of: LiveSession) -> RoomView:
        nonlocal read
        read += 1
        return await plain(work, of)

    monkeypatch.setattr("forum.live.rooms.room_view_of", counted)
    monkeypatch.setattr(rooms_module, "FRESH", 1e9)
    first = await rooms.room(live.id)
    for _ in range(20):
        assert await rooms.room(live.id) is first
    assert read == 1
    # What the facilitator did is there at once, whether this process was told of it or another one did it.
    await cues.ask_question(Desk(sqlite_store, CLOCK), live.id, "Who?", ["A nurse", "The police"], none=True)
    assert (await rooms.room(live.id)).view.session.cue.kind == "question"
    assert read == 2
    monkeypatch.setattr(rooms_module, "FRESH", -1.0)
    assert await rooms.room(live.id) is not await rooms.room(live.id)
    assert read == 4


async def test_an_act_is_seen_once_the_database_is_back_though_it_could_not_be_read_just_then(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.rooms.AGAIN", 0.0)
    live, people = await a_room(sqlite_store, ["g1"])
    store = AwayStore(sqlite_store)
    rooms = the_rooms(store)
    phone = await enter(await rooms.room(live.id), people[0])
    await facilitation.pause(Desk(sqlite_store, CLOCK), live.id, paused=True)
    store.away = 3
    await rooms.changed(live.id)  # the act is done: whoever did it is told so
    async with asyncio.timeout(20):
        while not (await until(phone, "state"))["paused"]:
            pass
    assert store.away == 0
    await rooms.close()
