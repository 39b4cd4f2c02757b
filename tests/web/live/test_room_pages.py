"""Pages of a room that are drawn once for all who are to be shown the same: nobody gets another's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from support.app import a_house
from support.factories import a_commission, a_session
from support.live_house import LiveHouse

from forum.live.connection import Connection
from forum.services.sessions import cues, facilitation
from forum.web.responses import RoomPages

# Each says its language and reading, which a browser keeps.
QUERIES = ("lang=en&read=", "lang=en&read=&joined=1", "lang=en&read=&counted=1", "lang=cy&read=", "lang=en&read=easy")


class Hall(LiveHouse):
    """A session on whose screen a question is open, with phones that differ in all that a page depends on."""

    round_id = ""

    async def open(self) -> None:
        asked = (
            await cues.ask_question(self.acts, self.live.id, "Who first?", ["A nurse", "The police"], none=True)
        ).round
        assert asked is not None
        await facilitation.open_round(self.acts, self.live.id, asked.id)
        # While a screen is there, the room is not made anew.
        await self.house.site.rooms.enter(self.live.id, Connection("projector"))
        object.__setattr__(self, "round_id", asked.id)

    async def phone(self, group: str, *, observe: bool, choice: str, reason: str) -> AsyncClient:
        browser = self.house.browser()
        await browser.get("/s/482913")
        await browser.post("/s/482913/join", data={"group": group} | ({"observe": "1"} if observe else {}))
        if choice and not observe:
            vote = {"round": self.round_id, "choice": choice, "reason": reason}
            assert (await browser.post("/s/482913/vote", data=vote)).headers["location"] == "/s/482913?counted=1"
        return browser


@pytest.fixture
async def hall(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Hall]:
    async with a_house(tmp_path, sqlite_template, joins_per_session=100) as house:
        commission = a_commission()
        live = a_session(commission, code="482913")
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
            await work.sessions.add_session(live)
        hall = Hall(house, live)
        await hall.open()
        yield hall


async def test_everybody_is_shown_the_page_that_would_be_drawn_for_them_alone(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    differing = [
        *product(["", "g1"], [False], ["", "r1", "r2"], [""]),
        ("", True, "", ""),
        ("g1", False, "r1", "W1"),
    ]
    phones = [
        await hall.phone(group, observe=observe, choice=choice, reason=reason)
        for group, observe, choice, reason in differing
    ]
    everybody = [*phones, hall.house.browser()]
    asked = [(phone, query) for query in QUERIES for phone in everybody]
    shown = [(await phone.get(f"/s/482913?{query}")).text for phone, query in asked]
    again = [(await phone.get(f"/s/482913?{query}")).text for phone, query in asked]
    monkeypatch.setattr(RoomPages, "get", lambda self, key: None)
    alone = [(await phone.get(f"/s/482913?{query}")).text for phone, query in asked]
    # One at a time: the difference between two lists of pages takes minutes to write out.
    assert [n for n, pages in enumerate(zip(shown, again, alone, strict=True)) if len(set(pages)) > 1] == []
    # They do differ: what is compared is not one page.
    assert len(set(alone)) > 25


async def test_no_page_with_anything_of_somebodys_own_is_kept_for_others(hall: Hall) -> None:
    """How soon a page comes would say that somebody is here with the same group and the same votes."""
    kept = await hall.phone("", observe=False, choice="", reason="")
    others = [
        await hall.phone("g1", observe=False, choice="", reason=""),
        await hall.phone("", observe=True, choice="", reason=""),
        await hall.phone("", observe=False, choice="r1", reason=""),
        await hall.phone("", observe=False, choice="r1", reason="W1"),
    ]
    pages = (await hall.house.site.rooms.room(hall.live.id)).frames.pages
    pages.clear()
    for phone in others:
        for query in QUERIES:
            assert (await phone.get(f"/s/482913?{query}")).status_code == 200
    assert pages == {}
    await kept.get("/s/482913")
    await hall.house.browser().get("/s/482913")
    assert len(pages) == 2


async def test_a_page_is_gone_with_what_it_was_drawn_of(hall: Hall) -> None:
    phone = await hall.phone("g1", observe=False, choice="", reason="")
    before = (await phone.get("/s/482913")).text
    assert "Who first?" in before
    await facilitation.close_round(hall.acts, hall.live.id, hall.round_id)
    await hall.house.site.rooms.changed(hall.live.id)
    after = (await phone.get("/s/482913")).text
    assert after != before
    assert 'value="r1"' in before
    assert 'value="r1"' not in after


async def test_pages_of_a_flood_of_addresses_are_bounded(hall: Hall) -> None:
    stranger = hall.house.browser()
    for n in range(RoomPages.MOST_KEPT + 20):
        assert (await stranger.get(f"/s/482913?made-up={n}")).status_code == 200
    room = await hall.house.site.rooms.room(hall.live.id)
    assert len(room.frames.pages) == RoomPages.MOST_KEPT
