"""E-mail in a browser: asked for on the private page, confirmed, stopped; on the smallest phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from support.app import a_sent_story
from support.browser import SMALL, House, Look, People, follow
from support.factories import CLOCK
from support.server_process import Serving, free_port
from support.smtp_server import PostOffice

from forum.services.stories import submissions
from forum.store import open_store

pytestmark = pytest.mark.browser

ADA = "ada@reader.test"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@pytest.fixture
async def people(browser: Browser, tmp_path: Path, office: PostOffice) -> Any:
    """Browsers in front of a server that sends e-mail."""
    port = free_port()
    settings = {
        "FORUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FORUM_SMTP_URL": office.url,
        "FORUM_SMTP_FROM": "forum@post.test",
    }
    with Serving(tmp_path / "data", port=port, settings=settings) as server:
        everybody = People(browser, House(server, tmp_path / "data"), [])
        yield everybody
        for context in everybody.contexts:
            await context.close()


async def a_story(people: People) -> str:
    """Begins a story; returns the path of its private page."""
    store = await open_store(f"sqlite+aiosqlite:///{people.house.data / 'forum.db'}")
    try:
        async with store.read() as work:
            commission = (await work.commissions.list_commissions())[0]
        _, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
    finally:
        await store.close()
    return f"/my-story/{key}"


async def test_asking_confirming_and_stopping(people: People, office: PostOffice, accessible: Look) -> None:
    mine = await a_story(people)
    # axe is itself a script: this page looks at what the other one, without scripts, has come to.
    looker = await people.somebody(SMALL)

    async def look(page: Page) -> None:
        await looker.goto(page.url)
        await accessible(looker)

    writer = await people.somebody(SMALL, scripts=False)
    await writer.goto(mine)
    await look(writer)
    await writer.get_by_label("Your e-mail address").fill("ada at reader.test")
    await follow(writer.get_by_role("button", name="Leave this address"))
    await expect(writer.get_by_role("alert").get_by_text("one @ in it")).to_be_visible()
    address = writer.get_by_label("Your e-mail address")
    await expect(address).to_have_value("ada at reader.test")
    await look(writer)
    await address.fill(ADA)
    await follow(writer.get_by_role("button", name="Leave this address"))
    await expect(writer.get_by_text("Now look into your mailbox")).to_be_visible()
    await look(writer)

    await office.until(lambda: len(office.arrived) > 0)
    confirm, stop = re.findall(r"http://\S+", office.arrived[0].text)
    reader = await people.somebody(SMALL, scripts=False)
    await reader.goto(confirm)
    await look(reader)
    await follow(reader.get_by_role("button", name="Yes, write to me"))
    await expect(reader.get_by_role("heading", name="You will be told")).to_be_visible()
    await writer.goto(mine)
    await expect(writer.get_by_text("We write to the address that was left here")).to_be_visible()
    await look(writer)

    await reader.goto(stop)
    await look(reader)
    await follow(reader.get_by_role("button", name="Stop, and erase my address"))
    await expect(reader.get_by_role("heading", name="The e-mails are stopped")).to_be_visible()
    await writer.reload()
    await expect(writer.get_by_label("Your e-mail address")).to_be_visible()
    data = b"".join(file.read_bytes() for file in people.house.data.glob("forum.db*"))
    assert ADA.encode() not in data
    assert len(office.arrived) == 1
