"""Pictures of the worked example for docs/commissioning.md: a commission, a decision, its promises, and "My day"."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from forum.rehearsal.example import cycle
from forum.store import open_store
from pictures.camera import Camera

COMMISSION, DECISION, PROMISES, DAY = KEPT = (
    "example-commission",
    "example-decision",
    "example-promises",
    "example-my-day",
)
COLOURS = 48  # of a picture: enough for flat colours and letters, in a third of the bytes


async def shoot(camera: Camera, data: Path) -> None:
    """Takes the four pictures from a server with this folder of data."""
    commission, code = await _example(data)
    page = await camera.page("laptop")
    await page.goto(f"/commissions/{commission}")
    await _take(camera, page, COMMISSION)
    await page.locator("main li", has_text="Corrected").get_by_role("link").first.click()
    await page.wait_for_url(re.compile("/decisions/"))
    await _take(camera, page, DECISION, "What else it differs from, and why")
    await page.goto(f"/promises?commission={commission}")
    await _take(camera, page, PROMISES, "4 promises found")
    await page.context.close()
    phone = await camera.page("phone")
    await phone.goto(f"/s/{code}/day")
    await _take(camera, phone, DAY, "People voted again")
    await phone.context.close()


async def _example(data: Path) -> tuple[str, str]:
    """Returns the id of the example's commission, and the join code of its first day."""
    store = await open_store(f"sqlite+aiosqlite:///{data / 'forum.db'}")
    try:
        async with store.read() as work:
            commission = await work.facts.get_fact(cycle.FACT) or ""
            rooms = [one for one in await work.sessions.list_sessions(commission) if one.scenarios]
            return commission, next(one.code for one in rooms if not one.asynchronous)
    finally:
        await store.close()


async def _take(camera: Camera, page: Page, name: str, heading: str = "") -> None:
    """Takes what is on the screen, with this heading at its top, in few colours."""
    if heading:
        await page.get_by_role("heading", name=heading).evaluate("it => window.scrollTo(0, it.offsetTop - 24)")
    await camera.take(page, name)
    file = camera.folder / f"{name}.png"
    Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
