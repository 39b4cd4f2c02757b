"""Forum as the shared load generator sees it (`fanout.py --adapter THIS`, `side_by_side.py --adapter THIS`).

Makes an organiser in the server's data folder (option `data`), a session with one question of four responses, and lets
every client join as a phone does. The server's limit of joins from one address must allow so many:
FORUM_JOINS_PER_SESSION. A tally tells how many have voted, never how: its counts are a 1-tuple.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import httpx2
from adapters import ACK, OTHER, READY, REJECT, TALLY, Adapter, register

ROOT = Path(__file__).resolve().parents[2]
_COMMISSION = {
    "title": "A load", "question": "How fast?", "stage": "plan", "level": "informing", "decides": "Nobody",
    "can_change": "Nothing", "cannot_change": "Everything", "threshold": "5", "group": ["A", "B"], "invited": ["", ""],
    "rehearsal": "1",
}  # fmt: skip
_AT_ONCE = 32
_KINDS = {b'"tall': TALLY, b'"ack"': ACK, b'"hell': READY, b'"refu': REJECT}


@register("forum")
class Forum(Adapter):
    """One session, one round, every client a phone in it."""

    choices = 4

    def __init__(self, url: str, options: dict[str, str]) -> None:
        parts = urllib.parse.urlsplit(url)
        super().__init__(f"{parts.scheme}://{parts.netloc}", options)
        self.base = f"http://{parts.netloc}"
        self.cookies: list[str] = []
        self.code = self.session = self.round = ""
        self.casts = 0

    async def setup(self, n: int) -> None:
        """Makes an organiser, a session, a question on screen, and lets everybody join."""
        self.organiser = httpx2.AsyncClient(base_url=self.base, headers={"Accept": "application/json"}, timeout=60)
        self._forum("user", "add", "load", "--role", "organiser", "--password-stdin", given="seven quiet kettles\n")
        self.organiser.headers["Authorization"] = f"Bearer {self._forum('user', 'token', 'load', '--label', 'load')}"
        commission = await self._post("/organise/commissions", _COMMISSION)
        made = await self._post("/organise/sessions", {"commission": commission["id"], "title": "A load"})
        self.session, self.code = made["id"], made["code"]
        question = {"question": "Which?", "response": ["One", "Two", "Three", "Four"], "none": "0"}
        self.round = (await self._post(f"/console/{self.session}/ask", question))["round"]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def join() -> str:
            # Without reading any certificates, which takes longer than to join: this is plain HTTP.
            plain: dict[str, Any] = {"timeout": 60, "verify": False, "trust_env": False}
            async with gate, httpx2.AsyncClient(base_url=self.base, headers={"Origin": self.base}, **plain) as phone:
                await phone.post(f"/s/{self.code}/join", data={"group": ""})
                return "; ".join(f"{name}={value}" for name, value in phone.cookies.items())

        self.cookies = await asyncio.gather(*(join() for _ in range(n)))

    async def start(self) -> None:
        """Opens the vote."""
        await self._post(f"/console/{self.session}/open", {"round": self.round})

    async def teardown(self) -> None:
        """Closes the organiser's connections."""
        await self.organiser.aclose()

    def ws_url(self, index: int) -> str:
        """Returns the address of every phone alike; the cookie says who it is."""
        return f"{self.url}/s/{self.code}/socket"

    def headers(self, index: int) -> dict[str, str]:
        """Gives the headers that a browser sends with the handshake."""
        return {"Cookie": self.cookies[index], "Origin": self.base}

    def received(self, client: Any, payload: bytes) -> int:
        """Classes a frame by the first letters of its type, which the server writes first."""
        return _KINDS.get(payload[5:10], OTHER)

    def vote(self, client: Any, choice: int) -> bytes:
        """Makes a cast with an id of its own."""
        self.casts += 1
        return b'{"t":"cast","id":"c%d","round":"%s","choice":"r%d"}' % (self.casts, self.round.encode(), choice + 1)

    def counts(self, payload: bytes) -> tuple[int, ...]:
        """Reads from a frame how many have voted."""
        return (json.loads(payload)["voted"],)

    async def _post(self, path: str, form: dict[str, Any]) -> dict[str, Any]:
        answer = (await self.organiser.post(path, data=form)).raise_for_status()
        facts: dict[str, Any] = answer.json()
        return facts

    def _forum(self, *arguments: str, given: str | None = None) -> str:
        command = [sys.executable, "-m", "forum", *arguments, "--data", self.options["data"], "--json"]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=ROOT)
        return str(json.loads(done.stdout).get("token", ""))
