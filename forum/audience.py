"""Audiences for a rehearsal: what each phone votes, written down before the first one joins.

A script is all a rehearsal needs to know of its audience. One is made up (`invented`), or taken from a
conversation that really took place (`replayed`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forum import polis
from forum.polis import Conversation

NONE_LABEL = "None of these"
_NONE = "none"


@dataclass(frozen=True)
class Vote:
    """One cast of one phone: its number in the script, a response id, and perhaps a reason."""

    phone: int
    choice: str
    reason: str = ""


@dataclass(frozen=True)
class Act:
    """One round. `responses` are labels, r1 first; `none` adds "none of these"; `votes` come in order of casting.

    `again` makes it the vote after a replay of the act before it.
    """

    question: str
    responses: tuple[str, ...]
    votes: tuple[Vote, ...]
    none: bool = False
    again: bool = False

    def labels(self) -> dict[str, str]:
        """Every response id with its label, in the order shown."""
        given = {f"r{n}": label for n, label in enumerate(self.responses, 1)}
        return given | ({_NONE: NONE_LABEL} if self.none else {})

    def last_votes(self) -> dict[int, str]:
        """What counts in the end: each phone's last choice."""
        return {vote.phone: vote.choice for vote in self.votes}

    def expected(self) -> dict[str, int]:
        """The tally that last-vote-wins gives, by response id, zeros included."""
        counts = dict.fromkeys(self.labels(), 0)
        for choice in self.last_votes().values():
            counts[choice] += 1
        return counts


@dataclass(frozen=True)
class Script:
    """An audience. `groups` are labels; `phones` holds each phone's group as an index into them, or None.

    `source_totals_wrong` lists statements of the source whose published totals are not what its votes give.
    """

    title: str
    question: str
    groups: tuple[str, ...]
    phones: tuple[int | None, ...]
    acts: tuple[Act, ...]
    source_totals_wrong: tuple[dict[str, Any], ...] = ()


# Groups with their share of a room in parts of a hundred, and those of whom there are only ever a handful.
_SHARES = (
    ("People who use services", 34),
    ("Carers and family", 20),
    ("Nurses and ward staff", 17),
    ("Ambulance crews", 12),
    ("GPs", 10),
    ("Voluntary sector", 7),
)
_HANDFULS = (("Police", 3), ("Commissioners", 2))
_NOT_SAID = 0.04

_QUESTIONS = (
    (
        "It is two in the morning and Maya has not slept for three nights. Who should come to her door?",
        (
            "A mental-health nurse and a paramedic, together",
            "A crisis worker who has been through it",
            "Somebody stays on the phone with her until the morning",
            "The police, as they do now",
        ),
        True,
    ),
    (
        "The emergency department is full. Tom has waited in the corridor for nine hours. What comes first?",
        (
            "A quiet room with somebody in it",
            "A second nurse for mental health at night",
            "A crisis café next door that is open all night",
        ),
        True,
    ),
    (
        "Whose number should be on the card that everybody gets when they go home?",
        ("One crisis line for all three boroughs", "The ward that knows them", "A named person"),
        False,
    ),
)
_REASONS = (
    "A calm voice is worth more than a blue light.",
    "I would accept this if somebody is there at weekends too.",
    "I have waited in that corridor.",
    "We do not have the staff for the others.",
    "The uniform alone made it worse.",
    "It has to be somebody who can decide on the spot.",
    "My sister would have picked up the phone.",
    "Yes, if the handover is written down.",
)


def invented(phones: int, seed: int = 1) -> Script:
    """An audience of `phones` phones; the same seed gives the same one. Every phone votes in every round."""
    rng = random.Random(seed)
    groups, seats = _seats(phones, rng)
    acts: list[Act] = []
    for question, responses, replayed_after in _QUESTIONS:
        ids = [f"r{n}" for n in range(1, len(responses) + 1)]
        leaning = {group: [rng.uniform(0.5, 4) for _ in ids] for group in [*range(len(groups)), None]}
        first = [_NONE if rng.random() < 0.05 else rng.choices(ids, leaning[group])[0] for group in seats]
        acts.append(Act(question, responses, _casts(first, [*ids, _NONE], rng), none=True))
        if replayed_after:
            # A replay moves people, some groups more than others, most of them towards the same response.
            towards = rng.choice(ids)
            moved = {group: rng.uniform(0.1, 0.5) for group in leaning}
            second = [
                rng.choice([towards, towards, *ids]) if rng.random() < moved[group] else before
                for before, group in zip(first, seats, strict=True)
            ]
            acts.append(Act(question, responses, _casts(second, [*ids, _NONE], rng), none=True, again=True))
    return Script(
        title="Rehearsal: urgent care at night",
        question="What should happen when somebody needs urgent mental-health care at night?",
        groups=groups,
        phones=seats,
        acts=tuple(acts),
    )


def replayed(conversation: Conversation) -> Script:
    """The audience of a real conversation: its statements as rounds, its participants as phones, one after another.

    Each phone is in its participant's group, and casts all of that participant's votes in the order of their times.
    """
    numbers = sorted({p.group for p in conversation.participants if p.group is not None})
    phone = {participant.id: n for n, participant in enumerate(conversation.participants)}
    votes: dict[int, list[Vote]] = {statement.id: [] for statement in conversation.statements}
    for vote in conversation.votes:
        votes[vote.statement].append(Vote(phone[vote.participant], vote.choice))
    labels = tuple(label.lower() for label in polis.RESPONSES.values())
    return Script(
        title="Rehearsal: a conversation replayed",
        question=conversation.topic[:500] or "A conversation without a topic",
        groups=tuple(f"Group {number}" for number in numbers),
        phones=tuple(None if p.group is None else numbers.index(p.group) for p in conversation.participants),
        acts=tuple(
            Act(statement.text or f"Statement {statement.id}", labels, tuple(votes[statement.id]))
            for statement in conversation.statements
        ),
        source_totals_wrong=conversation.source_totals_wrong,
    )


def _seats(phones: int, rng: random.Random) -> tuple[tuple[str, ...], tuple[int | None, ...]]:
    """Who sits in the room: big groups by their share, the handfuls where the room is big enough for them."""
    labels = tuple(label for label, _ in (*_SHARES, *_HANDFULS))
    seats: list[int | None] = []
    if phones >= 20:
        for label, people in _HANDFULS:
            seats += [labels.index(label)] * people
    while len(seats) < phones:
        not_said = rng.random() < _NOT_SAID
        seats.append(None if not_said else rng.choices(range(len(_SHARES)), [part for _, part in _SHARES])[0])
    rng.shuffle(seats)
    return labels, tuple(seats)


def _casts(final: Sequence[str], choices: Sequence[str], rng: random.Random) -> tuple[Vote, ...]:
    """Everybody's votes in a burst; one in ten taps something else first and changes their mind."""
    votes: list[Vote] = []
    for phone in rng.sample(range(len(final)), len(final)):
        if rng.random() < 0.1:
            votes.append(Vote(phone, rng.choice([c for c in choices if c != final[phone]])))
        reason = rng.choice(_REASONS) if rng.random() < 0.4 else ""
        votes.append(Vote(phone, final[phone], reason))
    return tuple(votes)
