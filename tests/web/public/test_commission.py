"""The page of a commission: its timeline, what of it a reader chose, and figures that tell of no small group."""

from __future__ import annotations

import re

import httpx2
from support.app import House, words
from support.factories import CLOCK, SetClock
from support.recorded_day import Day, a_day
from support.voted_session import a_vote

from forum.services import stages
from forum.services.sessions import facilitation
from forum.services.stages import MoveForm
from forum.services.stories import moderation


async def kinds(browser: httpx2.AsyncClient, day: Day, query: str = "") -> list[str]:
    """Returns the kinds of what stands on the timeline, in the order of the page."""
    page = await browser.get(f"/commissions/{day.voted.live.commission}{query}")
    assert page.status_code == 200
    part = page.text.split('<section id="timeline">')[1]
    return re.findall(r'<li id="entry-\d+">\n<h3>([^<]+)</h3>', part)


async def test_a_timeline_is_chosen_by_kind_stage_group_status_day_and_words(house: House) -> None:
    day = await a_day(house.store)
    commission = day.voted.live.commission
    learnt = MoveForm("", "0", "secure", "Two nurses are enough.", "", "Carers")
    await stages.move(house.store, CLOCK, commission, learnt)
    async with house.browser() as browser:
        assert await kinds(browser, day) == [
            *("Stage", "News of a promise", "Correction of a decision", "Commitment", "Decision", "Vote annulled"),
            "Story",
            *("Result", "Result", "Live session"),
        ]
        today, tomorrow = CLOCK.now()[:10], SetClock(CLOCK.now()).later(days=1)[:10]
        for query, there in (
            ("kind=vote", ["Vote annulled", "Result", "Result"]),
            ("kind=stage", ["Stage"]),
            ("kind=nonsense", []),
            ("stage=secure", ["Stage"]),
            ("stage=monitor", []),
            ("group=g2", ["Story"]),
            ("group=g1", []),
            ("status=adopted", ["Decision"]),
            ("status=partly", ["News of a promise", "Commitment"]),
            (f"kind=story&since={today}&until={today}", ["Story"]),
            (f"since={tomorrow}", []),
            ("kind=story&since=soon&until=2026-02-30", ["Story"]),
            ("words=two+NURSES", ["Stage", "Commitment"]),
            ("words=two+nurses&kind=promise", ["Commitment"]),
            ("words=nothing+of+it", []),
            ("words=%00%ED%A0%80" + "x" * 300, []),
            ("kind=vote&page=2", ["Vote annulled", "Result", "Result"]),
        ):
            assert await kinds(browser, day, "?" + query) == there, query
        page = await browser.get(f"/commissions/{commission}?words=nurses&status=partly")
        assert 'value="nurses"' in page.text
        assert re.search(r'<option value="partly" selected>', page.text)


async def test_held_and_annulled_words_stand_on_no_timeline_and_are_not_found(house: House) -> None:
    day = await a_day(house.store)
    async with house.browser() as browser:
        assert await kinds(browser, day, "?words=third+knock") == ["Story"]
        async with house.store.read() as work:
            story = await work.stories.get_story(day.story)
        await moderation.moderate(
            house.store, CLOCK, story.id, "take down", because="A name", expected_status=story.status
        )
        await facilitation.annul_round(day.voted.desk, day.voted.live.id, day.voted.rounds[-1], "Put badly.")
        assert await kinds(browser, day, "?words=third+knock") == []
        assert "Story" not in await kinds(browser, day)
        assert await kinds(browser, day, "?kind=vote") == ["Vote annulled", "Vote annulled", "Result"]
        page = words(await browser.get(f"/commissions/{day.voted.live.commission}"))
        assert "third knock" not in page
        assert "11 of 19" not in page


async def test_figures_come_from_published_rows_and_tell_of_no_small_group(house: House) -> None:
    day = await a_day(house.store)
    live = day.voted.live
    async with house.browser() as browser:
        read = words(await browser.get(f"/commissions/{live.commission}"))
        assert "People who use services Invited: 10 · Voted: 6" in read
        assert "Police Invited: 10 · Voted: not shown" in read, "two of them were there"
        assert "2 votes have a result" in read
        assert "session is over" not in read
        await facilitation.annul_round(day.voted.desk, live.id, day.standing, "It is late.")
        await facilitation.end(day.voted.desk, live.id)
        read = words(await browser.get(f"/commissions/{live.commission}"))
        assert "1 session is over · 19 people came to them" in read
        few = await a_vote(house.store, ("r1", "r1", "r2"), people=("g1", "g1", "g2"), declared=True)
        await facilitation.end(few.desk, few.live.id)
        read = words(await browser.get(f"/commissions/{few.live.commission}"))
        assert "people who came: not shown" in read
        assert "Voted: 2" not in read


async def test_a_session_tells_its_latest_result_in_a_line_and_a_decision_leads_back_to_it(house: House) -> None:
    day = await a_day(house.store)
    live = day.voted.live
    async with house.browser() as browser:
        page = words(await browser.get(f"/commissions/{live.commission}"))
        assert "“The police” leads: 11 of 19" in page
        assert "“A nurse from the crisis team” leads" not in page, "the vote after the replay took its place"
        decision = await browser.get(f"/decisions/{day.decision}")
        assert f'href="/sessions/{live.id}#question-2"' in decision.text
        session = await browser.get(f"/sessions/{live.id}")
        assert 'id="question-2"' in session.text
        await facilitation.annul_round(day.voted.desk, live.id, day.voted.rounds[-1], "Put badly.")
        page = words(await browser.get(f"/commissions/{live.commission}"))
        assert "“A nurse from the crisis team” leads: 10 of 19" in page
        assert "11 of 19" not in page
