"""A hall of phones on one server, for benches: they connect, vote, sleep, are cut and come back, and every vote is
counted.

A bench prints a line for each figure with its target beside it (`Figures`), and ends with 1 where one that must be 0 is
not. Absolute figures are the machine's: another one, or one at work on something else, has others.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import picows
from bench.forum_wire import AFRESH, CHOICES, VENUE, Session
from support.server_process import Serving

from forum.adapters import machine

AT_ONCE = 64
PATIENCE = 120.0  # seconds after which an answer counts as never come
STATES, ACK, HELLO, TALLY, REFUSED = (b'"stat', b'"chan'), b'"ack"', b'"hell', b'"tall', b'"refu'
now = time.perf_counter


def processor(pid: int) -> float:
    """Returns the processor time that a process has used, in microseconds, all its threads together."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        spent += int((thread / "schedstat").read_text("ascii").split()[0])
    return spent / 1000


def resident(pid: int) -> float:
    """Returns the resident memory of a process, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def load_of_machine() -> str:
    """Returns the machine's load averages and processors, for whoever reads the figures."""
    return f"load of the machine: {Path('/proc/loadavg').read_text('ascii').rpartition(' ')[0]}"


def part(waits: Sequence[float], share: float) -> float:
    """Returns the wait within which this share of all came, in milliseconds; 0 where there are none."""
    return 1000 * sorted(waits)[min(len(waits) - 1, int(share * len(waits)))] if waits else 0.0


