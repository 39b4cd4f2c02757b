"""Websockets that a house closes at once."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from support.app import House


async def close_code(house: House, path: str, **headers: str) -> int:
    """Returns the code with which a websocket is closed at once."""
    headers |= {"host": "house.test", "origin": "http://house.test"}
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 40000),
        "server": ("house.test", 80),
        "subprotocols": [],
    }
    codes: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.close":
            codes.append(message["code"])

    await house.app(scope, receive, send)
    return codes[0]
