"""Contracts of the library, on both databases: its stories, how words find them, its filters."""

from __future__ import annotations

import re
import sqlite3
import uuid
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.factories import a_commission, new_id

from forum.store import SqlStore
from forum.store.library import INDEX
from forum.stories import scenario_twee, search_terms
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.search_terms import Offered, Query, Shelf, Wanted
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission

NOON = "2026-03-01T12:00:00.000Z"


def a_story(
    commission: Commission,
    title: str = "The third knock",
    text: str = "A neighbour knocks.",
    setting: str = "",
    notes: tuple[str, ...] = (),
    **changes: Any,
) -> Submission:
    """Makes an accepted story of one decision; `changes` are what is stored beside it."""
    told = Scenario(
        title=title,
        ifid=str(uuid.uuid4()).upper(),
        start="Begin",
        scenes=(
            Scene("Begin", text, (Link("On", "Ask"),)),
            Scene("Ask", "What now?", tuple(Link(f"Choice {n}", "End") for n in (1, 2, 3)), decision=True),
            Scene("End", "It ends."),
        ),
        setting=setting,
        content_notes=notes,
    )
    twee = scenario_twee.write(told)
    story = Submission(
        new_id(), commission.id, title, twee, StoryStatus.ACCEPTED, None, new_id(), "", NOON, NOON, True, True
    )
    return replace(story, **changes)


async def put(store: SqlStore, *stories: Submission, of: Commission | None = None) -> None:
    async with store.begin() as work:
        if of:
            await work.commissions.add_commission(of)
        for story in stories:
            await work.stories.add_story(story)


async def shelf(
    store: SqlStore, typed: str = "", setting: str = "", start: int = 0, most: int = 10, **wanted: Any
) -> Shelf:
    """Finds stories by words anywhere, by words in the setting, and by the rest of Wanted."""
    asked = Wanted(search_terms.read(typed), search_terms.read(setting), **wanted)
    async with store.read() as work:
        return await work.library.find(asked, start=start, most=most)


async def found(store: SqlStore, typed: str = "", **wanted: Any) -> list[str]:
    """Finds stories by what is typed; returns their titles, in their order."""
    return [story.title for story in (await shelf(store, typed, **wanted)).stories]


async def indexed(store: SqlStore) -> int:
    async with store.writer.connect() as connection:
        return int((await connection.execute(sa.text(f"SELECT count(*) FROM {INDEX}"))).scalar_one())


@pytest.mark.parametrize(
    "status", [status for status in StoryStatus if status not in (StoryStatus.WRITING, StoryStatus.ACCEPTED)]
)
async def test_a_story_is_there_exactly_while_it_is_accepted(store: SqlStore, status: StoryStatus) -> None:
    commission = a_commission()
    story = a_story(commission, status=status)
    await put(store, story, of=commission)
    assert await found(store) == await found(store, "knock") == []
    async with store.begin() as work:
        await work.stories.save_story(replace(story, status=StoryStatus.ACCEPTED), status)
        assert [s.title for s in (await work.library.find(Wanted(search_terms.read("knock")))).stories] == [story.title]
    assert await found(store, "knock") == await found(store) == ["The third knock"]
    async with store.begin() as work:
        await work.stories.save_story(replace(story, status=status), "accepted")
        assert (await work.library.find(Wanted())).total == 0
    assert await found(store, "knock") == []
    assert await indexed(store) == 0
    async with store.read() as work:
        assert await work.library.offered() == Offered((), ())


async def test_the_status_counts_whatever_the_index_holds(store: SqlStore) -> None:
    commission = a_commission()
    await put(store, a_story(commission, told_by="g2", notes=("fear",)), of=commission)
    async with store.writer.begin() as connection:
        await connection.execute(sa.text("UPDATE story SET status = 'held'"))
    assert await indexed(store) == 1
    assert await found(store, "knock") == await found(store) == []
    async with store.read() as work:
        assert await work.library.offered() == Offered((), ())


async def test_a_unit_that_fails_changes_no_shelf(store: SqlStore) -> None:
    commission = a_commission()
    story = a_story(commission)
    await put(store, story, of=commission)

    async def unit() -> None:
        async with store.begin() as work:
            await work.stories.save_story(replace(story, status=StoryStatus.HELD), "accepted")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await unit()
    assert await found(store, "knock") == ["The third knock"]


async def test_a_story_changed_while_it_is_public_is_found_by_its_new_words_only(store: SqlStore) -> None:
    commission = a_commission()
    old = a_story(commission, "Old name", text="An elephant.", notes=("fire",))
    new = replace(a_story(commission, "New name", text="A giraffe.", notes=("flood",)), id=old.id)
    await put(store, old, of=commission)
    async with store.begin() as work:
        await work.stories.save_story(new, "accepted")
    for word, titles in (("elephant", []), ("old", []), ("giraffe", ["New name"]), ("new", ["New name"])):
        assert await found(store, word) == titles
    async with store.read() as work:
        assert (await work.library.offered()).notes == ("flood",)
    assert await indexed(store) == 1


