"""The views of a live session: one for the whole room, from which phones, tablets and projectors are drawn, and one for
its consoles.

A view is the same for every screen of its kind; what belongs to one phone (its own ballot) is never in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Generic, NamedTuple, Self, TypeVar

import msgspec

from forum.sessions.programme import Item, Programme, Section, SoFar, following, present, so_far
from forum.sessions.proposal import Agenda
from forum.sessions.session import CueKind, Entrance, LastAct, LiveSession
from forum.sessions.stop import Run
from forum.stories.scenario import Scenario, Scene
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision
from forum.voting.easy_read import read, readings_of
from forum.voting.reason import ReasonState, Said
from forum.voting.round import Round, RoundState, added
from forum.voting.suppression import Result, live_step

T = TypeVar("T")

# So many of a list stand on a screen, however many there are: the rest are a page further on.
MOST_LISTED = 30
MOST_PAGES = 1000
PLAYING = 5  # fields of a CueKey; live/skipped-scene.js counts them too


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list: its `items`, and the `rest` that comes after them."""

    items: tuple[T, ...]
    rest: tuple[T, ...]


def listed(things: Sequence[T], page: int = 1, most: int = MOST_LISTED) -> Listed[T]:
    """Returns the part of a list that stands on a page of it; the first page is what screens are sent."""
    start = (page - 1) * most
    return Listed(tuple(things[start : start + most]), tuple(things[start + most :]))


@dataclass(frozen=True)
class Story:
    """An accepted story of a session: its id and what it holds."""

    id: str
    scenario: Scenario


class AsynchronousRound(msgspec.Struct, frozen=True):
    """A round that is answered over days: never part of a room's numbers. `result` is there once it is revealed, where
    it was asked for."""

    session: LiveSession
    round: Round
    voted: int
    result: Result | None = None


class LastTime(msgspec.Struct, frozen=True):
    """What earlier sessions of the commission led to: its newest decisions, each with the vote it rests on, and the
    promises that are looked at first. Both may be empty."""

    decisions: tuple[tuple[Decision, Round], ...] = ()
    promises: tuple[Commitment, ...] = ()


@dataclass(frozen=True)
class RoomView:
    """The room now, as every screen may show it.

    `story` and `scene` are what the cue points at (also for a question that comes from a decision point); `round` is
    the round on screen. `result` is there only once that round is revealed, and `first` with `first_result` when it
    is a vote after a replay. `rounds` are all rounds of the session, in the order they were made; `results` are
    those of the revealed ones by round id. `unlike` is what of it does not agree with the record: a table, and the
    index of the entry that says so. All of `reasons` (others have `said`) and all of `run` but the stop
    that is taken are for consoles only; `reasons_due` is when one will be shown. `last_time` is there in the lobby
    alone.
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
    reasons: tuple[Said, ...] = ()
    reasons_due: str = ""
    run: Run = field(default_factory=Run)
    agenda: Agenda = field(default_factory=Agenda)
    programme: Programme = field(default_factory=Programme)
    unlike: tuple[tuple[str, int], ...] = ()
    last_time: LastTime = field(default_factory=LastTime)

    def read_in(self, tongue: str) -> Self:
        """Returns the view with questions in the words that somebody wants to read: "cy", or "cy+easy" for easy
        ones."""
        readings = readings_of(tongue)
        round_, first = (r and read(r, readings) for r in (self.round, self.first))
        return replace(self, round=round_, first=first)

    @property
    def for_all(self) -> RoomView:
        """The part of the view that every screen shows: where two are equal, phones and projectors show the same.

        Without what is there for consoles alone, and without the votes of an open round, which tallies tell.
        """
        taken = self.run.taken
        run = Run((taken,), {taken.since: self.run.named.get(taken.since, {})}, self.run.showing) if taken else Run()
        shared = {f.name: getattr(self, f.name) for f in fields(RoomView)}
        voted = 0 if self.voting else self.voted
        return RoomView(**shared | {"run": run, "reasons": self.said, "reasons_due": "", "voted": voted})

    @property
    def new(self) -> tuple[str, ...]:
        """The ids of the answers on screen that came up in the replay, where this is the vote after it."""
        return added(self.first, self.round) if self.first is not None and self.round is not None else ()

    @property
    def said(self) -> tuple[Said, ...]:
        """The reasons that everybody may read."""
        return tuple(reason for reason in self.reasons if reason.state == ReasonState.SHOWN)

    @property
    def supported(self) -> tuple[Said, ...]:
        """The reasons that everybody may read, those that most people say "me too" to first."""
        return tuple(sorted(self.said, key=lambda reason: -reason.too))

    @property
    def now_on(self) -> Item | None:
        """The cue of the programme that is on screen, or the latest one that was."""
        return present(self.programme, self.session.cue, self.rounds)

    @property
    def section(self) -> Section | None:
        """The part of the programme that the room is in, where it has a time; before the first cue, the first part."""
        now = self.now_on
        sections = self.programme.sections
        on = next(
            (part for part in sections if now is not None and now in part.items), sections[0] if sections else None
        )
        return on if on is not None and (on.starts or on.ends) else None

    @property
    def next_up(self) -> Item | None:
        """The cue that comes next in the programme."""
        return following(self.programme, self.now_on)

    @property
    def live_step(self) -> int:
        """The number of votes that the count of an open vote needs before it is shown, and before it is shown anew."""
        return live_step(self.commission.threshold, tickets=self.session.entrance == Entrance.TICKETS)

    @property
    def so_far(self) -> SoFar | None:
        """The stories and votes that somebody has missed who comes now."""
        return so_far(self.session.cue, self.rounds)

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters of the story that is on."""
        return self.story.scenario.characters if self.story is not None else ()

    def title_of(self, story: str) -> str:
        """Returns the title of a story of the session; empty where it may no longer be shown."""
        return next((s.scenario.title for s in self.stories if s.id == story), "")

    @property
    def result(self) -> Result | None:
        """The result on screen: only of a revealed round, and only while the cue shows it."""
        if self.round is None or self.round.state != RoundState.REVEALED or self.session.cue.kind != CueKind.RESULT:
            return None
        return self.results.get(self.round.id)

    @property
    def first_result(self) -> Result | None:
        """The result of the first vote, where the round on screen is the vote after its replay."""
        return self.results.get(self.first.id) if self.first is not None else None

    @property
    def voting(self) -> bool:
        """True where phones may vote now."""
        return self.round is not None and self.round.state == RoundState.OPEN


