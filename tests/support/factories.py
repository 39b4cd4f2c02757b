"""Factories of what most tests need: a commission, a session with people in it, a ballot on its way."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from forum.adapters.clock import SystemClock
from forum.errors import BadInput
from forum.ports import Store, Work
from forum.services import record_entries
from forum.services.keys import digest
from forum.services.sessions import commissions_and_sessions
from forum.sessions.local_time import written
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import ConsoleView, RoomView
from forum.stories.submission import StoryStatus, Submission
from forum.voting.ballot import Cast
from forum.voting.commission import Commission, DecisionPower, Group, SupportLine

CLOCK = SystemClock()


class SetClock:
    """Clock of ports.Clock for tests of what takes days: it stands still until it is moved. With a `step` (seconds)
    every look moves it on, so that a time comes in the middle of whatever is going on."""

    def __init__(self, at: str = "2026-03-01T22:00:00.000Z") -> None:
        self.at = datetime.fromisoformat(at)
        self.step = 0.0

    def now(self) -> str:
        """Returns the time, after moving it on by `step`."""
        self.at += timedelta(seconds=self.step)
        return written(self.at)

    def later(self, **span: float) -> str:
        """Returns the time so long after now; takes timedelta's arguments."""
        return written(self.at + timedelta(**span))

    def move(self, **span: float) -> None:
        """Moves the clock on; takes timedelta's arguments."""
        self.at += timedelta(**span)


# A commission as the form for it is sent.
COMMISSION_FORM = {
    "title": "Night care",
    "question": "Who should come?",
    "stage": "plan",
    "level": "co-design",
    "decides": "The joint board",
    "can_change": "Who comes",
    "cannot_change": "The budget",
    "threshold": "5",
    "group": ["Carers", "Nurses"],
    "invited": ["10", ""],
}


def new_id() -> str:
    """Makes an id as the program makes them."""
    return secrets.token_hex(16)


def a_commission(
    groups: Sequence[str] = ("People who use services", "Carers", "Nurses", "Police"), **changes: Any
) -> Commission:
    """Makes a commission whose group ids are g1..gN; `changes` are other fields of it. Nothing is stored."""
    commission = Commission(
        id=new_id(),
        title="Night-time crisis care",
        question="Who should come when somebody is in crisis at night?",
        stage="plan",
        power=DecisionPower("co-design", "The joint board", "Who answers the call", "The budget", 28),
        groups=tuple(Group(f"g{n}", label, 10) for n, label in enumerate(groups, start=1)),
        support=(SupportLine("Samaritans", "116 123"),),
        created_at=CLOCK.now(),
    )
    return replace(commission, **changes)


def _code() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def a_session(commission: Commission, **changes: Any) -> LiveSession:
    """Makes a session of that commission, without stories; `changes` are other fields of it. Nothing is stored."""
    live = LiveSession(
        id=new_id(),
        commission=commission.id,
        title="A day in March",
        code=_code(),
        projector=secrets.token_urlsafe(24),
        scenarios=(),
        opened_at=CLOCK.now(),
        stage=commission.stage,
        terms=commission.version,
    )
    return replace(live, **changes)


def a_cast(round_id: str, participant: str, choice: str = "r1", reason: str = "", cast: str = "") -> Cast:
    """Makes a ballot on its way, with an id and randoms of its own."""
    return Cast(round_id, participant, cast or new_id(), choice, reason, new_id(), new_id(), new_id(), CLOCK.now())


async def a_stored_story(
    store: Store, title: str = "T", status: StoryStatus = StoryStatus.SUBMITTED, link: str = ""
) -> Submission:
    """Stores a commission and a story without words in it, and returns the story."""
    commission = a_commission()
    story = Submission(new_id(), commission.id, title, "", status, link=link or new_id())
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.stories.add_story(story)
    return story


async def append_entries(work: Work, commission: Commission, entries: int, action: str = "kept") -> None:
    """Appends as many entries to the record, each a moderator's act on a story of its own that is stored nowhere."""
    for _ in range(entries):
        facts = {"scenario": new_id(), "action": action, "because": None}
        await record_entries.append(work, commission, "moderation action", CLOCK.now(), facts)


async def store_declared_session(
    store: Store, commission: Commission, live: LiveSession, people: Sequence[Participant]
) -> None:
    """Stores a session of a stored commission with its "session opened" entry; people's ids are their devices' too."""
    async with store.begin() as work:
        await work.sessions.add_session(live)
        facts = commissions_and_sessions.opened(live, commission)
        await record_entries.append(work, commission, "session opened", live.opened_at, facts)
        for person in people:
            await work.sessions.join(person, digest(person.id))


async def _add_session(work: Work, session: LiveSession) -> LiveSession:
    """Stores a session, under another code where its own is in use: a property test has more than a hundred rooms."""
    while True:
        try:
            await work.sessions.add_session(session)
        except BadInput:
            session = replace(session, code=_code())
        else:
            return session


async def a_room(
    store: Store, people: Sequence[str | None], *, declared: bool = False, **changes: Any
) -> tuple[LiveSession, list[str]]:
    """Stores a commission and a session with one participant for each group named; returns the session and their ids.

    `declared`: the record has its "session opened", without which no export passes.
    """
    its = {"power", "threshold", "demonstration", "rehearsal", "small_numbers", "second_reader"}
    commission = a_commission(**{k: v for k, v in changes.items() if k in its})
    live = a_session(commission, **{k: v for k, v in changes.items() if k in {"recorded", "scenarios"}})
    participants = [Participant(new_id(), live.id, group, CLOCK.now()) for group in people]
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        live = await _add_session(work, live)
        if declared:
            facts = commissions_and_sessions.opened(live, commission)
            await record_entries.append(work, commission, "session opened", live.opened_at, facts)
        for participant in participants:
            await work.sessions.join(participant, new_id() * 2)
    return live, [p.id for p in participants]


def view_for(screen: str, view: ConsoleView) -> RoomView:
    """Returns the view that a kind of screen is drawn from: consoles alone have the whole of it."""
    return (
        view if screen == "console" else RoomView(**{part.name: getattr(view, part.name) for part in fields(RoomView)})
    )
