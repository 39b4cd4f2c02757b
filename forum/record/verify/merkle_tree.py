"""The hashes of a record's Merkle tree, and the checks of its two proofs (RFC 9162, section 2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from forum.record.verify.verdict import RecordError


def leaf_hash(entry: bytes) -> bytes:
    """Returns the hash of a leaf (32 bytes): SHA-256 of a zero byte and the entry."""
    if not isinstance(entry, bytes):
        raise RecordError("an entry is bytes")
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of an inner node (32 bytes): SHA-256 of a byte 1 and the two hashes below it."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Returns the root over these leaf hashes (RFC 9162, 2.1.1); SHA-256 of no bytes where there are none."""
    level = checked_hashes(leaf_hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        level = level_above(level)
    return level[0]


def roots_at(leaf_hashes: Sequence[bytes], sizes: Collection[int]) -> dict[int, bytes]:
    """Returns the root over the first so many leaf hashes for each of these sizes (from 1 up to all), in one pass."""
    roots, peaks = {}, list[tuple[int, bytes]]()
    for size, leaf in enumerate(checked_hashes(leaf_hashes), 1):
        level, node = 0, leaf
        while peaks and peaks[-1][0] == level:
            level, node = level + 1, node_hash(peaks.pop()[1], node)
        peaks.append((level, node))
        if size in sizes:
            whole = peaks[-1][1]
            for _, peak in peaks[-2::-1]:
                whole = node_hash(peak, whole)
            roots[size] = whole
    return roots


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises RecordError unless `proof` shows that `leaf_hash` is leaf `index` of the tree of this size and root.

    The algorithm of RFC 9162, 2.1.3.2.
    """
    at, last = checked_size(index, "index"), checked_size(size, "size") - 1
    if at > last:
        raise RecordError(f"there is no leaf {index} in a tree of {size}")
    result = checked_hash(leaf_hash)
    expected = checked_hash(root)
    for step in checked_hashes(proof):
        if last == 0:
            raise RecordError("the proof is too long")
        if at & 1 or at == last:
            result = node_hash(step, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, step)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise RecordError("the proof is too short")
    if result != expected:
        raise RecordError("the proof leads to another root")


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises RecordError unless `proof` shows that the old tree is the beginning of the new one.

    The algorithm of RFC 9162, 2.1.4.2, for 0 < old_size < new_size. An old size of 0 is refused: nothing can be proved
    from an empty tree. Equal sizes, which the RFC leaves out, are accepted with equal roots and an empty proof.
    """
    old, new = checked_size(old_size, "old size"), checked_size(new_size, "new size")
    before, after, path = checked_hash(old_root), checked_hash(new_root), checked_hashes(proof)
    if not 0 < old <= new:
        raise RecordError(f"no proof leads from {old} to {new} leaves")
    if old == new:
        if path or before != after:
            raise RecordError("trees of one size must have one root, and need no proof")
        return
    if not path:
        raise RecordError("the proof is empty")
    if old & (old - 1) == 0:
        path = [before, *path]
    first, second = old - 1, new - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    old_result = new_result = path[0]
    for step in path[1:]:
        if second == 0:
            raise RecordError("the proof is too long")
        if first & 1 or first == second:
            old_result, new_result = node_hash(step, old_result), node_hash(step, new_result)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            new_result = node_hash(new_result, step)
        first, second = first >> 1, second >> 1
    if second != 0:
        raise RecordError("the proof is too short")
    if old_result != before or new_result != after:
        raise RecordError("the proof leads to other roots")


def level_above(level: list[bytes]) -> list[bytes]:
    """Returns the hashes one level nearer to the root."""
    # A node without a neighbour moves up unchanged; this gives the same tree as splitting at powers of two.
    above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*above, level[-1]] if len(level) % 2 else above


def checked_hash(value: object) -> bytes:
    """Returns `value` if it is 32 bytes. Raises RecordError for anything else."""
    if not isinstance(value, bytes) or len(value) != 32:
        raise RecordError("a hash is 32 bytes")
    return value


def checked_hashes(values: object) -> list[bytes]:
    """Returns a list of hashes. Raises RecordError unless `values` is a list or tuple of 32 bytes each."""
    if not isinstance(values, list | tuple):
        raise RecordError("a list of hashes is needed")
    return [checked_hash(value) for value in values]


def checked_size(value: object, what: str) -> int:
    """Returns `value` if it is a whole number from 0 up. Raises RecordError, which names `what`, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RecordError(f"the {what} must be a whole number from 0 up")
    return value
