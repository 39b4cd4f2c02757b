"""The script of a rehearsal: its steps with everybody's votes, written before the first phone joins.

Phones are numbers, groups are indices into the script's labels (None: prefer not to say).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from forum.voting.methods import METHODS

NONE_LABEL: Final = "None of these"
NONE: Final = "none"

# How the facilitator asks a question: typed just now, as the next cue of the programme, or by an act of its own.
ASK, CUE, MAGIC, CHARACTERS, POLICY = "ask", "cue", "magic check", "characters", "policy"


class Vote(msgspec.Struct, frozen=True):
    """A cast of a phone: a choice as docs/methods.md writes it. `refused` is the code it must be refused with, "" for
    none.
    """

    phone: int
    choice: str
    reason: str = ""
    condition: str = ""
    refused: str = ""


class Heap(msgspec.Struct, frozen=True):
    """A number of papers of one group with the same choice; on a shared tablet, a number of people."""

    group: int | None
    choice: str
    count: int = 1


class Cue(msgspec.Struct, frozen=True):
    """A cue of the programme: a scene, replay, question or second vote of a story (by number); for other kinds,
    words.
    """

    kind: str
    story: int = 0
    scene: str = ""
    words: str = ""


@dataclass(frozen=True)
class Act:
    """A round. `responses` are labels, r1 first; `none` adds "none of these"; `votes` are in the order of casting.

    `again` makes it the vote after a replay of the last first vote on this question. With `heard` people give reasons
    after the reveal, and the facilitator shows some.
    """

    question: str
    responses: tuple[str, ...]
    votes: tuple[Vote, ...]
    none: bool = False
    again: bool = False
    method: str = "single"
    put: str = ASK
    cue: Cue | None = None
    papers: tuple[Heap, ...] = ()
    tablet: tuple[Heap, ...] = ()
    heard: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """The responses' ids, in the order shown."""
        return (*(f"r{n}" for n in range(1, len(self.responses) + 1)), *((NONE,) if self.none else ()))

    def labels(self) -> dict[str, str]:
        """Returns the words for every mark that is counted, in the order shown."""
        words = dict(zip(self.ids, (*self.responses, NONE_LABEL), strict=False))
        named = {}
        for mark in METHODS[self.method].columns(self.ids):
            response, is_score, number = mark.partition("=")
            named[mark] = f"{words[response]}: {number}" if is_score else words.get(mark, mark)
        if METHODS[self.method].MOST == 1:
            return {mark: mark for mark in named}
        return named

    def last_votes(self, late: Collection[int] = ()) -> dict[int, str]:
        """Returns each phone's last choice that is not refused; for phones in `late` the one before it, if any."""
        mine: dict[int, list[str]] = {}
        for vote in self.votes:
            if not vote.refused:
                mine.setdefault(vote.phone, []).append(vote.choice)
        kept = {phone: choices[:-1] if phone in late else choices for phone, choices in mine.items()}
        return {phone: choices[-1] for phone, choices in kept.items() if choices}

    def passing(self) -> Counter[str]:
        """Returns the choices on papers and on the tablet."""
        choices: Counter[str] = Counter()
        for heap in (*self.papers, *self.tablet):
            choices[heap.choice] += heap.count
        return choices

    def ballots(self, late: Collection[int] = ()) -> Counter[str]:
        """Returns the choices of all ballots that must exist in the end."""
        return Counter(self.last_votes(late).values()) + self.passing()

    def expected(self, late: Collection[int] = ()) -> dict[str, int]:
        """Returns the tally of everybody's last vote by mark, zeros included."""
        return self.tally(self.ballots(late))

    def tally(self, ballots: Counter[str]) -> dict[str, int]:
        """Returns how many of these ballots have each mark, zeros included."""
        counts = dict.fromkeys(self.labels(), 0)
        for choice, number in ballots.items():
            for mark in METHODS[self.method].marks(choice):
                counts[mark] = counts.get(mark, 0) + number
        return counts


class Section(msgspec.Struct, frozen=True):
    """The beginning of a section of the programme."""

    title: str
    starts: str = ""
    ends: str = ""


class Next(msgspec.Struct, frozen=True):
    """The showing of the next cue of the programme, one without a vote."""

    cue: Cue


class Press(msgspec.Struct, frozen=True):
    """A press of STOP, with who should act differently and how, if said."""

    phone: int
    character: str = ""
    how: str = ""


class Stops(msgspec.Struct, frozen=True):
    """Stops of a scene that is played again: one is taken, one hidden, one deferred; something is tried and judged."""

    presses: tuple[Press, ...]
    tried: str
    verdict: str


@dataclass(frozen=True)
class Offer:
    """The making of a response for the next vote out of what was tried."""

    words: str


class Badges(msgspec.Struct, frozen=True):
    """Badges turned off or on."""

    off: bool


class Pause(msgspec.Struct, frozen=True):
    """A pause of the session, and its end."""


class Proposal(msgspec.Struct, frozen=True):
    """A proposal, and its amendment on the screens."""

    words: str
    amended: str


@dataclass(frozen=True)
class Promise:
    """A promise about the proposal that was just voted on."""

    role: str
    what: str
    by: str
    rationale: str
    why: str


Step: TypeAlias = Act | Section | Next | Stops | Offer | Badges | Pause | Proposal | Promise


@dataclass(frozen=True)
class Script:
    """A whole rehearsal. `groups` are labels; `phones` holds each phone's group; `observers` are phones that do not
    vote.

    `stories` is how many of the demonstration's stories are played. `source_totals_wrong` lists statements of the
    source whose published totals differ from its votes.
    """

    title: str
    question: str
    groups: tuple[str, ...]
    phones: tuple[int | None, ...]
    steps: tuple[Step, ...]
    observers: frozenset[int] = frozenset()
    stories: int = 0
    source_totals_wrong: tuple[dict[str, Any], ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """The rounds."""
        return tuple(step for step in self.steps if isinstance(step, Act))
