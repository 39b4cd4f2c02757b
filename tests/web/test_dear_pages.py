"""Cost of pages that anybody may ask for again and again: counted in statements and in what is drawn, not in time.

What is asked of the database does not grow with what is in it; a story is drawn once in each language, and nothing that
was drawn outlives its words.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2.meta
import pytest
from support.app import House, a_house, words
from support.factories import CLOCK, SetClock, a_commission, a_session
from support.loop_watch import HELD, Asker, watched
from support.many_decisions import add_decisions
from support.statements import counted_statements
from support.voted_session import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote

from forum import app
from forum.live import rooms
from forum.ports.result_cache import Drawn
from forum.services import decision_form, decisions
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.stories import withdrawal
from forum.sessions.programme import Planned, Programme
from forum.store import SqlStore
from forum.stories import scenario, scenario_twee
from forum.voting.methods import METHODS
from forum.web.cookies import SIGNED_IN
from forum.web.stories import marked_text
from forum.web.templates import TEMPLATES, environment, ready


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collects the statements that the database is asked from now on."""
    return counted_statements(monkeypatch)


async def more(house: House, voted: Voted, sessions: int) -> None:
    """Adds so many more sessions of the commission, each with a programme, a vote and the next after a replay, both
    shown, and a decision on them."""
    async with house.store.read() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
    for _ in range(sessions):
        live = a_session(commission)
        async with house.store.begin() as work:
            await work.sessions.add_session(live)
            await work.programmes.add_programme(Planned(live.id, 1, Programme(), at=CLOCK.now()))
        desk = Desk(house.store, CLOCK)
        rounds: list[str] = []
        for _time in range(2):
            asking = (
                cues.put_second_vote(desk, live.id, rounds[0])
                if rounds
                else cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)
            )
            round_ = (await asking).round
            assert round_ is not None
            rounds.append(round_.id)
            await facilitation.open_round(desk, live.id, round_.id)
            await facilitation.close_round(desk, live.id, round_.id)
            await facilitation.reveal_round(desk, live.id, round_.id)
        until = SetClock(CLOCK.now()).later(days=30)[:10]
        form = decision_form.DecisionForm(
            tuple(rounds), outcome="deferred", until=until, rationale="We will ask again.", why="Nobody."
        )
        await decisions.decide(house.store, CLOCK, COMMISSIONER, form)


async def cost(house: House, asked: list[object], page: str) -> int:
    """Asks for a page twice and gives the number of statements of the second time."""
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
    async with house.store.read() as work:
        _story, key = await house.story(await work.commissions.get_commission(commission))
    lives = (f"/s/{voted.live.code}/day", f"/sessions/{voted.live.id}", f"/my-story/{key}")
    lists = ("/record", "/record?kind=result", "/record/entries", f"/record/entries?session={voted.live.id}")
    pages = ("/", *lists, f"/record?commission={commission}", own, f"{own}/feed.atom", *lives)
    before = [await cost(house, asked, page) for page in pages]
    async with house.store.begin() as work:
        await work.commissions.add_commission(a_commission())
    # Between those of the one commission stand others': its entries are no longer one after another.
    await a_vote(house.store)
    await more(house, voted, 3)
    assert [await cost(house, asked, page) for page in pages] == before
    # Of a commission also its stages, versions, closing, promises and what became of these; its timeline and figures.
    assert max(before) <= 22


