"""The wrong group tapped: it is seen on one's own phone alone, and put right until the first vote is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, words
from support.async_house import an_open_round
from support.factories import CLOCK, a_room

from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import Entrance

JSON = {"Accept": "application/json"}


@dataclass
class Door:
    house: House
    session: str
    path: str
    phone: httpx2.AsyncClient

    async def joined(self) -> dict[str | None, int]:
        async with self.house.store.read() as work:
            return await work.sessions.joined(self.session)

    async def page(self) -> str:
        return words(await self.phone.get(self.path))


@pytest.fixture
async def door(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Door]:
    async with a_house(tmp_path, sqlite_template) as house, house.browser() as phone:
        live, _ = await a_room(house.store, [])
        await phone.get(f"/s/{live.code}")
        yield Door(house, live.id, f"/s/{live.code}", phone)


async def test_a_group_is_put_right_until_the_first_vote(door: Door) -> None:
    await door.phone.post(f"{door.path}/join", data={"group": "g1", "also": ["g2"]})
    async with door.house.store.read() as work:
        commission = await work.commissions.get_commission((await work.sessions.get_session(door.session)).commission)
    label = {one: str(commission.group_label(one)) for one in ("g1", "g2")}
    assert f"You are here as: {label['g1']}" in await door.page()
    # The lobby says it in a line that opens the way to put it right, also without scripts.
    line = await door.phone.get(door.path)
    assert f'href="{door.path}?group=open#your-group"' in line.text
    assert '<details data-group id="your-group">' in line.text
    opened = await door.phone.get(f"{door.path}?group=open")
    assert '<details data-group id="your-group" open>' in opened.text
    assert "Your group is put right." not in words(opened)
    # A second join says that nothing changed.
    again = await door.phone.post(f"{door.path}/join", data={"group": "g2"})
    assert again.headers["location"] == f"{door.path}?again=1"
    said = words(await door.phone.get(again.headers["location"]))
    assert "This browser had joined before, and nothing has changed. If you meant another group" in said
    assert await door.joined() == {"g1": 1}
    same = await door.phone.post(f"{door.path}/join", data={"group": "g1"})
    assert same.headers["location"] == door.path

    right = await door.phone.post(f"{door.path}/group", data={"group": "g2"})
    said = words(await door.phone.get(right.headers["location"]))
    assert f"You are here as: {label['g2']}" in said
    assert "Your group is put right." in said
    assert await door.joined() == {"g2": 1}
    async with door.house.store.read() as work:
        assert await work.care.belonging(door.session) == {}
    assert (await door.phone.post(f"{door.path}/group", data={"group": ""}, headers=JSON)).status_code == 200
    assert "You are here as: Prefer not to say" in await door.page()
    for wrong in ({"group": "g99"}, {}):
        refused = await door.phone.post(f"{door.path}/group", data=wrong)
        assert refused.status_code == 422
        assert "Choose a group, or “Prefer not to say”." in words(refused)
    assert (await door.phone.post(f"{door.path}/group", data={"group": "g1"})).status_code == 303

    acts = Desk(door.house.store, CLOCK)
    round_ = (await cues.ask_question(acts, door.session, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, door.session, round_.id)
    await door.phone.post(f"{door.path}/vote", data={"round": round_.id, "choice": "r1"})
    fixed = "Your first vote was counted with your group, so it stays in this session."
    assert fixed in await door.page()
    late = await door.phone.post(f"{door.path}/group", data={"group": "g2"})
    assert (late.status_code, fixed in words(late)) == (409, True)
    machine = await door.phone.post(f"{door.path}/group", data={"group": "g2"}, headers=JSON)
    assert (machine.status_code, machine.json()["error"]["code"]) == (409, "illegal_move")
    said = words(await door.phone.get(f"{door.path}?again=1"))
    assert "nothing has changed." in said
    assert "If you meant another group" not in said
    assert await door.joined() == {"g1": 1}


async def test_a_group_is_no_others_to_change_and_not_after_the_end(door: Door) -> None:
    assert (await door.phone.post(f"{door.path}/group", data={"group": "g1"})).status_code == 403
    await door.phone.post(f"{door.path}/join", data={"group": "g1"})
    async with door.house.store.begin() as work:
        await work.sessions.save_session(
            replace(await work.sessions.get_session(door.session), entrance=Entrance.TICKETS)
        )
    refused = await door.phone.post(f"{door.path}/group", data={"group": "g2"})
    assert (refused.status_code, "Your ticket says which group" in words(refused)) == (409, True)
    assert "ask the organiser before you vote" in await door.page()
    assert "Put my group right" not in await door.page()
    await facilitation.end(Desk(door.house.store, CLOCK), door.session)
    assert (await door.phone.post(f"{door.path}/group", data={"group": "g2"})).status_code == 409
    assert await door.joined() == {"g1": 1}


async def test_a_phone_does_not_change_its_group_without_end(door: Door) -> None:
    await door.phone.post(f"{door.path}/join", data={"group": "g1"})
    codes = [(await door.phone.post(f"{door.path}/group", data={"group": "g2"})).status_code for _ in range(21)]
    assert codes == [303] * 20 + [429]


async def test_alone_too_a_group_is_put_right_until_the_answer_is_counted(
    tmp_path: Path, sqlite_template: Path
) -> None:
    async with an_open_round(tmp_path, sqlite_template) as night:
        reader = await night.joined_browser("g1")
        again = await reader.post(f"{night.path}/join", data={"group": "g2"})
        assert "nothing has changed" in words(await reader.get(again.headers["location"]))
        right = await reader.post(f"{night.path}/group", data={"group": "g2"})
        assert "Your group is put right." in words(await reader.get(right.headers["location"]))
        async with night.house.store.read() as work:
            assert await work.sessions.joined(night.night.live.id) == {"g2": 1}
        assert (await reader.post(f"{night.path}/group", data={"group": "g99"})).status_code == 422
        await night.answer(reader)
        late = await reader.post(f"{night.path}/group", data={"group": "g1"})
        assert (late.status_code, "Your first vote was counted" in words(late)) == (409, True)
        async with night.house.browser() as stranger:
            assert (await stranger.post(f"{night.path}/group", data={"group": "g1"})).status_code == 403
