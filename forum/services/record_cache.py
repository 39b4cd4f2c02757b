"""Memory of the record in this process: its tree, and an index of its entries. Read once, then extended.

Entries are never changed, only added, here or by another process. Where an older copy of the data is restored under a
running server, the last known entry differs, and everything is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from sys import intern
from typing import Any
from weakref import WeakKeyDictionary

from forum.errors import RecordDamaged
from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record.tree import Tree
from forum.record.verify.answers_due import AnswersDue
from forum.record.verify.held_words import HeldWords
from forum.services.outcomes import Outcomes
from forum.services.record_known import ABOUT_COMMISSIONS
from forum.services.timelines import Timelines

# Entries that are read and worked through before others have their turn.
PIECE_OF_ENTRIES = 200
RESTORED = "record restored"


@dataclass
class Predicted:
    """Index of sealed predictions: the latest of each session as its entry has it, with its index; and the decision
    that opened each, with the index of the entry that says so, and the session of each, by prediction."""

    sealed: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    opened: dict[str, tuple[int, str]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    def said(self, session: str, size: int) -> dict[str, Any] | None:
        """Returns what the first `size` entries say of a session's prediction: its entry, with its `index` and, as
        `decision`, the one that opened it ("" while it is sealed); None for none."""
        index, entry = self.sealed.get(session, (size, {}))
        if index >= size:
            return None
        opening, decision = self.opened.get(entry["prediction"], (size, ""))
        return {**entry, "index": index, "decision": decision if opening < size else ""}

    def take(self, index: int, entry: dict[str, Any]) -> None:
        """Adds the next entry."""
        if entry["type"] == "prediction sealed":
            self.sealed[entry["session"]] = index, entry
            self.sessions[entry["prediction"]] = entry["session"]
        elif entry["type"] == "prediction opened":
            self.opened[entry["prediction"]] = index, entry["decision"]


@dataclass
class Contents:
    """Index of the record: the "round opened" entry of each round; the indexes of a commission's or a session's
    entries, and of those about one thing (`subjects_of`); the entry that withdrew each digest's words; those that a
    moderator holds; the answers that votes are due; the timelines of commissions; the outcomes; the month of each entry
    (as 2026-11), and the entries of each month; the heads (size, root in hex) that an entry "record restored" says are
    given up; the sealed predictions; and what was said later of a decision, a commitment or a commission
    (`_SAID_LATER`), by its id; and the decisions on the votes of a session, each with the index of its entry and the
    rounds that it rests on."""

    openings: dict[str, dict[str, Any]] = field(default_factory=dict)
    of: dict[str, list[int]] = field(default_factory=dict)
    about: dict[str, list[int]] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    held: HeldWords = field(default_factory=HeldWords)
    answers: AnswersDue = field(default_factory=AnswersDue)
    timelines: Timelines = field(default_factory=Timelines)
    outcomes: Outcomes = field(default_factory=Outcomes)
    months: list[str] = field(default_factory=list)
    of_month: dict[str, list[int]] = field(default_factory=dict)
    given_up: set[tuple[int, str | None]] = field(default_factory=set)
    predictions: Predicted = field(default_factory=Predicted)
    said_later: dict[str, list[int]] = field(default_factory=dict)
    decided: dict[str, list[tuple[int, str, tuple[str, ...]]]] = field(default_factory=dict)

    def take(self, stored: StoredEntry) -> None:
        """Adds the next entry. One that does not fit its shape is in no list from where that shows: checks tell of it,
        and the log is served as it is."""
        entry = json.loads(stored.body)
        month = intern(str(entry.get("at"))[:7])
        self.months.append(month)
        self.of_month.setdefault(month, []).append(stored.index)
        with suppress(AttributeError, IndexError, KeyError, TypeError):
            self._list(stored.index, entry)

    def _list(self, index: int, entry: dict[str, Any]) -> None:
        if entry["type"] == "round opened":
            self.openings[entry["round"]] = entry
        if entry["type"] == RESTORED:
            self.given_up.add((entry["before"]["size"], entry["before"]["root"]))
        for subject in subjects_of(entry):
            self.about.setdefault(subject, []).append(index)
        if entry["type"] == "erasure":
            self.erased.update((digest, index) for digest in entry["digests"])
        self.held.add(index, entry)
        self.answers.add(index, entry)
        self.timelines.add(index, entry)
        self.outcomes.add(index, entry)
        self.predictions.take(index, entry)
        if name := _SAID_LATER.get(entry["type"]):
            self.said_later.setdefault(entry[name], []).append(index)
        session = entry.get("session")
        if entry["type"] == "decision":
            session = self.openings.get(entry["rounds"][0], {}).get("session")
            self.decided.setdefault(session or "", []).append((index, entry["decision"], tuple(entry["rounds"])))
        elif entry["type"] == "prediction opened":
            session = self.predictions.sessions.get(entry["prediction"])
        for key in filter(None, (entry["commission"], session)):
            self.of.setdefault(key, []).append(index)


# Entries that say more of something than its rows do: the field that has its id, by their type.
_SAID_LATER = {
    "minority statement": "decision",
    "commitment noticed": "commitment",
    "stage moved": "commission",
    "commission closed": "commission",
    "commission reopened": "commission",
}
# The field that has the id of what an entry tells of, by its type.
_SUBJECTS = {
    "round opened": "round",
    "round extended": "round",
    "round closed": "round",
    "round revealed": "round",
    "round annulled": "round",
    "answer date moved": "round",
    "scenario published": "scenario",
    "commitment update": "commitment",
    "minority statement": "decision",
    "commitment noticed": "commitment",
    "pledge": "pledge",
    "prediction sealed": "prediction",
    "prediction opened": "prediction",
}


def subjects_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the things that an entry tells of: a round, a story, a decision or a commitment by its id; what a session
    declared of its commission with what is said of its versions and stages, and moderators' acts on a story, by the
    names that `declared_of` and `acts_on` make; a decision and its corrections also by that of `alone`."""
    if entry["type"] == "session opened":
        return entry["session"], declared_of(entry["commission"])
    if entry["type"] == "session called off":
        return (entry["session"],)
    if entry["type"] in ABOUT_COMMISSIONS:
        return (declared_of(entry["commission"]),)
    if entry["type"] == "moderation action":
        return (acts_on(entry["scenario"]),)
    if entry["type"] == "commitment":
        return entry["decision"], entry["commitment"]
    if entry["type"] in ("decision", "decision corrected", "decision replaced"):
        return entry["decision"], alone(entry["decision"])
    return (entry[name],) if (name := _SUBJECTS.get(entry["type"])) else ()


