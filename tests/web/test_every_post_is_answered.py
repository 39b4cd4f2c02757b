"""The public pages of an asynchronous round when it is over, or stopped: late, annulled, shown, taken back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.app import words
from support.async_house import UNTIL, OpenRound, an_open_round
from support.factories import a_room, new_id

from forum.services.sessions import asynchronous, facilitation
from forum.services.stories import moderation, withdrawal


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[OpenRound]:
    async with an_open_round(tmp_path, sqlite_template) as opened:
        yield opened


# ---------------------------------------------------------------- late


async def test_whoever_is_late_is_told_so_and_what_was_counted_counts(event: OpenRound) -> None:
    first, second = await event.joined_browser("g1"), await event.joined_browser("g2")
    await event.answer(first, "r1")
    event.clock.move(days=3)
    late = await event.answer(first, "r2", "On second thoughts")
    assert late.status_code == 409
    said = words(late)
    assert f"Not counted. This question closed on {UNTIL}. Your answer came after that." in said
    assert "What you sent before counts: Sit down and ask." in said
    assert "On second thoughts" in said
    other = words(await event.answer(second, "r2"))
    assert "Not counted." in other
    assert "What you sent before" not in other
    assert await event.choices() == ["r1"]
    page = words(await second.get(event.path))
    assert f"This question closed on {UNTIL}." in page
    assert "The result is not shown yet" in page
    async with event.house.browser() as newcomer:
        assert (await newcomer.post(f"{event.path}/join", data={"group": "g1"})).status_code == 403
    for browser in (first, second):
        await browser.aclose()


async def test_whoever_comes_after_an_early_closing_is_told_when_that_was(event: OpenRound) -> None:
    reader = await event.joined_browser()
    event.clock.move(days=1)
    await event.close()
    event.clock.move(hours=1)
    assert "This question closed on 2 March 2026, 22:00 GMT. Your answer came after" in words(
        await event.answer(reader)
    )
    await reader.aclose()


async def test_more_time_is_told_on_the_page(event: OpenRound) -> None:
    event.clock.move(days=1)
    await asynchronous.extend(event.house.store, event.clock, event.night.live.id, "2026-03-08", "12:00")
    async with event.house.browser() as browser:
        said = words(await browser.get(event.path))
    assert "Open until 8 March 2026, 12:00 GMT" in said
    assert "On 2 March 2026 the organiser gave more time." in said


async def test_an_annulled_question_says_why(event: OpenRound) -> None:
    reader = await event.joined_browser()
    acts = asynchronous.desk(event.house.store, event.clock)
    await facilitation.annul_round(acts, event.night.live.id, event.night.round.id, "The wrong story.")
    said = words(await reader.get(event.path))
    assert "annulled" in said
    assert "The wrong story." in said
    assert "Nothing was counted" in words(await event.answer(reader))
    await reader.aclose()


async def test_of_an_annulled_question_nothing_is_called_counted_nor_closed_on_a_day_to_come(event: OpenRound) -> None:
    reader = await event.joined_browser()
    await event.answer(reader)
    acts = asynchronous.desk(event.house.store, event.clock)
    await facilitation.annul_round(acts, event.night.live.id, event.night.round.id, "The wrong story.")
    pages = [await reader.get(event.path), await reader.get(f"{event.path}/question"), await event.answer(reader)]
    for page in pages:
        said = words(page)
        assert "The wrong story." in said
        assert "Counted:" not in said
        assert "before counts" not in said
        assert UNTIL not in said
    await reader.aclose()


# ---------------------------------------------------------------- the result


async def test_nothing_of_how_people_answered_is_anywhere_before_the_reveal(event: OpenRound) -> None:
    for group in ("g1",) * 6 + ("g2",) * 6:
        reader = await event.joined_browser(group)
        await event.answer(reader, "r2", "A secret")
        await reader.aclose()
    for act in (None, event.close):
        if act:
            await act()
        async with event.house.browser() as browser:
            for path in (event.path, f"/stories/{event.night.story.id}", f"/commissions/{event.night.commission.id}"):
                page = await browser.get(path)
                assert "A secret" not in page.text
                assert 'class="share"' not in page.text
            assert (await browser.get(f"/rounds/{event.night.round.id}/ballots.jsonl")).status_code == 404


async def test_the_result_is_there_for_everybody_once_it_is_shown(event: OpenRound) -> None:
    for group, choice in [("g1", "r1")] * 6 + [("g2", "r2")] * 5:
        reader = await event.joined_browser(group)
        await event.answer(reader, choice)
        await reader.aclose()
    await event.close(reveal=True)
    async with event.house.browser() as browser:
        page = await browser.get(event.path)
    assert re.findall(r'<td>(\d+) <span class="share">', page.text) == ["6", "5", "0", "0"]
    assert "What a room voted on the same question is counted apart." in words(page)


async def test_nobody_answered_is_said(event: OpenRound) -> None:
    await event.close(reveal=True)
    async with event.house.browser() as browser:
        assert "Nobody answered this question." in words(await browser.get(event.path))


# ---------------------------------------------------------------- what stops it, and what it is not


async def test_a_story_that_was_taken_back_is_on_none_of_its_pages(event: OpenRound) -> None:
    reader = await event.joined_browser()
    await event.answer(reader, "r1", "Because of the knock")
    await withdrawal.withdraw(event.house.store, event.clock, event.night.key)
    for path in ("", "/play?scene=1", "/question", "/step-out"):
        page = await reader.get(event.path + path, follow_redirects=True)
        assert page.status_code == 200
        for gone in ("knock", "crew", "Sit down"):
            assert gone not in page.text, path
    said = words(await reader.get(event.path))
    assert "Its writer has taken this story back." in said
    assert "Not counted." in words(await event.answer(reader, "r2"))
    await reader.aclose()


async def test_a_story_that_is_held_is_not_read_on_its_pages(event: OpenRound) -> None:
    reader = await event.joined_browser()
    await moderation.moderate(
        event.house.store,
        event.clock,
        event.night.story.id,
        "take down",
        because="A street.",
        expected_status="accepted",
    )
    page = await reader.get(f"{event.path}/play?scene=1")
    assert (page.status_code, page.headers["location"]) == (303, event.path)
    public = await reader.get(f"/commissions/{event.night.commission.id}")
    assert "Its story is not public any more." in words(public)
    assert "crew" not in public.text
    about = await reader.get(event.path)
    assert "A moderator holds this story back." in words(about)
    assert "third knock" not in about.text
    await reader.aclose()


async def test_stepping_out_is_a_link_on_every_page_and_names_who_to_talk_to(event: OpenRound) -> None:
    reader = await event.joined_browser()
    for path in ("", "/play?scene=1", "/question"):
        assert f'href="{event.path}/step-out"' in (await reader.get(event.path + path)).text
    out = await reader.get(f"{event.path}/step-out")
    assert "Samaritans" in words(out)
    assert "the room" not in words(out)
    assert f'href="{event.path}"' in out.text
    await reader.aclose()


async def test_a_rooms_code_is_no_question_and_a_questions_code_no_room(event: OpenRound) -> None:
    room, _ = await a_room(event.house.store, [])
    async with event.house.browser() as browser:
        assert (await browser.get(f"/answer/{room.code}")).status_code == 404
        assert (await browser.get(f"/s/{event.night.live.code}")).status_code == 404
        joined = await browser.post("/join", data={"code": event.night.live.code})
        assert joined.status_code == 422


async def test_codes_cannot_be_tried_without_end_and_those_who_answer_go_on(event: OpenRound) -> None:
    async with event.house.browser() as browser:
        for _ in range(5):
            assert (await browser.get(f"/answer/{new_id()[:8]}")).status_code == 404
        assert (await browser.get(f"/answer/{new_id()[:8]}")).status_code == 429
        assert (await browser.get(event.path)).status_code == 200


async def test_it_stands_on_the_page_of_its_story_and_of_its_commission_while_it_can_be_answered(
    event: OpenRound,
) -> None:
    story, commission = f"/stories/{event.night.story.id}", f"/commissions/{event.night.commission.id}"
    async with event.house.browser() as browser:
        for path in (story, commission):
            page = await browser.get(path)
            assert f'href="{event.path}"' in page.text
            assert UNTIL in words(page)
        assert "You can answer its question now" in words(await browser.get(story))
        assert event.night.live.code not in (await browser.get("/organise")).text
        await event.close(reveal=True)
        assert "You can answer its question now" not in words(await browser.get(story))
        assert "Result shown" in words(await browser.get(commission))
        live = words(await browser.get(commission)).split("Answer from where you are")[0]
        assert "From the night shift" not in live
