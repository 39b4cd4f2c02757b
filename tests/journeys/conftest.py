"""A real server in a process of its own, and real browsers in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from browsing import FIRST_LINK, House, Look, People
from playwright.async_api import Browser, Page
from serving import Serving


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, without what it would ask other hosts for."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    # As root, as CI is in containers, Chromium has no sandbox.
    return {"executable_path": chromium, "args": ["--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server on a free port with fresh data."""
    with Serving(tmp_path / "data") as server:
        link = FIRST_LINK.search(server.said)
        assert link is not None
        yield House(server, link.group(1), tmp_path / "data")


@pytest.fixture
async def people(browser: Browser, house: House) -> Any:
    """Browsers for the test; all are closed at its end."""
    everybody = People(browser, house, [])
    yield everybody
    for context in everybody.contexts:
        await context.close()


@pytest.fixture
def accessible() -> Look:
    """Fails where axe finds anything on a page, or where a page is wider than its screen."""
    axe = Axe()

    async def look(page: Page) -> None:
        results = await axe.run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        )
        found = [
            f"{page.url} {v['id']}: {v['help']}: " + "; ".join(str(n["html"])[:160] for n in v["nodes"][:4])
            for v in results.response["violations"]
        ]
        assert found == []
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{page.url} is {over} px wider than its screen"

    return look
