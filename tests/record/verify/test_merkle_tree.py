"""The tree and its proofs: as pymerkle and the RFC have them, and refused for everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pymerkle
import pytest

from forum.record import proofs
from forum.record.verify import merkle_tree
from forum.record.verify.merkle_tree import leaf_hash, verify_consistency, verify_inclusion
from forum.record.verify.verdict import RecordError

MOST = 18
ENTRIES = [b"entry %d" % n for n in range(MOST)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def a_tree(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES[:size]:
        tree.append_entry(entry)
    return tree


def test_a_leaf_and_a_node_are_hashed_apart() -> None:
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    both = merkle_tree.root([leaf_hash(b"x"), leaf_hash(b"y")])
    assert both == hashlib.sha256(b"\x01" + leaf_hash(b"x") + leaf_hash(b"y")).digest()
    assert merkle_tree.root([]) == hashlib.sha256(b"").digest()


def test_roots_and_inclusion_proofs_are_those_of_pymerkle() -> None:
    for size in range(1, MOST + 1):
        tree = a_tree(size)
        assert merkle_tree.root(LEAVES[:size]) == tree.get_root()
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            theirs = tree.prove_inclusion(index + 1)
            assert proof == list(theirs.path[1:])
            pymerkle.verify_inclusion(LEAVES[index], merkle_tree.root(LEAVES[:size]), theirs)
            verify_inclusion(LEAVES[index], index, size, proof, tree.get_root())


def as_the_rfc_splits(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """Works out SUBPROOF of RFC 9162, 2.1.4.1, word by word, with k found by trying."""
    if old == len(leaves):
        return [] if whole else [a_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*as_the_rfc_splits(old, leaves[:k], whole), a_root(leaves[k:])]
    return [*as_the_rfc_splits(old - k, leaves[k:], whole=False), a_root(leaves[:k])]


def a_root(leaves: list[bytes]) -> bytes:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(ENTRIES[LEAVES.index(leaf)])
    return bytes(tree.get_root())


def test_consistency_proofs_are_those_of_the_rfc_and_hold() -> None:
    for size in range(1, MOST + 1):
        tree = a_tree(size)
        for old in range(1, size + 1):
            proof = proofs.consistency_proof(LEAVES[:size], old)
            assert proof == as_the_rfc_splits(old, LEAVES[:size])
            verify_consistency(old, size, proof, tree.get_root(old), tree.get_root())
            ours = merkle_tree.root(LEAVES[:old]), merkle_tree.root(LEAVES[:size])
            pymerkle.verify_consistency(*ours, tree.prove_consistency(old, size))


def refused(call: Callable[..., object], *args: object) -> bool:
    try:
        call(*args)
    except RecordError:
        return True
    return False


def test_an_inclusion_proof_holds_for_nothing_but_its_own_leaf_place_and_tree() -> None:
    accepted = [
        (index, place, size)
        for size in range(1, 10)
        for index in range(size)
        for place in range(-1, 12)
        for claimed in range(12)
        if not refused(
            verify_inclusion,
            LEAVES[index],
            place,
            claimed,
            proofs.inclusion_proof(LEAVES[:size], index),
            merkle_tree.root(LEAVES[:size]),
        )
        and (place, claimed) == (place, size)
    ]
    assert accepted == [(i, i, size) for size in range(1, 10) for i in range(size)]


def test_inclusion_refuses_every_shortened_lengthened_or_changed_proof() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            args = (LEAVES[index], index, size)
            root = merkle_tree.root(LEAVES[:size])
            for n in range(len(proof)):
                assert refused(verify_inclusion, *args, proof[:n], root)
                assert refused(verify_inclusion, *args, proof[:n] + proof[n + 1 :], root)
                changed = [*proof[:n], LEAVES[-1][::-1], *proof[n + 1 :]]
                assert refused(verify_inclusion, *args, changed, root)
            assert refused(verify_inclusion, *args, [*proof, LEAVES[0]], root)
            assert refused(verify_inclusion, *args, [LEAVES[0], *proof], root)
            assert refused(verify_inclusion, *args, proof, root[::-1])
            assert refused(verify_inclusion, LEAVES[index][::-1], index, size, proof, root)


def test_consistency_refuses_every_shortened_lengthened_or_changed_proof() -> None:
    for size in range(2, MOST + 1):
        root = merkle_tree.root(LEAVES[:size])
        for old in range(1, size):
            before = merkle_tree.root(LEAVES[:old])
            proof = proofs.consistency_proof(LEAVES[:size], old)
            for n in range(len(proof)):
                assert refused(verify_consistency, old, size, proof[:n], before, root)
                assert refused(verify_consistency, old, size, proof[:n] + proof[n + 1 :], before, root)
                changed = [*proof[:n], LEAVES[-1][::-1], *proof[n + 1 :]]
                assert refused(verify_consistency, old, size, changed, before, root)
            assert refused(verify_consistency, old, size, [*proof, LEAVES[0]], before, root)
            assert refused(verify_consistency, old, size, [LEAVES[0], *proof], before, root)
            assert refused(verify_consistency, old, size, proof, before[::-1], root)
            assert refused(verify_consistency, old, size, proof, before, root[::-1])
            assert refused(verify_consistency, size, old, proof, root, before)
            for wrong in {1, old - 1, old + 1, size} - {old}:
                assert refused(verify_consistency, wrong, size, proof, before, root)


def test_a_proof_with_a_step_too_many_is_refused_even_where_it_leads_to_what_is_claimed() -> None:
    """Else whoever chooses the root could say "and this was in it too" of any leaf."""
    step = LEAVES[-1][::-1]

    def on_top(root: bytes) -> bytes:
        return merkle_tree.root([step, root])

    for size in range(1, MOST + 1):
        root = merkle_tree.root(LEAVES[:size])
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            with pytest.raises(RecordError, match="too long"):
                verify_inclusion(LEAVES[index], index, size, [*proof, step], on_top(root))
        for old in range(1, size):
            before, proof = merkle_tree.root(LEAVES[:old]), proofs.consistency_proof(LEAVES[:size], old)
            with pytest.raises(RecordError, match="too long"):
                verify_consistency(old, size, [*proof, step], on_top(before), on_top(root))


def test_nothing_is_consistent_with_an_empty_tree_and_a_tree_is_with_itself() -> None:
    empty, one = merkle_tree.root([]), merkle_tree.root(LEAVES[:1])
    assert refused(verify_consistency, 0, 1, [], empty, one)
    assert refused(verify_consistency, 0, 0, [], empty, empty)
    assert refused(verify_consistency, 0, 2, [one], empty, merkle_tree.root(LEAVES[:2]))
    verify_consistency(1, 1, [], one, one)
    assert refused(verify_consistency, 1, 1, [], one, empty)
    assert refused(verify_consistency, 1, 1, [one], one, one)
    assert refused(verify_consistency, 2, 1, [], one, one)


NO_SIZE = [-1, True, False, 1.0, "1", None, 2**70]
NO_HASH: list[object] = [b"", b"x" * 31, b"x" * 33, "x" * 32, None, bytearray(32)]
NO_PROOF = [None, b"x" * 32, 7, [b"x" * 31], ["x" * 32], [None], iter([b"x" * 32])]


@pytest.mark.parametrize("size", NO_SIZE)
def test_what_is_no_size_is_refused_everywhere(size: Any) -> None:
    leaf, root = LEAVES[0], merkle_tree.root(LEAVES[:2])
    proof = [LEAVES[1]]
    assert refused(verify_inclusion, leaf, size, 2, proof, root)
    assert refused(verify_inclusion, leaf, 0, size, proof, root)
    assert refused(proofs.inclusion_proof, LEAVES[:2], size)
    assert refused(proofs.consistency_proof, LEAVES[:2], size)
    assert refused(verify_consistency, size, 2, proof, leaf, root)
    assert refused(verify_consistency, 1, size, proof, leaf, root)


@pytest.mark.parametrize("no_hash", NO_HASH)
def test_what_is_no_hash_is_refused_everywhere(no_hash: Any) -> None:
    leaf, root = LEAVES[0], merkle_tree.root(LEAVES[:2])
    assert refused(merkle_tree.root, [leaf, no_hash])
    assert refused(verify_inclusion, no_hash, 0, 2, [LEAVES[1]], root)
    assert refused(verify_inclusion, leaf, 0, 2, [LEAVES[1]], no_hash)
    assert refused(verify_inclusion, leaf, 0, 2, [no_hash], root)
    assert refused(verify_consistency, 1, 2, [LEAVES[1]], no_hash, root)
    assert refused(verify_consistency, 1, 2, [LEAVES[1]], leaf, no_hash)
    assert refused(verify_consistency, 1, 1, [], no_hash, no_hash)


@pytest.mark.parametrize("proof", NO_PROOF)
def test_what_is_no_list_of_hashes_is_refused(proof: Any) -> None:
    assert refused(verify_inclusion, LEAVES[0], 0, 2, proof, merkle_tree.root(LEAVES[:2]))
    assert refused(verify_consistency, 1, 2, proof, LEAVES[0], merkle_tree.root(LEAVES[:2]))


def test_there_is_no_proof_for_what_is_not_there() -> None:
    assert refused(proofs.inclusion_proof, [], 0)
    assert refused(proofs.inclusion_proof, LEAVES[:3], 3)
    assert refused(proofs.consistency_proof, LEAVES[:3], 0)
    assert refused(proofs.consistency_proof, LEAVES[:3], 4)
    assert refused(verify_inclusion, LEAVES[0], 0, 0, [], LEAVES[0])
    assert refused(leaf_hash, "text")
