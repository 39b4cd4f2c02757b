"""Memory of the record in this process: its tree, and an index of its entries. Read once, then extended.

Entries are never changed, only added, here or by another process. Where an older copy of the data is restored under a
running server, the last known entry differs, and everything is read anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record.tree import Tree

# Rows that are read and worked through before others have their turn.
PIECE_OF_HASHES = 1000
PIECE_OF_ENTRIES = 200


@dataclass
class Contents:
    """Index of the record: the "round opened" entry of each round; the indexes of a commission's or a session's
    entries."""

    size: int = 0
    openings: dict[str, dict[str, Any]] = field(default_factory=dict)
    of: dict[str, list[int]] = field(default_factory=dict)

    def take(self, stored: StoredEntry) -> None:
        """Adds the next entry."""
        entry = json.loads(stored.body)
        if entry["type"] == "round opened":
            self.openings[entry["round"]] = entry
        session = entry.get("session")
        if entry["type"] == "decision":
            session = self.openings.get(entry["rounds"][0], {}).get("session")
        for key in filter(None, (entry["commission"], session)):
            self.of.setdefault(key, []).append(stored.index)
        self.size += 1


@dataclass
class Kept:
    """The tree and the index. Either may reach further than one request sees, as another has read on meanwhile."""

    tree: Tree = field(default_factory=Tree)
    contents: Contents = field(default_factory=Contents)

    async def tree_of(self, work: Work, size: int) -> Tree:
        """Returns the tree, with at least the `size` entries that this unit of work sees."""
        await self._look_back(work, size)
        tree = self.tree
        while len(tree) < size:
            start = len(tree)
            more = await work.record.leaf_hashes(start, min(start + PIECE_OF_HASHES, size))
            # Another request may have read the same rows while this one waited.
            tree.extend(more[len(tree) - start :])
        return tree

    async def contents_of(self, work: Work, size: int) -> Contents:
        """Returns the index, with at least the `size` entries that this unit of work sees."""
        await self.tree_of(work, size)
        contents = self.contents
        while contents.size < size:
            start = contents.size
            for stored in await work.record.entries(start, min(start + PIECE_OF_ENTRIES, size)):
                if stored.index == contents.size:
                    contents.take(stored)
        return contents

    async def _look_back(self, work: Work, size: int) -> None:
        """Empties both where the last known entry is not in the data that this unit of work sees."""
        known = min(size, len(self.tree))
        if known and await work.record.leaf_hashes(known - 1, known) != [self.tree.whole(0, known - 1, known)]:
            self.tree, self.contents = Tree(), Contents()


_kept: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def kept(store: Store) -> Kept:
    """Returns the memory of a store's record."""
    return _kept.setdefault(store, Kept())
