"""What pages cost that anybody may ask for again and again: counted in statements and in what is drawn, not in time.

What is asked of the database does not grow with what is in it; a story is drawn once in each language, and nothing that
was drawn outlives its words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from deciding import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote
from house import House, a_house, words
from making import CLOCK, a_commission, a_session

from forum import decisions, scenario, withdrawal
from forum.facilitation import Facilitation
from forum.ports import Planned
from forum.programme import Programme
from forum.remembered import Drawn
from forum.store import SqlStore
from forum.store.area import Link
from forum.web.templating import environment


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the database is asked from now on."""
    statements: list[object] = []
    for name in ("rows", "run", "quick"):
        plain = getattr(Link, name)

        async def counted(self: Link, statement: object, *given: Any, plain: Any = plain) -> Any:
            statements.append(statement)
            return await plain(self, statement, *given)

        monkeypatch.setattr(Link, name, counted)
    return statements


async def more(house: House, voted: Voted, sessions: int) -> None:
    """So many more sessions of the commission, each with a programme, a vote and the next after a replay, both shown,
    and a decision on them."""
    async with house.store.read() as work:
        commission = await work.commissions.get(voted.live.commission)
    for _ in range(sessions):
        live = a_session(commission)
        async with house.store.begin() as work:
            await work.sessions.add(live)
            await work.programmes.add(Planned(live.id, 1, Programme(), at=CLOCK.now()))
        desk = Facilitation(house.store, CLOCK)
        rounds: list[str] = []
        for _time in range(2):
            asking = desk.second(live.id, rounds[0]) if rounds else desk.ask(live.id, QUESTION, LABELS, none=True)
            round_ = (await asking).round
            assert round_ is not None
            rounds.append(round_.id)
            await desk.open(live.id, round_.id)
            await desk.close(live.id, round_.id)
            await desk.reveal(live.id, round_.id)
        form = decisions.DecisionForm(tuple(rounds), outcome="deferred", rationale="We will ask again.", why="Nobody.")
        await decisions.decide(house.store, CLOCK, COMMISSIONER, form)


async def cost(house: House, asked: list[object], page: str) -> int:
    """What the database is asked for a page that was asked for before."""
    async with house.browser() as browser:
        assert (await browser.get(page)).status_code == 200
        asked.clear()
        await browser.get(page)
    return len(asked)


async def test_what_a_page_asks_does_not_grow_with_what_is_on_it(house: House, asked: list[object]) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    await more(house, voted, 1)
    commission = voted.live.commission
    own = f"/commissions/{commission}"
    pages = ("/", "/record", f"/record?commission={commission}", own, f"{own}/feed.atom")
    before = [await cost(house, asked, page) for page in pages]
    async with house.store.begin() as work:
        await work.commissions.add(a_commission())
    # Between those of the one commission stand others': its entries are no longer one after another.
    await a_vote(house.store)
    await more(house, voted, 3)
    assert [await cost(house, asked, page) for page in pages] == before
    assert max(before) <= 12


async def test_a_phones_page_asks_for_nothing_twice(house: House, asked: list[object]) -> None:
    voted = await a_vote(house.store, FIRST)
    async with house.browser() as browser:
        await browser.post(f"/s/{voted.live.code}/join", data={"group": "g1"})
        page = f"/s/{voted.live.code}"
        shown = await browser.get(page)
        asked.clear()
        assert (await browser.get(page)).status_code == shown.status_code == 200
    # Its session and who it is; then its ballots, its reason, to what it says "me too", its group.
    assert len(asked) == 6


@pytest.mark.parametrize("pages", [1, 2, 3, 7, 12, 10**12])
def test_the_numbers_of_pages_are_the_first_the_last_and_those_around(pages: int) -> None:
    macro = environment().from_string('{% from "macros.html" import pagination %}{{ pagination(page, pages, "?p=") }}')
    for page in {*range(1, min(pages, 12) + 1), pages // 2 or 1, pages - 1 or 1, pages}:
        drawn = macro.render(page=page, pages=pages)
        near = {1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)} - {page} if pages > 1 else set()
        steps = [to for to in (page - 1, page + 1) if 1 <= to <= pages]
        assert sorted([*near, *steps]) == sorted(int(part.split('"')[0]) for part in drawn.split('href="?p=')[1:])
        gaps = sum(1 < to < pages for to in (page - 2, page + 2))
        assert drawn.count("…") == gaps
        assert drawn.count('aria-current="page"') == (pages > 1)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stories that are read from now on, each time they are."""
    told: list[str] = []
    plain = scenario.parse

    def counted(source: str, **given: Any) -> scenario.Scenario:
        told.append(source)
        return plain(source, **given)

    monkeypatch.setattr(scenario, "parse", counted)
    return told


def drawn(house: House) -> Sequence[str]:
    """All that is kept of drawn stories."""
    assert isinstance(house.store, SqlStore)
    return [str(made) for made, _size in house.store.remembered._of.get(Drawn.__name__, {}).values()]


async def test_a_story_is_drawn_once_in_each_language_and_anew_for_another_text(
    house: House, parsed: list[str]
) -> None:
    story, _key = await house.story(await house.commission(), "The third knock")
    await house.moderated(story, "accept")
    async with house.browser() as browser:
        first = await browser.get(f"/stories/{story.id}")
        parsed.clear()
        assert (await browser.get(f"/stories/{story.id}")).text == first.text
        assert parsed == []
        welsh = await browser.get(f"/stories/{story.id}", headers={"Accept-Language": "cy"})
        assert len(parsed) == 1
        assert "Told by" in words(first)
        assert "Told by" not in words(welsh)
        assert "A neighbour knocks" in words(welsh)
        async with house.store.begin() as work:
            now = await work.stories.get(story.id)
            changed = now.twee.replace("A neighbour knocks", "A neighbour sings")
            await work.stories.save(type(now)(**{**vars(now), "twee": changed}), now.status)
        after = words(await browser.get(f"/stories/{story.id}"))
    assert "A neighbour sings" in after
    assert "A neighbour knocks" not in after


async def test_what_was_drawn_of_a_story_is_forgotten_with_it(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    other, _ = await house.story(commission, "Another night")
    for one in (story, other):
        await house.moderated(one, "accept")
    async with house.browser() as browser:
        for one in (story, other):
            assert (await browser.get(f"/stories/{one.id}")).status_code == 200
        assert len(drawn(house)) == 2
        await withdrawal.withdraw(house.store, CLOCK, key)
        assert drawn(house) == []
        gone = await browser.get(f"/stories/{story.id}")
        assert gone.status_code == 410
        assert "neighbour" not in gone.text
        assert "neighbour" in (await browser.get(f"/stories/{other.id}")).text
