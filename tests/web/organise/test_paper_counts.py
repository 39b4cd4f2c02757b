"""Papers on the site: two organisers, one count, told on the console; odd numbers come back with the form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, field, words
from support.factories import CLOCK, new_id

from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession

JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Count:
    """An open vote, and two organisers."""

    house: House
    live: LiveSession
    round: str
    ann: httpx2.AsyncClient
    olu: httpx2.AsyncClient

    @property
    def page(self) -> str:
        return f"/organise/sessions/{self.live.id}/papers/{self.round}"

    async def enter(self, by: httpx2.AsyncClient, handed_out: str = "9", **counts: str) -> httpx2.Response:
        form = {f"n:{key.replace('_', ':')}": n for key, n in counts.items()}
        return await by.post(self.page, data={"act": "enter", "handed_out": handed_out, **form})


@pytest.fixture
async def count(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Count]:
    async with a_house(tmp_path, sqlite_template) as house:
        commission = await house.commission()
        live = await create_session(house.store, CLOCK, SessionForm(commission.id, title="A day"))
        acts = Desk(house.store, CLOCK)
        asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=True)).round
        assert asked is not None
        await facilitation.open_round(acts, live.id, asked.id)
        async with house.signed_in("organiser") as ann, house.signed_in("organiser") as olu:
            yield Count(house, live, asked.id, ann, olu)


async def test_one_enters_and_another_confirms(count: Count) -> None:
    console = f"/console/{count.live.id}"
    assert count.page in (await count.ann.get(console)).text
    assert (await count.enter(count.ann, g1_r1="3", g2_r2="2")).status_code == 303
    assert "a second person must confirm" in words(await count.olu.get(console))
    mine, theirs = await count.ann.get(count.page), await count.olu.get(count.page)
    assert "You entered this count" in words(mine)
    assert "I counted the same: confirm" not in words(mine)
    assert "Papers in all: 5. People who got one: 9." in words(theirs)
    refused = await count.ann.post(count.page, data={"act": "confirm", "id": field(theirs, "id")})
    assert refused.status_code == 422
    assert "Somebody else must confirm" in words(refused)
    closing = await count.ann.post(f"{console}/close", data={"round": count.round})
    assert closing.status_code == 409
    assert "nobody has confirmed them" in words(closing)
    assert (await count.olu.post(count.page, data={"act": "confirm", "id": field(theirs, "id")})).status_code == 303
    done = words(await count.ann.get(count.page))
    assert "These papers are counted" in done
    assert "Save" not in done
    closed = await count.ann.post(f"{console}/close", data={"round": count.round}, headers=JSON)
    assert closed.json()["count"] == 5
    await count.ann.post(f"{console}/reveal", data={"round": count.round})
    said = words(await count.ann.get("/record/entries"))
    assert "Votes counted: 5" in said
    closing_entry = await count.ann.get("/record/2")
    assert "Of these on paper, counted by two people 5" in words(closing_entry)


async def test_a_count_above_the_people_present_comes_back_with_its_numbers(count: Count) -> None:
    back = await count.enter(count.ann, "4", g1_r1="3", g2_r2="2")
    assert back.status_code == 422
    assert "You counted 5 papers, but only 4 people got one" in words(back)
    assert field(back, "n:g1:r1") == "3"
    assert field(back, "handed_out") == "4"
    odd = await count.enter(count.ann, "<9>", g1_r1="three")
    assert 'id="count_g1-error"' in odd.text
    assert 'value="&lt;9&gt;"' in odd.text
    async with count.house.store.read() as work:
        assert await work.papers.get_paper_count(count.round) is None


async def test_a_count_is_corrected_and_discarded_before_it_is_confirmed(count: Count) -> None:
    await count.enter(count.ann, g1_r1="3")
    before = field(await count.ann.get(count.page), "id")
    await count.enter(count.ann, g1_r1="4")
    late = await count.olu.post(count.page, data={"act": "confirm", "id": before})
    assert late.status_code == 422
    assert "corrected or confirmed meanwhile" in words(late)
    shown = await count.olu.get(count.page)
    assert field(shown, "n:g1:r1") == "4"
    assert (await count.olu.post(count.page, data={"act": "discard", "id": field(shown, "id")})).status_code == 303
    assert "Enter the count" in words(await count.olu.get(count.page))


async def test_what_is_not_there_is_not_found_and_what_is_closed_takes_no_paper(count: Count) -> None:
    assert (await count.ann.get(f"/organise/sessions/{count.live.id}/papers/{new_id()}")).status_code == 404
    assert (await count.ann.post(count.page, data={"act": "eat"})).status_code == 404
    await facilitation.close_round(Desk(count.house.store, CLOCK), count.live.id, count.round)
    assert "This one is not" in words(await count.ann.get(count.page))
    assert (await count.enter(count.ann, g1_r1="1")).status_code == 422


async def test_a_confirmed_count_is_for_the_eyes_of_the_two_who_counted(count: Count) -> None:
    await count.enter(count.ann, g1_r1="3", g2_r2="4")
    id_ = field(await count.olu.get(count.page), "id")
    await count.olu.post(count.page, data={"act": "confirm", "id": id_})
    for counted in (count.ann, count.olu):
        assert '<td class="num">4</td>' in (await counted.get(count.page)).text
    async with count.house.signed_in("organiser") as ida:
        page = await ida.get(count.page)
        assert '<td class="num">' not in page.text
        assert "Only the two people who counted these papers can see the numbers." in words(page)
        assert "Papers in all: 7." in words(page)


async def test_no_phone_and_no_projector_sees_a_count_before_the_reveal(count: Count) -> None:
    await count.enter(count.ann, g1_r1="7")
    async with count.house.browser() as phone:
        await phone.post(f"/s/{count.live.code}/join", data={"group": "g1"})
        for path in (f"/s/{count.live.code}", f"/projector/{count.live.projector}"):
            assert "paper" not in words(await phone.get(path)).lower()
        assert (await phone.get(count.page)).status_code == 303
