"""The second run in Chromium: stops, an intervention, its vote, reasons, an amended proposal, and who commits to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect
from support.browser import SMALL, House, Look, People, follow, press_within, take_offline, vote
from support.session_api import join_session, vote_of_others

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WALL: ViewportSize = {"width": 1280, "height": 720}
BEAMER: ViewportSize = {"width": 1024, "height": 768}
STORY = "Seat fourteen"
SCENE = "Monday, seven in the evening"


@dataclass
class Day:
    """The screens of one session."""

    console: Page
    walls: list[Page]
    people: People
    code: str
    look: Look

    async def press(self, name: str, within: str = "") -> None:
        """Presses a button of the console and waits until the server has answered."""
        place = self.console.locator(f"[data-part={within}]") if within else self.console
        await press_within(self.console, place, name)

    async def vote_of_others(self, phone: Page, **vote: str) -> None:
        """Casts the votes of four others in the vote that is open on a phone, so that there are enough for a count."""
        base = self.console.url.partition("/console/")[0]
        now = await phone.request.get(f"{base}/s/{self.code}/now", headers={"Accept": "application/json"})
        await vote_of_others(base, self.code, (await now.json())["tally"]["round"], **vote)

    async def phone(self, group: str, **more: Any) -> Page:
        page = await self.people.somebody(SMALL, **more)
        await join_session(page, self.code, group)
        return page

    async def replay(self) -> None:
        """Plays the story's scene again."""
        item = self.console.locator("[data-part=programme] li", has_text=SCENE)
        async with self.console.expect_response(lambda r: r.url.endswith("/scene")):
            await item.get_by_role("button", name="Play again").click()

    async def look_at_all(self, *pages: Page) -> None:
        for page in (self.console, *self.walls, *pages):
            await self.look(page)


@pytest.fixture
async def day(people: People, house: House, accessible: Look) -> Day:
    """Makes a session with a story of the demonstration, its console on a laptop, a projector and an old beamer."""
    console = await people.signed_in("cat")
    await console.goto("/organise")
    await follow(console.get_by_role("link", name="Make a live session").first)
    await accessible(console)
    await console.get_by_label("Title").fill("A day in March")
    await console.get_by_label(re.compile(STORY)).check()
    await console.get_by_label(re.compile("^Everybody, once the facilitator")).check()
    await follow(console.get_by_role("button", name="Make it and open it now"))
    if "/console/" not in console.url:
        await console.goto("/organise")
        await follow(console.get_by_role("link", name="Run it").first)
    words = await console.locator("[data-part=head] p").inner_text()
    code = "".join(re.findall(r"\d{3} \d{3}", words)).replace(" ", "")
    address = await console.get_by_role("link", name=re.compile("projector", re.IGNORECASE)).first.get_attribute("href")
    assert address is not None
    walls = [await people.somebody(size) for size in (WALL, BEAMER)]
    for wall in walls:
        await wall.goto(address)
    return Day(console, walls, people, code, accessible)


async def a_stranger(route: Route) -> None:
    """Answers in Forum's place, as a proxy does while the server is replaced."""
    words = {"code": "not_found", "words": "There is no such reason.", "again": False}
    await route.fulfill(status=404, json={"error": words})


