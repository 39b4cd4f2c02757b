"""The ledger of promises, each promise with its history, and the form for what became of it."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pypdf
import pytest
from support.app import House, field, words
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.voted_session import COMMISSIONER, a_vote

from forum.services import decisions
from forum.services.commitments import MEANWHILE
from forum.services.decision_form import DecisionForm, Promise
from forum.sessions.proposal import Pledge, PledgeState
from forum.store import tables
from forum.voting.decision import Decision

LATE = Promise(
    "Police liaison", "A number to ring", "2020-01-31", "Nobody answers at night.", "The number is on the door."
)
LATER = Promise("Head of nights", "Two nurses on every night", "2020-06-30")
OPEN = Promise("The trust", "Somebody who rings back", "2099-03-31")


@pytest.fixture
async def commissioner(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("commissioner") as browser:
        yield browser


async def decided(house: House, *promises: Promise, **changes: Any) -> Decision:
    voted = await a_vote(house.store, **changes)
    form = DecisionForm(
        voted.rounds, outcome="adopted", response="r1", rationale="It is near.", answers=ANSWERS, promises=promises
    )
    return await decisions.decide(house.store, CLOCK, COMMISSIONER, form)


def listed(answer: httpx2.Response) -> list[str]:
    """Returns the ids of the promises on a page of the ledger, in their order."""
    return re.findall(r'<li><a href="/promises/([0-9a-f]{32})">', answer.text)


async def test_the_ledger_lists_what_is_late_first_and_finds_by_words_and_choice(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    async with house.browser() as anybody:
        assert "Nothing has been promised yet" in words(await anybody.get("/promises"))
        made = await decided(house, OPEN, LATER, LATE)
        other = await decided(house, Promise("Council", "A warm room", "2099-01-01"))
        rehearsed = await decided(
            house, Promise("Council", "Only rehearsed", "2020-01-01"), recorded=False, rehearsal=True
        )
        open_, later, late = (one.id for one in made.commitments)
        room = other.commitments[0].id

        whole = await anybody.get("/promises")
        assert listed(whole) == [late, later, room, open_]
        assert "2 are late" in words(whole)
        assert "4 promises" in words(whole)
        assert rehearsed.commitments[0].id not in whole.text
        for address, expected in (
            ("?words=Every+two", [later]),
            ("?words=two+every+door", []),
            ("?words=door", [late]),
            (f"?commission={made.commission}", [late, later, open_]),
            ("?owner=council", [room]),
            ("?state=overdue", [late, later]),
            ("?state=no+news", []),
            ("?state=no+news+yet&owner=The+trust", [open_]),
            ("?state=done", []),
            ("?page=9", [late, later, room, open_]),
            ("?words=%00%ff&state=x", []),
        ):
            assert listed(await anybody.get(f"/promises{address}")) == expected, address
        assert (await anybody.get(f"/promises?commission={new_id()}")).status_code == 404

        news = {"state": "not done", "because": "There is no money."}
        assert (await commissioner.post(f"/decide/promises/{late}", data=news)).status_code == 303
        commission = await anybody.get(f"/commissions/{made.commission}")
        assert listed(commission) == [later, open_, late]
        assert f"/promises?commission={made.commission}" in commission.text
        whole = await anybody.get("/promises")
        assert listed(whole) == [later, room, open_, late]
        assert "1 is late · 1 is not done" in words(whole)
        assert listed(await anybody.get("/promises?state=not+done&words=money")) == [late]


async def test_a_promise_has_an_address_with_its_history_and_its_entries(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    made = await decided(house, LATE)
    promise = made.commitments[0]
    address = f"/decide/promises/{promise.id}"
    shown = await commissioner.get(f"/promises/{promise.id}")
    for expected in (
        "Police liaison",
        "A number to ring",
        "31 January 2020",
        "Nobody answers at night.",
        "on the door",
    ):
        assert expected in words(shown)
    assert re.search(r"Late by [\d,]+ days", words(shown))
    assert address in shown.text
    assert made.entry is not None
    assert f'href="/record/{made.entry + 1}"' in shown.text

    form = await commissioner.get(address)
    sent = {"id": field(form, "id"), "after": field(form, "after")}
    first = {**sent, "state": "handed on", "handed_to": "Control room", "said": "They have <the> phones."}
    answer = await commissioner.post(address, data=first)
    assert answer.headers["location"] == f"/promises/{promise.id}"
    assert (await commissioner.post(address, data=first)).status_code == 303

    # Somebody who saw the page of before: told, with the news above, and nothing typed is lost.
    clash = await commissioner.post(address, data={"after": "", "state": "done", "said": "It <rings>."})
    assert clash.status_code == 409
    assert MEANWHILE in words(clash)
    assert "It &lt;rings&gt;." in clash.text
    assert "They have &lt;the&gt; phones." in clash.text
    again = {"id": field(clash, "id"), "after": field(clash, "after"), "state": "done", "said": "It <rings>."}
    assert (await commissioner.post(address, data=again)).status_code == 303

    async with house.browser() as anybody:
        shown = await anybody.get(f"/promises/{promise.id}")
        said = words(shown)
        assert said.index("It <rings>.") < said.index("Handed on: Control room") < said.index("They have <the> phones.")
        assert "Late by" not in said
        assert address not in shown.text
        assert re.findall(r'href="/record/(\d+)"', shown.text) == [str(made.entry + n) for n in (3, 2, 1)]
        for number, expected in ((2, "Handed on"), (3, "How a promise stands now: Done.")):
            assert expected in words(await anybody.get(f"/record/{made.entry + number}"))
        decision = await anybody.get(f"/decisions/{made.id}")
        assert f'href="/promises/{promise.id}"' in decision.text
        assert "Done" in words(decision)
        assert (await anybody.get(f"/promises/{new_id()}")).status_code == 404
        assert (await anybody.get(address)).status_code in (302, 303, 401, 403)


async def test_what_was_typed_stays_where_a_form_has_a_mistake(house: House, commissioner: httpx2.AsyncClient) -> None:
    promise = (await decided(house, LATE)).commitments[0]
    sent = {"state": "not done", "said": "Half of it", "handed_to": "Control room"}
    answer = await commissioner.post(f"/decide/promises/{promise.id}", data=sent)
    assert answer.status_code == 422
    for expected in ("Say why it is not done.", "You named a role.", "Half of it"):
        assert expected in words(answer)
    assert 'value="not done" checked' in answer.text
    assert 'value="Control room"' in answer.text
    asked = await commissioner.post(f"/decide/promises/{promise.id}", data=sent, headers={"Accept": "application/json"})
    assert (asked.status_code, asked.json()["error"]["code"]) == (422, "form")


async def test_feeds_tell_promises_and_what_became_of_them(house: House, commissioner: httpx2.AsyncClient) -> None:
    made = await decided(house, LATE, OPEN)
    await decided(house, LATER)
    late = made.commitments[0].id
    news = {"state": "partly", "because": "One of two.", "said": "A number."}
    await commissioner.post(f"/decide/promises/{late}", data=news)
    atom = "{http://www.w3.org/2005/Atom}"
    found = {}
    for address in (
        "/promises/feed.atom",
        f"/promises/feed.atom?commission={made.commission}",
        f"/promises/{late}/feed.atom",
    ):
        answer = await commissioner.get(address)
        feed = ET.fromstring(answer.text)
        links = [one.attrib["href"] for one in feed.findall(f"{atom}link") if one.attrib["rel"] == "self"]
        assert links[0].endswith(address)
        found[address] = [one.findtext(f"{atom}title") for one in feed.findall(f"{atom}entry")]
        assert found[address][0] == "How a promise stands now: Partly done."
    assert [len(one) for one in found.values()] == [4, 3, 2]


async def test_whoever_has_the_owners_link_says_what_became_of_that_promise(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    made = await decided(house, LATE, OPEN)
    promise, other = made.commitments
    address = f"/decide/promises/{promise.id}/owner"
    page = await commissioner.get(address)
    assert "There is no link now." in words(page)
    given = await commissioner.post(address, data={"act": "make", "new": field(page, "new")})
    [link] = set(re.findall(r'href="[^"]*(/my-promise/[A-Za-z0-9_-]{32})"', given.text))
    assert "There is a link since" in words(await commissioner.get(address))
    assert link not in (await commissioner.get(address)).text
    refused = await commissioner.post(address, data={"act": "make", "new": "short"})
    assert (refused.status_code, "This new link cannot be used." in words(refused)) == (422, True)

    async with house.browser() as owner:
        mine = await owner.get(link)
        assert "A number to ring" in words(mine)
        assert other.what not in words(mine)
        sent = {"id": field(mine, "id"), "after": "", "state": "done", "said": "It <rings>."}
        said = await owner.post(link, data=sent)
        assert said.headers["location"] == f"{link}?done=said"
        assert "Everybody can read it now." in words(await owner.get(said.headers["location"]))
        assert "said by whoever has to do it" in words(await owner.get(f"/promises/{promise.id}"))
        wrong = await owner.post(link, data={"state": "not done"})
        assert (wrong.status_code, "Say why it is not done." in words(wrong)) == (422, True)

        assert (await commissioner.post(address, data={"act": "revoke"})).status_code == 303
        off = await owner.get(link)
        assert off.status_code == 410
        assert "This link was switched off." in words(off)
        assert "<form method" not in off.text.partition("<main")[2].partition("</main")[0]
        late = await owner.post(link, data={"state": "partly", "because": "One <has> left."})
        assert late.status_code == 409
        assert "so nothing was published" in words(late)
        assert "One &lt;has&gt; left." in late.text
        assert (await owner.get("/my-promise/" + "a" * 32)).status_code == 404


async def test_you_said_we_did_stands_on_a_page_and_on_a_poster(house: House, commissioner: httpx2.AsyncClient) -> None:
    assert "Nothing has been promised yet" in words(await commissioner.get("/promises/said"))
    made = await decided(house, LATE, LATER, OPEN)
    await decided(house, Promise("Council", "A warm room", "2099-01-01"))
    for promise, news in zip(
        made.commitments,
        ({"state": "done", "said": "It <rings>."}, {"state": "not done", "because": "There is no money."}),
        strict=False,
    ):
        assert (await commissioner.post(f"/decide/promises/{promise.id}", data=news)).status_code == 303
    shown = await commissioner.get(f"/promises/said?commission={made.commission}")
    said = words(shown)
    places = [
        said.index(one)
        for one in (
            "We did You said: Nobody answers at night. A number to ring It <rings>.",
            "We did not, because We asked: Who should come first? Two nurses on every night There is no money.",
            "Still to come We asked: Who should come first? Somebody who rings back No news yet",
        )
    ]
    assert places == sorted(places)
    assert "A warm room" not in said
    assert "A warm room" in words(await commissioner.get("/promises/said"))
    address = f"/decide/poster.pdf?commission={made.commission}"
    assert address in shown.text
    poster = await commissioner.get(address)
    assert poster.headers["content-type"] == "application/pdf"
    read = " ".join(" ".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(poster.content)).pages).split())
    for expected in ("You said, we did", "It <rings>.", "There is no money.", "Nobody answers at night.", "rings back"):
        assert expected in read
    assert "A warm room" not in read
    async with house.browser() as anybody:
        assert "/decide/poster.pdf" not in (await anybody.get("/promises/said")).text
        assert (await anybody.get(address)).status_code in (303, 401, 403)
        assert (await anybody.get(f"/promises/said?commission={new_id()}")).status_code == 404


async def test_what_was_offered_in_the_room_stands_apart_until_it_is_confirmed(house: House) -> None:
    voted, rehearsed = await a_vote(house.store), await a_vote(house.store, recorded=False, rehearsal=True)
    said = {PledgeState.WAITING: "I can drive", PledgeState.WITHDRAWN: "I take it back", PledgeState.CONFIRMED: "Kept"}
    async with house.store.begin() as work:
        for state, what in said.items():
            offer = (what, "2027-01-31", CLOCK.now(), state)
            await work.proposals.pledge(Pledge(new_id(), voted.live.id, voted.rounds[0], "A driver", *offer))
        only = ("Only rehearsed", "2027-01-31", CLOCK.now())
        await work.proposals.pledge(Pledge(new_id(), rehearsed.live.id, rehearsed.rounds[0], "A driver", *only))
    async with house.browser() as anybody:
        shown = await anybody.get(f"/promises?commission={voted.live.commission}")
        assert "Offered in the room" in words(shown)
        assert "I can drive A driver · By 31 January 2027" in words(shown)
        for other in ("I take it back", "Kept"):
            assert other not in words(shown)
        assert listed(shown) == []
        assert "Only rehearsed" not in words(await anybody.get(f"/promises?commission={rehearsed.live.commission}"))
        assert "I can drive" not in words(await anybody.get("/promises"))

    # No column of what was offered, promised or told leads to a ballot or a device.
    for table in (tables.pledge, tables.commitment, tables.commitment_update, tables.owner_link):
        to = {key.column.table.name for key in table.foreign_keys}
        assert to <= {"session", "round", "decision", "commitment"}, table.name