def acts_on(story: str) -> str:
    """Returns the name under which moderators' acts on a story are found."""
    return f"acts on {story}"


def alone(decision: str) -> str:
    """Returns the name under which the entries of a decision itself are found, without those of its commitments and of
    what others said to it."""
    return f"{decision}:alone"


def declared_of(commission: str) -> str:
    """Returns the name under which everything is found that was declared of a commission when a session began, and that
    is said of its versions and stages."""
    return f"declared of {commission}"


@dataclass
class Kept:
    """The tree and the index, of entries that fit their hashes. Both may reach further than one request sees, as
    another has read on meanwhile."""

    tree: Tree = field(default_factory=Tree)
    contents: Contents = field(default_factory=Contents)

    async def tree_of(self, work: Work, size: int) -> Tree:
        """Returns the tree, with at least the `size` entries that this unit of work sees. Raises RecordDamaged."""
        return (await self._read_on(work, size))[0]

    async def contents_of(self, work: Work, size: int) -> Contents:
        """Returns the index, with at least the `size` entries that this unit of work sees. Raises RecordDamaged."""
        return (await self._read_on(work, size))[1]

    async def _read_on(self, work: Work, size: int) -> tuple[Tree, Contents]:
        """Reads the entries up to `size` that are not in the tree yet; returns the tree and the index."""
        await self._look_back(work, size)
        # Held on to, because another request may begin both anew while this one waits.
        tree, contents = self.tree, self.contents
        while len(tree) < size:
            start = len(tree)
            for stored in await work.record.entries(start, min(start + PIECE_OF_ENTRIES, size)):
                # Another request may have read the same entries while this one waited.
                if stored.index == len(tree):
                    contents.take(stored)
                    tree.extend([stored.leaf_hash])
            if len(tree) == start:
                raise RecordDamaged.at(start)
        return tree, contents

    async def _look_back(self, work: Work, size: int) -> None:
        """Empties both where the last known entry is not in the data that this unit of work sees."""
        known = min(size, len(self.tree))
        if known and await work.record.leaf_hashes(known - 1, known) != [self.tree.whole(0, known - 1, known)]:
            self.tree, self.contents = Tree(), Contents()


def consistency_of(tree: Tree, old: int, new: int) -> dict[str, object]:
    """Returns the proof that the tree of `old` leaves is the beginning of that of `new` as JSON: sizes, and roots and
    proof in hex. Raises RecordError."""
    return {
        "old_size": old,
        "old_root": tree.root(old).hex(),
        "new_size": new,
        "new_root": tree.root(new).hex(),
        "proof": [node.hex() for node in tree.consistency_proof(old, new)],
    }


def same(tree: Tree, stored: Sequence[StoredEntry]) -> Sequence[StoredEntry]:
    """Returns entries as they were read, where each is the one in the tree. Raises RecordDamaged."""
    for one in stored:
        if tree.whole(0, one.index, one.index + 1) != one.leaf_hash:
            raise RecordDamaged.at(one.index)
    return stored


_kept: WeakKeyDictionary[Store, Kept] = WeakKeyDictionary()


def kept(store: Store) -> Kept:
    """Returns the memory of a store's record."""
    return _kept.setdefault(store, Kept())
