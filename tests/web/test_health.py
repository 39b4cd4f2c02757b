"""Answers to what watches a server, while the database answers and while it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from support.app import House
from support.factories import CLOCK
from support.faulty_store import WrappedStore
from support.voted_session import FIRST, LABELS, a_vote

from forum.errors import StoreUnavailable
from forum.ports import Work
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.web import health


class Away(WrappedStore):
    """Store whose database refuses every reading, or never answers one where it is `silent`."""

    silent = False

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Refuses, or waits without end."""
        return self._nothing()

    @asynccontextmanager
    async def _nothing(self) -> AsyncIterator[Work]:
        if not self.silent:
            raise StoreUnavailable("The database is away.")
        await asyncio.Event().wait()
        async with self.store.read() as work:
            yield work


async def answers(house: House) -> list[tuple[int, str]]:
    """Asks for both, and returns their status and words."""
    async with house.browser() as browser:
        asked = [await browser.get(path) for path in ("/healthz", "/readyz")]
        heads = [await browser.head(path) for path in ("/healthz", "/readyz")]
    assert [one.status_code for one in heads] == [one.status_code for one in asked]
    assert not any(one.cookies for one in asked)
    return [(one.status_code, one.text) for one in asked]


async def test_a_server_whose_database_answers_is_alive_and_ready(house: House) -> None:
    assert await answers(house) == [(200, "alive\n"), (200, "ready\n")]


@pytest.mark.parametrize("silent", [False, True])
async def test_without_its_database_a_server_is_alive_and_not_ready(
    house: House, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    away = Away(house.store)
    away.silent = silent
    house.app.state.site = replace(house.site, store=away)
    alive, (status, words) = await answers(house)
    assert (alive, status) == ((200, "alive\n"), 503)
    assert "does not answer" in words


def figure(text: str, name: str) -> float:
    """Reads one figure of an answer of /metrics; 0 where it is not in it yet."""
    return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)


TOKEN = "seven-quiet-green-kettles"


async def test_figures_are_for_who_has_the_token_and_count_what_happens(house: House) -> None:
    async with house.browser() as browser:
        assert (await browser.get("/metrics")).status_code == 404
        house.app.state.site = replace(house.site, settings=replace(house.site.settings, metrics_token=TOKEN))
        for wrong in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": TOKEN},
        ):
            refused = await browser.get("/metrics", headers=wrong)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        right = {"Authorization": f"Bearer {TOKEN}"}
        before = (await browser.get("/metrics", headers=right)).text
        voted = await a_vote(house.store, FIRST)
        live, closed = voted.live, voted.rounds[0]
        desk = Desk(house.store, CLOCK)
        asked = (await cues.ask_question(desk, live.id, "And now?", LABELS, none=True)).round
        assert asked is not None
        await facilitation.open_round(desk, live.id, asked.id)
        await browser.post(f"/s/{live.code}/join", data={"group": "g1"})
        for round_id in (asked.id, closed):
            await browser.post(f"/s/{live.code}/vote", data={"round": round_id, "choice": "r1"})
        answer = await browser.get("/metrics", headers=right)
    assert answer.headers["content-type"].startswith("text/plain")
    for name in ("forum_acks_total", 'forum_refused_total{why="closed"}'):
        assert figure(answer.text, name) == figure(before, name) + 1
    assert figure(answer.text, "forum_commit_seconds_count") > figure(before, "forum_commit_seconds_count")
    assert live.id not in answer.text
    assert live.code not in answer.text
