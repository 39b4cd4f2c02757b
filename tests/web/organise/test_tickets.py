"""Tickets on the site: issued as a sheet to print, used at the door, replaced, and guesses limited."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, field, words
from support.factories import CLOCK, new_id

from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.sessions.session import LiveSession

JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Door:
    """A session with tickets, and its organiser."""

    house: House
    live: LiveSession
    organiser: httpx2.AsyncClient

    @property
    def page(self) -> str:
        return f"/organise/sessions/{self.live.id}/tickets"

    async def issue(self, count: int = 1, group: str = "g1") -> list[str]:
        form = {"act": "issue", "group": group, "count": str(count)}
        answer = await self.organiser.post(self.page, data=form, headers=JSON)
        assert answer.status_code == 200, answer.text
        return [one["code"] for one in answer.json()["tickets"]]

    async def come(self, browser: httpx2.AsyncClient, code: str) -> httpx2.Response:
        return await browser.post(f"/s/{self.live.code}/join", data={"ticket": code})


@pytest.fixture
async def door(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Door]:
    async with a_house(tmp_path, sqlite_template, wrong_tickets_per_address=5) as house:
        commission = await house.commission()
        form = SessionForm(commission.id, title="A day", entrance="tickets")
        live = await create_session(house.store, CLOCK, form)
        async with house.signed_in("organiser") as organiser:
            yield Door(house, live, organiser)


async def test_letters_without_a_font_are_told_before_anything_is_issued(door: Door) -> None:
    async with door.house.store.begin() as work:
        live = await work.sessions.get_session(door.live.id)
        await work.sessions.save_session(replace(live, title="A day \U000f1234"))
    shown = words(await door.organiser.get(door.page))
    assert "No font on this server has these letters: \U000f1234." in shown
    form = {"act": "issue", "group": "g1", "count": "1"}
    refused = await door.organiser.post(door.page, data=form)
    assert refused.status_code == 422
    assert "or agree to boxes" in refused.text
    assert "No ticket yet" in refused.text
    agreed = await door.organiser.post(door.page, data=form | {"boxes": "yes"})
    assert agreed.content.startswith(b"%PDF-")
    assert len(await door.issue()) == 1  # nothing is printed of these


async def test_issuing_answers_with_the_sheet_to_print_and_shows_no_code_again(door: Door) -> None:
    answer = await door.organiser.post(door.page, data={"act": "issue", "group": "g1", "count": "9"})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "attachment" in answer.headers["content-disposition"]
    (code,) = await door.issue(group="")
    shown = await door.organiser.get(door.page)
    said = words(shown)
    assert "No. 10 · Prefer not to say" in said
    assert "People who use services 9 10" in said
    assert code not in shown.text


@pytest.mark.parametrize("count", ["", "0", "many", "501", "-1"])
async def test_a_number_that_is_none_comes_back_with_the_form(door: Door, count: str) -> None:
    back = await door.organiser.post(door.page, data={"act": "issue", "group": "g2", "count": count})
    assert back.status_code == 422
    assert 'id="count-error"' in back.text
    assert f'value="{count}"' in back.text
    assert '<option value="g2" selected>' in back.text


async def test_a_ticket_lets_its_holder_in_with_its_group(door: Door) -> None:
    (code,) = await door.issue(group="g2")
    async with door.house.browser() as phone:
        asked = await phone.get(f"/s/{door.live.code}")
        assert "The code on your ticket" in words(asked)
        assert 'name="group"' not in asked.text
        filled = await phone.get(f"/s/{door.live.code}/ticket/{code.replace('-', '')}")
        assert f'value="{code}"' in filled.text
        assert (await door.come(phone, code)).status_code == 303
        assert "You are in" in words(await phone.get(f"/s/{door.live.code}"))
        assert (await phone.get(f"/s/{door.live.code}/ticket/{code}")).status_code == 303
    async with door.house.store.read() as work:
        assert await work.sessions.joined(door.live.id) == {"g2": 1}


async def test_other_groups_and_listening_are_offered_with_a_ticket_too_and_stay_ticked(door: Door) -> None:
    (code,) = await door.issue(group="g2")
    path = f"/s/{door.live.code}"
    async with door.house.browser() as phone:
        assert "I belong to other groups as well" in words(await phone.get(path))
        form = {"ticket": "K7MQ", "also": ["g1", "g2", "g9"], "observe": "1"}
        back = await phone.post(f"{path}/join", data=form)
        assert back.status_code == 422
        assert re.search(r'name="also" value="g1"[^>]* checked', back.text)
        assert re.search(r'name="observe" value="1"[^>]* checked', back.text)
        assert (await phone.post(f"{path}/join", data=form | {"ticket": code})).status_code == 303
        assert 'class="bare phone observing"' in (await phone.get(path)).text
    async with door.house.store.read() as work:
        assert await work.care.belonging(door.live.id) == {"g1": 1}
        assert await work.sessions.observers(door.live.id) == 1


async def test_reading_the_code_does_not_use_it_up(door: Door) -> None:
    (code,) = await door.issue()
    async with door.house.browser() as reader, door.house.browser("192.0.2.9") as phone:
        await reader.get(f"/s/{door.live.code}/ticket/{code}")
        assert (await door.come(phone, code)).status_code == 303


async def test_a_ticket_on_two_devices_is_told_clearly(door: Door) -> None:
    (code,) = await door.issue()
    async with door.house.browser() as first, door.house.browser("192.0.2.9") as second:
        await door.come(first, code)
        refused = await door.come(second, code)
        assert refused.status_code == 422
        assert "in use on another device" in words(refused)
        assert f'value="{code}"' in refused.text
        assert "You are in" in words(await first.get(f"/s/{door.live.code}"))
        machine = await second.post(f"/s/{door.live.code}/join", data={"ticket": code}, headers=JSON)
        assert machine.status_code == 422


async def test_a_group_cannot_be_chosen_past_the_ticket(door: Door) -> None:
    async with door.house.browser() as phone:
        assert (await phone.post(f"/s/{door.live.code}/join", data={"group": "g1"})).status_code == 422
    async with door.house.store.read() as work:
        assert await work.sessions.joined(door.live.id) == {}


async def test_a_lost_ticket_is_replaced_and_the_device_it_was_on_is_out(door: Door) -> None:
    (code,) = await door.issue()
    async with door.house.browser() as old, door.house.browser("192.0.2.9") as new:
        await door.come(old, code)
        answer = await door.organiser.post(door.page, data={"act": "renew", "number": "1"}, headers=JSON)
        fresh = answer.json()["tickets"][0]["code"]
        assert "The code on your ticket" in words(await old.get(f"/s/{door.live.code}"))
        assert "no longer lets anybody in" in words(await door.come(old, code))
        assert (await door.come(new, fresh)).status_code == 303
    said = words(await door.organiser.get(door.page))
    assert "No. 2 · People who use services · in place of 1" in said
    back = await door.organiser.post(door.page, data={"act": "renew", "number": "1"})
    assert back.status_code == 422
    assert "dead already" in words(back)
    for form in ({"act": "renew", "number": "99"}, {"act": "sell", "number": "1"}):
        assert (await door.organiser.post(door.page, data=form)).status_code == 404


async def test_guesses_are_limited_and_mistakes_are_not_ones_own_undoing(door: Door) -> None:
    (code,) = await door.issue()
    async with door.house.browser() as guesser, door.house.browser("192.0.2.9") as phone:
        for _ in range(5):
            assert (await door.come(guesser, new_id()[:12])).status_code == 422
        refused = await door.come(guesser, "K7MQ2RXP9FHT")
        assert refused.status_code == 429
        assert "Too many wrong tries" in words(refused)
        assert 'value="K7MQ2RXP9FHT"' in refused.text
        assert (await door.come(phone, "")).status_code == 422
        assert (await door.come(guesser, code)).status_code == 303


async def test_the_record_says_how_people_got_in(door: Door) -> None:
    async with door.house.store.read() as work:
        (entry,) = await work.record.entries()
    assert json.loads(entry.body)["entrance"] == "tickets"
    assert "Each ticket has one vote" in words(await door.organiser.get("/record/0"))


async def test_a_session_with_a_code_says_that_it_has_no_tickets(door: Door) -> None:
    live = await create_session(door.house.store, CLOCK, SessionForm(door.live.commission, title="Open"))
    page = f"/organise/sessions/{live.id}/tickets"
    assert "It has no tickets" in words(await door.organiser.get(page))
    assert (await door.organiser.post(page, data={"act": "issue", "group": "g1", "count": "1"})).status_code == 422
    async with door.house.browser() as phone:
        assert (await phone.post(f"/s/{live.code}/join", data={"group": "g1"})).status_code == 303


async def test_how_people_get_in_is_chosen_when_a_session_is_made(door: Door) -> None:
    shown = await door.organiser.get(f"/organise/sessions/new?commission={door.live.commission}")
    assert "How do people get in?" in words(shown)
    form = {"commission": door.live.commission, "title": "Another", "entrance": "tickets"}
    made = (await door.organiser.post("/organise/sessions", data=form, headers=JSON)).json()
    async with door.house.store.read() as work:
        assert (await work.sessions.get_session(made["id"])).entrance == "tickets"
    back = await door.organiser.post("/organise/sessions", data=form | {"entrance": "the window"})
    assert back.status_code == 422


async def test_without_the_library_that_prints_no_ticket_is_issued_and_the_page_says_why(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = await door.issue()
    monkeypatch.setitem(sys.modules, "typst", None)
    assert "its library typst is not installed" in words(await door.organiser.get(door.page))
    for form in (
        {"act": "issue", "group": "g1", "count": "7"},
        {"act": "issue", "group": "g1", "count": "7", "boxes": "yes"},
        {"act": "renew", "number": "1"},
    ):
        refused = await door.organiser.post(door.page, data=form)
        assert (refused.status_code, "pip install ." in words(refused)) == (503, True)
        assert form.get("count", "") in {"", field(refused, "count")}
    async with door.house.store.read() as work:
        [ticket] = await work.tickets.list_tickets(door.live.id)
    assert ticket.revoked_at == "", "the one that there is holds"
    assert len(await door.issue()) == 1  # nothing is printed of these
    async with door.house.browser() as browser:
        assert (await door.come(browser, code)).status_code == 303
