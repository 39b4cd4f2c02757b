"""Giving way to votes: work of many steps waits for its next one while votes are being stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# Seconds, at most, for which the next step waits until votes are stored; and between two looks whether they are.
GIVE_WAY = 0.01
LOOK = 0.001


class GivingWay:
    """Puts the steps of something off while `storing` says that votes are being stored.

    A commit goes to and fro between the event loop and the database, and would wait for a step each time.
    """

    def __init__(self, storing: Callable[[], bool]) -> None:
        self._storing = storing
        self._last = 0.0

    def put_off(self, step: Callable[[], None]) -> bool:
        """Calls a step later and returns true where votes are being stored; returns false where it is its turn now, as
        it is once it has waited for GIVE_WAY."""
        loop = asyncio.get_running_loop()
        waits = self._storing() and loop.time() - self._last < GIVE_WAY
        if waits:
            loop.call_later(LOOK, step)
        return waits

    def done(self) -> None:
        """Notes that a step is done: the next one may have to wait."""
        self._last = asyncio.get_running_loop().time()
