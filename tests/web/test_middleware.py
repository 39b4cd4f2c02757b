"""Security headers on every answer, and the Origin check on every unsafe request and websocket handshake."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from forum.web.middleware import OriginCheck, SecurityHeaders

OWN = "http://forum.test"


async def hello(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} taken")


def app() -> Starlette:
    return Starlette(
        routes=[Route("/", hello, methods=["GET", "POST", "DELETE"])],
        middleware=[Middleware(SecurityHeaders), Middleware(OriginCheck, public_url="https://forum.example.org")],
    )


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url=OWN)


@pytest.mark.parametrize(
    ("origin", "cookie", "status"),
    [
        (OWN, True, 200),
        ("http://forum.test:80", True, 200),
        ("https://forum.example.org", True, 200),
        (OWN, False, 200),
        (None, False, 200),
        (None, True, 403),
        ("null", True, 403),
        ("null", False, 403),
        ("http://evil.test", True, 403),
        ("http://evil.test", False, 403),
        ("http://forum.test:8000", True, 403),
        ("http://forum.test.evil.test", True, 403),
        ("https://forum.test", True, 403),
        ("https://forum.test:80", True, 403),
        ("ws://forum.test", True, 403),
        ("forum.test", True, 403),
        ("http://[", True, 403),
        ("", True, 403),
    ],
)
async def test_a_post_must_come_from_here(origin: str | None, cookie: bool, status: int) -> None:
    headers = ({"Origin": origin} if origin is not None else {}) | ({"Cookie": "a=b"} if cookie else {})
    async with client() as http:
        assert (await http.post("/", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("base", "host", "origin", "status"),
    [
        # a network that answers for this name on port 80 is another site
        ("https://forum.example.org", "forum.example.org", "http://forum.example.org", 403),
        ("https://forum.example.org", "forum.example.org", "https://forum.example.org", 200),
        # a proxy that does not say by which scheme it was asked
        ("http://forum.example.org", "forum.example.org", "http://forum.example.org", 403),
        ("http://forum.example.org", "forum.example.org", "https://forum.example.org", 200),
        ("http://forum.example.org", "forum.example.org:443", "http://forum.example.org:443", 403),
        # under the same name, going past the proxy
        ("http://forum.example.org:8000", "forum.example.org:8000", "http://forum.example.org:8000", 200),
        ("http://forum.example.org:8000", "forum.example.org:8000", "https://forum.example.org:8000", 403),
        ("https://forum.test", "forum.test", "https://forum.test", 200),
        ("https://forum.test", "forum.test", "http://forum.test", 403),
        ("https://forum.test", "forum.test:443", "http://forum.test:443", 403),
    ],
)
async def test_a_page_of_another_scheme_is_another_site(base: str, host: str, origin: str, status: int) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url=base) as http:
        headers = {"Host": host, "Origin": origin, "Cookie": "a=b"}
        assert (await http.post("/", headers=headers)).status_code == status


async def test_reading_needs_no_origin() -> None:
    async with client() as http:
        assert (await http.get("/", headers={"Origin": "http://evil.test", "Cookie": "a=b"})).status_code == 200


async def test_two_origins_are_none() -> None:
    async with client() as http:
        answer = await http.post("/", headers=[("Origin", OWN), ("Origin", OWN)])
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("origin", "passes"), [(OWN, True), ("http://evil.test", False), (None, False), ("null", False)]
)
async def test_a_websocket_handshake_is_checked_the_same_way(origin: str | None, passes: bool) -> None:
    reached: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"forum.test"), (b"cookie", b"a=b")]
    if origin:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "scheme": "ws", "headers": headers, "path": "/"}
    await OriginCheck(inner)(scope, receive, send)
    assert reached == (["websocket"] if passes else [])
    assert sent == ([] if passes else [{"type": "websocket.close", "code": 4403}])


async def test_every_answer_carries_the_headers() -> None:
    async with client() as http:
        refused = await http.post("/", headers={"Origin": "null"})
        for answer in (await http.get("/"), await http.get("/nowhere"), refused):
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "ws://forum.test" in policy
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_hostile_host_header_does_not_reach_the_policy() -> None:
    async with client() as http:
        answer = await http.get("/", headers={"Host": "x; script-src *"})
        assert "script-src *" not in answer.headers["content-security-policy"]
