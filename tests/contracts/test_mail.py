"""Contracts of every store about those who want to be told by e-mail, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.factories import a_stored_story, new_id

from forum.errors import NotFound
from forum.ports.mail import MailState, Subscription
from forum.store import SqlStore

NOON, ONE, TWO, LATE = (f"2026-03-01T{hour}:00:00.000Z" for hour in ("12", "13", "14", "15"))


def wanted(story: str, state: MailState = MailState.ASKED, **changes: Any) -> Subscription:
    made = Subscription(new_id(), story, f"{new_id()}@x.test", new_id(), state, NOON, TWO, NOON, NOON, NOON)
    return replace(made, **changes)


async def test_there_is_one_a_story_and_the_newest_takes_the_place(store: SqlStore) -> None:
    story, other = (await a_stored_story(store)).id, (await a_stored_story(store)).id
    first, second, theirs = wanted(story), wanted(story), wanted(other)
    async with store.begin() as work:
        for one in (first, theirs, second):
            await work.mail.add_subscription(one)
        assert await work.mail.get_subscription(story) == second
        assert await work.mail.get_subscription(other) == theirs
        assert await work.mail.get_subscription(new_id()) is None
        assert await work.mail.by_key(second.key) == second
        for gone in (first.key, new_id(), ""):
            with pytest.raises(NotFound):
                await work.mail.by_key(gone)


async def test_what_was_replaced_or_changed_in_the_meantime_is_not_written_again(store: SqlStore) -> None:
    story = (await a_stored_story(store)).id
    first, second = wanted(story), wanted(story)
    async with store.begin() as work:
        await work.mail.add_subscription(first)
        await work.mail.add_subscription(second)
        assert not await work.mail.save_subscription(replace(first, state=MailState.SENT_OUT), first)
        assert await work.mail.get_subscription(story) == second
        confirmed = replace(second, state=MailState.CONFIRMED)
        assert await work.mail.save_subscription(confirmed, second)
        assert not await work.mail.save_subscription(replace(second, state=MailState.SENT_OUT), second)
        assert await work.mail.get_subscription(story) == confirmed
        told = replace(confirmed, told_until=ONE, seen=7, tries=2)
        assert await work.mail.save_subscription(told, confirmed)
        assert await work.mail.get_subscription(story) == told


async def test_what_is_forgotten_is_gone_and_says_whether_an_address_went(store: SqlStore) -> None:
    story, other = (await a_stored_story(store)).id, (await a_stored_story(store)).id
    async with store.begin() as work:
        await work.mail.add_subscription(wanted(story))
        await work.mail.add_subscription(wanted(other, MailState.DONE, address=""))
        assert await work.mail.erase_story(story)
        assert not await work.mail.erase_story(story)
        assert not await work.mail.erase_story(other)
        assert await work.mail.get_subscription(story) is None
        assert await work.mail.get_subscription(other) is None


async def test_those_to_be_looked_at_are_found_by_time_and_by_how_far_the_record_has_grown(store: SqlStore) -> None:
    async def one(state: MailState = MailState.CONFIRMED, **changes: Any) -> Subscription:
        made = wanted((await a_stored_story(store)).id, state, **changes)
        async with store.begin() as work:
            await work.mail.add_subscription(made)
        return made

    asked = await one(MailState.ASKED, look_at=LATE, seen=9)
    by_time = await one(look_at=ONE, seen=9)
    grown = await one(look_at=LATE, seen=8, not_before=ONE)
    await one(look_at=LATE, seen=9)
    await one(look_at=NOON, seen=0, not_before=LATE)
    await one(MailState.ASKED, not_before=LATE)
    await one(MailState.SENT_OUT)
    await one(MailState.REFUSED, address="")
    await one(MailState.DONE, address="")
    async with store.read() as work:
        found = await work.mail.list_due_subscriptions(ONE, 9)
        assert {one.id for one in found} == {asked.id, by_time.id, grown.id}
        assert found[-1] == grown
        assert await work.mail.list_due_subscriptions("2026-03-01T11:00:00.000Z", 9) == []


async def test_those_that_nobody_confirmed_in_time_are_found(store: SqlStore) -> None:
    made = [
        wanted((await a_stored_story(store)).id, state)
        for state in (MailState.ASKED, MailState.SENT_OUT, MailState.CONFIRMED, MailState.DONE)
    ]
    async with store.begin() as work:
        for one in made:
            await work.mail.add_subscription(one)
        assert await work.mail.late(ONE) == []
        assert {one.id for one in await work.mail.late(TWO)} == {made[0].id, made[1].id}
