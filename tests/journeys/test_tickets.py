"""Tickets and papers in Chromium: a printed ticket, two devices and one vote; two organisers and one count."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.browser import PHONE, SMALL, House, Look, People, follow
from support.session_api import TicketedSession, a_ticketed_session, an_organiser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
async def event(house: House) -> AsyncIterator[TicketedSession]:
    async with an_organiser(house) as organiser:
        yield await a_ticketed_session(organiser)


async def test_two_devices_and_one_ticket_are_one_counted_ballot_and_both_are_told(
    people: People, event: TicketedSession, accessible: Look
) -> None:
    code, *others = await event.issue(5)
    path = f"/s/{event.session['code']}/ticket/{code.replace('-', '')}"
    first, second = await people.somebody(SMALL), await people.somebody(PHONE)
    await first.goto(path)
    await accessible(first)
    await follow(first.get_by_role("main").get_by_role("button", name="Join"))
    await accessible(first)
    await second.goto(path)
    await second.get_by_role("main").get_by_role("button", name="Join").click()
    await expect(second.get_by_role("alert")).to_contain_text("in use on another device")
    await accessible(second)
    round_id = await event.ask()
    await first.get_by_label("A nurse").check()
    await first.locator("[data-send]").click()
    await expect(first.locator("[data-status]")).to_contain_text("Counted")

    # The phone is lost: a new ticket goes on with its vote, on the other device.
    answer = await event.organiser.post(event.tickets, data={"act": "renew", "number": "1"})
    await expect(first.locator("[data-connection]")).to_contain_text("no longer in this session")
    await second.goto(f"/s/{event.session['code']}")
    await second.get_by_label("The code on your ticket").fill(answer.json()["tickets"][0]["code"].lower())
    await second.get_by_role("main").get_by_role("button", name="Join").click()
    await expect(second.locator("[data-status]")).to_contain_text("Counted")
    await expect(second.locator("[data-connection]")).to_have_text("Connected.")
    await second.get_by_label("The police").check()
    await second.locator("[data-send]").click()
    await expect(second.locator("[data-status]")).to_contain_text("The police")
    await first.goto(f"/s/{event.session['code']}")
    await expect(first.get_by_label("The code on your ticket")).to_be_visible()
    await event.vote_of_others(round_id, tickets=others)
    assert (await event.reveal(round_id))["counts"] == {"r1": 4, "r2": 1, "none": 0}


async def test_an_organiser_gets_the_sheet_and_two_of_them_count_the_papers(
    people: People, event: TicketedSession, accessible: Look
) -> None:
    olu, ona = await people.signed_in("olu", SMALL), await people.signed_in("ona")
    await olu.goto(event.tickets)
    await accessible(olu)
    await olu.get_by_label("How many?").fill("9")
    async with olu.expect_download() as download:
        await olu.get_by_role("button", name="Issue them").click()
    assert (await download.value).suggested_filename == "tickets.pdf"
    await olu.reload()
    await expect(olu.get_by_text("No. 9 · Carers")).to_be_visible()
    await accessible(olu)

    round_id = await event.ask()
    await olu.goto(f"/console/{event.session['id']}")
    await follow(olu.get_by_role("link", name="Papers for this vote"))
    await accessible(olu)
    carers = olu.get_by_role("group", name="Carers")
    await carers.get_by_label("A nurse").fill("6")
    await olu.get_by_label("How many people in the room got a paper?").fill("5")
    await olu.get_by_role("button", name="Save this count").click()
    await expect(olu.get_by_role("alert")).to_contain_text("You counted 6 papers, but only 5 people got one")
    await accessible(olu)
    await olu.get_by_label("How many people in the room got a paper?").fill("6")
    await follow(olu.get_by_role("button", name="Save this count"))
    await ona.goto(f"/console/{event.session['id']}")
    await expect(ona.get_by_text("a second person must confirm")).to_be_visible()
    await follow(ona.get_by_role("link", name="Papers for this vote"))
    await accessible(ona)
    await ona.get_by_role("button", name="I counted the same").click()
    await expect(ona.get_by_role("heading", name="These papers are counted")).to_be_visible()
    await event.act("close", round=round_id)
    assert (await event.act("reveal", round=round_id))["result"]["counts"] == {"r1": 6, "r2": 0, "none": 0}


async def test_in_the_lobby_people_practise_and_it_is_no_vote(
    people: People, event: TicketedSession, accessible: Look
) -> None:
    (code,) = await event.issue(1)
    phone = await people.somebody(SMALL)
    await phone.goto(f"/s/{event.session['code']}/ticket/{code}")
    await phone.get_by_role("main").get_by_role("button", name="Join").click()
    bar = phone.locator("[data-practise]")
    await expect(bar).to_have_text("Choose an answer")
    await phone.get_by_label("On foot").check()
    await expect(bar).to_have_text("Send: On foot")
    await phone.locator("[data-practise]").click()
    await expect(phone.get_by_text("This one was only practice")).to_be_visible()
    await accessible(phone)
    await event.ask()
    await expect(phone.locator("[data-ballot]")).to_be_visible()
    await expect(phone.locator("[data-part=practice]")).to_have_count(0)
