"""Screens that are joined to a room by a line: how they go, whatever the room is doing at the moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket
from support.app import House
from support.closed_sockets import asked
from support.factories import CLOCK, a_room

from forum.errors import ForumError, NotFound, StoreUnavailable
from forum.live.connection import Connection
from forum.live.outbox import AT_ONCE, BEHIND, MOST_ANSWERS, Outbox
from forum.live.room import Room
from forum.live.rooms import Rooms
from forum.live.tally_ticker import PHONES_TICK
from forum.ports import Store
from forum.sessions.participant_view import Mine
from forum.web.errors import CLOSE_NOT_ALLOWED, CLOSE_NOT_FOUND
from forum.web.live import sockets
from forum.web.live.sockets import Seat, _hand_over


class Wire:
    """Line to a peer that can be told to read nothing. Notes what was written, and the codes with which it closed."""

    def __init__(self, *, blocked: bool = False) -> None:
        self.blocked = blocked
        self.deaf = False
        self.written: list[str] = []
        self.codes: list[int] = []
        self.ready: Callable[[], None] = lambda: None

    def hand_over(
        self, receive: Callable[[str | bytes], None], ready: Callable[[], None], went: Callable[[int], None]
    ) -> None:
        """Takes what is to be called."""
        self.ready = ready

    def deafen(self) -> None:
        """Notes it."""
        self.deaf = True

    def write_one(self, frame: str) -> None:
        """Notes a frame."""
        self.write([frame])

    def write(self, frames: Sequence[str]) -> None:
        """Notes frames."""
        assert not self.blocked
        self.written += frames

    def turn_away(self, device: str, seconds: float) -> None:
        """Does nothing: nobody comes back here."""

    def end(self, code: int) -> None:
        """Notes a code, the first only: a socket closes once."""
        self.codes = self.codes or [code]


async def seats(store: Store, *wires: Wire) -> tuple[Rooms, str, list[Connection]]:
    """Joins wires to one participant's screens in a new session's room."""
    live, people = await a_room(store, [None])
    rooms = Rooms(store, CLOCK, lambda kind, view, language: f"<p>{kind}</p>", lambda words, language: words)
    screens = []
    for wire in wires:
        screens.append(Connection("phone", people[0], outbox=Outbox()))
        room = await rooms.enter(live.id, screens[-1])
        _hand_over(wire, Seat(rooms, room, live.id, screens[-1]))
    await asyncio.sleep(0)
    return rooms, live.id, screens


async def test_screens_that_fall_behind_go_while_the_room_speaks_to_all_of_them(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "LAST_WORDS", 0.05)
    asleep, awake, other = Wire(), Wire(), Wire()
    rooms, session, screens = await seats(sqlite_store, asleep, awake, other)
    asleep.blocked = awake.blocked = True
    room = await rooms.room(session)
    for _ in range(MOST_ANSWERS + 1):
        room.tell(screens[0].participant, Mine())
    assert (asleep.deaf, awake.deaf, other.deaf) == (True, True, False)
    await asyncio.sleep(0)
    assert room.devices(screens[0].participant) == 3
    awake.blocked = False
    awake.ready()
    assert awake.written[-1] == BEHIND
    assert awake.codes == [sockets.TRY_LATER]
    assert room.devices(screens[0].participant) == 2
    await asyncio.sleep(0.2)
    assert asleep.codes == [sockets.TRY_LATER]
    assert room.devices(screens[0].participant) == 1
    assert other.codes == []
    assert len(other.written) > MOST_ANSWERS


async def test_all_rooms_say_goodbye_and_are_left(sqlite_store: Store) -> None:
    wires = [Wire(), Wire()]
    rooms, _session, _screens = await seats(sqlite_store, *wires)
    others = Wire()
    live, people = await a_room(sqlite_store, [None])
    screen = Connection("phone", people[0], outbox=Outbox())
    _hand_over(others, Seat(rooms, await rooms.enter(live.id, screen), live.id, screen))
    await rooms.close()
    await asyncio.sleep(0)
    for wire in (*wires, others):
        assert '"restart"' in wire.written[-1]
        assert wire.codes == [sockets.CLOSE_AT_END]
    await rooms.close()


async def a_hall(store: Store, number: int) -> tuple[Rooms, str, list[Wire]]:
    """Joins phones of as many people to a new session's room."""
    live, people = await a_room(store, [None])
    rooms = Rooms(store, CLOCK, lambda kind, view, language: f"<p>{kind}</p>", lambda words, language: words)
    room = await rooms.room(live.id)
    wires = [Wire() for _ in range(number)]
    for one, wire in enumerate(wires):
        screen = Connection("phone", people[0] if one == 0 else f"phone {one}", outbox=Outbox())
        room.enter(screen)
        _hand_over(wire, Seat(rooms, room, live.id, screen))
    await room.told()
    return rooms, live.id, wires


