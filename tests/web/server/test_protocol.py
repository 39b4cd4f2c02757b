"""Bounds on what a stranger sends, before it is parsed; beyond them the answer is in the reader's language."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from support.app import House, a_house
from uvicorn.server import ServerState

from forum.settings import Settings
from forum.web.server.bounds import (
    MOST_ADDRESS,
    MOST_HEAD,
    MOST_HEADER,
    MOST_HEADERS,
    MOST_PIECES,
    MOST_TYPE,
    MOST_WAITING,
)
from forum.web.server.connections import Connections
from forum.web.server.protocol import BoundedHttp

GET = b"GET /cookies HTTP/1.1\r\nHost: house.test\r\n"
CYMRAEG = b"Accept-Language: cy\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: house.test\r\n"
SOCKET = (
    b"Host: house.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
HANDSHAKE = b"GET /s/ABC/socket HTTP/1.1\r\n" + SOCKET
PIECES = POST + b"Transfer-Encoding: chunked\r\n"

# What is sent, and the status of its answer.
BEYOND = {
    "a long header": (GET + b"x: " + b"y" * MOST_HEADER + b"\r\n" + CYMRAEG, 431),
    "a long header name": (GET + CYMRAEG + b"y" * MOST_HEADER + b": x\r\n", 431),
    "a long cookie of ours": (GET + b"Cookie: forum_session=" + b"y" * MOST_HEADER + b"\r\n" + CYMRAEG, 431),
    "many headers": (GET + CYMRAEG + b"x: y\r\n" * MOST_HEADERS, 431),
    "very many headers": (GET + CYMRAEG + b"x: y\r\n" * 4 * MOST_HEADERS, 431),
    "a long head": (GET + CYMRAEG + (b"x: " + b"y" * 7000 + b"\r\n") * 5, 431),
    "a header without end": (GET + CYMRAEG + b"x: " + b"y" * 3 * MOST_HEAD, 431),
    "a long address": (b"GET /" + b"y" * MOST_ADDRESS + b"?lang=cy HTTP/1.1\r\nHost: house.test\r\n" + CYMRAEG, 414),
    "a long query": (b"GET /?lang=cy&x=" + b"y" * MOST_ADDRESS + b" HTTP/1.1\r\nHost: house.test\r\n", 414),
    "an address without end": (b"GET /?lang=cy&x=" + b"y" * 300_000, 414),
    "a long content type": (POST + CYMRAEG + b"Content-Type: multipart/form-data" + b";" * MOST_TYPE + b"\r\n", 431),
    "a long handshake": (
        b"GET /s/ABC/socket HTTP/1.1\r\n" + SOCKET + CYMRAEG + b"x: " + b"y" * MOST_HEADER + b"\r\n",
        431,
    ),
    "a head that is none": (GET + CYMRAEG + b"x: y\r\n\x00\x01: x\r\n", 400),
    "a body in crumbs": (PIECES + CYMRAEG + b"\r\n" + b"1\r\na\r\n" * (MOST_PIECES + 1), 400),
    "a piece of a body that does not say how long it is": (PIECES + CYMRAEG + b"\r\n1;" + b"y" * 300_000, 431),
    "a body that is none": (PIECES + CYMRAEG + b"\r\nzz\r\n", 400),
}


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path_factory.mktemp("house"), sqlite_template) as house:
        yield house


@pytest.fixture(scope="module")
async def door(house: House) -> AsyncIterator[int]:
    """Serves the house on a port, and gives the port."""
    config = uvicorn.Config(house.app, ws="websockets-sansio", lifespan="off", log_config=None)
    config.load()
    state, connections = ServerState(), Connections(Settings.load({}))
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config=config, server_state=state, app_state={}, connections=connections), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*state.tasks)


async def answered(port: int, *sent: bytes) -> str:
    """Reads all that comes back, until the other end has closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer.decode()


