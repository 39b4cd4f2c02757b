"""The record's Merkle tree (RFC 9162) kept as it grows: a leaf more costs one hash on average, a root or a proof a few.

It is only ever extended. Everything is asked for by a size up to its own, so that whoever sees fewer entries gets the
tree of those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from forum.record.verify import RecordError

HASH = 32  # bytes


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The hashes of every whole subtree, by level: 64 bytes an entry in all. `hashed` counts the hashes worked out."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels = [bytearray()]
        self.hashed = 0
        self.extend(leaf_hashes)

    def __len__(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0]) // HASH

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Appends leaves, given by their hashes."""
        for leaf in leaf_hashes:
            if len(leaf) != HASH:
                raise RecordError("a leaf hash has 32 bytes")
            level, node = 0, leaf
            self._levels[0] += node
            # A subtree that has its right half now is whole.
            while len(self._levels[level]) // HASH % 2 == 0:
                left = bytes(self._levels[level][-2 * HASH : -HASH])
                node = self._hash(left, node)
                level += 1
                if level == len(self._levels):
                    self._levels.append(bytearray())
                self._levels[level] += node

    def whole(self, level: int, start: int, stop: int) -> bytes:
        """The hashes of the whole subtrees of 2^level leaves from number `start` up to `stop`, one after another."""
        return bytes(self._levels[level][start * HASH : stop * HASH]) if level < len(self._levels) else b""

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves, or RecordError."""
        self._check(size)
        return self._over(0, size) if size else hashlib.sha256(b"").digest()

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes that lead from leaf `index` to the root over the first `size`, nearest first, or RecordError."""
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

    def _over(self, start: int, stop: int) -> bytes:
        """The root over these leaves; `start` is where a subtree of that width begins."""
        peaks = []
        while start < stop:
            level = (stop - start).bit_length() - 1
            at = start >> level
            peaks.append(self.whole(level, at, at + 1))
            start += 1 << level
        found = peaks.pop()
        while peaks:
            found = self._hash(peaks.pop(), found)
        return found

    def _hash(self, left: bytes, right: bytes) -> bytes:
        self.hashed += 1
        return _node(left, right)

    def _check(self, size: int) -> None:
        if not 0 <= size <= len(self):
            raise RecordError(f"there are no {size} leaves in a tree of {len(self)}")
