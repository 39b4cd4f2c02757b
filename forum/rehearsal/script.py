"""What a rehearsal plays, written down before the first phone joins: a script of steps, with everybody's votes.

Phones are numbers, groups are indices into the script's labels (None: prefer not to say).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from forum.voting.methods import METHODS

NONE_LABEL: Final = "None of these"
NONE: Final = "none"

# How the facilitator puts a question: as one typed just now, as the next cue of the programme, or as an act of its own.
ASK, CUE, MAGIC, CHARACTERS, POLICY = "ask", "cue", "magic check", "characters", "policy"


@dataclass(frozen=True)
class Vote:
    """One cast of one phone: a choice as docs/methods.md writes it. `refused` is the code it must be refused with."""

    phone: int
    choice: str
    reason: str = ""
    condition: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Heap:
    """So many papers of one group with one mark; on a shared tablet, so many people."""

    group: int | None
    choice: str
    count: int = 1


@dataclass(frozen=True)
class Cue:
    """A cue of the programme: a scene, its replay, a question or the vote again of a story (by number); else words."""

    kind: str
    story: int = 0
    scene: str = ""
    words: str = ""


@dataclass(frozen=True)
class Act:
    """One round. `responses` are labels, r1 first; `none` adds "none of these"; `votes` come in order of casting.

    `again` makes it the vote after a replay of the last first vote on this question. `heard`: people give reasons after
    the reveal, and the facilitator shows some.
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
        """Every mark that is counted with its words, in the order shown."""
        words = dict(zip(self.ids, (*self.responses, NONE_LABEL), strict=False))
        found = {}
        for mark in METHODS[self.method].columns(self.ids):
            response, is_score, number = mark.partition("=")
            found[mark] = f"{words[response]}: {number}" if is_score else words.get(mark, mark)
        if METHODS[self.method].MOST == 1:
            return {mark: mark for mark in found}
        return found

    def last_votes(self, late: Collection[int] = ()) -> dict[int, str]:
        """What counts in the end: each phone's last choice; of those who are `late`, the one before, if any."""
        mine: dict[int, list[str]] = {}
        for vote in self.votes:
            if not vote.refused:
                mine.setdefault(vote.phone, []).append(vote.choice)
        kept = {phone: choices[:-1] if phone in late else choices for phone, choices in mine.items()}
        return {phone: choices[-1] for phone, choices in kept.items() if choices}

    def passing(self) -> Counter[str]:
        """The choices on papers and on the tablet."""
        found: Counter[str] = Counter()
        for heap in (*self.papers, *self.tablet):
            found[heap.choice] += heap.count
        return found

    def ballots(self, late: Collection[int] = ()) -> Counter[str]:
        """Every ballot that must be there in the end, by its choice."""
        return Counter(self.last_votes(late).values()) + self.passing()

    def expected(self, late: Collection[int] = ()) -> dict[str, int]:
        """The tally that last-vote-wins gives, by mark, zeros included."""
        return self.tally(self.ballots(late))

    def tally(self, ballots: Counter[str]) -> dict[str, int]:
        """How many of these ballots bear each mark, zeros included."""
        counts = dict.fromkeys(self.labels(), 0)
        for choice, number in ballots.items():
            for mark in METHODS[self.method].marks(choice):
                counts[mark] = counts.get(mark, 0) + number
        return counts


@dataclass(frozen=True)
class Section:
    """A section of the programme begins."""

    title: str
    starts: str = ""
    ends: str = ""


@dataclass(frozen=True)
class Next:
    """The next cue of the programme goes up, where it is none that is voted on."""

    cue: Cue


@dataclass(frozen=True)
class Press:
    """Somebody presses STOP, and perhaps says who should act differently, and how."""

    phone: int
    character: str = ""
    how: str = ""


@dataclass(frozen=True)
class Stops:
    """The scene that is played again is stopped: one stop is taken, one hidden, one put off. Something is tried, and
    the facilitator says whether it could happen."""

    presses: tuple[Press, ...]
    tried: str
    verdict: str


@dataclass(frozen=True)
class Offer:
    """What was tried becomes an answer of the next vote."""

    words: str


@dataclass(frozen=True)
class Badges:
    """Badges go off, or on again."""

    off: bool


@dataclass(frozen=True)
class Pause:
    """Everything is paused, and goes on."""


@dataclass(frozen=True)
class Proposal:
    """A proposal is made, and amended on the screens."""

    words: str
    amended: str


@dataclass(frozen=True)
class Promise:
    """Somebody promises to do something about the proposal that was just voted on."""

    role: str
    what: str
    by: str
    rationale: str
    why: str


Step: TypeAlias = Act | Section | Next | Stops | Offer | Badges | Pause | Proposal | Promise


@dataclass(frozen=True)
class Script:
    """A rehearsal. `groups` are labels; `phones` holds each phone's group; `observers` are the phones that only follow.

    `stories` is how many of the demonstration's stories are played. `source_totals_wrong` lists statements of the
    source whose published totals are not what its votes give.
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
