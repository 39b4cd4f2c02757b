"""Nothing typed is ever missing: no network, closed tabs, two at once; by keyboard alone, and without a script."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect
from support.browser import (
    LAPTOP,
    SMALL,
    Look,
    People,
    begin_story,
    card,
    follow,
    go_on,
    open_card,
    send_story,
    tell_story,
    wait_until_saved,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

TITLE = "The lift that never comes"
HAPPENED = "My father waits for a lift to the clinic. It is late again."
QUESTION = "What could the clinic do now?"
ANSWERS = ("Call him at home", "Send somebody to him", "Give him another day")
OFFLINE = "No connection: kept on this phone"


# ---------------------------------------------------------------- the network, the tab, the phone


async def test_continue_without_a_network_keeps_the_words_and_goes_on_when_it_is_back(
    people: People, accessible: Look
) -> None:
    page = await people.somebody(SMALL)
    await begin_story(page, TITLE, HAPPENED)
    await page.context.set_offline(True)
    await page.get_by_label("A place and a time").fill("A village, in winter")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("your words are kept on this phone. We go on when it is back").first).to_be_visible()
    await accessible(page)
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", name="Who is in it?")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("A place and a time")).to_have_value("A village, in winter")


async def test_first_words_that_never_reached_the_server_are_offered_again(people: People, accessible: Look) -> None:
    page = await people.somebody(SMALL)
    await page.goto("/commissions")
    await follow(page.get_by_role("link", name=re.compile("Urgent mental-health care")).first)
    await follow(page.get_by_role("link", name=re.compile("Tell a story")).first)
    await expect(page.get_by_label("Tell it in your own words")).to_be_visible()
    await expect(page.locator("html.writes")).to_be_attached()
    tell_page = page.url
    for words, wanted in (("Nobody came.", "Throw them away"), ("Somebody came.", "Bring them back")):
        await page.context.set_offline(True)
        await page.get_by_label("Tell it in your own words").fill(words)
        await expect(page.locator(".saving")).to_have_text(OFFLINE)
        await page.close()
        page = await page.context.new_page()
        await page.context.set_offline(False)
        await page.goto(tell_page)
        await expect(page.get_by_text("Words were kept on this phone.")).to_be_visible()
        await expect(page.get_by_text(words)).to_be_visible()
        await accessible(page)
        await page.get_by_role("button", name=wanted).click()
        await expect(page.get_by_text("Words were kept on this phone.")).to_have_count(0)
    await expect(page.get_by_label("Tell it in your own words")).to_have_value("Somebody came.")
    await wait_until_saved(page)
    # Saved, and the tab closes before anybody has seen the private link: the story is found again all the same.
    await page.get_by_label("A title").fill("At night")
    await wait_until_saved(page)
    await page.close()
    page = await page.context.new_page()
    await page.goto(tell_page)
    await page.get_by_role("button", name="Bring them back").click()
    await expect(page.get_by_role("heading", name="Keep this link")).to_be_visible()
    await expect(page.get_by_label("A title")).to_have_value("At night")
    await go_on(page, "Where and when was it?")
    await page.goto(tell_page)
    await expect(page.get_by_label("Tell it in your own words")).to_have_value("")
    assert await page.evaluate("localStorage.length") == 0


async def test_what_was_removed_is_undone_with_the_network_or_without(people: People) -> None:
    page = await people.somebody(SMALL)
    await tell_story(page, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS)
    for offline in (False, True):
        await page.context.set_offline(offline)
        one = await open_card(page, "What should happen now?")
        await one.locator("summary").filter(has_text="More for this scene").click()
        await one.get_by_role("button", name="Remove", exact=True).last.click()
        await expect(page.locator("li", has_text="The scene is removed.")).to_be_focused()
        await page.get_by_role("button", name="Put it back").click()
        await expect(card(page, "What should happen now?").get_by_label("The question")).to_have_value(QUESTION)
        await page.context.set_offline(False)
        await wait_until_saved(page)
        await page.reload()
        one = await open_card(page, "What should happen now?")
        for number, words in enumerate(ANSWERS, start=1):
            await expect(one.get_by_label(re.compile(f"^Answer {number}"))).to_have_value(words)
    await expect(page.locator("[data-part=findings]")).to_contain_text("Nothing to mend.")


async def test_a_phone_that_can_keep_nothing_says_so(people: People) -> None:
    page = await people.somebody(SMALL)
    await page.context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    link = await begin_story(page, TITLE, HAPPENED)
    await page.context.set_offline(True)
    await page.get_by_label("A place and a time").fill("A village")
    await expect(page.locator(".saving")).to_contain_text("This phone cannot keep your words.")
    async with page.expect_event("dialog") as asked:
        await page.close(run_before_unload=True)
    assert (await asked.value).type == "beforeunload"
    await (await asked.value).dismiss()
    await page.context.set_offline(False)
    await wait_until_saved(page)
    await page.goto(f"{link}/write/where")
    await expect(page.get_by_label("A place and a time")).to_have_value("A village")


# ---------------------------------------------------------------- two at once


async def test_two_tabs_and_a_stale_page_lose_no_word(people: People, accessible: Look) -> None:
    first = await people.somebody(SMALL)
    link = await tell_story(first, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS)
    second = await first.context.new_page()
    stale = await people.somebody(SMALL)
    for page in (second, stale):
        await page.goto(f"{link}/write")
    areas = [(await open_card(page, "What happened")).get_by_label("What happens") for page in (first, second, stale)]
    await areas[0].fill("My father waits for a lift. It is raining.")
    await wait_until_saved(first)

    # Another tab of the same browser: both texts, and a choice.
    await areas[1].fill("My old father waits for a lift to the clinic. It is late again.")
    clash = second.get_by_role("group", name="Somebody else has changed this too")
    await expect(clash).to_be_focused()
    await expect(clash.locator(".theirs")).to_have_text("My father waits for a lift. It is raining.")
    await expect(clash.locator(".mine")).to_contain_text("My old father")
    await expect(second.locator(".saving")).to_contain_text("Choose what stays")
    await accessible(second)
    # What is typed while nothing is chosen yet is chosen with it; and closing the tab loses nothing of it.
    await areas[1].fill("My old father waits, in the rain.")
    await second.close()
    second = await first.context.new_page()
    await second.goto(f"{link}/write")
    await expect(clash_of(second).locator(".mine")).to_contain_text("My old father waits, in the rain.")
    await clash_of(second).get_by_role("button", name="Use mine").click()
    await wait_until_saved(second)

    # A page that was opened long ago.
    await areas[2].fill("Our father waits.")
    await expect(clash_of(stale).locator(".theirs")).to_have_text("My old father waits, in the rain.")
    await clash_of(stale).get_by_role("button", name="Put both together").click()
    await wait_until_saved(stale)
    await expect(areas[2]).to_have_value("My old father waits, in the rain.\n\nOur father waits.")
    await first.reload()
    area = (await open_card(first, "What happened")).get_by_label("What happens")
    await expect(area).to_have_value("My old father waits, in the rain.\n\nOur father waits.")

    # Somebody removes the scene while another writes in it.
    one = await open_card(stale, "What happened")
    await one.locator("summary").filter(has_text="More for this scene").click()
    await one.get_by_role("button", name="Remove", exact=True).last.click()
    await wait_until_saved(stale)
    await area.fill("He waits.")
    gone = first.get_by_role("group", name="Somebody else has removed this")
    await accessible(first)
    await gone.get_by_role("button", name="Put it back, with my words").click()
    await wait_until_saved(first)
    await first.reload()
    await expect((await open_card(first, "What happened")).get_by_label("What happens")).to_have_value("He waits.")


def clash_of(page: Page) -> Locator:
    return page.get_by_role("group", name="Somebody else has changed this too")


async def test_two_tabs_that_both_keep_words_without_a_network_keep_both(people: People) -> None:
    first = await people.somebody(SMALL)
    link = await tell_story(first, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS)
    second = await first.context.new_page()
    await second.goto(f"{link}/write")
    await first.context.set_offline(True)
    for page, words in ((first, "One."), (second, "Two.")):
        await (await open_card(page, "What happened")).get_by_label("What happens").fill(words)
        await expect(page.locator(".saving")).to_have_text(OFFLINE)
    await first.close()
    await second.close()
    third = await first.context.new_page()
    await third.context.set_offline(False)
    await third.goto(f"{link}/write")
    await expect(clash_of(third)).to_be_visible()
    both = await clash_of(third).inner_text()
    assert "One." in both
    assert "Two." in both


async def test_too_long_is_told_while_it_is_written_and_nothing_is_cut_off(people: People, accessible: Look) -> None:
    page = await people.somebody(SMALL)
    link = await tell_story(page, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS)
    area = (await open_card(page, "What happened")).get_by_label("What happens")
    await area.fill("x" * 3990)
    await expect(page.get_by_text("10 characters left")).to_be_visible()
    await area.fill("x" * 4005)
    await expect(page.get_by_text("5 characters too many")).to_be_visible()
    await expect(page.get_by_text("This is too long. Use at most 4000 characters.")).to_be_visible()
    await expect(page.locator(".saving")).to_contain_text("Something cannot be saved yet.")
    await accessible(page)
    await page.goto(f"{link}/write")
    await expect((await open_card(page, "What happened")).get_by_label("What happens")).to_have_value("x" * 4005)
    await (await open_card(page, "What happened")).get_by_label("What happens").fill("x" * 4000)
    await wait_until_saved(page)


# ---------------------------------------------------------------- without a mouse, without a script


async def to(page: Page, name: str) -> None:
    """Goes to what has this name by the Tab key alone."""
    for _ in range(90):
        await page.keyboard.press("Tab")
        found = await page.evaluate(
            """() => {
              const one = document.activeElement;
              const label = one.labels && one.labels.length ? one.labels[0].innerText : "";
              return label || one.innerText || one.getAttribute("aria-label") || "";
            }"""
        )
        if found.strip().startswith(name):
            return
    raise AssertionError(f"the Tab key does not come to {name}")


async def test_a_whole_story_by_keyboard_alone(people: People) -> None:
    page = await people.somebody(LAPTOP)
    await page.goto("/commissions")
    keys = page.keyboard

    async def press_(name: str, key: str = "Enter") -> None:
        await to(page, name)
        await keys.press(key)

    async def write(name: str, words: str) -> None:
        await to(page, name)
        await keys.type(words)

    async def heading(name: str) -> None:
        await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        await page.wait_for_load_state()

    await press_("Urgent mental-health care")
    await page.wait_for_url(re.compile("/commissions/"))
    await press_("Tell a story")
    await heading("What happened?")
    await write("Tell it in your own words", HAPPENED)
    await write("A title", TITLE)
    await keys.press("Enter")
    await heading("Where and when was it?")
    await write("A place and a time", "A village")
    await press_("Continue")
    await heading("Who is in it?")
    await write("The people in your story", "A father")
    await to(page, "People who use services")
    await keys.press("ArrowDown")
    await press_("Continue")
    await heading("The moment that could go another way")
    await write("Your question", QUESTION)
    for number, words in enumerate(ANSWERS, start=1):
        await write(f"Answer {number}", words)
    await press_("Continue")
    await heading("How may it be used?")
    await press_("Restraint or force", "Space")
    for _ in range(3):
        await press_("Yes", "Space")
    await press_("Continue")
    await heading("Before you send it")
    await press_("Change something")
    await press_("All your scenes")
    await heading("Scenes")
    await press_("Add a scene")
    await expect(page.get_by_label("What happens").last).to_be_focused()
    await keys.type("He opens the door.")
    await write("A name (if you like)", "")
    await press_("Check it, then send it")
    await heading("Before you send it")
    await expect(page.get_by_role("heading", name="This is still missing")).to_be_visible()
    await press_("The scene")
    await expect(page.get_by_label("What happens").last).to_be_focused()
    await press_("More for this scene")
    await press_("Remove", "Enter")
    await expect(page.locator("li", has_text="The scene is removed.")).to_be_focused()
    await wait_until_saved(page)
    await press_("Check it, then send it")
    await heading("Before you send it")
    await press_("Send your story")
    await expect(page.get_by_text("We have your story.")).to_be_visible()


async def test_a_whole_story_without_a_script(people: People, accessible: Look) -> None:
    page = await people.somebody(SMALL, scripts=False)
    look = await people.somebody(SMALL)
    link = await tell_story(page, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS)
    one = await open_card(page, "What happened")
    await one.get_by_label("What happens").fill("My father waits.")
    await follow(one.get_by_role("button", name="Add a scene after this"))
    new = page.locator("li.scene").nth(1)
    await new.get_by_label("What happens").fill("The driver rings.")
    await new.get_by_label("A name (if you like)").fill("The driver")
    await follow(new.get_by_role("button", name="Save this scene"))
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await follow((await open_card(page, "The driver")).get_by_role("button", name="Add a way on"))
    ways = (await open_card(page, "The driver")).locator("[data-way]")
    await expect(ways).to_have_count(2)
    await ways.last.get_by_label(re.compile("^Words on the way")).fill("Hang up")
    await ways.last.get_by_label("Goes on to").select_option(label="1. What happened")
    await follow(card(page, "The driver").get_by_role("button", name="Save this scene"))
    await look.goto(page.url)
    await accessible(look)
    await (await open_card(page, "What happened")).locator("summary", has_text="More for this scene").click()
    await follow(card(page, "What happened").get_by_role("button", name="Remove", exact=True).last)
    await expect(page.get_by_text("The scene is removed.")).to_be_visible()
    await follow(page.get_by_role("button", name="Put it back"))
    await (await open_card(page, "The driver")).locator("summary", has_text="More for this scene").click()
    await follow(card(page, "The driver").get_by_role("button", name="Move down"))
    await expect(page.locator("li.scene").nth(2).get_by_role("heading").first).to_contain_text("The driver")

    # Somebody else writes meanwhile.
    await look.goto(f"{link}/write")
    other = (await open_card(look, "The driver")).get_by_label("What happens")
    await other.fill("The driver rings twice.")
    await wait_until_saved(look)
    mine = (await open_card(page, "The driver")).get_by_label("What happens")
    await mine.fill("The driver does not ring.")
    await follow(card(page, "The driver").get_by_role("button", name="Save this scene"))
    await expect(page.get_by_role("heading", name="Somebody else wrote here too")).to_be_visible()
    await expect(page.locator(".theirs")).to_have_text("The driver rings twice.")
    await page.get_by_label("What shall stand there").fill("The driver rings twice, then drives on.")
    await follow(page.get_by_role("button", name="Save what I chose"))
    await expect((await open_card(page, "The driver")).get_by_label("What happens")).to_have_value(
        "The driver rings twice, then drives on."
    )
    await send_story(page, link, "Send your story")


async def test_words_typed_before_the_script_is_there_are_saved_too(people: People) -> None:
    page = await people.somebody(SMALL)
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route("**/edit-queue.js*", hold)
    await page.goto("/commissions", wait_until="commit")
    await follow(page.get_by_role("link", name=re.compile("Urgent mental-health care")).first)
    await page.get_by_role("link", name=re.compile("Tell a story")).first.click(no_wait_after=True)
    await page.get_by_label("Tell it in your own words").fill(HAPPENED)
    await expect(page.locator("html.writes")).to_have_count(0)
    let_go.set()
    await wait_until_saved(page)
    await page.get_by_label("A title").fill(TITLE)
    await go_on(page, "Where and when was it?")
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("Tell it in your own words")).to_have_value(HAPPENED)
