"""Story that somebody wants to be told of by e-mail: real store, real mail server, a clock set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forum.adapters.smtp import SmtpPost
from forum.ports.mail import Subscription
from forum.services.mail import subscriptions
from forum.services.mail.delivery import Mailing
from forum.services.sessions import cues, facilitation
from forum.services.sessions import desk as acts
from forum.services.stories import moderation, submissions
from forum.store import SqlStore
from forum.stories.scenario_twee import parse
from forum.stories.submission import Submission
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision, DecisionOutcome
from forum.web.words.letters import MailLetters
from support.app import a_sent_story
from support.factories import SetClock, a_commission, a_session, new_id
from support.smtp_server import Arrived, PostOffice, server_of

ADA = "ada@reader.test"
BASE = "https://forum.example.org"
MO = new_id()


@dataclass
class MailDesk:
    """Story somebody wants to be told of, the mail server, and the task between them, run one round at a time."""

    store: SqlStore
    path: Path
    clock: SetClock
    office: PostOffice
    mailing: Mailing
    commission: Commission
    story: Submission
    key: str

    async def ask(self, address: str = ADA, **more: Any) -> None:
        """Leaves an address."""
        await subscriptions.ask(self.store, self.clock, self.key, address, **more)
        self.clock.move(seconds=1)

    async def stored(self) -> Subscription | None:
        """Returns the stored subscription of the story, or None."""
        async with self.store.read() as work:
            return await work.mail.get_subscription(self.story.id)

    async def subscription(self) -> Subscription:
        """Returns the stored subscription, which must be there."""
        there = await self.stored()
        assert there is not None
        return there

    async def confirm(self, address: str = ADA) -> str:
        """Leaves an address, and opens the link of the mail that came; returns the key in it."""
        await self.ask(address)
        await self.mailing.once()
        there = await self.subscription()
        assert there.key in self.office.arrived[-1].text
        await subscriptions.confirm(self.store, self.clock, there.key)
        return there.key

    async def moderate(self, action: str, because: str = "Please use no names.") -> None:
        """Does a moderator's act on the story."""
        async with self.store.read() as work:
            status = (await work.stories.get_story(self.story.id)).status
        await moderation.moderate(
            self.store, self.clock, self.story.id, action, because=because, expected_status=status, by=MO
        )

    async def decide(self, *days: str) -> None:
        """Plays the story in a session, votes on it and records a decision, with a commitment by each of these days."""
        live = a_session(self.commission, scenarios=(self.story.id,), opened_at=self.clock.now())
        async with self.store.begin() as work:
            await work.sessions.add_session(live)
        desk = acts.Desk(self.store, self.clock)
        round_ = (await cues.put_question(desk, live.id, self.story.id, parse(self.story.twee).decisions[0].name)).round
        assert round_ is not None
        for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
            await act(desk, live.id, round_.id)
        id_ = new_id()
        promises = tuple(Commitment(new_id(), id_, "The trust", "Hire velvet anvils", day) for day in days)
        decision = Decision(
            id_,
            self.commission.id,
            (round_.id,),
            DecisionOutcome.ADOPTED,
            "r2",
            "It works with anvils.",
            decided_at=self.clock.now(),
            commitments=promises,
        )
        async with self.store.begin() as work:
            await work.decisions.add_decision(decision)

    async def run_rounds(self, number: int = 1, **each: float) -> None:
        """Runs so many rounds of the mail task, moving the clock by `each` (timedelta's arguments) before every one."""
        for _ in range(number):
            self.clock.move(**each)
            await self.mailing.once()

    @property
    def letters(self) -> list[Arrived]:
        """Returns the letters that arrived after the one that asks to confirm."""
        return self.office.arrived[1:]

    def words_in_files(self, *words: str) -> set[str]:
        """Returns those of the words that stand in any byte of the database's files."""
        data = b"".join(file.read_bytes() for file in self.path.parent.glob("forum.db*"))
        return {word for word in words if word.encode() in data}


@asynccontextmanager
async def a_mail_desk(store: SqlStore, folder: Path) -> AsyncIterator[MailDesk]:
    """Stores a story in an empty store, whose file is in `folder`, and runs a mail server beside it."""
    clock = SetClock("2026-03-01T12:00:00.000Z")
    commission = a_commission(threshold=5, created_at=clock.now())
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await submissions.submit(store, clock, commission.id, a_sent_story("The velvet knock"))
    async with PostOffice() as office:
        sends = Mailing(store, clock, SmtpPost(server_of(office.url)), MailLetters(BASE))
        yield MailDesk(store, folder / "forum.db", clock, office, sends, commission, story, key)
