"""Tiles of the record's tree, so that other tools can monitor it (C2SP tlog-tiles).

A tile of level L holds up to 256 hashes, each the root of 256^L entries; tile N begins with hash number N * 256. A
bundle holds up to 256 entries, each after its length. The content of a tile or bundle of a given width never changes.
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
    """Returns the number and the width (1 to 256) in a tile's path, as "x001/x234/067" or "000.p/17".

    Raises NotFound for any other path, including one with a superfluous leading "x000".
    """
    matched = _NUMBER.fullmatch(path)
    width = int(matched[2]) if matched and matched[2] else WIDTH
    if matched is None or matched[1].startswith("x000") or (matched[2] and width >= WIDTH):
        raise NotFound("There is no such tile.")
    return int(matched[1].replace("x", "").replace("/", "")), width


def check(size: int, level: int, number: int, width: int) -> None:
    """Raises NotFound for a tile that a record of this size does not fill up to this width."""
    # The level is checked first: 256 to the power of an arbitrary number would fill the memory.
    if level >= MOST_LEVELS or (number * WIDTH + width) * WIDTH**level > size:
        raise NotFound("There is no such tile.")


def tile(tree: Tree, level: int, number: int, width: int) -> bytes:
    """Returns the hashes of a tile, 32 bytes each. Raises NotFound where the record does not fill it."""
    check(len(tree), level, number, width)
    return tree.whole(level * BITS, number * WIDTH, number * WIDTH + width)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Returns entries one after another, each after its length in two bytes, big-endian.

    Raises OverflowError for an entry of 64 KiB or more, which does not occur because entries hold no words.
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
