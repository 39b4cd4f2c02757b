"""Links of helpers on the day: what each opens, for how long, and what it does not open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from support.app import House, a_house, assert_faults_at, words
from support.factories import SetClock, a_room, new_id

from forum.services.keys import digest, new_key
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.desk import Desk
from forum.store import SqlStore, tables


@dataclass
class Event:
    """A live session in a house whose clock is set by hand, with its organiser's browser."""

    house: House
    clock: SetClock
    session: str
    desk: Desk
    organiser: httpx2.AsyncClient

    @property
    def page(self) -> str:
        return f"/organise/sessions/{self.session}/helpers"

    async def link(self, helper: str, label: str = "The table", hours: str = "6") -> str:
        """Makes a link and returns the address of its screen."""
        key = new_key()
        form = {"act": "make", "new": key, "helper": helper, "label": label, "hours": hours}
        made = await self.organiser.post(self.page, data=form)
        assert made.status_code == 200
        assert made.text.count(f"/helper/{key}") == 2
        return f"/helper/{key}"

    async def ask(self) -> str:
        """Asks a question, opens the vote on it and returns its round."""
        asked = await cues.ask_question(self.desk, self.session, "Who comes?", ("A nurse", "The police"), none=False)
        assert asked.round is not None
        await facilitation.open_round(self.desk, self.session, asked.round.id)
        return asked.round.id


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Event]:
    clock = SetClock()
    async with a_house(tmp_path, sqlite_template, clock) as house, house.signed_in("organiser") as organiser:
        live, _people = await a_room(house.store, ("g1",) * 6 + ("g2",) * 6)
        yield Event(house, clock, live.id, Desk(house.store, clock), organiser)


async def test_a_scribe_writes_down_and_does_nothing_else(event: Event) -> None:
    screen = await event.link("scribe", "Ann at the <table>")
    assert "Ann at the <table>" in words(await event.organiser.get(event.page)).replace("&lt;", "<")
    async with event.house.browser() as helper:
        assert (await helper.get(screen)).status_code == 200
        written = await helper.post(screen, data={"act": "propose", "text": "Two nurses at night"})
        assert written.status_code == 303
        page = await helper.get(screen)
        assert "Two nurses at night" in words(page)
        empty = await helper.post(screen, data={"act": "propose", "text": " "})
        assert (empty.status_code, "Write the proposal." in words(empty)) == (422, True)
        twice = await helper.post(screen, data={"act": "propose", "text": "Two nurses at NIGHT"})
        assert "Two nurses at NIGHT</textarea>" in twice.text
        for act in ("breaks-seen", "open", "end", "settle", "promise", "enter", ""):
            assert (await helper.post(screen, data={"act": act})).status_code == 404, act
        for shut in (event.page, f"/console/{event.session}", "/organise"):
            assert (await helper.get(shut)).status_code in (303, 401), shut
    async with event.house.store.read() as work:
        [proposal] = await work.proposals.list_proposals(event.session)
    assert proposal.words == "Two nurses at night"


async def test_a_care_host_sees_that_somebody_needs_a_break(event: Event) -> None:
    screen = await event.link("care host")
    async with event.house.browser() as helper:
        assert "Nobody is waiting for a break now." in words(await helper.get(screen))
        number = await care.ask_break(event.desk, event.session)
        assert "1 person needs a break" in words(await helper.get(screen))
        assert (await helper.post(screen, data={"act": "breaks-seen"})).status_code == 303
        assert await care.is_break_seen(event.desk, event.session, number)
        assert "Nobody is waiting" in words(await helper.get(screen))
        assert (await helper.post(screen, data={"act": "propose", "text": "A thing"})).status_code == 404


async def test_papers_need_the_links_of_two(event: Event) -> None:
    round_id = await event.ask()
    one, other = await event.link("paper counter", "One"), await event.link("paper counter", "Other")
    async with event.house.browser() as helper:
        assert "Who comes?" in words(await helper.get(one))
        counted = {"act": "enter", "handed_out": "5", "n:g1:r1": "3", "n:g1:r2": "x"}
        refused = await helper.post(f"{one}?round={round_id}", data=counted)
        assert_faults_at(refused, {"count_g1"})
        entered = await helper.post(f"{one}?round={round_id}", data=counted | {"n:g1:r2": "1"})
        assert (entered.status_code, entered.headers["location"]) == (303, f"{one}?round={round_id}")
        async with event.house.store.read() as work:
            count = await work.papers.get_paper_count(round_id)
        assert count is not None
        confirm = {"act": "confirm", "id": count.id}
        mine = await helper.post(f"{one}?round={round_id}", data=confirm)
        assert "You entered this count yourself" in words(mine)
        assert (await helper.post(f"{other}?round={round_id}", data=confirm)).status_code == 303
        elsewhere = await helper.post(f"{other}?round={new_id()}", data=confirm)
        assert elsewhere.status_code == 404
    async with event.house.store.read() as work:
        assert len(await work.rounds.ballots(round_id)) == 4


