"""Voting: rounds with their ballots, reasons, and decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from forum.ports.update_files import UpdateFiles
from forum.sessions.session import Participant
from forum.voting.answer_due import AnswerMove
from forum.voting.ballot import Ballot, Cast, CastOutcome
from forum.voting.commitment import Commitment, Update
from forum.voting.condition import ConditionsAnswered
from forum.voting.decision import Correction, Decision
from forum.voting.decision_draft import DecisionDraft
from forum.voting.reason import Given, Reason, ReasonState
from forum.voting.round import Round


class Rounds(Protocol):
    """Rounds and their ballots."""

    async def add_round(self, round_: Round) -> None:
        """Adds a round."""

    async def get_round(self, round_id: str, *, lock: bool = False) -> Round:
        """Returns a round. `lock` waits for casts being committed and keeps further ones out until this unit ends.
        Raises NotFound.
        """

    async def some(self, ids: Collection[str]) -> dict[str, Round]:
        """Returns these rounds by id; unknown ids are left out."""

    async def list_rounds(self, session: str) -> list[Round]:
        """Returns the rounds of a session in the order they were made."""

    async def of_all(self, sessions: Collection[str], *, scenario: str | None = None) -> dict[str, list[Round]]:
        """Returns the rounds of several sessions by session id, each list in the order they were made; with `scenario`
        only those about that story.
        """

    async def check_backs(self, votes: Collection[str]) -> list[Round]:
        """Returns the rounds that ask those who voted about these, in the order they were made."""

    async def timed(self, *, scenario: str | None = None, due: str | None = None) -> list[Round]:
        """Returns the open rounds that have a closing time, the earliest first: those of one story, or those due by
        `due`.
        """

    async def voting(self) -> dict[str, str]:
        """Returns the sessions in which a round without a closing time is open, by id, each with the time at which it
        was opened, or at which the last participant came.
        """

    async def save_round(self, round_: Round) -> None:
        """Writes a changed round. Raises NotFound."""

    async def cast(self, batch: Sequence[Cast]) -> list[CastOutcome]:
        """Counts the casts of a batch in order and returns an outcome for each; a refused cast never raises.

        A cast id seen before in its round from that participant counts as counted: no refusal, nothing changes, even
        when the round has closed since. Otherwise a cast is refused with

        "unknown_round" where the round does not exist, or its participant is not in the round's session; "not_open" for
        a draft; "closed" for a closed or revealed round, and from the round's closing time on, whatever its stored
        state; "annulled"; "observing" from an observer; "malformed" where the cast id is not 1 to 64 characters long;
        the voting method's own code for a choice or reason that it does not take, as "unknown_response".

        The database holds one ballot per participant and round; the last counted cast is the ballot. One that was
        counted by another server, though it came later than this batch's, stays; the cast is counted as if before it.
        """

    async def voted(self, rounds: Sequence[str]) -> dict[str, int]:
        """Returns how many ballots each of these rounds has, by round id."""

    async def choices(self, round_id: str) -> dict[str, int]:
        """Returns how many ballots of a round have each choice; choices that nobody made are left out."""

    async def withdraw_words(self, scenario: str) -> list[str]:
        """Replaces the question and the response labels of every round about this story by round.WITHDRAWN, and erases
        the scene's name and the reasons given with ballots; "none of these" keeps its label.

        Choices and everything that the record's leaves are made of stay. Returns the ids of those rounds.
        """

    async def ballots(self, round_id: str) -> list[Ballot]:
        """Returns every ballot of a round in the order of their random ids, which does not show who came first."""

    async def ballots_with_words(self, round_id: str) -> list[Ballot]:
        """Returns the ballots of a round that say why, or on which condition, in the order of `ballots`."""

    async def given(self, round_id: str) -> list[tuple[str | None, str]]:
        """Returns the group (None: not said) and the choice of every ballot of a round, alike ones together; the
        database counts them, so it takes little more for many ballots than for some.
        """

    async def choices_by(self, round_id: str) -> dict[str, str]:
        """Returns the choice of everybody who voted in a round, by the participant's id, in the order of these."""

    async def ballots_after(self, round_id: str, participant: str, most: int) -> list[Ballot]:
        """Returns the next ballots of a round, `most` at most, after that of a participant ("" for the first), in the
        order of their participants' random ids: for whoever need not have all of them at once.
        """

    async def origins(self, round_id: str) -> dict[tuple[str | None, bool], int]:
        """Returns how many ballots of a round come from each group (None: not said), on paper (True) and not."""

    async def by_group(self, round_id: str) -> dict[str | None, int]:
        """Returns how many ballots of a round come from each group; groups without one are left out."""

    async def ballots_by(self, participant: str, rounds: Sequence[str]) -> list[Ballot]:
        """Returns the ballots that a participant cast in these rounds."""

    async def caster(self, round_id: str, cast: str) -> Participant | None:
        """Returns who cast the ballot that came with this cast id; None for an unknown id, for one that several people
        used, and once their session has forgotten its devices.
        """

    async def recast(self, round_id: str, participant: str, cast: str, instead: str) -> bool:
        """Gives a participant's cast another id, under which alone `caster` finds it from then on. Returns False where
        there is none with the id `cast`.
        """


