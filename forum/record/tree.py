"""The record's Merkle tree (RFC 9162), kept while it grows: a new leaf costs one hash on average, a root or proof a
few.

It is only ever extended. Roots and proofs can be asked for any size up to its own, so that a reader who saw fewer
entries gets those of the smaller tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from forum.record.verify.merkle_tree import node_hash
from forum.record.verify.verdict import RecordError

HASH = 32  # bytes


class Tree:
    """The hashes of every complete subtree, by level: 64 bytes an entry in all. `hashed` counts the hashes computed."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels = [bytearray()]
        self.hashed = 0
        self.extend(leaf_hashes)

    def __len__(self) -> int:
        """Returns the number of leaves."""
        return len(self._levels[0]) // HASH

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Appends leaves, given by their hashes. Raises RecordError for one that has not 32 bytes."""
        for leaf in leaf_hashes:
            if len(leaf) != HASH:
                raise RecordError("a leaf hash has 32 bytes")
            level, node = 0, leaf
            self._levels[0] += node
            # An even number of nodes on a level means that this one completed a subtree of the level above.
            while len(self._levels[level]) // HASH % 2 == 0:
                left = bytes(self._levels[level][-2 * HASH : -HASH])
                node = self._hash(left, node)
                level += 1
                if level == len(self._levels):
                    self._levels.append(bytearray())
                self._levels[level] += node

    def whole(self, level: int, start: int, stop: int) -> bytes:
        """Returns the hashes of the complete subtrees of 2^level leaves from number `start` up to `stop`, joined."""
        return bytes(self._levels[level][start * HASH : stop * HASH]) if level < len(self._levels) else b""

    def root(self, size: int) -> bytes:
        """Returns the root over the first `size` leaves, or raises RecordError."""
        self._check(size)
        return self._over(0, size) if size else hashlib.sha256(b"").digest()

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Returns the hashes from leaf `index` up to the root over the first `size` leaves, nearest first, or raises
        RecordError.
        """
        self._check(size)
        if not 0 <= index < size:
            raise RecordError(f"there is no leaf {index} in a tree of {size}")
        proof = []
        for level in range((size - 1).bit_length()):
            beside = (index >> level) ^ 1
            start = beside << level
            if start < size:
                proof.append(self._over(start, min(start + (1 << level), size)))
        return proof

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Returns the proof that the first `old` leaves are the beginning of the first `new` ones (RFC 9162, 2.1.4.1),
        or raises RecordError, as for an old size of 0.
        """
        self._check(new)
        if not 0 < old <= new:
            raise RecordError(f"no proof leads from {old} to {new} leaves")
        return self._subproof(old, 0, new, whole=True)

    def _subproof(self, old: int, start: int, stop: int, *, whole: bool) -> list[bytes]:
        if old == stop - start:
            return [] if whole else [self._over(start, stop)]
        split = 1 << (stop - start - 1).bit_length() - 1
        if old <= split:
            return [*self._subproof(old, start, start + split, whole=whole), self._over(start + split, stop)]
        return [*self._subproof(old - split, start + split, stop, whole=False), self._over(start, start + split)]

    def _over(self, start: int, stop: int) -> bytes:
        """Returns the root over leaves `start` to `stop`; `start` must be where a subtree of that width begins."""
        peaks = []
        while start < stop:
            level = (stop - start).bit_length() - 1
            at = start >> level
            peaks.append(self.whole(level, at, at + 1))
            start += 1 << level
        hashed = peaks.pop()
        while peaks:
            hashed = self._hash(peaks.pop(), hashed)
        return hashed

    def _hash(self, left: bytes, right: bytes) -> bytes:
        self.hashed += 1
        return node_hash(left, right)

    def _check(self, size: int) -> None:
        if not 0 <= size <= len(self):
            raise RecordError(f"there are no {size} leaves in a tree of {len(self)}")
