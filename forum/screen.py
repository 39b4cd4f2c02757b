"""What the screens of a live session show: one view of the room, from which phone, projector and console are drawn.

A view is the same for every screen of its kind; what belongs to one phone (its own ballot) is never in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from forum.commission import Commission
from forum.groups import Result
from forum.round import OPEN, REVEALED, Round
from forum.scenario import Scenario, Scene
from forum.session import LiveSession
from forum.wire import Choice, RoundNow


@dataclass(frozen=True)
class Story:
    """An accepted story on the programme of a session: its id and what it holds."""

    id: str
    scenario: Scenario


@dataclass(frozen=True)
class Reason:
    """A reason given with a ballot, as the facilitator may read it once the result is shown: never with a group."""

    choice: str
    text: str


@dataclass(frozen=True)
class AsynchronousRound:
    """A round that is answered over days: never part of a room's numbers. `result` is there once it is revealed, where
    it was asked for."""

    session: LiveSession
    round: Round
    voted: int
    result: Result | None = None


@dataclass(frozen=True)
class View:
    """The room now.

    `story` and `scene` are what the cue points at (also for a question that comes from a decision point); `round` is
    the round on screen. `result` is there only once that round is revealed, and `first` with `first_result` when it
    is a vote after a replay. `rounds` are all rounds of the session, in the order they were made; `results` are
    those of the revealed ones by round id. `joined` (as groups.in_the_room gives it), `reasons` and `asynchronous` (the
    asynchronous rounds of the commission) are for the console only.
    """

    session: LiveSession
    commission: Commission
    stories: tuple[Story, ...]
    story: Story | None = None
    scene: Scene | None = None
    round: Round | None = None
    rounds: tuple[Round, ...] = ()
    results: dict[str, Result] = field(default_factory=dict)
    first: Round | None = None
    voted: int = 0
    present: int = 0
    joined: dict[str | None, int | None] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    asynchronous: tuple[AsynchronousRound, ...] = ()

    @property
    def result(self) -> Result | None:
        """The result on screen: only of a revealed round, and only while the cue shows it."""
        if self.round is None or self.round.state != REVEALED or self.session.cue.kind != "result":
            return None
        return self.results.get(self.round.id)

    @property
    def first_result(self) -> Result | None:
        """The result of the first vote, where the round on screen is the vote after its replay."""
        return self.results.get(self.first.id) if self.first is not None else None

    @property
    def voting(self) -> bool:
        """Whether phones may vote now."""
        return self.round is not None and self.round.state == OPEN


def cue_key(view: View) -> str:
    """A key that changes only when something else is put in front of everybody (never with a vote)."""
    cue = view.session.cue
    parts = [cue.kind, cue.scenario or "", cue.scene or "", cue.round or "", "replay" if cue.replay else ""]
    if view.round is not None:
        parts.append(view.round.state)
    return "|".join(parts)


def round_now(view: View) -> RoundNow | None:
    """The round on screen, as phones are told of it."""
    if view.round is None:
        return None
    return RoundNow(
        id=view.round.id,
        state=view.round.state,
        question=view.round.question,
        responses=[Choice(r.id, r.label) for r in view.round.responses],
        closing_soon=view.round.closing_soon,
    )
