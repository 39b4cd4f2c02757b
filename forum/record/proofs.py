"""Proofs after RFC 9162 that `verify/merkle_tree.py` checks: inclusion of an entry, and consistency of two records."""

from __future__ import annotations

from collections.abc import Sequence

from forum.record.verify.merkle_tree import checked_hashes, checked_size, level_above, root
from forum.record.verify.verdict import RecordError


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Returns the hashes from leaf `index` up to the root, nearest first (RFC 9162, 2.1.3.1), or raises RecordError."""
    level = checked_hashes(leaf_hashes)
    at = checked_size(index, "index")
    if at >= len(level):
        raise RecordError(f"there is no leaf {at} in a tree of {len(level)}")
    proof = []
    while len(level) > 1:
        if at ^ 1 < len(level):
            proof.append(level[at ^ 1])
        level, at = level_above(level), at >> 1
    return proof


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Returns the proof that the tree of the first `old_size` leaves is the beginning of this one (RFC 9162, 2.1.4.1).

    It is empty where the sizes are equal. Raises RecordError unless 0 < old_size <= number of leaves: the RFC defines
    no proof for an empty tree.
    """
    leaves = checked_hashes(leaf_hashes)
    if not 0 < checked_size(old_size, "old size") <= len(leaves):
        raise RecordError(f"no proof leads from {old_size} to {len(leaves)} leaves")
    return _subproof(leaves, old_size, whole=True)


def _subproof(leaves: list[bytes], old: int, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(leaves[:split], old, whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, False), root(leaves[:split])]
