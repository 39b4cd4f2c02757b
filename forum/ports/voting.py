"""Rounds with their ballots, reasons, and decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from forum.voting.ballot import Ballot, Cast, CastOutcome
from forum.voting.decision import Commitment, Decision
from forum.voting.reason import Reason
from forum.voting.round import Round


class Rounds(Protocol):
    """Rounds and their ballots."""

    async def add_round(self, round_: Round) -> None: ...
    async def get_round(self, round_id: str, *, lock: bool = False) -> Round:
        """`lock` waits for casts on their way to be committed, and keeps further ones out until this unit ends."""

    async def some(self, ids: Collection[str]) -> dict[str, Round]:
        """Those of them that there are, by id."""
        ...

    async def list_rounds(self, session: str) -> list[Round]:
        """In the order they were made."""

    async def of_all(self, sessions: Collection[str], *, scenario: str | None = None) -> dict[str, list[Round]]:
        """The same of several sessions at once, by session; with `scenario` those about one story alone."""
        ...

    async def timed(self, *, scenario: str | None = None, due: str | None = None) -> list[Round]:
        """The open rounds that have a closing time, the one that closes first first: those of one story, or those whose
        time is `due` or earlier."""

    async def voting(self) -> bool:
        """Whether a vote in a room is open; rounds that have a closing time do not count."""
        ...

    async def save_round(self, round_: Round) -> None: ...
    async def cast(self, batch: Sequence[Cast]) -> list[CastOutcome]:
        """Counts what can be counted, in the order given, and says for each what became of it; never raises for one.

        A cast id seen before in its round from that participant is counted already: no refusal, nothing changes,
        even when the round has closed since. Otherwise the round must be open ("not_open" for a draft, "closed" for
        closed and revealed, and for a cast whose `at` is the round's closing time or later, whatever its state is still
        said to be; "annulled", "unknown_round" where it does not exist or is another session's than the
        participant's) and the choice one of its responses ("unknown_response"); a cast id has 1 to 64 characters
        ("malformed"). One ballot per participant and round, held by the database's own constraint; the last counted
        cast is the ballot.
        """

    async def voted(self, rounds: Sequence[str]) -> dict[str, int]:
        """How many ballots each of these rounds has."""

    async def choices(self, round_id: str) -> dict[str, int]:
        """How many ballots of a round there are of each choice that somebody made."""
        ...

    async def withdraw_words(self, scenario: str) -> list[str]:
        """Puts round.WITHDRAWN in the place of question and response labels in every round that came from this story,
        and takes out the scene's name and the reasons given with its ballots; "none of these" keeps its label. Choices
        and all that the record's leaves are made of stay. Returns the ids of those rounds."""

    async def ballots(self, round_id: str) -> list[Ballot]: ...
    async def by_group(self, round_id: str) -> dict[str | None, int]:
        """How many ballots of a round there are from each group that has one."""

    async def ballots_by(self, participant: str, rounds: Sequence[str]) -> list[Ballot]: ...


class Reasons(Protocol):
    """The reasons of rounds, from the reveal on."""

    async def add_reasons(self, reasons: Sequence[Reason]) -> None:
        """Those whose round and participant have one already stay as they are."""

    async def put_reason(self, reason: Reason) -> None:
        """Keeps it in the place of the one that its participant gave in its round, if any; "me too" starts again."""

    async def get_reason(self, reason: str) -> Reason: ...
    async def list_reasons(self, round_id: str) -> list[Reason]:
        """In the order of their random ids, which says nothing of who wrote first."""

    async def reason_by(self, participant: str, round_id: str) -> Reason | None: ...
    async def move_reason(self, reason: str, state: str) -> None: ...
    async def show_due_reasons(self, session: str, at: str) -> int:
        """Shows every reason of the session's rounds that waits and is due at this time; how many."""

    async def next_due(self, round_id: str) -> str:
        """When the next reason of a round is due, "" for none."""

    async def remove_reason(self, round_id: str, participant: str) -> None:
        """Deletes what a participant wrote in a round, also what stands with the ballot."""

    async def too(self, reason: str, participant: str, *, on: bool) -> None:
        """Says "me too", or takes it back; saying it twice is once."""

    async def counts(self, round_id: str) -> dict[str, int]:
        """How many say "me too" to each reason of a round that has any."""

    async def said(self, participant: str, round_id: str) -> set[str]:
        """The reasons of a round to which this participant says "me too"."""

    async def erase_story(self, story: str) -> None:
        """Deletes the reasons of every round that came from a story."""


class Decisions(Protocol):
    """Decisions with their commitments."""

    async def add_decision(self, decision: Decision) -> None: ...
    async def commit(self, commitment: Commitment) -> None:
        """Adds a commitment to a decision that is there."""

    async def get_decision(self, decision: str) -> Decision: ...
    async def list_decisions(self, commission: str | None = None) -> list[Decision]:
        """Newest first."""
