"""What this process knows of the record: its tree, and where what stands. Read once, and then read on.

Entries are never changed, only added, here or by another process. Where the data goes back to an older copy under a
running server the last entry that is known is another one, and all is read anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record.tree import Tree

# So many are read and worked through before others have their turn.
PIECE_OF_HASHES = 1000
PIECE_OF_ENTRIES = 200


@dataclass
class Contents:
    """Where what stands in the record: the entry that opened each round; the indexes that belong to a commission or a
    session, by its id."""

    size: int = 0
    openings: dict[str, dict[str, Any]] = field(default_factory=dict)
    of: dict[str, list[int]] = field(default_factory=dict)

    def take(self, stored: StoredEntry) -> None:
        """Takes in the next entry."""
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
    """The tree and the contents. Either may reach further than what one request sees: another read on meanwhile."""

    tree: Tree = field(default_factory=Tree)
    contents: Contents = field(default_factory=Contents)

    async def tree_of(self, work: Work, size: int) -> Tree:
        """The tree, with at least the `size` entries that this unit of work sees."""
        await self._look_back(work, size)
        tree = self.tree
        while len(tree) < size:
            start = len(tree)
            more = await work.record.leaf_hashes(start, min(start + PIECE_OF_HASHES, size))
            # Another request may have read the same while this one waited.
            tree.extend(more[len(tree) - start :])
        return tree

    async def contents_of(self, work: Work, size: int) -> Contents:
        """The contents, with at least the `size` entries that this unit of work sees."""
        await self.tree_of(work, size)
        contents = self.contents
        while contents.size < size:
            start = contents.size
            for stored in await work.record.entries(start, min(start + PIECE_OF_ENTRIES, size)):
                if stored.index == contents.size:
                    contents.take(stored)
        return contents

    async def _look_back(self, work: Work, size: int) -> None:
        """Begins anew where the last entry that is known is not in the data that this unit of work sees."""
        known = min(size, len(self.tree))
        if known and await work.record.leaf_hashes(known - 1, known) != [self.tree.whole(0, known - 1, known)]:
            self.tree, self.contents = Tree(), Contents()


_kept: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def kept(store: Store) -> Kept:
    """What is known of the record of a store."""
    return _kept.setdefault(store, Kept())
