"""An export taken apart: its entries, rounds, checkpoint and opened ballots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from forum.record.verify.checkpoint import Note, parse_checkpoint, parse_note
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import canonical, parse_lines
from forum.record.verify.entry_order import Past, entry_problems
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.methods import METHODS, marks
from forum.record.verify.part import Part, part_of
from forum.record.verify.rounds import Steps, rounds, weighed_of
from forum.record.verify.verdict import RecordError

# The values of a ballot leaf's "by", which is present in rounds with papers counted by hand.
PAPER, DEVICE, PAPER_OR_DEVICE = ORIGINS = ("paper", "device", "paper or device")


@dataclass
class Export:
    """The files of an export, each parsed when first needed. On damaged files its parts raise errors of any kind."""

    files: Mapping[str, bytes]
    _lines: dict[str, list[Any]] = field(default_factory=dict, repr=False, compare=False)

    def lines(self, name: str) -> list[Any]:
        """Returns the values of the lines of a file, parsed once. Raises KeyError for none, RecordError."""
        if name not in self._lines:
            self._lines[name] = parse_lines(self.files[name])
        return self._lines[name]

    @cached_property
    def commission(self) -> str | None:
        """The id of the chosen commission, None for all."""
        chosen = json.loads(self.files["datapackage.json"])["commission"]
        if chosen is not None and type(chosen) is not str:
            raise RecordError("datapackage.json does not say which commission this is")
        return chosen

    @cached_property
    def session(self) -> str | None:
        """The id of the chosen session, None for all of the commission."""
        chosen = json.loads(self.files["datapackage.json"]).get("session")
        if chosen is not None and type(chosen) is not str:
            raise RecordError("datapackage.json does not say which session this is")
        return chosen

    @cached_property
    def part(self) -> Part:
        """The part of the record that this export is of. Raises RecordError where its session is not there."""
        return part_of(self.entries, self.commission, self.session)

    @cached_property
    def format_number(self) -> int:
        """The number of the format that it was written in."""
        number = json.loads(self.files["datapackage.json"])["forum_export"]
        if type(number) is not int or number < 1:
            raise RecordError("datapackage.json does not say which format this is")
        return number

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """All entries of the record."""
        entries = self.lines("record.jsonl")
        for number, entry in enumerate(entries, 1):
            if type(entry) is not dict or any(type(entry.get(k)) is not str for k in ("type", "at", "commission")):
                raise RecordError(f"line {number}: an entry has a type, a time and a commission")
        return entries

    @cached_property
    def order(self) -> tuple[list[str], Past]:
        """The problems of the entries in their order, and the past that they make, as `entry_problems` tells them."""
        return entry_problems(self.entries)

    def covers(self, entry: Mapping[str, Any]) -> bool:
        """Returns whether the words and ballots of this entry belong in this export."""
        return self.part.covers(entry)

    @cached_property
    def rounds(self) -> dict[str, Steps]:
        """All rounds in the record, by id."""
        return rounds(self.entries, self.disclosures)

    @cached_property
    def disclosures(self) -> dict[str, str]:
        """The encoded disclosures by digest, as disclosures.jsonl has them."""
        return {line["digest"]: line["disclosure"] for line in self.lines("disclosures.jsonl")}

    def words(self, place: Any) -> str | None:
        """Returns the words that a digest stands for; None where they are not here, or damaged, which is told
        elsewhere.
        """
        try:
            value = open_disclosure(self.disclosures[place["sd"]])[2]
        except (RecordError, LookupError, TypeError, ValueError):
            return None
        return value if type(value) is str else None

    def groups_against(self, decision: Mapping[str, Any]) -> list[str] | None:
        """Returns the groups that a "decision" says it goes against; None where that is not here, or was withdrawn."""
        if "weighed" not in decision:
            return []
        try:
            weighed = weighed_of(decision, self.disclosures)
        except (RecordError, LookupError, TypeError, ValueError):
            return None
        return None if weighed is None else [one["group"] for one in weighed["differences"] if one["from"] == "group"]

    @cached_property
    def withdrawn(self) -> int:
        """The number of rounds in this export whose result was shown and then withdrawn: they cannot be counted."""
        return sum(1 for s in self.rounds.values() if s.revealed and s.result is None and self.covers(s.opened))

    @cached_property
    def checkpoint(self) -> tuple[Note, str, int, bytes]:
        """The note with the signature of the record's own key alone, and the origin, size and root in it.

        Others may have signed too (witnesses, under names of their own): that is theirs to check.
        """
        note = parse_note(self.files["checkpoint"])
        origin, size, root_ = parse_checkpoint(note.text)
        own = tuple(one for one in note.signatures if one[0] == origin)
        if len(own) != 1 or len(own[0][2]) != 64:
            raise RecordError("the checkpoint must have one signature by the record's own key")
        return Note(note.text, own), origin, size, root_

    @cached_property
    def ballots(self) -> dict[str, list[tuple[bytes, dict[str, Any]]]]:
        """The opened ballots by round, each with its leaf hash."""
        ballots: dict[str, list[tuple[bytes, dict[str, Any]]]] = {}
        before, seen = b"", set()
        drawn: set[str] = set()
        for number, line in enumerate(self.lines("ballots.jsonl"), 1):
            try:
                problem = self.ballot_problem(line)
            except RecordError as error:
                problem = str(error)
            except (LookupError, TypeError, AttributeError) as error:
                problem = f"not a ballot ({error})"
            if problem:
                raise RecordError(f"ballots.jsonl, line {number}: {problem}")
            leaf = line["leaf"]
            hashed, which = leaf_hash(canonical(leaf)), (leaf["round"], leaf["ballot"])
            if hashed <= before or which in seen:
                raise RecordError(f"ballots.jsonl, line {number}: out of order, or there twice")
            # Each is drawn anew for every ballot; the same one twice would tell that two are one person's.
            for name, value in (("id", leaf["ballot"]), ("salt", leaf["salt"]), ("group_salt", line["group_salt"])):
                if value in drawn:
                    raise RecordError(f"ballots.jsonl, line {number}: its {name} stands in the file before")
                drawn.add(value)
            before = hashed
            seen.add(which)
            ballots.setdefault(leaf["round"], []).append((hashed, line))
        return ballots

    def ballot_problem(self, line: dict[str, Any]) -> str:
        """Returns the problem of an opened ballot, checked against its round; "" where there is none."""
        leaf, steps = line["leaf"], self.rounds[line["leaf"]["round"]]
        if set(line) != {"leaf", "label", "group_salt"} or any(type(v) is not str for v in leaf.values()):
            return "not the parts of an opened ballot"
        if set(leaf) - {"by"} != {"round", "ballot", "choice", "group", "salt"} or type(line["label"]) is not str:
            return "not the parts of a ballot"
        if leaf.get("by", PAPER) not in ORIGINS:
            return "it does not say rightly how it came"
        if not steps.revealed or not self.covers(steps.opened):
            return "of a round that is not revealed, or not in this export"
        if steps.result is None:
            return "of a round whose result was withdrawn"
        if not steps.result["counts"]:
            return "of a round of which no count is given"
        if "sealed" in steps.result:
            return "of a round whose ballots are not opened"
        if disclosure(line["group_salt"], "group", line["label"])[0] != leaf["group"]:
            return "the group is not the one that it was counted with"
        if steps.opened["method"] in METHODS:
            marks(steps.opened["method"], leaf["choice"], [response["id"] for response in steps.opened["responses"]])
        return ""

    def revealed_rounds(self) -> Iterator[tuple[str, Steps, list[tuple[bytes, dict[str, Any]]]]]:
        """Yields the id, steps and opened ballots of every revealed round of this export whose counts are given."""
        for round_id, steps in self.rounds.items():
            if steps.result is not None and steps.result["counts"] and self.covers(steps.opened):
                yield round_id, steps, self.ballots.get(round_id, [])
