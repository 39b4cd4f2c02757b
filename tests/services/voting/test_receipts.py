"""Receipts: to whom they are given, when, and that each passes every check against an export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.factories import CLOCK, a_cast, a_room
from support.record_keeper import SIGNER
from support.voted_session import FIRST, PEOPLE, SECOND, Voted, a_vote, required

from forum.errors import NotFound, RecordDamaged
from forum.ports import Store
from forum.record.verify.archive import unpack
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.receipt import read_receipt, verify_receipt
from forum.record.verify.verdict import PASS
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.commissions_and_sessions import opened
from forum.services.sessions.desk import Desk
from forum.services.voting.receipts import ReceiptState, own_receipt, own_votes
from forum.sessions.session import LiveSession, Participant


def somebody(voted: Voted, number: int) -> Participant:
    return Participant(voted.people[number], voted.live.id, PEOPLE[number], CLOCK.now())


async def states(store: Store, live: LiveSession, who: Participant) -> list[str]:
    async with store.read() as work:
        return [vote.state for vote in await own_votes(work, await work.sessions.get_session(live.id), who)]


async def given(store: Store, live: LiveSession, who: Participant, round_id: str) -> bytes:
    async with store.read() as work:
        live = await work.sessions.get_session(live.id)
    return (await own_receipt(Checkpoints(store, SIGNER), live, who, round_id))[1]


async def test_everybody_gets_the_receipt_of_their_own_ballot_and_all_pass(sqlite_store: Store) -> None:
    voted = await a_vote(sqlite_store, FIRST, SECOND, declared=True)
    files = unpack(await exports.export(Checkpoints(sqlite_store, SIGNER)))[0]
    choices: dict[str, Sequence[str]] = dict(zip(voted.rounds, (FIRST, SECOND), strict=True))
    seen = set()
    for number in (0, 10, len(PEOPLE) - 1):
        for round_id, chosen in choices.items():
            data = await given(sqlite_store, voted.live, somebody(voted, number), round_id)
            checks = verify_receipt(data, key=SIGNER.public_key_pem, export=files)
            assert {one.verdict for one in checks} == {PASS}, checks
            leaf = read_receipt(data).parts["ballot"]["leaf"]
            assert (leaf["round"], leaf["choice"]) == (round_id, chosen[number])
            seen.add(leaf["ballot"])
            # Nothing of others but what the round's ballots and the record say to everybody.
            whole = files["ballots.jsonl"].decode()
            others = {parse_canonical(line.encode())["leaf"]["ballot"] for line in whole.splitlines()} - {
                leaf["ballot"]
            }
            assert not any(ballot in data.decode() for ballot in others)
    assert len(seen) == 6


async def test_there_is_none_before_the_result_is_in_the_record_nor_of_an_annulled_vote(sqlite_store: Store) -> None:
    live, [me, *_] = await a_room(sqlite_store, PEOPLE, declared=True)
    desk = Desk(sqlite_store, CLOCK)
    who = Participant(me, live.id, PEOPLE[0], CLOCK.now())
    assert await states(sqlite_store, live, who) == []
    asked = required((await cues.ask_question(desk, live.id, "Who?", ["A nurse", "The police"], none=True)).round)
    await facilitation.open_round(desk, live.id, asked.id)
    async with sqlite_store.begin() as work:
        await work.rounds.cast([a_cast(asked.id, me)])

    async def none_yet(state: ReceiptState) -> None:
        assert await states(sqlite_store, live, who) == [state]
        with pytest.raises(NotFound):
            await given(sqlite_store, live, who, asked.id)

    await none_yet(ReceiptState.WAITING)
    await facilitation.close_round(desk, live.id, asked.id)
    await none_yet(ReceiptState.WAITING)
    await care.set_badges(desk, live.id, off=True)
    await facilitation.reveal_round(desk, live.id, asked.id)
    # Shown, and not in the record before badges are on again.
    await none_yet(ReceiptState.WAITING)
    await care.set_badges(desk, live.id, off=False)
    assert await states(sqlite_store, live, who) == [ReceiptState.READY]
    await given(sqlite_store, live, who, asked.id)
    await facilitation.annul_round(desk, live.id, asked.id, "It was asked wrongly.")
    await none_yet(ReceiptState.ANNULLED)


async def test_nobody_gets_one_of_another_session_or_of_somebody_else(sqlite_store: Store) -> None:
    voted, other = await a_vote(sqlite_store, declared=True), await a_vote(sqlite_store, declared=True)
    for live, who, round_id in (
        (voted.live, somebody(other, 0), voted.rounds[0]),
        (voted.live, somebody(voted, 0), other.rounds[0]),
        (other.live, somebody(voted, 0), other.rounds[0]),
    ):
        with pytest.raises(NotFound):
            await given(sqlite_store, live, who, round_id)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_session_that_gives_none_gives_none(sqlite_store: Store, *, recorded: bool) -> None:
    voted = await a_vote(sqlite_store)
    live, who = replace(voted.live, recorded=recorded, no_receipts=recorded), somebody(voted, 0)
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(live)
    assert await states(sqlite_store, live, who) == []
    with pytest.raises(NotFound):
        await given(sqlite_store, live, who, voted.rounds[0])
    async with sqlite_store.read() as work:
        said = opened(live, await work.commissions.get_commission(live.commission))
    assert said.get("no_receipts") == (True if recorded else None)


async def test_no_receipt_is_given_of_ballots_that_are_not_those_that_were_counted(sqlite_store: Store) -> None:
    voted = await a_vote(sqlite_store, declared=True)
    async with sqlite_store.begin() as work:
        session = await work.sessions.get_session(voted.live.id)
        assert session.partition is not None
        rows = session.partition.rows
        changed = replace(session.partition, rows=(replace(rows[0], label="Somebody else"), *rows[1:]))
        await work.sessions.save_session(replace(session, partition=changed))
    with pytest.raises(RecordDamaged):
        await given(sqlite_store, voted.live, somebody(voted, 0), voted.rounds[0])
