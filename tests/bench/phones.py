"""Says what phones cost one server, by what they do: come, join, connect, wait, vote, be shown something new.

    python tests/bench/phones.py [--phones 1000] [--only join,connect,vote,cue,idle,storm] [--adapter-folder FOLDER]

FOLDER holds the load generator's `adapters.py`; picows, uvloop and httpx2 are needed in this environment. The server is
this checkout's. Each line is the server's processor time (all its threads, microseconds) for one phone, and where it
says something, how long the last phone waited (milliseconds). Absolute figures are the machine's; compare checkouts in
turn, on a machine that does nothing else. The targets in the last column are those of the README's table.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import picows
import uvloop

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.server_process import Serving  # noqa: E402

AT_ONCE = 64
VENUE = {"FORUM_JOINS_PER_SESSION": "1000000", "FORUM_CONNECTIONS_PER_ADDRESS": "20000", "FORUM_EXAMPLE": "no"}
STATES, ACK, HELLO = (b'"stat', b'"chan'), b'"ack"', b'"hell'


def processor(pid: int) -> float:
    """Returns the processor time that a process has used, in microseconds, all its threads together."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        spent += int((thread / "schedstat").read_text("ascii").split()[0])
    return spent / 1000


class Hall:
    """The phones of a session, and how many answers they still wait for."""

    def __init__(self, adapter: Any, pid: int) -> None:
        self.adapter = adapter
        self.pid = pid
        self.phones: list[Phone] = []
        self.lost = 0
        self._left = 0
        self._done: asyncio.Future[None] | None = None

    def heard(self) -> None:
        """Counts one answer that was waited for."""
        self._left -= 1
        if self._left <= 0 and self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def all_heard(self, act: Callable[[], Awaitable[object]]) -> tuple[float, float]:
        """Acts, and waits until every phone has heard. Returns processor time a phone (us) and the last wait (ms)."""
        self._left = len(self.phones)
        self._done = asyncio.get_running_loop().create_future()
        spent, began = processor(self.pid), time.perf_counter()
        acting = asyncio.ensure_future(act())
        await asyncio.wait_for(self._done, 120)
        waited = time.perf_counter() - began
        await acting
        return (processor(self.pid) - spent) / len(self.phones), 1000 * waited

    async def connect(self, count: int) -> None:
        """Connects so many phones, AT_ONCE at a time, and waits for the greeting of each."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(index: int) -> Phone:
            async with gate:
                phone = Phone(self)
                headers = self.adapter.headers(index)
                await picows.ws_connect(
                    lambda: phone, self.adapter.ws_url(index) + "?has=", extra_headers=headers,
                    websocket_handshake_timeout=60,
                )  # fmt: skip
                await phone.greeted
                return phone

        self.phones = list(await asyncio.gather(*map(one, range(count))))

    def cut(self) -> None:
        """Cuts every phone's connection, as a router does that loses its power."""
        phones, self.phones = self.phones, []
        for phone in phones:
            phone.leaving = True
            phone.transport.disconnect(graceful=False)


class Phone(picows.WSListener):
    """One phone's socket."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.leaving = False
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: Any) -> None:
        """Keeps the transport."""
        self.transport = transport

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Answers pings; counts states and acknowledgements."""
        if frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        kind = frame.get_payload_as_bytes()[5:10]
        if kind == HELLO and not self.greeted.done():
            self.greeted.set_result(None)
        elif kind in STATES or kind == ACK:
            self.hall.heard()

    def on_ws_disconnected(self, _transport: Any) -> None:
        """Counts who went without being told to."""
        if not self.greeted.done():
            self.greeted.set_exception(OSError("the server let go of a phone"))
        self.hall.lost += not self.leaving


def told(what: str, figure: float, target: str, wait: float | None = None) -> None:
    """Prints one line of the table."""
    waited = f"{wait:10.0f} ms" if wait is not None else " " * 13
    print(f"{what:38} {figure:10.1f}{waited}  {target}", flush=True)


