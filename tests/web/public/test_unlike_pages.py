"""Pages that are drawn from rows which somebody changed past the program: each says so, with the entry."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import sqlalchemy as sa
from support.app import House
from support.async_house import an_open_round
from support.changed_rows import change
from support.decided import dissented
from support.factories import CLOCK, SetClock, a_cast
from support.recorded_day import Day, a_day
from support.voted_session import COMMISSIONER, FIRST, Voted, a_vote, required

from forum.services import answers_due, commissions, help_pledges, record_rows, stages
from forum.services.answers_due import DateForm
from forum.services.help_pledges import HelpForm
from forum.services.keys import new_key
from forum.services.permissions import Reach
from forum.services.predictions import PredictionForm
from forum.services.record_watch import RecordWatch
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.commissions_and_sessions import CommissionForm, SessionForm, create_session
from forum.services.sessions.planned_sessions import call_off
from forum.services.sessions.tablet_link import share
from forum.services.stages import ClosingForm, MoveForm, NoteForm
from forum.services.stories.withdrawal import withdraw
from forum.sessions.session import LiveSession
from forum.store import SqlStore, tables
from forum.web.words.terms import UNLIKE_WORDS

SAID = "This page does not agree with the record:"
IN_FEED = "This feed does not agree with the record:"
ON_SCREEN = "What is shown here does not agree with the record"
FEEDS = ("/stories/{story}", "/commissions/{commission}")
ROUND, SESSION, COMMISSION = tables.round_, tables.session, tables.commission
UPDATE = tables.commitment_update
CORRECTION = tables.decision_correction
DECISION, COMMITMENT, STORY, BALLOT = tables.decision, tables.commitment, tables.story, tables.ballot

Row = Callable[[Day], sa.ColumnElement[bool]]
STORY_PAGES = ("/", "/stories", "/stories/{story}", "/stories/{story}/play", "/commissions/{commission}")
MOVE = tables.stage_move
STAGE_PAGES = ("/commissions/{commission}", "/commissions/{commission}/stages/plan")
DECISION_PAGES = ("/", "/commissions/{commission}", "/decisions/{decision}")
PROMISE_PAGES = ("/decisions/{decision}", "/promises", "/promises/{commitment}")


@dataclass(frozen=True)
class Case:
    """A row that is changed: its table and place, what is put there, the pages that show it, and what they call it.

    `late`: the pages show what they have in memory, which agrees, until the whole database was checked again.
    """

    table: sa.Table
    row: Row
    values: Mapping[str, Any]
    pages: tuple[str, ...]
    what: str
    late: bool = False


def of_first(table: sa.Table) -> Row:
    return lambda day: table.c[{"round": "id"}.get(table.name, "round")] == day.first


def of_decision(table: sa.Table) -> Row:
    return lambda day: table.c[{"decision": "id"}.get(table.name, "decision")] == day.decision


def of_commission(table: sa.Table) -> Row:
    return lambda day: table.c[{"commission": "id"}.get(table.name, "commission")] == day.voted.live.commission


# By the type of the entry that tells of the row: a new kind of row has its pages here.
CASES: dict[str, list[Case]] = {
    "session opened": [
        Case(
            SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"title": "Another"},
            ("/commissions/{commission}", "/decisions/{decision}", "/sessions/{session}"), "session",
        ),
        Case(
            SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"terms": 2},
            ("/decisions/{decision}",), "commission_version",
        ),
    ],
    "session called off": [
        Case(
            SESSION, lambda day: SESSION.c.called_off_at != "", {"called_off_because": "No reason"},
            ("/commissions/{off commission}", "/sessions/{off}"), "session",
        ),
    ],
    "round opened": [
        Case(
            ROUND, of_first(ROUND), {"question": "Who should not?"},
            ("/decisions/{decision}", "/sessions/{session}"), "round",
        ),
        Case(ROUND, of_first(ROUND), {"state": "open"}, ("/decisions/{decision}",), "round"),
    ],
    "round closed": [
        Case(ROUND, of_first(ROUND), {"closed_at": "2026-01-01T00:00:00.000Z"}, ("/decisions/{decision}",), "round"),
        Case(
            BALLOT, of_first(BALLOT), {"salt": "0" * 32}, ("/sessions/{session}", "/decisions/{decision}"), "ballot",
            late=True,
        ),
    ],
    "round revealed": [
        Case(
            BALLOT, lambda day: (BALLOT.c.round == day.first) & (BALLOT.c.participant == day.voted.people[0]),
            {"choice": "r3"}, ("/decisions/{decision}",), "ballot",
        ),
    ],
    "round annulled": [
        Case(
            ROUND, lambda day: ROUND.c.id == day.annulled, {"annulled_because": "Nobody came"},
            ("{annulled entry}",), "round", late=True,
        ),
    ],
    "scenario published": [
        Case(STORY, lambda day: STORY.c.id == day.story, {"title": "Another knock"}, STORY_PAGES, "story"),
        Case(
            STORY, lambda day: STORY.c.id == day.story, {"twee": sa.func.replace(STORY.c.twee, "hall", "yard")},
            STORY_PAGES[2:4], "story",
        ),
    ],
    "decision": [
        Case(DECISION, of_decision(DECISION), {"outcome": "not adopted"}, DECISION_PAGES, "decision"),
    ],
    "decision corrected": [
        Case(CORRECTION, of_decision(CORRECTION), {"words": "A mile."}, DECISION_PAGES[2:], "decision_correction"),
    ],
    # Its row is one of the same table, which the same pages show.
    "decision replaced": [],
    "commitment": [
        Case(COMMITMENT, of_decision(COMMITMENT), {"by": "2029-03-31"}, PROMISE_PAGES, "commitment"),
    ],
    "commitment update": [
        Case(
            UPDATE, lambda day: UPDATE.c.commitment == day.commitment, {"state": "done"},
            PROMISE_PAGES, "commitment_update",
        ),
    ],
    "moderation action": [
        Case(
            tables.moderation, lambda day: tables.moderation.c.story == day.story, {"action": "held"},
            ("/moderation",), "moderation",
        ),
    ],
    "commission published": [],
    "commission changed": [
        Case(
            COMMISSION, lambda day: COMMISSION.c.id == day.voted.live.commission, {"question": "Why?"},
            ("/", "/commissions", "/commissions/{commission}"), "commission",
        ),
        Case(
            tables.commission_version, of_commission(tables.commission_version), {"because": "Nothing"},
            STAGE_PAGES[:1], "commission_version",
        ),
    ],
    "stage moved": [
        Case(MOVE, of_commission(MOVE), {"learnt": "Nothing"}, STAGE_PAGES, "stage_move"),
        Case(COMMISSION, of_commission(COMMISSION), {"stage": "monitor"}, STAGE_PAGES, "commission"),
    ],
    "stage note": [
        Case(tables.stage_note, of_commission(tables.stage_note), {"words": "Three"}, STAGE_PAGES, "stage_note"),
    ],
    "commission closed": [
        Case(tables.closing, of_commission(tables.closing), {"words": "Nothing"}, STAGE_PAGES, "closing"),
    ],
    "minority statement": [
        Case(
            tables.minority_statement, of_decision(tables.minority_statement), {"words": "We agree"},
            ("/decisions/{decision}",), "minority_statement",
        ),
    ],
    "prediction sealed": [
        Case(
            tables.prediction, lambda day: tables.prediction.c.session == day.voted.live.id, {"expect_salt": "0" * 32},
            ("/decisions/{decision}",), "prediction",
        ),
    ],
    "prediction opened": [
        Case(
            tables.prediction, lambda day: tables.prediction.c.session == day.voted.live.id,
            {"minds": "What the room said"}, ("/decisions/{decision}",), "prediction",
        ),
    ],
    "pledge": [
        Case(
            tables.help_pledge, lambda day: tables.help_pledge.c.state == "shown", {"words": "I can bake"},
            ("/promises",), "help_pledge",
        ),
    ],
    "commission reopened": [
        Case(tables.closing, of_commission(tables.closing), {"because": "Nothing"}, STAGE_PAGES, "closing"),
    ],
    "answer date moved": [
        Case(
            tables.answer_move, lambda day: tables.answer_move.c.seq > 0, {"because": "Nothing"},
            ("/commissions/{waiting}",), "answer_move",
        ),
    ],
}  # fmt: skip


async def moved(house: House, commission: str) -> None:
    """Moves a commission, answers a question of its stage, closes and reopens it."""
    store = house.store
    async with store.read() as work:
        of = await work.commissions.get_commission(commission)
    typed = {name: getattr(of.power, name) for name in ("level", "decides", "can_change", "cannot_change")}
    groups = tuple((group.label, str(group.invited)) for group in of.groups)
    form = CommissionForm("", of.title, "Who else should come?", threshold=str(of.threshold), groups=groups, **typed)
    await commissions.change(store, CLOCK, commission, form, "1", "It was put too narrowly.")
    await stages.move(store, CLOCK, commission, MoveForm(seen="0", to="secure", learnt="Much"))
    await stages.note(store, CLOCK, commission, NoteForm("", "plan", "options", "Two"))
    await stages.close(store, CLOCK, commission, ClosingForm(seen="1", closing="Done"))
    await stages.reopen(store, CLOCK, commission, "2", "More")


async def put_later(house: House, waiting: Voted) -> None:
    """Moves the day until which a vote is answered."""
    async with house.store.read() as work:
        due = await answers_due.due_of(work, waiting.rounds[-1])
    form = DateForm(seen=due.due_on, to=SetClock(CLOCK.now()).later(days=60)[:10], because="The board meets later.")
    await answers_due.move(house.store, CLOCK, COMMISSIONER, waiting.rounds[-1], form)


async def called_off(house: House, voted: Voted) -> LiveSession:
    """Plans another session of a commission, and calls it off."""
    asked = SessionForm(voted.live.commission, title="An evening", planned=True)
    made = await create_session(house.store, CLOCK, asked)
    return await call_off(house.store, CLOCK, made.id, "The hall is flooded.")


async def offered(house: House, voted: Voted) -> None:
    """Publishes a pledge of help."""
    pledge = await help_pledges.make(house.store, CLOCK, voted.live, HelpForm(new_key(), "I can drive"))
    await help_pledges.read(house.store, CLOCK, Reach(every=True), pledge.id, publish=True)


async def entries_of(house: House) -> list[dict[str, Any]]:
    async with house.store.read() as work:
        return [json.loads(one.body) | {"index": one.index} for one in await work.record.entries()]


async def test_each_page_says_which_row_was_changed_and_says_nothing_once_it_is_put_right(house: House) -> None:
    assert CASES.keys() == record_rows.ROWS.keys()
    assert isinstance(house.store, SqlStore)
    day = await a_day(house.store, PredictionForm(expect="The police", minds="A night without them"))
    await moved(house, day.voted.live.commission)
    await dissented(house.store, day.decision)
    await offered(house, day.voted)
    waiting = await a_vote(house.store, FIRST, declared=True)
    await put_later(house, waiting)
    off = await called_off(house, waiting)
    entries = await entries_of(house)
    of_type = {kind: {one["index"] for one in entries if one["type"] == kind} for kind in CASES}
    places = {"story": day.story, "commission": day.voted.live.commission, "decision": day.decision}
    places |= {"commitment": day.commitment, "waiting": waiting.live.commission, "session": day.voted.live.id}
    places |= {"off": off.id, "off commission": off.commission}
    places["annulled entry"] = next(f"/record/{i}" for i in of_type["round annulled"])
    async with house.browser() as browser:
        every = sorted({page for cases in CASES.values() for case in cases for page in case.pages})
        await agree(browser, [page.format(**places) for page in every])
        for kind, case in [(kind, case) for kind, cases in CASES.items() for case in cases]:
            there = case.row(day)
            async with house.store.writer.begin() as connection:
                rows = (await connection.execute(sa.select(case.table).where(there))).mappings().all()
            await change(house.store, there, case.table, **case.values)
            if case.late:
                await checked(house)
            for page in case.pages:
                shown = await browser.get(page.format(**places))
                assert shown.status_code < 500, (kind, case.values, page)
                assert SAID in shown.text, (kind, case.values, page)
                assert UNLIKE_WORDS[case.what] in shown.text, (kind, page)
                assert any(f'href="/record/{index}"' in shown.text for index in of_type[kind]), (kind, page)
                if page in FEEDS:
                    feed = (await browser.get(f"{page.format(**places)}/feed.atom")).text
                    assert f"{IN_FEED} {UNLIKE_WORDS[case.what]}" in feed, (kind, page)
                    assert any(f'href="http://house.test/record/{index}"' in feed for index in of_type[kind]), feed
            told = [(await browser.get(f"/record/{index}.json")).json() for index in sorted(of_type[kind])]
            said = [one for json_ in told for one in json_.get("does_not_agree_with_the_record", [])]
            assert UNLIKE_WORDS[case.what] in {one["what"] for one in said}, kind
            for row in rows:
                same = sa.and_(*(column == row[column.name] for column in case.table.primary_key))
                await change(house.store, same, case.table, **{name: row[name] for name in case.values})
            if case.late:
                await checked(house)
            await agree(browser, [case.pages[-1].format(**places)])


async def agree(browser: httpx2.AsyncClient, pages: list[str]) -> None:
    for page in pages:
        shown = await browser.get(page)
        assert shown.status_code == 200, page
        assert SAID not in shown.text, page

        if page.rpartition("/")[0] in ("/stories", "/commissions"):
            assert IN_FEED not in (await browser.get(f"{page}/feed.atom")).text, page


async def cast_by_all(house: House, round_id: str, people: Sequence[str]) -> None:
    async with house.store.begin() as work:
        await work.rounds.cast([a_cast(round_id, person) for person in people])


async def checked(house: House) -> None:
    """Checks the whole database, as a server does each night."""
    await RecordWatch(house.site.checkpoints, CLOCK, time(3), ZoneInfo("Europe/London"), pause=0).look()


async def test_rows_that_give_no_page_or_have_no_entry_are_told_too_and_what_was_taken_back_is_not(
    house: House,
) -> None:
    assert isinstance(house.store, SqlStore)
    day = await a_day(house.store)
    decision, story = f"/decisions/{day.decision}", f"/stories/{day.story}"
    async with house.browser() as browser:
        await facilitation.close_round(day.voted.desk, day.voted.live.id, day.standing)
        await facilitation.reveal_round(day.voted.desk, day.voted.live.id, day.standing)
        await agree(browser, [decision, story])
        await facilitation.annul_round(day.voted.desk, day.voted.live.id, day.voted.rounds[1], "Twice.")
        await agree(browser, [decision, f"/commissions/{day.voted.live.commission}"])
        await withdraw(house.store, CLOCK, day.key)
        # What became of the commission since is no fault of the session that was opened before it.
        await stages.move(house.store, CLOCK, day.voted.live.commission, MoveForm(seen="0", to="secure", learnt="Much"))
        await agree(browser, [f"/sessions/{day.voted.live.id}"])
        every = [f"/record/{one['index']}" for one in await entries_of(house)]
        await agree(
            browser, [*every, "/", "/stories", "/moderation", "/record", f"/commissions/{day.voted.live.commission}"]
        )
        await change(house.store, tables.disclosure.c.entry == 1, tables.disclosure, encoded="no words")
        shown = await browser.get("/record/1")
        assert (shown.status_code, SAID in shown.text, UNLIKE_WORDS["disclosure"] in shown.text) == (200, True, True)
        mine = (BALLOT.c.round == day.first) & (BALLOT.c.participant == day.voted.people[0])
        await change(house.store, mine, BALLOT, choice="r9")
        await checked(house)
        shown = await browser.get(decision)
        assert (shown.status_code < 500, SAID in shown.text) == (True, True)
        slipped, _act = await house.story(await house.commission())
        await change(house.store, STORY.c.id == slipped.id, STORY, status="accepted")
        shown = await browser.get(f"/stories/{slipped.id}")
        assert SAID in shown.text
        assert "and no entry tells of it." in shown.text
        await change(house.store, tables.entry.c.position == 1, tables.entry, body=b"{}")
        shown = await browser.get(decision)
        assert (SAID in shown.text, UNLIKE_WORDS["entry"] in shown.text, 'href="/record/1"' in shown.text) == (
            True,
            True,
            True,
        )


async def test_the_pages_of_an_asynchronous_round_and_of_its_story_say_it(
    tmp_path: Path, sqlite_template: Path
) -> None:
    async with an_open_round(tmp_path, sqlite_template) as event, event.house.browser() as browser:
        assert isinstance(event.house.store, SqlStore)
        this = ROUND.c.id == event.night.round.id
        story = f"/stories/{event.night.round.scenario}"
        question = event.night.round.question
        await agree(browser, [event.path, story, f"/commissions/{event.night.live.commission}"])
        await change(event.house.store, this, ROUND, question="What not?")
        for page in (event.path, f"/commissions/{event.night.live.commission}"):
            assert UNLIKE_WORDS["round"] in (await browser.get(page)).text, page
        await change(event.house.store, this, ROUND, question=question)
        await (await event.joined_browser()).aclose()
        await event.close(reveal=True)
        await agree(browser, [event.path, story])
        await change(event.house.store, this, ROUND, revealed_at="")
        await change(event.house.store, this, ROUND, question="What not?")
        for page in (event.path, story):
            shown = await browser.get(page)
            assert (shown.status_code < 500, SAID in shown.text) == (True, True), page


async def test_the_screens_of_a_room_say_it_and_say_nothing_while_all_is_as_it_should_be(
    house: House,
) -> None:
    assert isinstance(house.store, SqlStore)
    voted = await a_vote(house.store, FIRST, declared=True)
    live, desk = await share(house.store, voted.live.id, on=True), voted.desk
    here = house.site.rooms
    await here.room(live.id)

    async with house.signed_in("organiser") as organiser, house.browser() as browser:
        await browser.get(f"/s/{live.code}")
        await browser.post(f"/s/{live.code}/join", data={"group": "g1"})
        console, wall = f"/console/{live.id}", f"/projector/{live.projector}"
        screens = [
            (organiser, console),
            (browser, wall),
            (browser, f"/s/{live.code}"),
            (browser, f"/tablet/{live.tablet}"),
        ]

        async def said() -> list[bool]:
            return [ON_SCREEN in (await who.get(page)).text for who, page in screens]

        # All that a vote goes through, with badges off among it: nothing of it is unlike what the record says.
        asked = required((await cues.put_second_vote(desk, live.id, voted.rounds[0])).round)
        acts: list[Callable[[], Awaitable[object]]] = [
            lambda: facilitation.open_round(desk, live.id, asked.id),
            lambda: cast_by_all(house, asked.id, voted.people),
            lambda: facilitation.close_round(desk, live.id, asked.id),
            lambda: care.set_badges(desk, live.id, off=True),
            lambda: facilitation.reveal_round(desk, live.id, asked.id),
            lambda: care.set_badges(desk, live.id, off=False),
            lambda: facilitation.annul_round(desk, live.id, asked.id, "It was asked wrongly."),
            lambda: cues.show_again(desk, live.id, voted.rounds[0]),
        ]
        await here.changed(live.id)
        for act in acts:
            await act()
            await here.changed(live.id)
            assert here.unlike(live.id) == ()
        assert await said() == [False] * 4
        entries = {one["index"] for one in await entries_of(house) if one.get("round") == voted.rounds[0]}
        for table, there, values in (
            (ROUND, ROUND.c.id == voted.rounds[0], {"question": "Who should not?"}),
            (SESSION, SESSION.c.id == live.id, {"title": "Another"}),
        ):
            async with house.store.writer.begin() as connection:
                [row] = (await connection.execute(sa.select(table).where(there))).mappings().all()
            await change(house.store, there, table, **values)
            await here.changed(live.id)
            assert await said() == [True] * 4, table
            at = [index for _table, index in here.unlike(live.id)]
            assert table is not ROUND or set(at) <= entries
            told = (await organiser.get(console)).text
            assert all(f'href="/record/{index}"' in told for index in at)
            await change(house.store, there, table, **{name: row[name] for name in values})
            await here.changed(live.id)
            assert await said() == [False] * 4, table
