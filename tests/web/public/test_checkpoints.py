"""The checkpoints of the past on the site, who cosigned them, and the public words that digests are held against."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send
from support.app import ADDRESS, House, words
from support.factories import append_entries
from support.voted_session import FIRST, QUESTION, a_vote
from support.witness import WitnessServer

from forum.ports.record import Cosignature, PastCheckpoint
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.disclosures import digests_in, disclosure_digest, open_disclosure
from forum.services.record_entries import Words, append, erase
from forum.services.witnesses import Standing
from forum.web.public import checkpoints
from forum.web.public.checkpoints import WitnessCard


@pytest.fixture
async def anybody(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.browser() as browser:
        yield browser


async def test_every_checkpoint_that_was_signed_stands_on_a_page_and_stays_at_its_address(
    house: House, anybody: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing was signed yet" in words(await anybody.get("/record/checkpoints"))
    commission = await house.commission()
    notes = {}
    for _ in range(3):
        async with house.store.begin() as work:
            await append_entries(work, commission, 2)
        note = (await anybody.get("/record/checkpoint")).text
        notes[parse_checkpoint(parse_note(note.encode()).text)[1]] = note
    assert list(notes) == [2, 4, 6]
    witness = WitnessServer(1_800_000_000)
    line = witness.cosign(parse_note(notes[4].encode()).text).decode()
    root = parse_checkpoint(parse_note(notes[4].encode()).text)[2]
    async with house.store.begin() as work:
        given = Cosignature(f"{witness.name}+{witness.key_id.hex()}", "2027-01-15T08:00:00.000Z", line.rstrip("\n"))
        await work.checkpoints.cosign(4, root.hex(), given)
    shown = await anybody.get("/record/checkpoints")
    assert re.findall(r"<h2>Entries: (\d+)", shown.text) == ["6", "4", "2"]
    assert f"Cosigned by {witness.name}, 15 January 2027" in words(shown)
    assert words(shown).count("Cosigned by") == 1
    for size, note in notes.items():
        assert f'href="/record/checkpoints/{size}"' in shown.text
        assert (await anybody.get(f"/record/checkpoints/{size}")).text == note + (line if size == 4 else "")
    assert (await anybody.get("/record/checkpoints/cosigned")).text == notes[4] + line
    for no in ("3", "x", "07x", "9" * 40):
        assert (await anybody.get(f"/record/checkpoints/{no}")).status_code == 404, no
    monkeypatch.setattr(checkpoints, "A_PAGE", 2)
    second = await anybody.get("/record/checkpoints?page=2")
    assert re.findall(r"<h2>Entries: (\d+)", second.text) == ["2"]
    assert "/record/checkpoints" in (await anybody.get("/record/check")).text


async def test_one_that_was_given_up_is_said_to_be_and_keeps_an_address_of_its_own(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    commission = await house.commission()
    async with house.store.begin() as work:
        await append_entries(work, commission, 2)
    now = (await anybody.get("/record/checkpoint")).text
    async with house.store.begin() as work:
        for root in ("00" * 32, "ff" * 32):
            await work.checkpoints.keep(PastCheckpoint(2, root, f"the note of {root}\n", ""))
    shown = await anybody.get("/record/checkpoints")
    assert words(shown).count("Given up") == 2
    assert words(shown).count("Nobody wrote down when.") == 2
    assert (await anybody.get("/record/checkpoints/2")).text == now
    for root in ("00" * 32, "ff" * 32):
        assert f'href="/record/checkpoints/2?root={root}"' in shown.text
        assert (await anybody.get(f"/record/checkpoints/2?root={root}")).text == f"the note of {root}\n"


async def test_the_page_of_the_record_says_who_is_silent(
    house: House, anybody: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Witnesses" not in words(await anybody.get("/record/check"))
    at = "2026-11-20T09:30:00.000Z"

    async def told(request: object) -> list[WitnessCard]:
        return [
            WitnessCard(Standing("good.example", 7, at, overdue=False), ""),
            WitnessCard(Standing("silent.example", 3, at, overdue=True), "It does not answer."),
            WitnessCard(Standing("never.example", 0, "", overdue=True), ""),
            WitnessCard(Standing("new.example", 0, "", overdue=False), ""),
        ]

    for module in ("checkpoints", "record_lists"):
        monkeypatch.setattr(f"forum.web.public.{module}.witness_cards", told)
    for path in ("/record/check", "/record/checkpoints"):
        shown = words(await anybody.get(path))
        for said in (
            "good.example Last cosigned on 20 November 2026, 09:30 GMT. Entries that it knows: 7.",
            "silent.example Not cosigned since 20 November 2026, 09:30 GMT. Entries that it knows: 3. "
            "It does not answer.",
            "never.example Never cosigned yet.",
            "new.example Nothing cosigned yet.",
        ):
            assert said in shown, path


async def lines_of(anybody: httpx2.AsyncClient) -> dict[str, str]:
    """Reads the public words as an outsider does, each held against its digest."""
    answer = await anybody.get("/record/disclosures.jsonl")
    assert answer.status_code == 200
    found = {}
    for line in answer.text.splitlines():
        told = json.loads(line)
        assert disclosure_digest(told["disclosure"]) == told["digest"]
        found[told["digest"]] = str(open_disclosure(told["disclosure"])[2])
    return found


async def test_what_is_displayed_can_be_held_against_the_digests_and_nothing_withdrawn_is_given(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST)
    commission = await house.commission()
    async with house.store.begin() as work:
        facts = {
            "scenario": "ab" * 16,
            "title": Words("title", "My street"),
            "text": Words("text", "The knock"),
            "told_by": None,
        }
        index = await append(work, commission, "scenario published", house.site.clock.now(), facts)
    told = await lines_of(anybody)
    entries = [json.loads(line) for line in (await anybody.get("/record/entries.jsonl")).text.splitlines()]
    assert {digest for entry in entries for digest in digests_in(entry)} == set(told)
    assert QUESTION in told.values()
    assert voted.rounds
    alone = (await anybody.get(f"/record/{index}.json")).json()
    assert {str(open_disclosure(one)[2]) for one in alone["disclosures"].values()} == {"My street", "The knock"}
    assert {disclosure_digest(one) for one in alone["disclosures"].values()} == set(alone["disclosures"])
    assert json.loads(alone["entry"]) == entries[index]
    async with house.store.begin() as work:
        await erase(work, commission, house.site.clock.now(), sorted(alone["disclosures"]))
    after = await lines_of(anybody)
    assert set(after) == set(told) - set(alone["disclosures"])
    assert (await anybody.get(f"/record/{index}.json")).json()["disclosures"] == {}
    for no in ("99.json", "x.json", "1.jsonx"):
        assert (await anybody.get(f"/record/{no}")).status_code == 404, no


async def test_the_words_of_long_stories_are_sent_a_few_at_a_time(house: House) -> None:
    commission = await house.commission()
    async with house.store.begin() as work:
        for number in range(60):
            story = {"title": Words("title", "My street"), "text": Words("text", "knock " * 10_000), "told_by": None}
            at = house.site.clock.now()
            await append(work, commission, "scenario published", at, {"scenario": f"{number:032x}", **story})
    pieces: list[int] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def seen(message: Message) -> None:
            pieces.append(len(message.get("body", b"")))
            await send(message)

        await house.app(scope, receive, seen)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=watched), base_url=ADDRESS) as anybody:
        assert len(await lines_of(anybody)) == 120
    assert sum(pieces) > 60 * 60_000
    assert max(pieces) < 30 * 60_000
