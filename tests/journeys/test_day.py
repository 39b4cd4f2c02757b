"""A whole day in Chromium: two sections, two stories, the second run, proposals and commitments; from the tickets to
the export that anybody can check. The ways of voting that are not in it are in test_ways.py."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect
from support.browser import LAPTOP, PHONE, House, Look, People, follow
from support.server_process import run_forum
from support.whole_day import Day
from support.whole_day_afternoon import (
    a_proposal_is_amended_voted_on_and_committed_to,
    the_second_run,
    the_second_story_and_its_first_vote,
    the_second_vote_names_what_is_new,
)
from support.whole_day_morning import (
    a_phone_takes_the_console_over,
    a_question_of_the_facilitators_own,
    somebody_steps_out_and_everybody_takes_a_break,
    the_first_story_is_voted_on_with_badges_off_and_then_on,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WALLS: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 1024, "height": 768})
POLICE, EMERGENCY = "The man on the bridge road", "Seat fourteen"


@pytest.fixture
async def day(people: People, house: House, accessible: Look) -> AsyncIterator[Day]:
    """Makes two facilitators, one of whom may decide, a session with tickets and two stories, and a console on a
    laptop."""
    one = Day(people, house, accessible, await people.signed_in("olu", LAPTOP))
    yield one
    for _group, http in one.crowd:
        await http.aclose()


async def test_a_whole_day(day: Day, tmp_path: Path) -> None:
    await the_session_and_its_programme(day)
    await everybody_comes_in(day)
    await the_first_story_is_voted_on_with_badges_off_and_then_on(day)
    await somebody_steps_out_and_everybody_takes_a_break(day)
    await a_question_of_the_facilitators_own(day)
    await a_phone_takes_the_console_over(day)
    await the_second_story_and_its_first_vote(day)
    await the_second_run(day)
    await the_second_vote_names_what_is_new(day)
    await a_proposal_is_amended_voted_on_and_committed_to(day)
    await the_day_ends_and_its_export_is_checked(day, tmp_path / "day.zip")


async def the_session_and_its_programme(day: Day) -> None:
    console = day.console
    await console.goto("/organise")
    await follow(console.get_by_role("link", name="Make a live session").first)
    await console.get_by_label("Title").fill("A day in March")
    for story in (POLICE, EMERGENCY):
        await console.get_by_label(re.compile(story)).check()
    await console.get_by_label(re.compile("^With a ticket")).check()
    await console.get_by_label(re.compile("^Everybody, once the facilitator")).check()
    await console.get_by_role("button", name="Make it and open it now").click()
    await expect(console.locator("[data-part=head]")).to_be_visible()
    day.session = console.url.rpartition("/")[2].partition("?")[0]
    words = await console.locator("[data-part=head] p").inner_text()
    day.code = re.sub(r"\D", "", words)
    projector = console.get_by_role("link", name=re.compile("projector", re.IGNORECASE)).first
    day.projector = str(await projector.get_attribute("href"))
    await console.goto(f"/organise/sessions/{day.session}/programme")
    for title, starts, story in (("Police and ambulance", "11:00", POLICE), ("The hospital", "13:30", EMERGENCY)):
        section = console.locator("form", has=console.get_by_role("button", name="Add this section"))
        await section.get_by_label("Title").fill(title)
        await section.get_by_label("Starts").fill(starts)
        await section.get_by_role("button").click()
        whole = console.locator("form", has=console.get_by_role("button", name="Add this story"))
        await whole.get_by_label("Into which section?").select_option(label=f"{starts} {title}")
        await whole.get_by_label("Which story?").select_option(label=story)
        await whole.get_by_role("button").click()
        await expect(console.locator("[data-section]").last.locator("li").first).to_be_visible()
    form = console.locator("form", has=console.get_by_role("button", name="Add this question"))
    await form.get_by_label("Into which section?").select_option(label="11:00 Police and ambulance")
    await form.get_by_label("The question").fill("How much does each help?")
    await form.get_by_label("How people vote on it").select_option("score")
    await form.get_by_label("What people can answer").fill("A phone line\nA warm room")
    await form.get_by_role("button").click()
    await expect(console.locator("[data-section]").first).to_contain_text("How much does each help?")
    # A note for the break, moved by keyboard to where it belongs.
    note = console.locator("form", has=console.get_by_label("What should it say?"))
    await note.get_by_label("Into which section?").select_option(label="11:00 Police and ambulance")
    await note.get_by_label("What should it say?").fill("Lunch until half past one")
    await note.get_by_role("button").click()
    # Enter before the page's script runs would send the form itself, and the page tells that in other words.
    await expect(console.locator("[data-item]", has_text="Lunch until half past one")).to_have_attribute(
        "draggable", "true"
    )
    await console.get_by_role("button", name="Move up: Lunch until half past one").focus()
    await console.keyboard.press("Enter")
    await expect(console.locator("[data-news]")).to_contain_text("Moved: Lunch until half past one.")
    await day.look(console)
    await follow(console.get_by_role("link", name="The console"))
    await expect(day.part("running")).to_contain_text("13:30 The hospital")


async def everybody_comes_in(day: Day) -> None:
    for size in WALLS:
        wall = await day.people.somebody(size)
        await wall.goto(day.projector)
        day.walls.append(wall)
    sheet = await day.console.context.new_page()
    await sheet.goto(f"/organise/sessions/{day.session}/tickets")
    await sheet.get_by_label("For which group?").select_option(label="Police")
    await sheet.get_by_label("How many?").fill("8")
    async with sheet.expect_download() as download:
        await sheet.get_by_role("button", name="Issue them").click()
    assert (await download.value).suggested_filename == "tickets.pdf"
    await sheet.close()

    code = await day.phone("cara", "Carers")
    await day.phone("nell", "Nurses")
    await day.phone("wyn", "People who use services", "cy")
    await day.phone("plain", "Nurses", scripts=False)
    other = await day.people.somebody(PHONE)
    await other.goto(f"{day.path}/ticket/{code}")
    await other.get_by_role("main").get_by_role("button", name="Join").click()
    await expect(other.get_by_role("alert")).to_contain_text("in use on another device")
    await day.look(other)
    await other.context.close()
    await day.fill_the_room()
    wyn = day.phones["wyn"]
    await expect(wyn.locator("html")).to_have_attribute("lang", "cy")
    await expect(wyn.locator("#screen")).to_contain_text("Rydych i mewn.")
    await expect(wyn.locator("[data-practise]")).to_have_text("Dewiswch ateb")
    await expect(day.part("people").get_by_role("row", name=re.compile("Carers"))).to_contain_text("5")
    await expect(day.part("people").get_by_role("row", name=re.compile("Police"))).to_contain_text("nobody here")
    await expect(day.part("people")).to_contain_text("Each ticket is one person.")
    await day.shown("A day in March", day.code[:3])
    await day.look_at("console", "wall", "beamer", "cara", "wyn")


async def the_day_ends_and_its_export_is_checked(day: Day, file: Path) -> None:
    await day.part("end").locator("summary").click()
    await day.console.get_by_label(re.compile("^Yes, end it")).check()
    await day.press("^End the session$")
    await day.shown("Thank you for taking part")
    await expect(day.phones["wyn"].get_by_role("heading", name="Mae'r sesiwn hon wedi gorffen")).to_be_visible()
    await expect(day.phones["wyn"].locator("html")).to_have_attribute("lang", "cy")
    await day.look_at("console", "wall", "wyn")
    made = await asyncio.to_thread(run_forum, "export", "--out", file, "--data", day.house.data)
    assert made.returncode == 0, made.stderr
    checked = await asyncio.to_thread(run_forum, "verify", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "FAIL" not in checked.stdout
