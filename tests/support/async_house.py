"""House whose clock is the test's, with an open asynchronous round, and browsers that answer in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from forum.services.sessions import asynchronous, facilitation
from support.app import House, a_house
from support.async_round import AsyncRound, an_async_round
from support.factories import SetClock

UNTIL = "4 March 2026, 22:00 GMT"


@dataclass(frozen=True)
class OpenRound:
    """House whose clock is the test's, with an open asynchronous round."""

    house: House
    clock: SetClock
    night: AsyncRound

    @property
    def path(self) -> str:
        """Returns the path of the round's pages."""
        return f"/answer/{self.night.live.code}"

    async def joined_browser(self, group: str = "g1") -> httpx2.AsyncClient:
        """Opens a browser that has joined in this group."""
        browser = self.house.browser()
        await browser.get(self.path)
        answer = await browser.post(f"{self.path}/join", data={"group": group})
        assert (answer.status_code, answer.headers["location"]) == (303, self.path)
        return browser

    async def answer(self, browser: httpx2.AsyncClient, choice: str = "r1", reason: str = "") -> httpx2.Response:
        """Sends the question's form and returns the answer to it."""
        return await browser.post(f"{self.path}/question", data={"choice": choice, "reason": reason})

    async def choices(self) -> list[str]:
        """Reads the choices of the round's ballots, sorted."""
        async with self.house.store.read() as work:
            return sorted(b.choice for b in await work.rounds.ballots(self.night.round.id))

    async def close(self, *, reveal: bool = False) -> None:
        """Closes the round, and with `reveal` shows its result."""
        acts = asynchronous.desk(self.house.store, self.clock)
        await facilitation.close_round(acts, self.night.live.id, self.night.round.id)
        if reveal:
            await facilitation.reveal_round(acts, self.night.live.id, self.night.round.id)


@asynccontextmanager
async def an_open_round(folder: Path, tables: Path) -> AsyncIterator[OpenRound]:
    """Opens the house on a new database in `folder`, and closes it."""
    clock = SetClock()
    async with a_house(folder, tables, clock, wrong_codes_per_address=5, joins_per_session=20) as house:
        yield OpenRound(house, clock, await an_async_round(house.store, clock))
