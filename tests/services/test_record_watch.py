"""The nightly check: at start, then once a night, told in the log without words, and given up when the server stops."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from support.changed_rows import change
from support.factories import SetClock
from support.faulty_store import WrappedStore
from support.record_keeper import SIGNER
from support.voted_session import FIRST, a_vote

from forum.errors import StoreUnavailable
from forum.ports import Work
from forum.services.checkpoints import Checkpoints
from forum.services.record_watch import RecordWatch
from forum.store import SqlStore, tables

LONDON = ZoneInfo("Europe/London")


def a_watch(store: SqlStore, clock: SetClock, hour: time | None = time(3)) -> RecordWatch:
    return RecordWatch(Checkpoints(store, SIGNER), clock, hour, LONDON, pause=0)


@pytest.mark.parametrize("at", ["2026-03-01T22:00:00.000Z", "2026-07-01T01:59:00.000Z"])
async def test_it_checks_at_start_and_then_at_its_hour(sqlite_store: SqlStore, at: str) -> None:
    clock = SetClock(at)
    watch = a_watch(sqlite_store, clock)
    await watch.look()
    assert watch.last is not None
    first = watch.last
    assert (first.at, first.findings) == (at, 0)
    # 22:00 in winter is five hours before; 01:59 UTC in summer is a minute before 03:00 in London.
    minutes = 299 if at.startswith("2026-03") else 0
    clock.move(minutes=minutes, seconds=59)
    await watch.look()
    assert watch.last is first
    clock.move(seconds=1)
    await watch.look()
    assert watch.last is not first
    second = watch.last
    clock.move(hours=23, minutes=59)
    await watch.look()
    assert watch.last is second
    clock.move(minutes=1)
    await watch.look()
    assert watch.last is not second


async def test_where_it_is_off_nothing_is_checked(sqlite_store: SqlStore) -> None:
    watch = a_watch(sqlite_store, SetClock(), None)
    await watch.look()
    assert watch.last is None


async def test_what_it_finds_is_logged_by_place_and_nobodys_words_are(sqlite_store: SqlStore) -> None:
    voted = await a_vote(sqlite_store, FIRST, declared=True)
    words = "Who told them in confidence?"
    await change(sqlite_store, tables.round_.c.id == voted.rounds[0], tables.round_, question=words)
    watch = a_watch(sqlite_store, SetClock())
    with capture_logs() as logs:
        await watch.look()
    assert [one["log_level"] for one in logs] == ["error", "error"]
    assert f"table round, row {voted.rounds[0]}, question" in logs[0]["row"]
    assert words not in str(logs)
    assert watch.last is not None
    assert watch.last.findings == logs[1]["rows"] == 1


class AwayStore(WrappedStore):
    """A store whose database is away."""

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Raises StoreUnavailable."""
        raise StoreUnavailable("away")


async def test_a_check_that_could_not_be_made_is_made_at_the_next_look(sqlite_store: SqlStore) -> None:
    clock = SetClock()
    watch = a_watch(sqlite_store, clock)
    watch._checkpoints.store = AwayStore(sqlite_store)
    with pytest.raises(StoreUnavailable):
        await watch.look()
    watch._checkpoints.store = sqlite_store
    await watch.look()
    assert watch.last is not None


async def test_a_check_under_way_is_given_up_when_the_server_stops(sqlite_store: SqlStore) -> None:
    watch = a_watch(sqlite_store, SetClock())
    watch.start()
    await watch.stop()
    assert watch.last is None
