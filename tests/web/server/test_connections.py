"""Connections that only hold a place: they end in time, and first where places are scarce; phones are none of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from support.app import House, a_house
from uvicorn.server import ServerState

from forum.cli.serve import shares
from forum.live.giving_way import LOOK, GivingWay
from forum.settings import Settings
from forum.web.server.connections import LEAST, Connections, Stage
from forum.web.server.frames import Frames
from forum.web.server.protocol import BoundedHttp

GET = b"GET /cookies HTTP/1.1\r\nHost: house.test\r\nAccept-Language: cy\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: house.test\r\nAccept-Language: cy\r\nContent-Type: text/plain\r\n"
HANDSHAKE = (
    b"GET /s/ABC/socket HTTP/1.1\r\nHost: house.test\r\nAccept-Language: cy\r\nOrigin: http://house.test\r\n"
    b"Connection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
IDLE, HEAD, STALL, PROXYS = 15, 20, 30, 150


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path_factory.mktemp("house"), sqlite_template) as house:
        yield house


def settings(**changes: str) -> Settings:
    return Settings.load({"FORUM_TRUSTED_PROXIES": "none"} | changes)


async def true(fact: Callable[[], bool]) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(10):
        while not fact():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def only(door: Door) -> BoundedHttp:
    """Returns the one connection that there is."""
    [connection] = door.connections._http
    assert isinstance(connection, BoundedHttp)
    return connection


class Door:
    """A server's connections, and a port at which they are made."""

    def __init__(self, connections: Connections, port: int) -> None:
        self.connections = connections
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def open(self, sent: bytes = b"", stage: Stage = Stage.IDLE) -> Ends:
        """Opens a connection on which this was sent, once the server has it, in this stage (IDLE, where nothing was
        sent)."""
        before = set(self.connections._http)
        reader, writer = await self.connect()
        writer.write(sent)
        await true(lambda: {c.stage() for c in set(self.connections._http) - before} == {stage})
        return reader, writer

    async def connect(self) -> Ends:
        """Opens a connection, closed with the door."""
        ends = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(ends[1])
        return ends


@asynccontextmanager
async def a_door(
    app: Any, given: Settings, most: int | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Door]:
    config = uvicorn.Config(app, ws=Frames, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    connections = Connections(given, most, clock)
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config=config, server_state=state, app_state={}, connections=connections), "127.0.0.1", 0
    )
    door = Door(connections, server.sockets[0].getsockname()[1])
    try:
        yield door
    finally:
        server.close()
        for writer in door.writers:
            writer.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)


async def ended(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(10):
        try:
            return (await reader.read()).decode()
        except ConnectionError:
            return ""


WAITING = {
    "nothing": (b"", Stage.IDLE, IDLE, ""),
    "half a head": (GET + b"x: y", Stage.HEAD, HEAD, "408"),
    "the first letter": (b"G", Stage.HEAD, HEAD, ""),
    "half a handshake": (HANDSHAKE, Stage.HEAD, HEAD, "408"),
    "half a body": (POST + b"Content-Length: 9\r\n\r\nlogin=", Stage.BODY, STALL, "408"),
    "half a piece of a body": (POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\nlogin=", Stage.BODY, STALL, "408"),
}


@pytest.mark.parametrize("what", WAITING)
async def test_what_never_comes_is_not_waited_for(house: House, what: str) -> None:
    sent, stage, seconds, status = WAITING[what]
    async with a_door(house.app, settings()) as door:
        reader, _ = await door.open(sent, stage)
        for now in (100, 100 + seconds - 1):
            await door.connections.look(now)
        assert door.connections.count == 1
        await door.connections.look(100 + seconds)
        answer = await ended(reader)
        assert answer.startswith(f"HTTP/1.1 {status} " if status else "")
        assert bool(answer) is bool(status)
        if status:
            assert '<html lang="cy"' in answer
            assert "\r\nforum: " in answer


async def test_a_body_that_goes_on_is_waited_for(house: House) -> None:
    async with a_door(house.app, settings()) as door:
        save = POST.replace(b"/sign-in", b"/my-story/a-key/save")  # where a megabyte may come
        reader, writer = await door.open(save + b"Content-Length: 1000000\r\n\r\nx", Stage.BODY)
        connection = only(door)
        now = 0
        for _ in range(3):
            await door.connections.look(now)
            now += STALL
            expected = connection._got + LEAST
            writer.write(b"x" * LEAST)
            await true(lambda: connection._got == expected)  # noqa: B023
        await door.connections.look(now)
        assert connection.stage() is Stage.BODY
        writer.write(b"x" * (LEAST - 1))
        await door.connections.look(now + STALL)
        assert (await ended(reader)).startswith("HTTP/1.1 408 ")


async def test_an_answer_that_is_not_read_is_given_up() -> None:
    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 30_000_000})

    async with a_door(large, settings()) as door:
        reader, writer = await door.open(GET + b"\r\n", Stage.READING)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = only(door)
        held = [1, 0]

        def stands_still() -> bool:
            held.append(connection.transport.get_write_buffer_size())
            return held[-1] == held[-20:][0] and len(held) > 40

        await true(stands_still)
        await door.connections.look(0)
        await door.connections.look(2 * STALL - 1)
        assert door.connections.count == 1
        await door.connections.look(2 * STALL)
        assert door.connections.count == 0
        del reader


