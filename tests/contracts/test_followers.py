"""Contracts of every store about those who follow something by e-mail, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.factories import new_id

from forum.errors import NotFound
from forum.ports.followers import Followed, Follower, Subject
from forum.ports.mail import MailState
from forum.store import SqlStore

NOON, ONE, TWO = (f"2026-03-01T{hour}:00:00.000Z" for hour in ("12", "13", "14"))
PROMISE, COMMISSION = Subject(Followed.PROMISE, new_id()), Subject(Followed.COMMISSION, new_id())


def wanted(subject: Subject, state: MailState = MailState.CONFIRMED, **changes: Any) -> Follower:
    made = Follower(new_id(), subject.kind, subject.id, f"{new_id()}@x.test", new_id(), state, NOON, TWO, NOON, NOON)
    return replace(made, **changes)


async def test_followers_are_found_by_what_is_due_and_an_address_follows_a_thing_once(store: SqlStore) -> None:
    told, untold, rests = wanted(PROMISE, told_until=ONE), wanted(PROMISE), wanted(PROMISE, not_before=TWO)
    asked, sent, other = wanted(PROMISE, MailState.ASKED), wanted(PROMISE, MailState.SENT_OUT), wanted(COMMISSION)
    async with store.begin() as work:
        area = work.followers
        for one in (told, untold, rests, asked, sent, other):
            assert await area.add_follower(one)
        assert not await area.add_follower(replace(untold, id=new_id(), key=new_id()))
        assert await area.add_follower(replace(untold, id=new_id(), key=new_id(), about=new_id()))
        assert await area.follower(PROMISE, told.address.upper()) == told
        assert await area.follower(COMMISSION, told.address) is None
        assert await area.follower_by_key(told.key) == told
        for gone in (new_id(), ""):
            with pytest.raises(NotFound):
                await area.follower_by_key(gone)
        assert await area.count_followers(PROMISE) == 5
        assert await area.asked_followers(NOON, 9) == [asked]
        assert await area.asked_followers("2026-03-01T11:00:00.000Z", 9) == []
        assert {PROMISE, COMMISSION} <= set(await area.subjects())
        assert await area.untold_followers(PROMISE, ONE, ONE, 9) == [untold]
        assert len(await area.untold_followers(PROMISE, TWO, TWO, 2)) == 2
        assert {one.id for one in await area.late_followers(TWO, "")} == {asked.id, sent.id}
        assert {one.id for one in await area.late_followers(ONE, NOON)} >= {untold.id, rests.id, other.id}


async def test_what_was_changed_or_erased_in_the_meantime_is_not_written_again(store: SqlStore) -> None:
    one = wanted(PROMISE, MailState.ASKED)
    async with store.begin() as work:
        area = work.followers
        await area.add_follower(one)
        confirmed = replace(one, state=MailState.CONFIRMED, tries=2)
        assert await area.save_follower(confirmed, one)
        assert not await area.save_follower(replace(one, state=MailState.SENT_OUT), one)
        assert await area.follower_by_key(one.key) == confirmed
        assert await area.erase_follower(one.id)
        assert not await area.erase_follower(one.id)
        assert not await area.save_follower(confirmed, confirmed)
        for subject in (PROMISE, COMMISSION):
            await area.add_follower(wanted(subject, address="Gus@x.test"))
        assert await area.erase_followers_at("gUS@x.test") == 2
