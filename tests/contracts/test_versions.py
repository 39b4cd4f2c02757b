"""Versions are kept as differences to one another, and read exactly as a plain list of whole ones would give them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories.test_draft_delta import DRAFTS
from support.factories import SetClock, a_commission, a_stored_story

from forum.errors import NotFound
from forum.ports import Work
from forum.services.keys import digest, new_key
from forum.services.stories import draft_edits, draft_versions, withdrawal
from forum.store import SqlStore
from forum.store import drafts as sql
from forum.store.tables import version as table
from forum.stories.draft import Card, Draft, mark, read
from forum.stories.draft_delta import written
from forum.stories.edits import AddCard, SetField
from forum.stories.submission import Kept, StoryStatus, Version, VersionKind

KINDS = st.sampled_from(
    [
        VersionKind.WRITTEN,
        VersionKind.WRITTEN,
        VersionKind.WRITTEN,
        VersionKind.BROUGHT_BACK,
        VersionKind.SENT,
        VersionKind.PUBLISHED,
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), DRAFTS, KINDS, st.sampled_from(["", "anna", "ben"]), st.integers(0, 4000)),
        st.tuples(st.just("keep"), DRAFTS, st.just(VersionKind.SENT), st.just(""), st.integers(600, 900)),
        st.tuples(st.just("write"), st.text("ab ", max_size=3), st.sampled_from(["anna", "ben"]), st.integers(0, 90)),
        st.tuples(st.just("drop"), st.sets(st.integers(1, 12), max_size=4)),
        st.tuples(st.just("put"), st.integers(1, 12), DRAFTS),
    ),
    min_size=6,
    max_size=25,
)


@dataclass
class PlainDrafts:
    """The part of ports.Drafts that keeps versions, as a list of whole ones."""

    kept: dict[int, Version] = field(default_factory=dict)

    async def last_version(self, _: str) -> Version | None:
        return self.kept[max(self.kept)] if self.kept else None

    async def put_version(self, version: Version) -> None:
        self.kept[version.number] = version

    async def history(self, _: str) -> list[Kept]:
        return [Kept(number, one.at, one.kind, one.by) for number, one in sorted(self.kept.items())]

    async def sizes(self, _: str) -> dict[int, int]:
        return dict.fromkeys(self.kept, 1)

    async def drop_versions(self, _: str, numbers: Collection[int]) -> None:
        self.kept = {number: one for number, one in self.kept.items() if number not in numbers}


@dataclass
class PlainWork:
    """A unit of work on them."""

    drafts: PlainDrafts = field(default_factory=PlainDrafts)


async def a_story(store: SqlStore) -> str:
    return (await a_stored_story(store, "", StoryStatus.WRITING, digest(new_key()))).id


@contextmanager
def few() -> Iterator[None]:
    """Versions are thinned after every second, and a whole one comes after three differences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draft_versions, "FEW", 3)
        patch.setattr(draft_versions, "EACH", 2)
        patch.setattr(sql, "MOST_STEPS", 3)
        yield


@given(steps=STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_kept_thinned_and_forgotten_reads_as_a_plain_list(
    store: SqlStore, steps: list[tuple[Any, ...]]
) -> None:
    story, clock, plain = await a_story(store), SetClock(), PlainWork()
    with few():
        async with store.begin() as work:
            for step in steps:
                await take(work, story, clock, step)
                await take(cast("Work", plain), story, clock, step, again=True)
                expected = [one for _, one in sorted(plain.drafts.kept.items())]
                assert await work.drafts.versions(story) == expected
                assert await work.drafts.last_version(story) == (expected[-1] if expected else None)
                assert await work.drafts.history(story) == await plain.drafts.history(story)
                for one in expected:
                    assert await work.drafts.version(story, one.number) == one
                assert await longest(work, story) <= 4


async def take(work: Work, story: str, clock: SetClock, step: tuple[Any, ...], *, again: bool = False) -> None:
    """Takes a step; `again`: the clock has gone on already."""
    kind, *rest = step
    if kind in {"keep", "write"} and not again:
        clock.move(seconds=rest[-1])
    if kind == "keep":
        await draft_versions.keep(work, story, rest[0], clock.now(), rest[1], rest[2])
    elif kind == "write":
        last = await work.drafts.last_version(story)
        draft = last.draft if last else Draft()
        after = replace(draft, title=draft.title[: -len(rest[0]) or None] + rest[0])
        await draft_versions.keep(work, story, after, clock.now(), VersionKind.WRITTEN, rest[1])
    elif kind == "drop":
        await work.drafts.drop_versions(story, rest[0])
    elif kind == "put":
        last = await work.drafts.last_version(story)
        # In the place of the last one, or of any other that is there.
        if last and (old := [one.number for one in await work.drafts.history(story) if one.number <= rest[0]]):
            await work.drafts.put_version(Version(story, old[-1], clock.now(), VersionKind.WRITTEN, rest[1], "anna"))


async def longest(work: Any, story: str) -> int:
    """Counts the rows that must be read for a version at most."""
    rows = await work.drafts._link.rows(sa.select(table.c.leans).where(table.c.story == story).order_by(table.c.number))
    most = run = 0
    for row in rows:
        run = run + 1 if row["leans"] else 1
        most = max(most, run)
    return most


@pytest.mark.parametrize(
    ("dropped", "put"),
    [
        ([{3, 4}, {5}], ()),
        ([{1}, {5}, {2, 6}], ()),
        ([], (2, 5)),
        ([{2}], (3, 1)),
        ([{2, 3}], (5,)),  # a whole one, with as many differences before it as after it
        ([{2, 3, 4}], (5, 1)),
    ],
)
async def test_what_leaned_on_a_version_that_went_or_was_replaced_reads_as_before(
    sqlite_store: SqlStore, dropped: list[set[int]], put: Sequence[int]
) -> None:
    story = await a_story(sqlite_store)
    kept = {
        n: Version(story, n, f"2026-03-{n:02}", VersionKind.SENT, Draft(title=f"{n}", cards=(Card("c", text="x" * n),)))
        for n in range(1, 9)
    }
    with few():
        async with sqlite_store.begin() as work:
            for one in kept.values():
                await work.drafts.put_version(one)
            for numbers in dropped:
                await work.drafts.drop_versions(story, numbers)
                kept = {n: one for n, one in kept.items() if n not in numbers}
            for number in put:
                kept[number] = Version(story, number, "2027", VersionKind.WRITTEN, Draft(title="another"), "me")
                await work.drafts.put_version(kept[number])
            assert await work.drafts.versions(story) == [kept[n] for n in sorted(kept)]
            assert await longest(work, story) <= 4


async def test_what_is_read_for_one_version_is_bounded_where_all_of_it_changes(sqlite_store: SqlStore) -> None:
    story = await a_story(sqlite_store)
    drafts = [Draft(title="one" * 30), Draft(title="two" * 30)] * 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "MOST_WRITTEN", 200)
        async with sqlite_store.begin() as work:
            for number, draft in enumerate(drafts, 1):
                await work.drafts.put_version(Version(story, number, "2026", VersionKind.SENT, draft))
            assert await longest(work, story) == 3
            assert [one.draft for one in await work.drafts.versions(story)] == drafts


