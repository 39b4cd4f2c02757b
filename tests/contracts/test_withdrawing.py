"""Contracts of every store about words that are taken back, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Database
from support.app import a_sent_story
from support.factories import CLOCK, a_cast, a_commission, a_room, new_id

from forum.errors import IllegalMove, NotFound, StoreUnavailable
from forum.ports.record import Disclosure
from forum.services.keys import digest, new_key
from forum.services.stories import moderation, submissions, withdrawal
from forum.sessions.session import Cue, CueKind
from forum.store import SqlStore
from forum.stories.submission import StoryStatus, Submission
from forum.voting.round import WITHDRAWN, Response, Round, RoundState

AT = "2026-03-01T12:00:00.000Z"
RESPONSES = (Response("r1", "Wait with her"), Response("r2", "Call"), Response("none", "None of these"))


async def test_what_the_writer_allows_is_written_by_itself(store: SqlStore) -> None:
    commission = a_commission()
    story = Submission(
        new_id(), commission.id, "At night", ":: Start", StoryStatus.SUBMITTED, link="link", may_perform=True
    )
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.stories.add_story(story)
        # Saving brings nothing back that was taken away meanwhile.
        await work.stories.allow(replace(story, may_perform=False, may_quote=True))
        await work.stories.save_story(replace(story, title="By night"), "submitted")
        with pytest.raises(IllegalMove):
            await work.stories.save_story(replace(story, status=StoryStatus.ACCEPTED), "submitted")
        with pytest.raises(IllegalMove):
            await work.stories.allow(replace(story, status=StoryStatus.RETURNED))
        with pytest.raises(NotFound):
            await work.stories.allow(replace(story, id=new_id()))
    async with store.read() as work:
        now = await work.stories.get_story(story.id)
    assert now == replace(story, title="By night", may_perform=False, may_quote=True)
    async with store.begin() as work:
        await work.stories.allow(replace(now, may_publish=True))
        await work.stories.save_story(replace(now, status=StoryStatus.ACCEPTED, published_at=AT), "submitted")
    async with store.read() as work:
        assert (await work.stories.get_story(story.id)).status == "accepted"


async def test_the_words_of_a_storys_rounds_go_and_their_ballots_stay(store: SqlStore) -> None:
    live, people = await a_room(store, ["g1", "g2"])
    story = new_id()
    ours = Round(
        new_id(), live.id, "What should she do?", RESPONSES, story, "The door", state=RoundState.OPEN, created_at=AT
    )
    other = replace(ours, id=new_id(), scenario=new_id())
    async with store.begin() as work:
        for round_ in (ours, other):
            await work.rounds.add_round(round_)
            await work.rounds.cast([a_cast(round_.id, who, "r2", "because of the door") for who in people])
        before = await work.rounds.ballots(ours.id)
    async with store.begin() as work:
        assert await work.rounds.withdraw_words(story) == [ours.id]
        assert await work.rounds.withdraw_words(new_id()) == []
    async with store.read() as work:
        now = await work.rounds.get_round(ours.id)
        assert now.question == WITHDRAWN
        assert now.scene is None
        assert [(r.id, r.label) for r in now.responses] == [
            ("r1", WITHDRAWN),
            ("r2", WITHDRAWN),
            ("none", "None of these"),
        ]
        assert replace(now, question=ours.question, responses=ours.responses, scene=ours.scene) == ours
        assert await work.rounds.ballots(ours.id) == [replace(b, reason="") for b in before]
        assert await work.rounds.get_round(other.id) == other
        assert {b.reason for b in await work.rounds.ballots(other.id)} == {"because of the door"}


async def test_withdrawn_disclosures_have_no_words_any_more_and_get_none_again(store: SqlStore) -> None:
    made = [Disclosure(digest, 0, "x", f"words {digest}") for digest in ("a", "b", "c")]
    async with store.begin() as work:
        await work.record.add_disclosures([*made, Disclosure("gone", 0, "x", None, "earlier")])
        assert await work.record.withdraw(["c", "a", "gone", "unknown"], AT) == ["a", "c"]
        assert await work.record.withdraw(["a"], "later") == []
        assert await work.record.withdraw([], AT) == []
        await work.record.add_disclosures([made[0]])
    async with store.read() as work:
        assert await work.record.disclosures(commission="x") == [
            Disclosure("a", 0, "x", None, AT),
            made[1],
            Disclosure("c", 0, "x", None, AT),
            Disclosure("gone", 0, "x", None, "earlier"),
        ]


@pytest.mark.parametrize("act", ["take back", "permit", "send again"])
async def test_a_link_that_is_being_replaced_opens_nothing_any_more(
    store: SqlStore, database: Database, act: str
) -> None:
    """An act by the old link at this very moment waits for the new one, and then finds the old one dead."""
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
    await moderation.moderate(store, CLOCK, story.id, "return", because="Why?", expected_status="submitted")
    acts: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "take back": lambda: withdrawal.withdraw(store, CLOCK, key),
        "permit": lambda: withdrawal.permit(store, CLOCK, key, perform=False, publish=True, quote=True),
        "send again": lambda: submissions.resubmit(store, CLOCK, key, a_sent_story("Another title")),
    }
    async with store.begin() as work:
        await work.stories.relink(story.link, digest(new_key()))
        acting = asyncio.create_task(acts[act]())
        if database.server is not None:
            await database.server.waiting(database.name)
    with pytest.raises(NotFound):
        await acting
    async with store.read() as work:
        now = await work.stories.get_story(story.id)
    assert (now.status, now.title, now.may_perform) == ("returned", story.title, True)


async def test_a_story_that_is_being_moderated_is_taken_back_as_it_is_then(store: SqlStore, database: Database) -> None:
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
    async with store.begin() as work:
        await work.stories.save_story(replace(story, status=StoryStatus.HELD), story.status)
        taking_back = asyncio.create_task(withdrawal.withdraw(store, CLOCK, key))
        if database.server is not None:
            await database.server.waiting(database.name)
    assert (await taking_back).story.status == StoryStatus.WITHDRAWN
    async with store.read() as work:
        assert (await work.stories.get_story(story.id)).twee == ""


async def test_what_a_facilitator_does_meanwhile_is_not_undone(store: SqlStore, database: Database) -> None:
    live, _ = await a_room(store, ["g1"])
    story, key = await submissions.submit(store, CLOCK, live.commission, a_sent_story())
    async with store.begin() as work:
        await work.sessions.save_session(
            replace(live, scenarios=(story.id,), cue=Cue(CueKind.SCENE, story.id, "The door"))
        )
    async with store.begin() as work:
        before = await work.sessions.get_session(live.id, lock=True)
        await work.sessions.save_session(replace(before, cue=Cue(CueKind.WELCOME), paused=True))
        taking_back = asyncio.create_task(withdrawal.withdraw(store, CLOCK, key))
        if database.server is not None:
            await database.server.waiting(database.name)
    assert (await taking_back).sessions == (live.id,)
    async with store.read() as work:
        assert (await work.sessions.get_session(live.id)).paused


async def test_scrubbing_leaves_everything_as_it_was_while_others_read_and_write(store: SqlStore) -> None:
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)

    async def write(number: int) -> None:
        async with store.begin() as work:
            await work.facts.set_fact(f"fact {number}", str(number))

    wiped, *written = await asyncio.gather(
        store.scrub(), *(write(number) for number in range(5)), return_exceptions=True
    )
    assert written == [None] * 5
    assert wiped is None or isinstance(wiped, StoreUnavailable), "it gives way to who writes"
    await store.scrub()
    async with store.read() as work:
        assert await work.commissions.list_commissions() == [commission]
        assert [await work.facts.get_fact(f"fact {number}") for number in range(5)] == [str(n) for n in range(5)]


async def test_wiping_ends_where_somebody_wants_to_write_and_can_be_done_again(sqlite_store: SqlStore) -> None:
    async with sqlite_store.writer.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE ballast (words TEXT)"))
        await connection.execute(sa.text("INSERT INTO ballast VALUES (:words)"), [{"words": "x" * 3000}] * 5000)
    sqlite_store.wanted = False
    async with sqlite_store.begin() as work:
        assert sqlite_store.wanted
        await work.facts.set_fact("vote", "counted")
    with pytest.MonkeyPatch.context() as patch:
        # Somebody comes as soon as it has begun.
        patch.setattr(SqlStore, "wanted", property(lambda _: True, lambda _, wanted: None), raising=False)
        with pytest.raises(StoreUnavailable):
            await sqlite_store.scrub()
    for first in (True, False):  # or waits already, as this does, for a unit that is under way
        with pytest.raises(StoreUnavailable):
            await _wipe_between_two(sqlite_store, first=first)
    await sqlite_store.scrub()
    async with sqlite_store.read() as work:
        assert await work.facts.get_fact("vote") == "counted"


async def _wipe_between_two(store: SqlStore, *, first: bool) -> None:
    """Wipes while a unit is under way; another comes then, after that for the connection or before it for the line."""
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def write(wait: asyncio.Event, *, first: bool = False) -> None:
        async with store.begin(first=first) as work:
            await work.facts.set_fact("vote", "counted")
            under_way.set()
            await wait.wait()

    one = asyncio.create_task(write(go_on))
    await under_way.wait()
    before = [] if first else [asyncio.create_task(write(go_on))]
    await asyncio.sleep(0)
    wiping = asyncio.create_task(store.scrub())
    await asyncio.sleep(0)
    after = [asyncio.create_task(write(go_on, first=True))] if first else []
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(one, *before, *after)
    await wiping


async def test_an_asynchronous_round_is_no_vote_that_is_waited_for(store: SqlStore) -> None:
    live, _ = await a_room(store, ["g1"])
    for closes_at, voting in (("2030-01-01T00:00:00+00:00", False), ("", True)):
        round_ = Round(
            new_id(), live.id, "What now?", RESPONSES, state=RoundState.OPEN, created_at=AT, closes_at=closes_at
        )
        async with store.begin() as work:
            await work.rounds.add_round(round_)
            assert set(await work.rounds.voting()) == ({live.id} if voting else set())
