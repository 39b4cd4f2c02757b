"""Versions are thinned where there are many: what only its own writer can miss goes first, what was public never."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from services.sessions.test_commissions_and_sessions import a_stored_commission
from support.factories import SetClock

from forum.ports import Store
from forum.services.keys import new_key
from forum.services.stories import draft_edits, draft_versions
from forum.services.stories.draft_versions import MOST_BYTES, dropped
from forum.stories.draft import mark, read
from forum.stories.edits import AddCard, SetField
from forum.stories.submission import Kept, VersionKind

NOW = datetime(2026, 11, 28, 12, 0).astimezone()


def kept(ages: list[timedelta], by: str = "anna", kind: VersionKind = VersionKind.WRITTEN) -> list[Kept]:
    """Versions of these ages, oldest first."""
    return [Kept(n, (NOW - age).isoformat(), kind, by) for n, age in enumerate(sorted(ages, reverse=True), 1)]


def left(history: list[Kept], size: int = 1) -> list[Kept]:
    gone = dropped(history, {one.number: size for one in history}, NOW.isoformat())
    return [one for one in history if one.number not in gone]


def test_of_ones_own_a_minute_an_hour_a_day_keep_one_each() -> None:
    minutes = kept([timedelta(minutes=5, seconds=s) for s in range(10, 60, 10)])
    assert left(minutes) == minutes[-1:]
    hours = kept([timedelta(hours=3, minutes=m) for m in range(0, 50, 10)])
    assert [one.at[:13] for one in left(hours)] == sorted({one.at[:13] for one in hours})
    days = kept([timedelta(days=3, hours=h) for h in range(0, 20, 4)])
    assert [one.at[:10] for one in left(days)] == sorted({one.at[:10] for one in days})
    each = kept([timedelta(minutes=m) for m in range(1, 60)])
    assert left(each) == each


def test_what_another_went_on_from_stays_and_so_does_what_nobody_can_tell() -> None:
    second = timedelta(seconds=1)
    turns = [
        Kept(n, (NOW - second * (9 - n)).isoformat(), VersionKind.WRITTEN, "anna" if n % 2 else "ben")
        for n in range(1, 9)
    ]
    assert left(turns) == turns
    nobody = kept([second * n for n in range(1, 9)], by="")
    assert left(nobody) == nobody


def test_what_was_sent_taken_in_or_public_stays() -> None:
    ages = [timedelta(seconds=n) for n in range(1, 9)]
    for kind in (VersionKind.SENT, VersionKind.TAKEN_IN, VersionKind.PUBLISHED, VersionKind.BEGUN):
        every = kept(ages, kind=kind)
        assert left(every) == every


@given(
    st.lists(
        st.tuples(
            st.sampled_from([VersionKind.WRITTEN, VersionKind.SENT, VersionKind.PUBLISHED]),
            st.sampled_from(["", "a", "b"]),
            st.integers(0, 90_000),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, MOST_BYTES),
)
def test_a_story_takes_no_more_than_its_bound_but_for_what_was_public(
    made: list[tuple[VersionKind, str, int]], size: int
) -> None:
    at, history = NOW - timedelta(days=30), []
    for number, (kind, by, later) in enumerate(made, 1):
        at += timedelta(seconds=later)
        history.append(Kept(number, min(at, NOW).isoformat(), kind, by))
    stay = left(history, size)
    assert stay[-1] == history[-1]
    assert [one for one in history if one.kind == VersionKind.PUBLISHED and one not in stay] == []
    free = [one for one in stay[:-1] if one.kind != VersionKind.PUBLISHED]
    assert not free or size * len(stay) <= MOST_BYTES


async def test_saving_one_field_again_and_again_fills_nothing(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store)
    clock, key = SetClock(), new_key()
    cards = [AddCard(f"c{n}", text=f"{n} " * 1000) for n in range(20)]
    story = (await draft_edits.begin(sqlite_store, clock, commission.id, key, cards, "anna")).story
    for number in range(100):
        draft = await draft_edits.opened(sqlite_store, clock, key)
        seen = (mark(read(draft, "c1.text") or ""),)
        await draft_edits.save(sqlite_store, clock, key, [SetField("c1.text", seen, f"{number} text")], "anna")
    async with sqlite_store.read() as work:
        history = await work.drafts.history(story.id)
        last = await work.drafts.last_version(story.id)
    assert len(history) < draft_versions.FEW
    assert history[0].kind == VersionKind.BEGUN
    assert last
    assert read(last.draft, "c1.text") == "99 text"
