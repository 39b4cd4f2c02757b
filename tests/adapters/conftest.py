"""Fixture of the tests of processes: the moment at which one has started."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Returns an event that is set as soon as a process has started."""
    event = asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def starting(*command: Any, **how: Any) -> asyncio.subprocess.Process:
        process = await start(*command, **how)
        event.set()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    return event
