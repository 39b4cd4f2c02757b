"""Two people build a story together: one keeps it, the other suggests; on the smallest phone, with nothing for axe."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from support.browser import SMALL, House, Look, People, follow
from support.co_written_story import Built, a_built_story

from forum.store import open_store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RESPONSE, SCENE = "Ask the neighbour to stay", "The crew arrives after an hour."
WHY = "It was two, and that matters."


@pytest.fixture
async def built(house: House) -> AsyncIterator[Built]:
    """Makes a story that is being written, in the server's database."""
    store = await open_store(f"sqlite+aiosqlite:///{house.data / 'forum.db'}")
    async with store.read() as work:
        commission = (await work.commissions.list_commissions())[0]
    yield await a_built_story(store, commission)
    await store.close()


async def shared(keeper: Page, built: Built) -> str:
    """Goes from the keeper's private page to the build link; returns it."""
    await keeper.goto(f"/my-story/{built.key}")
    await follow(keeper.get_by_role("link", name="Build it together with others"))
    link = await keeper.get_by_role("link", name=built.link).get_attribute("href")
    assert link is not None
    return link


async def suggest(page: Page, scene: str, what: str) -> None:
    """Opens the form for a suggestion at a scene, and chooses a group."""
    card = page.get_by_role("region", name=scene, exact=True)
    await card.locator("summary").click()
    await follow(card.get_by_role("link", name=what, exact=True))
    group = page.get_by_role("group", name="Which group do you belong to?")
    if not await group.get_by_role("radio", checked=True).count():
        await group.get_by_role("radio").nth(1).check()


async def answer(keeper: Page, what: str) -> None:
    """Opens the page on which a suggestion is answered."""
    await keeper.reload()
    await follow(keeper.get_by_role("link", name=re.compile(f"^Answer this ?: {what},")))


async def test_what_a_second_person_suggests_is_taken_in_or_declined_with_a_reason(
    house: House, people: People, built: Built, accessible: Look
) -> None:
    keeper, other = await people.somebody(SMALL), await people.somebody(SMALL)
    link = await shared(keeper, built)
    await accessible(keeper)

    await other.goto(link)
    await accessible(other)
    await suggest(other, "What should happen now?", "Another response")
    await accessible(other)
    await other.get_by_label("What could somebody do?").fill(RESPONSE)
    await other.get_by_label(re.compile("^Your name")).fill("Kim")
    await other.get_by_role("button", name="Send this suggestion").click()
    await expect(other.get_by_text("Thank you.")).to_be_visible()
    await suggest(other, "What happened", "A scene after this one")
    await other.get_by_label("What happens in it?").fill(SCENE)
    await other.get_by_role("button", name="Send this suggestion").click()
    await suggest(other, "What happened", "Other words for this scene")
    await other.get_by_label("The words as they should be").fill("It is past three. A neighbour knocks.")
    await other.get_by_role("button", name="Send this suggestion").click()
    await expect(other.get_by_text("Waiting for an answer")).to_have_count(3)
    await accessible(other)

    await answer(keeper, "A response")
    await accessible(keeper)
    await keeper.get_by_role("button", name="Take it in as it is").click()
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await answer(keeper, "A scene")
    await keeper.get_by_text("Change it, and take it in").click()
    await keeper.get_by_label("A name for the scene (if you like)").fill("The crew")
    await accessible(keeper)
    await keeper.get_by_role("button", name="Take it in with these changes").click()
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await answer(keeper, "Other words")
    await expect(keeper.locator("blockquote del")).to_contain_text("two.")
    await expect(keeper.locator("blockquote ins")).to_contain_text("three.")
    await keeper.locator("summary", has_text="Decline it").click()
    await keeper.get_by_role("button", name="Decline it").click()
    await expect(keeper.get_by_role("alert")).to_contain_text("Say why you decline it")
    await accessible(keeper)
    await keeper.get_by_label("Why not?").fill(WHY)
    await follow(keeper.get_by_role("button", name="Decline it"))
    await accessible(keeper)

    await other.goto(link)
    yours = other.get_by_role("region", name="What you suggested")
    for said in ("Taken in", "Taken in, with changes", "Declined", WHY):
        await expect(yours.get_by_text(said, exact=True).first).to_be_visible()
    await expect(other.get_by_role("heading", name="The crew", exact=True)).to_be_visible()
    await accessible(other)
    await follow(other.get_by_role("link", name="Play it, one scene at a time"))
    await accessible(other)
    await follow(other.get_by_role("link", name="Begin"))
    await follow(other.get_by_role("link", name="Go on"))
    await expect(other.get_by_text(SCENE)).to_be_visible()
    await follow(other.get_by_role("link", name="Go on"))
    await expect(other.get_by_role("link", name=RESPONSE)).to_be_visible()
    await accessible(other)
    await follow(other.get_by_role("link", name="Look away, or find somebody to talk to"))
    await accessible(other)

    await keeper.goto(f"/my-story/{built.key}/versions")
    await accessible(keeper)
    await follow(keeper.get_by_role("link", name="Version 2"))
    await follow(keeper.get_by_role("link", name="What has changed since"))
    await accessible(keeper)
    await keeper.get_by_role("button", name="Bring this version back").click()
    await expect(keeper.get_by_text("That version is your draft again.")).to_be_visible()
    await other.goto(link)
    await expect(other.get_by_text(SCENE)).to_have_count(1)  # in what was suggested, and no more in the story


