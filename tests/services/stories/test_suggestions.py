"""Contributions: what can be suggested, tidy and checked, and who is credited for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.co_written_story import CORRECTION, EVIDENCE, RESPONSE, SCENE, Built, a_built_story
from support.factories import CLOCK

from forum.errors import FormErrors
from forum.services.stories import draft_edits, suggestions
from forum.services.stories.suggestions import Credits, Offer
from forum.store import SqlStore
from forum.stories.draft import mark
from forum.web.stories.suggestion_words import thanks


@pytest.fixture
async def built(sqlite_store: SqlStore) -> Built:
    return await a_built_story(sqlite_store)


@pytest.mark.parametrize(
    ("offer", "wrong"),
    [
        (replace(RESPONSE, group=""), "group"),
        (replace(RESPONSE, group="g99"), "group"),
        (replace(RESPONSE, name="x" * 61), "name"),
        (replace(RESPONSE, words="  "), "words"),
        (replace(RESPONSE, words="x" * 201), "words"),
        (replace(RESPONSE, words="None of these."), "words"),
        (replace(RESPONSE, words="sit down and ASK"), "words"),
        (replace(RESPONSE, words="Ask [[him]]"), "words"),
        (replace(RESPONSE, place="c1"), "place"),
        (replace(RESPONSE, place="c9"), "place"),
        (replace(RESPONSE, place=""), "place"),
        (replace(SCENE, words=""), "words"),
        (replace(SCENE, words="x" * 4001), "words"),
        (replace(SCENE, title="x" * 101), "title"),
        (replace(SCENE, place="c2/w9"), "place"),
        (replace(CORRECTION, words="It is past two. A neighbour knocks."), "words"),
        (replace(CORRECTION, words=""), "words"),
        (replace(CORRECTION, place="c1.stop"), "place"),
        (replace(CORRECTION, place="may_publish"), "place"),
        (replace(CORRECTION, place="c2/w1.to"), "place"),
        (replace(CORRECTION, place="c9.text"), "place"),
        (replace(CORRECTION, place="'; DROP"), "place"),
        (replace(EVIDENCE, url="javascript:alert(1)"), "url"),
        (replace(EVIDENCE, url=""), "url"),
        (replace(EVIDENCE, title="x" * 121), "title"),
        (replace(RESPONSE, kind="vote"), "place"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(built: Built, offer: Offer, wrong: str) -> None:
    with pytest.raises(FormErrors) as refused:
        await built.suggest(offer)
    assert set(refused.value.fields) == {wrong}
    assert await built.suggestions() == []


async def test_everything_that_is_wrong_is_told_at_once(built: Built) -> None:
    with pytest.raises(FormErrors) as refused:
        await built.suggest(EVIDENCE, url="x", title="x" * 200, group="", name="x" * 99)
    assert set(refused.value.fields) == {"url", "title", "group", "name"}


async def test_words_are_kept_tidy_and_without_what_nobody_sees(built: Built) -> None:
    one = await built.suggest(RESPONSE, words=" Ask\x07 the\r\nneighbour \0 ", name=" Kim\n")
    assert (one.words, one.name) == ("Ask the neighbour", "Kim")
    assert len((await built.suggest(CORRECTION, seen="x" * 100_000)).seen) == len(mark(""))


async def credits_of(built: Built, *, waiting: bool = False) -> Credits:
    story = await built.submission()
    async with built.store.read() as work:
        return await suggestions.credits(work, story, waiting=waiting)


async def test_groups_and_names_of_what_was_taken_in_before_it_was_sent_are_credited(built: Built) -> None:
    await built.answer(await built.suggest(RESPONSE))
    await built.answer(await built.suggest(SCENE))
    await built.answer(await built.suggest(CORRECTION, name="Ana"), "declined", because="No.")
    await built.answer(await built.suggest(RESPONSE, words="Another one", group="no"))
    await built.suggest(EVIDENCE)
    assert await credits_of(built, waiting=True) == Credits()
    await draft_edits.send(built.store, CLOCK, built.key)
    both = Credits(("Nurses", "Police"), ("Kim",), others=True)
    assert await credits_of(built, waiting=True) == both
    await built.moderated("accept")
    assert await credits_of(built) == both


async def test_who_helps_with_a_new_version_is_credited_when_that_is_public(built: Built) -> None:
    await draft_edits.send(built.store, CLOCK, built.key)
    await built.moderated("accept")
    await built.answer(await built.suggest(SCENE))
    assert await credits_of(built) == Credits()
    await draft_edits.send(built.store, CLOCK, built.key)
    assert await credits_of(built) == Credits()
    assert await credits_of(built, waiting=True) == Credits(("Police",), ("Kim",))
    await built.moderated("accept version")
    await built.answer(await built.suggest(RESPONSE))
    assert await credits_of(built) == Credits(("Police",), ("Kim",))


@pytest.mark.parametrize(
    ("helped", "said"),
    [
        (Credits(), ""),
        (Credits(("Nurses",)), "with suggestions from Nurses"),
        (Credits(("Carers", "Nurses", "Police")), "with suggestions from Carers, Nurses and Police"),
        (Credits((), ("Ana", "Kim"), others=True), "with suggestions from Ana and Kim"),
        (Credits(("Nurses", "Police"), ("Kim",)), "with suggestions from Nurses and Police, and Kim"),
        (Credits(others=True), "with suggestions from somebody who prefers not to say their group"),
    ],
)
def test_credits_are_a_sentence_and_never_a_number(helped: Credits, said: str) -> None:
    assert thanks(helped) == said
