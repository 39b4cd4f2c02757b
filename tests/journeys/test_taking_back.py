"""A writer on the smallest phone sees what could tell who somebody is, says what is allowed, takes it back."""

from __future__ import annotations

import re

import pytest
from browsing import SMALL, Look, People
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

TOLD = "They sent us from triage to A&E. I rang Margaret on 07700 900123, and nobody came to the door of the ward."


async def tell(page: Page) -> None:
    """Fills the form, with a name and a number in it, and sends it."""
    await page.goto("/commissions")
    await page.get_by_role("link", name=re.compile("Urgent mental-health care")).first.click()
    await page.get_by_role("link", name=re.compile("Tell a story")).first.click()
    await page.get_by_label("Title").fill("The door of the ward")
    await page.get_by_label("What happened?").fill(TOLD)
    await page.get_by_label("Your question").fill("What could somebody do now?")
    for number, words in enumerate(["Open the door", "Call the duty nurse", "Wait until it is light"], start=1):
        await page.get_by_label(re.compile(f"^Answer {number}")).fill(words)
    await page.get_by_label("Prefer not to say").check()
    for question, answer in (("published", "Yes"), ("performed", "Yes"), ("quoted", "No")):
        await page.get_by_role("group", name=f"May it be {question}?").get_by_label(answer).check()
    await page.get_by_role("button", name="Send your story").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_marks_consent_and_taking_back_on_a_small_phone(people: People, accessible: Look, scripts: bool) -> None:
    writer = await people.somebody(SMALL, scripts=scripts)

    async def look() -> None:
        if scripts:
            await accessible(writer)

    await tell(writer)
    await expect(writer.get_by_role("heading", name="Before you send it")).to_be_visible()
    assert await writer.locator("mark").count() == 2
    await look()
    await writer.get_by_role("button", name="Change it").click()
    await expect(writer.get_by_label("What happened?")).to_have_value(TOLD)
    await expect(writer.get_by_role("group", name="May it be quoted?").get_by_label("No")).to_be_checked()
    await look()
    await writer.get_by_label("What happened?").fill(TOLD.replace("Margaret", "the ward"))
    await writer.get_by_role("button", name="Send your story").click()
    assert await writer.locator("mark").count() == 1
    await writer.get_by_role("button", name="Send it as it is").click()
    await expect(writer.get_by_text("We have your story")).to_be_visible()
    await look()
    link = re.sub(r"\?.*", "", writer.url)
    await writer.get_by_role("group", name="May it be performed?").get_by_label("No").check()
    await writer.get_by_role("button", name="Save these answers").click()
    await expect(writer.get_by_text("Your answers are saved")).to_be_visible()
    await writer.get_by_role("link", name="take the whole story back").click()
    await look()
    await writer.get_by_label("Yes, take my story back for good").check()
    await writer.get_by_role("button", name="Take it back").click()
    await expect(writer.get_by_text("You took this story back")).to_be_visible()
    await look()
    await writer.goto(link)
    assert "07700 900123" not in await writer.content()