class Reasons(Protocol):
    """Reasons of rounds, from the reveal on."""

    async def add_reasons(self, reasons: Sequence[Reason]) -> None:
        """Adds reasons; where a participant has one in the round already, that one stays."""

    async def put_reason(self, reason: Reason) -> None:
        """Stores a reason and replaces the one its participant gave in the round, whose "me too" are deleted."""

    async def get_reason(self, reason: str) -> Reason:
        """Returns a reason. Raises NotFound."""

    async def list_reasons(self, round_id: str) -> list[Reason]:
        """Returns the reasons of a round in the order of their random ids, which does not show who wrote first."""

    async def reason_by(self, participant: str, round_id: str) -> Reason | None:
        """Returns the reason that a participant gave in a round, or None."""

    async def move_reason(self, reason: str, state: ReasonState) -> None:
        """Sets a reason's state. Raises NotFound."""

    async def show_due_reasons(self, session: str, at: str) -> int:
        """Shows every waiting reason of the session's rounds that is due at this time. Returns how many."""

    async def next_due(self, round_id: str) -> str:
        """Returns the time at which the next reason of a round is due, "" for none."""

    async def remove_reason(self, round_id: str, participant: str) -> None:
        """Deletes the reason and condition that a participant wrote in a round, also those stored with the ballot."""

    async def too(self, reason: str, participant: str, *, on: bool) -> None:
        """Adds or removes a participant's "me too"; adding it twice counts once."""

    async def counts(self, round_id: str) -> dict[str, int]:
        """Returns how many say "me too" to each reason of a round; reasons without any are left out."""

    async def shown(self, rounds: Sequence[str], most: int) -> dict[str, tuple[tuple[Given, ...], int]]:
        """Returns for each of these rounds the reasons that everybody may read, those that most people support first,
        at most so many of each round, and how many there are besides. Rounds without any are left out."""

    async def said(self, participant: str, round_id: str) -> set[str]:
        """Returns the ids of the reasons of a round to which this participant says "me too"."""

    async def erase_story(self, story: str) -> None:
        """Deletes the reasons of every round about a story."""


class Decisions(UpdateFiles, Protocol):
    """Decisions with their commitments, each with its updates."""

    async def add_decision(self, decision: Decision) -> None:
        """Adds a decision with its commitments, which have no updates yet."""

    async def commit(self, commitment: Commitment) -> None:
        """Adds a commitment, which has no updates yet, to an existing decision."""

    async def get_commitment(self, commitment: str, *, lock: bool = False) -> Commitment:
        """Returns a commitment with its updates. `lock` keeps further updates of it out until this unit ends. Raises
        NotFound.
        """

    async def some_commitments(self, commitments: Collection[str]) -> list[Commitment]:
        """Returns these commitments with their updates, in no order that matters; unknown ids are left out."""

    async def heads(self, decisions: Collection[str]) -> list[Decision]:
        """Returns these decisions without their commitments, newest first; unknown ids are left out."""

    async def newest_heads(self, most: int) -> list[Decision]:
        """Returns the newest decisions without their commitments, newest first; none of a rehearsal or a draft."""

    async def answering(self, story: str) -> list[str]:
        """Returns the ids of the commitments that answer a story, in the order in which they were made."""

    async def add_update(self, update: Update) -> None:
        """Adds an update, which becomes the latest of its commitment."""

    async def answer_conditions(self, decision: str, conditions: ConditionsAnswered) -> None:
        """Puts these conditions in the place of those that a decision answers."""

    async def take_back_differences(self, decisions: Collection[str]) -> None:
        """Empties what these decisions say of what they differ from."""

    async def add_answer_move(self, move: AnswerMove) -> None:
        """Adds a move of the day until which a vote is answered."""

    async def answer_moves(self, rounds: Collection[str]) -> list[AnswerMove]:
        """Returns the moves of the days until which these votes are answered, oldest first."""

    async def correct(self, correction: Correction) -> None:
        """Adds a correction of a decision, or the decision that takes its place."""

    async def get_decision(self, decision: str, *, lock: bool = False) -> Decision:
        """Returns a decision with its commitments and corrections. `lock` keeps further ones of it out until this unit
        ends. Raises NotFound.
        """

    async def some_decisions(self, decisions: Collection[str]) -> list[Decision]:
        """Returns these decisions, newest first; unknown ids are left out."""

    async def list_decisions(
        self, commission: str | None = None, newest: int | None = None, *, recorded: bool = False
    ) -> list[Decision]:
        """Returns the decisions of a commission, or all, newest first; only so many where given, and with `recorded`
        only those that are in the record: those on a rehearsal's results are not."""


class DecisionDrafts(Protocol):
    """Drafts of decisions that are not published yet."""

    async def add_draft(self, draft: DecisionDraft) -> bool:
        """Adds a draft. Returns False, with nothing added, where there is one with its id."""

    async def save_draft(self, draft: DecisionDraft) -> None:
        """Replaces a draft. Raises NotFound."""

    async def get_draft(self, draft: str, *, lock: bool = False) -> DecisionDraft:
        """Returns a draft; with `lock` no other unit locks it until this one ends. Raises NotFound."""

    async def list_drafts(self, commission: str | None = None) -> list[DecisionDraft]:
        """Returns the drafts of a commission, or all, in the order in which they were begun."""

    async def old_drafts(self, before: str, most: int) -> list[DecisionDraft]:
        """Returns at most so many drafts that nobody changed since `before`, the oldest first."""

    async def remove_draft(self, draft: str) -> None:
        """Deletes a draft; does nothing where there is none."""
