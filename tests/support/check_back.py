"""A draft on a vote in a session that is over, with the browsers that voted: the base of a check-back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from forum.ports import Store
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import check_backs, decision_drafts
from forum.services.decision_form import DecisionForm
from forum.services.keys import digest
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession, Participant
from forum.voting.decision_draft import DecisionDraft
from support.decided import ANSWERS
from support.factories import CLOCK, SetClock, a_cast, new_id
from support.voted_session import COMMISSIONER, Voted, a_vote

SUMMARY = "You said that a nurse should come first, and that nobody should wait for longer than an hour."


@dataclass
class Understood:
    """A draft on a vote that is over, with the browsers that voted, and the clock."""

    store: Store
    clock: Clock
    voted: Voted
    draft: DecisionDraft
    devices: list[str]

    async def ask(self, summary: str = SUMMARY, days: str = "7", person: Person = COMMISSIONER) -> LiveSession:
        return await check_backs.ask(self.store, self.clock, person, self.draft.id, self.draft.version, summary, days)

    async def answer(self, live: LiveSession, choices: dict[int, str]) -> None:
        """Lets some of those who voted answer, by their place in the room."""
        async with self.store.begin() as work:
            [round_] = await work.rounds.list_rounds(live.id)
            casts = []
            for place, choice in choices.items():
                device = self.devices[place]
                voter = await check_backs.voter_of(work, round_, device)
                if voter is None:
                    raise ValueError(device)
                joining = Participant(new_id(), live.id, voter.group, self.clock.now())
                here = await work.sessions.join(joining, digest(device))
                casts.append(replace(a_cast(round_.id, here.id, choice), at=self.clock.now()))
            if any(one.refusal for one in await work.rounds.cast(casts)):
                raise ValueError(casts)

    async def entries(self) -> list[dict[str, Any]]:
        async with self.store.read() as work:
            return [json.loads(one.body) for one in await work.record.entries()]


async def understood(store: Store, clock: Clock | None = None, *, ended: bool = True, **changes: Any) -> Understood:
    clock = clock or SetClock(CLOCK.later(days=1))  # after the vote, which has the time of day
    voted = await a_vote(store, declared=True, **changes)
    devices = [f"browser{n}" for n in range(len(voted.people))]
    async with store.begin() as work:
        for person, device in zip(voted.people, devices, strict=True):
            await work.tickets.move_ticket(person, digest(device))
    if ended:
        await facilitation.end(Desk(store, clock), voted.live.id)
    form = DecisionForm(voted.rounds, new_id(), "adopted", "r1", "A nurse.", "They asked.", answers=ANSWERS)
    draft = await decision_drafts.save(store, clock, COMMISSIONER, form)
    return Understood(store, clock, voted, draft, devices)
