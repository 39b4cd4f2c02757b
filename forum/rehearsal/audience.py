"""Audiences for a rehearsal: made-up rooms with their votes, and the replay of a real conversation.

A made-up audience votes by leanings that its groups share, changes its mind, gives reasons, and forgets to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from forum.rehearsal.polis import Conversation
from forum.rehearsal.script import NONE, Act, Script, Vote
from forum.voting.method import Method
from forum.voting.methods import METHODS

# The only response of a vote on a statement; the statement itself is the question.
STATEMENT = "This statement"

# Groups with their weight in a room, and groups with a fixed small number of people.
_SHARES = (
    ("People who use services", 34),
    ("Carers and family", 20),
    ("Nurses and ward staff", 17),
    ("Ambulance crews", 12),
    ("GPs", 10),
    ("Voluntary sector", 7),
)
_HANDFULS = (("Police", 3), ("Commissioners", 2))
GROUPS = tuple(label for label, _ in (*_SHARES, *_HANDFULS))
_NOT_SAID = 0.04

_CHANGES_MIND, _SAYS_WHY, _SETS_CONDITION, _STAYS_SILENT, _FORGETS = 0.1, 0.4, 0.1, 0.04, 0.15
_WANTS_NONE, _TAKES_MORE, _STAYS_WITH_IT = 0.05, 0.3, 0.65

REASONS = (
    "A calm voice is worth more than a blue light.",
    "I have waited in that corridor.",
    "We do not have the staff for the others.",
    "The uniform alone made it worse.",
    "It has to be somebody who can decide on the spot.",
    "My sister would have picked up the phone.",
)
# What those say who press STOP; most say nothing.
ADVICE = ("Ask first what would help.", "Bring a chair, and stay.", "Tell the truth about the wait.", "", "", "")
CONDITIONS = (
    "somebody is there at weekends too",
    "the handover is written down",
    "carers are asked first",
    "there is money for it next year as well",
)


@dataclass
class Room:
    """A made-up room, drawn from one seed: each phone's group, the observers, and how its groups lean."""

    rng: random.Random
    seats: tuple[int | None, ...]
    observers: frozenset[int] = frozenset()
    groups: int = len(GROUPS)
    _leanings: dict[int | None, list[float]] = field(default_factory=dict)

    @property
    def voters(self) -> list[int]:
        """The phones that may vote."""
        return [phone for phone in range(len(self.seats)) if phone not in self.observers]

    def turn(self, choices: int) -> None:
        """Draws new leanings of every group, for a question with this number of choices."""
        self._leanings = {
            group: [self.rng.uniform(0.5, 4) for _ in range(choices)] for group in [*range(self.groups), None]
        }

    def pick(self, phone: int, options: Sequence[str]) -> str:
        """Returns one of the options, drawn by the leanings of the phone's group."""
        leaning = self._leanings[self.seats[phone]]
        return self.rng.choices(options, leaning[: len(options)])[0]