async def test_a_proxys_idle_connection_is_kept_longer(house: House) -> None:
    async with a_door(house.app, settings(FORUM_TRUSTED_PROXIES="127.0.0.1")) as door:
        reader, _ = await door.open()
        for now in (0, PROXYS - 1):
            await door.connections.look(now)
        assert door.connections.count == 1
        await door.connections.look(PROXYS)
        assert await ended(reader) == ""


HALF_A_BODY = POST + b"Content-Length: 9\r\n\r\nlogin="


async def test_the_oldest_that_only_holds_a_place_goes_first(house: House) -> None:
    now = [0.0]
    async with a_door(house.app, settings(FORUM_CONNECTIONS_PER_ADDRESS="3"), clock=lambda: now[0]) as door:
        body, _ = await door.open(HALF_A_BODY, Stage.BODY)
        idle, _ = await door.open()
        head, _ = await door.open(GET, Stage.HEAD)
        now[0] = 1.0
        await door.open()
        assert await ended(idle) == ""
        await door.open(GET, Stage.HEAD)
        assert await ended(head) == ""
        assert door.connections.count == 3
        now[0] = 2.0
        for _ in range(3):
            await door.open(HALF_A_BODY, Stage.BODY)
        assert await ended(body) == ""


async def test_whoever_has_just_come_does_not_go_before_those_that_hold_many_bodies(house: House) -> None:
    async with a_door(house.app, settings(FORUM_CONNECTIONS_PER_ADDRESS="4"), clock=lambda: 0.0) as door:
        first, _ = await door.open(HALF_A_BODY, Stage.BODY)
        await door.open(HALF_A_BODY, Stage.BODY)
        _, writer = await door.open()
        await door.open(HALF_A_BODY, Stage.BODY)
        await door.open(HALF_A_BODY, Stage.BODY)
        assert await ended(first) == ""
        assert not writer.is_closing()
        assert sorted(c.stage() for c in door.connections._http) == [Stage.IDLE, *[Stage.BODY] * 3]


async def test_one_upload_does_not_go_before_many_that_have_just_come(house: House) -> None:
    async with a_door(house.app, settings(FORUM_CONNECTIONS_PER_ADDRESS="4"), clock=lambda: 0.0) as door:
        await door.open(HALF_A_BODY, Stage.BODY)
        idle, _ = await door.open()
        for _ in range(3):
            await door.open(GET, Stage.HEAD)
        assert await ended(idle) == ""
        assert sorted(c.stage() for c in door.connections._http) == [*[Stage.HEAD] * 3, Stage.BODY]


@pytest.mark.parametrize(("most", "of_one"), [(2, "4000"), (None, "2")])
async def test_what_is_at_work_is_never_cut_off(most: int | None, of_one: str) -> None:
    waiting = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await waiting.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with a_door(slow, settings(FORUM_CONNECTIONS_PER_ADDRESS=of_one), most) as door:
        readers = [(await door.open(GET + b"Connection: close\r\n\r\n", Stage.WORKING))[0] for _ in range(2)]
        late, _ = await door.connect()
        refused = await ended(late)
        assert refused.startswith("HTTP/1.1 503 ")
        assert "\r\nForum: " in refused
        waiting.set()
        assert [(await ended(reader))[:12] for reader in readers] == ["HTTP/1.1 204"] * 2


