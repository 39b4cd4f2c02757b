"""A round: one vote on one question, as a state machine.

    draft --open--> open --close--> closed --reveal--> revealed
      \\______________\\_______________\\__annul (with a reason)--> annulled

The round of an asynchronous session has a closing time from its opening on, which may be put off while it is open: what
is cast at that time or later is not counted, whenever the round is closed.

`apply(round, event)` returns the round after the event and what has to follow; it does nothing itself, so the rules
can be tested without a clock, a database or a socket. A revealed round can still be annulled: its record entry says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import msgspec

from forum.errors import BadInput, IllegalMove
from forum.stories.visible_text import upright
from forum.voting.ballot import LEAF_EDITION
from forum.voting.methods import METHODS
from forum.voting.quorum import Quorum

NONE_OF_THESE = "none"
# What stands in the place of a question and its responses when the story that they came from was taken back.
WITHDRAWN = "[withdrawn]"


class RoundKind(StrEnum):
    """Kinds of a round: the vote on a scene's responses, the same after its replay, and four that lead on.

    A magic check asks: could this really happen? A character vote: which one should somebody replace? A policy vote: is
    this what we propose? A check-back: did we get you right?
    """

    FIRST_VOTE = "first vote"
    AFTER_REPLAY = "vote after replay"
    MAGIC_CHECK = "magic check"
    CHARACTER_VOTE = "character vote"
    POLICY_VOTE = "policy vote"
    CHECK_BACK = "check back"


# What those with the power decide on; the others only lead on through the day.
DECIDED_ON = (RoundKind.FIRST_VOTE, RoundKind.AFTER_REPLAY, RoundKind.POLICY_VOTE)


class RoundState(StrEnum):
    """States of a round, in their order; only an annulled one stays as it is."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    REVEALED = "revealed"
    ANNULLED = "annulled"


@dataclass(frozen=True)
class Response:
    """One thing people can vote for. `id` is r1..rN in the order shown, or "none" for "none of these"."""

    id: str
    label: str


class Version(msgspec.Struct, frozen=True):
    """A question in other words: `kind` is "easy" or a language's code; `labels` are responses' words by their ids."""

    kind: str
    question: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """One round. Times are UTC, ISO 8601 with a Z; empty until they happen.

    `scenario` and `scene` say where the question comes from (None for a question asked by the facilitator);
    `second_of` is the first round on the same question when this is the vote after a replay. `responses` includes
    "none of these" as its last, where it belongs. `method` is one of methods.METHODS. `quorum` ballots in all and
    `quorum_each` of every group that is shown were declared to be needed (0: none); `live`: the head count is shown
    while the vote is open. `versions` are the question in other words, as easy_read.py reads them. `closes_at` is the
    closing time of an asynchronous round, "" in a room; `extended_at` is when it was last put off. `leaf_edition` says
    by which rules its ballots' leaves are made (suppression.label_of, origin_of). `asks_about` is the round that a
    check-back asks about, "" in every other round.
    """

    id: str
    session: str
    question: str
    responses: tuple[Response, ...]
    scenario: str | None = None
    scene: str | None = None
    method: str = "single"
    kind: RoundKind = RoundKind.FIRST_VOTE
    second_of: str | None = None
    state: RoundState = RoundState.DRAFT
    closing_soon: bool = False
    created_at: str = ""
    opened_at: str = ""
    closed_at: str = ""
    revealed_at: str = ""
    annulled_at: str = ""
    annulled_because: str = ""
    closes_at: str = ""
    extended_at: str = ""
    quorum: int = 0
    quorum_each: int = 0
    live: bool = False
    versions: tuple[Version, ...] = ()
    leaf_edition: int = LEAF_EDITION
    asks_about: str = ""

    @property
    def columns(self) -> tuple[Response, ...]:
        """Lists what is counted, as shown: the responses, or the method's marks in their place."""
        offered = {r.id: r for r in self.responses}
        return tuple(offered.get(mark) or Response(mark, mark) for mark in METHODS[self.method].columns([*offered]))

    @property
    def declared(self) -> Quorum:
        """Gives the quorum that it was declared with."""
        return Quorum(self.quorum, self.quorum_each)

    def takes(self, at: str) -> bool:
        """Says whether what is cast at this time is counted."""
        return self.state == RoundState.OPEN and (not self.closes_at or at < self.closes_at)

    def response(self, choice: str) -> Response | None:
        """Finds the response with this id; None where there is none."""
        return next((r for r in self.responses if r.id == choice), None)

    def without_words(self) -> Round:
        """Gives the round once its story was taken back: the counts stay, the words go."""
        responses = tuple(r if r.id == NONE_OF_THESE else replace(r, label=WITHDRAWN) for r in self.responses)
        return replace(self, question=WITHDRAWN, responses=responses, scene=None, versions=())


