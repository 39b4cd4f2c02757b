"""Open asynchronous rounds, made as an organiser makes them, and the ballots in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.sessions import asynchronous
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.stories import moderation, submissions
from forum.sessions.session import LiveSession, Participant
from forum.stories import scenario_twee
from forum.stories.submission import Submission
from forum.voting.ballot import Cast
from forum.voting.commission import Commission
from forum.voting.round import Round
from support.app import a_sent_story
from support.factories import a_cast, a_commission, new_id

TITLE = "From the night shift"
DAYS = 3
# Six who use services, five carers, two police, one who does not say.
ROOMFUL: tuple[str | None, ...] = ("g1",) * 6 + ("g2",) * 5 + ("g4",) * 2 + (None,)


@dataclass(frozen=True)
class AsyncRound:
    """Public story with the key of its private link, the round on its question, and the ids of those who joined."""

    commission: Commission
    story: Submission
    key: str
    live: LiveSession
    round: Round
    people: tuple[str, ...] = ()


async def a_public_story(store: Store, clock: Clock, commission: Commission) -> tuple[Submission, str]:
    """Sends a story in and accepts it; returns it with the key of its private link."""
    story, key = await submissions.submit(store, clock, commission.id, a_sent_story())
    story = await moderation.moderate(store, clock, story.id, "accept", because="", expected_status="submitted")
    return story, key


def a_form(clock: Clock, story: Submission, **changes: Any) -> AsynchronousForm:
    """Returns the organiser's form for the story's first question, open for three days."""
    until = clock.later(days=DAYS)
    asked: dict[str, Any] = {
        "commission": story.commission,
        "id": new_id(),
        "title": TITLE,
        "story": story.id,
        "scene": scenario_twee.parse(story.twee).decisions[0].name,
        "day": until[:10],
        "time": until[11:16],
    }
    return AsynchronousForm(**asked | changes)


async def an_async_round(store: Store, clock: Clock, people: Sequence[str | None] = (), **changes: Any) -> AsyncRound:
    """Makes a commission with a public story and an open round, and a participant of each group named."""
    commission = a_commission(**changes)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await a_public_story(store, clock, commission)
    live = await asynchronous.open_round(store, clock, a_form(clock, story))
    joined = [Participant(new_id(), live.id, group, clock.now()) for group in people]
    async with store.begin() as work:
        for participant in joined:
            await work.sessions.join(participant, new_id() * 2)
        [round_] = await work.rounds.list_rounds(live.id)
    return AsyncRound(commission, story, key, live, round_, tuple(p.id for p in joined))


def a_cast_now(clock: Clock, night: AsyncRound, person: str, choice: str = "r1", reason: str = "") -> Cast:
    """Returns a ballot that arrives now."""
    cast = a_cast(night.round.id, person, choice, reason)
    return Cast(**{**vars(cast), "at": clock.now()})


async def entries(store: Store) -> list[dict[str, Any]]:
    """Reads every entry of the record."""
    async with store.read() as work:
        return [json.loads(entry.body) for entry in await work.record.entries()]


async def current_round(store: Store, night: AsyncRound) -> Round:
    """Reads the round as it is stored now."""
    async with store.read() as work:
        return await work.rounds.get_round(night.round.id)


async def cast_now(
    store: Store, clock: Clock, night: AsyncRound, person: str, choice: str = "r1", reason: str = ""
) -> str:
    """Casts a ballot that arrives now; returns the refusal, "" where it is counted."""
    async with store.begin() as work:
        [outcome] = await work.rounds.cast([a_cast_now(clock, night, person, choice, reason)])
    return outcome.refusal


async def an_answered_round(store: Store, clock: Clock) -> AsyncRound:
    """Makes a round that everybody of ROOMFUL has answered alike. Raises ValueError where a ballot is refused."""
    night = await an_async_round(store, clock, ROOMFUL)
    for person in night.people:
        if refusal := await cast_now(store, clock, night, person, "r1", "Because of the knock"):
            raise ValueError(refusal)
    return night
