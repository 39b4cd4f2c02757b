"""Types of what writes about tickets and papers take: the fields of the pages' forms, as in asked.py."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from forum.services.sessions import tickets
from forum.services.voting import paper_counts
from forum.web.api.asked import MOST_ID, Id
from forum.web.api.bodies import field, text

_GROUP = text(MOST_ID, "The id of a group; empty for those who prefer not to say.")


class AskedTickets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New tickets for people of one group."""

    count: Annotated[int, field(f"How many, at most {tickets.MOST_AT_ONCE}.")]
    group: Annotated[str, _GROUP] = ""


class NamedTicket(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ticket, by the number that is printed on it."""

    number: Annotated[int, field("Its number.")]


class Heap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Papers of one group that say the same."""

    mark: Annotated[str, text(MOST_ID, "What they say: one of the `marks` of the vote.")]
    papers: Annotated[int, field(f"How many; {paper_counts.MOST_PAPERS} at most in all.")]
    group: Annotated[str, _GROUP] = ""


class CountedPapers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The papers of a vote, counted by hand. They are ballots once somebody else has confirmed them."""

    heaps: tuple[Heap, ...]
    handed_out: Annotated[int, field("How many people in the room got a paper.")]


class NamedCount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A count of papers, as it was read."""

    id: Id
