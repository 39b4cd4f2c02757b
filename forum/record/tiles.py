"""The record's tree in tiles, so that other people's tools can watch it (C2SP tlog-tiles).

A tile of level L holds up to 256 hashes, each the root of 256^L entries; tile N begins with hash number N * 256. A
bundle holds up to 256 entries, each behind its length. What a tile or bundle of a given width holds never changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from forum.errors import NotFound
from forum.record.tree import Tree

BITS = 8
WIDTH = 2**BITS
MOST_LEVELS = 6
_NUMBER = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def place(path: str) -> tuple[int, int]:
    """The number and the width (1 to 256) in a tile's path, as "x001/x234/067" or "000.p/17".

    Raises NotFound for what is no such path, leading zeros in groups among it.
    """
    found = _NUMBER.fullmatch(path)
    width = int(found[2]) if found and found[2] else WIDTH
    if found is None or found[1].startswith("x000") or (found[2] and width >= WIDTH):
        raise NotFound("There is no such tile.")
    return int(found[1].replace("x", "").replace("/", "")), width


def check(size: int, level: int, number: int, width: int) -> None:
    """Raises NotFound for a tile that a record of this size does not reach yet."""
    # First of all: a power of any number that somebody thinks of would fill the memory.
    if level >= MOST_LEVELS or (number * WIDTH + width) * WIDTH**level > size:
        raise NotFound("There is no such tile.")


def tile(tree: Tree, level: int, number: int, width: int) -> bytes:
    """The hashes of a tile, 32 bytes each. Raises NotFound where the record does not reach so far yet."""
    check(len(tree), level, number, width)
    return tree.whole(level * BITS, number * WIDTH, number * WIDTH + width)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after another, each behind its length in two bytes, the higher first.

    Raises OverflowError for an entry of 64 KiB or more; none is, since entries hold no words.
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
