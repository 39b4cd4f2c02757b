"""Receipts of the ballots in a record that a test made in memory."""

from __future__ import annotations

from forum.record import receipts
from forum.record.receipts import BallotTree, ProvedEntry
from forum.record.tree import Tree
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.receipt import STEPS, words_of_receipt
from support.record_keeper import SIGNER, Keeper


def a_receipt(keeper: Keeper, round_: str, number: int = 0) -> bytes:
    """Writes the receipt of one of a round's ballots, from the record as it is now."""
    bodies = [canonical(entry) for entry in keeper.entries]
    tree = Tree(leaf_hash(body) for body in bodies)
    at = {entry["type"]: n for n, entry in enumerate(keeper.entries) if entry.get("round") == round_}
    proved = [ProvedEntry(at[step], bodies[at[step]], tree.inclusion_proof(at[step], len(bodies))) for step in STEPS]
    digests = words_of_receipt(keeper.entries[at[STEPS[0]]], keeper.entries[at[STEPS[2]]])
    words = [keeper.disclosures[digest] for digest in digests if digest in keeper.disclosures]
    ballots = BallotTree(keeper.ballots[round_])
    ballot = keeper.cast[round_][number].ballot
    note = SIGNER.checkpoint(len(bodies), tree.root(len(bodies)))
    return receipts.written(ballots, ballot, proved, words, note, SIGNER.verifier_key)


def some_receipt(keeper: Keeper) -> bytes:
    """Writes the receipt of the first ballot of the first vote that was shown and not annulled."""
    annulled = {entry["round"] for entry in keeper.entries if entry["type"] == "round annulled"}
    shown = (entry["round"] for entry in keeper.entries if entry["type"] == "round revealed")
    return a_receipt(keeper, next(one for one in shown if one not in annulled))
