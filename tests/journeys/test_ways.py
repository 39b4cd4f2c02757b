"""Every way of voting in Chromium: on the smallest phone, by buttons, by keyboard, without scripts; the projector."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect
from support.browser import PHONE, SMALL, Look, People, follow
from support.session_api import ANSWERS, FORMS, ApiSession, join_session

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


async def joined(people: People, event: ApiSession, **more: Any) -> Page:
    page = await people.somebody(SMALL, **more)
    await join_session(page, event.code)
    return page


async def single(page: Page) -> None:
    await page.get_by_label(ANSWERS[1]).check()


async def approval(page: Page) -> None:
    await page.get_by_label("None of these").check()
    await page.get_by_label(ANSWERS[0]).check()
    await expect(page.get_by_label("None of these")).not_to_be_checked()
    await page.get_by_label(ANSWERS[2]).check()


async def ranked(page: Page) -> None:
    await page.get_by_role("button", name=f"Higher: {ANSWERS[1]}").click()
    await page.get_by_role("button", name=f"Higher: {ANSWERS[0]}").press("Enter")
    await page.get_by_role("button", name=f"Higher: {ANSWERS[0]}").press("Enter")
    await expect(page.get_by_role("button", name=f"Higher: {ANSWERS[0]}")).to_be_focused()
    await expect(page.locator("[data-ranked]")).to_have_text(f"{ANSWERS[0]} is number 1.")
    order = await page.locator("[data-response]").evaluate_all("items => items.map((item) => item.dataset.response)")
    assert order == ["r1", "r2", "r3", "none"]
    # By the list of numbers, as by the buttons: whoever had that place makes room.
    await page.get_by_label(ANSWERS[2], exact=False).and_(page.locator("select")).select_option("1")
    await page.get_by_role("button", name=f"Lower: {ANSWERS[2]}").click()


async def score(page: Page) -> None:
    await page.locator("[data-score=r1]").get_by_label("4").check(force=True)
    await page.locator("[data-score=r2]").get_by_label("1").check(force=True)


async def consent(page: Page) -> None:
    await page.get_by_role("radio", name="Cannot live with it").check()
    await page.locator("[data-send]").click()
    # The browser itself says that the reason is missing, and nothing is sent.
    await expect(page.get_by_role("textbox", name="Why?")).to_be_focused()
    await page.get_by_role("textbox", name="Why?").fill("It happened to me.")


async def opinion(page: Page) -> None:
    await page.get_by_label("Disagree").check()


GIVEN: dict[str, tuple[Callable[[Page], Awaitable[None]], str, str]] = {
    "single": (single, f"Counted: {ANSWERS[1]}.", "r2"),
    "approval": (approval, "Counted: A, C.", "r1 r3"),
    "ranked": (ranked, "Counted: A, then C, then B.", "r1>r3>r2"),
    "score": (score, "Counted: A 4, B 1.", "r1=4 r2=1"),
    "consent": (consent, "Counted: Cannot live with it.", "cannot_live_with"),
    "opinion": (opinion, "Counted: Disagree.", "disagree"),
}


@pytest.mark.parametrize("method", FORMS)
async def test_a_vote_is_counted_as_it_was_given_and_is_still_there_after_loading_the_page_again(
    people: People, event: ApiSession, accessible: Look, method: str
) -> None:
    phone = await joined(people, event)
    projector = await people.somebody()
    await projector.goto(event.session["projector"])
    give, said, choice = GIVEN[method]
    round_id = await event.ask_by(method, quorum="6")
    await phone.wait_for_selector(f"[data-ballot={method}]")
    await accessible(phone)
    await accessible(projector)
    # So that five short answers and the bar fit a phone's screen, with nothing to touch under 44 px.
    await phone.set_viewport_size(PHONE)
    for row in await phone.locator("[data-response], [data-score]").all():
        assert await row.evaluate("one => one.offsetHeight") <= 100
        assert await row.locator("select, button, label").last.evaluate("one => one.offsetHeight") >= 44
    await phone.set_viewport_size(SMALL)
    await give(phone)
    await phone.locator("[data-send]").click()
    status = phone.locator("[data-status]")
    await expect(status).to_contain_text(said)
    await accessible(phone)
    await phone.reload()
    await expect(status).to_contain_text(said)
    # The form says the same as the server: sent again without a change, it is the same vote.
    assert (
        await phone.evaluate("""async () => {
        const body = new URLSearchParams(new FormData(document.querySelector("[data-ballot]")));
        const answer = await fetch(document.querySelector("[data-ballot]").action,
            { method: "POST", headers: { Accept: "application/json" }, body });
        return (await answer.json()).choice;
    }""")
        == choice
    )
    await event.vote_of_others(round_id, method)
    result = await event.reveal(round_id)
    assert result["n"] == 5
    await expect(phone.locator("table").first).to_be_visible()
    await expect(phone.locator(".missed")).to_contain_text("6 votes are needed. There are 5.")
    await accessible(phone)
    await expect(projector.locator("table").first).to_be_visible()
    await accessible(projector)
    if method == "approval":
        await follow(phone.get_by_role("link", name="Receipts for your votes"))
        await expect(phone.get_by_text(f"You voted: {ANSWERS[0]}, {ANSWERS[2]}.")).to_be_visible()


@pytest.mark.parametrize("method", FORMS)
async def test_the_same_without_scripts(people: People, event: ApiSession, method: str) -> None:
    round_id = await event.ask_by(method)
    phone = await joined(people, event, scripts=False)
    why = phone.get_by_role("textbox", name="Why?")
    # The reason is asked once the vote is counted; before only where an answer needs it.
    await expect(why).to_be_visible(visible=method == "consent")
    if method == "ranked":
        for answer, number in ((ANSWERS[0], "1"), (ANSWERS[2], "2"), (ANSWERS[1], "2")):
            await phone.get_by_label(answer, exact=False).and_(phone.locator("select")).select_option(number)
        await follow(phone.locator("[data-send]"))
        await expect(phone.get_by_role("alert")).to_contain_text("Give each a number of its own.")
        await expect(phone.get_by_label(ANSWERS[1], exact=False).and_(phone.locator("select"))).to_have_value("2")
        await phone.get_by_label(ANSWERS[1], exact=False).and_(phone.locator("select")).select_option("4")
    elif method == "approval":
        for answer in (ANSWERS[0], ANSWERS[2], "None of these"):
            await phone.get_by_label(answer).check()
        await follow(phone.locator("[data-send]"))
        await expect(phone.get_by_role("alert")).to_contain_text("cannot stand beside another answer")
        await expect(phone.get_by_label(ANSWERS[2])).to_be_checked()
        await phone.get_by_label("None of these").uncheck()
    elif method == "consent":
        await phone.get_by_role("radio", name="Cannot live with it").check()
        await follow(phone.locator("[data-send]"))
        await expect(phone.get_by_role("alert")).to_contain_text("Say why you cannot live with it.")
        await expect(phone.get_by_role("radio", name="Cannot live with it")).to_be_checked()
        await phone.get_by_role("textbox", name="Why?").fill("It happened to me.")
    else:
        await GIVEN[method][0](phone)
    await follow(phone.locator("[data-send]"))
    await expect(phone.locator("[data-status]")).to_contain_text(GIVEN[method][1])
    await why.fill("They are near.")
    await follow(phone.get_by_role("button", name="Send what I changed"))
    await expect(why).to_have_value("They are near.")
    await event.vote_of_others(round_id, method)
    result = await event.reveal(round_id)
    assert result["n"] == 5


async def test_a_count_is_shown_while_voting_is_open_only_from_ten_thresholds(
    people: People, event: ApiSession
) -> None:
    """With a code: anybody could join."""
    projector = await people.somebody()
    await projector.goto(event.session["projector"])
    round_id = await event.ask_by("approval", live="1")
    await expect(projector.locator(".so-far")).to_contain_text("once enough people have voted")
    base = str(event.organiser.base_url).rstrip("/")
    async with httpx2.AsyncClient(base_url=base, headers={"Origin": base, "Accept": "text/html"}) as voter:
        for _ in range(45):
            voter.cookies.clear()
            await voter.post(f"/s/{event.session['code']}/join", data={"unsaid": "1"})
            await voter.post(f"/s/{event.session['code']}/vote", data={"round": round_id, "choice": "r1"})
    for number in range(5):
        await expect(projector.locator("[data-so-far]")).to_be_hidden()
        phone = await joined(people, event)
        await phone.get_by_label(ANSWERS[0]).check()
        if number % 2:
            await phone.get_by_label(ANSWERS[1]).check()
        await phone.locator("[data-send]").click()
        await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    # Blurred, so more or less.
    await expect(projector.locator("[data-mark=r1]")).to_have_text(re.compile(r"^([6-9][05]|100) %$"))
    await expect(projector.locator("[data-mark=r2]")).to_have_text(re.compile(r"^[0-3]?[05] %$"))
    await expect(phone.locator("[data-mark=r1]")).to_have_text(re.compile(r"^([6-9][05]|100) %$"))
    await event.reveal(round_id)


async def test_the_facilitator_chooses_the_way_and_what_is_declared_on_a_phone(
    people: People, event: ApiSession, accessible: Look
) -> None:
    console = await people.signed_in("olu", SMALL)
    await console.goto(f"/console/{event.session['id']}")
    await console.get_by_text("Ask a question of your own", exact=True).click()
    ask = console.locator("[data-part=ask]")
    await ask.get_by_label("The question").fill("Who should come?")
    await ask.get_by_label("How people vote").select_option("ranked")
    for number, answer in enumerate(ANSWERS, 1):
        await ask.get_by_label(f"Answer {number}").fill(answer)
    await ask.get_by_text("How many must take part").click()
    await ask.get_by_label("Votes needed (leave").fill("20")
    await ask.get_by_role("button", name="Put this question").click()
    terms = console.locator("[data-part=terms]")
    await expect(terms.get_by_label("How people vote")).to_have_value("ranked")
    await expect(terms.get_by_label("Votes needed (leave")).to_have_value("20")
    await accessible(console)
    await terms.get_by_text("Leave out an answer").click()
    await terms.get_by_role("listitem").filter(has_text=ANSWERS[1]).get_by_role("button").click()
    await expect(terms.get_by_text(ANSWERS[1])).to_have_count(0)
    await terms.get_by_label("How people vote").select_option("approval")
    await terms.get_by_role("button", name="Vote on it like this").click()
    await expect(terms.get_by_label("How people vote")).to_have_value("approval")
    await console.get_by_role("button", name="Open voting").click()
    await expect(terms).to_have_count(0)
    phone = await joined(people, event)
    await expect(phone.locator("[data-ballot=approval]")).to_contain_text(ANSWERS[2])
    await expect(phone.locator("[data-ballot=approval]")).not_to_contain_text(ANSWERS[1])
