"""Receipts: a participant's own ballots, each with the proof that it is in the record and counted.

Only once a vote's result is in the record: by then every ballot of it is public, without anybody's name, so a receipt
says nothing more of others. It says which of them is the participant's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from forum.errors import NotFound, RecordDamaged
from forum.ports import Work
from forum.record import receipts
from forum.record.receipts import ProvedEntry
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.receipt import STEPS, words_of_receipt
from forum.services.checkpoints import Checkpoints
from forum.services.exports import ballot_tree
from forum.services.record_cache import kept, same
from forum.sessions.session import LiveSession, Participant
from forum.voting.ballot import Ballot
from forum.voting.round import Round, RoundState


class ReceiptState(StrEnum):
    """States of one ballot's receipt."""

    READY = "ready"
    WAITING = "waiting"  # for the result to be shown, and written into the record
    ANNULLED = "annulled"


class OwnVote(msgspec.Struct, frozen=True):
    """A participant's ballot in one round, and whether there is a receipt of it."""

    round: Round
    ballot: Ballot
    state: ReceiptState


def gives_none(session: LiveSession) -> bool:
    """Says whether nobody gets a receipt in a session: it was declared so, or nothing of it is in the record."""
    return session.no_receipts or not session.recorded


async def own_votes(work: Work, session: LiveSession, participant: Participant) -> list[OwnVote]:
    """Returns a participant's ballots in a session, in the order of the rounds; none where it gives no receipts."""
    if gives_none(session):
        return []
    rounds = {round_.id: round_ for round_ in await work.rounds.list_rounds(session.id)}
    ballots = {ballot.round: ballot for ballot in await work.rounds.ballots_by(participant.id, list(rounds))}
    return [OwnVote(round_, ballots[id_], _state(session, round_)) for id_, round_ in rounds.items() if id_ in ballots]


def _state(session: LiveSession, round_: Round) -> ReceiptState:
    if round_.state == RoundState.ANNULLED:
        return ReceiptState.ANNULLED
    shown = round_.state == RoundState.REVEALED and round_.id not in session.held
    return ReceiptState.READY if shown else ReceiptState.WAITING


async def own_receipt(
    checkpoints: Checkpoints, session: LiveSession, participant: Participant, round_id: str
) -> tuple[OwnVote, bytes]:
    """Returns a participant's ballot in a round and its receipt, as the bytes of the file.

    Raises NotFound where there is no receipt (yet), RecordDamaged where the ballots, or the entries, are not those that
    were written down, and CheckpointRefused.
    """
    store = checkpoints.store
    async with store.read() as work:
        votes = await own_votes(work, session, participant)
        mine = next((vote for vote in votes if vote.round.id == round_id), None)
        if mine is None or mine.state != ReceiptState.READY:
            raise NotFound("There is no receipt here. The page of your receipts says why.")
        size = await work.record.size()
        tree = await kept(store).tree_of(work, size)
        about = (await kept(store).contents_of(work, size)).about.get(round_id, ())
        stored = same(tree, await work.record.entries_at([index for index in about if index < size]))
        entries = {
            entry["type"]: (one, entry) for one in stored if (entry := parse_canonical(one.body))["type"] in STEPS
        }
        opened, closed, revealed = (entries[step][1] for step in STEPS)
        ballots = await ballot_tree(work, round_id)
        if ballots.root != closed["ballots_root"]:
            raise RecordDamaged.at(entries[STEPS[1]][0].index)
        words = await _words(work, words_of_receipt(opened, revealed))
    note = await checkpoints.sign(tree, size)
    proved = [
        ProvedEntry(one.index, one.body, tree.inclusion_proof(one.index, size))
        for one, _ in (entries[step] for step in STEPS)
    ]
    key = checkpoints.signer.verifier_key
    return mine, receipts.written(ballots, mine.ballot.ballot, proved, words, note, key)


async def _words(work: Work, digests: Sequence[str]) -> list[str]:
    """Returns the disclosures of these digests, in this order, without those that were withdrawn."""
    there = {one.digest: one.encoded for one in await work.record.disclosures(digests)}
    return [encoded for digest in digests if (encoded := there.get(digest)) is not None]
