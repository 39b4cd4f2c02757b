"""What is over goes by itself, in pieces, told in the record; a clock that jumps erases nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from conftest import Database
from structlog.testing import capture_logs
from support.app import a_sent_story
from support.factories import SetClock, a_commission, a_session, new_id

from forum.errors import StoreUnavailable
from forum.ports.personal_data import PERIODS
from forum.services import retention
from forum.services.keys import digest, new_key
from forum.services.retention import MOST_DAYS, Retention
from forum.services.scrub import FORGOTTEN_AFTER, TO_SCRUB
from forum.services.stories import draft_edits, moderation, private_links, submissions
from forum.sessions.local_time import written
from forum.sessions.session import LastAct, LiveSession, Participant
from forum.store import SqlStore, open_store, tables
from forum.store.drafts import SqlDrafts
from forum.stories.draft import Draft, mark
from forum.stories.edits import SetField
from forum.stories.moderation import Act, Appeal, AppealOutcome, ModerationAction, Report, ReportAnswer
from forum.stories.submission import StoryStatus
from forum.stories.suggestion import Suggestion, SuggestionKind
from forum.voting.decision_draft import DecisionDraft
from forum.voting.round import Response, Round, RoundState

START = "2026-03-01T22:00:00.000Z"


def ago(days: float) -> str:
    return written(datetime.fromisoformat(START) - timedelta(days=days))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


def a_retention(store: SqlStore, clock: SetClock, **shorter: int) -> Retention:
    return Retention(store, clock, {**PERIODS, **shorter}, pause=0)


async def ran_before(store: SqlStore, clock: SetClock) -> None:
    """Lets retention look for the first time, and a day pass."""
    await a_retention(store, clock).look()
    clock.move(days=1)


async def count(store: SqlStore, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    async with store.reader.connect() as link:
        return int((await link.execute(sa.select(sa.func.count()).select_from(table).where(*where))).scalar_one())


async def entries(store: SqlStore) -> list[dict[str, object]]:
    async with store.read() as work:
        bodies = [json.loads(stored.body) for stored in await work.record.entries()]
    return [body for body in bodies if body["type"] == "retention"]


async def drafts(store: SqlStore, number: int, at: str) -> list[str]:
    """Begins stories that are never sent; returns the keys of their private links."""
    commission, keys = a_commission(), [new_key() for _ in range(number)]
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    for key in keys:
        await draft_edits.begin(
            store, SetClock(at), commission.id, key, [SetField("title", (mark(""),), "Quellwater")], "5e" * 32
        )
    return keys


async def test_a_draft_that_is_saved_while_it_is_being_removed_stays(
    store: SqlStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saves it once it was found and before it is held, as another unit of work may on PostgreSQL."""
    await drafts(store, 1, ago(366))
    await ran_before(store, clock)
    locked = SqlDrafts.get_draft

    async def saved_before(self: SqlDrafts, story: str, *, lock: bool = False) -> Draft:
        found = await locked(self, story, lock=lock)
        if lock:
            await self.save_draft(story, found, clock.now())
        return found

    monkeypatch.setattr(SqlDrafts, "get_draft", saved_before)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 1


async def a_day_of_everything(store: SqlStore, at: str) -> LiveSession:
    """Leaves one or two of all that has a period and is no draft, from the time `at`."""
    commission, before = a_commission(), SetClock(at)
    live = replace(a_session(commission, code="111111"), ended=True, ended_at=at)
    answers = (Response("r1", "A nurse"), Response("r2", "Police"))
    asked = Round(new_id(), live.id, "Who should come?", answers, state=RoundState.REVEALED, revealed_at=at)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
        await work.rounds.add_round(asked)
        somebody = await work.sessions.join(Participant(new_id(), live.id, "g1", at), "5e" * 32)
        await work.care.belong(somebody.id, ["g2"])
        await work.last_acts.put_last_act(LastAct(new_id(), live.id, "scene", at, {}))
    async with store.writer.begin() as link:
        cast = {"round": asked.id, "participant": somebody.id, "cast": new_id()}
        await link.execute(sa.insert(tables.casting).values(cast))
    returned, _ = await submissions.submit(store, before, commission.id, a_sent_story())
    await moderation.moderate(
        store, before, returned.id, "return", because="Quellwater is a name.", expected_status="submitted"
    )
    story, _ = await submissions.submit(store, before, commission.id, a_sent_story(happened="It waits."))
    act = Act(new_id(), story.id, ModerationAction.HELD, StoryStatus.SUBMITTED, "Quellwater.", at=at)
    async with store.begin() as work:
        await work.moderation.add_act(act)
        await work.moderation.add_appeal(Appeal(new_id(), story.id, act.id, "Quellwater!", at))
        [appeal] = await work.moderation.appeals(story.id)
        await work.moderation.answer_appeal(
            replace(appeal, outcome=AppealOutcome.UPHELD, because="Quellwater.", answered_at=at)
        )
        report = Report(new_id(), story.id, "Quellwater?", at)
        await work.moderation.add_report(report)
        await work.moderation.answer_reports(story.id, [report.id], ReportAnswer.KEPT, at)
        await work.drafts.suggest(
            Suggestion(new_id(), story.id, SuggestionKind.SCENE, "A scene", at, by=draft_edits.browser(story.id, "d"))
        )
    return live


