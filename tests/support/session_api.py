"""Sessions of a served house, run by the API: for journeys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Page, expect

from support.browser import PASSWORD, STAFF, House
from support.factories import COMMISSION_FORM
from support.server_process import forum


def hired(data: Path, *logins: str) -> str:
    """Makes these accounts of STAFF (olu's, where none is named) in this folder; returns olu's token for the API."""
    user = ("--data", data)
    for login in logins or ("olu",):
        flags = [flag for role in STAFF[login] for flag in ("--role", role)]
        added = forum("user", "add", login, *flags, "--password-stdin", *user, given=PASSWORD + "\n")
        if added.returncode != 0:
            raise AssertionError(added.stderr)
    made = forum("user", "token", "olu", "--label", "test", "--json", *user)
    token = re.search(r'"token": "([^"]+)"', made.stdout)
    if token is None:
        raise AssertionError(made.stderr)
    return token.group(1)


@asynccontextmanager
async def an_organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Opens a client with the API token of somebody who runs sessions."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {house.token or hired(house.data)}"}
    async with httpx2.AsyncClient(base_url=house.server.base, headers=headers) as http:
        yield http


async def a_day(organiser: httpx2.AsyncClient) -> dict[str, Any]:
    """Makes a session of a new commission."""
    commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
    made = await organiser.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})
    session: dict[str, Any] = made.json()
    return session


async def a_played_story(organiser: httpx2.AsyncClient) -> tuple[dict[str, Any], str, str]:
    """Makes a session of the demonstration's commission with one of its stories; returns the session, the story's id
    and its Twee."""
    pages = {"Accept": "text/html"}
    page = (await organiser.get("/commissions", headers=pages)).text
    [commission] = re.findall(r'href="/commissions/([0-9a-f]+)">Urgent mental-health care', page)
    page = (await organiser.get(f"/organise/sessions/new?commission={commission}", headers=pages)).text
    story = re.findall(r'name="scenario" value="([0-9a-f]+)"', page)[0]
    form = {"commission": commission, "title": "A day", "scenario": story}
    made = await organiser.post("/organise/sessions", data=form)
    assert made.status_code == 200, made.text
    return made.json(), story, (await organiser.get(f"/stories/{story}/story.twee")).text


async def act(organiser: httpx2.AsyncClient, session: str, name: str, **form: Any) -> dict[str, Any]:
    """Does one act of the facilitator, which must be carried out; returns the answer's JSON."""
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
