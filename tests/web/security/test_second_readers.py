"""The role of a second reader: the draft that was given to one, and nothing else of what those who decide see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from support.app import House, words
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.voted_session import COMMISSIONER, QUESTION, Voted, a_vote

from forum.services import accounts, decisions
from forum.services.decision_form import Promise
from forum.voting.commission import SecondReader


@dataclass(frozen=True)
class Desk:
    """A vote with the draft of a decision, and browsers of its writer, of a second reader in its commission alone, and
    of a second reader in another commission."""

    house: House
    voted: Voted
    draft: str
    writer: httpx2.AsyncClient
    reader: httpx2.AsyncClient
    stranger: httpx2.AsyncClient

    async def state(self) -> str:
        async with self.house.store.read() as work:
            return (await work.decision_drafts.get_draft(self.draft.rpartition("/")[2])).state

    async def act(self, browser: httpx2.AsyncClient, act: str, version: int, **more: str) -> httpx2.Response:
        return await browser.post(self.draft, data={"act": act, "version": str(version), **more})


@pytest.fixture(params=list(SecondReader))
async def desk(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    voted, other = await a_vote(house.store, second_reader=request.param), await a_vote(house.store)
    async with house.signed_in("commissioner") as writer, house.browser() as reader, house.browser() as stranger:
        for browser, of in ((reader, voted), (stranger, other)):
            person = await house.person(new_id()[:8])
            await accounts.set_roles(house.store, CLOCK, person.id, ["second reader"], of.live.commission)
            browser.cookies.set("forum_session", await house.session_token(person))
        form = {**ANSWERS, "outcome": "adopted", "response": "r1", "rationale": "It is near.", "role_1": "The trust"}
        form |= {"what_1": "A nurse at night", "by_1": "2126-01-31", "round": voted.rounds[0], "id": new_id()}
        assert (await writer.post("/decide/new", data={**form, "save": "1"})).status_code == 303
        yield Desk(house, voted, f"/decide/drafts/{form['id']}", writer, reader, stranger)


async def test_a_second_reader_reads_a_draft_while_it_is_with_one(desk: Desk) -> None:
    nothing = words(await desk.reader.get("/decide"))
    assert "Nothing to read now" in nothing
    assert "Waiting for an answer" not in nothing
    assert (await desk.reader.get(desk.draft)).status_code == 403
    for act in ("publish", "send back", "hand over", "discard", "ask", "close"):
        refused = await desk.act(desk.reader, act, 1, because="Too short", summary="So", days="7")
        assert refused.status_code == 403
        assert "It is near." not in refused.text
    assert await desk.state() == "draft"

    assert (await desk.act(desk.writer, "hand over", 1)).status_code == 303
    listed = await desk.reader.get("/decide")
    assert "To be read by you (1)" in words(listed)
    assert desk.draft in listed.text
    for said in ("Drafts (", "Published decisions (", "/decide/exports", "/decide/new"):
        assert said not in listed.text
    shown = await desk.reader.get(desk.draft)
    assert "It is near." in shown.text
    for said in ("Change it", "Delete", "did we get you right"):
        assert said not in words(shown)
    for act in ("hand over", "discard", "ask", "close"):
        assert (await desk.act(desk.reader, act, 2, summary="So", days="7")).status_code == 403
    form = {"outcome": "deferred", "version": "2", "save": "1", "rationale": "No"}
    assert (await desk.reader.post(f"{desk.draft}/form", data=form)).status_code == 403
    assert await desk.state() == "with reader"

    for answer in (await desk.stranger.get(desk.draft), await desk.act(desk.stranger, "publish", 2)):
        assert answer.status_code == 403
        assert "It is near." not in answer.text
    assert "Nothing to read now" in words(await desk.stranger.get("/decide"))
    assert QUESTION not in (await desk.stranger.get("/decide")).text


async def test_a_second_reader_sends_a_draft_back_or_publishes_it(desk: Desk) -> None:
    await desk.act(desk.writer, "hand over", 1)
    assert (await desk.act(desk.reader, "send back", 2, because=" ")).status_code == 422
    back = await desk.act(desk.reader, "send back", 2, because="Say who pays.")
    assert (back.status_code, back.headers["location"]) == (303, "/decide")
    assert (await desk.reader.get(desk.draft)).status_code == 403
    assert "Say who pays." in (await desk.writer.get(desk.draft)).text
    assert (await desk.act(desk.reader, "publish", 3)).status_code == 403
    await desk.act(desk.writer, "hand over", 3)
    for _ in range(2):  # the second is the same tap again
        made = await desk.act(desk.reader, "publish", 4)
        assert (made.status_code, made.headers["location"]) == (303, desk.draft.replace("/decide/drafts", "/decisions"))
    read = await desk.reader.get(made.headers["location"])
    assert "A second person, who did not write on it, read this decision" in words(read)
    assert "/decide/decisions/" not in read.text
    assert (await desk.stranger.get(desk.draft)).status_code == 403


async def test_a_promise_that_is_added_later_says_that_no_second_reader_read_it(desk: Desk) -> None:
    await desk.act(desk.writer, "hand over", 1)
    made = await desk.act(desk.reader, "publish", 2)
    said = "after the decision was published. No second reader read this promise."
    assert said not in words(await desk.reader.get(made.headers["location"]))
    id_ = made.headers["location"].rpartition("/")[2]
    later = Promise("The board", "Pays for it", "2126-01-31")
    first, added = (await decisions.commit(desk.house.store, CLOCK, COMMISSIONER, id_, later)).commitments
    shown = words(await desk.reader.get(made.headers["location"]))
    assert shown.count(said) == 1
    assert shown.index("Pays for it") < shown.index(said)
    pages = [words(await desk.reader.get(f"/promises/{one.id}")) for one in (first, added)]
    assert [said in page for page in pages] == [False, True]


async def test_whoever_wrote_on_a_draft_is_no_second_reader_of_it(desk: Desk) -> None:
    """Also where their role was changed since."""
    async with desk.house.store.read() as work:
        [draft] = await work.decision_drafts.list_drafts()
    await desk.act(desk.writer, "hand over", 1)
    await desk.house.person("ada", "administrator")
    await accounts.set_roles(desk.house.store, CLOCK, draft.writers[0], ["second reader"])
    assert "Nothing to read now" in words(await desk.writer.get("/decide"))
    assert (await desk.writer.get(desk.draft)).status_code == 403
    assert (await desk.act(desk.writer, "publish", 2)).status_code == 403
