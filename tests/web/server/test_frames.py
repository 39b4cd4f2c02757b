"""Bytes of websockets by the thousand, against uvicorn with forum.web.server.frames: whoever else is there has their
turn."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from support.jumping_loop import run_jumping
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from forum.live.line import LINE, Line
from forum.settings import Settings
from forum.web.server import frames
from forum.web.server.configuration import configured
from forum.web.server.connections import Connections
from forum.web.server.frames import BURST, MOST_LATE, Frames
from forum.web.server.wire import Wire

_HEAD = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_EMPTY = 6  # bytes of an empty frame
_CLOSE = b"\x88\x02\x03\xe8"  # as the server sends it: code 1000


def frame(opcode: int, payload: bytes = b"", *, last: bool = True) -> bytes:
    """Returns one frame as a client sends it, masked with zeros."""
    length = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([128 * last | opcode]) + length + bytes(4) + payload


class Told:
    """An application that takes every message, and counts them by the turn of the event loop in which each came.

    It says goodbye after `most` of them, and goes then.
    """

    def __init__(self, most: int = 10**9) -> None:
        self.most = most
        self.texts: list[str] = []
        self.in_turn: dict[int, int] = {}
        self.turn = 0
        self.over = asyncio.Event()
        self._ticking = True
        asyncio.get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        self.turn += 1
        if self._ticking:
            asyncio.get_running_loop().call_soon(self._tick)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while len(self.texts) < self.most:
                message: Message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                self.texts.append(message["text"])
                self.in_turn[self.turn] = self.in_turn.get(self.turn, 0) + 1
            await send({"type": "websocket.close", "code": 1000})
        finally:
            self._ticking = False
            self.over.set()


class HandedOver(Told):
    """The same without an application: its socket is handed over, and taken by plain calls."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__(most)
        self.line: Line | None = None
        self.codes: list[int] = []
        self.unblocked = asyncio.Event()
        self.after = asyncio.Event()
        self.after.set()
        self.handed_over = asyncio.Event()
        self.came = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.after.wait()
        self.line = line = scope["extensions"][LINE]["line"]
        line.hand_over(self.take, self.unblocked.set, self.went)
        self.handed_over.set()

    def take(self, message: str | bytes) -> None:
        """Counts a message; says goodbye after the last one."""
        assert self.line is not None
        if len(self.texts) < self.most:
            self.texts.append(str(message))
            self.in_turn[self.turn] = self.in_turn.get(self.turn, 0) + 1
            self.came.set()
        if len(self.texts) == self.most:
            self.line.end(1000)
            self._ended()

    def went(self, code: int) -> None:
        """Notes with which code it went."""
        self.codes.append(code)
        self._ended()

    def _ended(self) -> None:
        self._ticking = False
        self.over.set()


@pytest.fixture(params=[Told, HandedOver])
def kind(request: pytest.FixtureRequest) -> type[Told]:
    """Gives each of the two ways in which messages are taken."""
    taking: type[Told] = request.param
    return taking


