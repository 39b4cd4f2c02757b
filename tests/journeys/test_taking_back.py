"""A writer on the smallest phone sees what could tell who somebody is, says what is allowed, takes it back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect
from support.browser import SMALL, Look, People, follow, go_on, tell_story

pytestmark = pytest.mark.browser

TOLD = "They sent us from triage to A&E. I rang Margaret on 07700 900123, and nobody came to the door of the ward."


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_marks_consent_and_taking_back_on_a_small_phone(people: People, accessible: Look, scripts: bool) -> None:
    writer = await people.somebody(SMALL, scripts=scripts)

    async def look() -> None:
        if scripts:
            await accessible(writer)

    link = await tell_story(
        writer,
        "The door of the ward",
        happened=TOLD,
        question="What could somebody do now?",
        answers=("Open the door", "Call the duty nurse", "Wait until it is light"),
        quoted="No",
    )
    await follow(writer.get_by_role("link", name="Check it, then send it"))
    await expect(writer.get_by_role("heading", name="Before you send it")).to_be_visible()
    assert await writer.locator("mark").count() == 4
    await look()
    await writer.goto(f"{link}/write/happened")
    await expect(writer.get_by_label("Tell it in your own words")).to_have_value(TOLD)
    await writer.get_by_label("Tell it in your own words").fill(TOLD.replace("Margaret", "the ward"))
    await go_on(writer, "Where and when was it?")
    await writer.goto(f"{link}/check")
    assert await writer.locator("mark").count() == 2
    await writer.get_by_role("button", name="Send it as it is").click()
    await expect(writer.get_by_text("We have your story")).to_be_visible()
    await look()
    await writer.get_by_role("group", name="May it be performed?").get_by_label("No").check()
    await writer.get_by_role("button", name="Save these answers").click()
    await expect(writer.get_by_text("Your answers are saved")).to_be_visible()
    await follow(writer.get_by_role("link", name="take the whole story back"))
    await look()
    await writer.get_by_label("Yes, take my story back for good").check()
    await writer.get_by_role("button", name="Take it back").click()
    await expect(writer.get_by_text("You took this story back")).to_be_visible()
    await look()
    await writer.goto(link)
    assert "07700 900123" not in await writer.content()
