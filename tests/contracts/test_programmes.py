"""Contract of ports.Programmes, on each database."""

from __future__ import annotations

import pytest
from support.factories import CLOCK, a_room

from forum.errors import IllegalMove, NotFound
from forum.ports import Store
from forum.sessions.programme import Item, ItemKind, Planned, Programme, ProgrammeChange, Section
from forum.store.programmes import KEPT


def a_plan(*stories: str) -> Programme:
    items = tuple(Item(f"i{n}", ItemKind.SCENE, story, "A scene") for n, story in enumerate(stories))
    asked = Item("ask", ItemKind.ASK, words="Was it fair?", responses=("Yes", "No"), none=False, method="approval")
    return Programme(
        "2027-03-12", "Town hall", True, (Section("s", "Police – Ünal", "11:00", "12:00", (*items, asked)),)
    )


async def test_a_session_begins_with_an_empty_programme(store: Store) -> None:
    live, _ = await a_room(store, [])
    async with store.read() as work:
        assert await work.programmes.latest(live.id) == Planned(live.id, 0, Programme())
        assert await work.programmes.at(live.id, 0) == Planned(live.id, 0, Programme())
        with pytest.raises(NotFound):
            await work.programmes.at(live.id, 1)


async def test_every_change_is_kept_as_it_was(store: Store) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])
    first = Planned(live.id, 1, a_plan("a"), ProgrammeChange.ADDED, "A scene", CLOCK.now())
    second = Planned(live.id, 2, a_plan("a", "b"), ProgrammeChange.ADDED, "A\0scene", CLOCK.now())
    async with store.begin() as work:
        await work.programmes.add_programme(first)
        await work.programmes.add_programme(second)
        await work.programmes.add_programme(Planned(other.id, 1, a_plan(), at=CLOCK.now()))
    async with store.read() as work:
        assert (await work.programmes.latest(live.id)).plan == second.plan
        assert (await work.programmes.latest(live.id)).name == "A\N{REPLACEMENT CHARACTER}scene"
        assert await work.programmes.at(live.id, 1) == first
        of = await work.programmes.latest_of([live.id, "nobody's", other.id])
        assert of == {one.id: await work.programmes.latest(one.id) for one in (live, other)}
        assert await work.programmes.latest_of([]) == {}


async def test_two_who_change_it_at_once_do_not_overwrite_each_other(store: Store) -> None:
    live, _ = await a_room(store, [])
    async with store.begin() as work:
        await work.programmes.add_programme(Planned(live.id, 1, a_plan("a"), at=CLOCK.now()))
    with pytest.raises(IllegalMove):
        async with store.begin() as work:
            await work.programmes.add_programme(Planned(live.id, 1, a_plan("b"), at=CLOCK.now()))
    async with store.read() as work:
        assert (await work.programmes.latest(live.id)).plan == a_plan("a")


async def test_the_oldest_changes_are_forgotten_in_time(store: Store) -> None:
    live, _ = await a_room(store, [])
    async with store.begin() as work:
        for number in range(1, KEPT + 3):
            await work.programmes.add_programme(Planned(live.id, number, a_plan(str(number)), at=CLOCK.now()))
    async with store.read() as work:
        assert (await work.programmes.at(live.id, 3)).plan == a_plan("3")
        for number in (0, 2):
            with pytest.raises(NotFound):
                await work.programmes.at(live.id, number)


async def test_a_story_is_taken_out_of_every_programme_and_of_what_was_before(store: Store) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])
    async with store.begin() as work:
        await work.programmes.add_programme(
            Planned(live.id, 1, a_plan("a", "b"), ProgrammeChange.ADDED, "A scene", CLOCK.now())
        )
        await work.programmes.add_programme(
            Planned(live.id, 2, a_plan("b", "a"), ProgrammeChange.MOVED, "A scene", CLOCK.now())
        )
        await work.programmes.add_programme(
            Planned(other.id, 1, a_plan("b"), ProgrammeChange.ADDED, "Kept", CLOCK.now())
        )
    async with store.begin() as work:
        await work.programmes.erase_story("a")
    async with store.read() as work:
        left = await work.programmes.latest(live.id)
        assert (left.plan.stories, left.what, left.name) == (("b",), "", "")
        with pytest.raises(NotFound):
            await work.programmes.at(live.id, 1)
        assert (await work.programmes.latest(other.id)).name == "Kept"
