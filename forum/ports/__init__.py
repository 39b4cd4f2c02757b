"""What the jobs need from the outside, as Protocols; their contracts are the prose here.

The store is used as units of work:

    async with store.begin() as work:     # one transaction: all of it or nothing
        ...
    async with store.read() as work:      # a snapshot to read from; writing through it is an error

Leaving `begin()` normally commits, leaving it by an exception rolls back. Whatever was written is on disk (WAL with
synchronous=FULL, or PostgreSQL's default) when `begin()` has been left. A database that cannot take it (full, locked,
gone) raises StoreUnavailable; how far the unit had got is then unknown, as when the answer to a commit is lost. Units
that write go on side by side, except where `lock=True` or `record.size()` puts them in line. Every method that looks
for one thing by id raises NotFound unless it says otherwise.
U+0000 and lone surrogates in words are kept as replacement characters, so no text makes a unit fail.
Times are strings, UTC, `2026-11-22T13:44:21.123Z`; ids are 32 lower-case hex digits from 128 random bits.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from forum.ports.accounts import People
from forum.ports.commissions import Commissions
from forum.ports.mail import Mail
from forum.ports.record import Facts, Record
from forum.ports.remembered import Remembered
from forum.ports.sessions import Cares, LastActs, Papers, Programmes, Proposals, Sessions, Stops, Tickets
from forum.ports.stories import Drafts, Evidences, Library, Moderation, Stories
from forum.ports.voting import Decisions, Reasons, Rounds


class Work(Protocol):
    """One unit of work: everything in it is one transaction. `remembered` is the store's, and no part of it."""

    remembered: Remembered

    people: People
    commissions: Commissions
    stories: Stories
    drafts: Drafts
    library: Library
    evidence: Evidences
    moderation: Moderation
    mail: Mail
    sessions: Sessions
    care: Cares
    last_acts: LastActs
    programmes: Programmes
    tickets: Tickets
    papers: Papers
    rounds: Rounds
    stops: Stops
    reasons: Reasons
    proposals: Proposals
    decisions: Decisions
    record: Record
    facts: Facts


class Store(Protocol):
    """The only door to the database."""

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """`first` goes before all units that wait: votes are counted so, and nothing else is."""
        ...

    def read(self) -> AbstractAsyncContextManager[Work]: ...
    async def scrub(self) -> None:
        """Takes what was deleted or replaced out of the database's own files too, where it would stay readable until
        something else is written over it. May take seconds; whoever wants to write meanwhile ends it, and it raises
        StoreUnavailable: then it is to be done again."""

    async def close(self) -> None: ...
