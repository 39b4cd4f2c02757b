"""Websockets that a house closes at once."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from support.app import House


def asked(path: str, **headers: str) -> dict[str, Any]:
    """Returns the scope of a websocket that is asked for, under a server that offers no line."""
    headers |= {"host": "house.test", "origin": "http://house.test"}
    return {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 40000),
        "server": ("house.test", 80),
        "subprotocols": [],
    }


async def close_code(house: House, path: str, **headers: str) -> int:
    """Returns the code with which a websocket is closed at once."""
    codes: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.close":
            codes.append(message["code"])

    await house.app(asked(path, **headers), receive, send)
    return codes[0]
