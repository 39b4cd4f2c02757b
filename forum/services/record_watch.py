"""Checks the whole database against the record, at the start of a server and every night; remembers what it found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from forum.ports import Work
from forum.ports.clock import Clock
from forum.services import record_check
from forum.services.checkpoints import Checkpoints
from forum.services.periodic import Periodic
from forum.services.record_agreement import Agreement
from forum.sessions.local_time import local

EVERY = 60.0  # seconds between two looks whether it is time
PAUSE = 0.05  # seconds between two pieces, in which everything else has its turn
_LAST = "record_checked"  # the fact in which the last check is kept, for every process
MOST_TOLD = 20  # findings that are logged one by one

log = structlog.get_logger()


@dataclass(frozen=True)
class Checked:
    """The last whole check: when it ended, how many entries there were, and how many rows do not agree with them."""

    at: str
    entries: int
    findings: int


class RecordWatch:
    """The check of one store, each day at `hour` (local time in `zone`) and at start; never where `hour` is None. Of
    several processes on one database one `may` check, and all know what it found.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        clock: Clock,
        hour: time | None,
        zone: ZoneInfo,
        pause: float = PAUSE,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self.last: Checked | None = None  # the last that this process made
        self._checkpoints = checkpoints
        self._clock = clock
        self._hour = hour
        self._zone = zone
        self._pause = pause
        self._due: datetime | None = None
        self._looks = Periodic(self.look, EVERY, _failed, may)

    def start(self) -> None:
        """Starts the task, and with it the first check."""
        self._looks.start()

    async def stop(self) -> None:
        """Ends the task; a check that is under way is given up after its piece."""
        await self._looks.stop()

    async def look(self) -> None:
        """Checks everything where it is time; logs what does not agree, without anybody's words. Raises
        StoreUnavailable; the check is then made at the next look."""
        now = local(self._clock.now(), self._zone)
        if self._hour is None or (self._due is not None and now < self._due):
            return
        progress = record_check.Progress()
        async for so_far in record_check.check(self._checkpoints):
            progress = so_far
            if self._looks.stopping:
                return
            await asyncio.sleep(self._pause)
        # Each page is held against the record anew, and so against rows, too, that it has in memory or does not show.
        async with self._checkpoints.store.read() as work:
            work.remembered.forget(Agreement)
        self._due = _next(now, self._hour)
        self.last = found = Checked(self._clock.now(), progress.entries, len(progress.findings))
        async with self._checkpoints.store.begin() as work:
            await work.facts.set_fact(_LAST, json.dumps(asdict(found)))
        for finding in progress.findings[:MOST_TOLD]:
            log.error("a row does not agree with the record", row=finding.place)
        if progress.findings:
            log.error("the database does not agree with the record; see forum record check", rows=found.findings)


async def last_check(work: Work) -> Checked | None:
    """Returns the last whole check that any process of this database made; None before the first."""
    found = await work.facts.get_fact(_LAST)
    return Checked(**json.loads(found)) if found else None


def _next(now: datetime, hour: time) -> datetime:
    """Returns the next moment at which a clock shows this hour."""
    at = now.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


def _failed(error: Exception) -> None:
    log.error("the record was not checked", exc_info=error)
