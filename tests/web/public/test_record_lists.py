"""The record for readers: decisions, promises and results in a line each, chosen by the address; entries by month."""

from __future__ import annotations

import re

import httpx2
from support.app import House, words
from support.decided import ANSWERS
from support.factories import CLOCK, SetClock
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER, a_vote

from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.outcomes import OutcomeKind, Outcomes, Sought
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk

LINE = re.compile(r'<li id="entry-(\d+)"><a href="([^"]+)">\n<span class="when"><b>([^<]+)</b>')


async def listed(browser: httpx2.AsyncClient, query: str = "") -> list[str]:
    """Returns the kinds of what is listed, in the order of the page."""
    page = await browser.get(f"/record{query}")
    assert page.status_code == 200
    return [kind for _index, _to, kind in LINE.findall(page.text)]


async def test_outcomes_are_told_newest_first_and_chosen_by_kind_commission_and_day(house: House) -> None:
    day = await a_day(house.store)
    await a_vote(house.store)
    today, tomorrow = CLOCK.now()[:10], SetClock(CLOCK.now()).later(days=1)[:10]
    of_day = ["Promise", "Decision", "Result", "Result", "Result"]
    async with house.browser() as browser:
        page = await browser.get("/record")
        for query, there in (
            ("", ["Result", *of_day]),
            ("?kind=result", ["Result"] * 4),
            ("?kind=promise", ["Promise"]),
            (f"?commission={day.voted.live.commission}", of_day),
            (f"?commission={day.voted.live.commission}&kind=decision", ["Decision"]),
            (f"?since={today}&until={today}", ["Result", *of_day]),
            (f"?since={tomorrow}", []),
            (f"?kind=result&until={tomorrow}", ["Result"] * 4),
            ("?kind=nonsense&since=soon&page=9", ["Result", *of_day]),
        ):
            assert await listed(browser, query) == there, query
        links = {kind: to for _index, to, kind in LINE.findall(page.text)}
    assert links["Decision"] == f"/decisions/{day.decision}"
    assert links["Promise"] == f"/promises/{day.commitment}"
    said = words(page)
    for line in (
        "All (6) Decisions (1) Promises (1) Results (4)",
        "“The police” is adopted.",
        "Corrected",
        "Two nurses Head of night services, by 31 March 2027",
        "“A nurse from the crisis team” leads: 10 of 19",
        "This vote was annulled. Its votes do not count. What was put badly?",
    ):
        assert line in said, line


async def test_what_became_of_an_outcome_stands_on_its_line(house: House) -> None:
    day = await a_day(house.store)
    live = day.voted.live
    against = DecisionForm(
        day.voted.rounds, outcome="adopted", response="r1", rationale="It is safer.", why="Safer.", answers=ANSWERS
    )
    async with house.browser() as browser:
        assert "Differs from the vote" not in words(await browser.get("/record"))
        await decide(house.store, CLOCK, COMMISSIONER, against)
        assert words(await browser.get("/record")).count("Differs from the vote") == 1
        assert "11 of 19" in words(await browser.get("/record"))
        await facilitation.annul_round(day.voted.desk, live.id, day.voted.rounds[-1], "Put badly.")
        said = words(await browser.get("/record"))
        assert "11 of 19" not in said, "an annulled result is told nowhere"
        assert said.count("This vote was annulled.") == 2
        assert await listed(browser, "?kind=result") == ["Result"] * 3
        assert await listed(browser) == ["Result", "Decision", "Promise", "Decision", "Result", "Result"]


def test_a_line_follows_what_later_entries_say() -> None:
    told = Outcomes()
    common = {"at": "2026-11-22T10:00:00.000Z", "commission": "c"}
    entries = (
        {"type": "round revealed", "round": "a", "session": "s"},
        {"type": "decision", "decision": "d"},
        {"type": "commitment", "commitment": "p", "decision": "d", "by": "2026-12-01"},
        {"type": "commitment update", "commitment": "p", "state": "partly"},
        {"type": "decision", "decision": "e"},
        {"type": "decision corrected", "decision": "e"},
    )
    for index, entry in enumerate(entries):
        told.add(index, {**common, **entry})
    count, [second, promise, first, result] = told.find(Sought(), 6, 0, 9)
    assert (count, [one.index for one in (second, promise, first, result)]) == (4, [4, 2, 1, 0])
    assert (promise.state, promise.late("2026-12-01"), promise.late("2026-12-02")) == ("partly", False, True)
    assert (second.corrected, first.corrected) == (True, False)
    told.add(6, {**common, "type": "decision replaced", "decision": "d"})
    assert [one.replaced for one in (second, promise, first)] == [False, True, True]
    assert not promise.late("2026-12-02"), "its decision stands no more"
    assert told.find(Sought(), 2, 0, 9) == (2, [first, result]), "a page tells of what its snapshot has"
    assert told.find(Sought(OutcomeKind.RESULT, "s"), 7, 0, 9) == (1, [result])
    told.add(7, {**common, "type": "round annulled", "round": "a", "session": "s"})
    for about in ("", "c", "s"):
        _count, [annulled] = told.find(Sought(OutcomeKind.RESULT, about), 8, 0, 9)
        assert (annulled.index, annulled.annulled) == (7, True)
    assert told.commissions(5) == ["c"]


async def test_entries_are_paged_by_month(house: House) -> None:
    voted = await a_vote(house.store)
    clock = SetClock(CLOCK.now())
    clock.move(days=40)
    first, later = CLOCK.now()[:7], clock.now()[:7]
    async with house.browser() as browser:
        page = await browser.get("/record/entries")
        assert 'name="month"' not in page.text, "there is one month only"
        await facilitation.annul_round(Desk(house.store, clock), voted.live.id, voted.rounds[0], "Late.")
        newest = await browser.get("/record/entries")
        assert re.findall(r'<option value="([^"]+)"', newest.text) == [later, first]
        assert "Voting opened" not in words(newest)
        assert f'href="/record/entries?month={first}"' in newest.text
        before = await browser.get(f"/record/entries?month={first}")
        assert "Voting opened" in words(before)
        assert f'href="/record/entries?month={later}"' in before.text
        of = await browser.get(f"/record/entries?session={voted.live.id}")
        assert f'href="/record/entries?session={voted.live.id}&amp;month={first}"' in of.text
