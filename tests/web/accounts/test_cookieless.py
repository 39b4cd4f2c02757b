"""Browsers that keep no cookies are told so, with what to do; nothing is made, used up or counted for them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx2
import pytest
from support.app import ADDRESS, PASSWORD, House, a_house, words
from support.async_house import an_open_round
from support.factories import CLOCK, a_room, new_id

from forum.services.keys import digest
from forum.services.sessions import cues, facilitation, tickets
from forum.services.sessions.desk import Desk
from forum.services.sessions.tablet_link import share
from forum.sessions.session import Entrance

SAID = "This browser has to keep a cookie"


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, sign_ins_per_address=3) as opened:
        yield opened


def forgetting(house: House) -> httpx2.AsyncClient:
    """Opens a browser that keeps no cookies."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.app, client=("192.0.2.66", 40000)),
        base_url=ADDRESS,
        headers={"Origin": ADDRESS, "Accept": "text/html"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def sent(browser: httpx2.AsyncClient, page: str, to: str, **typed: str) -> httpx2.Response:
    """Opens a page and sends the form on it that goes to an address, with its hidden fields."""
    shown = await browser.get(page)
    [form] = re.findall(rf'<form[^>]* action="{re.escape(to)}".*?</form>', shown.text, re.DOTALL)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return await browser.post(to, data=hidden | typed)


async def test_nobody_is_counted_who_joins_without_cookies_and_each_try_says_what_to_do(house: House) -> None:
    live, _ = await a_room(house.store, [])
    path = f"/s/{live.code}"
    async with forgetting(house) as browser, house.browser() as ordinary:
        for _ in range(3):
            answer = await sent(browser, path, f"{path}/join", group="g1")
            assert answer.status_code == 400
            assert SAID in words(answer)
            assert "open this address in your ordinary browser" in words(answer)
            assert f'href="{path}"' in answer.text
        async with house.store.read() as work:
            assert await work.sessions.joined(live.id) == {}
        assert (await sent(ordinary, path, f"{path}/join", group="g1")).status_code == 303
        async with house.store.read() as work:
            assert await work.sessions.joined(live.id) == {"g1": 1}
        # A program that never saw the page joins as before.
        machine = await house.browser().post(
            f"{path}/join", data={"group": "g2"}, headers={"Accept": "application/json"}
        )
        assert machine.status_code == 200


async def test_a_ticket_is_not_used_up_without_cookies(house: House) -> None:
    live, _ = await a_room(house.store, [])
    async with house.store.begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(live.id), entrance=Entrance.TICKETS))
    [issued] = await tickets.issue(house.store, CLOCK, live.id, "g1", 1)
    page, to = f"/s/{live.code}/ticket/{issued.code}", f"/s/{live.code}/join"
    async with forgetting(house) as browser, house.browser() as ordinary:
        refused = await sent(browser, page, to, ticket=issued.code)
        assert (refused.status_code, SAID in words(refused)) == (400, True)
        assert (await sent(ordinary, page, to, ticket=issued.code)).status_code == 303


async def test_signing_in_without_cookies_says_so_and_is_no_wrong_password(house: House) -> None:
    await house.person("mo", "organiser")
    async with forgetting(house) as browser, house.browser("192.0.2.66") as ordinary:
        for _ in range(6):
            answer = await sent(browser, "/sign-in", "/sign-in", login="mo", password=PASSWORD)
            assert (answer.status_code, SAID in words(answer)) == (400, True)
            assert "set-cookie" in answer.headers
            assert PASSWORD not in answer.text
        assert (await sent(ordinary, "/sign-in", "/sign-in", login="mo", password=PASSWORD)).status_code == 303


async def test_the_first_link_is_not_used_up_without_cookies(house: House) -> None:
    key = new_id()
    async with house.store.begin() as work:
        await work.people.set_first_link(digest(key), "2999-01-01T00:00:00Z")
    typed = {"name": "Ada", "login": "ada", "password": PASSWORD, "again": PASSWORD}
    async with forgetting(house) as browser, house.browser() as ordinary:
        answer = await sent(browser, f"/first/{key}", f"/first/{key}", **typed)
        assert (answer.status_code, SAID in words(answer)) == (400, True)
        assert (await sent(ordinary, f"/first/{key}", f"/first/{key}", **typed)).headers[
            "location"
        ] == "/work?done=first"


async def test_who_answers_alone_without_cookies_is_told_so(tmp_path: Path, sqlite_template: Path) -> None:
    async with an_open_round(tmp_path, sqlite_template) as night, forgetting(night.house) as browser:
        answer = await sent(browser, night.path, f"{night.path}/join", group="g1")
        assert (answer.status_code, SAID in words(answer)) == (400, True)
        async with night.house.store.read() as work:
            assert await work.sessions.joined(night.night.live.id) == {}


async def test_the_shared_tablet_needs_no_cookie(house: House) -> None:
    live, _ = await a_room(house.store, [])
    acts = Desk(house.store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    path = f"/tablet/{(await share(house.store, live.id, on=True)).tablet}"
    async with forgetting(house) as browser:
        answer = await sent(browser, path, f"{path}/vote", group="g1", choice="r1")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{path}?counted=1"


async def test_a_language_that_is_not_kept_is_said_on_the_next_page(house: House) -> None:
    said = "This browser does not keep the language that you chose"
    async with forgetting(house) as browser, house.browser() as ordinary:
        for one, told in ((browser, True), (ordinary, False)):
            await one.get("/stories?lang=cy")
            after = {"Referer": f"{ADDRESS}/stories?lang=cy", "Accept-Language": "en"}
            assert (said in words(await one.get("/commissions", headers=after))) is told
        for elsewhere in (f"{ADDRESS}/stories?lang=xx", "http://else.test/?lang=cy", f"{ADDRESS}/projector/x?lang=cy"):
            shown = await browser.get("/commissions", headers={"Referer": elsewhere})
            assert said not in words(shown)
        assert SAID in words(await browser.get("/cookies"))