async def test_the_second_run(day: Day) -> None:
    first, second = await day.phone("Carers"), await day.phone("Nurses")
    plain = await day.phone("", scripts=False)

    # A first vote, with reasons and a condition; nobody sees them while it is open.
    item = day.console.locator("[data-part=programme] li", has_text="What should Ben do?")
    async with day.console.expect_response(lambda r: r.url.endswith("/question")):
        await item.get_by_role("button", name="Put the question").click()
    await day.press("^Open voting")
    for phone, why in ((first, "She is nineteen and alone"), (second, "Nobody else is free")):
        await phone.wait_for_selector("[data-ballot]")
        await vote(phone, 2)
        await phone.get_by_label(re.compile("^Why")).fill(why)
    await first.get_by_text("Set a condition").click()
    await first.get_by_label("I would accept this if").fill("somebody comes every ten minutes")
    await day.look_at_all(first)
    for phone in (first, second):
        await phone.locator("[data-send]").click()
        await expect(phone.locator("[data-send]")).to_contain_text("With what you wrote")
    for screen in (day.console, *day.walls, second):
        assert "nineteen and alone" not in await screen.content()
    await day.vote_of_others(first, choice="r3")
    await day.press("^Close voting")
    assert "nineteen and alone" not in await day.console.content()
    await day.press("^Show the result$")

    # The facilitator reads the reasons first; then everybody may, and says "me too".
    await expect(day.console.locator("[data-part=reasons]")).to_contain_text("nineteen and alone")
    await expect(second.locator("[data-part=mine]")).to_be_visible()
    assert "nineteen and alone" not in await second.content()
    shown = day.console.locator("[data-part=reasons] li", has_text="nineteen and alone")
    async with day.console.expect_response(lambda r: r.url.endswith("/hear")):
        await shown.get_by_role("button", name="Show").click()
    reason = second.locator("[data-part=reasons] li", has_text="nineteen and alone")
    await expect(reason).to_contain_text("somebody comes every ten minutes")
    # Somebody else's answer to it, in Forum's words, is none: it goes again by itself.
    await second.route("**/too", a_stranger, times=1)
    await reason.get_by_role("button", name=re.compile("^Me too")).click()
    await expect(reason.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    await expect(first.locator("[data-part=reasons]")).to_contain_text(re.compile(r"Me too: [^)]*\(1\)"))
    await day.press("^Show reasons on the big screen")
    for wall in day.walls:
        await expect(wall.locator("[data-part=reasons]")).to_contain_text("nineteen and alone")
    await day.look_at_all(first, second)
    # Its writer takes it back: it is gone from every screen.
    await first.locator("[data-part=mine] summary").click()
    await first.route("**/reason", a_stranger, times=1)
    for said in ("No answer from Forum, so this may not be done.", "Taken back"):
        await first.get_by_role("button", name="Take back what I said").click()
        await expect(first.locator("[data-mine-status]")).to_contain_text(said)
    for page in (second, day.walls[0], day.console):
        await expect(page.locator("#screen")).not_to_contain_text("nineteen and alone")

    # The replay: phones have a large STOP, with and without JavaScript, by keyboard too.
    await day.replay()
    await expect(first.locator("[data-stop]")).to_be_visible()
    await day.look_at_all(first)
    await first.get_by_role("button", name="STOP").focus()
    await first.keyboard.press("Enter")
    await expect(first.locator("[data-stop-status]")).to_contain_text("The facilitator sees your stop")
    await first.get_by_label("Who should act differently?").select_option(label="Ben, the nurse in charge tonight")
    await first.get_by_label("What should they do?").fill("He could sit down beside her")
    await expect(first.locator("[data-stop-status]")).to_contain_text("Send this")
    await first.get_by_role("button", name="Send this").click()
    await expect(first.locator("[data-stop-status]")).to_contain_text("The facilitator sees your stop")
    await plain.goto(f"/s/{day.code}")
    await follow(plain.get_by_role("button", name="STOP"))
    await expect(plain.locator("[data-stop-status]")).to_contain_text("The facilitator sees your stop")
    await plain.get_by_label("What should they do?").fill("Let her decide")
    await follow(plain.get_by_role("button", name="Send this"))
    await expect(plain.get_by_label("What should they do?")).to_have_value("Let her decide")
    queue = day.console.locator("[data-part=queue]")
    await expect(queue).to_contain_text("He could sit down beside her")
    await expect(queue).to_contain_text("Let her decide")
    await expect(day.console.locator("[data-part=wave] svg")).to_be_visible()
    await day.look_at_all(first)
    for page in (second, *day.walls):
        assert "sit down beside her" not in await page.content()

    # Hidden and put back; then one is taken and is on every screen.
    await day.press("^Hide", "queue")
    await day.console.locator("[data-part=aside] summary").click()
    await day.press("^Put it back", "aside")
    taken = queue.locator("li", has_text="He could sit down")
    async with day.console.expect_response(lambda r: r.url.endswith("/take-stop")):
        await taken.get_by_role("button", name="Take it").click()
    for page in (second, *day.walls):
        await expect(page.locator("[data-part=taken]")).to_contain_text("He could sit down beside her")
    await expect(second.locator("[data-stop]")).to_have_count(0)
    await day.console.get_by_label("What was tried on stage?").fill("Ben sat down and listened for ten minutes")
    await day.press("^Show what was tried")
    await day.press("^Yes$", "taken")
    await day.press("^Make it an answer in the next vote", "taken")
    for page in (second, *day.walls):
        await expect(page.locator("[data-part=taken]")).to_contain_text("The facilitator says: Yes")
        await expect(page.locator("[data-part=taken]")).to_contain_text("New in the next vote")
    await day.look_at_all(second)

    # The vote after the replay has the new answer; who chose it has not left another one for nothing.
    await day.press("^Go on with the scene")
    await day.press("^Vote again")
    await day.press("^Open voting")
    await first.wait_for_selector("[data-ballot]")
    await first.get_by_label(re.compile("Ben sat down and listened")).check()
    await first.locator("[data-send]").click()
    await expect(first.locator("[data-status]")).to_contain_text("Counted")
    await day.vote_of_others(first, choice="r3")
    await day.press("^Close voting")
    await day.press("^Show the result$")
    await expect(second.locator("#screen")).to_contain_text("Ben sat down and listened")
    await expect(second.locator("#screen")).to_contain_text("was not there in the first vote")
    await day.look_at_all(second)


async def test_a_stop_is_kept_without_a_connection_only_while_its_scene_is_on(day: Day) -> None:
    phone = await day.phone("Carers")
    status = phone.locator("[data-stop-status]")
    queue = day.console.locator("[data-part=queue]")
    await day.replay()
    await expect(phone.locator("[data-stop]")).to_be_visible()
    bring_back = await take_offline(phone)
    await phone.get_by_role("button", name="STOP").click()
    await expect(status).to_have_attribute("data-is", "waiting", timeout=30_000)
    await expect(status).to_contain_text("as long as this scene is on")
    await bring_back()
    await expect(status).to_contain_text("The facilitator sees your stop", timeout=40_000)
    await expect(queue).to_contain_text("without words")

    # The scene has gone on meanwhile: a stop from before would mean another moment.
    bring_back = await take_offline(phone)
    await phone.get_by_label("What should they do?").fill("Much too late")
    await phone.get_by_role("button", name="Send this").click()
    await expect(status).to_have_attribute("data-is", "waiting", timeout=30_000)
    item = day.console.locator("[data-part=programme] li", has_text="Twenty honest minutes")
    async with day.console.expect_response(lambda r: r.url.endswith("/scene")):
        await item.get_by_role("button", name="Play again").click()
    await bring_back()
    await expect(phone.locator("#screen")).to_contain_text("Twenty honest minutes", timeout=40_000)
    await expect(status).to_be_empty()
    assert await phone.evaluate("Object.values(localStorage).filter((kept) => kept.includes('Much too late'))") == []
    await day.replay()
    await expect(day.console.locator("[data-part=wave]")).to_contain_text("Nobody has pressed STOP yet")
    assert "Much too late" not in await day.console.content()


async def test_the_policy_vote(day: Day) -> None:
    phone = await day.phone("Carers")
    console = day.console
    await console.locator("[data-part=proposals] summary").first.click()
    await console.get_by_label("A new proposal").fill("A quiet room is kept free at night")
    await day.press("^Add it")
    await day.press("^Show the proposals")
    for page in (phone, *day.walls):
        await expect(page.locator("[data-part=proposals]")).to_contain_text("quiet room")
    await console.get_by_text("Amend it").click()
    await console.get_by_label("The proposal as it should be").fill("A quiet room is kept free, day and night")
    await day.press("^Show both texts")
    for page in (phone, *day.walls):
        await expect(page.locator("[data-part=proposals]")).to_contain_text(
            "As it is: A quiet room is kept free at night"
        )
        await expect(page.locator("[data-part=proposals]")).to_contain_text(
            "Amended: A quiet room is kept free, day and night"
        )
    await day.look_at_all(phone)
    await day.press("^Take the amendment")
    await day.press("^Put it to the vote")
    await day.press("^Open voting")
    await phone.wait_for_selector("[data-ballot]")
    await phone.locator("[data-ballot] input[type=radio]").first.check()
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    await day.vote_of_others(phone, method="opinion")
    await day.press("^Close voting")
    await day.press("^Show the result$")

    # Somebody who may not decide writes down a promise; somebody who may commits.
    other = await day.people.signed_in("ona")
    await other.goto(console.url)
    await promise(other, "The trust's estates lead", "Finds the room")
    await expect(phone.locator("[data-part=promises]")).to_contain_text("promised, to be confirmed")
    await console.get_by_text("For the first commitment of somebody who may decide").click()
    await console.get_by_label("Why is it decided like this?").fill("Everybody in the room asked for it.")
    await promise(console, "The ward manager", "Keeps the quiet room free")
    for page in (phone, *day.walls):
        await expect(page.locator("[data-part=promises]")).to_contain_text(
            "The ward manager: Keeps the quiet room free"
        )
    await day.look_at_all(phone, other)
    await phone.goto("/record")
    await expect(phone.locator("main")).to_contain_text("The ward manager, by 31 March 2027")


async def promise(console: Page, role: str, what: str) -> None:
    await console.get_by_label("Which role?").fill(role)
    await console.get_by_label("Does what?").fill(what)
    await console.get_by_label("By which day?").fill("2027-03-31")
    async with console.expect_response(lambda r: r.url.endswith("/promise")) as answer:
        await console.get_by_role("button", name="Write it down").click()
    assert (await answer.value).status == 200
