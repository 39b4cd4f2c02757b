"""Index of the entries that are known so far: what the rows of the database are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from forum.ports.record import Disclosure
from forum.record.verify.answers_due import AnswersDue
from forum.record.verify.cycle_order import Cycle
from forum.record.verify.entry_order import Past
from forum.voting.round import RoundState

Entry: TypeAlias = dict[str, Any]
# What a round's entries make of its state.
_STATES = {
    "round opened": RoundState.OPEN,
    "round closed": RoundState.CLOSED,
    "round revealed": RoundState.REVEALED,
    "round annulled": RoundState.ANNULLED,
}

ABOUT_COMMISSIONS = (
    "commission published",
    "commission changed",
    "stage moved",
    "stage note",
    "commission closed",
    "commission reopened",
)


class ReadAhead(msgspec.Struct, frozen=True):
    """What was read for many entries at once, before each is held against its rows: `words` beside them by digest, None
    where no row has that digest, and rows of decisions and commitments by id."""

    words: Mapping[str, Disclosure | None] = msgspec.field(default_factory=dict)
    rows: Mapping[str, object] = msgspec.field(default_factory=dict)


@dataclass
class Known:
    """Index of the entries read so far: `size` of them.

    `entries` has the ids of sessions, rounds, stories, decisions, their corrections, commitments and updates that an
    entry was written for, with the index of the latest; `states` and `closing` each round's state and closing time,
    as its entries say; `erased` the digests of withdrawn words; `past`, `cycle` and `answers` are what the next entry
    is held against, `stages` and `ends` the stage of each commission that was moved, and the time of its end ("" once
    reopened), each with the index of the entry that says so; `versions` the index of the latest entry that has its
    terms; `acts` the indexes of all these entries; `keys` and `restored` are the entries about the key and about
    backups that were put back; `salts` has those of the words that were looked at, each with the digest of the first.
    `ahead` is what was read before; all else is read where it is looked at. `apart`: these are the entries about one
    thing alone, without those of its commission.
    """

    size: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    states: dict[str, RoundState] = field(default_factory=dict)
    closing: dict[str, str | None] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    past: Past = field(default_factory=Past)
    cycle: Cycle = field(default_factory=Cycle)
    answers: AnswersDue = field(default_factory=AnswersDue)
    stages: dict[str, tuple[int, str]] = field(default_factory=dict)
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    acts: set[int] = field(default_factory=set)
    keys: list[tuple[int, Entry]] = field(default_factory=list)
    restored: list[tuple[int, Entry]] = field(default_factory=list)
    salts: dict[str, str] = field(default_factory=dict)
    ahead: ReadAhead = field(default_factory=ReadAhead)
    apart: bool = False

    def take(self, index: int, entry: Entry) -> None:
        """Adds an entry that fits its shape."""
        self.past.add(index, entry)
        self.cycle.add(entry)
        self.answers.add(index, entry)
        if entry["type"] in ("key changed", "key lost"):
            self.keys.append((index, entry))
        if entry["type"] == "record restored":
            self.restored.append((index, entry))
        self.note(index, entry)

    def note(self, index: int, entry: Entry) -> None:
        """Adds what an entry that fits its shape says of rows: all of the index that `unlike` asks for."""
        type_ = entry["type"]
        if name := _IDS.get(type_):
            self.entries[entry[name]] = index
        if type_ in _STATES:
            self.states[entry["round"]] = _STATES[type_]
        if type_ in ("round opened", "round extended"):
            self.closing[entry["round"]] = entry.get("closes_at")
        if type_ in (*ABOUT_COMMISSIONS, "answer date moved"):
            self.acts.add(index)
        if type_ == "stage moved":
            self.stages[entry["commission"]] = index, entry["to"]
        if type_ in ("commission published", "commission changed"):
            self.versions[entry["commission"]] = index
        if type_ in ("commission closed", "commission reopened"):
            self.ends[entry["commission"]] = index, entry["at"] if type_ == "commission closed" else ""
        if type_ == "erasure":
            self.erased.update(entry["digests"])


_IDS = {
    "session opened": "session",
    "session called off": "session",
    "round opened": "round",
    "scenario published": "scenario",
    "decision": "decision",
    "commitment": "commitment",
    "commitment update": "update",
    "decision corrected": "correction",
    "decision replaced": "correction",
    "minority statement": "statement",
    "pledge": "pledge",
    "prediction sealed": "prediction",
    "prediction opened": "prediction",
}