@dataclass(frozen=True)
class ConsoleView(RoomView):
    """The room now, with what its consoles alone show; read only while one is connected, or its page is asked for.

    `joined` and `also` are how many joined from each group, and how many belong to one besides the one they speak from
    (both as suppression.in_the_room gives them); `papers` whether papers were "entered" or "confirmed" in the round on
    screen; `breaks` the requests for a break that nobody has seen; `slower` how many took more time for this vote;
    `observers` how many follow without voting; `asynchronous` the asynchronous rounds of the commission; `last_act`
    the act that can be undone; `full` is true where phones were not let in for want of places; `nothing_by_group` where
    a vote of everybody who joined would give nothing by group.
    """

    joined: dict[str | None, int | None] = field(default_factory=dict)
    papers: str = ""
    breaks: int = 0
    slower: int = 0
    observers: int = 0
    also: dict[str | None, int | None] = field(default_factory=dict)
    asynchronous: tuple[AsynchronousRound, ...] = ()
    last_act: LastAct | None = None
    full: bool = False
    nothing_by_group: bool = False

    @property
    def unheard(self) -> tuple[Said, ...]:
        """Every reason, those first that nobody has dealt with, those last that were hidden."""
        return tuple(
            sorted(
                self.reasons,
                key=lambda reason: (ReasonState.WAITING, ReasonState.SHOWN, ReasonState.HIDDEN).index(reason.state),
            )
        )


class CueKey(NamedTuple):
    """A key of what is in front of everybody; it changes only when something else is put there, never with a vote.

    The first PLAYING fields tell which scene is on, and which playing of it.
    """

    kind: CueKind
    scenario: str
    scene: str
    round: str
    replay: str
    words: str
    showing: str
    taken: str
    round_state: str

    @property
    def playing(self) -> tuple[str, ...]:
        """Which scene is on, and which playing of it; not what else happens in it."""
        return self[:PLAYING]

    def __str__(self) -> str:
        """Returns the key as screens get it (joined); without a round its last field is left out."""
        return joined(self if self.round_state else self[:-1])


def joined(fields: Iterable[str]) -> str:
    """Joins fields of a key by "|". A "|" or "%" inside a field is written "%7C" or "%25", so that it divides none."""
    return "|".join(field.replace("%", "%25").replace("|", "%7C") for field in fields)


def playing_in(text: str) -> tuple[str, ...]:
    """Returns the `playing` of a key that a screen sent back as text; of any other text, what its fields say."""
    return tuple(field.replace("%7C", "|").replace("%25", "%") for field in text.split("|")[:PLAYING])


def cue_key(view: RoomView) -> CueKey:
    """Returns the key of what is in front of everybody now; a story that may not be shown, and its scene, is not."""
    cue, taken = view.session.cue, view.run.taken
    on = view.story is not None
    return CueKey(
        cue.kind,
        (on and cue.scenario) or "",
        (on and cue.scene) or "",
        cue.round or "",
        "replay" if cue.replay else "",
        cue.words,
        cue.showing,
        taken.id if taken is not None else "",
        view.round.state if view.round is not None else "",
    )
