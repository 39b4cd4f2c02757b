"""Contracts of every store about drafts, versions and suggestions; of two editors' words none is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.factories import SetClock, a_commission, a_stored_story, new_id

from forum.errors import BadInput, IllegalMove, NotFound
from forum.services.keys import digest, new_key
from forum.services.stories import draft_edits, draft_versions
from forum.store import SqlStore
from forum.stories.draft import Card, Draft, Way, fields, mark, mark_of, read
from forum.stories.edits import AddCard, Edit, RemoveCard, SetField
from forum.stories.submission import StoryStatus, Submission, Version, VersionKind
from forum.stories.suggestion import SUGGESTIONS, Suggestion, SuggestionOutcome
from forum.voting.commission import Commission

EARLY, LATE = "2026-03-01T08:00:00.000Z", "2026-03-01T20:00:00.000Z"
DRAFT = Draft(title="Night \u00e9", cards=(Card("a", "One", "First.", ways=(Way("w", "On", "b"),)), Card("b")))


async def a_story(store: SqlStore) -> Submission:
    return await a_stored_story(store, "", StoryStatus.WRITING, digest(new_key()))


async def a_stored_commission(store: SqlStore) -> Commission:
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    return commission


def a_suggestion(story: Submission, **changes: Any) -> Suggestion:
    return replace(Suggestion(new_id(), story.id, SUGGESTIONS[0], "More.", EARLY, "a", group="g1", by="me"), **changes)


async def test_a_story_has_one_draft_which_is_read_back_as_it_was_written(store: SqlStore) -> None:
    story = await a_story(store)
    async with store.begin() as work:
        assert await work.drafts.open_draft(story.id, DRAFT, EARLY)
        assert not await work.drafts.open_draft(story.id, Draft(), EARLY)
        assert await work.drafts.get_draft(story.id, lock=True) == DRAFT
        await work.drafts.save_draft(story.id, replace(DRAFT, title="Day"), LATE)
    async with store.read() as work:
        assert (await work.drafts.get_draft(story.id)).title == "Day"
        with pytest.raises(NotFound):
            await work.drafts.get_draft(new_id())
    with pytest.raises(NotFound):
        async with store.begin() as work:
            await work.drafts.save_draft(new_id(), DRAFT, LATE)


async def test_a_draft_takes_no_part_in_two_units_of_work_at_once(store: SqlStore) -> None:
    commission = await a_stored_commission(store)
    key = new_key()
    clock = SetClock()
    await draft_edits.begin(store, clock, commission.id, key, [AddCard("a")])
    await asyncio.gather(
        *(draft_edits.save(store, clock, key, [AddCard(f"c{n}", text=f"Words {n}")], f"d{n}") for n in range(8))
    )
    draft = await draft_edits.opened(store, clock, key)
    assert {card.text for card in draft.cards} == {"", *(f"Words {n}" for n in range(8))}


async def test_versions_are_listed_in_order_and_the_last_can_be_replaced(store: SqlStore) -> None:
    story = await a_story(store)
    one = Version(story.id, 1, EARLY, VersionKind.BEGUN, Draft())
    two = Version(story.id, 2, EARLY, VersionKind.WRITTEN, DRAFT, "me")
    async with store.begin() as work:
        assert await work.drafts.last_version(story.id) is None
        await work.drafts.put_version(one)
        await work.drafts.put_version(two)
        await work.drafts.put_version(replace(two, draft=replace(DRAFT, title="Day")))
        assert await work.drafts.last_version(story.id) == replace(two, draft=replace(DRAFT, title="Day"))
        assert [version.number for version in await work.drafts.versions(story.id)] == [1, 2]
        assert await work.drafts.versions(new_id()) == []


async def test_a_build_link_leads_to_its_story_until_it_is_switched_off(store: SqlStore) -> None:
    story = await a_story(store)
    async with store.begin() as work:
        await work.drafts.open_draft(story.id, DRAFT, EARLY)
        assert await work.drafts.build_key(story.id) == ""
        await work.drafts.share(story.id, "key")
        assert await work.drafts.build_key(story.id) == "key"
        assert await work.drafts.by_build_key("key") == story.id
        await work.drafts.share(story.id, "")
    async with store.read() as work:
        for key in ("key", ""):
            with pytest.raises(NotFound):
                await work.drafts.by_build_key(key)


async def test_a_suggestion_is_kept_once_and_answered_once(store: SqlStore) -> None:
    story = await a_story(store)
    one, two = a_suggestion(story), a_suggestion(story, group=None, name="Kim")
    async with store.begin() as work:
        assert await work.drafts.suggest(one)
        assert not await work.drafts.suggest(replace(one, words="Other"))
        assert await work.drafts.suggest(two)
        assert await work.drafts.suggestions(story.id) == [one, two]
        assert await work.drafts.suggestion(two.id) == two
        answered = replace(one, outcome=SuggestionOutcome.DECLINED, because="No.", answered_at=LATE)
        await work.drafts.answer(answered)
        assert await work.drafts.suggestion(one.id) == answered
    with pytest.raises(IllegalMove):
        async with store.begin() as work:
            await work.drafts.answer(replace(one, outcome=SuggestionOutcome.TAKEN))
    with pytest.raises(NotFound):
        async with store.read() as work:
            await work.drafts.suggestion(new_id())


async def test_forgetting_a_story_takes_its_draft_versions_and_suggestions(store: SqlStore) -> None:
    story, other = await a_story(store), await a_story(store)
    async with store.begin() as work:
        for one in (story, other):
            await work.drafts.open_draft(one.id, DRAFT, EARLY)
            await work.drafts.put_version(Version(one.id, 1, EARLY, VersionKind.BEGUN, DRAFT))
            await work.drafts.suggest(a_suggestion(one))
        await work.drafts.erase_story(story.id)
        assert await work.drafts.versions(story.id) == []
        assert await work.drafts.suggestions(story.id) == []
        with pytest.raises(NotFound):
            await work.drafts.get_draft(story.id)
        assert len(await work.drafts.suggestions(other.id)) == 1


async def test_two_stories_cannot_have_one_private_link(store: SqlStore) -> None:
    story = await a_story(store)
    async with store.begin() as work:
        assert not await work.stories.add_story(replace(story, id=new_id()))
        assert await work.stories.add_story(replace(story, id=new_id(), link=""))
        assert await work.stories.add_story(replace(story, id=new_id(), link=""))


async def test_new_versions_of_public_stories_are_found(store: SqlStore) -> None:
    story = await a_story(store)
    public = replace(story, status=StoryStatus.ACCEPTED, twee=":: Start", may_publish=True)
    async with store.begin() as work:
        await work.stories.allow(replace(story, may_publish=True))
        await work.stories.save_story(public, StoryStatus.WRITING)
        assert await work.stories.revised() == []
        await work.stories.save_story(replace(public, revision=":: Start again", revised_at=LATE), "accepted")
        assert [one.id for one in await work.stories.revised()] == [story.id]
        await work.stories.save_story(
            replace(public, revision=":: Start again", status=StoryStatus.RETURNED), "accepted"
        )
        assert await work.stories.revised() == []


async def test_a_form_sent_twice_at_once_begins_one_story(store: SqlStore) -> None:
    commission = await a_stored_commission(store)
    key = new_key()
    edits = [AddCard("a", text="It was dark.")]
    saved = await asyncio.gather(*(draft_edits.begin(store, SetClock(), commission.id, key, edits) for _ in range(6)))
    assert len({one.story.id for one in saved}) == 1
    async with store.read() as work:
        assert len(await work.stories.list_stories(commission.id)) == 1
    with pytest.raises(BadInput):
        await draft_edits.begin(store, SetClock(), commission.id, "not a key", edits)
    with pytest.raises(NotFound):
        await draft_edits.begin(store, SetClock(), new_id(), new_key(), edits)


PATHS = ("title", "a.text", "b.text", "c.text", "a.name")
EDITORS = ("anna", "ben")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.sampled_from(EDITORS)),
        st.tuples(st.just("write"), st.sampled_from(EDITORS), st.sampled_from(PATHS)),
        st.tuples(st.just("resend"), st.sampled_from(EDITORS)),
        st.tuples(st.just("add"), st.sampled_from(EDITORS), st.sampled_from("abc")),
        st.tuples(st.just("remove"), st.sampled_from(EDITORS), st.sampled_from("abc")),
        st.tuples(st.just("bring back"), st.sampled_from(EDITORS), st.integers(1, 6)),
        st.tuples(st.just("wait"), st.integers(1, 15)),
    ),
    min_size=2,
    max_size=14,
)


class Pair:
    """Two people who write at one story from two browsers, each seeing what they saw when they last looked."""

    def __init__(self, store: SqlStore, key: str) -> None:
        self.store, self.key, self.clock = store, key, SetClock()
        self.seen: dict[str, Draft] = {}
        self.ever: dict[str, set[str]] = {name: set() for name in EDITORS}  # all that each has had before their eyes
        self.last: dict[str, list[Edit]] = {name: [] for name in EDITORS}
        self.accepted: list[tuple[str, str]] = []  # who wrote it, and the text
        self.own_doing: set[str] = set()  # texts that their own writer has written over or taken away
        self.words = 0

    def look(self, name: str, draft: Draft) -> None:
        self.seen[name] = draft
        self.ever[name] |= {text for _, text in fields(draft)}

    async def make(self, name: str, edit: Edit) -> None:
        before = await draft_edits.opened(self.store, self.clock, self.key)
        self.last[name] = [edit]
        saved = await draft_edits.save(self.store, self.clock, self.key, [edit], name)
        there, now = {text for _, text in fields(before)}, {text for _, text in fields(saved.draft)}
        gone = there - now
        # Only what its remover has had before their eyes can have gone; that may be long ago, where an edit is sent
        # again after somebody has brought back the very text that it was made on.
        assert gone <= self.ever[name]
        self.own_doing |= {text for who, text in self.accepted if who == name and text in gone}
        for clash in saved.clashes:
            assert clash.theirs is None or clash.theirs in now
        if isinstance(edit, SetField) and edit.text in now and edit.text not in there:
            self.accepted.append((name, edit.text))
        if not saved.clashes:
            self.look(name, saved.draft)

    async def step(self, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        if kind == "wait":
            self.clock.move(minutes=rest[0])
            return
        name = rest[0]
        seen = self.seen[name]
        if kind == "look":
            self.look(name, await draft_edits.opened(self.store, self.clock, self.key))
        elif kind == "resend" and self.last[name]:
            await self.make(name, self.last[name][0])
        elif kind == "write":
            self.words += 1
            saw = read(seen, rest[1]) or ""
            await self.make(name, SetField(rest[1], (mark(saw),), f"{name} wrote sentence number {self.words} here."))
        elif kind == "add":
            await self.make(name, AddCard(rest[1]))
        elif kind == "remove" and (card := seen.card(rest[1])):
            await self.make(name, RemoveCard(rest[1], mark_of(card)))
        elif kind == "bring back":
            with suppress(NotFound):
                after = await draft_edits.bring_back(self.store, self.clock, self.key, rest[1], name)
                # Going back takes away what they saw then: that may be thinned out with its version.
                self.own_doing |= {text for _, text in fields(seen)} - {text for _, text in fields(after)}
                self.look(name, after)


@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_two_editors_lose_no_accepted_text(store: SqlStore, steps: list[tuple[Any, ...]]) -> None:
    numbers = await written_by_two(store, steps)
    assert numbers == list(range(1, len(numbers) + 1))


@given(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nor_do_they_where_versions_are_thinned_after_every_save(
    sqlite_store: SqlStore, steps: list[tuple[Any, ...]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draft_versions, "FEW", 0)
        patch.setattr(draft_versions, "EACH", 1)
        await written_by_two(sqlite_store, steps)


async def written_by_two(store: SqlStore, steps: list[tuple[Any, ...]]) -> list[int]:
    """Takes these steps as two editors; checks that what one wrote is still there, unless they took it away themselves.
    Returns the numbers of the versions that are kept."""
    commission = await a_stored_commission(store)
    pair = Pair(store, new_key())
    cards = [AddCard("a", text="It was dark."), AddCard("b", text="The phone rang.")]
    begun = await draft_edits.begin(store, pair.clock, commission.id, pair.key, cards)
    for name in EDITORS:
        pair.look(name, begun.draft)
    for step in steps:
        await pair.step(step)
    async with store.read() as work:
        every = await work.drafts.versions(begun.story.id)
        now = await work.drafts.get_draft(begun.story.id)
    kept = {text for draft in (now, *(version.draft for version in every)) for _, text in fields(draft)}
    lost = {text for _, text in pair.accepted} - kept
    assert lost <= pair.own_doing
    return [version.number for version in every]