@asynccontextmanager
async def dialled(
    app: ASGIApp, config: uvicorn.Config | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Opens a raw connection to a server with this application, after its handshake."""
    config = config or uvicorn.Config(app, ws=Frames, ws_max_size=16384, ws_per_message_deflate=False)
    config.port, config.lifespan, config.log_config = 0, "off", None
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_HEAD)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        yield reader, writer
    finally:
        writer.transport.abort()
        await server.shutdown()


async def what_comes(reader: asyncio.StreamReader) -> bytes:
    """Reads until the server ends it."""
    got = b""
    with suppress(ConnectionError):
        while more := await reader.read(65536):
            got += more
    return got


async def test_thousands_of_messages_in_one_read_are_taken_a_few_in_a_turn(kind: type[Told]) -> None:
    number = 20_000
    app = kind(most=number)
    async with dialled(app) as (_, writer):
        writer.write(frame(1) * number)
        await app.over.wait()
    assert len(app.texts) == number
    assert max(app.in_turn.values()) <= 200


@pytest.mark.parametrize("size", [0, 1, 125, 126, 999, 1024, 1025, 5000, 16000])
async def test_messages_of_every_size_arrive_whole_and_in_order_however_they_are_cut(
    size: int, kind: type[Told]
) -> None:
    said = [f"{number}:".ljust(size, "x") for number in range(12)]
    app = kind(most=len(said))
    async with dialled(app) as (_, writer):
        sent = b"".join(frame(1, words.encode()) for words in said)
        for start in range(0, len(sent), 1500):
            writer.write(sent[start : start + 1500])
            await asyncio.sleep(0)
        await app.over.wait()
    assert app.texts == said


async def test_a_message_in_pieces_and_pings_between_are_taken_and_answered(kind: type[Told]) -> None:
    app = kind(most=1)
    async with dialled(app) as (reader, writer):
        writer.write(frame(1, b"a", last=False) + frame(9, b"p") + frame(0, b"b", last=False) + frame(0, b"c"))
        assert await reader.readexactly(3) == b"\x8a\x01p"
        await app.over.wait()
    assert app.texts == ["abc"]


@pytest.mark.parametrize(
    "flood", [frame(9, b"x"), frame(10, b"x"), frame(0, last=False)], ids=["pings", "pongs", "pieces"]
)
async def test_frames_without_a_message_by_the_thousand_end_the_connection(flood: bytes, kind: type[Told]) -> None:
    app = kind()
    async with dialled(app) as (reader, writer):
        writer.write(frame(1, b"a", last=False) + flood * int(3 * BURST))
        answers = await what_comes(reader)
        await app.over.wait()
    assert app.texts == []
    assert len(answers) < 2 * len(b"\x8a\x01x") * BURST


async def test_an_answered_goodbye_ends_the_connection(kind: type[Told]) -> None:
    app = kind(most=1)
    async with dialled(app) as (reader, writer):
        writer.write(frame(1))
        assert await reader.readexactly(len(_CLOSE)) == _CLOSE
        writer.write(frame(8, b"\x03\xe8"))
        assert await what_comes(reader) == b""


async def test_who_goes_on_after_the_goodbye_is_cut_off(monkeypatch: pytest.MonkeyPatch, kind: type[Told]) -> None:
    taken = 0
    parse = WebSocketsSansIOProtocol.data_received

    def counted(self: WebSocketsSansIOProtocol, data: bytes) -> None:
        nonlocal taken
        taken += len(data)
        parse(self, data)

    monkeypatch.setattr(WebSocketsSansIOProtocol, "data_received", counted)
    app = kind(most=1)
    async with dialled(app) as (reader, writer):
        writer.write(frame(1))
        assert await reader.readexactly(len(_CLOSE)) == _CLOSE
        with suppress(ConnectionError):
            for _ in range(2000):
                writer.write(frame(1) * 500)
                await writer.drain()
        assert await what_comes(reader) == b""
    assert taken < len(_HEAD) + 2 * MOST_LATE


async def test_who_does_not_take_what_was_sent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LINGER", 0.05)
    gone = asyncio.Event()

    class Unread(Told):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            sending = asyncio.create_task(self._without_end(send))
            await asyncio.wait([sending], timeout=0.2)
            sending.cancel()
            self._ticking = False

        async def _without_end(self, send: Send) -> None:
            while True:
                await send({"type": "websocket.send", "text": "x" * 60_000})

    lost = Frames.connection_lost

    def connection_lost(self: Frames, exc: Exception | None) -> None:
        lost(self, exc)
        gone.set()

    monkeypatch.setattr(Frames, "connection_lost", connection_lost)
    async with dialled(Unread()) as (reader, _):
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer that reads nothing
        async with asyncio.timeout(20):
            await gone.wait()


async def test_a_socket_that_was_handed_over_tells_once_with_which_code_it_went() -> None:
    for last, code in ((frame(8, b"\x03\xe9"), 1001), (b"", 1005)):
        app = HandedOver()
        async with dialled(app) as (reader, writer):
            writer.write(frame(1, b"a") + last)
            if last:
                await what_comes(reader)
            else:
                await app.came.wait()
                writer.transport.abort()
            async with asyncio.timeout(20):
                await app.over.wait()
        await asyncio.sleep(0.1)
        assert (app.texts, app.codes) == (["a"], [code])


async def test_what_came_before_a_socket_was_handed_over_comes_first() -> None:
    said = [str(number) for number in range(300)]

    app = HandedOver(most=len(said))
    app.after = asyncio.Event()
    async with dialled(app) as (_, writer):
        writer.write(b"".join(frame(1, words.encode()) for words in said))
        await asyncio.sleep(0.2)
        app.after.set()
        async with asyncio.timeout(20):
            await app.over.wait()
    assert app.texts == said


async def test_nothing_is_written_behind_a_close_frame() -> None:
    class Answering(HandedOver):
        def take(self, message: str | bytes) -> None:
            super().take(message)
            assert self.line is not None
            self.line.write(["too late"])
            self.line.write_one("too late")

    app = Answering()
    async with dialled(app) as (reader, writer):
        await app.handed_over.wait()
        writer.write(frame(9, b"?") + frame(1, b"a") + frame(8, b"\x03\xe9"))
        assert await what_comes(reader) == b"\x8a\x01?" + b"\x88\x02\x03\xe9"
        async with asyncio.timeout(20):
            await app.over.wait()
    assert (app.texts, app.codes) == (["a"], [1001])


@pytest.mark.parametrize("goodbye", [frame(8, b"\x03\xe9"), b""], ids=["close frame", "half closed"])
async def test_a_peer_that_goes_and_reads_nothing_of_what_is_under_way_is_not_waited_for(
    goodbye: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.web.server.frames.LINGER", 0.1)
    app = HandedOver()
    async with dialled(app) as (reader, writer):
        await app.handed_over.wait()
        assert app.line is not None
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not app.line.blocked:
            app.line.write(["x" * 10_000])
            await asyncio.sleep(0)
        writer.write(goodbye)
        if not goodbye:
            writer.write_eof()
        async with asyncio.timeout(20):
            await app.over.wait()


async def test_a_server_stops_while_a_peer_goes_that_reads_nothing() -> None:
    app = HandedOver()
    async with dialled(app) as (reader, writer):
        await app.handed_over.wait()
        assert isinstance(app.line, Wire)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not app.line.blocked:
            app.line.write(["x" * 10_000])
            await asyncio.sleep(0)
        writer.write(frame(8, b"\x03\xe9"))
        while app.line.open:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        await app.over.wait()


async def test_a_handshake_that_is_under_way_while_the_server_stops_is_refused_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, waiting, end = Told(), asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/":
            await app(scope, receive, send)
            return
        waiting.set()
        await end.wait()
        raise RuntimeError

    async with dialled(slow) as (_, first):
        reader, writer = await asyncio.open_connection(*first.get_extra_info("peername")[:2])
        writer.write(_HEAD.replace(b"GET / ", b"GET /slow "))
        await waiting.wait()
        [here] = [one for one in gc.get_objects() if type(one) is Frames and not one.handshake_complete]
        here.shutdown()
        here.shutdown()
        end.set()
        assert (await reader.read()).startswith(b"HTTP/1.1 500")
        writer.close()
    assert "AssertionError" not in caplog.text


async def test_what_was_handed_over_and_has_gone_is_not_left_to_the_collector() -> None:
    app = HandedOver()
    gc.collect()
    gc.disable()
    try:
        async with dialled(app) as (_, writer):
            await app.handed_over.wait()
            [here] = [one for one in gc.get_objects() if type(one) is Frames and one._take is not None]
            left: list[weakref.ref[Any]] = [weakref.ref(here), weakref.ref(here.conn)]
            del here
            writer.write(frame(8, b"\x03\xe9"))
            async with asyncio.timeout(20):
                await app.over.wait()
        app.line = None
        await asyncio.sleep(0)
        assert [one() for one in left] == [None, None]
    finally:
        gc.enable()


async def test_words_that_are_no_utf_8_end_a_socket_with_its_code() -> None:
    app = HandedOver()
    async with dialled(app) as (reader, writer):
        writer.write(frame(1, b"\xff"))
        assert (await what_comes(reader))[:4] == b"\x88\x02\x03\xef"  # 1007
        async with asyncio.timeout(20):
            await app.over.wait()
    assert app.texts == []


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\xff" * 20, 1002),
        (frame(1, b"\xff"), 1007),
        (b"\x81\xff" + (1 << 20).to_bytes(8, "big") + bytes(4), 1009),
        (frame(8, (1002).to_bytes(2, "big")), 1005),
        (frame(8, (1009).to_bytes(2, "big")), 1005),
        (frame(8, (1001).to_bytes(2, "big")), 1001),
    ],
    ids=["no frame", "no text", "too long", "its own 1002", "its own 1009", "goodbye"],
)
async def test_what_is_no_frame_is_told_by_its_code_and_a_peers_own_word_for_ours_is_not(
    sent: bytes, code: int
) -> None:
    app = HandedOver()
    async with dialled(app) as (reader, writer):
        await app.handed_over.wait()
        writer.write(sent)
        await what_comes(reader)
        writer.close()
        async with asyncio.timeout(20):
            await app.over.wait()
    assert app.codes == [code]


async def test_a_peer_that_reads_nothing_blocks_its_line_at_once_and_has_the_rest_when_it_wakes() -> None:
    app = HandedOver()
    async with dialled(app) as (reader, _):
        await app.handed_over.wait()
        assert app.line is not None
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        written = 0
        while not app.line.blocked:
            app.line.write(["x" * 10_000])
            written += 1
            await asyncio.sleep(0)
            assert written < 2000
        assert not app.unblocked.is_set()
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await reader.readexactly(written * 10_004)) == written * 10_004
        async with asyncio.timeout(20):
            await app.unblocked.wait()
        assert not app.line.blocked


async def _listening(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


def test_a_phone_out_of_reach_for_half_a_minute_keeps_its_socket_and_one_that_never_comes_back_does_not() -> None:
    async def unanswered() -> float:
        config = configured(_listening, Connections(Settings.load({})), 10, 15)
        async with dialled(_listening, config) as (reader, _):
            assert (await reader.readexactly(6)).startswith(b"\x89\x04")  # a ping
            asked = asyncio.get_running_loop().time()
            await what_comes(reader)
            return asyncio.get_running_loop().time() - asked

    assert 35 < run_jumping(unanswered()) < 90
