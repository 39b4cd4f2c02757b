"""Running a session of a served house by the API, for journeys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from browsing import PASSWORD, House
from making import COMMISSION_FORM
from playwright.async_api import Page, expect
from serving import forum


@asynccontextmanager
async def an_organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who runs sessions by the API."""
    user = ("--data", house.data)
    forum("user", "add", "olu", "--role", "organiser", "--password-stdin", *user, given=PASSWORD + "\n")
    made = forum("user", "token", "olu", "--label", "test", "--json", *user)
    token = re.search(r'"token": "([^"]+)"', made.stdout)
    if token is None:
        raise AssertionError(made.stderr)
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token.group(1)}"}
    async with httpx2.AsyncClient(base_url=house.server.base, headers=headers) as http:
        yield http


async def a_day(organiser: httpx2.AsyncClient) -> dict[str, Any]:
    """A session of a new commission."""
    commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
    made = await organiser.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})
    session: dict[str, Any] = made.json()
    return session


async def act(organiser: httpx2.AsyncClient, session: str, name: str, **form: Any) -> dict[str, Any]:
    """One act of the facilitator, which must be carried out."""
    answer = await organiser.post(f"/console/{session}/{name}", data=form)
    assert answer.status_code == 200, answer.text
    facts: dict[str, Any] = answer.json()
    return facts


async def come_in(page: Page, code: str, group: str) -> None:
    """Joins a session on this page."""
    await page.goto(f"/s/{code}")
    await page.get_by_label(group).first.check()
    await page.get_by_role("main").get_by_role("button").first.click()
    await expect(page.locator("#screen")).to_be_visible()
