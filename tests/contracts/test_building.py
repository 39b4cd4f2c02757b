"""Contracts of building together on both databases: versions without their words, and two people at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from support.co_written_story import CORRECTION, EVIDENCE, RESPONSE, SCENE, a_built_story
from support.factories import CLOCK, new_id

from forum.errors import ForumError, IllegalMove, NotFound
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits, moderation
from forum.services.stories.build_link import Answer
from forum.services.stories.submissions import fingerprint
from forum.store import SqlStore
from forum.stories.draft import fields, mark, mark_of
from forum.stories.edits import AddCard, RemoveCard, SetField
from forum.stories.submission import Kept, Submission, Version, VersionKind
from forum.stories.suggestion import Suggestion


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
        assert (history[-1].kind, history[-1].by) == (VersionKind.TAKEN_IN, one.id)
        assert [await work.drafts.version(built.story, kept.number) for kept in history] == versions
        assert await work.drafts.history(new_id()) == []
        for story, number in ((built.story, 99), (built.story, 0), (new_id(), 1)):
            with pytest.raises(NotFound):
                await work.drafts.version(story, number)
    async with store.begin() as work:
        await work.drafts.put_version(Version(built.story, 99, CLOCK.now(), VersionKind.BEGUN, versions[0].draft))
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
        assert [item.url for item in await work.evidence.list_evidence(built.story)] == [EVIDENCE.url]


async def test_the_same_form_sent_twice_at_once_is_one_suggestion(store: SqlStore) -> None:
    built = await a_built_story(store)
    id_ = new_id()
    said = await settled(*(build_link.suggest(store, CLOCK, built.link, RESPONSE, id_) for _ in range(5)))
    assert all(isinstance(one, Suggestion) and one.id == id_ for one in said)
    async with store.read() as work:
        assert len(await work.drafts.suggestions(built.story)) == 1


async def test_a_link_that_two_keepers_replace_at_once_is_replaced_once(store: SqlStore) -> None:
    built = await a_built_story(store)
    keys = [new_key() for _ in range(4)]
    said = await settled(*(build_link.share(store, CLOCK, built.key, key, before=built.link) for key in keys))
    assert sum(one is None for one in said) == 1
    assert all(isinstance(one, ForumError) for one in said if one is not None)
    now = keys[said.index(None)]
    assert (await build_link.shared(store, now)).story.id == built.story
    for key in (built.link, *(key for key in keys if key != now)):
        with pytest.raises(NotFound):
            await build_link.shared(store, key)


async def test_what_is_written_for_a_story_that_goes_at_the_same_time_does_not_stay_behind(store: SqlStore) -> None:
    from forum.services.stories.withdrawal import withdraw

    built = await a_built_story(store)
    one, two = await built.suggest(SCENE), await built.suggest(EVIDENCE)
    await asyncio.gather(
        built.answer(two),
        withdraw(store, CLOCK, built.key),
        *(built.suggest(RESPONSE, words=f"Way {n}") for n in range(3)),
        build_link.answer(store, CLOCK, built.key, one.id, Answer("accepted")),
        *(built.save(AddCard(f"n{n}", text=f"Scene {n}")) for n in range(3)),
        return_exceptions=True,
    )
    async with store.read() as work:
        assert (await work.stories.get_story(built.story)).status == "withdrawn"
        assert await work.drafts.suggestions(built.story) == []
        assert await work.drafts.history(built.story) == []
        assert await work.evidence.list_evidence(built.story) == []
        with pytest.raises(NotFound):
            await work.drafts.get_draft(built.story)


async def test_a_version_that_is_sent_while_the_one_before_is_accepted_takes_nothing_away(store: SqlStore) -> None:
    built = await a_built_story(store)

    async def moderated(action: str) -> Submission:
        async with store.read() as work:
            story = await work.stories.get_story(built.story)
        return await moderation.moderate(
            store, CLOCK, story.id, action, because="", expected_status=story.status, read=fingerprint(story)
        )

    async def says(text: str) -> None:
        before = (await built.draft()).cards[0].text
        await built.save(SetField("c1.text", (mark(before),), text))

    async def wrote(text: str) -> None:
        await draft_edits.save(store, CLOCK, built.key, [AddCard(f"x{text}", text=text)], f"device {text}")

    await draft_edits.send(store, CLOCK, built.key)
    await moderated("accept")
    for turn in range(8):
        await says(f"First text {turn}.")
        await draft_edits.send(store, CLOCK, built.key)
        await says(f"Second text {turn}.")
        said = await asyncio.gather(
            *(moderated("accept version"), draft_edits.send(store, CLOCK, built.key)),
            return_exceptions=True,
        )
        assert all(isinstance(one, (Submission, IllegalMove)) for one in said)
        async with store.read() as work:
            story = await work.stories.get_story(built.story)
        assert f"Second text {turn}." in story.revision
        assert (f"First text {turn}." in story.twee) == isinstance(said[0], Submission)
        await asyncio.gather(moderated("accept version"), *(wrote(f"{turn}{n}") for n in range(2)))
        async with store.read() as work:
            kept = await work.drafts.versions(built.story)
        assert any(
            one.kind == VersionKind.PUBLISHED and one.draft.cards[0].text == f"Second text {turn}." for one in kept
        )
        assert all(any(one.draft.card(f"x{turn}{n}") for one in kept) for n in range(2))
        for n in range(2):
            card = (await built.draft()).card(f"x{turn}{n}")
            assert card is not None
            await built.save(RemoveCard(card.id, mark_of(card)))


async def test_whoever_sends_and_whoever_answers_suggestions_do_not_wait_for_each_other(store: SqlStore) -> None:
    built = await a_built_story(store)
    for turn in range(8):
        one = await built.suggest(SCENE, title=f"The crew {turn}")
        said = await asyncio.gather(
            *(draft_edits.send(store, CLOCK, built.key), built.answer(one), draft_edits.send(store, CLOCK, built.key)),
            return_exceptions=True,
        )
        assert [type(answer).__name__ for answer in said] == ["Submission", "Suggestion", "Submission"]