async def test_words_taken_back_are_nowhere_in_the_index(sqlite_database: Database, sqlite_store: SqlStore) -> None:
    commission = a_commission()
    story = a_story(commission, text="The word is quetzalcoatlus.", notes=("pterodactyls",))
    await put(sqlite_store, story, a_story(commission, "Another"), of=commission)

    def stored() -> bytes:
        with closing(sqlite3.connect(sqlite_database.name)) as beside:
            tables = [name for (name,) in beside.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            kept = [t for t in tables if t.startswith(("library", INDEX))]
            return repr([beside.execute(f"SELECT * FROM {table}").fetchall() for table in kept]).encode()

    assert stored().count(b"quetzal") > 0
    async with sqlite_store.begin() as work:
        gone = replace(story, status=StoryStatus.WITHDRAWN, title="", twee="", withdrawn_at=NOON)
        await work.stories.save_story(gone, "accepted")
    assert b"quetzal" not in stored()
    assert b"pterodactyl" not in stored()
    assert await found(sqlite_store) == ["Another"]


async def test_words_are_found_whatever_their_case_accents_and_ends(store: SqlStore) -> None:
    commission = a_commission()
    await put(
        store,
        a_story(commission, "Café Zoë", text="Two nurses wait. It's a doc\u00adtor's round. They can’t come."),
        a_story(commission, "At A&E", text="One nurse leaves the A & E ward; families wait."),
        of=commission,
    )
    both = {"Café Zoë", "At A&E"}
    for typed, titles in {
        "cafe": {"Café Zoë"},
        "CAFÉ": {"Café Zoë"},
        "Cafe\u0301": {"Café Zoë"},
        "Ｃａｆｅ": {"Café Zoë"},
        "ca\u00adfe": {"Café Zoë"},
        "doc\u200dtors": {"Café Zoë"},
        "fami\u00adly": {"At A&E"},
        "zoe": {"Café Zoë"},
        "nurse": both,
        "nurses": both,
        "nur": both,
        "urse": set(),
        "family": {"At A&E"},
        "A&E": {"At A&E"},
        "cant": {"Café Zoë"},
        "can't": {"Café Zoë"},
        "doctors": {"Café Zoë"},
        "nurses family": {"At A&E"},
        "nurses giraffe": set(),
        "wa": set(),
        "it's": {"Café Zoë"},
    }.items():
        assert set(await found(store, typed)) == titles, typed


async def test_words_in_quotes_stand_together(store: SqlStore) -> None:
    commission = a_commission()
    await put(
        store,
        a_story(commission, "Together", text="The crisis team came at night."),
        a_story(commission, "Apart", text="In a crisis no team came."),
        a_story(commission, "Night crisis", text="Team."),
        of=commission,
    )
    assert await found(store, '"crisis team"') == ["Together"]
    assert await found(store, "“Crisis Team”") == await found(store, '"crisis tea"') == ["Together"]
    assert await found(store, '"team crisis"') == []
    assert set(await found(store, "team crisis")) == {"Together", "Apart", "Night crisis"}
    # A row of words does not run from the title on into the text.
    assert await found(store, '"crisis begin"') == []


async def test_the_title_counts_more_than_the_text_and_more_words_more(store: SqlStore) -> None:
    commission = a_commission()
    filler = " ".join(f"word{n}" for n in range(60))
    await put(
        store,
        a_story(commission, "Once", text=f"An ambulance. {filler}"),
        a_story(commission, "The ambulance", text=filler),
        a_story(commission, "Often", text=f"Ambulance, ambulance, ambulance, ambulance. {filler}"),
        *(a_story(commission, f"Not {n}", text=filler) for n in range(6)),
        of=commission,
    )
    assert await found(store, "ambulance") == ["The ambulance", "Often", "Once"]


async def test_without_words_the_newest_come_first_a_page_at_a_time(store: SqlStore) -> None:
    commission = a_commission()
    ages = [a_story(commission, f"Day {n}", moderated_at=f"2026-03-{n:02}T12:00:00.000Z") for n in (2, 5, 1, 4, 3)]
    await put(store, *ages, of=commission)
    assert await found(store) == ["Day 5", "Day 4", "Day 3", "Day 2", "Day 1"]
    page = await shelf(store, start=2, most=2)
    assert ([s.title for s in page.stories], page.total) == (["Day 3", "Day 2"], 5)
    assert page.stories[0] == ages[4]
    beyond = await shelf(store, start=99)
    assert (beyond.stories, beyond.total) == ((), 5)
    pages = [await shelf(store, "day", start=n, most=2) for n in (0, 2, 4)]
    assert sorted(s.title for page in pages for s in page.stories) == [f"Day {n}" for n in range(1, 6)]


async def test_filters_combine(store: SqlStore) -> None:
    plan, watch = a_commission(stage="plan"), a_commission(stage="monitor")
    await put(store, of=watch)
    force = ("Restraint or force",)
    await put(
        store,
        a_story(plan, "A", told_by="g2", notes=force, setting="On the ward, at night", text="Rain."),
        a_story(plan, "B", told_by="g3", notes=("grief",), setting="At home", text="Rain at night."),
        a_story(watch, "C", told_by="g2", notes=(*force, "grief"), setting="The night bus"),
        a_story(watch, "D", text="A ward."),
        of=plan,
    )
    for wanted, titles in (
        ({"stage": "plan"}, {"A", "B"}),
        ({"stage": "secure"}, set()),
        ({"group": "carers"}, {"A", "C"}),
        ({"group": "Carers", "stage": "monitor"}, {"C"}),
        ({"note": "restraint OR force"}, {"A", "C"}),
        ({"without": "restraint or force"}, {"B", "D"}),
        ({"note": "grief", "without": "restraint or force"}, {"B"}),
        ({"setting": "night"}, {"A", "C"}),
        ({"setting": "ward"}, {"A"}),
        ({"setting": '"the night"'}, {"C"}),
        ({"typed": "night", "setting": "home"}, {"B"}),
        ({"typed": "rain", "setting": "ward", "group": "Carers", "stage": "plan", "note": "restraint or force"}, {"A"}),
        ({"typed": "rain", "setting": "ward", "group": "Nurses"}, set()),
        ({"group": "nobody"}, set()),
        ({"note": "%"}, set()),
    ):
        assert set(await found(store, **wanted)) == titles, wanted
    page = await shelf(store)
    assert {s.title: page.told_by[s.id] for s in page.stories} == {"A": "Carers", "B": "Nurses", "C": "Carers", "D": ""}
    async with store.read() as work:
        offered = await work.library.offered()
    assert offered.groups == ("Carers", "Nurses")
    assert sorted(offered.notes) == ["Restraint or force", "grief"]


async def test_a_story_that_cannot_be_read_is_found_by_its_title(store: SqlStore) -> None:
    commission = a_commission()
    await put(
        store, Submission(new_id(), commission.id, "Unreadable", ":: no story", StoryStatus.ACCEPTED), of=commission
    )
    assert await found(store, "unreadable") == ["Unreadable"]


HOSTILE = [
    '"',
    '""',
    "“",
    '" OR 1=1 --',
    "'; DROP TABLE story; --",
    "title:knock",
    "NEAR(a b, 2)",
    "knock AND",
    "* ^ - + ( ) { } [ ] : & | ! <-> \\ %",
    "knock:*A",
    "a\0b",
    "\0",
    "\ud800 knock",
    "🧡",
    "👩🏽‍🚒 knock",
    "ᄀ" * 300,
    "a" * 100_000,
    "knock " * 10_000,
    "\n\t\r\x0b",
    "ﷺ ½ ① Ⅷ",
    "कि นี้ שָׁלוֹם",
    "İstanbul ı ß ſ",
    "_" * 50 + "knock",
]


@pytest.mark.parametrize("typed", HOSTILE, ids=[str(n) for n in range(len(HOSTILE))])
async def test_nothing_that_is_typed_makes_it_fail(store: SqlStore, typed: str) -> None:
    commission = a_commission()
    await put(store, a_story(commission), of=commission)
    everywhere = (await shelf(store, typed), await shelf(store, setting=typed))
    for name in ("stage", "group", "note", "without"):
        asked: dict[str, Any] = {name: typed}
        assert (await found(store, **asked) == []) == (name != "without")
    assert all(shelf.total <= 1 for shelf in everywhere)
    assert await found(store, "knock") == ["The third knock"]


WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        "knock knocks knocking Café cafe ward wards A&E a e A-E it's its family families gp GPs नर्स नर्सें 12 12th "
        "ŷ y 🧡 bus buses",
    )
)
PROSE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
QUERIES = st.one_of(PROSE, PROSE.map(lambda words: f'"{words}"'), st.text(max_size=30))


