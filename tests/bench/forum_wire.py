"""A session of a running server, as benches speak to it: its organiser by the API, its people by their browsers.

Everything goes over loopback to one server whose data folder is on this machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[2]
# Program of a server that begins anew, as one that people use does, and is no fork (support/forked_program.py).
AFRESH = ("-X", "utf8", "-m", "forum", "serve")

CHOICES = 4
# Everybody comes from one address, as in a venue that has been told to Forum.
VENUE = {"FORUM_JOINS_PER_SESSION": "1000000", "FORUM_CONNECTIONS_PER_ADDRESS": "20000", "FORUM_EXAMPLE": "no"}
AT_ONCE = 32
_COMMISSION = {
    "title": "A load", "question": "How fast?", "stage": "plan", "level": "informing", "decides": "Nobody",
    "can_change": "Nothing", "cannot_change": "Everything", "threshold": "5", "group": ["A", "B"], "invited": ["", ""],
    "rehearsal": "1",
}  # fmt: skip
_QUESTION = {"question": "Which?", "response": ["One", "Two", "Three", "Four"], "none": "0"}
_casts = itertools.count(1)


class Browser:
    """One person's browser, as far as a server sees it: a connection of its own, kept open, and its cookies."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._host, _, self._port = base.removeprefix("http://").partition(":")
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._cookies: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        """Returns the header with its cookies."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    async def ask(self, path: str, form: Mapping[str, str] | None = None) -> bytes:
        """Asks for a page, or posts a form; returns the page's bytes. Raises OSError where it is refused."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, int(self._port))
        reader, writer = self._streams
        body = urllib.parse.urlencode(form).encode() if form is not None else b""
        head = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        head += ["Accept: text/html", "Accept-Language: en"]
        if self._cookies:
            head.append(f"Cookie: {self.cookie}")
        if form is not None:
            head += [f"Origin: {self._base}", "Content-Type: application/x-www-form-urlencoded"]
            head.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = [line.partition(": ")[::2] for line in lines[1:]]
        for name, value in fields:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        page = await reader.readexactly(next(int(value) for name, value in fields if name.lower() == "content-length"))
        if int(lines[0].split()[1]) >= 400:
            raise OSError(f"{path}: {lines[0]}")
        return page

    def close(self) -> None:
        """Closes its connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def joined(base: str, path: str, count: int) -> list[str]:
    """Lets so many people join the session at a path, without saying their group; returns their cookies."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with gate:
            browser = Browser(base)
            await browser.ask(f"{path}/join", {"group": ""})
            browser.close()
            return browser.cookie

    return await asyncio.gather(*(one() for _ in range(count)))


class Session:
    """One session with one question of four responses; `cookies` has a header for each person who has joined."""

    def __init__(self, base: str, data: str | Path) -> None:
        self.base = base
        self._data = data
        self.cookies: list[str] = []
        self.id = self.code = self.projector = self.round = ""

    async def make(self) -> None:
        """Makes an organiser, a session, and a question on its screens."""
        self.organiser = httpx2.AsyncClient(base_url=self.base, headers={"Accept": "application/json"}, timeout=120)
        self._forum("user", "add", "load", "--role", "organiser", "--password-stdin", given="seven quiet kettles\n")
        token = self._forum("user", "token", "load", "--label", "load")["token"]
        self.organiser.headers["Authorization"] = f"Bearer {token}"
        commission = await self._post("/organise/commissions", _COMMISSION)
        made = await self._post("/organise/sessions", {"commission": commission["id"], "title": "A load"})
        self.id, self.code = made["id"], made["code"]
        self.projector = "/projector/" + made["projector"].rpartition("/")[2]
        self.round = (await self.act("ask", **_QUESTION))["round"]

    async def join(self, count: int) -> None:
        """Lets so many more people join, without saying their group."""
        self.cookies += await joined(self.base, self.path, count)

    async def act(self, name: str, **form: Any) -> dict[str, Any]:
        """Does one act of the facilitator; returns the answer's JSON."""
        return await self._post(f"/console/{self.id}/{name}", form)

    async def open(self) -> None:
        """Opens the vote."""
        await self.act("open", round=self.round)

    async def counts(self) -> list[int]:
        """Closes the vote and shows its result; returns how many ballots each response has."""
        await self.act("close", round=self.round)
        counts = (await self.act("reveal", round=self.round))["result"]["counts"]
        return [counts[f"r{number + 1}"] for number in range(CHOICES)]

    async def leave(self) -> None:
        """Closes the organiser's connections."""
        await self.organiser.aclose()

    @property
    def path(self) -> str:
        """Returns the path of its phones."""
        return f"/s/{self.code}"

    def headers(self, index: int) -> dict[str, str]:
        """Gives the headers that a person's browser sends with the handshake of a socket."""
        return {"Cookie": self.cookies[index], "Origin": self.base}

    def cast(self, choice: int) -> bytes:
        """Makes a cast with an id of its own."""
        return b'{"t":"cast","id":"c%d","round":"%s","choice":"r%d"}' % (next(_casts), self.round.encode(), choice + 1)

    async def _post(self, path: str, form: dict[str, Any]) -> dict[str, Any]:
        facts: dict[str, Any] = (await self.organiser.post(path, data=form)).raise_for_status().json()
        return facts

    def _forum(self, *arguments: str, given: str | None = None) -> dict[str, Any]:
        command = [sys.executable, "-m", "forum", *arguments, "--data", str(self._data), "--json"]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=ROOT)
        said: dict[str, Any] = json.loads(done.stdout)
        return said
