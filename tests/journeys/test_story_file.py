"""A story from Twine comes in by a browser: on the smallest phone, with scripts and without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize
from support.browser import SMALL, Look, People, follow

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1920, "height": 1080}

PUBLISHED = Path(__file__).parents[1] / "data" / "twine" / "published.html"
BAD = Path(__file__).parents[1] / "data" / "twine" / "cut-off-in-the-middle.html"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_file_from_twine_is_read_told_and_sent(people: People, accessible: Look, scripts: bool) -> None:
    page = await people.somebody(SMALL, scripts=scripts)
    await page.goto("/commissions")
    await follow(page.get_by_role("main").get_by_role("link").first)
    await follow(page.get_by_role("link", name=re.compile("[Tt]ell")).first)
    await follow(page.get_by_role("link", name="You have written it in Twine or Twee already? Send the file"))
    await page.get_by_label("The file with your story").set_input_files(BAD)
    for question in ("May it be published?", "May it be performed?", "May it be quoted?"):
        await page.get_by_role("group", name=question).get_by_label("Yes").check()
    await page.get_by_label("I prefer not to say").check()
    await page.get_by_role("button", name="Send your story").click()
    await page.get_by_role("heading", name="What to change in the file").wait_for()
    if scripts:
        await accessible(page)
    await page.get_by_label("The file with your story").set_input_files(PUBLISHED)
    await page.get_by_role("button", name="Send your story").click()
    await page.get_by_role("heading", name="Look at it, then send it").wait_for()
    await page.get_by_text("The paths as a list").click()
    assert await page.get_by_role("img", name="The paths of this story").is_visible()
    if scripts:
        await accessible(page)
    await page.get_by_role("button", name="Send your story").click()
    await page.get_by_text("We have your story. Thank you for telling it.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_paths_of_a_story_are_seen_on_a_small_phone_and_a_large_screen(
    people: People, accessible: Look, scheme: str
) -> None:
    for size in (SMALL, WIDE):
        page = await people.somebody(size, color_scheme=scheme)
        await page.goto("/stories")
        await follow(page.get_by_role("main").get_by_role("heading", level=3).first.get_by_role("link"))
        await page.get_by_role("heading", name="The paths of this story").wait_for()
        await accessible(page)
        text = page.locator(".paths .chart-text").first
        box = await text.bounding_box()
        assert box is not None
        assert box["height"] >= 15
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Take this story out as a .twee file").click()
    assert (await download.value).suggested_filename.endswith(".twee")
