"""Types of what the API says of a room's doors and papers: tickets, and votes on paper."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from forum.web.api.schema import Address
from forum.web.api.shapes import Answer

OfGroup = Annotated[str | None, Meta(description="The id of a group; null for those who prefer not to say.")]


class IssuedTicket(Struct, frozen=True, kw_only=True):
    """A new ticket with its code, which lets one person in and is told this once."""

    number: int
    group: OfGroup
    code: str


class TicketsIssued(Answer, frozen=True, kw_only=True):
    """New tickets of a session. Keep their codes: nobody can read them again."""

    session: str
    tickets: tuple[IssuedTicket, ...]
    page: Address


class KnownTicket(Struct, frozen=True, kw_only=True):
    """A ticket without its code. `replaces` is the number of the one in whose place it is."""

    number: int
    group: OfGroup
    dead: bool
    replaces: int | None


class CountedHeap(Struct, frozen=True, kw_only=True):
    """Papers of one group that say the same."""

    group: OfGroup
    mark: str
    papers: int


class PapersTold(Answer, frozen=True, kw_only=True):
    """The count of a vote's papers. `state` is none, entered or confirmed; `marks` are what a paper may say, none where
    papers cannot be counted. Once it is confirmed, the two people who counted alone are told the numbers."""

    round: str
    marks: tuple[str, ...]
    id: str | None
    state: str
    yours: bool
    heaps: tuple[CountedHeap, ...] | None
    handed_out: int | None
    page: Address
