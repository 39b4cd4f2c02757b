"""Paper ballots of one round, counted by one organiser and confirmed by a second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperCount:
    """The papers of one round, counted by hand: how many for each response by group id ("": prefer not to say).

    `id` is new with every correction; `handed_out` is how many papers there were to vote on. `entered_by` and
    `confirmed_by` are ids of persons; once confirmed, every paper is a ballot.
    """

    id: str
    round: str
    counts: dict[str, dict[str, int]]
    handed_out: int
    entered_by: str
    entered_at: str
    confirmed_by: str = ""
    confirmed_at: str = ""

    @property
    def papers(self) -> int:
        """The number of papers in it."""
        return sum(n for of_group in self.counts.values() for n in of_group.values())