async def test_what_is_read_stays_bounded_where_an_old_version_is_replaced(sqlite_store: SqlStore) -> None:
    story = await a_story(sqlite_store)
    kept = {n: Draft(title="one" * 30 + "." * 10 * n) for n in range(1, 8)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "MOST_WRITTEN", 240)
        async with sqlite_store.begin() as work:
            for number, draft in kept.items():
                await work.drafts.put_version(Version(story, number, "2026", VersionKind.SENT, draft))
            assert await longest(work, story) == 7
            kept[3] = Draft(title="two" * 30)
            await work.drafts.put_version(Version(story, 3, "2026", VersionKind.SENT, kept[3]))
            assert [one.draft for one in await work.drafts.versions(story)] == list(kept.values())
            for number in kept:
                _, *differences = await cast("Any", work.drafts)._up_to(story, number)
                assert sum(written(one["words"]) for one in differences) <= 240


async def test_versions_from_before_are_read_and_gone_on_from(store: SqlStore) -> None:
    """Rows as older Forums wrote them: each whole, and nothing said of leaning."""
    story, clock = await a_story(store), SetClock()
    old = [Draft(title=f"{n}", cards=(Card("c1", text="Words " * n),)) for n in range(1, 7)]
    async with store.writer.begin() as connection:
        for number, draft in enumerate(old, 1):
            row = {
                "story": story,
                "number": number,
                "at": clock.now(),
                "kind": VersionKind.BEGUN,
                "by": "",
                "words": draft.to_json(),
            }
            await connection.execute(sa.insert(table), row)
    async with store.begin() as work:
        await draft_versions.keep(work, story, replace(old[-1], title="new"), clock.now(), VersionKind.WRITTEN, "anna")
        await work.drafts.drop_versions(story, [2, 5, 6])
    async with store.read() as work:
        kept = [(one.number, one.draft) for one in await work.drafts.versions(story)]
    assert kept == [(1, old[0]), (3, old[2]), (4, old[3]), (7, replace(old[-1], title="new"))]


async def test_two_who_save_at_once_have_each_a_version(store: SqlStore) -> None:
    commission, clock, key = a_commission(), SetClock(), new_key()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    cards = [AddCard(f"c{n}", text="They wait. " * 20) for n in range(8)]
    story = (await draft_edits.begin(store, clock, commission.id, key, cards)).story.id
    seen = (mark("They wait. " * 20),)
    with few():
        await asyncio.gather(
            *(
                draft_edits.save(store, clock, key, [SetField(f"c{n}.text", seen, f"{n} came.")], f"d{n}")
                for n in range(8)
            )
        )
    async with store.read() as work:
        every = await work.drafts.versions(story)
        assert every[-1].draft == await work.drafts.get_draft(story)
    changed = [sum(read(one.draft, f"c{n}.text") == f"{n} came." for n in range(8)) for one in every]
    assert changed == [0, *range(9)]


async def test_nothing_is_left_of_a_story_that_was_taken_back(store: SqlStore) -> None:
    commission, clock, key = a_commission(), SetClock(), new_key()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    begun = await draft_edits.begin(store, clock, commission.id, key, [AddCard("c1", text="Gwenllian waited.")])
    await draft_edits.save(
        store, clock, key, [SetField("c1.text", (mark("Gwenllian waited."),), "Gwen waited.")], "ben"
    )
    await withdrawal.withdraw(store, clock, key)
    async with store.read() as work:
        assert await work.drafts.versions(begun.story.id) == []
        with pytest.raises(NotFound):
            await work.drafts.version(begun.story.id, 1)
