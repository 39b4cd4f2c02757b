"""The end of a server: whoever waits is answered, and nothing keeps it from ending."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from forum.settings import Settings
from forum.web.server.connections import Connections
from forum.web.server.deadline import Deadline
from forum.web.server.frames import Frames
from forum.web.server.protocol import BoundedHttp
from forum.web.server.server import Server

POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"


class App(Starlette):
    """Answers posts, and counts them."""

    def __init__(self, **named: Any) -> None:
        super().__init__(routes=[Route("/", self.post, methods=["POST"])], **named)
        self.posts = 0

    async def post(self, request: Any) -> PlainTextResponse:
        assert await request.body() == b"body"
        self.posts += 1
        return PlainTextResponse("done")


async def nobody() -> None:
    """Says goodbye to nobody."""


async def listening(
    app: Any, goodbye: Callable[[], Awaitable[None]] = nobody, deadline: Deadline | None = None, lifespan: Any = "off"
) -> tuple[Server, socket.socket]:
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    place.listen(200)
    place.setblocking(False)
    connections = Connections(Settings.load({"FORUM_TRUSTED_PROXIES": "none"}), None)
    http = cast(type[asyncio.Protocol], partial(BoundedHttp, connections=connections))
    config = uvicorn.Config(app, http=http, ws=Frames, lifespan=lifespan, log_config=None, timeout_graceful_shutdown=3)
    config.load()
    # The one of a real server would end the tests.
    deadline = deadline or Deadline(1000, lambda code: None)
    server = Server(config, connections, lambda: None, asyncio.Event(), goodbye, deadline)
    server.lifespan = config.lifespan_class(config)
    await server.startup([place])
    return server, place


def answered(client: socket.socket) -> bytes:
    """Returns all that the server sends on a connection until its end."""
    client.settimeout(20)
    said = b""
    with client:
        while piece := client.recv(4096):
            said += piece
    return said


async def test_posts_on_connections_that_nobody_has_taken_yet_are_answered_when_it_stops() -> None:
    app = App()
    server, place = await listening(app)
    kept = socket.create_connection(place.getsockname())
    await asyncio.sleep(0.05)
    # The system takes these; this process has no turn before it stops.
    waiting = [socket.create_connection(place.getsockname()) for _ in range(50)]
    for client in (kept, *waiting):
        client.sendall(POST)
    await server.shutdown([place])
    for said in await asyncio.gather(*(asyncio.to_thread(answered, client) for client in (kept, *waiting))):
        head, _, body = said.partition(b"\r\n\r\n")
        assert (head.split()[1], body) == (b"200", b"done")
        assert head.lower().count(b"connection: close") == 1
    assert app.posts == 51


async def test_what_does_not_end_is_ended_and_named() -> None:
    ended = asyncio.Event()
    codes: list[int] = []
    loop = asyncio.get_running_loop()

    def end(code: int) -> None:
        codes.append(code)
        loop.call_soon_threadsafe(ended.set)

    hanging = asyncio.Event()

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hanging.wait()
        await send({"type": "lifespan.shutdown.complete"})

    server, place = await listening(hangs, deadline=Deadline(0.3, end), lifespan="on")
    stopping = asyncio.create_task(server.shutdown([place]))
    async with asyncio.timeout(20):
        await ended.wait()
    assert codes == [1]
    assert not stopping.done()
    hanging.set()
    await stopping


async def test_connections_are_ended_in_steps() -> None:
    server, place = await listening(App())
    ended: list[int] = []

    class Connection:
        def __init__(self, number: int) -> None:
            self.number = number

        def shutdown(self) -> None:
            ended.append(self.number)
            server.server_state.connections.discard(cast(Any, self))

    server.server_state.connections.update(cast(Any, Connection(number)) for number in range(1000))
    stopping = asyncio.create_task(server.shutdown([place]))
    steps = []
    while not stopping.done():
        before = len(ended)
        await asyncio.sleep(0)
        steps.append(len(ended) - before)
    assert sorted(ended) == list(range(1000))
    assert max(steps) <= 100


async def test_a_goodbye_that_fails_keeps_nobody_from_an_answer() -> None:
    app = App()

    async def fails() -> None:
        raise RuntimeError("a bug")

    server, place = await listening(app, fails)
    waiting = [socket.create_connection(place.getsockname()) for _ in range(5)]
    for client in waiting:
        client.sendall(POST)
    await server.shutdown([place])
    for said in await asyncio.gather(*(asyncio.to_thread(answered, client) for client in waiting)):
        assert said.split()[1] == b"200"
    assert app.posts == 5
