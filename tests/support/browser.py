"""Browsers for the journeys: people, each with cookies of their own, in front of a real server."""

from __future__ import annotations

import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from forum.web.cookies import SIGNED_IN
from support.server_process import Serving

PASSWORD = "seven quiet green kettles"
# The accounts of a house, by login, and their roles.
STAFF = {"olu": ("organiser",), "ona": ("organiser",), "cat": ("organiser", "commissioner")}
FIRST_LINK = re.compile(r"http://\S+(/first/\S+)")
SMALL: ViewportSize = {"width": 320, "height": 640}
PHONE: ViewportSize = {"width": 360, "height": 740}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class House:
    """Server with its demonstration. Of one with STAFF: olu's token, and by login the cookie of who is signed in; of
    one without: the link for its first administrator."""

    server: Serving
    data: Path
    first_link: str = ""
    token: str = ""
    signed_in: Mapping[str, str] = field(default_factory=dict)

    def restart(self, how: signal.Signals = signal.SIGTERM, *options: str) -> None:
        """Stops the server so (where it still runs), and starts another on the same data and port."""
        port = self.server.port
        if self.server.process.poll() is None:
            self.server.stop(how)
        self.server = Serving(self.data, *options, port=port)

    def url(self, path: str) -> str:
        """Returns the full address of a path."""
        return self.server.base + path


@dataclass
class People:
    """Opener of browsers for people, each with cookies of its own; errors of scripts fail the test."""

    browser: Browser
    house: House
    contexts: list[BrowserContext]

    async def somebody(self, size: ViewportSize | None = None, *, scripts: bool = True, **more: Any) -> Page:
        """Opens a page in a new browser context. Errors of the page's scripts fail the test. What changes does not move
        there: a tenth of a second of it is six pictures to draw, on every screen."""
        context = await self.browser.new_context(
            viewport=size or LAPTOP,
            java_script_enabled=scripts,
            base_url=self.house.server.base,
            **({"reduced_motion": "reduce"} | more),
        )
        self.contexts.append(context)
        context.set_default_timeout(20_000)
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page

    async def signed_in(self, login: str, size: ViewportSize | None = None) -> Page:
        """Opens a page as `somebody` does, signed in."""
        page = await self.somebody(size)
        if login in self.house.signed_in:
            home = self.house.server.base
            await page.context.add_cookies([{"name": SIGNED_IN, "value": self.house.signed_in[login], "url": home}])
            return page
        await page.goto("/sign-in")
        await page.get_by_label("Login").fill(login)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("main").get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        return page


async def follow(place: Locator) -> None:
    """Clicks a link or a button that leads to a page, and waits until that page is there.

    A click alone may come back before it: what is asked or typed next is then asked of the old page, or typed into it.
    """
    async with place.page.expect_navigation():
        await place.click()


Look = Callable[[Page], Awaitable[None]]

ACCOUNTS = {"mo": "Moderator", "olu": "Organiser", "cat": "Commissioner"}


async def first_administrator(page: Page, house: House, look: Look | None = None) -> None:
    """Makes the first administrator's account, which holds every role, by the house's first link; it is signed in."""
    await page.goto(house.first_link)
    if look:
        await look(page)
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await follow(page.get_by_role("button", name="Make the account"))


async def add_account(page: Page, login: str, role: str) -> None:
    """Adds an account with this role and the password PASSWORD on an administrator's page of people."""
    form = page.locator("form#form")
    await form.get_by_label("Name", exact=True).fill(login.title())
    await form.get_by_label("Login").fill(login)
    await form.get_by_label("First password").fill(PASSWORD)
    await form.get_by_label(re.compile(f"^{role}")).check()
    await form.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_role("heading", name=login.title(), exact=True)).to_be_visible()


async def make_accounts(people: People, house: House, accessible: Look) -> None:
    """Makes the first administrator by the first link, and by them one account for each role of ACCOUNTS."""
    page = await people.somebody()
    await first_administrator(page, house, accessible)
    await page.goto("/people")
    await accessible(page)
    for login, role in ACCOUNTS.items():
        await add_account(page, login, role)


async def begin_story(page: Page, title: str, happened: str) -> str:
    """Goes to the commission that comes with Forum, and tells the first step of a story; returns its private link."""
    await page.goto("/commissions")
    await follow(page.get_by_role("link", name=re.compile("Urgent mental-health care")).first)
    await follow(page.get_by_role("link", name=re.compile("Tell a story")).first)
    await page.get_by_label("Tell it in your own words").fill(happened)
    await page.get_by_label("A title").fill(title)
    await go_on(page, "Where and when was it?")
    link = await page.get_by_role("link", name=re.compile("my-story")).get_attribute("href")
    assert link is not None
    return "/my-story/" + link.rpartition("/")[2]


async def go_on(page: Page, heading: str) -> None:
    """Goes on to the next step, which has this heading, and waits until its scripts run."""
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    await page.wait_for_load_state()