async def test_the_work_list_costs_as_much_with_a_thousand_decisions_as_with_some(
    house: House, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(house.store, SqlStore)
    voted = await a_vote(house.store, FIRST)
    token = await house.session_token(await house.person("cat", "commissioner"))
    someone = Asker(house, f"{SIGNED_IN}={token}")
    pages = ("/decide", "/decide?section=published&page=3", "/decide?words=question&sort=commission")
    counts: list[list[int]] = []
    least, steps = [], []
    for number in (300, 700):
        await add_decisions(house.store, voted, number)
        counts.append([])
        for path in pages:
            await someone.ask("GET", path)
            asked.clear()
            assert (await someone.ask("GET", path))[0] == 200
            counts[-1].append(len(asked))
        times = []
        with watched(monkeypatch) as watch:
            for _ in range(10):
                watch.forget()
                began = time.process_time()
                _, shown = await someone.ask("GET", pages[0])
                times.append(time.process_time() - began)
                steps.append(watch.loop)
        least.append(min(times))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 10  # two of them count what waits, for the header
    assert b"(1000)" in shown
    assert shown.count(b'class="what"') == 5 * 25
    # Not the slowest: processor time grows too while others share the processor.
    assert min(steps) < HELD, steps
    # The rows that it counts are three times as many, and the lines that it draws nearly the same.
    assert least[1] < 4 * least[0], least


async def test_a_phones_page_asks_for_nothing_twice(
    house: House, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rooms, "FRESH", 1e9
    )  # the room is read again after a second, which is no question of the page's
    voted = await a_vote(house.store, FIRST)
    async with house.browser() as browser:
        await browser.post(f"/s/{voted.live.code}/join", data={"group": "g1"})
        page = f"/s/{voted.live.code}"
        shown = await browser.get(page)
        asked.clear()
        assert (await browser.get(page)).status_code == shown.status_code == 200
    # Its session and who it is; then its group, its ballots and its reason.
    assert len(asked) == 5


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
    """Collects the stories that are read from now on, each time they are."""
    told: list[str] = []
    plain = scenario_twee.parse

    def counted(source: str, **given: Any) -> scenario.Scenario:
        told.append(source)
        return plain(source, **given)

    monkeypatch.setattr(scenario_twee, "parse", counted)
    return told


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[scenario.Scenario]:
    """Collects the stories whose words are looked at from now on, to be drawn."""
    told: list[scenario.Scenario] = []
    plain = marked_text.for_readers

    def counted(story: scenario.Scenario) -> marked_text.Annotated:
        told.append(story)
        return plain(story)

    monkeypatch.setattr(marked_text, "for_readers", counted)
    return told


def kept(house: House) -> Sequence[object]:
    """Lists all that is kept of stories: drawn, and read."""
    assert isinstance(house.store, SqlStore)
    of = house.store.remembered._of
    return [one for kind in (Drawn, scenario.Scenario) for one, _size in of.get(kind.__name__, {}).values()]


async def test_a_story_is_drawn_once_in_each_language_and_anew_for_another_text(
    house: House, parsed: list[str], made: list[scenario.Scenario]
) -> None:
    story, _key = await house.story(await house.commission(), "The third knock")
    await house.moderated(story, "accept")
    async with house.browser() as browser:
        first = await browser.get(f"/stories/{story.id}")
        parsed.clear()
        times = len(made)
        assert (await browser.get(f"/stories/{story.id}")).text == first.text
        assert len(made) == times
        welsh = await browser.get(f"/stories/{story.id}", headers={"Accept-Language": "cy"})
        assert len(made) > times
        for page in ("/stories", "/stories?words=neighbour", f"/stories/{story.id}/play"):
            assert (await browser.get(page)).status_code == 200
        assert parsed == []
        assert "Told by" in words(first)
        assert "Told by" not in words(welsh)
        assert "A neighbour knocks" in words(welsh)
        async with house.store.begin() as work:
            now = await work.stories.get_story(story.id)
            changed = now.twee.replace("A neighbour knocks", "A neighbour sings")
            await work.stories.save_story(type(now)(**{**vars(now), "twee": changed}), now.status)
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
        assert len(kept(house)) == 4
        await withdrawal.withdraw(house.store, CLOCK, key)
        assert kept(house) == []
        gone = await browser.get(f"/stories/{story.id}")
        assert gone.status_code == 410
        assert "neighbour" not in gone.text
        assert "neighbour" in (await browser.get(f"/stories/{other.id}")).text


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, bool]]:
    """Collects the templates that are compiled from now on, by houses that are built from now on, and whether on the
    loop."""
    told: list[tuple[str | None, bool]] = []
    plain = jinja2.Environment.compile
    main = threading.get_ident()

    def noted(self: jinja2.Environment, source: Any, name: str | None = None, *given: Any, **named: Any) -> Any:
        told.append((name, threading.get_ident() == main))
        return plain(self, source, name, *given, **named)

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    monkeypatch.setattr(app, "environment", environment.__wrapped__)
    return told


async def test_templates_are_compiled_beside_the_loop(
    compiled: list[tuple[str | None, bool]], tmp_path: Path, sqlite_template: Path
) -> None:
    async with a_house(tmp_path, sqlite_template) as house, house.browser() as browser:
        voted = await a_vote(house.store, FIRST)
        story, _key = await house.story(await house.commission())
        await house.moderated(story, "accept")
        await browser.post(f"/s/{voted.live.code}/join", data={"group": "g1"})
        for page in (f"/s/{voted.live.code}", "/record/1", "/record", f"/stories/{story.id}", "/nowhere"):
            await browser.get(page)
    assert {"live/screens/phone_reasons.html", "public/record/entry.html", "stories/_paths.html"} <= {
        name for name, _ in compiled
    }
    assert [name for name, on_loop in compiled if on_loop] == []


async def test_what_a_template_stands_on_is_known_whole() -> None:
    env = environment.__wrapped__()
    for name in ("live/phone.html", "live/console.html", "live/screens/projector.html", "stories/workspace/step.html"):
        await ready(env, name)
    there = {name for _loader, name in env.cache} if env.cache is not None else set()
    for name in there:
        source = (TEMPLATES / name).read_text("utf-8")
        assert set(jinja2.meta.find_referenced_templates(env.parse(source))) - {None} <= there
    assert {*(f"methods/{method}.html" for method in METHODS), "stories/workspace/_step_who.html"} <= there
