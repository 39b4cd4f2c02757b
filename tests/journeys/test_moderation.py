"""Held, appealed, published, reported, taken down: on a small phone, without JavaScript, and with nothing for axe."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect
from support.browser import SMALL, House, Look, People, add_account, first_administrator, follow, send_story, tell_story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(empty_house: House) -> House:
    return empty_house


TITLE = "The lift that never comes"


async def moderators(people: People, house: House) -> None:
    """Makes the first administrator, and by them two moderators."""
    page = await people.somebody()
    await first_administrator(page, house)
    for login in ("mo", "mel"):
        await page.goto("/people")
        await add_account(page, login, "Moderator")


async def desk(page: Page, accessible: Look) -> None:
    await page.goto("/moderate")
    await accessible(page)
    await follow(page.get_by_role("link", name=TITLE).first)
    await accessible(page)


async def test_a_story_that_is_held_appealed_reported_and_taken_down(
    people: People, house: House, accessible: Look
) -> None:
    await moderators(people, house)
    writer = await people.somebody(SMALL, scripts=False)
    reading = await people.somebody(SMALL)
    link = await tell_story(
        writer,
        TITLE,
        happened="My father waits for a lift to the clinic. It is late again.",
        question="What could the clinic do now?",
        answers=("Call him", "Send somebody", "Wait"),
    )
    await send_story(writer, link, "Send your story")
    mo, mel = await people.signed_in("mo", SMALL), await people.signed_in("mel", SMALL)

    await desk(mo, accessible)
    await mo.get_by_label(re.compile("^Hold")).check()
    await follow(mo.get_by_role("button", name="Save"))
    await accessible(mo)
    await mo.get_by_label(re.compile("^Reason")).fill("We ask the clinic first.")
    await mo.get_by_role("button", name="Save").click()
    await expect(mo.get_by_text("The story is held.")).to_be_visible()
    await accessible(mo)

    await writer.goto(link)
    await expect(writer.get_by_text("We ask the clinic first.")).to_be_visible()
    await follow(writer.get_by_role("link", name=re.compile("Ask another moderator")))
    await writer.get_by_label("Why was it wrong?").fill("No clinic is named.")
    await follow(writer.get_by_role("button", name="Send it to another moderator"))
    await expect(writer.get_by_text("Your words are with another moderator.")).to_be_visible()
    for path in ("", "/appeal", "/link"):
        await reading.goto(f"{link}{path}")
        await accessible(reading)

    await desk(mo, accessible)
    await expect(mo.get_by_text("You did this yourself")).to_be_visible()
    await desk(mel, accessible)
    await mel.get_by_label(re.compile("^Overturn")).check()
    await mel.get_by_role("textbox", name="Your reason").fill("That is so.")
    await follow(mel.get_by_role("button", name="Answer the appeal"))
    await desk(mel, accessible)
    await mel.get_by_label(re.compile("^Accept")).check()
    await mel.get_by_role("button", name="Save").click()
    await expect(mel.get_by_text("The story is public now.")).to_be_visible()
    await writer.reload()
    await expect(writer.get_by_text("you were right")).to_be_visible()
    await expect(writer.get_by_text("That is so.")).to_be_visible()

    reader = await people.somebody(SMALL, scripts=False)
    await follow(writer.get_by_role("link", name="See it as others do").first)
    story = writer.url
    await reader.goto(story)
    await follow(reader.get_by_role("link", name="Report this story"))
    await reading.goto(reader.url)
    await accessible(reading)
    await reader.get_by_label("What is wrong with it?").fill("It names the clinic.")
    await follow(reader.get_by_role("button", name="Send the report"))
    await expect(reader.get_by_text("We have your report.")).to_be_visible()

    await desk(mo, accessible)
    await expect(mo.get_by_text("It names the clinic.")).to_be_visible()
    await mo.get_by_label(re.compile("^Take down")).check()
    await mo.get_by_label(re.compile("^Reason")).fill("It does, in the second line.")
    await mo.get_by_label("This reason may stand in it").check()
    await mo.get_by_role("button", name="Save").click()
    await expect(mo.get_by_text("The story is no longer public.")).to_be_visible()
    await reader.goto(story)
    await expect(reader.get_by_role("heading", name="There is nothing here")).to_be_visible()
    await reading.goto("/moderation")
    await accessible(reading)
    await expect(reading.get_by_text("It does, in the second line.")).to_be_visible()
    await expect(reading.get_by_text("We ask the clinic first.")).to_have_count(0)

    await writer.goto(f"{link}/link")
    await follow(writer.get_by_role("button", name=re.compile("use the new link")))
    await expect(writer.get_by_text("This is your new link.")).to_be_visible()
    await reading.goto(link)
    await expect(reading.get_by_text("was replaced or switched off")).to_be_visible()
    await follow(writer.get_by_role("link", name="Get a new link, or switch this one off"))
    await writer.get_by_label("I know that this cannot be undone").check()
    await follow(writer.get_by_role("button", name="Switch the link off for good"))
    await expect(writer.get_by_role("heading", name="The link is off")).to_be_visible()