@given(stories=st.lists(st.tuples(PROSE, PROSE, PROSE), min_size=1, max_size=4), queries=st.lists(QUERIES, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_found_is_what_is_marked(
    store: SqlStore, stories: list[tuple[str, str, str]], queries: list[str]
) -> None:
    """Each database against the plain reading of search_terms.py: found exactly where every term can be marked."""
    commission = a_commission()
    kept = [a_story(commission, t, text=x, setting=s) for t, s, x in stories]
    await put(store, *kept, of=commission)
    wanted = [search_terms.read(typed) for typed in (*queries, stories[0][0], stories[0][2])]
    async with store.read() as work:
        for query in filter(None, wanted):
            there = {s.id for s in (await work.library.find(Wanted(query), most=1000)).stories}
            placed = {s.id for s in (await work.library.find(Wanted(setting=query), most=1000)).stories}
            for story in kept:
                told = scenario_twee.parse(story.twee)
                texts = [story.title, told.setting, " ".join(search_terms.text_of(told))]
                assert (story.id in there) == answers(query, *texts), (query, texts)
                assert (story.id in placed) == answers(query, told.setting), (query, texts)


def answers(query: Query, *texts: str) -> bool:
    """Tells whether each term can be marked in one of the texts."""
    return all(any(p.hit for text in texts for p in search_terms.marked(text, Query((term,)))) for term in query.terms)