async def test_an_organiser_confirms_no_count_of_their_own_by_a_link_that_they_made(event: Event) -> None:
    round_id = await event.ask()
    own = await event.link("paper counter", "Myself")
    counted = {"act": "enter", "handed_out": "5", "n:g1:r1": "3"}
    papers = f"/organise/sessions/{event.session}/papers/{round_id}"
    async with event.house.signed_in("organiser") as another, event.house.browser() as helper:
        assert (await event.organiser.post(papers, data=counted)).status_code == 303
        shown = await helper.get(f"{own}?round={round_id}")
        assert "Whoever made this link entered this count." in words(shown)
        assert 'value="confirm"' not in shown.text
        async with event.house.store.read() as work:
            count = await work.papers.get_paper_count(round_id)
        assert count is not None
        confirm = {"act": "confirm", "id": count.id}
        refused = await helper.post(f"{own}?round={round_id}", data=confirm)
        assert (refused.status_code, "Whoever made this link" in words(refused)) == (422, True)
        key = new_key()
        form = {"act": "make", "new": key, "helper": "paper counter", "label": "Ann", "hours": "6"}
        assert (await another.post(event.page, data=form)).status_code == 200
        assert 'value="confirm"' in (await helper.get(f"/helper/{key}?round={round_id}")).text
        assert (await helper.post(f"/helper/{key}?round={round_id}", data=confirm)).status_code == 303


@pytest.mark.parametrize("how", ["switched off", "run out", "ended"])
async def test_a_link_that_works_no_longer_says_so_and_what_was_typed_stays(event: Event, how: str) -> None:
    screen = await event.link("scribe", hours="2")
    typed = {"act": "propose", "text": "Two nurses at night"}
    async with event.house.browser() as helper:
        assert (await helper.get(screen)).status_code == 200
        if how == "switched off":
            async with event.house.store.read() as work:
                [link] = await work.helper_links.helper_links(event.session)
            gone = {"act": "revoke", "id": link.id}
            for _ in range(2):
                assert (await event.organiser.post(event.page, data=gone)).status_code == 303
            assert (await event.organiser.post(event.page, data=gone | {"id": new_id()})).status_code == 404
        elif how == "run out":
            event.clock.move(hours=2)
        else:
            await facilitation.end(event.desk, event.session)
        assert (await helper.get(screen)).status_code == 410
        late = await helper.post(screen, data=typed)
        assert (late.status_code, "Two nurses at night" in words(late)) == (410, True)
        assert (await helper.get("/helper/" + new_key())).status_code == 404
    assert "There is no link now." in words(await event.organiser.get(event.page))
    async with event.house.store.read() as work:
        assert await work.proposals.list_proposals(event.session) == []


async def test_the_form_of_a_link_keeps_what_was_typed_and_one_form_makes_one_link(event: Event) -> None:
    key = new_key()
    form = {"act": "make", "new": key, "helper": "scribe", "label": "Ann", "hours": "6"}
    for wrong, at in (({"helper": "king"}, "helper"), ({"label": " "}, "label"), ({"hours": "99"}, "hours")):
        refused = await event.organiser.post(event.page, data=form | wrong)
        assert_faults_at(refused, {at})
        assert 'value="Ann"' in refused.text or at == "label"
    assert (await event.organiser.post(event.page, data=form | {"new": "short"})).status_code == 422
    for _ in range(2):
        assert (await event.organiser.post(event.page, data=form)).status_code == 200
    store = event.house.store
    assert isinstance(store, SqlStore)
    async with store.writer.connect() as connection:
        [row] = (await connection.execute(sa.select(tables.helper_link))).mappings().all()
    assert row["key"] == digest(key)
    assert key not in str(dict(row))
    for _ in range(19):
        await event.link("scribe")
    full = await event.organiser.post(event.page, data=form | {"new": new_key()})
    assert "There are 20 links that work." in words(full)
