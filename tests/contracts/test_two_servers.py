"""What is done once, with two servers on one PostgreSQL: letters sent, rehearsals ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Database
from support.factories import CLOCK, a_commission, a_session
from support.mail_subscription import BASE, a_mail_desk
from support.smtp_server import server_of

from forum.adapters.smtp import SmtpPost
from forum.live.rooms import Rooms
from forum.rehearsal import elsewhere, playing
from forum.rehearsal.playing import Rehearsals
from forum.services.mail import delivery
from forum.services.mail.delivery import Mailing
from forum.services.sessions import rehearsals
from forum.sessions.rehearsal import Pace, Progress, Rehearsal, RehearsalState
from forum.store import SqlStore, open_store
from forum.web.words.letters import MailLetters


@pytest.fixture
async def both(postgres_database: Database) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Opens one database twice, as two servers do."""
    one, other = await open_store(postgres_database.url), await open_store(postgres_database.url)
    yield one, other
    await one.close()
    await other.close()


async def test_a_letter_that_one_server_is_sending_is_not_sent_by_another(
    both: tuple[SqlStore, SqlStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "AGAIN", 0.02)
    async with a_mail_desk(both[0], tmp_path) as desk:
        desk.office.held = asyncio.Event()
        await desk.ask()
        servers = [
            Mailing(store, desk.clock, SmtpPost(server_of(desk.office.url)), MailLetters(BASE)) for store in both
        ]
        asked = asyncio.Event()
        servers[0].start()
        await desk.office.until(lambda: desk.office.tried > 0)
        monkeypatch.setattr(servers[1], "wake", asked.set)  # what it asks for where it is not its turn
        servers[1].start()
        async with asyncio.timeout(30):
            await asked.wait()
        desk.office.held.set()
        await desk.office.until(lambda: len(desk.office.arrived) > 0)
        for server in servers:
            await server.stop()
        await servers[1]._round()
        assert (desk.office.tried, len(desk.office.arrived)) == (1, 1)


async def test_a_server_that_starts_ends_no_rehearsal_that_another_plays(
    both: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = list[str]()

    async def interrupted(*_: object) -> None:
        ended.append("all")

    monkeypatch.setattr(rehearsals, "interrupted", interrupted)
    one, other = both
    starting = Rehearsals(other, CLOCK, Rooms(other, CLOCK, lambda *_: "", lambda *_: ""), "")
    async with one.job_lock(playing._JOB) as played:
        assert played.granted
        await starting.recover()
        assert not ended
    await starting.recover()
    assert ended == ["all"]


async def test_a_rehearsal_is_seen_and_stopped_at_the_server_that_does_not_play_it(
    both: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "EVERY", 0.02)
    one, other = both
    commission = a_commission()
    live, copy = a_session(commission), a_session(commission)
    played = Rehearsal(copy.id, live.id, 20, False, False, False, Pace.WATCH, CLOCK.now())
    async with one.begin() as work:
        await work.commissions.add_commission(commission)
        for session in (live, copy):
            await work.sessions.add_session(session)
        await work.rehearsals.add_rehearsal(played)
    there = Rehearsals(other, CLOCK, Rooms(other, CLOCK, lambda *_: "", lambda *_: ""), "", shared=True)
    assert await there.running() == played
    assert await there.progress(copy.id) is None
    stopped = asyncio.Event()
    telling = asyncio.create_task(elsewhere.tell(one, copy.id, lambda: Progress(people=20, joined=7), stopped))
    stopping = asyncio.create_task(there.stop(copy.id))
    async with asyncio.timeout(30):
        await stopped.wait()
    assert await there.progress(copy.id) == Progress(people=20, joined=7)
    assert await there.progress(live.id) is None
    async with one.begin() as work:
        await work.rehearsals.save_rehearsal(replace(played, state=RehearsalState.STOPPED))
    async with asyncio.timeout(30):
        await stopping
    assert await there.progress(copy.id) is None
    telling.cancel()
