"""Answering from a night shift, on the smallest phone: alone, with a changed mind, too late, and what came of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.async_api import Page, expect
from support.browser import SMALL, House, Look, People, first_administrator, follow

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(empty_house: House) -> House:
    return empty_house


async def an_organiser(people: People, house: House) -> Page:
    """Opens a page of the first account, which holds every role."""
    page = await people.somebody(SMALL)
    await first_administrator(page, house)
    return page


async def opened(page: Page, accessible: Look) -> str:
    """Opens a question for three days as the organiser; returns the path where it is answered."""
    await page.goto("/organise")
    await follow(page.get_by_role("link", name=re.compile("^Urgent mental-health care")))
    await follow(page.get_by_role("link", name=re.compile("Ask people to answer from where they are")))
    await accessible(page)
    await page.get_by_role("button", name="Open it").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await accessible(page)
    await page.get_by_label("Title").fill("From the night shift")
    await page.get_by_label(re.compile("^Awake at two: What should Sam do")).check()
    await page.get_by_label("Day", exact=True).fill((datetime.now(UTC) + timedelta(days=3)).date().isoformat())
    await page.get_by_role("button", name="Open it").click()
    await expect(page.get_by_text("0 people have answered in this round.")).to_be_visible()
    await accessible(page)
    path = await page.locator('main a[href^="/answer/"]').first.get_attribute("href")
    assert path is not None
    return path


async def joined(page: Page, path: str, group: str) -> None:
    await page.goto(path)
    await page.get_by_label(group, exact=True).check()
    await follow(page.get_by_role("button", name="Join", exact=True))
    await expect(page.get_by_role("link", name="Play the story")).to_be_visible()


async def to_the_question(page: Page) -> None:
    """Plays the story until its question is asked."""
    await follow(page.get_by_role("link", name="Play the story"))
    while "/question" not in page.url:
        await follow(page.locator(".ways a").first)


async def sent(page: Page, choice: int) -> None:
    await page.locator('input[name="choice"]').nth(choice).check()
    await page.locator("[data-send]").click()
    await expect(page.get_by_text("Your answer is counted.")).to_be_visible()


async def others_answer(house: House, path: str, groups: list[str], answers: list[str]) -> None:
    """Lets ten more answer by the same forms, of these groups and with these answers in turn, without a browser."""
    origin = {"Origin": house.server.base}
    for number in range(10):
        async with httpx2.AsyncClient(base_url=house.server.base, headers=origin) as other:
            joining = {"group": groups[number % len(groups)]}
            answering = {"choice": answers[number % len(answers)]}
            for form, fields in (("join", joining), ("question", answering)):
                answer = await other.post(f"{path}/{form}", data=fields)
                assert answer.status_code == 303, answer.text


async def by_keyboard(page: Page, path: str) -> None:
    """Answers by the keyboard alone."""

    async def to(condition: str) -> None:
        for _ in range(80):
            await page.keyboard.press("Tab")
            if await page.evaluate(f"(e => {condition})(document.activeElement)"):
                return
        pytest.fail(f"no key leads to {condition}")

    await page.goto(path)
    await to("e.name == 'group'")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await to("e.textContent == 'Join'")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Play the story").wait_for()
    await to("e.textContent == 'Play the story'")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/play"))
    while "/question" not in page.url:
        await to("e.closest('.ways') != null")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
    await to("e.name == 'choice'")
    await page.keyboard.press("Space")
    await to("e.textContent.startsWith('Send: A')")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-send]")).to_contain_text("Counted: A")
    await to("e.name == 'reason'")
    await page.keyboard.type("Nobody else is awake.")
    await to("e.textContent == 'Send my reason'")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-send]")).to_contain_text("With what you wrote")


async def test_a_question_is_answered_alone_over_days(people: People, house: House, accessible: Look) -> None:
    organiser = await an_organiser(people, house)
    path = await opened(organiser, accessible)

    # Found on the story's page, played, answered; another answer some hours later.
    reader = await people.somebody(SMALL)
    await reader.goto("/stories")
    await follow(reader.get_by_role("link", name="Awake at two"))
    await accessible(reader)
    await follow(reader.get_by_role("link", name="Play it and answer"))
    await accessible(reader)
    await reader.get_by_role("button", name="Join", exact=True).click()
    await expect(reader.get_by_role("heading", name="There is a problem")).to_be_visible()
    await accessible(reader)
    await joined(reader, path, "Nurses")
    await accessible(reader)
    await follow(reader.get_by_role("link", name="Play the story"))
    await accessible(reader)
    first = reader.url
    await follow(reader.locator(".ways a").first)
    await follow(reader.get_by_role("link", name="One scene back"))
    assert reader.url == first
    await reader.goto(path)
    await to_the_question(reader)
    await accessible(reader)
    await reader.get_by_role("button", name="Choose an answer").click()
    await expect(reader.locator('input[name="choice"]').first).to_be_focused()
    await sent(reader, 0)
    await accessible(reader)
    await reader.get_by_label(re.compile("^Why")).fill("I was there that night.")
    await reader.get_by_role("button", name="Send my reason").click()
    await expect(reader.locator("[data-send]")).to_contain_text("With what you wrote")
    await reader.goto(path)
    await follow(reader.get_by_role("link", name="Change your answer"))
    await expect(reader.get_by_label(re.compile("^Why"))).to_have_value("I was there that night.")
    await reader.locator('input[name="choice"]').nth(1).check()
    await expect(reader.locator("[data-send]")).to_contain_text("Changed, not sent: B")
    await sent(reader, 1)
    await follow(reader.locator(".ways a").first)
    await accessible(reader)
    await reader.goto(f"{path}/step-out")
    await accessible(reader)

    # Once by keyboard alone; and without scripts, by enough people that something can be shown by group.
    await by_keyboard(await people.somebody(), path)
    groups = []
    for number, group in enumerate(("Carers", "Nurses")):
        plain = await people.somebody(SMALL, scripts=False)
        await plain.goto(path)
        groups.append(str(await plain.get_by_label(group, exact=True).get_attribute("value")))
        await joined(plain, path, group)
        await to_the_question(plain)
        answers = [str(await one.get_attribute("value")) for one in await plain.locator('input[name="choice"]').all()]
        await sent(plain, number)
    await others_answer(house, path, groups, answers[:3])

    # Closed early, while somebody is still writing: they are told, and lose nothing of what they wrote.
    late = await people.somebody(SMALL)
    await joined(late, path, "Carers")
    await to_the_question(late)
    await sent(late, 2)
    await late.get_by_label(re.compile("^Why")).fill("My break was too short.")
    await organiser.reload()
    await expect(organiser.get_by_text("15 people have answered in this round.")).to_be_visible()
    await accessible(organiser)
    await organiser.get_by_role("button", name="Close it now").click()
    await expect(organiser.get_by_role("heading", name="There is a problem")).to_be_visible()
    await accessible(organiser)
    await organiser.get_by_label(re.compile("^Yes, close it now")).check()
    await follow(organiser.get_by_role("button", name="Close it now"))
    await accessible(organiser)
    await late.get_by_role("button", name="Send my reason").click()
    await expect(late.get_by_role("alert")).to_contain_text("Not counted. This question closed on")
    await expect(late.get_by_text("My break was too short.")).to_be_visible()
    await accessible(late)
    await late.goto(path)
    await expect(late.get_by_text("The result is not shown yet.")).to_be_visible()
    await accessible(late)

    # The result, for everybody: on its page, in the record, and ready for a decision.
    await organiser.get_by_role("button", name="Show the result").click()
    await expect(organiser.get_by_role("heading", name="The result, as everybody sees it")).to_be_visible()
    await accessible(organiser)
    await late.reload()
    await expect(late.get_by_text("15 people voted")).to_be_visible()
    await accessible(late)
    for address, says in (
        ("/record/entries", "Answering from where they are, people preferred"),
        ("/organise", "15 people have answered"),
        ("/decide", "Answers from where people are"),
    ):
        await organiser.goto(address)
        await expect(organiser.get_by_text(says).first).to_be_visible()
        await accessible(organiser)
    await follow(organiser.get_by_role("link", name=re.compile("Answers from where people are")))
    await expect(organiser.get_by_role("heading", name="What people answered by themselves")).to_be_visible()
    await accessible(organiser)
    # And on the console of a room, apart from the room's own numbers.
    await organiser.goto("/organise")
    await follow(organiser.get_by_role("link", name="Make a live session").last)
    await organiser.get_by_label("Title").fill("A day in March")
    await organiser.get_by_role("button", name="Make it and open it now").click()
    await organiser.get_by_text("Answers from where people are (1)").click()
    await expect(organiser.get_by_text("Their answers are never in this room's numbers.")).to_be_visible()
    await expect(organiser.get_by_text("15 people voted")).to_be_visible()
    await accessible(organiser)
    await late.goto("/commissions")
    await follow(late.get_by_role("link", name=re.compile("Urgent mental-health care")).first)
    await expect(late.get_by_role("heading", name="Answer from where you are")).to_be_visible()
    await accessible(late)
