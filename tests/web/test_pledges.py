"""Pledges of help: made on a phone after a vote, read by a moderator, in the record apart from promises, taken back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace

import httpx2
import pytest
import sqlalchemy as sa
from support.app import House, field, words
from support.changed_rows import change, delete
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.live_house import LiveHouse
from support.voted_session import COMMISSIONER, FIRST, LABELS, Voted, a_vote

from forum.record.verify.checks import verify_files
from forum.record.verify.verdict import FAIL
from forum.services import decisions, help_pledges, record_check
from forum.services.decision_form import DecisionForm, Promise
from forum.services.sessions import cues
from forum.store import SqlStore, tables
from forum.voting import help_pledge
from forum.voting.help_pledge import HelpState

ROOM = "I can lend the room above the shop"


async def offer(phone: httpx2.AsyncClient, path: str, **typed: str) -> str:
    """Sends the form of a phone; returns the address of its private link."""
    new = field(await phone.get(f"{path}/pledge"), "new")
    sent = {"new": new, "words": ROOM, "name": "Sam"} | typed
    for _time in range(2):  # a double tap
        answer = await phone.post(f"{path}/pledge", data=sent)
        assert answer.status_code == 303, words(answer)
    assert answer.headers["location"] == f"/my-pledge/{new}"
    return f"/my-pledge/{new}"


async def exported(house: House, commission: str) -> dict[str, bytes]:
    async with house.signed_in("commissioner") as browser:
        sent = await browser.get(f"/export?commission={commission}")
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_one_is_held_read_published_apart_from_promises_and_taken_back(house: House) -> None:
    voted = await a_vote(house.store, FIRST, declared=True)
    there, of = LiveHouse(house, voted.live), voted.live.commission
    promise = Promise("Head of nights", "Two nurses on every night", "2099-06-30")
    form = DecisionForm(
        voted.rounds, outcome="adopted", response="r1", rationale="Near.", answers=ANSWERS, promises=(promise,)
    )
    await decisions.decide(house.store, CLOCK, COMMISSIONER, form)
    phone = await there.join()
    assert f'href="{there.path}/pledge"' in (await phone.get(there.path)).text
    mine = await offer(phone, there.path)
    declined = await offer(phone, there.path, words="My neighbour Ann will do it", name="")
    public = [f"/commissions/{of}", "/promises", f"/promises?commission={of}"]
    async with house.browser() as anybody, house.signed_in("moderator") as moderator:
        for page in public:
            assert ROOM not in words(await anybody.get(page))
        assert "Waiting to be read" in words(await phone.get(mine))
        assert "2 to look at" in words(await moderator.get("/moderate"))
        listed = await moderator.get("/moderate/pledges")
        ids = dict(re.findall(r'lines">([^<]*)</p>.*?name="pledge" value="([0-9a-f]{32})"', listed.text, re.DOTALL))
        for said, act in ((ROOM, "publish"), ("My neighbour Ann will do it", "decline")):
            done = await moderator.post("/moderate/pledges", data={"pledge": ids[said], "act": act})
            assert done.status_code == 303
        late = await moderator.post("/moderate/pledges", data={"pledge": ids[ROOM], "act": "decline"})
        assert "Somebody else read this pledge a moment ago" in words(late)
        assert "did not publish it" in words(await phone.get(declined))
        for page in public:
            shown = words(await anybody.get(page))
            assert "Offers of help" in shown
            assert f"{ROOM} Sam" in shown
            assert "These are no promises" in shown
            assert "Ann" not in shown
        assert f'<a href="/promises/{ids[ROOM]}">' not in (await anybody.get("/promises")).text
        files = await exported(house, of)
        [_header, row] = files["pledges.csv"].decode("utf-8-sig").splitlines()
        assert f"{ROOM},Sam" in row
        assert ROOM.encode() not in files["commitments.csv"]
        assert b"Two nurses" not in files["pledges.csv"]
        assert [one for one in verify_files(files) if one.verdict == FAIL] == []

        assert (await phone.post(mine)).status_code == 303
        assert (await phone.post(mine)).status_code == 303
        assert "You took it back" in words(await phone.get(mine))
        for page in public:
            assert ROOM not in words(await anybody.get(page))
        after = await exported(house, of)
    assert not any(ROOM.encode() in data for data in after.values())
    assert [one for one in verify_files(after) if one.verdict == FAIL] == []
    # The one before it was taken back still holds by itself.
    assert [one for one in verify_files(files) if one.verdict == FAIL] == []


async def test_bad_input_is_told_at_its_field_and_what_was_typed_stays(house: House) -> None:
    voted = await a_vote(house.store, FIRST)
    there = LiveHouse(house, voted.live)
    phone = await there.join()
    for typed, fault in (
        ({"words": ""}, "Say in a few words how you can help."),
        ({"words": "x" * 401}, "Use at most 400 characters."),
        ({"words": ROOM, "name": "S" * 41}, "Use at most 40 characters."),
        ({"words": ROOM, "new": "no key"}, "This form cannot be used."),
    ):
        sent = {"new": field(await phone.get(f"{there.path}/pledge"), "new"), "name": "Sam"} | typed
        answer = await phone.post(f"{there.path}/pledge", data=sent)
        assert answer.status_code == 422
        assert fault in words(answer)
        assert sent["words"] in answer.text
        assert sent["name"] in answer.text
    assert (await phone.get("/my-pledge/" + "a" * 32)).status_code == 404
    for _time in range(5):
        await phone.post(f"{there.path}/pledge", data={"new": "a" * 32, "words": ROOM})
    too_many = await phone.post(f"{there.path}/pledge", data={"new": "b" * 32, "words": ROOM + " too"})
    assert too_many.status_code in (303, 429)
    async with house.store.read() as work:
        listed = await work.help_pledges.list_help_pledges(HelpState.WAITING, voted.live.commission)
    assert 1 <= len(listed) <= 2


async def test_nobody_pledges_before_a_vote_or_in_a_rehearsal_and_only_so_many_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted = await a_vote(house.store, FIRST)
    rehearsed = await a_vote(house.store, FIRST, recorded=False, rehearsal=True)
    async with house.store.begin() as work:
        fresh = replace(voted.live, id=new_id(), code="999999", projector=new_id(), cue=type(voted.live.cue)())
        await work.sessions.add_session(fresh)
    there = LiveHouse(house, voted.live)
    phone = await there.join()
    for code in (fresh.code, rehearsed.live.code):
        assert (await phone.get(f"/s/{code}/pledge")).status_code == 409
        assert (await phone.post(f"/s/{code}/pledge", data={"words": ROOM, "new": "c" * 32})).status_code == 409
    monkeypatch.setattr(help_pledges, "MOST_WAITING", 1)
    await offer(phone, there.path)
    full = await phone.post(f"{there.path}/pledge", data={"words": "A second one", "new": "d" * 32})
    assert full.status_code == 409
    assert "A second one" in full.text
    asked = await cues.ask_question(voted.desk, fresh.id, "Who?", LABELS, none=True)
    assert asked.round is not None
    assert (await phone.get(f"/s/{fresh.code}/pledge")).status_code == 409


async def shown_pledge(house: House) -> tuple[Voted, str]:
    """Returns a session and the id of a pledge that was published after its vote."""
    voted = await a_vote(house.store, FIRST, declared=True)
    there = LiveHouse(house, voted.live)
    await offer(await there.join(), there.path)
    async with house.signed_in("moderator") as moderator:
        id_ = field(await moderator.get("/moderate/pledges"), "pledge")
        await moderator.post("/moderate/pledges", data={"pledge": id_, "act": "publish"})
    return voted, id_


async def test_a_row_that_was_changed_is_told_by_the_check_and_on_its_page(house: House) -> None:
    voted, id_ = await shown_pledge(house)
    assert isinstance(house.store, SqlStore)

    async def found() -> set[tuple[str, str]]:
        return {
            (one.table, one.column)
            async for told in record_check.check(house.site.checkpoints)
            for one in told.findings
        }

    assert await found() == set()
    table = tables.help_pledge
    page = f"/promises?commission={voted.live.commission}"
    async with house.browser() as anybody:
        for column, value, right in (("words", "Nothing", ROOM), ("name", "Ann", "Sam"), ("state", "waiting", "shown")):
            await change(house.store, table.c.id == id_, table, **{column: value})
            assert await found() == {("help_pledge", column)}
            told = "does not agree with the record" in words(await anybody.get(page))
            assert told is (column != "state")
            await change(house.store, table.c.id == id_, table, **{column: right})
    await delete(house.store, table.c.id == id_, table)
    assert await found() == {("help_pledge", "id")}


async def test_no_row_or_entry_links_one_to_a_phone_a_ballot_or_a_group(house: House) -> None:
    assert {column.name for column in tables.help_pledge.columns} == {
        *("id", "commission", "words", "name", "key", "day", "state", "entry")
    }
    assert {key.target_fullname for key in tables.help_pledge.foreign_keys} == {"commission.id"}
    voted, id_ = await shown_pledge(house)
    async with house.store.read() as work:
        row = await work.help_pledges.help_pledge(id_)
        [stored] = [one for one in await work.record.entries() if b'"type":"pledge"' in one.body]
        participants = sa.select(tables.participant.c.id, tables.participant.c.device)
        people = [*await work.rounds._link.rows(participants)]  # type: ignore[attr-defined]
    entry = json.loads(stored.body)
    assert set(entry) == {"type", "at", "commission", "pledge", "words", "name"}
    held = json.dumps([entry, vars(row)], default=str)
    for person in people:
        assert person["id"] not in held
        assert person["device"] is None or person["device"] not in held
    assert voted.live.id not in held
    assert len(row.day) == len("2026-11-29")
    assert help_pledge.MOST_SHOWN <= help_pledge.MOST_WAITING
