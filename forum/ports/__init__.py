"""Interfaces that services need from outside, as Protocols; their docstrings are the contracts.

The store is used as units of work:

    async with store.begin() as work:     # one transaction: all of it or nothing
        ...
    async with store.read() as work:      # a snapshot to read from; writing through it is an error

Leaving `begin()` normally commits; leaving it by an exception rolls back. After a commit everything written is on disk
(SQLite: WAL with synchronous=FULL; PostgreSQL: its default). A database that is full, locked or gone raises
StoreUnavailable; whether the unit was committed is then unknown. Units that write run side by side, except where
`lock=True` or `record.size()` makes them wait for each other. A method that looks up one thing by its id raises
NotFound where there is none, unless its docstring says otherwise.

U+0000 and lone surrogates in text are stored as replacement characters, so that no text makes a unit fail. Times are
strings in UTC, as `2026-11-22T13:44:21.123Z`; ids are 32 lower-case hex digits made from 128 random bits.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from forum.ports.accounts import People
from forum.ports.audit import Audit
from forum.ports.commissions import Commissions, Stages
from forum.ports.followers import Followers
from forum.ports.help_pledges import HelpPledges
from forum.ports.helper_links import HelperLinks
from forum.ports.job_locks import JobLock
from forum.ports.mail import Mail
from forum.ports.minority_statements import MinorityStatements
from forum.ports.noticed import NoticedAnswers
from forum.ports.organisation import Organisations
from forum.ports.owners import Owners
from forum.ports.phones import Phones
from forum.ports.predictions import Predictions
from forum.ports.promises import Promises
from forum.ports.record import Facts, PastCheckpoints, Record
from forum.ports.rehearsals import RehearsalRows
from forum.ports.result_cache import Remembered
from forum.ports.retention import Retention
from forum.ports.rights import Rights
from forum.ports.second_steps import SecondSteps
from forum.ports.sessions import Cares, LastActs, Papers, Programmes, Proposals, Sessions, Stops, Tickets
from forum.ports.sign_on import Bindings
from forum.ports.stories import Drafts, Evidences, Library, Moderation, Stories
from forum.ports.voters import Voters
from forum.ports.voting import DecisionDrafts, Decisions, Reasons, Rounds
from forum.ports.webhooks import Webhooks
from forum.ports.work_list import WorkList, YourWork


class Work(Protocol):
    """One unit of work: all its areas share one transaction. `remembered` belongs to the store and outlives the
    unit.
    """

    remembered: Remembered

    people: People
    audit: Audit
    second_steps: SecondSteps
    bindings: Bindings
    webhooks: Webhooks
    commissions: Commissions
    stages: Stages
    stories: Stories
    drafts: Drafts
    library: Library
    evidence: Evidences
    moderation: Moderation
    mail: Mail
    followers: Followers
    sessions: Sessions
    phones: Phones
    voters: Voters
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
    promises: Promises
    decision_drafts: DecisionDrafts
    work_list: WorkList
    your_work: YourWork
    help_pledges: HelpPledges
    organisation: Organisations
    owners: Owners
    helper_links: HelperLinks
    minority: MinorityStatements
    predictions: Predictions
    rehearsals: RehearsalRows
    noticed: NoticedAnswers
    record: Record
    checkpoints: PastCheckpoints
    facts: Facts
    retention: Retention
    rights: Rights


class Store(Protocol):
    """The only way to the database."""

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """Opens a unit of work that writes. With `first` it goes ahead of all waiting units; used for ballots and stops
        only.
        """

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Opens a unit of work that reads from one snapshot and cannot write."""

    async def scrub(self) -> None:
        """Erases deleted and replaced data from the database's own files, where it stays readable until overwritten.

        May take seconds. A unit that wants to write meanwhile interrupts it; it then raises StoreUnavailable and must
        be called again.
        """

    def job_lock(self, job: str) -> AbstractAsyncContextManager[JobLock]:
        """Tries to have the job of this name alone while the block runs, of all processes on this database; does not
        wait for it.
        """

    async def close(self) -> None:
        """Closes every connection."""
