"""Tiles against the tree itself: whatever can be read from them gives the root that the checkpoint signs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import NotFound
from forum.record import tiles
from forum.record.tree import Tree
from forum.record.verify.merkle_tree import root

HASHES = [hashlib.sha256(str(n).encode()).digest() for n in range(70_000)]


@pytest.mark.parametrize(
    ("path", "number", "width"),
    [
        ("000", 0, 256),
        ("067", 67, 256),
        ("x001/234", 1234, 256),
        ("x001/x234/067", 1234067, 256),
        ("000.p/1", 0, 1),
        ("x001/234.p/255", 1234, 255),
    ],
)
def test_paths(path: str, number: int, width: int) -> None:
    assert tiles.place(path) == (number, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "1234",
        "x000/001",
        "001/002",
        "x01/002",
        "000.p/0",
        "000.p/256",
        "000.p/01",
        "000.p/",
        "-01",
        "\u0660\u0660\u0660",
    ],
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(NotFound):
        tiles.place(path)


@given(st.integers(1, 1200))
def test_the_lowest_tiles_are_the_leaf_hashes(size: int) -> None:
    leaves = HASHES[:size]
    read = b"".join(tiles.tile(Tree(leaves), 0, start // 256, min(256, size - start)) for start in range(0, size, 256))
    assert [read[at : at + 32] for at in range(0, len(read), 32)] == leaves


def test_higher_tiles_give_the_same_root() -> None:
    assert tiles.tile(Tree(HASHES[:65_536]), 2, 0, 1) == root(HASHES[:65_536])
    level_one = tiles.tile(Tree(HASHES[:65_536]), 1, 0, 256)
    assert root([level_one[at : at + 32] for at in range(0, 8192, 32)]) == root(HASHES[:65_536])


@pytest.mark.parametrize(
    ("level", "number", "width"), [(0, 0, 256), (0, 1, 1), (1, 0, 1), (0, 0, 101), (9, 0, 1), (10**15, 0, 1)]
)
def test_what_is_not_there_yet(level: int, number: int, width: int) -> None:
    with pytest.raises(NotFound):
        tiles.tile(Tree(HASHES[:100]), level, number, width)


def test_a_bundle_can_be_read_back() -> None:
    entries = [b"{}", b"x" * 300, b""]
    data, read = tiles.bundle(entries), []
    while data:
        length = int.from_bytes(data[:2], "big")
        read.append(data[2 : 2 + length])
        data = data[2 + length :]
    assert read == entries
    with pytest.raises(OverflowError):
        tiles.bundle([b"x" * 65_536])
