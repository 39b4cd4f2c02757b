"""The public record on the site: in words, as bytes, with proofs that hold, and nothing before its time."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from html import unescape

import httpx2
import pytest
import sqlalchemy as sa
from support.app import House, words
from support.changed_rows import change
from support.decided import ANSWERS
from support.factories import CLOCK, a_cast, append_entries, new_id
from support.voted_session import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote

from forum.record.ballot_leaves import ballots_root
from forum.record.signing_key import check_with
from forum.record.verify import merkle_tree
from forum.record.verify.checkpoint import parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.merkle_tree import leaf_hash, verify_inclusion
from forum.services import decision_form, decisions
from forum.services.predictions import PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.stories import moderation
from forum.store import SqlStore
from forum.store.tables import entry
from forum.voting.commission import Commission

ENTRIES = "/record/entries.jsonl"
MACHINE = {"Accept": "application/json"}
RATIONALE = "A nurse is there in <twenty> minutes."


@pytest.fixture
async def anybody(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.browser() as browser:
        yield browser


async def a_decision(house: House, voted: Voted) -> int:
    form = decision_form.DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r2" if len(voted.rounds) == 2 else "r1",
        rationale=RATIONALE,
        answers=ANSWERS,
        promises=(decision_form.Promise("Head of night services", "Two nurses", "2027-03-31"),),
    )
    made = await decisions.decide(house.store, CLOCK, COMMISSIONER, form)
    assert made.entry is not None
    return made.entry


async def filled(house: House, entries: int) -> Commission:
    """Fills the record with as many entries; returns their commission."""
    commission = await house.commission()
    async with house.store.begin() as work:
        await append_entries(work, commission, entries)
    return commission


async def test_an_empty_record_says_what_will_be_there(anybody: httpx2.AsyncClient) -> None:
    for path in ("/record", "/record/entries"):
        shown = await anybody.get(path)
        assert shown.status_code == 200
        assert "Nothing is on record yet" in words(shown)
    assert (await anybody.get("/record/0")).status_code == 404
    assert parse_checkpoint(parse_note((await anybody.get("/record/checkpoint")).content).text)[1] == 0


async def test_the_record_is_told_newest_first_each_entry_with_an_address(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    await a_decision(house, voted)
    shown = await anybody.get("/record/entries")
    numbers = [int(n) for n in re.findall(r'id="entry-(\d+)"', shown.text)]
    assert numbers == list(range(7, -1, -1))
    said = words(shown)
    for sentence in (
        f"Voting opened. The question is: “{QUESTION}”",
        "Voting opened again, after the replay.",
        "Votes counted: 19.",
        "The room preferred “A nurse from the crisis team”, with 10 of 19 votes.",
        "“The police” is adopted.",
        "Head of night services will do this by 31 March 2027: Two nurses",
    ):
        assert sentence in said, sentence
    assert shown.text.count("<h1") == 1
    assert "style=" not in shown.text
    for number in numbers:
        entry = await anybody.get(f"/record/{number}")
        assert entry.status_code == 200
        assert f"Entry {number} of the record" in words(entry)
        assert entry.text.count("<h1") == 1
        assert "style=" not in entry.text


async def test_twenty_entries_are_on_a_page(house: House, anybody: httpx2.AsyncClient) -> None:
    await filled(house, 41)
    seen: list[int] = []
    for page in ("", "?page=2", "?page=3"):
        shown = await anybody.get("/record/entries" + page)
        found = [int(n) for n in re.findall(r'id="entry-(\d+)"', shown.text)]
        assert len(found) <= 20
        seen += found
    assert seen == list(range(40, -1, -1))
    for odd in ("9", "0", "-1", "x", "9" * 30, "²"):
        for path in ("/record", "/record/entries"):
            assert (await anybody.get(f"{path}?page={odd}")).status_code == 200
    assert 'id="entry-40"' in (await anybody.get("/record/entries?month=1999-13")).text, "the newest month"


async def test_the_list_can_be_narrowed_to_a_commission_or_a_session(house: House, anybody: httpx2.AsyncClient) -> None:
    await filled(house, 3)
    voted = await a_vote(house.store)
    decided = await a_decision(house, voted)
    of_session = await anybody.get(f"/record/entries?session={voted.live.id}")
    of_commission = await anybody.get(f"/record/entries?commission={voted.live.commission}")
    assert [int(n) for n in re.findall(r'id="entry-(\d+)"', of_session.text)] == [6, 5, 4, 3]
    assert [int(n) for n in re.findall(r'id="entry-(\d+)"', of_commission.text)] == [7, 6, 5, 4, 3]
    assert decided == 6
    for path in ("/record/entries?session=", "/record/entries?commission=", "/record?commission="):
        assert (await anybody.get(f"{path}{new_id()}")).status_code == 404
    moved = await anybody.get(f"/record?session={voted.live.id}")
    assert moved.headers["location"] == f"/record/entries?session={voted.live.id}", "its address until there were views"


async def test_a_prediction_is_listed_with_its_session_as_it_was_sealed_and_opened(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, declared=True, predicted=PredictionForm("", "", "The nurse", "Twenty votes"))
    await a_decision(house, voted)
    of_session = words(await anybody.get(f"/record/entries?session={voted.live.id}"))
    assert "Sealed prediction" in of_session
    assert "Before the vote, those who decide expected: The nurse" in of_session


async def test_what_is_appended_later_is_on_the_next_page_that_is_asked_for(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    await a_vote(house.store)
    await anybody.get("/record")
    voted = await a_vote(house.store, FIRST, SECOND)
    await a_decision(house, voted)
    assert "“The police” is adopted." in words(await anybody.get("/record"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65])
async def test_the_proof_on_an_entry_holds(house: House, anybody: httpx2.AsyncClient, size: int) -> None:
    await filled(house, size)
    signed = check_with((await anybody.get("/record/public-key.pem")).content)
    for index in {0, size // 2, size - 1}:
        got = (await anybody.get(f"/record/{index}", headers={"Accept": "application/json"})).json()
        leaf = leaf_hash(got["entry"].encode())
        assert leaf.hex() == got["leaf_hash"]
        proof, root = [bytes.fromhex(one) for one in got["proof"]], bytes.fromhex(got["root"])
        verify_inclusion(leaf, index, size, proof, root)
        note = parse_note(got["checkpoint"].encode())
        assert parse_checkpoint(note.text)[1:] == (size, root)
        assert [signed(note.text, signature) for _, _, signature in note.signatures] == [True]
        page = await anybody.get(f"/record/{index}")
        shown = re.findall(r"<li><code>([0-9a-f]{64})</code>", page.text)
        assert shown == got["proof"]
        assert leaf.hex() in page.text
        assert root.hex() in page.text

        text = await anybody.get(f"/record/{index}?as=tlog-proof")
        head, where, *path = text.text.split("\n\n")[0].split("\n")
        assert (head, where) == ("c2sp.org/tlog-proof@v1", f"index {index}")
        assert [base64.b64decode(line, validate=True) for line in path] == proof
        assert text.text.split("\n\n", 1)[1] == got["checkpoint"]


async def test_the_whole_record_gives_the_root_that_is_signed(house: House, anybody: httpx2.AsyncClient) -> None:
    await filled(house, 502)
    got = await anybody.get("/record/entries.jsonl")
    assert got.headers["content-type"].startswith("application/x-ndjson")
    lines = got.content.splitlines()
    assert len(lines) == 502
    checkpoint = await anybody.get("/record/checkpoint")
    assert checkpoint.headers["content-type"].startswith("text/plain")
    assert checkpoint.headers["cache-control"] == "no-cache"
    _, size, root = parse_checkpoint(parse_note(checkpoint.content).text)
    assert (size, root) == (502, merkle_tree.root([leaf_hash(line) for line in lines]))


async def test_an_entry_shows_its_exact_bytes_and_the_words_beside_it(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store)
    index = await a_decision(house, voted)
    shown = await anybody.get(f"/record/{index}")
    async with house.store.read() as work:
        stored = await work.record.entry(index)
    code = re.search(r"<p><code>(.*?)</code></p>", shown.text, re.S)
    assert code
    assert code[1].replace("&#34;", '"').encode() == stored.body
    assert RATIONALE in words(shown)
    assert RATIONALE not in shown.text
    assert RATIONALE.encode() not in stored.body


async def test_words_that_were_withdrawn_are_gone_and_the_proof_still_holds(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store)
    index = await a_decision(house, voted)
    async with house.store.read() as work:
        digest = json.loads((await work.record.entry(index)).body)["rationale"]["sd"]
    assert isinstance(house.store, SqlStore)
    async with house.store.writer.begin() as connection:
        await connection.execute(
            sa.text("UPDATE disclosure SET encoded = NULL, withdrawn_at = :at WHERE digest = :digest"),
            {"at": CLOCK.now(), "digest": digest},
        )
    shown = await anybody.get(f"/record/{index}")
    assert "[withdrawn]" in words(shown)
    assert "minutes" not in words(shown)
    got = (await anybody.get(f"/record/{index}", headers={"Accept": "application/json"})).json()
    proof = [bytes.fromhex(one) for one in got["proof"]]
    verify_inclusion(leaf_hash(got["entry"].encode()), index, got["size"], proof, bytes.fromhex(got["root"]))


async def test_an_entry_that_is_not_there_is_said_so(house: House, anybody: httpx2.AsyncClient) -> None:
    await filled(house, 2)
    for path in ("/record/2", "/record/2?as=tlog-proof", f"/record/{10**30}", f"/record/{10**30}?as=tlog-proof"):
        assert (await anybody.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/record/{}", "/record/tile/{}/000", "/record/tile/0/{}"])
async def test_a_number_of_any_length_is_only_not_there(anybody: httpx2.AsyncClient, path: str) -> None:
    for number in ("9" * 12, "9" * 5000, "-1", "1e3", "٣"):
        assert (await anybody.get(path.format(number))).status_code == 404, number


async def test_entries_of_the_demonstration_say_so(house: House, anybody: httpx2.AsyncClient) -> None:
    await a_vote(house.store, demonstration=True)
    await a_vote(house.store)
    assert words(await anybody.get("/record/entries")).count("Not real") == 3
    assert words(await anybody.get("/record")).count("Not real") == 1
    assert "This entry is not real" in words(await anybody.get("/record/0"))
    assert "not real" not in words(await anybody.get("/record/3"))


async def test_ballots_are_opened_after_the_reveal_and_not_before(house: House, anybody: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store)
    outcome = await cues.ask_question(voted.desk, voted.live.id, "And who should ring back?", LABELS, none=True)
    assert outcome.round is not None
    address = f"/rounds/{outcome.round.id}/ballots.jsonl"
    async with house.signed_in("organiser", "commissioner", "moderator", "administrator") as staff:
        for act in ("open", "close", "reveal"):
            assert (await anybody.get(address)).status_code == 404
            assert (await staff.get(address)).status_code == 404
            await getattr(facilitation, f"{act}_round")(voted.desk, voted.live.id, outcome.round.id)
            if act == "open":
                async with house.store.begin() as work:
                    await work.rounds.cast([a_cast(outcome.round.id, p, "r1", "My own words") for p in voted.people])
    got = await anybody.get(address)
    assert got.status_code == 200
    lines = [json.loads(line) for line in got.content.splitlines()]
    assert len(lines) == 19
    assert {line["leaf"]["choice"] for line in lines} == {"r1"}
    assert "My own words" not in got.text
    async with house.store.read() as work:
        entries = [json.loads(e.body) for e in await work.record.entries()]
    closed = next(e for e in entries if e["type"] == "round closed" and e["round"] == outcome.round.id)
    assert ballots_root([line["leaf"] for line in lines]) == closed["ballots_root"]
    assert (await anybody.get(f"/rounds/{new_id()}/ballots.jsonl")).status_code == 404


async def test_ballots_of_a_rehearsal_are_for_whoever_runs_sessions(house: House, anybody: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, rehearsal=True, recorded=False)
    address = f"/rounds/{voted.rounds[0]}/ballots.jsonl"
    assert (await anybody.get(address)).status_code == 303
    assert (await anybody.get(address, headers={"Accept": "application/json"})).status_code == 401
    async with house.signed_in("commissioner") as commissioner, house.signed_in("organiser") as organiser:
        assert (await commissioner.get(address)).status_code == 403
        shown = await organiser.get(address)
        assert len(shown.content.splitlines()) == 19
        assert shown.headers["Cache-Control"] == "no-store"


async def test_small_groups_and_unrevealed_votes_stand_nowhere_in_the_record(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    outcome = await cues.ask_question(voted.desk, voted.live.id, "And who should ring back?", LABELS, none=True)
    assert outcome.round is not None
    await facilitation.open_round(voted.desk, voted.live.id, outcome.round.id)
    async with house.store.begin() as work:
        await work.rounds.cast([a_cast(outcome.round.id, p, "r3", "Sealed words") for p in voted.people])
    await facilitation.close_round(voted.desk, voted.live.id, outcome.round.id)
    async with house.store.read() as work:
        size = await work.record.size()
    pages = [await anybody.get(path) for path in ("/record", "/record/entries", *(f"/record/{n}" for n in range(size)))]
    ballots = [await anybody.get(f"/rounds/{round_}/ballots.jsonl") for round_ in voted.rounds]
    for shown in pages:
        heads = re.findall(r'<th scope="row">([^<]+)</th>', shown.text)
        assert "Police" not in heads
        assert "Sealed words" not in shown.text
        assert "prefer not to say" not in shown.text.lower()
    sealed = [shown for shown in pages[2:] if outcome.round.id in shown.text]
    assert len(sealed) == 2
    assert all("The room preferred" not in words(shown) for shown in sealed)
    for opened in ballots:
        labels = {json.loads(line)["label"] for line in opened.content.splitlines()}
        assert "Police" not in labels
        assert labels <= {"People who use services", "Nurses", "other groups"}


async def test_the_tree_is_served_in_tiles_that_give_the_signed_root(house: House) -> None:
    commission = await house.commission()
    for number in range(3):
        story, _ = await house.story(commission, f"Story {number}")
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    async with house.browser() as browser:
        note = parse_note((await browser.get("/record/checkpoint")).content)
        _, size, root = parse_checkpoint(note.text)
        tile = (await browser.get(f"/record/tile/0/000.p/{size}")).content
        entries = (await browser.get(f"/record/tile/entries/000.p/{size}")).content
        assert (await browser.get("/record/tile/0/000")).status_code == 404
        assert (await browser.get(f"/record/tile/entries/000.p/{size + 1}")).status_code == 404
    assert merkle_tree.root([tile[at : at + 32] for at in range(0, len(tile), 32)]) == root
    length = int.from_bytes(entries[:2], "big")
    assert leaf_hash(entries[2 : 2 + length]) == tile[:32]


async def test_who_has_the_opened_ballots_already_is_told_so_in_a_few_bytes(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST)
    address = f"/rounds/{voted.rounds[0]}/ballots.jsonl"
    whole = await anybody.get(address)
    again = await anybody.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", whole.headers["etag"])
    other = await anybody.get(address, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)


@pytest.mark.parametrize("told", [True, False])
async def test_an_entry_that_was_changed_in_the_database_is_shown_nowhere(
    house: House, anybody: httpx2.AsyncClient, *, told: bool
) -> None:
    """With `told` its hash in the database was left as it was; else it was changed along, under a running server."""
    await a_vote(house.store, FIRST)
    assert (await anybody.get("/record")).status_code == 200
    before = (await anybody.get("/record/0", headers=MACHINE)).json()["entry"].encode()
    forged = before.replace(b'"at":"2', b'"at":"1')
    assert forged != before
    assert isinstance(house.store, SqlStore)
    await change(
        house.store, entry.c.position == 0, entry, body=forged, **({} if told else {"leaf_hash": leaf_hash(forged)})
    )
    for path in (
        "/record/entries",
        "/record/0",
        "/record/0?as=tlog-proof",
        "/record/tile/entries/000.p/2",
        "/record/entries.jsonl",
    ):
        shown = await anybody.get(path)
        assert (shown.status_code, "Entry 0 of the record is not as it was written" in shown.text) == (503, True), path
    assert (await anybody.get("/record/1")).status_code == 200
    assert (await anybody.get("/record/tile/0/000.p/1")).content == leaf_hash(before)


async def test_any_two_sizes_are_proved_to_be_one_record_and_the_key_stands_on_the_page_in_one_line(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    await filled(house, 9)
    for old, new in ((1, 9), (3, 8), (8, 9), (9, 9), (4, 4), (5, None)):
        told = (await anybody.get(f"/record/consistency?from={old}" + (f"&to={new}" if new else ""))).json()
        assert (told["old_size"], told["new_size"]) == (old, new or 9)
        proof = [bytes.fromhex(node) for node in told["proof"]]
        roots = [bytes.fromhex(told[which]) for which in ("old_root", "new_root")]
        merkle_tree.verify_consistency(old, new or 9, proof, *roots)
    for wrong in ("from=0&to=3", "from=4&to=3", "from=1&to=10", "to=3", "from=x", "from=-1&to=2"):
        assert (await anybody.get(f"/record/consistency?{wrong}")).status_code == 404, wrong
    await house.site.record_watch.look()
    assert "This server last held its whole database against the record on" in words(await anybody.get("/record/check"))
    [key] = re.findall(r"<code>([^<]+\+[0-9a-f]{8}\+[^<]+)</code>", (await anybody.get("/record/check")).text)
    name, number, encoded = unescape(key).split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw[:1] == b"\x01"
    pem = (await anybody.get("/record/public-key.pem")).content
    assert raw[1:] == public_key_raw(pem)
    note = parse_note((await anybody.get("/record/checkpoint")).content)
    assert [(one[0], one[1].hex()) for one in note.signatures] == [(name, number)]
