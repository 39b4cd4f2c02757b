"""Answers to whether a promise was noticed: by private links, counted once, and told in the record without anybody."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from support.factories import SetClock, new_id
from support.recorded_day import Day, a_day
from support.voted_session import COMMISSIONER

from forum.errors import IllegalMove, NotFound
from forum.ports import Store
from forum.services import commitments, decisions, noticed
from forum.services.commitments import UpdateForm
from forum.services.decision_form import Promise
from forum.services.keys import digest, new_key
from forum.services.noticed import link_of_follower, link_of_storyteller
from forum.services.stories import private_links
from forum.store import SqlStore, tables
from forum.voting.noticed import Noticed

SECRET = b"the secret of this server's links"


async def said(store: Store, clock: SetClock, day: Day, state: str, because: str = "") -> str:
    """Says what became of the day's promise; returns the id of the update."""
    clock.move(minutes=1)
    async with store.read() as work:
        after = (await work.decisions.get_commitment(day.commitment)).updates[-1].id
    form = UpdateForm(after=after, state=state, said="It stands so.", because=because)
    return (await commitments.update(store, clock, COMMISSIONER, day.commitment, form)).id


async def entries(store: Store) -> list[dict[str, object]]:
    async with store.read() as work:
        bodies = [json.loads(one.body) for one in await work.record.entries()]
    return [one for one in bodies if one["type"] == "commitment noticed"]


async def answers(store: Store, clock: SetClock, day: Day, asking: str, *said: Noticed) -> None:
    """Gives these answers, each by a follower's link of its own."""
    for one in said:
        await noticed.answer(store, clock, SECRET, day.commitment, link_of_follower(SECRET, asking), one)


async def test_each_link_answers_once_and_what_is_kept_leads_to_nobody(store: SqlStore) -> None:
    day, clock = await a_day(store), SetClock()
    clock.at = SetClock("2026-12-24T10:00:00.000Z").at
    asking, private = await said(store, clock, day, "done"), new_key()
    mine, theirs = link_of_follower(SECRET, asking), link_of_storyteller(SECRET, asking, private)
    assert mine != link_of_follower(SECRET, asking)
    assert theirs == link_of_storyteller(SECRET, asking, private) != link_of_storyteller(SECRET, asking, new_key())
    for key in (mine, theirs):
        await noticed.answer(store, clock, SECRET, day.commitment, key, Noticed.NO)
        await noticed.answer(store, clock, SECRET, day.commitment, key, Noticed.YES)
    async with store.read() as work:
        asked = await noticed.asked_by(work, clock, SECRET, day.commitment, theirs)
        assert (asked.who, asked.open, asked.said) == ("storytellers", True, "yes")
        for wrong in (new_key(), "", mine[:-1] + ("A" if mine[-1] != "A" else "B"), link_of_follower(b"other", asking)):
            with pytest.raises(NotFound):
                await noticed.asked_by(work, clock, SECRET, day.commitment, wrong)
        with pytest.raises(NotFound):
            await noticed.asked_by(work, clock, SECRET, new_id(), mine)
        assert await work.noticed.count_noticed(asking) == {"followers": {"yes": 1}, "storytellers": {"yes": 1}}
    # The keys are kept as digests alone, in a table that refers to nothing and has neither a time nor an order.
    table = tables.noticed_answer
    assert {column.name for column in table.columns} == {"key", "commitment", "asking", "who", "said"}
    assert not table.foreign_keys
    async with store.writer.connect() as connection:
        kept = (await connection.execute(sa.select(table))).mappings().all()
    assert {row["key"] for row in kept} == {digest(mine), digest(theirs)}
    assert not re.search("|".join(map(re.escape, (mine, theirs, private, digest(private)))), str(kept))


async def test_nothing_is_given_before_the_asking_has_ended_and_then_once(sqlite_store: SqlStore) -> None:
    store, clock = sqlite_store, SetClock("2026-12-24T10:00:00.000Z")
    day = await a_day(store)
    asking = await said(store, clock, day, "done")
    await answers(store, clock, day, asking, *[Noticed.YES] * 6, *[Noticed.NO] * 5)
    looks = []
    for extra in ((), (Noticed.NO,), (Noticed.PARTLY,)):  # two looks a day apart, and one answer between them
        await answers(store, clock, day, asking, *extra)
        await noticed.count_ended(store, clock)
        looks.append(await entries(store))
        clock.move(days=1)
    assert looks == [[], [], []]
    clock.move(days=28)
    late = link_of_follower(SECRET, asking)
    with pytest.raises(IllegalMove, match="over"):
        await noticed.answer(store, clock, SECRET, day.commitment, late, Noticed.YES)
    for _ in range(2):
        await noticed.count_ended(store, clock)
    [entry] = await entries(store)
    assert entry["update"] == asking
    assert entry["answers"] == [{"who": "followers", "n": 15, "yes": 5, "partly": None, "no": 5}]
    async with store.read() as work:
        assert await work.noticed.askings() == []

    # A change of the state ends an asking too, and few answers are told by no entry.
    again = await said(store, clock, day, "partly", because="One has left.")
    await answers(store, clock, day, again, *[Noticed.NO] * 4)
    await said(store, clock, day, "done")
    await noticed.count_ended(store, clock)
    assert len(await entries(store)) == 1
    async with store.read() as work:
        assert await work.noticed.askings() == []


async def test_who_replaces_a_private_link_answers_once_all_the_same(store: SqlStore) -> None:
    day, clock = await a_day(store), SetClock("2026-12-24T10:00:00.000Z")
    promise = Promise("Trust", "A second nurse", "2027-05-01", day.story)
    made = (await decisions.commit(store, clock, COMMISSIONER, day.decision, promise)).commitments[-1].id
    told = UpdateForm(state="done", said="She is there.")
    asking = (await commitments.update(store, clock, COMMISSIONER, made, told)).id
    old, new, other = (new_key() for _ in range(3))
    async with store.begin() as work:
        story = await work.stories.get_story(day.story)
        await work.stories.relink(story.link, digest(old))
    before, after = (link_of_storyteller(SECRET, asking, key) for key in (old, new))
    for link in (before, link_of_storyteller(SECRET, asking, other), link_of_follower(SECRET, asking)):
        await noticed.answer(store, clock, SECRET, made, link, Noticed.NO)
    await private_links.replace_link(store, clock, old, new, SECRET)
    with pytest.raises(NotFound, match="was ended"):
        await noticed.answer(store, clock, SECRET, made, before, Noticed.NO)
    async with store.read() as work:
        assert await work.noticed.count_noticed(asking) == {"followers": {"no": 1}, "storytellers": {"no": 1}}
    await noticed.answer(store, clock, SECRET, made, after, Noticed.YES)
    async with store.read() as work:
        counted = await work.noticed.count_noticed(asking)
    assert counted == {"followers": {"no": 1}, "storytellers": {"no": 1, "yes": 1}}
