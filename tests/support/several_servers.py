"""Several real servers of one PostgreSQL database and one Valkey, with screens that go to another one when theirs
dies."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin

from forum.rehearsal.phone import Counters, Phone, cookie_in
from forum.rehearsal.screen_client import Watcher
from forum.rehearsal.script import Vote
from forum.store import open_store
from support.factories import COMMISSION_FORM
from support.server_process import Serving, clean_environment, free_port, run_forum
from support.session_api import ApiSession

_AT_ONCE = 20
_PATIENCE = 300.0  # seconds: several servers and thousands of phones share the cores of one machine


class Servers:
    """So many servers, each with a port and a folder of its own. `addresses` stay as they are through restarts."""

    def __init__(self, folder: Path, number: int, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._ports = [free_port() for _ in range(number)]
        self.settings = dict(settings)
        self.addresses = [f"http://127.0.0.1:{port}" for port in self._ports]
        self.running: dict[int, Serving] = {}

    def start(self, which: int) -> None:
        """Starts one, or starts it again; the first one makes the key that all sign with."""
        data = self._folder / str(which)
        data.mkdir(mode=0o700, exist_ok=True)
        key = self._folder / "0" / "signing_key.pem"
        if key.exists() and not (data / key.name).exists():
            shutil.copy(key, data / key.name)
        self.running[which] = Serving(data, "--no-demo", port=self._ports[which], settings=self.settings)

    def start_all(self) -> None:
        """Starts every one, one after another."""
        for which in range(len(self._ports)):
            self.start(which)

    def kill(self, which: int) -> None:
        """Kills one as a power cut would."""
        self.running.pop(which).stop(signal.SIGKILL)

    def stop(self, which: int) -> tuple[int, str]:
        """Stops one gracefully; returns its exit code and what it wrote to standard error."""
        return self.running.pop(which).stop()

    def stop_all(self) -> None:
        """Kills all that are left."""
        for which in list(self.running):
            self.kill(which)

    def organiser(self) -> httpx2.AsyncClient:
        """Makes an organiser, and returns a client with the token; its address is the first server's."""
        data, env = self._folder / "0", clean_environment(**self.settings)
        added = run_forum(
            "user", "add", "olu", "--role", "organiser", "--password-stdin", "--data", data,
            given="seven quiet kettles\n", env=env,
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
        made = run_forum("user", "token", "olu", "--label", "test", "--data", data, env=env)
        assert made.returncode == 0, made.stderr
        headers = {"Accept": "application/json", "Authorization": f"Bearer {made.stdout.split()[-1]}"}
        return httpx2.AsyncClient(base_url=self.addresses[0], headers=headers, timeout=60)


class _Hops:
    """Goes to the next address whenever a connection ends, as a balancer in front would have it."""

    addresses: list[str]
    at: int
    _url: str
    _origin: Origin

    def go_on(self, path: str) -> None:
        base = self.addresses[self.at % len(self.addresses)]
        self.at += 1
        self._url, self._origin = f"ws{base[4:]}{path}", Origin(base)


class HoppingPhone(_Hops, Phone):
    """A phone of a rehearsal that begins at the address numbered `at`."""

    patience = _PATIENCE

    def __init__(self, addresses: list[str], at: int, code: str, cookie: str, counters: Counters) -> None:
        super().__init__(addresses[at], code, cookie, counters)
        self.addresses, self.at, self._path = addresses, at, f"/s/{code}/socket"

    async def _dial(self) -> ClientConnection:
        self.go_on(self._path)
        return await super()._dial()


class Wall(Watcher):
    """A big screen at one server, which stays there."""

    patience = _PATIENCE

    def __init__(self, address: str, path: str) -> None:
        super().__init__(address, f"{path}/socket", "projector")

    async def shows(self, true: Callable[[Wall], bool], within: float = 60.0) -> None:
        """Returns once something is true of what it shows."""
        async with asyncio.timeout(within):
            while not true(self):
                await self.news()


class Room:
    """One session with its phones, spread over all servers, and a big screen at each.

    `refused` are refusals that a person would see.
    """

    def __init__(self, servers: Servers, session: ApiSession) -> None:
        self._servers = servers
        self.session = session
        self.counters = Counters()
        self.phones: list[HoppingPhone] = []
        path = "/projector/" + session.session["projector"].rpartition("/")[2]
        self.walls = [Wall(address, path) for address in servers.addresses]
        self._transport = httpx2.AsyncHTTPTransport(verify=False)
        self._doors = asyncio.Semaphore(_AT_ONCE)
        self._staying: list[asyncio.Task[None]] = []

    @classmethod
    async def made(cls, servers: Servers, organiser: httpx2.AsyncClient) -> Room:
        """Makes a session, and connects the big screens."""
        commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
        made = await organiser.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})
        room = cls(servers, ApiSession(organiser, made.json()))
        for wall in room.walls:
            room.stay(wall)
        return room

    def stay(self, screen: Watcher) -> asyncio.Task[None]:
        """Keeps a screen connected until the room is left; returns the task that does."""
        self._staying.append(asyncio.create_task(screen.stay(self._doors)))
        return self._staying[-1]

    async def join(self, number: int) -> None:
        """Lets so many people in, each at one of the servers in turn."""
        gate = asyncio.Semaphore(_AT_ONCE)
        addresses = self._servers.addresses

        async def come(at: int) -> None:
            async with gate:
                cookie = await self.cookie(addresses[at % len(addresses)])
            phone = HoppingPhone(addresses, at % len(addresses), self.session.code, cookie, self.counters)
            self.phones.append(phone)
            await _while_it_stays(phone.ready.wait(), [self.stay(phone)])

        await asyncio.gather(*(come(at) for at in range(number)))

    async def cookie(self, address: str) -> str:
        """Joins at one server; returns the cookie that it sets."""
        # Of its own for its cookies; the connections, and what it costs to prepare for TLS, are shared.
        http = httpx2.AsyncClient(
            base_url=address,
            headers={"Origin": address, "Accept": "text/html"},
            timeout=60,
            transport=self._transport,
        )
        answer = await http.post(f"{self.session.path}/join", data={"unsaid": "1"})
        cookie = cookie_in(answer.headers.get_list("set-cookie"))
        assert cookie, answer.text
        return cookie

    async def vote_all(self, round_id: str, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """Lets everybody vote at once; `meanwhile` goes on beside. Returns once every vote is acknowledged."""
        votes = [
            asyncio.create_task(phone.vote(round_id, Vote(at, f"r{at % 2 + 1}")))
            for at, phone in enumerate(self.phones)
        ]
        try:
            if meanwhile is not None:
                await meanwhile()
            await _while_it_stays(asyncio.gather(*votes), self._staying)
        finally:
            for vote in votes:
                vote.cancel()

    async def lost_and_doubled(self, database_url: str, round_id: str) -> tuple[int, int, int]:
        """Returns how many acknowledged votes are not in the database as their phones have it, how many are there that
        nobody cast, and how many there are."""
        store = await open_store(database_url)
        try:
            async with store.read() as work:
                choices = await work.rounds.choices(round_id)
        finally:
            await store.close()
        acknowledged: dict[str, int] = {}
        for phone in self.phones:
            choice = phone.acknowledged.get(round_id, "")
            acknowledged[choice] = acknowledged.get(choice, 0) + 1
        every = choices.keys() | acknowledged.keys()
        lost = sum(max(0, acknowledged.get(one, 0) - choices.get(one, 0)) for one in every)
        doubled = sum(max(0, choices.get(one, 0) - acknowledged.get(one, 0)) for one in every)
        return lost, doubled, sum(choices.values())

    async def leave(self) -> None:
        """Disconnects every screen."""
        await self._transport.aclose()
        await asyncio.gather(*(screen.leave() for screen in (*self.phones, *self.walls)))
        done: list[Any] = await asyncio.gather(*self._staying, return_exceptions=True)
        failed = [one for one in done if isinstance(one, Exception)]
        if failed:
            raise failed[0]


async def _while_it_stays(waited: Awaitable[Any], staying: Iterable[asyncio.Task[None]]) -> None:
    """Waits for something; raises what ended a screen that it needs, as it would wait for ever."""
    task = asyncio.ensure_future(waited)
    try:
        await asyncio.wait({task, *staying}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            for one in staying:
                if one.done():
                    one.result()
        await task
    finally:
        task.cancel()
