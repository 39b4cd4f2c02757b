"""Answers to what watches a server, while the database answers and while it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from support.app import House
from support.faulty_store import WrappedStore

from forum.errors import StoreUnavailable
from forum.ports import Work
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
