"""A checkpoint that somebody brings, held against the record in every way in which it can stand to it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.factories import CLOCK, a_commission, append_entries
from support.record_keeper import SIGNER
from support.witness import WitnessServer

from forum.record.signing_key import Signer
from forum.record.verify.checkpoint import parse_note
from forum.record.witnesses import witnesses_of
from forum.services.brought_checkpoints import Stands, held_against_record
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import kept
from forum.services.record_entries import append_of_record
from forum.store import SqlStore

OTHER = Signer.of(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
OLD = Signer.of(Ed25519PrivateKey.from_private_bytes(b"k" * 32))


async def test_every_way_of_standing_to_the_record(sqlite_store: SqlStore) -> None:
    async with sqlite_store.begin() as work:
        await append_entries(work, a_commission(), 5)
    async with sqlite_store.read() as work:
        tree = await kept(sqlite_store).tree_of(work, 5)
    await Checkpoints(sqlite_store, OLD).sign(tree, 2)
    checkpoints = Checkpoints(sqlite_store, SIGNER)
    given_up = bytes([7] * 32)
    async with sqlite_store.begin() as work:
        before, after = {"size": 9, "root": given_up.hex()}, {"size": 5, "root": tree.root(5).hex()}
        await append_of_record(work, "record restored", CLOCK.now(), {"before": before, "after": after})
    right, wrong = SIGNER.checkpoint(3, tree.root(3)), SIGNER.checkpoint(3, bytes(32))
    forged = right.replace(parse_note(right).text, parse_note(wrong).text)
    same_name = Signer(OTHER.key, SIGNER.name).checkpoint(3, tree.root(3))
    for note, stands in (
        (right, Stands.BEGINNING),
        (SIGNER.checkpoint(5, tree.root(5)), Stands.BEGINNING),
        (OLD.checkpoint(2, tree.root(2)), Stands.BEGINNING),
        (OLD.checkpoint(3, tree.root(3)), Stands.ELSEWHERE),
        (OTHER.checkpoint(3, tree.root(3)), Stands.ELSEWHERE),
        (forged, Stands.FORGED),
        (same_name, Stands.FORGED),
        (wrong, Stands.DIFFERS),
        (SIGNER.checkpoint(7, bytes(32)), Stands.LONGER),
        (SIGNER.checkpoint(9, given_up), Stands.GIVEN_UP),
    ):
        brought = await held_against_record(checkpoints, (), note, CLOCK.now())
        assert (brought.stands, brought.now) == (stands, 6), note


@pytest.mark.parametrize("name", ["w1.example", "another.example"])
async def test_cosignatures_count_where_their_witness_is_known_here(sqlite_store: SqlStore, name: str) -> None:
    witness = WitnessServer(1_700_000_000, "w1.example", url="https://w1.example")
    asked = WitnessServer(1_700_000_000, name, Ed25519PrivateKey.from_private_bytes(b"w" * 32), "https://w.example")
    note = SIGNER.checkpoint(0, kept(sqlite_store).tree.root(0))
    cosigned = note + witness.cosign(parse_note(note).text)
    checkpoints = Checkpoints(sqlite_store, SIGNER)
    known = await held_against_record(checkpoints, witnesses_of(witness.setting), cosigned, CLOCK.now())
    assert (known.stands, known.cosigned_by) == (Stands.BEGINNING, ("w1.example",))
    other = await held_against_record(checkpoints, witnesses_of(asked.setting), cosigned, CLOCK.now())
    assert other.cosigned_by == ()
