"""One phone in Chromium against a real server: what it says of its ballot is true, whatever the network does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect
from support.browser import PHONE, House, Look, People, take_offline
from support.session_api import ApiSession, join_session

from forum.live.room import MOST_SOCKETS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


async def joined(people: People, event: ApiSession, **more: Any) -> Page:
    page = await people.somebody(PHONE, **more)
    await join_session(page, event.code)
    return page


async def vote(page: Page, label: str) -> None:
    await page.get_by_label(label).check()
    await page.locator("[data-send]").click()


async def vote_offline(phone: Page, label: str) -> Callable[[], Awaitable[None]]:
    """Takes the phone off the network, votes on it, and waits until it says that the vote waits; returns what brings it
    back."""
    await phone.wait_for_selector("[data-ballot]")
    bring_back = await take_offline(phone)
    await vote(phone, label)
    await expect(phone.locator("[data-status]")).to_have_attribute("data-is", "waiting", timeout=30_000)
    return bring_back


async def test_a_vote_given_offline_is_kept_said_plainly_and_sent_on_return(people: People, event: ApiSession) -> None:
    phone = await joined(people, event)
    round_id = await event.ask()
    status = phone.locator("[data-status]")
    await phone.wait_for_selector("[data-ballot]")
    bring_back = await take_offline(phone)
    await vote(phone, "A nurse")
    await expect(status).to_have_attribute("data-is", re.compile("waiting|sending"))
    await expect(status).not_to_contain_text("Counted")
    await expect(status).to_have_attribute("data-is", "waiting", timeout=30_000)
    await bring_back()
    await expect(status).to_contain_text("Counted", timeout=40_000)
    assert await event.counts(round_id) == {"r1": 1, "r2": 0, "none": 0}


async def test_a_vote_given_offline_survives_closing_the_tab(people: People, event: ApiSession) -> None:
    phone = await joined(people, event)
    round_id = await event.ask()
    await vote_offline(phone, "The police")
    context = phone.context
    await phone.close()
    await context.set_offline(False)
    again = await context.new_page()
    await again.goto(event.path)
    await expect(again.locator("[data-status]")).to_contain_text("Counted", timeout=40_000)
    assert await event.counts(round_id) == {"r1": 0, "r2": 1, "none": 0}


async def test_a_vote_that_comes_too_late_is_refused_in_plain_words(people: People, event: ApiSession) -> None:
    phone = await joined(people, event)
    round_id = await event.ask()
    bring_back = await vote_offline(phone, "A nurse")
    await event.act("close", round=round_id)
    await bring_back()
    await expect(phone.locator("[data-status]")).to_contain_text("not counted", timeout=40_000)
    await event.act("reveal", round=round_id)
    await expect(phone.locator("#screen")).to_contain_text("Nobody voted")
    await expect(phone.get_by_text("Say why you voted as you did")).to_have_count(0)


async def test_where_websockets_are_blocked_the_phone_votes_and_follows_all_the_same(
    people: People, event: ApiSession
) -> None:
    phone = await people.somebody(PHONE)
    await phone.route_web_socket(re.compile(".*"), lambda socket: socket.close(code=1006 + 2000))
    await phone.goto(event.path)
    await phone.get_by_role("radio", name="Nurses").check()
    await phone.get_by_role("main").get_by_role("button").first.click()
    round_id = await event.ask()
    await phone.wait_for_selector("[data-ballot]", timeout=60_000)
    await vote(phone, "A nurse")
    await expect(phone.locator("[data-status]")).to_contain_text("Counted", timeout=40_000)
    await event.vote_of_others(round_id)
    assert (await event.reveal(round_id))["counts"] == {"r1": 5, "r2": 0, "none": 0}
    await expect(phone.locator("#screen")).to_contain_text("most votes", timeout=40_000)


async def test_two_tabs_and_a_double_tap_are_one_ballot(people: People, event: ApiSession) -> None:
    phone = await joined(people, event)
    round_id = await event.ask()
    other = await phone.context.new_page()
    await other.goto(event.path)
    for tab, label in ((phone, "A nurse"), (other, "The police")):
        await tab.wait_for_selector("[data-ballot]")
        await tab.get_by_label(label).check()
        await tab.locator("[data-send]").dblclick()
        await expect(tab.locator("[data-status]")).to_contain_text(f"Counted: {label}.")
    # What the other tab has sent is what counts, and both say so; what is chosen here and not sent stays.
    await expect(phone.locator("[data-status]")).to_contain_text("Counted: The police.")
    await expect(phone.get_by_label("The police")).to_be_checked()
    await other.get_by_label("None of these").check()
    await phone.get_by_label("Why?").fill("They are near.")
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted: The police.")
    await expect(other.locator("[data-status]")).to_contain_text("Counted: The police. What you changed since")
    await expect(other.get_by_label("None of these")).to_be_checked()
    result = await event.counts(round_id)
    assert result == {"r1": 0, "r2": 1, "none": 0}
    # After the result each tab has the reason, and hears when it is taken back.
    for tab in (phone, other):
        await tab.get_by_text("Say why you voted as you did").click()
        await expect(tab.get_by_label("Why did you vote as you did?")).to_have_value("They are near.")
    await other.get_by_role("button", name="Take back what I said").click()
    for tab in (phone, other):
        await expect(tab.get_by_label("Why did you vote as you did?")).to_have_value("")
        await expect(tab.locator("[data-mine-status]")).to_contain_text("Taken back")
    # So many more that the first two are left out: they say so, and do not push others out by coming back.
    opened: list[Any] = []

    def dialled(socket: Any) -> None:
        opened.append(socket)

    phone.on("websocket", dialled)
    await phone.evaluate(
        """number => {
            const address = new URL(document.getElementById("screen").dataset.socket, location.href);
            address.protocol = "ws:";
            window.more = Array.from({length: number}, () => new WebSocket(address.href));
        }""",
        MOST_SOCKETS,
    )
    for tab in (phone, other):
        await expect(tab.locator("[data-connection]")).to_contain_text("open in too many windows or tabs")
        await tab.evaluate("dispatchEvent(new Event('online'))")
    assert await phone.evaluate("Promise.all(window.more.map(socket => socket.readyState))") == [1] * MOST_SOCKETS
    assert len(opened) == MOST_SOCKETS


async def test_the_whole_of_a_phone_by_keyboard_alone(people: People, event: ApiSession, accessible: Look) -> None:
    phone = await people.somebody(PHONE)
    await phone.goto("/join")

    async def reach(selector: str, key: str = "Tab") -> None:
        """Tabs until the element has the focus."""
        for _ in range(60):
            if await phone.evaluate("s => document.activeElement && document.activeElement.matches(s)", selector):
                return
            await phone.keyboard.press(key)
        raise AssertionError(f"the keyboard does not reach {selector} on {phone.url}")

    await reach("input[name=code]")
    await phone.keyboard.type(event.session["code"])
    await phone.keyboard.press("Enter")
    await phone.wait_for_url(re.compile("/s/"))
    await reach("input[name=group]")
    await phone.keyboard.press("Space")
    await reach("main button")
    await phone.keyboard.press("Enter")
    await expect(phone.locator("#screen")).to_be_visible()
    round_id = await event.ask()
    await phone.wait_for_selector("[data-ballot]")
    await reach("input[name=choice]")
    await phone.keyboard.press("ArrowDown")
    await phone.keyboard.press("Space")
    chosen = await phone.locator("input[name=choice]:checked").get_attribute("value")
    await reach("[data-send]")
    await phone.keyboard.press("Enter")
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    # What is asked now stands before the bar.
    await phone.locator("textarea[name=reason]").wait_for()
    await reach("textarea[name=reason]", "Shift+Tab")
    await phone.keyboard.type("Typed without a mouse")
    await reach("[data-send]")
    await phone.keyboard.press("Enter")
    await expect(phone.locator("[data-send]")).to_contain_text("With what you wrote")
    await accessible(phone)
    assert (await event.counts(round_id))[str(chosen)] == 1


async def test_a_restart_of_the_server_is_survived_by_every_screen(
    people: People, event: ApiSession, house: House
) -> None:
    phone = await joined(people, event)
    wall = await people.somebody({"width": 1280, "height": 720})
    await wall.goto(event.session["projector"])
    round_id = await event.ask()
    await phone.wait_for_selector("[data-ballot]")
    house.server.stop()
    await expect(wall.get_by_text("The connection to Forum is down")).to_be_visible(timeout=30_000)
    await expect(wall.locator("[data-voted]:visible")).to_have_count(0)
    await vote(phone, "A nurse")
    await expect(phone.locator("[data-status]")).not_to_contain_text("Counted")
    house.restart()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted", timeout=60_000)
    await expect(wall.locator("[data-voted]").first).to_have_text("1", timeout=60_000)
    assert await event.counts(round_id) == {"r1": 1, "r2": 0, "none": 0}


# Writes down what a screen reader would be given: each change of a live region's words, in its order.
LISTEN = """
window.heard = [];
new MutationObserver((changes) => {
  const element = (change) => (change.target.closest ? change.target : change.target.parentElement);
  const regions = new Set(changes.map((change) => element(change).closest("[role=status], [role=alert], [aria-live]")));
  for (const region of regions) if (region && region.textContent.trim()) window.heard.push(region.textContent.trim());
}).observe(document.body, { subtree: true, childList: true, characterData: true });
"""


async def spoken(page: Page) -> list[str]:
    """Reads the words of every live region, as the accessibility tree has them."""
    session = await page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in (await session.send("Accessibility.getFullAXTree"))["nodes"]}
    await session.detach()

    def words(node: dict[str, Any]) -> str:
        if node.get("role", {}).get("value") == "StaticText":
            return str(node["name"]["value"])
        return "".join(words(nodes[child]) for child in node.get("childIds", []) if child in nodes)

    def live(node: dict[str, Any]) -> bool:
        facts = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
        return not node.get("ignored") and facts.get("live") == "polite" and facts.get("root") is None

    return [said for node in nodes.values() if live(node) and (said := words(node).strip())]


async def test_whoever_listens_is_told_once_what_has_changed(people: People, event: ApiSession) -> None:
    phone, console, tablet = await joined(people, event), await people.signed_in("olu"), await people.somebody(PHONE)
    made = await event.organiser.post(f"/organise/sessions/{event.session['id']}/tablet", data={"act": "make"})
    await console.goto(f"/console/{event.session['id']}")
    await tablet.goto(made.json()["tablet"])
    screens = (phone, console, tablet)
    for page in screens:
        await expect(page.locator("[data-connection]")).to_have_attribute("data-is", "up")
        await page.evaluate(LISTEN)

    async def told(words: str) -> None:
        for page in screens:
            await expect(page.locator("[data-news]")).to_have_text(words)
            assert (await page.evaluate("window.heard")).count(words) == 1
            assert (await spoken(page)).count(words) == 1
            await page.evaluate("window.heard = []")

    question = "Who should come first?"
    round_id = (await event.act("ask", question=question, response=["A nurse", "The police"], none="1"))["round"]
    await told(f"A question, on which voting has not opened yet: {question}")
    await event.act("open", round=round_id)
    await told(f"Voting is open: {question}")
    # Votes of others change numbers, and are not read out.
    other = await joined(people, event)
    await vote(other, "A nurse")
    await expect(console.locator("[data-voted]").first).to_have_text("1")
    for page in screens:
        assert await page.evaluate("window.heard") == []
    await event.act("pause")
    await told("We are taking a short break. The vote stays open: you can still send or change yours.")
    await event.act("resume")
    await told(f"The break is over. Voting is open: {question}")
    await event.act("warn", round=round_id)
    await told(f"Voting closes soon. If you need more time, tell the facilitator. {question}")
    # What the focus is moved to is read out by that, and not once more.
    await phone.get_by_label("The police").focus()
    await event.act("close", round=round_id)
    await expect(phone.get_by_role("heading", name="Voting has closed")).to_be_focused()
    await expect(phone.locator("[data-news]")).to_have_text(question)
    await event.act("reveal", round=round_id)
    await expect(phone.get_by_role("heading", name=question)).to_be_focused()
    await expect(phone.locator("[data-news]")).to_have_text("The result is here:")
    for page in (console, tablet):
        await expect(page.locator("[data-news]")).to_have_text(f"The result is here: {question}")
        heard = await page.evaluate("window.heard")
        assert heard.count(f"Voting has closed: {question}") == heard.count(f"The result is here: {question}") == 1
