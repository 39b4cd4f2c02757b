from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.factories import CLOCK, a_commission

from forum.errors import StartupProblem
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.merkle_tree import leaf_hash
from forum.services import demonstration
from forum.store import SqlStore
from forum.stories import scenario_twee
from forum.voting.commission import POWERS, STAGES


async def test_it_loads_a_commission_and_every_story(store: SqlStore) -> None:
    assert await demonstration.load(store, CLOCK)
    async with store.read() as work:
        [commission] = await work.commissions.list_commissions()
        stories = await work.stories.list_stories(commission.id, "accepted")
        entries = await work.record.entries()
        disclosures = {d.digest: d.encoded for d in await work.record.disclosures()}
    assert commission.demonstration
    assert commission.title == "Urgent mental-health care, three boroughs"
    assert (commission.stage in STAGES, commission.power.level in POWERS, commission.threshold) == (True, True, 5)
    assert any(line.contact == "116 123" for line in commission.support)
    files = sorted(demonstration.STORIES.glob("*.twee"))
    assert len(files) >= 6
    assert [story.twee for story in stories] == [file.read_text() for file in files]
    assert [scenario_twee.parse(story.twee).title for story in stories] == [story.title for story in stories]

    for story, entry in zip(stories, entries, strict=True):
        assert entry.leaf_hash == leaf_hash(entry.body)
        body = json.loads(entry.body)
        assert story.told_by is not None
        assert (body["type"], body["scenario"], body["demonstration"]) == ("scenario published", story.id, True)
        told = commission.group_label(story.told_by)
        for field, words in (("title", story.title), ("text", story.twee), ("told_by", told)):
            encoded = disclosures[body[field]["sd"]]
            assert encoded is not None
            assert open_disclosure(encoded)[1:] == (field, words)


async def test_it_loads_once(sqlite_store: SqlStore) -> None:
    assert await demonstration.load(sqlite_store, CLOCK)
    assert not await demonstration.load(sqlite_store, CLOCK)
    async with sqlite_store.read() as work:
        assert len(await work.commissions.list_commissions()) == 1


async def test_a_bad_story_loads_nothing(sqlite_store: SqlStore, tmp_path: Path) -> None:
    good = next(demonstration.STORIES.glob("*.twee"))
    (tmp_path / "a.twee").write_bytes(good.read_bytes())
    (tmp_path / "b.twee").write_text(":: Start\n[[Nowhere->no such scene]]\n")
    with pytest.raises(StartupProblem, match=r"b\.twee:\d+: .*--no-demo"):
        await demonstration.load(sqlite_store, CLOCK, tmp_path)
    async with sqlite_store.read() as work:
        assert await work.commissions.list_commissions() == []
        assert await work.record.size() == 0


async def test_no_stories(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(StartupProblem, match="--no-demo"):
        await demonstration.load(sqlite_store, CLOCK, tmp_path)


async def test_a_rehearsal_is_lent_two_stories_once_to_play_and_not_for_the_library(store: SqlStore) -> None:
    rehearsed, real = a_commission(rehearsal=True), a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(rehearsed)
        await work.commissions.add_commission(real)
    lent = await demonstration.lend(store, CLOCK, rehearsed)
    assert [story.title for story in lent] == [story.title for story in demonstration.lent()]
    assert [(s.may_perform, s.may_publish, s.published_at) for s in lent] == [(True, False, "")] * 2
    assert [s.id for s in await demonstration.lend(store, CLOCK, rehearsed)] == [s.id for s in lent]
    assert await demonstration.lend(store, CLOCK, real) == []
    async with store.read() as work:
        assert [s.id for s in await work.stories.list_stories(rehearsed.id)] == [s.id for s in lent]
        assert not await work.stories.list_stories(real.id)
        assert not await work.record.size()
