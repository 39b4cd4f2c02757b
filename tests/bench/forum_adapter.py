"""Forum as the shared load generator sees it (`fanout.py --adapter THIS`, `side_by_side.py --adapter THIS`).

Makes an organiser in the server's data folder (option `data`), a session with one question of four responses, and lets
every client join as a phone does. The server's limit of joins from one address must allow so many:
FORUM_JOINS_PER_SESSION. A tally tells how many have voted, never how: its counts are a 1-tuple.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
from pathlib import Path
from typing import Any

from adapters import ACK, OTHER, READY, REJECT, TALLY, Adapter, register

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.forum_wire import CHOICES, Session

_KINDS = {b'"tall': TALLY, b'"ack"': ACK, b'"hell': READY, b'"refu': REJECT}


@register("forum")
class Forum(Adapter):
    """One session, one round, every client a phone in it."""

    choices = CHOICES

    def __init__(self, url: str, options: dict[str, str]) -> None:
        parts = urllib.parse.urlsplit(url)
        super().__init__(f"{parts.scheme}://{parts.netloc}", options)
        self.session = Session(f"http://{parts.netloc}", options["data"])

    async def setup(self, n: int) -> None:
        """Makes an organiser, a session, a question on screen, and lets everybody join."""
        await self.session.make()
        await self.session.join(n)

    async def start(self) -> None:
        """Opens the vote."""
        await self.session.open()

    async def teardown(self) -> None:
        """Closes the organiser's connections."""
        await self.session.leave()

    def ws_url(self, index: int) -> str:
        """Returns the address of every phone alike; the cookie says who it is."""
        return f"{self.url}{self.session.path}/socket"

    def headers(self, index: int) -> dict[str, str]:
        """Gives the headers that a browser sends with the handshake."""
        return self.session.headers(index)

    def received(self, client: Any, payload: bytes) -> int:
        """Classes a frame by the first letters of its type, which the server writes first."""
        return _KINDS.get(payload[5:10], OTHER)

    def vote(self, client: Any, choice: int) -> bytes:
        """Makes a cast with an id of its own."""
        return self.session.cast(choice)

    def counts(self, payload: bytes) -> tuple[int, ...]:
        """Reads from a frame how many have voted."""
        return (json.loads(payload)["voted"],)
