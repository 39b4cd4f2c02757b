"""Session whose room has voted, once or twice, with the results shown: the base of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.services import predictions
from forum.services.predictions import PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession
from support.factories import CLOCK, a_cast, a_room, new_id

QUESTION = "Who should come first?"
LABELS = ("A nurse from the crisis team", "The police", "An ambulance")
COMMISSIONER = Person(new_id(), "c", "C", (Role.COMMISSIONER,))

# Who is in the room: six who use services, five carers, five nurses, two police, one who does not say.
PEOPLE: tuple[str | None, ...] = ("g1",) * 6 + ("g2",) * 5 + ("g3",) * 5 + ("g4",) * 2 + (None,)
# Each person's vote, in that order: "r1" leads the first time, "r2" the second.
FIRST = ("r1",) * 6 + ("r1", "r1", "r1", "r2", "none") + ("r2",) * 5 + ("r3",) * 2 + ("r1",)
SECOND = ("r2",) * 4 + ("r1",) * 2 + ("r1", "r1", "r1", "r2", "none") + ("r2",) * 5 + ("r3",) * 2 + ("r2",)


@dataclass(frozen=True)
class Voted:
    """Session, its facilitator's desk, its participants' ids, and the rounds whose results were shown."""

    live: LiveSession
    desk: Desk
    people: Sequence[str]
    rounds: tuple[str, ...]


async def a_vote(
    store: Store,
    *votes: Sequence[str],
    reasons: Mapping[int, str] | None = None,
    people: Sequence[str | None] = PEOPLE,
    predicted: PredictionForm | None = None,
    **changes: Any,
) -> Voted:
    """Makes a session and runs one vote, or two (the second after the replay), each with its result shown. `votes` are
    choices by place in `people`; `reasons` are those of the first vote, before which `predicted` is sealed. Raises
    ValueError where a ballot is refused."""
    live, members = await a_room(store, people, **changes)
    desk = Desk(store, CLOCK)
    rounds: list[str] = []
    if predicted:
        await predictions.seal(store, CLOCK, COMMISSIONER, live.id, predicted)
    for choices in votes or (FIRST,):
        if rounds:
            outcome = await cues.put_second_vote(desk, live.id, rounds[0])
        else:
            outcome = await cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)
        round_ = required(outcome.round)
        said = reasons if reasons and not rounds else {}
        rounds.append(round_.id)
        await facilitation.open_round(desk, live.id, round_.id)
        casts = [
            a_cast(round_.id, member, choice, said.get(n, ""))
            for n, (member, choice) in enumerate(zip(members, choices, strict=False))
        ]
        async with store.begin() as work:
            outcomes = await work.rounds.cast(casts)
        if any(one.refusal for one in outcomes):
            raise ValueError(outcomes)
        await facilitation.close_round(desk, live.id, round_.id)
        await facilitation.reveal_round(desk, live.id, round_.id)
    return Voted(live, desk, members, tuple(rounds))


Thing = TypeVar("Thing")


def required(thing: Thing | None) -> Thing:
    """Returns a thing that must be there, as the round that an act returned. Raises ValueError for None."""
    if thing is None:
        raise ValueError("it is not there")
    return thing
