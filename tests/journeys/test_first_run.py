"""From the first link to a session of one's own with two stories: what is pressed beside typing, counted."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect
from support.browser import PASSWORD, House, Look, People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# It was about forty before "What next".
MOST_CLICKS = 12


@pytest.fixture(scope="module")
def house(empty_house: House) -> House:
    return empty_house


async def test_the_first_administrator_is_led_to_a_session_of_their_own(
    house: House, people: People, accessible: Look
) -> None:
    page = await people.somebody(scripts=False)
    looked, main, clicks = await people.somebody(), page.get_by_role("main"), 0

    async def press(place: Locator) -> None:
        nonlocal clicks
        clicks += 1
        await place.click()

    async def look() -> None:
        """Tries the page that is shown with axe, in a browser with scripts."""
        await looked.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type]
        await looked.goto(page.url)
        await accessible(looked)

    await page.goto(house.first_link)
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await press(page.get_by_role("button", name="Make the account"))
    await expect(page.get_by_role("heading", name="What next")).to_be_visible()
    await look()
    await press(main.get_by_role("link", name="Make a commission"))
    typed = {
        "Title": "Beds at night",
        "Which question is this work to answer?": "Who finds a bed at night?",
        "Who decides?": "The board",
        "What can change?": "Who answers first",
        "What cannot change?": "The budget",
    }
    for label, words in typed.items():
        await page.get_by_label(label, exact=True).fill(words)
    await press(page.get_by_label("Consultation"))
    for number, group in enumerate(("Nurses", "People who use services")):
        await page.get_by_label("Name of the group").nth(number).fill(group)
    await press(main.get_by_role("button", name="Make this commission"))
    await expect(main.get_by_role("status")).to_contain_text("The commission is public")
    await press(main.get_by_role("button", name="Copy two stories of the demonstration"))
    await expect(main.get_by_role("status")).to_contain_text("The stories are copied.")
    await look()
    await press(main.get_by_role("status").get_by_role("link", name="Make a live session"))
    await page.get_by_label("Title", exact=True).fill("Town hall")
    for place in await page.locator("input[name=scenario]").all():
        await press(place)
    await press(main.get_by_role("button", name="Make it and open it now"))
    await expect(page.locator("#screen")).to_contain_text("Seat fourteen (from the demonstration)")
    assert await page.get_by_role("navigation", name="Main").count() == 0
    assert clicks <= MOST_CLICKS, clicks
    await page.goto("/work")
    await expect(main.locator(".steps .done")).to_have_count(3)