async def until(true: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Waits until something is true, or patience is over."""
    end = now() + patience
    while not true() and now() < end:  # noqa: ASYNC110 - it is looked at, and nobody tells of it
        await asyncio.sleep(0.01)


class Figures:
    """The lines of a bench; `bad` has those that must be 0 and are not."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.bad: list[str] = []
        self._quiet = quiet

    def told(self, what: str, figure: float, target: str = "", wait: float | None = None) -> None:
        """Prints one line, with a wait in milliseconds where there is one."""
        waited = f"{wait:10.0f} ms" if wait is not None else " " * 13
        if self._quiet:
            return
        print(f"{what:44} {figure:10.1f}{waited}  {target}", flush=True)

    def nought(self, what: str, count: int) -> None:
        """Prints a count that must be 0."""
        self.told(what, count, "0" if count == 0 else "0: NOT MET")
        if count:
            self.bad.append(f"{what}: {count}")

    @property
    def code(self) -> int:
        """Returns what the bench ends with."""
        return 1 if self.bad else 0


class Hall:
    """The phones of a session. `pid` is the server's process, `lost` counts phones that it let go of.

    `waits` has the seconds from each vote, sent last, to its acknowledgement since they were taken last (`taken`).
    """

    def __init__(self, session: Session, pid: int) -> None:
        self.session = session
        self.pid = pid
        self.phones: list[Phone] = []
        self.lost = self.refused = 0
        self.waits: list[float] = []
        self._left = 0
        self._done: asyncio.Future[None] | None = None

    def heard(self) -> None:
        """Counts one answer that was waited for."""
        self._left -= 1
        if self._left <= 0 and self._done is not None and not self._done.done():
            self._done.set_result(None)

    def taken(self) -> list[float]:
        """Takes the waits that there are, and begins anew."""
        waits, self.waits = self.waits, []
        return waits

    async def all_heard(self, act: Callable[[], Awaitable[object]]) -> tuple[float, float]:
        """Acts, and waits until every phone has heard. Returns processor time a phone (us) and the last wait (ms)."""
        self._left = len(self.phones)
        self._done = asyncio.get_running_loop().create_future()
        spent, began = processor(self.pid), now()
        acting = asyncio.ensure_future(act())
        await asyncio.wait_for(self._done, PATIENCE)
        waited = now() - began
        await acting
        return (processor(self.pid) - spent) / len(self.phones), 1000 * waited

    async def connect(self, count: int, receiving: int = 0) -> list[Phone]:
        """Connects so many more phones of those who have joined, and waits for the greeting of each.

        With `receiving`, a phone's system takes no more bytes than that for it, and it is sent whole states, not what
        has changed in them.
        """
        first = len(self.phones)
        path = f"{self.session.path}/socket" if receiving else ""
        fresh = [Phone(self, self.session.headers(index), path) for index in range(first, first + count)]
        for phone in fresh:
            phone.receiving = receiving
        self.phones += fresh
        await self.bring(fresh)
        return fresh

    async def watch(self) -> Phone:
        """Connects a projector."""
        wall = Phone(self, {"Origin": self.session.base}, f"{self.session.projector}/socket")
        await self.bring([wall])
        return wall

    async def bring(self, phones: Sequence[Phone], greeted: Callable[[Phone], None] | None = None) -> None:
        """Connects these phones, AT_ONCE at a time, and waits for the greeting of each; then calls `greeted`."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(phone: Phone) -> None:
            async with gate:
                await phone.dial()
                if greeted is not None:
                    greeted(phone)

        await asyncio.gather(*map(one, phones))

    async def cut(self) -> None:
        """Cuts every phone's connection, as a router does that loses its power; they keep what they wait for."""
        for phone in self.phones:
            phone.cut()
        await until(lambda: not any(phone.here for phone in self.phones))

    async def vote(self, phones: Sequence[Phone], seconds: float, patience: float = PATIENCE) -> list[float]:
        """Lets each of these phones vote once, spread over `seconds` (0: all at once); returns their waits, once all
        have their answers or patience is over."""
        self.taken()
        order = random.sample(phones, len(phones))
        began = now()
        for number, phone in enumerate(order):
            ahead = began + seconds * number / len(order) - now()
            if ahead > 0 or number % AT_ONCE == 0:
                await asyncio.sleep(max(0.0, ahead))  # if only so that answers are read while the rest is sent
            phone.vote(number % CHOICES)
        await until(lambda: not any(phone.waiting for phone in order), patience)
        return self.taken()

    def tally(self, figures: Figures, counts: Sequence[int]) -> None:
        """Tells the votes that were acknowledged and are not in the count, those in it that nobody cast, votes without
        an answer, and phones that the server let go of."""
        acked = [0] * CHOICES
        for phone in self.phones:
            if phone.choice is not None:
                acked[phone.choice] += 1
        unanswered = sum(phone.waiting for phone in self.phones)
        figures.nought("lost votes", sum(max(0, sure - got) for sure, got in zip(acked, counts, strict=True)))
        figures.nought("phantom votes", max(0, sum(counts) - sum(acked) - unanswered))
        figures.nought("votes without an answer", unanswered)
        figures.nought("votes refused", self.refused)
        figures.nought("phones that the server disconnected", self.lost)


class Phone(picows.WSListener):
    """One phone, through all its sockets. `choice` is what it was told is counted; `version` that of the state that it
    was sent last; `states` and `tallies` count what it was sent."""

    def __init__(self, hall: Hall, headers: dict[str, str], path: str = "") -> None:
        self.hall = hall
        self._headers = headers
        self._path = path or f"{hall.session.path}/socket?has="
        self.receiving = 0
        self.here = self.leaving = False
        self.choice: int | None = None
        self.version = -1
        self.states = self.tallies = 0
        # Called with the version of each state that comes, where somebody wants to know.
        self.shown: Callable[[int], None] | None = None
        self._asked: tuple[bytes, int, float] | None = None

    async def dial(self) -> None:
        """Connects, waits for the greeting, and sends again what was not answered before."""
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.leaving = False
        address = self.hall.session.base.replace("http", "ws", 1) + self._path
        await picows.ws_connect(
            lambda: self, address, extra_headers=self._headers, websocket_handshake_timeout=60,
            read_buffer_init_size=2048, socket_factory=self._socket if self.receiving else None,
        )  # fmt: skip
        await self.greeted
        if self._asked is not None:
            sent, choice, _ = self._asked
            self._asked = sent, choice, now()
            self.transport.send(picows.WSMsgType.TEXT, sent)

    def _socket(self, _url: object) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receiving)
        made.setblocking(False)
        return made

    def cut(self) -> None:
        """Ends the connection without a word."""
        self.leaving = True
        if self.here:
            self.transport.disconnect(graceful=False)

    def sleep(self) -> None:
        """Reads no more."""
        self.transport.underlying_transport.pause_reading()

    def wake(self) -> None:
        """Reads again."""
        if self.here:
            self.transport.underlying_transport.resume_reading()

    @property
    def waiting(self) -> bool:
        """True where a vote of its is not answered."""
        return self._asked is not None

    def vote(self, choice: int) -> None:
        """Casts a vote; where it is not connected, once it is back."""
        sent = self.hall.session.cast(choice)
        self._asked = sent, choice, now()
        if self.here:
            self.transport.send(picows.WSMsgType.TEXT, sent)

    def on_ws_connected(self, transport: Any) -> None:
        """Keeps the transport."""
        self.transport = transport
        self.here = True

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Answers pings; counts what comes."""
        if frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
            return
        message = frame.get_payload_as_bytes()
        kind = message[5:10]
        if kind == ACK:
            if self._asked is not None:
                _, self.choice, at = self._asked
                self._asked = None
                self.hall.waits.append(now() - at)
            self.hall.heard()
        elif kind == TALLY:
            self.tallies += 1
        elif kind in STATES:
            self.states += 1
            if self.shown is not None:
                self.version = json.loads(message)["v"]
                self.shown(self.version)
            self.hall.heard()
        elif kind == HELLO and not self.greeted.done():
            self.greeted.set_result(None)
        elif kind == REFUSED:
            self.hall.refused += 1

    def on_ws_disconnected(self, _transport: Any) -> None:
        """Counts who went without being told to."""
        self.here = False
        if not self.greeted.done():
            self.greeted.set_exception(OSError("the server let go of a phone"))
        self.hall.lost += not self.leaving


@asynccontextmanager
async def served(people: int, *options: str) -> AsyncIterator[Hall]:
    """Runs a server of this checkout with a session that so many people have joined; no phone is connected yet."""
    most = machine.raise_file_limit()
    if most is not None and people + 100 > most:
        sys.exit(f"raise `ulimit -n` (now {most}) for {people} phones")
    with (
        tempfile.TemporaryDirectory(prefix="forum-bench-") as where,
        Serving(Path(where), "--no-demo", *options, program=AFRESH, settings=VENUE) as server,
    ):
        session = Session(server.base, where)
        await session.make()
        await session.join(people)
        hall = Hall(session, server.process.pid)
        yield hall
        for phone in hall.phones:
            phone.cut()
        await session.leave()
