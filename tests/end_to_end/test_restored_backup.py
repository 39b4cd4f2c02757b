"""Data that goes back to a backup while screens are open: they start anew, and take nothing they knew for counted."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.browser import House
from support.factories import COMMISSION_FORM, new_id
from support.server_process import Serving, back_up, restore
from support.session_api import act, add_staff
from websockets.asyncio.client import connect

MACHINE = {"Accept": "application/json"}


@dataclass
class Screen:
    """State of an open page: it follows hello's history as static/live/room-connection.js does."""

    path: str
    cookie: str = ""
    history: str = ""
    version: int = -1
    mark: str = ""
    shown: str = ""
    yours: dict[str, str] = field(default_factory=dict)
    anew: bool = False

    def hear(self, message: dict[str, Any]) -> None:
        if message["t"] == "hello":
            self.anew = bool(self.history) and message["history"] != self.history
            self.version = -1 if self.anew else self.version
            self.history = message["history"]
            self.yours = {one["round"]: one["choice"] for one in message["yours"]}
        elif message["t"] == "state" and message["v"] >= self.version:
            self.version, self.mark, self.shown = message["v"], message["mark"], message["html"]


@dataclass
class Day:
    """A served house with one session, driven by the API."""

    house: House
    session: dict[str, Any]
    headers: dict[str, str]

    async def act(self, name: str, **form: Any) -> dict[str, Any]:
        async with httpx2.AsyncClient(base_url=self.house.server.base, headers=self.headers) as organiser:
            return await act(organiser, self.session["id"], name, **form)

    async def ask(self, question: str) -> str:
        asked = await self.act("ask", question=question, response=["A nurse", "The police"], none="1")
        await self.act("open", round=asked["round"])
        return str(asked["round"])

    async def joined(self) -> str:
        base, path = self.house.server.base, f"/s/{self.session['code']}"
        async with httpx2.AsyncClient(base_url=base, headers={"Origin": base}) as browser:
            await browser.get(path)
            assert (await browser.post(f"{path}/join", data={"unsaid": "1"})).status_code == 303
            return "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)

    @asynccontextmanager
    async def socket(self, screen: Screen) -> AsyncIterator[Any]:
        base = self.house.server.base
        url = f"{base.replace('http', 'ws', 1)}{screen.path}?mark={screen.mark}&h={screen.history}"
        headers = {"Cookie": screen.cookie, "Origin": base} if screen.cookie else {"Origin": base}
        headers |= {"Authorization": self.headers["Authorization"]} if "console" in screen.path else {}
        async with connect(url, additional_headers=headers, compression=None, max_queue=None) as opened:
            yield opened

    async def follow(self, screen: Screen) -> None:
        """Connects, and hears everything up to the tally, which comes last of what greets a screen."""
        async with self.socket(screen) as socket:
            while (message := json.loads(await socket.recv()))["t"] != "tally":
                screen.hear(message)

    async def cast(self, screen: Screen, round_id: str, choice: str) -> dict[str, Any]:
        async with self.socket(screen) as socket:
            await socket.send(json.dumps({"t": "cast", "id": new_id(), "round": round_id, "choice": choice}))
            while (message := json.loads(await socket.recv()))["t"] not in {"ack", "refused"}:
                screen.hear(message)
            return dict(message)

    async def polled(self, screen: Screen) -> dict[str, Any]:
        """Asks once as a polling phone does, hears the answer and gives it."""
        headers = MACHINE | {"Cookie": screen.cookie}
        query = f"mark={screen.mark}&h={screen.history}"
        address = f"{self.house.server.base}/s/{self.session['code']}/now?{query}"
        async with httpx2.AsyncClient() as browser:
            answer: dict[str, Any] = (await browser.get(address, headers=headers)).json()
        for kind in ("hello", "state") if "html" in answer else ("hello",):
            screen.hear({**answer, "t": kind})
        return answer


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    with Serving(tmp_path / "data", "--no-demo") as server:
        house = House(server, tmp_path / "data")
        headers = MACHINE | {"Authorization": f"Bearer {add_staff(house.data)}"}
        async with httpx2.AsyncClient(base_url=server.base, headers=headers) as organiser:
            commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
            form = {"commission": commission["id"], "title": "A day"}
            session = (await organiser.post("/organise/sessions", data=form)).json()
            tablet = (await organiser.post(f"/organise/sessions/{session['id']}/tablet", data={"act": "make"})).json()
        yield Day(house, session | tablet, headers)
        house.server.stop(signal.SIGKILL)


@pytest.mark.timeout(120)
async def test_every_screen_starts_anew_on_an_older_copy_of_the_data(day: Day, tmp_path: Path) -> None:
    cookie, code = await day.joined(), day.session["code"]
    phone, polling = Screen(f"/s/{code}/socket", cookie), Screen("", await day.joined())
    wall, console = Screen(f"{day.session['projector']}/socket"), Screen(f"/console/{day.session['id']}/socket")
    tablet = Screen(f"{day.session['tablet']}/socket")
    screens = [phone, wall, console, tablet]
    kept = await day.ask("Who comes first?")
    assert (await day.cast(phone, kept, "r1"))["t"] == "ack"
    copy = back_up(day.house.data, tmp_path / "copy.db")
    # It goes on: another vote on that question, and a question that the copy knows nothing of.
    assert (await day.cast(phone, kept, "r2"))["t"] == "ack"
    await day.act("close", round=kept)
    await day.act("reveal", round=kept)
    lost = await day.ask("And who comes after that?")
    assert (await day.cast(phone, lost, "r1"))["t"] == "ack"
    for screen in screens:
        await day.follow(screen)
        assert not screen.anew
    await day.polled(polling)
    assert "And who comes after that?" in phone.shown
    ahead, history = phone.version, phone.history
    assert phone.yours == {kept: "r2", lost: "r1"}

    # A restart, after a power cut: nothing is lost, whatever the history is called.
    day.house.restart(signal.SIGKILL)
    await day.follow(phone)
    assert (phone.version, phone.yours) == (ahead, {kept: "r2", lost: "r1"})
    assert "And who comes after that?" in phone.shown

    day.house.server.stop()
    restore(day.house.data, copy)
    day.house.restart(signal.SIGTERM, "--accept")
    await day.act("close", round=kept)
    again = await day.ask("And who comes after that?")
    for screen in screens:
        await day.follow(screen)
        assert screen.anew
        assert screen.version < ahead
        assert "And who comes after that?" in screen.shown
        assert screen.history not in {"", history}
    # Another vote than was told last counts, and of the one that the copy does not have nothing is said.
    assert phone.yours == {kept: "r1"}
    assert "And who comes after that?" in (await day.polled(polling))["html"]
    assert polling.yours == {}
    assert (await day.cast(phone, lost, "r1"))["code"] == "unknown_round"
    assert (await day.cast(phone, again, "r2"))["t"] == "ack"

    # Where its version comes to be the one that was seen in the other history, it is sent all the same.
    await day.follow(phone)
    old = Screen(phone.path, cookie, history, phone.version, phone.mark)
    await day.follow(old)
    assert old.anew
    assert "And who comes after that?" in old.shown
    same = Screen(phone.path, cookie, phone.history, phone.version, phone.mark)
    await day.follow(same)
    assert same.shown == ""
    stale = Screen("", polling.cookie, history, phone.version, phone.mark)
    assert "html" in await day.polled(stale)
    assert "html" not in await day.polled(stale)
