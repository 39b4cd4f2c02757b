"""Contracts of every store about moderation, appeals, reports and private links, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from support.factories import a_commission, new_id

from forum.errors import IllegalMove, NotFound
from forum.store import SqlStore
from forum.stories.moderation import Act, Appeal, AppealOutcome, ModerationAction, Report, ReportAnswer
from forum.stories.submission import StoryStatus, Submission

EARLY, NOON, LATE = "2026-03-01T08:00:00.000Z", "2026-03-01T12:00:00.000Z", "2026-03-01T20:00:00.000Z"


async def two_stories(store: SqlStore) -> tuple[Submission, Submission]:
    commission = a_commission()
    one = Submission(new_id(), commission.id, "At night", ":: Start", StoryStatus.RETURNED, "g1", "link1", "No", EARLY)
    two = Submission(new_id(), commission.id, "On the ward", ":: Start", StoryStatus.HELD, None, "link2", "", EARLY)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.stories.add_story(one)
        await work.stories.add_story(two)
    return one, two


def an_act(story: Submission, action: ModerationAction = ModerationAction.RETURNED, **changes: Any) -> Act:
    act = Act(new_id(), story.id, action, StoryStatus.SUBMITTED, "Because.", False, new_id(), "0" * 64, EARLY, NOON)
    return replace(act, **changes)


async def test_acts_are_kept_in_order_and_the_log_holds_what_is_in_the_record(store: SqlStore) -> None:
    one, two = await two_stories(store)
    acts = [
        an_act(one, entry=0),
        an_act(two, ModerationAction.HELD, public=True, entry=1),
        an_act(one, ModerationAction.ACCEPTED),
        an_act(one, entry=2),
    ]
    async with store.begin() as work:
        for act in acts:
            await work.moderation.add_act(act)
    async with store.read() as work:
        assert await work.moderation.list_acts(one.id) == [acts[0], acts[2], acts[3]]
        assert await work.moderation.list_acts(new_id()) == []
        assert await work.moderation.count_acts() == 3
        assert await work.moderation.log() == [acts[3], acts[1], acts[0]]
        assert await work.moderation.log(1, 1) == [acts[1]]


async def test_an_act_is_appealed_against_once_and_answered_once(store: SqlStore) -> None:
    one, two = await two_stories(store)
    act, other = an_act(one), an_act(two)
    async with store.begin() as work:
        await work.moderation.add_act(act)
        await work.moderation.add_act(other)

    async def appeal() -> bool:
        async with store.begin() as work:
            return await work.moderation.add_appeal(Appeal(new_id(), one.id, act.id, "It is not so.", NOON))

    assert sorted(await asyncio.gather(*(appeal() for _ in range(4)))) == [False] * 3 + [True]
    second = Appeal(new_id(), two.id, other.id, "Nor is this.", LATE)
    async with store.begin() as work:
        assert await work.moderation.add_appeal(second)
        (first,) = await work.moderation.appeals(one.id)
        assert await work.moderation.appeals() == [first, second]
    answered = replace(first, outcome=AppealOutcome.UPHELD, because="Read again.", by=new_id(), answered_at=LATE)
    async with store.begin() as work:
        await work.moderation.answer_appeal(answered)
        with pytest.raises(IllegalMove):
            await work.moderation.answer_appeal(replace(answered, outcome=AppealOutcome.OVERTURNED))
    async with store.read() as work:
        assert await work.moderation.appeals(one.id) == [answered]
        assert await work.moderation.appeals() == [second]


async def test_reports_are_answered_together_or_not_at_all(store: SqlStore) -> None:
    one, two = await two_stories(store)
    reports = [Report(new_id(), story.id, "It names my brother.", NOON) for story in (one, one, two)]
    async with store.begin() as work:
        for report in reports:
            assert await work.moderation.add_report(report)
        assert not await work.moderation.add_report(replace(reports[0], words="Something else."))
        assert await work.moderation.reports() == reports
        assert await work.moderation.reports(one.id) == reports[:2]
    for wrong in ([reports[0].id, reports[2].id], [reports[0].id, new_id()]):
        with pytest.raises(IllegalMove):
            async with store.begin() as work:
                await work.moderation.answer_reports(one.id, wrong, ReportAnswer.KEPT, LATE)
    async with store.begin() as work:
        await work.moderation.answer_reports(one.id, [], ReportAnswer.KEPT, LATE)
        await work.moderation.answer_reports(one.id, [reports[0].id, reports[0].id], ReportAnswer.KEPT, LATE)
        with pytest.raises(IllegalMove):
            await work.moderation.answer_reports(one.id, [reports[0].id], ReportAnswer.TAKEN_DOWN, LATE)
    async with store.read() as work:
        assert await work.moderation.reports() == reports[1:]
        assert await work.moderation.reports(one.id) == [
            replace(reports[0], answer=ReportAnswer.KEPT, answered_at=LATE),
            reports[1],
        ]


async def test_forgetting_takes_every_word_of_one_story_and_leaves_what_was_done(store: SqlStore) -> None:
    one, two = await two_stories(store)
    mine, theirs = an_act(one, entry=0), an_act(two)
    async with store.begin() as work:
        for act in (mine, theirs):
            await work.moderation.add_act(act)
            await work.moderation.add_appeal(Appeal(new_id(), act.story, act.id, "Words.", NOON))
            await work.moderation.add_report(Report(new_id(), act.story, "More words.", NOON))
        await work.moderation.erase_story(one.id)
    async with store.read() as work:
        assert await work.moderation.list_acts(one.id) == [replace(mine, because="", read="")]
        assert [a.words for a in await work.moderation.appeals(one.id)] == [""]
        assert [r.words for r in await work.moderation.reports(one.id)] == [""]
        assert await work.moderation.list_acts(two.id) == [theirs]
        assert [a.words for a in await work.moderation.appeals(two.id)] == ["Words."]
        assert [r.words for r in await work.moderation.reports(two.id)] == ["More words."]


async def test_a_link_that_was_replaced_is_dead_and_stays_dead(store: SqlStore) -> None:
    one, two = await two_stories(store)
    async with store.begin() as work:
        await work.stories.relink("link1", "link3")
        with pytest.raises(NotFound):
            await work.stories.relink("link1", "link4")
        # Somebody read the story before its link was replaced, and writes it back.
        await work.stories.save_story(one, "returned")
    async with store.begin() as work:
        assert await work.stories.by_link("link3") == replace(one, link="link3")
        with pytest.raises(NotFound):
            await work.stories.by_link("link1")
        await work.stories.relink("link3", "")
        for dead in ("link3", ""):
            with pytest.raises(NotFound):
                await work.stories.relink(dead, "link5")
        assert (await work.stories.get_story(one.id)).link == ""
        assert await work.stories.by_link("link2") == two


async def test_of_several_who_replace_a_link_at_once_one_has_it(store: SqlStore) -> None:
    await two_stories(store)

    async def take(new: str) -> bool:
        try:
            async with store.begin() as work:
                await work.stories.relink("link1", new)
        except NotFound:
            return False
        return True

    assert sorted(await asyncio.gather(*(take(f"new{n}") for n in range(5)))) == [False] * 4 + [True]
