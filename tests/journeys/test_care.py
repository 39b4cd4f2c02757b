"""A phone that is kind: looking away, large text, strong contrast, forced colours, reading aloud, time of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, ViewportSize, expect
from support.browser import PHONE, SMALL, House, Look, People, follow
from support.session_api import ApiSession, a_new_session, a_played_story, act, an_organiser, join_session

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# The smallest phone, with everything twice as large.
TWICE: ViewportSize = {"width": 160, "height": 320}


@pytest.fixture
async def organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with an_organiser(house) as http:
        yield http


async def a_story(organiser: httpx2.AsyncClient) -> tuple[dict[str, Any], str, list[str]]:
    """Makes a session with a story of the demonstration that has content notes; returns the session, the story's id and
    its scenes."""
    session, story, twee = await a_played_story(organiser)
    scenes = [
        line[3:].split("{")[0].split("[")[0].strip()
        for line in twee.split("\n")
        if line.startswith(":: ")
        and not line.startswith(":: Story")
        and "decision" not in line
        and "[forum]" not in line
    ]
    return session, story, scenes


async def asked(organiser: httpx2.AsyncClient, session: dict[str, Any]) -> str:
    round_ = (
        await act(organiser, session["id"], "ask", question="Who?", response=["A nurse", "The police"], none="1")
    )["round"]
    await act(organiser, session["id"], "open", round=round_)
    return str(round_)


async def not_wider(page: Page) -> None:
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} is {over} px wider than its screen"


async def test_a_scene_is_skipped_and_the_phone_tells_when_it_is_over(
    people: People, accessible: Look, organiser: httpx2.AsyncClient
) -> None:
    session, story, scenes = await a_story(organiser)
    phone = await people.somebody(SMALL)
    await phone.goto(f"/s/{session['code']}")
    await phone.locator("input[name=group]").first.check()
    await phone.get_by_role("main").get_by_role("button").first.click()
    await act(organiser, session["id"], "scene", scenario=story, scene=scenes[0])
    await expect(phone.locator(".notes")).to_be_visible()
    await expect(phone.locator("details .said")).not_to_be_visible()
    await accessible(phone)
    await follow(phone.get_by_role("link", name="Skip this scene"))
    await expect(phone.get_by_role("heading", name="You have looked away")).to_be_visible()
    await accessible(phone)
    await act(organiser, session["id"], "pause")
    await act(organiser, session["id"], "resume")
    await expect(phone.get_by_role("heading", name="You have looked away")).to_be_visible()
    await act(organiser, session["id"], "ask", question="Who?", response=["A nurse", "The police"], none="1")
    heading = phone.get_by_role("heading", name="The scene is over")
    await expect(heading).to_be_focused()
    await accessible(phone)
    await follow(phone.get_by_role("link", name="Go back to the session"))
    await expect(phone.locator("h1").first).to_have_text("Who?")


async def test_without_scripts_a_skipped_scene_is_asked_for(people: People, organiser: httpx2.AsyncClient) -> None:
    session, story, scenes = await a_story(organiser)
    phone = await people.somebody(SMALL, scripts=False)
    await phone.goto(f"/s/{session['code']}")
    await phone.locator("input[name=group]").first.check()
    await follow(phone.get_by_role("main").get_by_role("button").first)
    await act(organiser, session["id"], "scene", scenario=story, scene=scenes[0])
    await follow(phone.get_by_role("link", name="Check for news"))
    await follow(phone.get_by_role("link", name="Skip this scene"))
    await follow(phone.get_by_role("link", name="Is it over?"))
    await expect(phone.get_by_role("heading", name="You have looked away")).to_be_visible()
    await act(organiser, session["id"], "ask", question="Who?", response=["A nurse", "The police"], none="1")
    await follow(phone.get_by_role("link", name="Is it over?"))
    await expect(phone.get_by_role("heading", name="The scene is over")).to_be_visible()


async def test_size_and_contrast_are_kept_on_the_phone_and_nothing_is_cut_off(
    people: People, accessible: Look, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(SMALL)
    await join_session(phone, session["code"], "Carers")
    await asked(organiser, session)
    await expect(phone.locator("[data-ballot]")).to_be_visible()
    before = await phone.locator("h1").first.evaluate("h => parseFloat(getComputedStyle(h).fontSize)")
    await phone.get_by_text("Text size and contrast").click()
    await phone.get_by_label("Very large").check()
    for contrast, ground in (("Black on white", "rgb(255, 255, 255)"), ("White on black", "rgb(0, 0, 0)")):
        await phone.get_by_label(contrast).check()
        await phone.reload()
        await expect(phone.locator("[data-ballot]")).to_be_visible()
        after = await phone.locator("h1").first.evaluate("h => parseFloat(getComputedStyle(h).fontSize)")
        assert after > 1.3 * before
        assert await phone.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        await accessible(phone)
        await phone.get_by_text("Text size and contrast").click()
    await expect(phone.get_by_label("White on black")).to_be_checked()
    # Somebody else's phone is as it was.
    other = await people.somebody(SMALL)
    await join_session(other, session["code"], "Carers")
    await expect(other.locator("html")).to_have_attribute("data-size", "")


async def test_at_twice_the_size_on_the_smallest_phone_everything_can_be_reached(
    people: People, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(TWICE)
    await phone.goto("/join")
    await not_wider(phone)
    await phone.goto(f"/s/{session['code']}")
    await not_wider(phone)
    await join_session(phone, session["code"], "Carers")
    await not_wider(phone)
    round_id = await asked(organiser, session)
    await phone.get_by_label("A nurse").check()
    await not_wider(phone)
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    await not_wider(phone)
    event = ApiSession(organiser, session)
    await event.vote_of_others(round_id)
    await event.reveal(round_id)
    await expect(phone.locator(".result").first).to_be_visible()
    await not_wider(phone)
    await phone.goto(f"/s/{session['code']}/step-out")
    await not_wider(phone)


async def test_in_forced_colours_what_is_chosen_and_what_can_be_pressed_can_be_seen(
    people: People, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(PHONE, forced_colors="active")
    await join_session(phone, session["code"], "Carers")
    await asked(organiser, session)
    await phone.get_by_label("A nurse").check()
    chosen, other = phone.locator(".o label").nth(0), phone.locator(".o label").nth(1)
    style = "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).borderTopStyle]"
    assert await chosen.evaluate(style) == ["solid", "solid"]
    assert await other.evaluate(style) == ["none", "solid"]
    button = phone.locator("[data-send]")
    assert await button.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"


async def test_a_phone_reads_aloud_only_where_it_can(people: People, organiser: httpx2.AsyncClient) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(PHONE)
    await phone.add_init_script(
        """window.said = [];
        window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
        Object.defineProperty(window, "speechSynthesis", { value: {
          speak: (words) => window.said.push([words.lang, words.text]), cancel: () => window.said.push("stop") } });"""
    )
    await join_session(phone, session["code"], "Carers")
    await asked(organiser, session)
    await expect(phone.locator("[data-ballot]")).to_be_visible()
    await phone.get_by_role("button", name="Read this aloud").click()
    [language, text] = (await phone.evaluate("window.said.filter(x => x !== 'stop')"))[-1]
    assert language == "en"
    assert "Who?" in text
    assert "A nurse" in text
    await phone.get_by_role("button", name="Stop reading aloud").click()
    assert (await phone.evaluate("window.said"))[-1] == "stop"
    await expect(phone.get_by_role("button", name="Read this aloud")).to_be_visible()
    mute = await people.somebody(PHONE)
    await mute.add_init_script("Object.defineProperty(window, 'speechSynthesis', { value: undefined });")
    await join_session(mute, session["code"], "Carers")
    await expect(mute.locator("[data-listen]")).not_to_be_visible()


async def test_time_to_vote_runs_out_in_words_and_can_be_taken_again(
    people: People, accessible: Look, organiser: httpx2.AsyncClient
) -> None:
    session = await a_new_session(organiser)
    phone = await people.somebody(SMALL)
    await phone.clock.install()
    await join_session(phone, session["code"], "Carers")
    round_id = await asked(organiser, session)
    await expect(phone.locator("[data-ballot]")).to_be_visible()
    await expect(phone.locator("[data-minutes]")).to_have_count(0)
    await act(organiser, session["id"], "time", round=round_id, minutes="2")
    await expect(phone.locator("[data-minutes] [data-running]")).to_be_visible()
    await phone.clock.run_for(2_000)
    await expect(phone.locator("[data-minutes] progress")).to_be_visible()
    await accessible(phone)
    await phone.clock.run_for(119_000)
    await expect(phone.locator("[data-run-out]")).to_contain_text("You can still vote")
    await phone.get_by_role("button", name="I need more time").click()
    await expect(phone.locator("[data-running]")).to_be_visible()
    await phone.get_by_label("A nurse").check()
    await phone.clock.run_for(200_000)
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    await expect(phone.get_by_label("A nurse")).to_be_checked()


async def test_a_question_is_read_in_easy_words_or_in_another_language_and_followed_in_them(
    people: People, accessible: Look, organiser: httpx2.AsyncClient, tmp_path: Path
) -> None:
    session = await a_new_session(organiser)
    round_ = (
        await act(organiser, session["id"], "ask", question="Who?", response=["A nurse", "The police"], none="1")
    )["round"]
    easy = {"question": "Who comes first?", "label-r1": "Ann, a nurse"}
    urdu = {"question": "کون آئے؟", "label-r1": "نرس", "label-r2": "پولیس"}
    await act(organiser, session["id"], "reword", round=round_, kind="easy", **easy)
    await act(organiser, session["id"], "reword", round=round_, kind="ur", **urdu)
    phone = await people.somebody(SMALL)
    await join_session(phone, session["code"], "Carers")
    await follow(phone.get_by_role("link", name="Easy words"))
    await expect(phone.locator("h1").first).to_have_text("Who comes first?")
    await act(organiser, session["id"], "open", round=round_)
    await phone.get_by_label("Ann, a nurse").check()
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted: Ann, a nurse")
    await accessible(phone)
    await follow(phone.get_by_role("link", name="اردو"))
    await expect(phone.locator("[data-status]")).to_contain_text("نرس")
    await accessible(phone)
    event = ApiSession(organiser, session)
    await event.vote_of_others(round_)
    assert (await event.reveal(round_))["counts"] == {"r1": 5, "r2": 0, "none": 0}
    await expect(phone.locator(".result").first).to_contain_text("نرس")
