"""Work list of those who decide: what waits for them, what is being written, what was promised and what was decided.
And counts of what waits for anybody who signs in: stories to read, votes to answer, promises that are due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

SEALED = "sealed"


class Section(StrEnum):
    """Sections of the work list, in their order on the page."""

    WAITING = "waiting"
    DRAFTS = "drafts"
    TO_READ = "to read"
    PROMISES = "promises"
    PUBLISHED = "published"
    AHEAD = "ahead"


class Wanted(msgspec.Struct, frozen=True):
    """The lines that are wanted of the work list, as the person with the id `person` has it on the ISO day `today`.

    `commissions` are the ids of those that the person may see, None for every one; `commission` is one of them, "" for
    all. Every one of `words` stands in a line's words. Rehearsals are left out unless asked for. Lines are in the order
    of their days, or `by_commission`: of the commissions' titles, then of their days.
    """

    commissions: frozenset[str] | None
    person: str
    today: str
    commission: str = ""
    words: tuple[str, ...] = ()
    rehearsals: bool = False
    by_commission: bool = False


class WorkLine(msgspec.Struct, frozen=True):
    """One line of the work list. `title` is the question of a vote, what was promised, or the title of a session.

    `id` is that of a vote, a draft, a promise, a decision or a session. `day` is the day until which a vote is answered
    ("" for none) or a promise is kept, or when a draft was saved, a decision published or a session made; `since` is
    the close of a vote, or the latest news of a promise. `state` is that of the vote, the draft or the promise, a
    decision's outcome, or SEALED where a prediction is sealed for a session.
    `first` is the id of the first vote that a vote after a replay belongs to, where its result was shown. `held`: its
    result is not shown while badges are off. `mine`: the person wrote on the draft. `replaced`: another decision took
    the place of this one.
    """

    id: str
    title: str
    commission: str
    commission_title: str
    day: str
    state: str
    since: str = ""
    first: str = ""
    rehearsal: bool = False
    demonstration: bool = False
    asynchronous: bool = False
    held: bool = False
    mine: bool = False
    replaced: bool = False


class WorkList(Protocol):
    """The work list. What a method asks does not grow with what there is.

    A vote waits from its close, if an answer to it is due, else from when its result was shown, until a decision
    answers it; only the later of a first vote and the vote after its replay does. A draft with its second reader is to
    be read by everybody who did not write on it, and is a draft for whoever did. A promise is due that is open and is
    overdue, has its day within SOON_DAYS, or is without news for QUIET_DAYS (voting/commitment.py); those of
    demonstrations are listed only where their commission was chosen. A session is ahead that goes on and in which no
    vote was opened yet.
    """

    async def lines(self, section: Section, wanted: Wanted, start: int, most: int) -> tuple[int, list[WorkLine]]:
        """Returns the number of lines of a section, and at most so many of them from the line `start` (0 is the first):
        what waits and what was promised with the earliest day first (votes without one last), drafts and decisions with
        the newest first."""

    async def titles(self, wanted: Wanted) -> list[tuple[str, str]]:
        """Returns the id and the title of every commission that the person may see, by title."""


class Duty(StrEnum):
    """Kinds of work that waits for people with a role."""

    STORIES = "stories"
    VERSIONS = "versions"
    APPEALS = "appeals"
    REPORTS = "reports"
    EVIDENCE = "evidence"
    STATEMENTS = "statements"
    PLEDGES = "pledges"
    ANSWERS = "answers"
    PROMISES = "promises"
    DRAFTS = "drafts"
    TO_READ = "to read"
    SESSIONS = "sessions"
    ROUNDS = "rounds"


Counts: TypeAlias = Mapping[Duty, int]


@dataclass(frozen=True)
class FirstSteps:
    """How far a new installation has come with work of its own, demonstrations and rehearsals left out.

    `commission` is the id of the newest one that is published and not closed ("" for none), `stories` the number of
    its stories that can be played, `session` the id of its newest live session ("" for none); `over`: that session
    has ended.
    """

    commission: str = ""
    stories: int = 0
    session: str = ""
    over: bool = False
    rehearsed: bool = False
    decided: bool = False


class YourWork(Protocol):
    """Counts of what waits in some commissions (by id), or in every one where `within` is None. Each method asks the
    database once."""

    async def moderating(self, within: Collection[str] | None, person: str) -> Counts:
        """Counts what a moderator has to read: each story once in each kind, and the appeals against acts of others
        than `person`."""

    async def deciding(self, within: Collection[str] | None, person: str, today: str) -> Counts:
        """Counts the votes that wait for an answer, the promises that are due on the ISO day `today`, and the drafts
        that are being written, as the work list has them."""

    async def reading(self, within: Collection[str] | None, person: str, today: str) -> Counts:
        """Counts the drafts that wait for `person` as their second reader, as the work list has them."""

    async def organising(self, within: Collection[str] | None) -> Counts:
        """Counts the live sessions that are not over, and the asynchronous rounds that are open; no rehearsals."""

    async def first_steps(self, of: str = "") -> FirstSteps:
        """Returns how far the newest commission, or the one `of` this id, has come; a rehearsal and a decision count
        wherever they are."""
