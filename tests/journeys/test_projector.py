"""The projector in Chromium: several at once without sign-in, everything fits, and it says when it is cut off."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from support.browser import House, Look, People
from support.factories import COMMISSION_FORM
from support.page_layout import FAULTS_OF_PROJECTOR
from support.server_process import Serving, free_port
from support.session_api import ApiSession, add_staff

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WALL: ViewportSize = {"width": 1280, "height": 720}
BEAMER: ViewportSize = {"width": 1024, "height": 768}
QUESTION = "Who should come at night when somebody is in crisis, and what should they be able to decide? " * 2
ANSWERS = [f"Answer {n}: somebody comes who stays as long as it takes and rings back the next day" for n in range(1, 7)]


@dataclass
class Event(ApiSession):
    """Session that the test runs by the API, with a projector on a wall and on an old beamer."""

    walls: list[Page]
    phones: list[httpx2.AsyncClient]

    async def act(self, name: str, **form: Any) -> dict[str, Any]:
        """Does one act of the facilitator; returns its JSON once every projector shows the state after it."""
        facts = await super().act(name, **form)
        for wall in self.walls:
            await wall.wait_for_function(
                "least => Number(document.getElementById('screen').dataset.version) >= least", arg=facts["version"]
            )
        return facts

    async def vote(self, round_id: str, **given: str | list[str]) -> None:
        for phone in self.phones:
            form = {"round": round_id, "reason": "", "condition": "", **given}
            answer = await phone.post(
                f"/s/{self.session['code']}/vote", data=form, headers={"Accept": "application/json"}
            )
            assert answer.status_code == 200, answer.text

    async def nothing_is_cut_off(self) -> None:
        for wall in self.walls:
            assert await wall.evaluate(FAULTS_OF_PROJECTOR) == [], await wall.locator("main").inner_text()


async def opened(house: House, walls: list[Page]) -> Event:
    base, token = house.server.base, house.token or add_staff(house.data)
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    http = httpx2.AsyncClient(base_url=base, headers=headers, timeout=30)
    commission = (await http.post("/organise/commissions", data=COMMISSION_FORM)).json()
    session = (await http.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})).json()
    for wall in walls:
        await wall.goto(session["projector"])
        await expect(wall.locator("[data-present]").first).to_have_text("0")
    phones = [httpx2.AsyncClient(base_url=base, headers={"Origin": base}) for _ in range(12)]
    for number, phone in enumerate(phones):
        await phone.get(f"/s/{session['code']}")
        group = commission["groups"][number % 2]["id"]
        await phone.post(f"/s/{session['code']}/join", data={"group": group})
    return Event(http, session, walls, phones)


async def closed(event: Event) -> None:
    await event.organiser.aclose()
    for phone in event.phones:
        await phone.aclose()


@pytest.fixture
async def event(people: People, house: House) -> AsyncIterator[Event]:
    walls = [await people.somebody(size, reduced_motion="reduce") for size in (WALL, BEAMER)]
    made = await opened(house, walls)
    yield made
    await closed(made)


async def test_several_projectors_follow_without_a_sign_in_and_count_while_people_vote(
    event: Event, accessible: Look
) -> None:
    for wall in event.walls:
        assert await wall.context.cookies() == []
    asked = await event.act("ask", question="Who should come?", response=ANSWERS[:2], method="single")
    await event.act("open", round=asked["round"])
    for wall in event.walls:
        await expect(wall.locator("[data-voted]")).to_have_text("0")
    await event.vote(asked["round"], choice="r1")
    for wall in event.walls:
        await expect(wall.locator("[data-voted]")).to_have_text("12")
        await expect(wall.locator("[data-mark]")).to_have_count(0)
        await accessible(wall)
    await event.act("close", round=asked["round"])
    await event.act("reveal", round=asked["round"])
    for wall in event.walls:
        await expect(wall.locator(".sentence")).to_have_text("A leads: 12 of 12")
        await expect(wall.locator(".counts")).to_contain_text("12 100%")
        bar = await wall.locator("svg.bar").first.bounding_box()
        assert bar is not None
        assert bar["width"] > 0.6 * await wall.evaluate("innerWidth")
    await event.act("big-groups", round=asked["round"], on="1")
    for wall in event.walls:
        await expect(wall.locator(".shares")).to_contain_text("Carers")
        await expect(wall.locator(".sentence")).to_have_text("A leads: 12 of 12")
        await accessible(wall)
    await event.act("big-groups", round=asked["round"], on="0")
    for wall in event.walls:
        await expect(wall.locator(".shares")).to_have_count(0)


FORMS: dict[str, tuple[list[str], dict[str, str | list[str]]]] = {
    "single": (ANSWERS, {"choice": "r1"}),
    "approval": (ANSWERS, {"choice": ["r1", "r3"]}),
    "ranked": (ANSWERS, {"rank-r1": "1", "rank-r4": "2"}),
    "score": (ANSWERS, {f"score-r{n}": str(1 + n % 5) for n in range(1, 7)}),
    "consent": (ANSWERS[:1], {"choice": "agree_if", "condition": "it is funded"}),
    "opinion": (ANSWERS[:1], {"choice": "agree"}),
}


@pytest.mark.parametrize("method", FORMS)
async def test_nothing_is_cut_off_or_covered_from_the_question_to_the_second_result(event: Event, method: str) -> None:
    answers, given = FORMS[method]
    form: dict[str, Any] = {"question": QUESTION, "response": answers, "method": method, "quorum": "30", "live": "1"}
    if method in ("single", "approval", "ranked"):
        form["none"] = "1"
    await event.nothing_is_cut_off()
    asked = await event.act("ask", **form)
    await event.nothing_is_cut_off()
    await event.act("open", round=asked["round"])
    await event.vote(asked["round"], **given)
    for wall in event.walls:
        await expect(wall.locator("[data-voted]")).to_have_text("12")
    await event.nothing_is_cut_off()
    await event.act("close", round=asked["round"])
    await event.nothing_is_cut_off()
    await event.act("reveal", round=asked["round"])
    for wall in event.walls:
        assert await wall.locator("svg.chart, svg.bar").count()  # a picture
        assert await wall.locator("table").count()  # and the same in words
    await event.nothing_is_cut_off()
    if method == "score":
        await every_page_is_turned_to(event)
        await event.act("big-page", round=asked["round"])
        await expect(event.walls[1].locator("[data-page-mark]:visible")).to_contain_text("Page 2 of ")
        await event.act("big-page", round=asked["round"], back="1")
        await expect(event.walls[1].locator("[data-page-mark]:visible")).to_contain_text("Page 1 of ")
    again = await event.act("second", round=asked["round"])
    await event.act("open", round=again["round"])
    await event.vote(again["round"], **given)
    await event.act("close", round=again["round"])
    await event.act("reveal", round=again["round"])
    await event.nothing_is_cut_off()


async def every_page_is_turned_to(event: Event) -> None:
    """Turns the pages of a result that is too long for the old beamer, by the keys of a clicker, until all was seen."""
    beamer = event.walls[1]
    seen: set[str] = set()
    first = await beamer.locator("[data-page-mark]:visible").inner_text()
    assert first.startswith("Page 1 of ")
    for page in range(int(first.rpartition(" ")[2])):
        await expect(beamer.locator("[data-page-mark]:visible")).to_have_text(first.replace("1", str(page + 1), 1))
        seen |= set(await beamer.locator("[data-pages] tr:visible .key").all_inner_texts())
        await event.nothing_is_cut_off()
        await beamer.keyboard.press("PageDown")
    assert seen == set("ABCDEF")
    await expect(beamer.locator("[data-page-mark]:visible")).to_have_text(first)


async def test_what_is_short_is_read_from_the_back_row(event: Event) -> None:
    asked = await event.act("ask", question="Who should come?", response=["A nurse", "The police"], method="single")
    for wall in event.walls:
        letters = await wall.locator(".responses li").first.evaluate("li => parseFloat(getComputedStyle(li).fontSize)")
        height = await wall.evaluate("innerHeight")
        assert letters >= height / 16
    await event.act("open", round=asked["round"])
    await event.vote(asked["round"], choice="r1")
    await event.act("close", round=asked["round"])
    await event.act("reveal", round=asked["round"])
    for wall in event.walls:
        numbers = await wall.locator(".counts td").last.evaluate("td => parseFloat(getComputedStyle(td).fontSize)")
        assert numbers >= await wall.evaluate("innerHeight") / 28


async def test_it_moves_nothing_for_those_who_asked_for_less_motion_and_little_for_others(
    people: People, event: Event
) -> None:
    await event.act("note", words="Tea is in the hall.")
    lively = await people.somebody(WALL, reduced_motion="no-preference")
    await lively.goto(event.session["projector"])
    await event.act("note", words="We go on at half past.")
    await expect(lively.locator("h1")).to_have_text("We go on at half past.")

    async def longest(page: Page) -> float:
        return float(
            await page.evaluate("""() => Math.max(0, ...[...document.querySelectorAll("*")].flatMap((part) => {
            const look = getComputedStyle(part);
            return (look.animationName === "none" ? "" : look.animationDuration).concat(",", look.transitionDuration)
                .split(",").map((time) => parseFloat(time) || 0);
        }))""")
        )

    assert await longest(event.walls[0]) == 0
    assert 0 < await longest(lively) <= 0.6


async def test_without_its_connection_it_says_so_and_shows_no_number_until_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    port, data = free_port(), tmp_path / "data"
    server = Serving(data, port=port)
    try:
        context = await browser.new_context(viewport=WALL, base_url=server.base)
        wall = await context.new_page()
        event = await opened(House(server, data), [wall])
        asked = await event.act("ask", question="Who should come?", response=ANSWERS[:2], method="single", live="1")
        await event.act("open", round=asked["round"])
        await event.vote(asked["round"], choice="r1")
        await expect(wall.locator("[data-voted]")).to_have_text("12")
        await expect(wall.locator("[data-voted]")).to_be_visible()
        await closed(event)
        server.stop(signal.SIGKILL)
        await expect(wall.locator("[data-connection]")).to_contain_text("The connection to Forum is down.")
        for stale in ("[data-voted]", "[data-present]", "[data-so-far]", "progress"):
            await expect(wall.locator(stale).first).to_be_hidden()
        await expect(wall.locator(".corner b")).to_be_visible()
        server = Serving(data, port=port)
        await expect(wall.locator("[data-connection]")).to_be_empty(timeout=60_000)
        await expect(wall.locator("[data-voted]")).to_be_visible()
        await expect(wall.locator("[data-voted]")).to_have_text("12")
        await context.close()
    finally:
        server.stop(signal.SIGKILL)
