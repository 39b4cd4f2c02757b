"""Counts of what waits for somebody, on each database: each kind by itself, and in some commissions alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.factories import CLOCK, a_commission, a_room, new_id
from support.voted_session import a_vote

from forum.ports import Store, Work
from forum.ports.work_list import Duty, FirstSteps
from forum.stories.moderation import Act, Appeal, ModerationAction, Report
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.voting.decision import DecisionState
from forum.voting.decision_draft import DecisionDraft
from forum.voting.help_pledge import HelpPledge, HelpState

DAY = "2026-06-15"
SHE, SOMEBODY = new_id(), new_id()


async def a_story(work: Work, of: Commission, status: StoryStatus, **more: Any) -> Submission:
    story = Submission(new_id(), of.id, "T", "", status, link=new_id(), **more)
    await work.stories.add_story(story)
    return story


async def test_each_kind_of_story_to_read_is_counted_once_and_an_appeal_by_others_than_who_acted(store: Store) -> None:
    here, there = a_commission(), a_commission()
    async with store.begin() as work:
        for of in (here, there):
            await work.commissions.add_commission(of)
        for status, many in ((StoryStatus.SUBMITTED, 2), (StoryStatus.WRITING, 1), (StoryStatus.ACCEPTED, 1)):
            for _ in range(many):
                await a_story(work, here, status)
        changed = await a_story(work, here, StoryStatus.ACCEPTED, revision="x", revised_at=CLOCK.now())
        for _ in range(2):
            await work.moderation.add_report(Report(new_id(), changed.id, "Rude", CLOCK.now()))
        back = await a_story(work, there, StoryStatus.RETURNED)
        act = Act(new_id(), back.id, ModerationAction.RETURNED, StoryStatus.SUBMITTED, by=SHE)
        await work.moderation.add_act(act)
        await work.moderation.add_appeal(Appeal(new_id(), back.id, act.id, "Why?", CLOCK.now()))
        await work.help_pledges.add_help_pledge(
            HelpPledge(new_id(), there.id, "Tea", "", new_id(), "2026-06-01", HelpState.WAITING)
        )
    async with store.read() as work:
        every = await work.your_work.moderating(None, SOMEBODY)
        own = await work.your_work.moderating(None, SHE)
        one = await work.your_work.moderating([here.id], SOMEBODY)
        none = await work.your_work.moderating([], SOMEBODY)
    assert {duty: number for duty, number in every.items() if number} == {
        Duty.STORIES: 2,
        Duty.VERSIONS: 1,
        Duty.REPORTS: 1,
        Duty.APPEALS: 1,
        Duty.PLEDGES: 1,
    }
    assert own == {**every, Duty.APPEALS: 0}
    assert one == {**every, Duty.APPEALS: 0, Duty.PLEDGES: 0}
    assert not any(none.values())


async def test_votes_drafts_and_sessions_are_counted_without_rehearsals(store: Store) -> None:
    voted, other = await a_vote(store), await a_vote(store)
    await a_vote(store, rehearsal=True, recorded=False)
    ended, _people = await a_room(store, ())
    async with store.begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(ended.id, lock=True), ended=True))
        await work.decision_drafts.add_draft(
            DecisionDraft(
                new_id(), other.live.commission, other.rounds, {}, (SHE,), DecisionState.WITH_READER, saved_at=DAY
            )
        )
    of = voted.live.commission
    async with store.read() as work:
        hers, somebodys = [await work.your_work.deciding(None, who, DAY) for who in (SHE, SOMEBODY)]
        one = await work.your_work.deciding([of], SHE, DAY)
        reads = [await work.your_work.reading(None, who, DAY) for who in (SHE, SOMEBODY)]
        runs = [await work.your_work.organising(within) for within in (None, [of])]
    assert hers == {Duty.ANSWERS: 2, Duty.PROMISES: 0, Duty.DRAFTS: 1}
    assert somebodys == {**hers, Duty.DRAFTS: 0}
    assert one == {Duty.ANSWERS: 1, Duty.PROMISES: 0, Duty.DRAFTS: 0}
    assert reads == [{Duty.TO_READ: 0}, {Duty.TO_READ: 1}]
    assert runs == [{Duty.SESSIONS: 2, Duty.ROUNDS: 0}, {Duty.SESSIONS: 1, Duty.ROUNDS: 0}]


async def test_the_first_steps_are_those_of_the_newest_commission_of_ones_own(store: Store) -> None:
    await a_vote(store, rehearsal=True, recorded=False)
    old, made_up = a_commission(), a_commission(demonstration=True)
    async with store.begin() as work:
        await work.commissions.add_commission(made_up)
        before = await work.your_work.first_steps()
        await work.commissions.add_commission(old)
        await a_story(work, old, StoryStatus.ACCEPTED, may_perform=True)
    live, _people = await a_room(store, ())
    async with store.begin() as work:
        await work.commissions.add_commission(a_commission(closed_at=CLOCK.now()))
    async with store.read() as work:
        newest, oldest = await work.your_work.first_steps(), await work.your_work.first_steps(old.id)
    async with store.begin() as work:
        await work.sessions.save_session(replace(live, ended=True, ended_at=CLOCK.now()))
        over = await work.your_work.first_steps()
    assert before == FirstSteps("", 0, "", rehearsed=before.rehearsed)
    assert newest == FirstSteps(live.commission, 0, live.id, rehearsed=before.rehearsed)
    assert over == replace(newest, over=True)
    assert oldest == FirstSteps(old.id, 1, "", rehearsed=before.rehearsed)