def a_room(phones: int, rng: random.Random) -> Room:
    """Returns a made-up room: big groups by their weight, the small ones where the room has 20 phones or more."""
    seats: list[int | None] = []
    if phones >= 20:
        for label, people in _HANDFULS:
            seats += [GROUPS.index(label)] * people
    while len(seats) < phones:
        not_said = rng.random() < _NOT_SAID
        seats.append(None if not_said else rng.choices(range(len(_SHARES)), [part for _, part in _SHARES])[0])
    rng.shuffle(seats)
    observers = rng.sample(range(phones), max(1, phones // 60)) if phones >= 20 else []
    return Room(rng, tuple(seats), frozenset(observers))


def a_room_of(groups: int, phones: int, rng: random.Random) -> Room:
    """Returns a made-up room of a session's own groups: each has a weight of its own, and two people at least."""
    weights = [rng.uniform(1, 6) for _ in range(groups)]
    seats: list[int | None] = []
    seats += [group for group in range(groups) for _ in range(2)][:phones]
    while len(seats) < phones:
        seats.append(None if rng.random() < _NOT_SAID else rng.choices(range(groups), weights)[0])
    rng.shuffle(seats)
    return Room(rng, tuple(seats), frozenset(rng.sample(range(1, phones), max(1, phones // 60))), groups)


# ---------------------------------------------------------------- choices


class Seat(msgspec.Struct, frozen=True):
    """One phone of a made-up room, as methods know a voter."""

    room: Room
    phone: int

    def one(self, options: Sequence[str]) -> str:
        """Takes one of these as its group leans; now and then "none of these", where that is among them."""
        offered = [option for option in options if option != NONE]
        if len(offered) < len(options) and self.room.rng.random() < _WANTS_NONE:
            return NONE
        return self.room.pick(self.phone, offered)

    def also(self) -> bool:
        """Draws whether one more response is taken beside the first."""
        return self.room.rng.random() < _TAKES_MORE

    def some(self, options: Sequence[str]) -> list[str]:
        """Takes none, some or all of these, in an order of its own."""
        others = list(options)
        self.room.rng.shuffle(others)
        return others[: self.room.rng.randint(0, len(others))]


_WIDEST = 7  # more options than any method lets a phone pick from


def votes(room: Room, act: Act, before: Mapping[int, str] | None = None) -> tuple[Vote, ...]:
    """Returns everybody's votes in the order they are cast; one in ten chooses something else first, and a few do not
    vote.

    `before` holds the phones' choices in the first vote on this question, which most of them repeat. Of those whose
    choice needs words, some forget them, are refused, and send again with them.
    """
    return votes_on(room, METHODS[act.method], act.ids, before)


def votes_on(room: Room, way: Method, ids: Sequence[str], before: Mapping[int, str] | None = None) -> tuple[Vote, ...]:
    """Returns everybody's votes as `votes` does, on a question with these responses."""
    room.turn(max(_WIDEST, len(ids)))
    rng, cast = room.rng, list[Vote]()
    for phone in rng.sample(room.voters, len(room.voters)):
        # in a small room, made to try a vote, everybody votes
        if len(room.seats) >= 20 and rng.random() < _STAYS_SILENT:
            continue
        final = way.made_up(ids, Seat(room, phone))
        if before is not None and phone in before and rng.random() < _STAYS_WITH_IT:
            final = before[phone]
        if rng.random() < _CHANGES_MIND:
            cast += _worded(room, Vote(phone, way.made_up(ids, Seat(room, phone))), way)
        cast += _worded(room, Vote(phone, final), way)
    return tuple(cast)


def _worded(room: Room, vote: Vote, way: Method) -> list[Vote]:
    """Returns the vote with a reason or condition; before it, where the phone forgets them, the vote that is
    refused.
    """
    rng, needed = room.rng, way.lacks(vote.choice, "", "")
    condition = rng.choice(CONDITIONS) if needed == "condition_needed" or rng.random() < _SETS_CONDITION else ""
    reason = rng.choice(REASONS) if needed == "reason_needed" or rng.random() < _SAYS_WHY else ""
    full = Vote(vote.phone, vote.choice, reason, condition)
    if needed and rng.random() < _FORGETS:
        return [Vote(vote.phone, vote.choice, refused=needed), full]
    return [full]


# ---------------------------------------------------------------- replay of a conversation


def replayed(conversation: Conversation) -> Script:
    """Returns the script of a real conversation: its statements as rounds in order, its participants as phones.

    Each phone is in its participant's group, and casts all of that participant's votes in the order of their times.
    """
    numbers = sorted({p.group for p in conversation.participants if p.group is not None})
    phone = {participant.id: n for n, participant in enumerate(conversation.participants)}
    cast: dict[int, list[Vote]] = {statement.id: [] for statement in conversation.statements}
    for vote in conversation.votes:
        cast[vote.statement].append(Vote(phone[vote.participant], vote.choice))
    return Script(
        title="Rehearsal: a conversation replayed",
        question=conversation.topic[:500] or "A conversation without a topic",
        groups=tuple(f"Group {number}" for number in numbers),
        phones=tuple(None if p.group is None else numbers.index(p.group) for p in conversation.participants),
        steps=tuple(
            Act(
                statement.text or f"Statement {statement.id}", (STATEMENT,), tuple(cast[statement.id]), method="opinion"
            )
            for statement in conversation.statements
        ),
        source_totals_wrong=conversation.source_totals_wrong,
    )