def added(first: Round, second: Round) -> tuple[str, ...]:
    """Lists the ids that can be voted for in a second vote, and could not in the first."""
    before = {column.id for column in first.columns}
    return tuple(column.id for column in second.columns if column.id not in before)


class Open(msgspec.Struct, frozen=True):
    """Event: the facilitator opens the vote."""

    at: str


class Warn(msgspec.Struct, frozen=True):
    """Event: the facilitator says that the vote is about to close."""


class Extend(msgspec.Struct, frozen=True):
    """Event: the organiser gives more time, until `closes_at`."""

    at: str
    closes_at: str


class Close(msgspec.Struct, frozen=True):
    """Event: the facilitator closes the vote; from here on a ballot is in or out, for ever."""

    at: str


class Reveal(msgspec.Struct, frozen=True):
    """Event: the facilitator shows the result."""

    at: str


class Annul(msgspec.Struct, frozen=True):
    """Event: the facilitator annuls the round, with the reason for the record."""

    at: str
    because: str


Event: TypeAlias = Open | Warn | Extend | Close | Reveal | Annul

# What a round's change asks of its surroundings, by name: an entry of this type in the record.
RoundOpened, RoundExtended, RoundClosed, RoundRevealed, RoundAnnulled = (
    "round opened",
    "round extended",
    "round closed",
    "round revealed",
    "round annulled",
)


def apply(round_: Round, event: Event) -> tuple[Round, tuple[str, ...]]:
    """Gives the round after `event`, and the types of the record entries to be written with it.

    Raises IllegalMove where the round is not in a state for it, BadInput for an annulment without a reason.
    """
    if isinstance(event, Open):
        _need(round_, (RoundState.DRAFT,), "This vote was opened before. Ask the question again to vote again.")
        return replace(round_, state=RoundState.OPEN, opened_at=event.at), (RoundOpened,)
    if isinstance(event, Warn):
        _need(round_, (RoundState.OPEN,), "This vote is not open.")
        return replace(round_, closing_soon=True), ()
    if isinstance(event, Extend):
        if not round_.closes_at or not round_.takes(event.at):
            raise IllegalMove("There is no more time to give: this question is closed.")
        if event.closes_at <= round_.closes_at:
            raise BadInput("Choose a later time than the one that people were told.", field="day")
        return replace(round_, closes_at=event.closes_at, extended_at=event.at), (RoundExtended,)
    if isinstance(event, Close):
        _need(round_, (RoundState.OPEN,), "This vote is not open.")
        return replace(round_, state=RoundState.CLOSED, closed_at=event.at, closing_soon=False), (RoundClosed,)
    if isinstance(event, Reveal):
        _need(round_, (RoundState.CLOSED,), "Close the vote before you show its result.")
        return replace(round_, state=RoundState.REVEALED, revealed_at=event.at), (RoundRevealed,)
    _need(
        round_,
        (RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED),
        "This vote is annulled already.",
    )
    if not upright(event.because):
        raise BadInput("Say why you annul this vote. The reason is published.", field="because")
    was_announced = round_.state != RoundState.DRAFT
    after = replace(
        round_,
        state=RoundState.ANNULLED,
        annulled_at=event.at,
        annulled_because=upright(event.because),
        closing_soon=False,
    )
    return after, ((RoundAnnulled,) if was_announced else ())


def _need(round_: Round, states: tuple[RoundState, ...], otherwise: str) -> None:
    if round_.state not in states:
        raise IllegalMove(otherwise)