async def words_left(store: SqlStore, word: str) -> set[str]:
    """Returns the columns in which a word stands, of every table."""
    found = set()
    async with store.reader.connect() as link:
        for table in tables.metadata.sorted_tables:
            for row in (await link.execute(sa.select(table))).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if word in str(value)}
    return found


async def test_what_is_over_goes_and_the_record_says_how_much(store: SqlStore, clock: SetClock) -> None:
    keys = await drafts(store, 6, ago(364))
    young = await drafts(store, 1, ago(300))
    live = await a_day_of_everything(store, ago(800))
    await ran_before(store, clock)
    assert await count(store, tables.story) == 9
    await a_retention(store, clock).look()
    # The drafts are a year old to the day, and go only tomorrow.
    clock.move(days=1)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 3
    for table in (tables.also, tables.casting, tables.last_act):
        assert await count(store, table) == 0
    assert await count(store, tables.suggestion, tables.suggestion.c.by != "") == 0
    assert await words_left(store, "A neighbour knocks") == set()
    assert "story.twee" in await words_left(store, "It waits.")
    assert await words_left(store, "Quellwater") == {"draft.words", "version.words"}, "only of the one that is young"
    first, second = await entries(store)
    few = [{"kind": kind, "number": None} for kind in ("attendance", "marks", "notes", "returned", "undo")]
    assert first["removed"] == few
    assert second["removed"] == [{"kind": "drafts", "number": 6}]
    async with store.read() as work:
        assert await private_links.is_dead(work, digest(keys[0]))
        assert not await private_links.is_dead(work, digest(young[0]))
        assert (await work.sessions.get_session(live.id)).ended
        [returned] = [s for s in await work.stories.list_stories() if s.status == "withdrawn"]
        assert await retention.kept_long_enough(work, returned.id)
    clock.move(days=1)
    await a_retention(store, clock).look()
    assert len(await entries(store)) == 2, "a run that removes nothing says nothing"


async def test_drafts_of_decisions_go_a_year_after_their_last_change(store: SqlStore, clock: SetClock) -> None:
    commission, ages = a_commission(), (364, *(366,) * 6, 800)
    made = [DecisionDraft(new_id(), commission.id, (new_id(),), {}, (), saved_at=ago(days)) for days in ages]
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        for one in made:
            assert await work.decision_drafts.add_draft(one)
        live = a_session(commission)
        await work.sessions.add_session(live)
        about = made[-1].rounds[-1]
        await work.rounds.add_round(Round(new_id(), live.id, "Right?", (), state=RoundState.OPEN, asks_about=about))
    await ran_before(store, clock)
    await a_retention(store, clock).look()
    async with store.read() as work:
        # One is young, and of one those who voted are being asked.
        assert [one.id for one in await work.decision_drafts.list_drafts()] == [made[0].id, made[-1].id]
    assert [e["removed"] for e in await entries(store)] == [[{"kind": "decision_drafts", "number": 6}]]


async def test_it_runs_once_a_day_and_the_operator_may_shorten(store: SqlStore, clock: SetClock) -> None:
    await drafts(store, 6, ago(40))
    await ran_before(store, clock)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 6
    clock.move(hours=23)
    await a_retention(store, clock, drafts=30).look()
    assert await count(store, tables.story) == 6
    clock.move(hours=1)
    await a_retention(store, clock, drafts=30).look()
    assert await count(store, tables.story) == 0
    assert [e["removed"] for e in await entries(store)] == [[{"kind": "drafts", "number": 6}]]


@pytest.mark.parametrize("days", [MOST_DAYS + 1, 4000])
async def test_a_clock_that_jumps_erases_nothing_until_it_is_confirmed(
    store: SqlStore, clock: SetClock, days: int
) -> None:
    await drafts(store, 1, ago(0))
    await ran_before(store, clock)
    shorter = a_retention(store, clock, drafts=1)
    assert not await retention.confirm(store), "there is nothing to confirm yet"
    clock.move(days=days)
    with capture_logs() as logs:
        await shorter.look()
        await shorter.look()
    assert [line["log_level"] for line in logs] == ["error"], "it is said once"
    assert "forum retention --confirm" in logs[0]["event"]
    assert await count(store, tables.story) == 1
    assert await retention.confirm(store)
    await shorter.look()
    assert await count(store, tables.story) == 0
    clock.move(days=days)
    await shorter.look()
    async with store.read() as work:
        assert (await retention.state(work)).refused_at, "one word is for one jump"


