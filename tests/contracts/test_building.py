"""What building together keeps to on both databases: versions without their words, and two people at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from building import CORRECTION, EVIDENCE, RESPONSE, SCENE, a_built_story
from making import CLOCK, new_id

from forum import building
from forum.building import Answer
from forum.draft import fields
from forum.edits import AddCard
from forum.errors import ForumError, IllegalMove, NotFound
from forum.ports import BEGUN, TAKEN_IN, Kept, Suggestion, Version
from forum.store import SqlStore
from forum.submissions import new_key


async def settled(*each: Awaitable[Suggestion | None]) -> list[Suggestion | BaseException | None]:
    return await asyncio.gather(*each, return_exceptions=True)


async def test_versions_are_listed_without_words_and_read_one_by_one(store: SqlStore) -> None:
    built = await a_built_story(store)
    one = await built.suggest()
    await built.answer(one)
    async with store.read() as work:
        history = await work.drafts.history(built.story)
        versions = await work.drafts.versions(built.story)
        assert history == [Kept(v.number, v.at, v.kind, v.by) for v in versions]
        assert (history[-1].kind, history[-1].by) == (TAKEN_IN, one.id)
        assert [await work.drafts.version(built.story, kept.number) for kept in history] == versions
        assert await work.drafts.history(new_id()) == []
        for story, number in ((built.story, 99), (built.story, 0), (new_id(), 1)):
            with pytest.raises(NotFound):
                await work.drafts.version(story, number)
    async with store.begin() as work:
        await work.drafts.put_version(Version(built.story, 99, CLOCK.now(), BEGUN, versions[0].draft))
        assert [kept.number for kept in await work.drafts.history(built.story)][-1] == 99


async def test_of_keepers_who_answer_at_once_one_is_heard_and_the_others_are_told(store: SqlStore) -> None:
    built = await a_built_story(store)
    one = await built.suggest(RESPONSE)
    said = await settled(
        *(built.answer(one) for _ in range(3)), *(built.answer(one, "declined", because="No.") for _ in range(3))
    )
    heard = [answer for answer in said if isinstance(answer, Suggestion)]
    assert len(heard) == 1
    assert all(isinstance(answer, IllegalMove) for answer in said if not isinstance(answer, Suggestion))
    async with store.read() as work:
        (kept,) = await work.drafts.suggestions(built.story)
    assert kept == heard[0]
    there = [text for _, text in fields(await built.draft()) if text == RESPONSE.words]
    assert len(there) == (1 if kept.outcome == "accepted" else 0)


async def test_two_suggestions_taken_in_at_once_are_both_in_the_story(store: SqlStore) -> None:
    built = await a_built_story(store)
    offers = (RESPONSE, SCENE, CORRECTION, EVIDENCE)
    made = [await built.suggest(offer) for offer in offers]
    await asyncio.gather(*(built.answer(one) for one in made))
    now = {text for _, text in fields(await built.draft())}
    assert {offer.words for offer in offers if offer.words} <= now
    async with store.read() as work:
        assert [item.url for item in await work.evidence.of(built.story)] == [EVIDENCE.url]


async def test_the_same_form_sent_twice_at_once_is_one_suggestion(store: SqlStore) -> None:
    built = await a_built_story(store)
    id_ = new_id()
    said = await settled(*(building.suggest(store, CLOCK, built.link, RESPONSE, id_) for _ in range(5)))
    assert all(isinstance(one, Suggestion) and one.id == id_ for one in said)
    async with store.read() as work:
        assert len(await work.drafts.suggestions(built.story)) == 1


async def test_a_link_that_two_keepers_replace_at_once_is_replaced_once(store: SqlStore) -> None:
    built = await a_built_story(store)
    keys = [new_key() for _ in range(4)]
    said = await settled(*(building.share(store, CLOCK, built.key, key, before=built.link) for key in keys))
    assert sum(one is None for one in said) == 1
    assert all(isinstance(one, ForumError) for one in said if one is not None)
    now = keys[said.index(None)]
    assert (await building.shared(store, now)).story.id == built.story
    for key in (built.link, *(key for key in keys if key != now)):
        with pytest.raises(NotFound):
            await building.shared(store, key)


async def test_what_is_written_for_a_story_that_goes_at_the_same_time_does_not_stay_behind(store: SqlStore) -> None:
    from forum.withdrawal import withdraw

    built = await a_built_story(store)
    one, two = await built.suggest(SCENE), await built.suggest(EVIDENCE)
    await asyncio.gather(
        built.answer(two),
        withdraw(store, CLOCK, built.key),
        *(built.suggest(RESPONSE, words=f"Way {n}") for n in range(3)),
        building.answer(store, CLOCK, built.key, one.id, Answer("accepted")),
        *(built.save(AddCard(f"n{n}", text=f"Scene {n}")) for n in range(3)),
        return_exceptions=True,
    )
    async with store.read() as work:
        assert (await work.stories.get(built.story)).status == "withdrawn"
        assert await work.drafts.suggestions(built.story) == []
        assert await work.drafts.history(built.story) == []
        assert await work.evidence.of(built.story) == []
        with pytest.raises(NotFound):
            await work.drafts.get(built.story)
