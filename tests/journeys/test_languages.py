"""Pages and a phone in a language that is written from right to left, with longer words: they hold, and follow."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect
from support import pseudo_locale
from support.browser import LAPTOP, SMALL, House, Look, People
from support.server_process import Serving
from support.session_api import a_new_session, act, an_organiser, join_session, vote_of_others

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PUBLIC = (
    "/",
    "/stories",
    "/commissions",
    "/record",
    "/record/entries",
    "/record/0",
    "/join",
    "/sign-in",
    "/moderation",
    "/nowhere",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, staffed: House) -> Iterator[House]:
    """Runs a server that speaks the made-up language too."""
    folder = tmp_path_factory.mktemp("house")
    locales = pseudo_locale.write_catalogue(folder / "locales")
    data = shutil.copytree(staffed.data, folder / "data")
    with Serving(data, settings={"FORUM_LOCALES": str(locales)}) as server:
        yield replace(staffed, server=server, data=data)


@pytest.fixture
async def organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with an_organiser(house) as http:
        yield http


async def runs_from_the_right(page: Page) -> None:
    """Checks that the page is in the made-up language, and its text begins on the right."""
    assert await page.locator("html").get_attribute("dir") == "rtl"
    heading = page.locator("h1").first
    assert await heading.evaluate("h => getComputedStyle(h).direction") == "rtl"


@pytest.mark.parametrize("size", [SMALL, LAPTOP], ids=["320 px", "1280 px"])
async def test_every_public_page_holds_from_right_to_left(people: People, accessible: Look, size: Any) -> None:
    page = await people.somebody(size)
    await page.goto(f"/?lang={pseudo_locale.CODE}")
    links = await page.locator("main a[href^='/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for path in dict.fromkeys([*PUBLIC, *links]):
        await page.goto(path)
        await runs_from_the_right(page)
        await accessible(page)


async def test_a_phone_is_switched_and_follows_in_its_language(
    people: People, accessible: Look, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(SMALL)
    other = await people.somebody(SMALL)
    for page in (phone, other):
        await join_session(page, session["code"], "Carers")
    await phone.locator(f"a[hreflang={pseudo_locale.CODE}]").click()
    await runs_from_the_right(phone)
    await accessible(phone)
    # The code is read from left to right all the same.
    code = phone.locator("footer bdi")
    assert await code.evaluate("e => getComputedStyle(e).direction") == "ltr"
    asked = await act(organiser, session["id"], "ask", question="Who?", response=["A nurse", "The police"], none="1")
    await expect(phone.locator(".banner")).to_contain_text(pseudo_locale.accented("Voting has not opened yet.")[1:9])
    await act(organiser, session["id"], "open", round=asked["round"])
    await expect(phone.locator("[data-send]")).to_have_text(pseudo_locale.accented("Choose an answer"))
    await expect(other.locator("[data-send]")).to_have_text("Choose an answer")
    await accessible(phone)
    await phone.get_by_label("A nurse").check()
    await phone.locator("[data-send]").click()
    counted = phone.locator("[data-status][data-is=counted]")
    await expect(counted).to_contain_text("A nurse")
    await expect(counted).to_contain_text(pseudo_locale.accented("You can change your vote until voting closes.")[1:12])
    await vote_of_others(str(organiser.base_url), session["code"], asked["round"])
    for name in ("close", "reveal"):
        await act(organiser, session["id"], name, round=asked["round"])
        await expect(phone.locator("[data-ballot]")).to_have_count(0)
        await accessible(phone)
    await expect(phone.locator(".result").first).to_be_visible()
    # The radio stands where the reading begins.
    await phone.goto(f"/s/{session['code']}/step-out")
    await runs_from_the_right(phone)
    await accessible(phone)
    # Back to English with one tap, on the page where they are.
    await phone.locator("a[hreflang=en]").click()
    await expect(phone.locator("h1")).to_have_text("Take the time you need")


async def test_a_vote_in_welsh_from_the_code_to_the_result(
    people: People, accessible: Look, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(SMALL, locale="cy-GB")
    await phone.goto("/join")
    await expect(phone.locator("html")).to_have_attribute("lang", "cy")
    await expect(phone.get_by_text("Nid oes neb y mae'r iaith hon yn famiaith iddo")).to_be_visible()
    await phone.get_by_label("Cod ymuno").fill(session["code"])
    await phone.get_by_role("button", name="Ymuno", exact=True).click()
    await phone.get_by_label("Carers").first.check()
    await accessible(phone)
    await phone.get_by_role("button", name="Ymuno", exact=True).click()
    asked = await act(organiser, session["id"], "ask", question="Pwy?", response=["Nyrs", "Yr heddlu"], none="1")
    await act(organiser, session["id"], "open", round=asked["round"])
    await phone.get_by_label("Dim un o'r rhain").check()
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Cyfrifwyd: Dim un o'r rhain.")
    await accessible(phone)
    await vote_of_others(str(organiser.base_url), session["code"], asked["round"])
    for name in ("close", "reveal"):
        await act(organiser, session["id"], name, round=asked["round"])
    await expect(phone.locator("#screen")).to_contain_text("Pleidleisiodd 5")
    await accessible(phone)
    wall = await people.somebody({"width": 1024, "height": 768})
    await wall.goto(f"{session['projector']}?lang=cy")
    await expect(wall.locator("html")).to_have_attribute("lang", "cy")
    await expect(wall.locator("main")).to_contain_text("Pleidleisiau")
    await accessible(wall)