async def test_a_clock_that_was_put_back_is_gone_by_from_there(store: SqlStore, clock: SetClock) -> None:
    clock.move(days=4000)
    await ran_before(store, clock)
    clock.move(days=-4000)
    await drafts(store, 1, ago(400))
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 1
    clock.move(days=1)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 0


async def test_a_run_that_broke_off_is_counted_whole_when_it_goes_on(
    store: SqlStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drafts(store, 6, ago(400))
    await ran_before(store, clock)
    task = a_retention(store, clock)
    piece = Retention._piece
    pieces: list[str] = []

    async def broken(self: Retention, period: str, before: str) -> bool:
        if pieces:
            raise StoreUnavailable("The disk is full.")
        pieces.append(period)
        return await piece(self, period, before)

    with monkeypatch.context() as patch:
        patch.setattr(Retention, "_piece", broken)
        with pytest.raises(StoreUnavailable):
            await task.look()
    assert await count(store, tables.story) == 5
    assert await entries(store) == []
    await task.look()
    assert [e["removed"] for e in await entries(store)] == [[{"kind": "drafts", "number": 6}]]


async def test_it_waits_while_a_room_votes(store: SqlStore, clock: SetClock) -> None:
    await drafts(store, 1, ago(400))
    await ran_before(store, clock)
    async with store.begin() as work:
        [commission] = await work.commissions.list_commissions()
        live = a_session(commission, code="111111")
        await work.sessions.add_session(live)
        answers = (Response("r1", "A nurse"), Response("r2", "Police"))
        asked = Round(new_id(), live.id, "Who?", answers, state=RoundState.OPEN, opened_at=START)
        await work.rounds.add_round(asked)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 1
    async with store.begin() as work:
        await work.rounds.save_round(replace(asked, state=RoundState.CLOSED, closed_at=START))
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 0


async def test_a_vote_that_was_left_open_is_told_and_not_waited_for_for_ever(store: SqlStore, clock: SetClock) -> None:
    await drafts(store, 6, ago(400))
    await ran_before(store, clock)
    async with store.begin() as work:
        [commission] = await work.commissions.list_commissions()
        live = a_session(commission, code="111111")
        await work.sessions.add_session(live)
        answers = (Response("r1", "A nurse"), Response("r2", "Police"))
        await work.rounds.add_round(
            Round(new_id(), live.id, "Who?", answers, state=RoundState.OPEN, opened_at=clock.now())
        )
    clock.move(days=2)
    # Somebody came to it, so it goes on.
    async with store.begin() as work:
        await work.sessions.join(Participant(new_id(), live.id, "g1", clock.now()), "5e" * 32)
    came = clock.now()

    async def told() -> list[tuple[str, str, bool]]:
        async with store.read() as work:
            votes = await retention.open_votes(work, clock.now())
        return [(vote.session.title, vote.since, vote.waited_for) for vote in votes]

    clock.move(days=FORGOTTEN_AFTER)
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 6
    assert await told() == [(live.title, came, True)]
    clock.move(hours=1)
    assert await told() == [(live.title, came, False)]
    await a_retention(store, clock).look()
    assert await count(store, tables.story) == 0
    async with store.read() as work:
        assert await work.facts.get_fact(TO_SCRUB) == "", "what was removed is wiped from the files too"


async def test_two_servers_count_and_record_once(
    store: SqlStore, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drafts(store, 12, ago(400))
    await ran_before(store, clock)
    other = await open_store(database.url)
    ready = [asyncio.Event(), asyncio.Event()]
    is_time = Retention._is_time

    async def both_begin(self: Retention) -> bool:
        due = await is_time(self)
        mine = next(event for event in ready if not event.is_set())
        mine.set()
        for event in ready:
            await event.wait()
        return due

    with monkeypatch.context() as patch:
        patch.setattr(Retention, "_is_time", both_begin)
        try:
            await asyncio.gather(*(a_retention(one, clock).look() for one in (store, other)))
        finally:
            await other.close()
    assert await count(store, tables.story) == 0
    assert [e["removed"] for e in await entries(store)] == [[{"kind": "drafts", "number": 12}]]
    async with store.read() as work:
        assert not (await retention.state(work)).removed


async def test_what_is_still_needed_stays(store: SqlStore, clock: SetClock) -> None:
    """A story that waits, an open report, a public reason of a moderator: however old they are."""
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    waiting, _ = await submissions.submit(store, SetClock(ago(3000)), commission.id, a_sent_story())
    async with store.begin() as work:
        await work.moderation.add_report(Report(new_id(), waiting.id, "Quellwater?", ago(3000)))
        act = Act(
            new_id(),
            waiting.id,
            ModerationAction.KEPT,
            StoryStatus.SUBMITTED,
            "Quellwater.",
            True,
            "",
            "",
            "",
            ago(3000),
        )
        await work.moderation.add_act(act)
    await ran_before(store, clock)
    await a_retention(store, clock).look()
    assert await words_left(store, "Quellwater") == {"report.words", "moderation.because"}
    assert await count(store, tables.story, tables.story.c.status == "submitted") == 1
    assert await entries(store) == []
