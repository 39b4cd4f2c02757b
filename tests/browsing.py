"""Browsers for the journeys: people, each with cookies of their own, in front of a real server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize
from serving import Serving

PASSWORD = "seven quiet green kettles"
FIRST_LINK = re.compile(r"http://\S+(/first/\S+)")
SMALL: ViewportSize = {"width": 320, "height": 640}
PHONE: ViewportSize = {"width": 360, "height": 740}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class House:
    """A server with its demonstration, and the link for its first administrator."""

    server: Serving
    first_link: str
    data: Path

    def url(self, path: str) -> str:
        """The address of a path."""
        return self.server.base + path


@dataclass
class People:
    """Opens browsers for people, each with cookies of its own, and checks every page they come to."""

    browser: Browser
    house: House
    contexts: list[BrowserContext]

    async def somebody(self, size: ViewportSize | None = None, *, scripts: bool = True, **more: Any) -> Page:
        """A page in a browser of somebody's own. Errors of the page's scripts fail the test."""
        context = await self.browser.new_context(
            viewport=size or LAPTOP,
            java_script_enabled=scripts,
            base_url=self.house.server.base,
            **more,
        )
        self.contexts.append(context)
        context.set_default_timeout(20_000)
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page

    async def signed_in(self, login: str, size: ViewportSize | None = None) -> Page:
        """The same, signed in."""
        page = await self.somebody(size)
        await page.goto("/sign-in")
        await page.get_by_label("Login").fill(login)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("main").get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        return page


Look = Callable[[Page], Awaitable[None]]
