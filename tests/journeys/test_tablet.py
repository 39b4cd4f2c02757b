"""A shared tablet in Chromium: person after person, with the network as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect
from support.browser import SMALL, House, Look, People, take_offline
from support.session_api import ApiSession, a_new_session, an_organiser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@dataclass
class Event(ApiSession):
    """Session with a tablet, run by the API; `tablet` is the address of its page."""

    tablet: str


@pytest.fixture
async def event(house: House) -> AsyncIterator[Event]:
    async with an_organiser(house) as organiser:
        session = await a_new_session(organiser)
        path = f"/organise/sessions/{session['id']}/tablet"
        tablet = (await organiser.post(path, data={"act": "make"})).json()["tablet"]
        yield Event(organiser, session, tablet)


async def vote(page: Page, group: str, answer: str) -> None:
    await page.get_by_label(group).check()
    await page.get_by_label(answer).check()
    await page.get_by_role("button", name="Send my vote").click()


async def test_one_person_after_the_other_votes_and_leaves_nothing_behind(
    people: People, event: Event, accessible: Look
) -> None:
    page = await people.somebody(SMALL)
    await page.clock.install()
    await page.goto(event.tablet)
    await accessible(page)
    round_id = await event.ask()
    for group, answer in (("Carers", "A nurse"), ("Nurses", "The police"), ("Carers", "The police")):
        await page.wait_for_selector("[data-ballot]:visible")
        await expect(page.locator("input:checked")).to_have_count(0)
        await accessible(page)
        await vote(page, group, answer)
        said = page.locator("[data-said]")
        await expect(said).to_contain_text("Counted. Hand the tablet to the next person.")
        await expect(page.get_by_label(answer)).to_be_hidden()
        await accessible(page)
        if group == "Nurses":
            await page.get_by_role("button", name="A slip for my receipt").click()
            await expect(page.get_by_text(f"/receipts/{round_id}/")).to_be_visible()
            await expect(page.get_by_role("button", name="Print it")).to_be_focused()
            await expect(page.get_by_role("button", name="A slip for my receipt")).to_be_hidden()
            await accessible(page)
        if answer == "The police":
            # Nobody takes the tablet on, so it goes by itself; of two who left it lying one had asked for it.
            await page.clock.fast_forward(121_000)
            await expect(page.locator("[data-for-slip]")).to_be_hidden()
            await expect(page.locator("[data-slip]")).to_have_count(0)
        await page.get_by_role("button", name="I am the next person").click()
        await expect(page.locator("[data-slip]")).to_have_count(0)
    assert await event.counts(round_id) == {"r1": 1, "r2": 2, "none": 0}
    await expect(page.locator("#screen")).to_contain_text("Please wait")


async def test_ballots_given_without_a_connection_are_kept_and_each_is_counted(people: People, event: Event) -> None:
    page = await people.somebody(SMALL)
    await page.goto(event.tablet)
    round_id = await event.ask()
    await page.wait_for_selector("[data-ballot]:visible")
    bring_back = await take_offline(page)
    for group, answer in (("Carers", "A nurse"), ("Nurses", "A nurse"), ("Carers", "The police")):
        await vote(page, group, answer)
        said = page.locator("[data-said]")
        await expect(said).to_have_attribute("data-is", "waiting", timeout=30_000)
        await expect(said).not_to_contain_text("Counted")
        await page.get_by_role("button", name="I am the next person").click()
        await expect(page.locator("input:checked")).to_have_count(0)
    await expect(page.locator("[data-waiting]")).to_have_text("Votes waiting here: 3")
    await bring_back()
    await expect(page.locator("[data-waiting]")).to_have_text("", timeout=60_000)
    assert await event.counts(round_id) == {"r1": 2, "r2": 1, "none": 0}


async def test_a_ballot_that_waited_too_long_is_told_and_says_no_name_of_an_answer(
    people: People, event: Event
) -> None:
    page = await people.somebody(SMALL)
    await page.goto(event.tablet)
    round_id = await event.ask()
    await page.wait_for_selector("[data-ballot]:visible")
    bring_back = await take_offline(page)
    await vote(page, "Carers", "A nurse")
    await expect(page.locator("[data-said]")).to_have_attribute("data-is", "waiting", timeout=30_000)
    await page.get_by_role("button", name="I am the next person").click()
    await event.act("close", round=round_id)
    await bring_back()
    news = page.locator("[data-news-tablet]")
    await expect(news).to_contain_text("A vote that waited on this tablet was not counted.", timeout=60_000)
    await expect(news).to_contain_text("closed")
    await expect(news).not_to_contain_text("A nurse")
    assert (await event.act("reveal", round=round_id))["result"]["n"] == 0


async def test_without_javascript_the_tablet_is_passed_on_too(people: People, event: Event) -> None:
    page = await people.somebody(SMALL, scripts=False)
    round_id = await event.ask()
    await page.goto(event.tablet)
    for group, answer in (("Carers", "A nurse"), ("Nurses", "The police")):
        await vote(page, group, answer)
        await expect(page.get_by_text("Now hand the tablet to the next person.")).to_be_visible()
        await expect(page.locator("input:checked")).to_have_count(0)
    assert await event.counts(round_id) == {"r1": 1, "r2": 1, "none": 0}
