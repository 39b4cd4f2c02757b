"""The made-up audience of the worked example: people of several groups, who join, vote and say why."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from forum.live.ballot_box import Intake, new_cast
from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.keys import digest, new_key
from forum.sessions.session import Participant
from forum.voting.commission import Commission
from forum.voting.round import Round

# The choices of each group, by its label: so many people for each choice. None is "prefer not to say".
Choices = Mapping[str | None, Mapping[str, int]]


class Words(msgspec.Struct, frozen=True):
    """Words of one person with a ballot: the group, which of those who made this choice it is, and what they say."""

    group: str | None
    choice: str
    reason: str = ""
    condition: str = ""
    who: int = 0


@dataclass
class Audience:
    """People in one session. `people` are their ids by the label of their group."""

    store: Store
    clock: Clock
    session: str
    people: dict[str | None, list[str]] = field(default_factory=dict)

    async def join(self, commission: Commission, came: Mapping[str | None, int]) -> None:
        """Lets so many people of each group join."""
        ids = {group.label: group.id for group in commission.groups}
        async with self.store.begin() as work:
            for label, number in came.items():
                for _ in range(number):
                    group = None if label is None else ids[label]
                    one = Participant(secrets.token_hex(16), self.session, group, self.clock.now())
                    await work.sessions.join(one, digest(new_key()))
                    self.people.setdefault(label, []).append(one.id)

    async def vote(self, round_: Round, choices: Choices, words: Sequence[Words] = ()) -> None:
        """Casts everybody's ballots, with these words, by the way that every ballot goes.

        `choices` are written with the labels of the answers, or with ids. Raises ValueError where one is refused.
        """
        marks = {response.label: response.id for response in round_.responses}
        casts = []
        for label, counts in choices.items():
            people = iter(self.people.get(label, ()))
            for said, number in counts.items():
                for place in range(number):
                    mine = next((w for w in words if (w.group, w.choice, w.who) == (label, said, place)), None)
                    casts.append(
                        new_cast(
                            round_.id,
                            next(people),
                            secrets.token_hex(16),
                            marks.get(said, said),
                            mine.reason if mine else "",
                            mine.condition if mine else "",
                            at=self.clock.now(),
                        )
                    )
        intake = Intake(self.store, lambda _counted: None)
        refused = [one.refusal for one in await asyncio.gather(*map(intake.cast_and_wait, casts)) if one.refusal]
        if refused:
            raise ValueError(f"ballots of the example were refused: {refused}")