@pytest.mark.parametrize("act", ["changed", "anew", "closed", "counted"])
async def test_whatever_is_said_to_everybody_is_said_in_steps(sqlite_store: Store, act: str) -> None:
    rooms, session, wires = await a_hall(sqlite_store, 3 * AT_ONCE + 1)
    room = await rooms.room(session)
    written = [sum(len(wire.written) for wire in wires)]
    going = asyncio.Event()

    async def steps() -> None:
        while not going.is_set():
            await asyncio.sleep(0)
            written.append(sum(len(wire.written) for wire in wires))

    watching = asyncio.create_task(steps())
    if act == "changed":
        await rooms.changed(session)
    elif act == "anew":
        rooms._begin_anew("another")
    elif act == "closed":
        await rooms.close()
        assert all('"restart"' in wire.written[-1] for wire in wires), "every screen is told before the server ends"
    else:
        room._ticker.send(replace(room._ticker.phones, sent=None))
    await room.told()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    going.set()
    await watching
    most = 2 if act == "changed" else 1  # frames of each: a state has its tally with it
    assert max(after - before for before, after in pairwise(written)) <= most * AT_ONCE
    assert written[-1] - written[0] == most * len(wires)
    ended = [sockets.CLOSE_AT_END] if act in {"anew", "closed"} else []
    assert [wire.codes for wire in wires] == [ended] * len(wires)


async def test_a_room_that_has_said_goodbye_says_nothing_more(sqlite_store: Store) -> None:
    rooms, session, wires = await a_hall(sqlite_store, 3)
    room = await rooms.room(session)
    room.polled("somebody who will count as lost by and by")
    for channel in (room._ticker.screens, room._ticker.phones):
        room._ticker.send(channel)
        channel.sent_at -= PHONES_TICK  # it may send again
    room.goodbye("anew", again=True)
    room.polled("another")
    room.show(room.view)
    await room.told()
    await asyncio.sleep(0)
    assert ['"bye"' in wire.written[-1] for wire in wires] == [True] * 3
    assert [timer for timer in room._ticker.timers if not timer.cancelled()] == [], "nothing keeps it any more"


async def heard(house: House, path: str) -> list[Any]:
    """Opens a websocket, under a server that offers no line, and returns all that it is sent until it is closed."""
    told: list[Any] = []
    here, closed = [{"type": "websocket.connect"}], asyncio.Event()

    async def receive() -> dict[str, Any]:
        if here:
            return here.pop()
        await closed.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(json.loads(message["text"]) if "text" in message else message.get("code", "accepted"))
        if message["type"] == "websocket.close":
            closed.set()

    async with asyncio.timeout(20):
        await house.app(asked(path), receive, send)
    return told


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreUnavailable("The disk is full."), 1011), (NotFound("It is gone."), CLOSE_NOT_FOUND)],
    ids=["database away", "gone"],
)
async def test_a_screen_that_cannot_come_in_after_all_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch, error: ForumError, code: int
) -> None:
    live, _ = await a_room(house.store, [])

    async def refused(*_asked: object) -> None:
        raise error

    monkeypatch.setattr(house.site.rooms, "enter", refused)
    told = await heard(house, f"/projector/{live.projector}/socket")
    assert told == ["accepted", {"t": "bye", "why": error.code, "again": code == 1011}, code]


async def test_a_screen_that_comes_in_while_the_server_stops_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, _ = await a_room(house.store, [])
    rooms = house.site.rooms
    enter = rooms.enter

    async def late(*asked: Any) -> Room:
        await rooms.close()  # says goodbye to everybody, and this one is not here yet
        return await enter(*asked)

    monkeypatch.setattr(rooms, "enter", late)
    told = await heard(house, f"/projector/{live.projector}/socket")
    assert [one["why"] for one in told[1:-1] if one["t"] == "bye"] == ["restart"]
    assert told[-1] == sockets.CLOSE_AT_END


async def test_who_cannot_be_asked_about_by_a_bug_is_shown_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "ASK_AGAIN", 0)
    answers: list[bool | Exception] = [True, StoreUnavailable("away"), True, RuntimeError("a bug")]
    codes: list[int] = []

    async def may() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(code: int) -> None:
        codes.append(code)

    async with asyncio.timeout(20):
        await sockets._guard(may, close)
    assert (answers, codes) == ([], [CLOSE_NOT_ALLOWED])


async def test_a_disk_that_hangs_keeps_the_goodbye_from_nobody(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.rooms.DRAINED", 0.01)
    rooms, _session, wires = await a_hall(sqlite_store, 3)
    hangs = asyncio.Event()

    async def drain() -> None:
        await hangs.wait()

    monkeypatch.setattr(rooms.intake, "drain", drain)
    async with asyncio.timeout(20):
        await rooms.close()
    assert ['"restart"' in wire.written[-1] for wire in wires] == [True] * 3
    hangs.set()


async def test_a_screen_whose_message_cannot_be_taken_does_not_stay_for_ever(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, session, _wires = await a_hall(sqlite_store, 1)
    room = await rooms.room(session)
    screen = Connection("phone", "another", outbox=Outbox())
    room.enter(screen)

    async def message() -> dict[str, Any]:
        return {"type": "websocket.receive", "text": "hello"}

    async def sent(_text: str) -> None:
        """Takes a frame."""

    def failing(*_message: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(room, "receive", failing)
    socket = SimpleNamespace(receive=message, send_text=sent, close=sent)
    async with asyncio.timeout(20):
        await sockets._pass_on(cast(WebSocket, socket), Seat(rooms, room, session, screen), None)
    assert room.devices("another") == 0
    assert room.health.lost == 1
