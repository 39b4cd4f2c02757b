"""Screens whose clocks are in the test's hands, behind a wire: whatever they try again and again is tried at once."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from support.browser import PHONE, House, People
from support.network_proxy import Wire
from support.session_api import ApiSession, join_session

LONGEST = 31_000  # milliseconds between two attempts of anything that tries again and again


@dataclass
class Event(ApiSession):
    """Session, its facilitator by the API (on no such wire), and the wire between its screens and the server."""

    house: House
    wire: Wire
    people: People

    async def screen(self, path: str, page: Page | None = None) -> Page:
        """Opens a page on the wire, its clock in the test's hands."""
        page = page or await self.people.somebody(PHONE)
        await page.clock.install()
        await page.goto(self.wire.base + path)
        return page

    async def phone(self) -> Page:
        """Opens a phone's page on the wire and joins as one of the carers."""
        page = await self.people.somebody(PHONE)
        await page.clock.install()
        await join_session(page, self.code, base=self.wire.base)
        return page

    async def wait_until_asked(self, what: str) -> None:
        """Waits until the stranger has been asked this, without moving any clock: what a page sends once, and gives up
        after some seconds, has to be on the wire before they pass."""
        if not await self.wire.asked(what, within=30):
            pytest.fail(f"the page does not send {what}; it would be answered {self.wire.answer!r:.200}")

    async def advance_until_asked(self, page: Page, *what: str) -> None:
        """Moves the page's clock on until the stranger has been asked each of these."""
        for each in what:
            for _ in range(40):
                if await self.wire.asked(each, within=0.02):
                    break
                await page.clock.fast_forward(LONGEST)
                if await self.wire.asked(each, within=0.3):
                    break
            else:
                pytest.fail(f"the page does not try {each} any more; it was answered {self.wire.answer!r:.200}")

    async def wait_for_ballots(self, round_id: str, most: int) -> None:
        """Asks the server for a page until a round has so many ballots; fails after 30 seconds."""
        async with asyncio.timeout(30):
            while len(self.ballots(round_id)) < most:
                await self.organiser.get("/join")

    async def tablet(self) -> Page:
        """Opens the page of a shared tablet and waits until it is connected."""
        path = f"/organise/sessions/{self.session['id']}/tablet"
        tablet = await self.screen((await self.organiser.post(path, data={"act": "make"})).json()["tablet"])
        await expect(tablet.locator("[data-connection]")).to_have_attribute("data-is", "up")
        return tablet

    def ballots(self, round_id: str) -> list[str]:
        """Reads the choices of the ballots that are on disk."""
        return [row[0] for row in self.rows("SELECT choice FROM ballot WHERE round = ?", round_id)]

    def rows(self, query: str, *given: str) -> list[Any]:
        """Runs a statement on the server's database on disk, and returns its rows."""
        with closing(sqlite3.connect(self.house.data / "forum.db")) as database:
            return database.execute(query, given).fetchall()


async def advance_until(page: Page, so: Callable[[float], Awaitable[None]]) -> None:
    """Moves the page's clock on until it is so; `so` is told how many milliseconds to wait for it."""
    for _ in range(20):
        try:
            await so(1_000)
        except AssertionError:
            await page.clock.fast_forward(LONGEST)
        else:
            return
    await so(1_000)


def has_text(place: Locator, words: str | re.Pattern[str]) -> Callable[[float], Awaitable[None]]:
    """Returns the expectation that a place says this, for `advance_until`."""
    return lambda within: expect(place).to_have_text(words, timeout=within)


def has_state(place: Locator, what: str) -> Callable[[float], Awaitable[None]]:
    """Returns the expectation that a line's `data-is` is this, for `advance_until`."""
    return lambda within: expect(place).to_have_attribute("data-is", what, timeout=within)