async def tell_story(
    page: Page,
    title: str,
    *,
    happened: str,
    question: str,
    answers: tuple[str, ...],
    quoted: str = "Yes",
    look: Look | None = None,
) -> str:
    """Tells a whole story in its five steps, up to its check, and goes to its scenes; returns its private link.

    `look` is given each page.
    """

    async def seen() -> None:
        """Gives the page to `look`, where there is one."""
        if look:
            await look(page)

    link = await begin_story(page, title, happened)
    await seen()
    await page.get_by_label("A place and a time").fill("A village, in winter")
    await go_on(page, "Who is in it?")
    await seen()
    await page.get_by_label("I prefer not to say").check()
    await go_on(page, "The moment that could go another way")
    await seen()
    await page.get_by_label("Your question").fill(question)
    for number, words in enumerate(answers, start=1):
        await page.get_by_label(re.compile(f"^Answer {number}")).fill(words)
    await go_on(page, "How may it be used?")
    await seen()
    for use, answer in (("published", "Yes"), ("performed", "Yes"), ("quoted", quoted)):
        await page.get_by_role("group", name=f"May it be {use}?").get_by_label(answer).check()
    await go_on(page, "Before you send it")
    await seen()
    await page.goto(f"{link}/write")
    await seen()
    return link


def card(page: Page, name: str) -> Locator:
    """Finds a scene's card by its name, or by the heading it has for want of one."""
    return page.locator("li.scene").filter(has=page.get_by_role("heading", name=re.compile(f"{re.escape(name)}$")))


async def open_card(page: Page, name: str) -> Locator:
    """Opens a scene's card where it is closed, and returns it."""
    one = card(page, name)
    if not await one.locator("> details[open]").count():
        await one.get_by_role("heading").first.click()
    return one


async def wait_until_saved(page: Page) -> None:
    """Waits until everything is saved."""
    await expect(page.locator(".saving")).to_have_text("Saved")


async def add_scene(page: Page, name: str, text: str) -> None:
    """Adds a scene at the end, with a name and words."""
    await page.get_by_role("button", name="Add a scene", exact=True).click()
    await page.keyboard.type(text)
    last = page.locator("li.scene").last
    await last.get_by_label("A name (if you like)").fill(name)
    await expect(card(page, name)).to_be_visible()


async def send_story(page: Page, link: str, button: str, look: Look | None = None) -> None:
    """Checks a story and sends it."""
    await page.goto(f"{link}/check")
    if look:
        await look(page)
    await page.get_by_role("button", name=button).click()
    await expect(page.get_by_text(re.compile("^We have"))).to_be_visible()


async def join(page: Page, code: str, group: str) -> None:
    """Joins a session on a phone's page, by its code, in this group; "" does not say one."""
    await page.goto("/join")
    await page.get_by_label(re.compile("code", re.IGNORECASE)).fill(code)
    await page.get_by_role("main").get_by_role("button").first.click()
    if group:
        await page.get_by_role("radio", name=group, exact=True).check()
    await page.get_by_role("button", name="Join" if group else "Join without saying my group", exact=True).click()
    await expect(page.locator("#screen")).to_be_visible()


async def vote(page: Page, choice: int, reason: str = "") -> None:
    """Votes on a phone's page, says why once it is counted, and waits until that is counted too. `choice` is the
    response's place, from 0."""
    await page.locator("[data-ballot] input[type=radio]").nth(choice).check()
    await page.locator("[data-send]").click()
    await expect(page.locator("[data-part=bar]")).to_have_attribute("data-is", "counted")
    if reason:
        await page.get_by_label(re.compile("^Why")).fill(reason)
        await page.locator("[data-send]").click()
        await expect(page.locator("[data-send]")).to_contain_text("With what you wrote")


async def take_offline(page: Page) -> Callable[[], Awaitable[None]]:
    """Takes a page with a websocket off the network; returns what brings it back.

    By itself Chromium then tries without a pause to pass on what waits in the socket, and uses up a processor: here it
    is told that a byte takes minutes, too.
    """
    await page.context.set_offline(True)
    tools = await page.context.new_cdp_session(page)
    await tools.send("Network.enable")
    slow = {"latency": 0, "downloadThroughput": 0.01, "uploadThroughput": 0.01}
    await tools.send("Network.emulateNetworkConditions", {"offline": True, **slow})

    async def bring_back() -> None:
        await tools.detach()
        await page.context.set_offline(False)

    return bring_back


async def press(console: Page, name: str) -> None:
    """Presses a button of the console, says yes where it asks, and waits until the server has answered."""
    await press_within(console, console, name)


async def press_within(console: Page, place: Page | Locator, name: str) -> None:
    """Presses a button in one part of the console, and waits until the server has answered."""
    named = re.compile(name)
    button = place.get_by_role("button", name=named)
    asks = place.locator("summary[data-asks]").filter(has_text=named)
    await button.or_(asks).first.wait_for()
    if await asks.count():
        await asks.first.click()
        button = asks.first.locator("xpath=..").get_by_role("button")
    async with console.expect_response(lambda r: "/console/" in r.url and r.request.method == "POST") as answer:
        await button.first.click()
    assert (await answer.value).status in {200, 303}, name