async def test_what_is_typed_without_a_network_is_kept_until_it_can_be_sent(people: People, built: Built) -> None:
    other = await people.somebody(SMALL)
    await other.goto(f"/build/{built.link}")
    await suggest(other, "What happened", "A scene after this one")
    form = other.url
    await other.get_by_label("What happens in it?").fill(SCENE)
    await other.context.set_offline(True)
    await other.get_by_role("button", name="Send this suggestion").click()
    await expect(other.get_by_role("status")).to_contain_text("No answer from Forum yet.")
    # The tab is closed, and the form is opened again later.
    again = await other.context.new_page()
    await other.close()
    await again.context.set_offline(False)
    await again.goto(form)
    await expect(again.get_by_label("What happens in it?")).to_have_value(SCENE)
    await again.get_by_role("button", name="Send this suggestion").click()
    await expect(again.get_by_text("Thank you.")).to_be_visible()
    await again.goto(form)
    await expect(again.get_by_label("What happens in it?")).to_have_value("")
    async with built.store.read() as work:
        assert [one.words for one in await work.drafts.suggestions(built.story)] == [SCENE]


async def test_without_scripts_it_all_works_by_forms(people: People, built: Built) -> None:
    keeper, other = await people.somebody(SMALL, scripts=False), await people.somebody(SMALL, scripts=False)
    link = await shared(keeper, built)
    await other.goto(link)
    await suggest(other, "What should happen now?", "Another response")
    await other.get_by_label("What could somebody do?").fill("")
    await follow(other.get_by_role("button", name="Send this suggestion"))
    await expect(other.get_by_role("alert")).to_contain_text("Write what somebody could do.")
    await other.get_by_label("What could somebody do?").fill(RESPONSE)
    await follow(other.get_by_role("button", name="Send this suggestion"))
    await expect(other.get_by_text("Waiting for an answer")).to_be_visible()
    await answer(keeper, "A response")
    await follow(keeper.get_by_role("button", name="Take it in as it is"))
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await other.goto(link)
    await expect(other.get_by_text("Taken in", exact=True)).to_be_visible()
    await expect(
        other.get_by_role("region", name="What should happen now?").get_by_text(RESPONSE, exact=True)
    ).to_be_visible()


async def test_suggesting_and_answering_by_keyboard_alone(people: People, built: Built) -> None:
    keeper, other = await people.somebody(SMALL), await people.somebody(SMALL)
    await other.goto(f"/build/{built.link}")
    await press(other, "Suggest something here: What should happen now?")
    await press(other, "Another response")
    await other.wait_for_url("**/suggest?**")
    await reach(other, "What could somebody do?")
    await other.keyboard.type(RESPONSE)
    await other.keyboard.press("Tab")
    await other.keyboard.press("ArrowDown")
    await press(other, "Send this suggestion")
    await expect(other.get_by_text("Waiting for an answer")).to_be_visible()
    await keeper.goto(f"/my-story/{built.key}/build")
    await press(keeper, "Answer this: A response")
    await keeper.wait_for_url(re.compile(r"/build/[0-9a-f]{32}$"))
    await press(keeper, "Decline it")
    await reach(keeper, "Why not?")
    await keeper.keyboard.type(WHY)
    await keeper.keyboard.press("Tab")
    await keeper.keyboard.press("Enter")
    await expect(keeper.get_by_text("Your answer is saved.")).to_be_visible()
    await other.reload()
    await expect(other.get_by_text(WHY)).to_be_visible()


FOCUSED = """() => {
  const here = document.activeElement;
  const label = here.labels && here.labels.length ? here.labels[0].textContent : here.textContent;
  return label.replace(/\\s+/g, " ").trim();
}"""


async def reach(page: Page, name: str) -> None:
    """Goes on with the Tab key until something of this name has the focus."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if str(await page.evaluate(FOCUSED)).startswith(name):
            return
    pytest.fail(f"the Tab key does not reach {name}")


async def press(page: Page, name: str) -> None:
    """Reaches it, and presses Enter."""
    await reach(page, name)
    await page.keyboard.press("Enter")
