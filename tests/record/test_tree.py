"""The tree that is kept says what the record's own functions work out afresh, for every size that it has had."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.record import proofs
from forum.record.tree import Tree
from forum.record.verify.merkle_tree import root
from forum.record.verify.verdict import RecordError

HASHES = [hashlib.sha256(str(n).encode()).digest() for n in range(1100)]
TREE = Tree(HASHES)


@given(st.integers(0, 1100), st.data())
def test_root_and_proof_of_every_size_are_those_of_the_record(size: int, data: st.DataObject) -> None:
    assert TREE.root(size) == root(HASHES[:size])
    if size:
        index = data.draw(st.integers(0, size - 1))
        assert TREE.inclusion_proof(index, size) == proofs.inclusion_proof(HASHES[:size], index)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 511, 512, 1023, 1024, 1025])
def test_it_is_the_same_however_it_came_to_its_size(size: int) -> None:
    grown = Tree()
    for start in range(0, size, 3):
        grown.extend(HASHES[start : min(start + 3, size)])
    assert len(grown) == size
    assert grown.root(size) == TREE.root(size) == root(HASHES[:size])
    for index in range(0, size, 7):
        assert grown.inclusion_proof(index, size) == proofs.inclusion_proof(HASHES[:size], index)


def test_a_whole_subtree_is_the_root_of_its_leaves() -> None:
    for level in range(11):
        width = 1 << level
        for at in range(len(HASHES) // width):
            assert TREE.whole(level, at, at + 1) == root(HASHES[at * width : (at + 1) * width])
    assert TREE.whole(11, 0, 1) == b""


def test_growing_costs_one_hash_an_entry_and_asking_no_more_than_twice_the_height() -> None:
    tree = Tree(HASHES)
    assert tree.hashed < len(HASHES)
    for size in range(1, len(HASHES), 11):
        before = tree.hashed
        tree.root(size)
        tree.inclusion_proof(size // 2, size)
        assert tree.hashed - before <= 2 * 11


def test_what_is_not_there_is_refused() -> None:
    for wrong in (-1, len(HASHES) + 1):
        with pytest.raises(RecordError):
            TREE.root(wrong)
    for index, size in ((5, 5), (-1, 5), (0, 0), (0, len(HASHES) + 1)):
        with pytest.raises(RecordError):
            TREE.inclusion_proof(index, size)
    with pytest.raises(RecordError):
        Tree([b"short"])
