"""Contracts of every store about evidence, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.factories import a_stored_story, new_id

from forum.errors import IllegalMove, NotFound
from forum.store import SqlStore
from forum.stories.moderation import Evidence

NOON = "2026-03-01T12:00:00.000Z"


async def test_files_and_links_are_kept_in_their_order(store: SqlStore) -> None:
    story, other = (await a_stored_story(store)).id, (await a_stored_story(store)).id
    link = Evidence(new_id(), story, "link", "A page", "https://example.org/a?b=c", added_at=NOON)
    picture = Evidence(new_id(), story, "image/png", "A picture \0", size=3, added_at=NOON)
    async with store.begin() as work:
        await work.evidence.add_evidence(link)
        await work.evidence.add_evidence(picture, b"\0\xff\x80")
    kept = replace(picture, title="A picture \N{REPLACEMENT CHARACTER}")
    async with store.read() as work:
        assert await work.evidence.list_evidence(story) == [link, kept]
        assert await work.evidence.list_evidence(other) == []
        assert await work.evidence.get_evidence(picture.id) == kept
        assert await work.evidence.content(picture.id) == b"\0\xff\x80"
        for nothing in (link.id, new_id()):
            with pytest.raises(NotFound):
                await work.evidence.content(nothing)
        with pytest.raises(NotFound):
            await work.evidence.get_evidence(new_id())


async def test_of_two_moderators_one_is_told_and_what_is_declined_is_gone(store: SqlStore) -> None:
    story = (await a_stored_story(store)).id
    item = Evidence(new_id(), story, "application/pdf", "A letter", "https://x.example", size=4)
    async with store.begin() as work:
        await work.evidence.add_evidence(item, b"%PDF")
        assert await work.evidence.waiting() == {story: 1}
        shown = replace(item, shown_at=NOON)
        await work.evidence.save_evidence(shown, item)
        assert await work.evidence.waiting() == {}
        assert await work.evidence.content(item.id) == b"%PDF"
        declined = replace(item, declined_at=NOON, because="Names somebody.")
        with pytest.raises(IllegalMove):
            await work.evidence.save_evidence(declined, item)
        with pytest.raises(NotFound):
            await work.evidence.save_evidence(replace(declined, id=new_id()), item)
        await work.evidence.save_evidence(declined, shown)
        assert await work.evidence.list_evidence(story) == [replace(declined, url="")]
        assert await work.evidence.waiting() == {}
        with pytest.raises(NotFound):
            await work.evidence.content(item.id)


async def test_what_is_removed_or_forgotten_is_gone_with_its_content(store: SqlStore) -> None:
    story, other = (await a_stored_story(store)).id, (await a_stored_story(store)).id
    items = [Evidence(new_id(), of, "image/png", "P", size=1) for of in (story, story, other)]
    async with store.begin() as work:
        for item in items:
            await work.evidence.add_evidence(item, b"p")
        assert [*(await work.evidence.waiting()).items()] == [(story, 2), (other, 1)]
        await work.evidence.remove_evidence(items[0].id)
        await work.evidence.remove_evidence(new_id())
        assert await work.evidence.list_evidence(story) == [items[1]]
        await work.evidence.erase_story(story)
        assert await work.evidence.list_evidence(story) == []
        for gone in items[:2]:
            with pytest.raises(NotFound):
                await work.evidence.content(gone.id)
        assert await work.evidence.content(items[2].id) == b"p"
