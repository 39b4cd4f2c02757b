"""A rehearsal says so on every page and every live screen, as a watermark; a real session on none."""

from __future__ import annotations

import re

import httpx2
import pytest
from support.app import House
from support.factories import a_commission, a_session

from forum.adapters.ticket_sheet import Slip, Words, sheet
from forum.live.connection import Connection
from forum.live.room import KINDS
from forum.sessions.session import Entrance, LiveSession

# Not "This is only a rehearsal", which a form offers.
MARK = re.compile(r'data-watermark="([^"]+)"')
LANGUAGES = {"en": "Rehearsal", "cy": "Ymarfer"}


async def a_live(house: House, *, rehearsal: bool, entrance: str = "open code") -> LiveSession:
    commission = a_commission()
    live = a_session(commission, rehearsal=rehearsal, tablet=f"tablet-{rehearsal}", entrance=entrance)
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
    return live


async def programme(organiser: httpx2.AsyncClient, live: LiveSession) -> None:
    path = f"/organise/sessions/{live.id}/programme"
    for fields in (
        {"act": "about", "day": "2027-03-12", "place": "", "public": "1"},
        {"act": "section", "title": "Morning", "starts": "10:00", "ends": "12:00"},
    ):
        assert (await organiser.post(path, data=fields)).status_code == 303


@pytest.mark.parametrize("rehearsal", [True, False])
async def test_every_page_of_a_rehearsal_says_so_and_none_of_a_real_session(house: House, rehearsal: bool) -> None:
    live = await a_live(house, rehearsal=rehearsal)
    async with house.signed_in("organiser") as organiser, house.browser() as phone:
        await programme(organiser, live)
        ticketed = await a_live(house, rehearsal=rehearsal, entrance=Entrance.TICKETS)
        of_organiser = [
            f"/console/{live.id}",
            f"/organise/sessions/{live.id}/programme",
            f"/organise/sessions/{live.id}/run-sheet",
            f"/organise/sessions/{live.id}/tablet",
            f"/organise/sessions/{ticketed.id}/tickets",
        ]
        of_anybody = [
            f"/s/{live.code}",
            f"/s/{live.code}/step-out",
            f"/projector/{live.projector}",
            f"/tablet/{live.tablet}",
            f"/sessions/{live.id}/programme",
            f"/s/{ticketed.code}",
        ]
        pages = {path: await organiser.get(path) for path in of_organiser}
        pages |= {path: await phone.get(path) for path in of_anybody}
        assert (await phone.post(f"/s/{live.code}/join", data={"group": ""})).status_code == 303
        pages |= {f"{path} joined": await phone.get(path) for path in (f"/s/{live.code}", f"/s/{live.code}/away")}
    for path, answer in pages.items():
        assert answer.status_code == 200, path
        assert bool(MARK.findall(answer.text)) == rehearsal, path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rehearsal", [True, False])
async def test_every_live_screen_carries_the_mark_in_its_language(house: House, rehearsal: bool, language: str) -> None:
    live = await a_live(house, rehearsal=rehearsal)
    room = await house.site.rooms.enter(live.id, Connection("console"))
    for kind in KINDS:
        found = MARK.findall(room.frames.state(kind, language).html)
        assert found == [LANGUAGES[language]] * rehearsal, kind


def test_a_ticket_of_a_rehearsal_is_another_sheet_of_paper() -> None:
    words = Words("A day", "en", "Point your camera", "forum.test/join", "One vote", "QR code")
    marked = Words("A day", "en", "Point your camera", "forum.test/join", "One vote", "QR code", mark="Rehearsal")
    link = "http://forum.test/s/1/ticket/K7MQ2RXP9FHT"
    slips = [Slip(f"No. {n}", "Carers", "K7MQ-2RXP-9FHT", link) for n in range(8)]
    plain, told = sheet(slips, words), sheet(slips, marked)
    assert len(re.findall(rb"/Type\s*/Page\b", told)) == 1
    assert len(told) != len(plain)
