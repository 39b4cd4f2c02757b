"""The programme in Chromium: made by forms, put in order by keyboard and by dragging, printed, and gone through."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx2
import pytest
from playwright.async_api import Page, expect
from support.browser import PASSWORD, PHONE, SMALL, House, Look, People, follow
from support.session_api import a_new_session, an_organiser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@dataclass
class Day:
    """A session whose programme has three sections with notes, by the API."""

    http: httpx2.AsyncClient
    session: dict[str, str]

    @property
    def editing(self) -> str:
        return f"/organise/sessions/{self.session['id']}/programme"

    async def post(self, **fields: str) -> list[dict[str, object]]:
        answer = await self.http.post(self.editing, data=fields)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["sections"])


@pytest.fixture
async def day(house: House) -> AsyncIterator[Day]:
    async with an_organiser(house) as http:
        session = await a_new_session(http)
        day = Day(http, session)
        for title, starts, notes in (
            ("Welcome", "10:00", ("Tea and coffee", "Who is here")),
            ("Police and ambulance", "11:00", ("The third knock", "Talk in pairs")),
            ("Lunch", "12:30", ()),
        ):
            section = (await day.post(act="section", title=title, starts=starts))[-1]
            for words in notes:
                await day.post(act="note", section=str(section["id"]), words=words)
        yield day


async def order(page: Page) -> list[list[str]]:
    """Reads the cues on the page, section by section."""
    found: list[list[str]] = await page.evaluate(
        "[...document.querySelectorAll('[data-section]')].map(s => [...s.children].map(i => i.dataset.name))"
    )
    return found


async def test_a_cue_is_moved_by_keyboard_alone_and_said_aloud(people: People, day: Day, accessible: Look) -> None:
    page = await people.signed_in("olu")
    await page.goto(day.editing)
    await accessible(page)
    down = page.get_by_role("button", name="Move down: Tea and coffee")
    await down.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-news]")).to_contain_text("Moved: Tea and coffee. It is now number 2 in Welcome.")
    await expect(down).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-news]")).to_contain_text("number 1 in Police and ambulance")
    await expect(down).to_be_focused()
    assert await order(page) == [
        ["Who is here"],
        ["Tea and coffee", "The third knock", "Talk in pairs"],
        [],
    ]
    await page.get_by_role("button", name="Undo").focus()
    await page.keyboard.press("Enter")
    first = page.locator("[data-section]").first.locator("li")
    await expect(first).to_have_text([re.compile("Who is here"), re.compile("Tea and coffee")])


async def test_a_cue_is_dragged_to_another_section(people: People, day: Day) -> None:
    page = await people.signed_in("olu")
    await page.goto(day.editing)
    first = page.locator("[data-item]", has_text="Talk in pairs")
    await first.drag_to(page.locator("[data-item]", has_text="Who is here"), target_position={"x": 60, "y": 5})
    await expect(page.locator("[data-news]")).to_contain_text("Moved: Talk in pairs. It is now number 2 in Welcome.")
    await page.locator("[data-item]", has_text="Tea and coffee").drag_to(page.locator("[data-name=Lunch]"))
    await expect(page.locator("[data-news]")).to_contain_text("number 1 in Lunch")
    wanted = [["Talk in pairs", "Who is here"], ["The third knock"], ["Tea and coffee"]]
    assert await order(page) == wanted
    await page.reload()
    assert await order(page) == wanted


async def test_without_javascript_the_programme_is_made_and_put_in_order(people: People, day: Day) -> None:
    page = await people.somebody(SMALL, scripts=False)
    await page.goto("/sign-in")
    await page.get_by_label("Login").fill("olu")
    await page.get_by_label("Password").fill(PASSWORD)
    await follow(page.get_by_role("main").get_by_role("button", name="Sign in"))
    await page.goto(day.editing)
    await follow(page.get_by_role("button", name="Move up: Who is here"))
    note = page.locator("form", has=page.get_by_label("What should it say?"))
    await note.get_by_label("Into which section?").select_option(label="12:30 Lunch")
    await note.get_by_label("What should it say?").fill("Back at 13:15")
    await follow(note.get_by_role("button", name="Add this note"))
    await follow(page.locator("[data-item]", has_text="Talk in pairs").get_by_role("button", name="Remove"))
    await expect(page.get_by_text("“Talk in pairs” was removed.")).to_be_visible()
    await follow(page.get_by_role("button", name="Undo"))
    sections = page.locator("[data-section]")
    await expect(sections.nth(0).locator("li")).to_have_text([re.compile("Who is here"), re.compile("Tea and coffee")])
    await expect(sections.nth(1)).to_contain_text("Talk in pairs")
    await expect(sections.nth(2)).to_contain_text("Back at 13:15")


async def test_the_run_sheet_prints_and_the_public_pages_are_fit_for_everybody(
    people: People, day: Day, accessible: Look
) -> None:
    await day.post(act="about", day="2027-03-12", place="Town hall", public="1")
    page = await people.signed_in("olu", SMALL)
    for path in (day.editing, day.editing.replace("/programme", "/run-sheet")):
        await page.goto(path)
        await accessible(page)
    await page.emulate_media(media="print")
    await expect(page.locator(".top").first).to_be_hidden()
    await expect(page.get_by_text("Print this page")).to_be_hidden()
    pdf = await page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    size = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert size is not None
    assert (round(float(size[1])), round(float(size[2]))) in {(595, 842), (594, 842), (595, 841), (596, 842)}
    anybody = await people.somebody(PHONE)
    await anybody.goto(f"/sessions/{day.session['id']}/programme")
    await accessible(anybody)
    # Whose clock is another one reads its time beside; everybody else does not.
    await expect(anybody.get_by_text("where you are)")).to_have_count(0)
    away = await people.somebody(PHONE, timezone_id="Asia/Kathmandu")
    await away.goto(anybody.url)
    starts = away.locator("time[datetime*=T]").first
    there = datetime.fromisoformat(await starts.get_attribute("datetime") or "").astimezone(ZoneInfo("Asia/Kathmandu"))
    await expect(starts.locator("xpath=..")).to_contain_text(f"({there:%H:%M} where you are)")
    await anybody.emulate_media(color_scheme="light")
    heat = "getComputedStyle(document.documentElement).getPropertyValue('--h4')"
    bright = await anybody.evaluate(heat)
    # Paper is white whatever the screen likes, and nobody can press a link on it.
    await anybody.emulate_media(media="print", color_scheme="dark")
    assert await anybody.evaluate(heat) == bright
    for part in (".top", ".foot nav ul", ".foot p + p"):
        await expect(anybody.locator(part).first).to_be_hidden()
    await anybody.emulate_media(media="screen", color_scheme="dark")
    assert await anybody.evaluate(heat) != bright
    await expect(anybody.locator(".foot nav ul")).to_be_visible()
    async with anybody.expect_download() as download:
        await anybody.get_by_role("link", name="Add everything to my calendar").click()
    assert (await download.value).suggested_filename == "programme.ics"


async def test_one_tap_on_the_console_puts_the_next_cue_on_every_screen(
    people: People, day: Day, accessible: Look
) -> None:
    console = await people.signed_in("olu", PHONE)
    await console.goto(f"/console/{day.session['id']}")
    wall = await people.somebody({"width": 1024, "height": 768})
    await wall.goto(day.session["projector"])
    await accessible(console)
    await console.locator("[data-next]").click()
    await expect(wall.locator("h1")).to_have_text("Tea and coffee")
    await expect(console.locator("[data-part=running] [aria-current=step]")).to_contain_text("Tea and coffee")
    await console.locator("[data-next]").click()
    await expect(wall.locator("h1")).to_have_text("Who is here")
    # What an organiser changes meanwhile stands on the console at once.
    sections = await day.post(act="section", title="Goodbye")
    await day.post(act="note", section=str(sections[-1]["id"]), words="Thank you")
    await expect(console.locator("[data-part=running]")).to_contain_text("Goodbye")
    await accessible(console)
    await accessible(wall)
