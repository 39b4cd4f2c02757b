"""Acts of a cycle that other journeys do by the pages: here by services, on the clock of the house."""

from __future__ import annotations

from dataclasses import replace

from forum.services.keys import digest
from forum.services.sessions import commissions_and_sessions, cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm
from forum.services.sessions.desk import Desk
from forum.services.stories import moderation, submissions
from forum.services.voting import reasons
from forum.sessions.session import LiveSession, Participant
from forum.stories.compose import QUESTION
from forum.voting.reason import ReasonReading, ReasonState
from forum.voting.round import Round
from support.app import a_sent_story
from support.cycle_house import CycleHouse
from support.factories import a_cast, new_id
from support.voted_session import required

# Who is in the room besides the phones, by the number of their group in the commission, and their votes: of the first
# two groups each is agreed, and they are not agreed with each other.
ROOM = ((0, "r1", 6), (1, "r2", 6), (2, "r1", 6))
CONDITION = "somebody stays until the morning"


async def a_story_is_told(cycle: CycleHouse, commission: str) -> tuple[str, str]:
    """Tells a story that a moderator accepts; returns its id and the path of its private page."""
    async with cycle.store.read() as work:
        [group, *_] = (await work.commissions.get_commission(commission)).groups
    sent = a_sent_story("The third knock", group=group.id)
    story, key = await submissions.submit(cycle.store, cycle.clock, commission, sent)
    await moderation.moderate(cycle.store, cycle.clock, story.id, "accept", because="", expected_status=story.status)
    return story.id, f"/my-story/{key}"


async def a_session_is_opened(cycle: CycleHouse, commission: str, story: str) -> tuple[LiveSession, list[Participant]]:
    """Opens a session with a story, and lets ROOM in; returns both."""
    form = SessionForm(commission, title="A day in March", scenarios=(story,), reasons=ReasonReading.READ_FIRST)
    live = await commissions_and_sessions.create_session(cycle.store, cycle.clock, form)
    async with cycle.store.begin() as work:
        groups = (await work.commissions.get_commission(commission)).groups
        people = [
            Participant(new_id(), live.id, groups[place].id, cycle.clock.now())
            for place, _, count in ROOM
            for _ in range(count)
        ]
        for person in people:
            await work.sessions.join(person, digest(person.id))
    return live, people


async def a_question_is_asked(cycle: CycleHouse, live: LiveSession) -> Round:
    """Puts the question of the session's story to the room and opens the vote."""
    desk = Desk(cycle.store, cycle.clock)
    asked = required((await cues.put_question(desk, live.id, live.scenarios[0], QUESTION)).round)
    await facilitation.open_round(desk, live.id, asked.id)
    return asked


async def the_room_votes(cycle: CycleHouse, live: LiveSession, people: list[Participant], asked: Round) -> None:
    """Casts the votes of ROOM, shows the result, and ends the session; one sets a condition, and every condition that
    was set is shown."""
    desk, choices = Desk(cycle.store, cycle.clock), [choice for _, choice, count in ROOM for _ in range(count)]
    casts = [
        replace(a_cast(asked.id, person.id, choice), at=cycle.clock.now())
        for person, choice in zip(people, choices, strict=True)
    ]
    async with cycle.store.begin() as work:
        outcomes = await work.rounds.cast(casts)
    assert not any(one.refusal for one in outcomes)
    await facilitation.close_round(desk, live.id, asked.id)
    await facilitation.reveal_round(desk, live.id, asked.id)
    await reasons.give(cycle.store, cycle.clock, live, people[0].id, asked.id, "", CONDITION)
    async with cycle.store.begin() as work:
        for reason in await work.reasons.list_reasons(asked.id):
            await work.reasons.move_reason(reason.id, ReasonState.SHOWN)
    await facilitation.end(desk, live.id)
