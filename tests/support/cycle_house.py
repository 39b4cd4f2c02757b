"""House in this process for a journey through a whole cycle: served on a real port, with mail and a clock that is set.

Staff, the writer of a story, followers and everybody in the room have browsers of their own in front of it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize

from forum.ports import Store
from forum.ports.accounts import Person
from forum.web.cookies import SIGNED_IN
from support.app import House, a_house
from support.browser import LAPTOP, PHONE, Look, follow
from support.factories import SetClock
from support.smtp_server import PostOffice

BEGINS = "2026-03-02T09:00:00.000Z"
SENDER = "forum@post.test"
# Counts what a tab's user presses beside typing, over all its pages: clicks, taps and the Enter key.
COUNT_PRESSES = """
const count = () => { sessionStorage.presses = Number(sessionStorage.presses ?? 0) + 1; };
addEventListener("pointerdown", count, true);
addEventListener("keydown", (event) => { if (event.key === "Enter") count(); }, true);
"""


class _Server(uvicorn.Server):
    """One that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(house: House, listening: socket.socket) -> AsyncIterator[None]:
    """Serves a house that is open already, on a socket that listens already."""
    config = uvicorn.Config(
        house.app, ws="websockets-sansio", lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield
    server.should_exit = True
    await serving


@dataclass
class CycleHouse:
    """The house, its clock and its mail, and the browsers that were opened in front of it."""

    house: House
    clock: SetClock
    office: PostOffice
    base: str
    folder: Path
    browser: Browser
    look: Look
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Returns the house's store."""
        return self.house.store

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers of a form that is sent without a browser."""
        return {"Origin": self.base}

    async def page(self, size: ViewportSize = LAPTOP, *, scripts: bool = True) -> Page:
        """Opens a page in a browser of its own. Errors of its scripts fail the test."""
        context = await self.browser.new_context(
            viewport=size, java_script_enabled=scripts, base_url=self.base, reduced_motion="reduce"
        )
        self.contexts.append(context)
        context.set_default_timeout(20_000)
        await context.add_init_script(COUNT_PRESSES)
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page

    async def as_(self, person: Person, page: Page | None = None) -> Page:
        """Signs somebody in for an hour of the clock, on a page that they have or on a new one."""
        page = page or await self.page()
        token = await self.house.session_token(person)
        await page.context.add_cookies([{"name": SIGNED_IN, "value": token, "url": self.base}])
        return page

    async def seen(self, page: Page, path: str = "") -> None:
        """Looks at a page, or at that of a path, by axe: as wide as a laptop and as narrow as a phone."""
        if path:
            await page.goto(path)
        size = page.viewport_size or LAPTOP
        for other in (LAPTOP, PHONE):
            await page.set_viewport_size(other)
            await self.look(page)
        await page.set_viewport_size(size)

    async def letters(self, to: str) -> list[str]:
        """Sends what is due, and returns the letters that somebody got so far."""
        await self.house.site.mailing.once()
        return [letter.text for letter in self.office.arrived if to in letter.to]


@asynccontextmanager
async def a_cycle_house(folder: Path, tables: Path, browser: Browser, look: Look) -> AsyncIterator[CycleHouse]:
    """Opens a house that sends mail, with a clock that stands still until it is moved."""
    clock = SetClock(BEGINS)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with (
            PostOffice() as office,
            a_house(folder, tables, clock, smtp_url=office.url, smtp_from=SENDER, public_url=base) as house,
            served(house, listening),
        ):
            there = CycleHouse(house, clock, office, base, folder, browser, look)
            yield there
            for context in there.contexts:
                await context.close()


async def fill(page: Page | Locator, **values: str) -> None:
    """Fills fields by their names; of radio buttons and check boxes it takes the one with this value."""
    for name, value in values.items():
        place = page.locator(f"[name={name}]")
        if await place.first.get_attribute("type") in ("radio", "checkbox"):
            await page.locator(f"[name={name}][value='{value}']").check()
        else:
            await place.fill(value)


async def press(page: Page, name: str) -> None:
    """Presses the button with this name, and waits for the page that it leads to."""
    await follow(page.get_by_role("main").get_by_role("button", name=name, exact=True))


async def open_work(page: Page, line: str) -> None:
    """Goes from the page that signing in leads to, by one of its lines, to the only thing that it counts."""
    await page.goto("/work")
    await follow(page.get_by_role("main").get_by_role("link", name=line))


async def presses(page: Page) -> int:
    """Returns how often somebody has pressed anything so far, in this tab."""
    return int(await page.evaluate("sessionStorage.presses ?? 0"))
