"""Receipts as they are written: one ballot, its place among its vote's, and the entries that count it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from forum.record.ballot_leaves import hash_of
from forum.record.tree import Tree
from forum.record.verify.receipt import READ_ME, RECEIPT_FORMAT


class BallotTree:
    """The opened ballots of one vote, as `ballot_leaves.open_all` gives them, and the tree over them."""

    def __init__(self, lines: Iterable[Mapping[str, Any]]) -> None:
        self._lines = list(lines)
        self._index = {line["leaf"]["ballot"]: index for index, line in enumerate(self._lines)}
        self._tree = Tree(hash_of(line["leaf"]) for line in self._lines)

    @property
    def root(self) -> str:
        """The ballots root, in hex."""
        return self._tree.root(len(self._tree)).hex()

    def place_of(self, ballot: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Returns the opened ballot with this id, and its place: index, count, proof in hex. Raises KeyError."""
        index, count = self._index[ballot], len(self._tree)
        proof = [node.hex() for node in self._tree.inclusion_proof(index, count)]
        return self._lines[index], {"index": index, "count": count, "proof": proof}


class ProvedEntry(msgspec.Struct, frozen=True):
    """An entry, its number in the record, and the proof that it is there."""

    index: int
    body: bytes
    proof: Sequence[bytes]


def written(
    ballots: BallotTree, ballot: str, entries: Iterable[ProvedEntry], words: Iterable[str], note: bytes, key: str
) -> bytes:
    """Returns a receipt, as the bytes of its file.

    `entries` are those of verify.receipt.STEPS with their proofs in the record of the checkpoint `note`, `words` the
    encoded disclosures beside them that are still there, `key` the verifier key. Raises KeyError for an unknown ballot.
    """
    line, place = ballots.place_of(ballot)
    parts = {
        "forum_receipt": RECEIPT_FORMAT,
        "read_me": list(READ_ME),
        "ballot": line,
        "place": place,
        "entries": [
            {"index": one.index, "entry": one.body.decode(), "proof": [node.hex() for node in one.proof]}
            for one in entries
        ],
        "words": list(words),
        "checkpoint": note.decode(),
        "key": key,
    }
    return (json.dumps(parts, ensure_ascii=False, indent=1) + "\n").encode()