async def test_proxies_are_bounded_by_what_there_is_alone(house: House) -> None:
    given = settings(FORUM_TRUSTED_PROXIES="127.0.0.1", FORUM_CONNECTIONS_PER_ADDRESS="1")
    async with a_door(house.app, given, 3) as door:
        first, _ = await door.open()
        for _ in range(3):
            await door.open()
        assert await ended(first) == ""
        assert door.connections.count == 3


async def test_a_websocket_is_counted_until_it_is_gone_and_is_never_idle() -> None:
    async def phone(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async with a_door(phone, settings(), 2) as door:
        reader, writer = await door.connect()
        writer.write(HANDSHAKE + b"\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        for now in (0, 1000, 2000):
            await door.connections.look(now)
        idle, _ = await door.open()
        await door.open()
        assert await ended(idle) == ""
        assert door.connections.count == 2
        writer.close()
        await true(lambda: door.connections.count == 1)


def test_an_address_counts_for_its_place() -> None:
    connections = Connections(settings(FORUM_TRUSTED_PROXIES="10.0.0.0/8, fd00::/8"))
    assert connections.place_of("192.0.2.7") == connections.place_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert connections.place_of("2001:db8::1") == connections.place_of("2001:db8::ffff:2") == "2001:db8::/64"
    assert connections.place_of("2001:db8:0:1::1") == "2001:db8:0:1::/64"
    assert connections.place_of("10.1.2.3") == connections.place_of("fd00::1") == ""


@pytest.mark.parametrize("files", [64, 192, 256, 1024, 4096, 65536, 1048576])
def test_there_are_always_files_left(files: int) -> None:
    backlog, most = shares(files)
    assert most is not None
    assert most >= 1
    assert 1 <= backlog <= 4096
    assert most == 1 or most + backlog + 64 < files


def test_without_a_bound_on_files_there_is_none_on_connections() -> None:
    assert shares(None) == (4096, None)


async def test_one_that_cannot_be_looked_at_ends_and_keeps_no_other_for_ever() -> None:
    class Faulty:
        place, came = "192.0.2.1", 0.0

        def __init__(self, number: int) -> None:
            self.number, self.looked, self.ended = number, 0, False

        def stage(self) -> Stage:
            return Stage.IDLE

        def look(self, now: float) -> None:
            self.looked += 1
            if self.number == 1:
                raise RuntimeError("a bug")

        def cut(self) -> None:
            self.ended = True
            connections.gone(self)

    connections = Connections(settings())
    every = [Faulty(number) for number in range(3)]
    assert all(connections.take(one) for one in every)
    for now in (1.0, 2.0):
        await connections.look(now)
    assert [(one.looked, one.ended) for one in every] == [(2, False), (1, True), (2, False)]
    assert connections.count == 2


@pytest.fixture
def storing(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Gives whether votes are being stored, which they are for long: no door lets anybody in until it is changed."""
    stored = [True]

    def put_off(_self: GivingWay, step: Callable[[], None]) -> bool:
        if stored[0]:
            asyncio.get_running_loop().call_later(LOOK, step)
        return stored[0]

    monkeypatch.setattr(GivingWay, "put_off", put_off)
    return stored


async def test_bytes_before_the_answer_to_a_handshake_end_the_connection_and_give_its_place_back(
    house: House, storing: list[bool]
) -> None:
    async with a_door(house.app, settings()) as door:
        reader, writer = await door.connect()
        writer.write(HANDSHAKE + b"\r\n")
        await true(lambda: bool(door.connections.door._waiting))
        assert (only(door).stage(), door.connections.count) == (Stage.WORKING, 1)
        writer.write(HANDSHAKE + b"\r\n")
        assert await ended(reader) == ""
        await true(lambda: door.connections.count == 0)
        storing[0] = False
        await true(lambda: not door.connections.door._waiting)
        assert door.connections.count == 0


async def test_nobody_is_let_in_who_has_gone_but_what_they_posted_is(storing: list[bool]) -> None:
    asked: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["method"])

    async with a_door(app, settings()) as door:
        for number, sent in enumerate((GET + b"\r\n", POST + b"Content-Length: 1\r\n\r\nx"), 1):
            _, writer = await door.connect()
            writer.write(sent)
            await true(lambda number=number: sum(map(len, door.connections.door._waiting.values())) == number)  # type: ignore[misc]
            writer.transport.abort()
        await true(lambda: door.connections.count == 0)
        storing[0] = False
        await true(lambda: bool(asked))
        assert asked == ["POST"]