@pytest.mark.parametrize("what", BEYOND)
async def test_what_is_too_much_is_answered_in_the_readers_language(door: int, what: str) -> None:
    sent, status = BEYOND[what]
    answer = await answered(door, sent if status == 400 or sent.endswith(b"y") else sent + b"\r\n")
    head, _, page = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "\r\nforum: " in head
    assert "\r\ncontent-language: cy" in head
    assert "\r\nconnection: close" in head
    assert '<html lang="cy"' in page
    assert "HTTP/1.1" not in page


async def test_a_program_is_told_in_json_and_not_to_try_again(door: int) -> None:
    sent = GET + b"Accept: application/json\r\nx: " + b"y" * MOST_HEADER + b"\r\n\r\n"
    error = json.loads((await answered(door, sent)).partition("\r\n\r\n")[2])["error"]
    assert error["code"] == "http_431"
    assert not error["again"]
    assert "cookies" in error["words"]


async def test_what_is_just_within_every_bound_is_taken(door: int) -> None:
    length = len(b"GET ?x= HTTP/1.1\r\n")
    address = b"/cookies?x=" + b"y" * (MOST_ADDRESS - len(b"/cookies?x="))
    assert len(address) + length < 8192
    kind = b"Content-Type: " + b"x" * MOST_TYPE + b"\r\n"
    full = b"".join(b"x: " + b"y" * (MOST_HEADER - 1) + b"\r\n" for _ in range(3))
    many = b"x:y\r\n" * (MOST_HEADERS - 4)
    for headers in (kind + full, kind + many):
        sent = b"GET " + address + b" HTTP/1.1\r\nHost: house.test\r\nConnection: close\r\n" + headers + b"\r\n"
        assert (await answered(door, sent)).startswith("HTTP/1.1 200 ")


async def test_in_single_bytes_a_head_is_bounded_too(door: int) -> None:
    sent = GET + CYMRAEG + b"x:y\r\n" * MOST_HEADERS + b"\r\n"
    answer = await answered(door, *(sent[i : i + 1] for i in range(len(sent))))
    assert answer.startswith("HTTP/1.1 431 ")


async def test_a_connection_goes_on_after_a_body_and_begins_to_count_anew(door: int) -> None:
    form = b"x=" + b"y" * 10_000
    post = POST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form) + form
    half = GET + b"x:y\r\n" * (MOST_HEADERS // 2)
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    for sent, status in ((post, b"422"), (half + b"\r\n", b"200"), (half + b"\r\n", b"200")):
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.split()[1] == status
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
    writer.close()


async def test_requests_that_wait_for_no_answer_are_counted(door: int) -> None:
    last = GET + b"Connection: close\r\n\r\n"
    assert (await answered(door, (GET + b"\r\n") * MOST_WAITING + last)).count("HTTP/1.1 200 ") == MOST_WAITING + 1
    for more in (MOST_WAITING + 2, 40 * MOST_WAITING):
        assert (await answered(door, (GET + b"\r\n") * more)).count("HTTP/1.1 200 ") == MOST_WAITING + 1


async def test_headers_behind_a_body_are_counted_and_are_none_of_its_head(door: int) -> None:
    body = b"\r\n1\r\nx\r\n0\r\n"
    for trailer in (b"x: y\r\n" * 3 * MOST_HEADERS, b"x: " + b"y" * 300_000):
        assert (await answered(door, PIECES + CYMRAEG + body + trailer)).startswith("HTTP/1.1 431 ")
    answer = await answered(door, PIECES + b"Connection: close\r\n" + body + b"Accept-Language: cy\r\n\r\n")
    assert "content-language: en" in answer


@pytest.mark.parametrize("header", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
async def test_a_handshake_with_a_body_is_answered(door: int, header: bytes) -> None:
    answer = await answered(door, HANDSHAKE + header + b"\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400 ")
    assert "\r\nForum: " in answer


async def test_a_handshake_is_taken(door: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    writer.write(HANDSHAKE + b"Origin: http://house.test\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    writer.close()
