"""A branching story on the smallest phone, from the first word to what became of it."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Page, expect
from support.browser import (
    LAPTOP,
    SMALL,
    House,
    Look,
    People,
    add_scene,
    card,
    follow,
    join,
    make_accounts,
    open_card,
    press,
    send_story,
    tell_story,
    vote,
    wait_until_saved,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def house(empty_house: House) -> House:
    return empty_house


TITLE = "The lift that never comes"
HAPPENED = "My father waits for a lift to the clinic. It is late again."
QUESTION = "What could the clinic do now?"
ANSWERS = ("Call him at home", "Send somebody to him", "Give him another day")
OFFLINE = "No connection: kept on this phone"


async def leads(page: Page, answer: int, to: str) -> None:
    """Lets an answer of the decision point lead to a scene."""
    way = (await open_card(page, "What should happen now?")).locator("[data-way]").nth(answer - 1)
    if not await way.locator("details[open]").count():
        await way.get_by_text("Where it leads").click()
    await way.get_by_label("Goes on to").select_option(label=to)


async def test_a_branching_story_from_the_first_word_to_what_became_of_it(
    people: People, house: House, accessible: Look
) -> None:
    await make_accounts(people, house, accessible)

    # The first third: the steps, on a phone with a network.
    phone = await people.somebody(SMALL)
    link = await tell_story(phone, TITLE, happened=HAPPENED, question=QUESTION, answers=ANSWERS, look=accessible)
    await add_scene(phone, "At home", "The nurse calls. He tells her how he is.")
    await wait_until_saved(phone)
    await accessible(phone)

    # The middle third: no network, and the tab closes.
    await phone.context.set_offline(True)
    await add_scene(phone, "The visit", "Somebody rings the bell. My father laughs.")
    await leads(phone, 2, "4. The visit")
    await leads(phone, 1, "3. At home")
    await (await open_card(phone, "What should happen now?")).get_by_role("button", name="Add an answer").click()
    await phone.keyboard.type("Ask the neighbour")
    await expect(phone.locator(".saving")).to_have_text(OFFLINE)
    await accessible(phone)
    await phone.close()
    again = await phone.context.new_page()
    await phone.context.set_offline(False)
    await again.goto(f"{link}/write")
    await expect(card(again, "The visit")).to_be_visible()
    await wait_until_saved(again)
    question = await open_card(again, "What should happen now?")
    await expect(question.get_by_label(re.compile("^Answer 4"))).to_have_value("Ask the neighbour")
    # Without a network once more, until the browser itself is gone; what it had not sent comes back with it.
    await again.context.set_offline(True)
    await (await open_card(again, "The visit")).get_by_label("What happens").fill("Somebody rings the bell. He opens.")
    await expect(again.locator(".saving")).to_have_text(OFFLINE)
    await again.close()
    third = await phone.context.new_page()
    await phone.context.set_offline(False)
    await third.goto(link)
    await follow(third.get_by_role("link", name="Go on writing"))
    await wait_until_saved(third)
    await expect((await open_card(third, "The visit")).get_by_label("What happens")).to_have_value(
        "Somebody rings the bell. He opens."
    )
    assert await third.evaluate("localStorage.length") == 0
    await phone.context.close()
    people.contexts.remove(phone.context)

    # A second person suggests a response and a scene; both are taken in.
    writer = await people.somebody(SMALL)
    await writer.goto(link)
    await follow(writer.get_by_role("link", name="Build it together with others"))
    await helped(people, writer, accessible)

    # The last third, from the private link in a new browser; then it is sent.
    await writer.goto(f"{link}/write")
    question = await open_card(writer, "What should happen now?")
    await expect(question.get_by_label(re.compile("^Answer 5"))).to_have_value("Ask the driver to wait")
    await leads(writer, 4, "2. The driver")
    await question.get_by_label(re.compile("^Answer 4")).fill("Ask a neighbour")
    await wait_until_saved(writer)
    await expect(writer.locator("[data-part=findings]")).to_contain_text("From")
    await follow(writer.get_by_role("link", name="Play it", exact=True))
    await accessible(writer)
    await follow(writer.get_by_role("link", name="Begin"))
    await expect(writer.get_by_text(HAPPENED)).to_be_visible()
    await send_story(writer, link, "Send your story", accessible)
    await accessible(writer)

    # A moderator returns it once, and accepts it once.
    moderator = await people.signed_in("mo")
    await decide(moderator, "Return", "Please say who drives.", accessible)
    await writer.goto(link)
    await expect(writer.get_by_text("Please say who drives.")).to_be_visible()
    await accessible(writer)
    await follow(writer.get_by_role("link", name="Change it"))
    await expect(writer.get_by_text("Please say who drives.")).to_be_visible()
    await (
        (await open_card(writer, "What happened"))
        .get_by_label("What happens")
        .fill("My father waits for the clinic’s driver. It is late again.")
    )
    await wait_until_saved(writer)
    await accessible(writer)
    await send_story(writer, link, "Send it again")
    await decide(moderator, "Accept", "", accessible)

    # It is in the library, is played in a session, and its private link tells so.
    reader = await people.somebody(SMALL)
    await reader.goto("/stories")
    await reader.get_by_label("Find stories by words").fill("driver")
    await follow(reader.get_by_role("button", name="Show stories"))
    await follow(reader.get_by_role("link", name=TITLE))
    await expect(reader.get_by_text("the clinic’s driver")).to_be_visible()
    await accessible(reader)
    await played(people, reader)
    await writer.goto(link)
    became = writer.locator(".life")
    for words in (
        "A moderator read your story and sent it back to you.",
        "A moderator read your story and accepted it.",
        "was played in the live session “Town hall, March”",
        f"People voted: “{QUESTION}”",
    ):
        await expect(became.get_by_text(words)).to_be_visible()
    await accessible(writer)
    await on_a_night_shift(people, accessible)


async def on_a_night_shift(people: People, accessible: Look) -> None:
    """Tells a story in three pauses of a night, is called away each time, and says yes to somebody's question.

    Fifteen presses beside typing at most, of which three say "Stop here"; before, the way back took six more.
    """
    presses = 0

    async def press_(name: str, role: Literal["button", "link"] = "button") -> None:
        nonlocal presses
        presses += 1
        await follow(page.get_by_role(role, name=name, exact=True).last)

    async def choose(label: str, group: str) -> None:
        nonlocal presses
        presses += 1
        await page.get_by_role("group", name=group).get_by_label(label, exact=True).check()

    async def called_away(step: str) -> Page:
        """Stops here, and comes back by the link, with another browser."""
        await press_("Stop here")
        await expect(page.get_by_text("Everything is saved. You can close this page.")).to_be_visible()
        await accessible(page)
        link = await page.get_by_role("link", name=re.compile("my-story")).get_attribute("href")
        await page.context.close()
        people.contexts.remove(page.context)
        again = await people.somebody(SMALL)
        await again.goto(str(link))
        await expect(again.get_by_role("heading", name=step, exact=True)).to_be_visible()
        return again

    page = await people.somebody(SMALL)
    await page.goto("/commissions")
    await follow(page.get_by_role("link", name=re.compile("Urgent mental-health care")).first)
    await follow(page.get_by_role("link", name=re.compile("Tell a story")).first)
    await page.get_by_label("Tell it in your own words").fill("I am alone on the ward, and three bells ring at once.")
    await page.get_by_label("A title").fill("Three bells")
    await press_("Continue")
    page = await called_away("Where and when was it?")
    await press_("Skip this")
    await choose("Nurses", "Which group do you belong to?")
    page = await called_away("Who is in it?")
    await expect(page.get_by_role("radio", name="Nurses")).to_be_checked()
    await press_("Continue")
    page = await called_away("The moment that could go another way")
    await press_("Skip this")
    for use in ("published", "performed", "quoted"):
        await choose("Yes", f"May it be {use}?")
    await press_("Continue")
    await expect(page.get_by_role("heading", name="Your story, as it is read")).to_be_visible()
    await expect(page.get_by_text("three bells ring at once")).to_be_visible()
    await accessible(page)
    await press_("Send your story")
    await accessible(page)

    moderator = await people.signed_in("mo")
    await moderator.goto("/moderate")
    await follow(moderator.get_by_role("link", name="Three bells").first)
    await moderator.get_by_label("The question").fill("Who should come?")
    await moderator.get_by_label(re.compile("^The answers")).fill("A nurse\nThe doctor\nA neighbour")
    await moderator.get_by_label(re.compile("^Accept the story with this question")).check()
    await accessible(moderator)
    await follow(moderator.get_by_role("button", name="Propose it to its writer"))
    await expect(moderator.get_by_role("heading", name="Waiting for their writers’ yes")).to_be_visible()

    await page.reload()
    await expect(page.get_by_role("heading", name="Who should come?")).to_be_visible()
    await accessible(page)
    await press_("Yes, take it")
    await expect(page.get_by_text("Thank you. Everybody can read your story now.")).to_be_visible()
    assert presses <= 15, presses


async def helped(people: People, keeper: Page, accessible: Look) -> None:
    """Suggests a response and a scene by the build link as somebody else; takes both in as the keeper."""
    await keeper.get_by_role("button", name="Make the link").click()
    await expect(keeper.get_by_text("The link works now.")).to_be_visible()
    build = re.search(r"/build/[\w-]+", await keeper.content())
    assert build
    other = await people.somebody(SMALL)
    await other.goto(build[0])
    await accessible(other)
    for place, what, label, words in (
        ("What should happen now?", "Another response", "What could somebody do?", "Ask the driver to wait"),
        ("What happened", "A scene after this one", "What happens in it?", "A car stops. It is not ours."),
    ):
        region = other.get_by_role("region", name=place, exact=True)
        await region.locator("summary").click()
        await follow(region.get_by_role("link", name=what, exact=True))
        group = other.get_by_role("group", name="Which group do you belong to?")
        if not await group.get_by_role("radio", checked=True).count():
            await group.get_by_role("radio").nth(1).check()
        await other.get_by_label(label).fill(words)
        await other.get_by_role("button", name="Send this suggestion").click()
        await expect(other.get_by_text("Thank you.")).to_be_visible()
    await keeper.reload()
    await follow(keeper.get_by_role("link", name=re.compile("^Answer this ?: A response,")))
    await keeper.get_by_role("button", name="Take it in as it is").click()
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await follow(keeper.get_by_role("link", name=re.compile("^Answer this ?: A scene,")))
    await keeper.get_by_text("Change it, and take it in").click()
    await keeper.get_by_label("A name for the scene (if you like)").fill("The driver")
    await keeper.get_by_role("button", name="Take it in with these changes").click()
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await accessible(keeper)


async def decide(moderator: Page, action: str, reason: str, accessible: Look) -> None:
    """Reads the story as a moderator and decides."""
    await moderator.goto("/moderate")
    await follow(moderator.get_by_role("link", name=TITLE).first)
    await accessible(moderator)
    await moderator.get_by_label(re.compile(f"^{action}")).first.check()
    await moderator.get_by_label(re.compile("^Reason")).fill(reason)
    await moderator.get_by_role("button", name="Save").click()
    await expect(moderator.get_by_role("heading", name="Stories to read")).to_be_visible()


async def played(people: People, audience: Page) -> None:
    """Plays the story in a live session, and has it voted on."""
    console = await people.signed_in("olu", LAPTOP)
    await console.goto("/organise")
    await follow(console.get_by_role("link", name="Make a live session").first)
    await console.get_by_label("Title").fill("Town hall, March")
    await console.get_by_label(re.compile(TITLE)).check()
    await follow(console.get_by_role("button", name="Make it and open it now"))
    if "/console/" not in console.url:
        await console.goto("/organise")
        await follow(console.get_by_role("link", name="Run it").first)
    code = re.sub(r"\D", "", await console.locator("[data-part=head] p strong").last.inner_text())
    await join(audience, code, "Carers")
    await press(console, "^Show")
    await press(console, "^Put the question")
    await press(console, "^Open voting")
    await audience.wait_for_selector("[data-ballot]")
    await vote(audience, 0)
    await press(console, "^Close voting")
    await press(console, "^Show the result$")
