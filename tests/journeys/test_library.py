"""The library in a browser: on the smallest phone, without scripts, and by keyboard alone."""

from __future__ import annotations

import pytest
from support.browser import SMALL, Look, People, follow

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_story_is_found_without_scripts_on_a_small_phone(people: People, accessible: Look, scheme: str) -> None:
    page = await people.somebody(SMALL, color_scheme=scheme)
    await page.goto("/stories")
    await accessible(page)
    plain = await people.somebody(SMALL, scripts=False)
    await plain.goto("/stories")
    await plain.get_by_label("Find stories by words").fill("nurses")
    await plain.get_by_text("Choose which stories").click()
    await plain.get_by_label("Told by").select_option("Carers")
    await follow(plain.get_by_role("button", name="Show stories"))
    assert await plain.get_by_label("Find stories by words").input_value() == "nurses"
    await page.goto(plain.url)
    assert await page.locator("mark").count() > 0
    await accessible(page)
    await follow(plain.get_by_role("heading", level=3).first.get_by_role("link"))
    await plain.get_by_role("heading", name="Where it was played").wait_for()
    await page.goto(plain.url)
    await accessible(page)
    await page.goto("/stories?words=elephants&stage=plan")
    await page.get_by_text("Nothing found for “elephants”").wait_for()
    await accessible(page)


async def test_a_story_is_found_by_keyboard(people: People) -> None:
    page = await people.somebody()
    await page.goto("/stories")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "words":
            break
    await page.keyboard.type("police")
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "words=police" in url)
    assert await page.get_by_role("heading", level=2).first.inner_text() == "2 stories found"