async def measure(asked: argparse.Namespace) -> None:
    """Measures one thing after the other."""
    only = set(asked.only.split(","))
    with (
        tempfile.TemporaryDirectory(prefix="forum-phones-") as where,
        Serving(Path(where), "--no-demo", settings=VENUE) as server,
    ):
        pid = server.process.pid
        adapter = importlib.import_module("forum_adapter").Forum(server.base.replace("http", "ws"), {"data": where})
        spent = processor(pid)
        await adapter.setup(asked.phones)
        told("join: form post, us", (processor(pid) - spent) / asked.phones, "a join: 3,000 us in all")
        if "join" in only:
            await pages(adapter, pid)
        hall = Hall(adapter, pid)
        for _ in range(3 if "connect" in only else 1):
            hall.cut()
            await asyncio.sleep(1)
            spent = processor(pid)
            await hall.connect(asked.phones)
            told("connect, us", (processor(pid) - spent) / asked.phones, "1.3 x node-ws")
        if "idle" in only:
            spent = processor(pid)
            await asyncio.sleep(20)
            told("idle, % of a core", (processor(pid) - spent) / 200_000, "1 % with 5,000 phones")
        await adapter.start()
        await asyncio.sleep(1)
        if "vote" in only:
            await votes(hall)
        if "cue" in only:
            await cues(hall)
        if "storm" in only:
            await storm(hall)
        print(f"phones that the server let go of: {hall.lost}")


async def pages(adapter: Any, pid: int) -> None:
    """Measures the page on which one joins, and that of a phone that has joined."""
    async with httpx2.AsyncClient(base_url=adapter.base, timeout=60) as browser:
        gate = asyncio.Semaphore(AT_ONCE)

        async def page(cookie: str) -> None:
            async with gate:
                headers = {"Cookie": cookie} if cookie else {}
                (await browser.get(f"/s/{adapter.code}", headers=headers)).raise_for_status()
                browser.cookies.clear()

        for what, cookies in (("join: page, us", [""] * 300), ("join: phone's page, us", adapter.cookies[:300])):
            await page(cookies[0])
            spent = processor(pid)
            await asyncio.gather(*map(page, cookies))
            told(what, (processor(pid) - spent) / len(cookies), "")


async def votes(hall: Hall) -> None:
    """Lets all vote at once, five times."""

    async def burst() -> None:
        for n, phone in enumerate(hall.phones):
            phone.transport.send(picows.WSMsgType.TEXT, hall.adapter.vote(phone, n % 4))

    rounds = []
    for _ in range(5):
        rounds.append(await hall.all_heard(burst))
        await asyncio.sleep(2.5)
    told("vote in a burst, us", *_middle(rounds, "1.0 x node-ws"))


async def cues(hall: Hall) -> None:
    """Pauses and resumes the session: all that every phone shows is drawn and sent anew."""
    rounds = []
    for n in range(6):
        path = f"/console/{hall.adapter.session}/{'resume' if n % 2 else 'pause'}"
        rounds.append(await hall.all_heard(partial(hall.adapter._post, path, {})))
        await asyncio.sleep(0.5)
    told("a new cue, us", *_middle(rounds, "25 us and 400 ms with 5,000"))


async def storm(hall: Hall) -> None:
    """Cuts everybody at once; they come back as fast as the server lets them."""
    count = len(hall.phones)
    hall.cut()
    spent, began = processor(hall.pid), time.perf_counter()
    await hall.connect(count)
    took = time.perf_counter() - began
    told("back after a cut of all, us", (processor(hall.pid) - spent) / count, "20 s with 5,000", 1000 * took)


def _middle(rounds: list[tuple[float, float]], target: str) -> tuple[float, str, float]:
    cost, wait = (statistics.median(column) for column in zip(*rounds, strict=True))
    return cost, target, wait


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--phones", type=int, default=1000)
    asking.add_argument("--only", default="join,connect,idle,vote,cue,storm")
    asking.add_argument("--adapter-folder", type=Path, default=HERE.parents[2] / "shared" / "bench")
    asked = asking.parse_args()
    sys.path[:0] = [str(asked.adapter_folder), str(HERE)]
    uvloop.run(measure(asked))


if __name__ == "__main__":
    main()
