"""The public log: everything that exports are made of. It holds the record, its words and opened ballots,
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.record.verify.held_words import HeldWords
from forum.record.verify.part import Part, part_of
from forum.record.verify.rounds import Steps, rounds
from forum.record.verify.verdict import RecordError

# Stands in a table instead of withdrawn words.
WITHDRAWN = "(withdrawn)"
# The same for words of a story that a moderator keeps back.
HELD = "(held back by a moderator)"
# The same for the numbers of a vote that was annulled after its result was shown.
WITHDRAWN_RESULT = "withdrawn: this vote was annulled after its result was shown"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """The source of one export.

    `entries` is always the whole record, in order. `disclosures` (digest to encoded disclosure) and `ballots` (as
    ballot_leaves.opened writes them) are those of `session`, a session of `commission`; of that commission where
    `session` is None; of everything where both are. `stated` has the rows of the tables in stated_tables.py, by file:
    they do not follow from the record.
    """

    entries: tuple[Entry, ...]
    disclosures: Mapping[str, str]
    ballots: tuple[Mapping[str, Any], ...]
    commission: str | None = None
    session: str | None = None
    stated: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, lines: Callable[[str], Sequence[Any]], commission: str | None, session: str | None = None) -> Log:
        """Returns the log in the files of an export, without what is stated; `lines` gives the values in a file.

        Raises RecordError or KeyError where they are damaged.
        """
        disclosures = lines("disclosures.jsonl")
        return cls(
            entries=tuple(lines("record.jsonl")),
            disclosures={line["digest"]: line["disclosure"] for line in disclosures},
            ballots=tuple(lines("ballots.jsonl")),
            commission=commission,
            session=session,
        )

    @cached_property
    def part(self) -> Part:
        """The part of the record that this is of. Raises RecordError where its session is not there."""
        return part_of(self.entries, self.commission, self.session)

    def chosen(self, *types: str) -> Iterator[tuple[int, Entry]]:
        """Yields the entries of these types in the chosen part, each with its index in the record."""
        for index, entry in enumerate(self.entries):
            if entry["type"] in types and self.part.covers(entry):
                yield index, entry

    def words(self, place: Mapping[str, str] | str | None) -> str:
        """Returns the words that a field of an entry refers to: "" for None, WITHDRAWN for withdrawn words, HELD for
        those that a moderator keeps back, and the words themselves where the oldest entries hold these.

        Raises RecordError where a disclosure is damaged or does not hold text.
        """
        if place is None or isinstance(place, str):
            return place or ""
        encoded = self.disclosures.get(place["sd"])
        if encoded is None:
            return HELD if place["sd"] in self.held else WITHDRAWN
        value = open_disclosure(encoded)[2]
        if not isinstance(value, str):
            raise RecordError("a disclosure holds something else than words")
        return value

    @cached_property
    def rounds(self) -> dict[str, Steps]:
        """The chosen rounds by id, in the order they were opened. Raises RecordError where their steps do not fit."""
        return {round_id: steps for round_id, steps in self.every_round.items() if self.part.covers(steps.opened)}

    @cached_property
    def every_round(self) -> dict[str, Steps]:
        """All rounds of the record by id, as `rounds`: a decision may rest on a vote of another session."""
        return rounds(self.entries, self.disclosures)

    @cached_property
    def held(self) -> dict[str, int]:
        """The digests of words that a moderator keeps back, each with the index of the entry that does."""
        return HeldWords(self.entries).grounds

    @cached_property
    def sessions(self) -> dict[str, Entry]:
        """The "session opened" entries by session id."""
        return {entry["session"]: entry for entry in self.entries if entry["type"] == "session opened"}

    @cached_property
    def decisions(self) -> dict[str, list[Entry]]:
        """All "decision" entries by the rounds that they rest on, in the order of the record."""
        resting: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for round_id in entry["rounds"] if entry["type"] == "decision" else ():
                resting.setdefault(round_id, []).append(entry)
        return resting

    @cached_property
    def updates(self) -> dict[str, list[Entry]]:
        """The chosen "commitment update" entries by the commitments that they are about, in the order of the record."""
        about: dict[str, list[Entry]] = {}
        for _, entry in self.chosen("commitment update"):
            about.setdefault(entry["commitment"], []).append(entry)
        return about

    @cached_property
    def titles(self) -> dict[str, str]:
        """The title of every commission that was declared, by id, as its latest declaration gave it."""
        return {entry["commission"]: entry["about"]["title"] for entry in self.entries if "about" in entry}

    def digests(self) -> Sequence[str]:
        """Returns the digests named by the chosen entries, each once, in the order of the record."""
        named: dict[str, None] = {}
        for entry in self.entries:
            if self.part.opens(entry):
                named.update(dict.fromkeys(digests_in(entry)))
        return list(named)
