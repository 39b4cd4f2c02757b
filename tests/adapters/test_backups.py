"""Backups that a server makes of itself: when they are due, which are kept, and what is told where none was made."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from support.factories import SetClock

from forum import store as stores
from forum.adapters.backups import ERROR, Backups
from forum.cli import make_folder, signer_of
from forum.services.backup_plan import BackupPlan
from forum.settings import Settings

LONDON = ZoneInfo("Europe/London")
NIGHT = "2026-11-29T02:00:30.000Z"


def plan(folder: Path, at: time | timedelta = time(2), kept: int = 2) -> BackupPlan:
    return BackupPlan(folder, at, kept, LONDON)


@pytest.mark.parametrize(
    ("at", "now", "due"),
    [
        (time(2), "2026-11-29T02:00:00+00:00", "2026-11-29T02:00:00+00:00"),
        (time(2), "2026-11-29T01:59:59+00:00", "2026-11-28T02:00:00+00:00"),
        (time(2), "2026-07-01T01:00:00+00:00", "2026-07-01T01:00:00+00:00"),
        (time(23, 30), "2026-11-29T02:00:00+00:00", "2026-11-28T23:30:00+00:00"),
        (timedelta(hours=6), "2026-11-29T02:00:00+00:00", "2026-11-28T20:00:00+00:00"),
    ],
)
def test_the_last_moment_of_the_plan_is_of_the_local_day(
    tmp_path: Path, at: time | timedelta, now: str, due: str
) -> None:
    assert plan(tmp_path, at).due(datetime.fromisoformat(now)) == datetime.fromisoformat(due)


async def a_server(data: Path, folder: Path, clock: SetClock) -> Backups:
    """Makes data, and what backs it up into a folder, at two, keeping two."""
    settings = Settings.load({"FORUM_BACKUPS": str(folder), "FORUM_BACKUPS_KEPT": "2", "FORUM_DATA": str(data)})
    make_folder(data)
    await stores.migrate(settings.database_url)
    store = await stores.open_store(settings.database_url)
    await signer_of(store, settings)
    await store.close()
    return Backups(settings, clock)


async def test_one_is_made_when_it_is_due_and_the_oldest_go(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"forum-202611{day:02}T020010Z.zip").touch()
    (folder / "forum-mine.zip").touch()
    (folder / ".forum-20261103T020010Z.zip.abcd").touch()  # of one that was killed
    clock = SetClock(NIGHT)
    server = await a_server(tmp_path / "data", folder, clock)
    with capture_logs() as logs:
        await server.look()
        await server.look()
    assert [line["event"] for line in logs] == ["a backup was made"], logs
    kept = ["forum-20261103T020010Z.zip", "forum-20261129T020030Z.zip", "forum-mine.zip"]
    assert sorted(path.name for path in folder.iterdir()) == kept
    assert not (tmp_path / "data" / ERROR).exists()


async def test_one_that_fails_is_told_and_tried_again_in_an_hour(tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    clock = SetClock(NIGHT)
    server = await a_server(tmp_path / "data", tmp_path / "backups", clock)
    with capture_logs() as logs:
        await server.look()
        await server.look()
    assert [line["event"] for line in logs] == ["no backup was made; it is tried again in an hour"]
    assert "File exists" in (tmp_path / "data" / ERROR).read_text()
    (tmp_path / "backups").unlink()
    await server.look()
    assert not (tmp_path / "backups").exists(), "not before an hour has gone"
    clock.move(hours=1, seconds=1)
    await server.look()
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["forum-20261129T030031Z.zip"]
    assert not (tmp_path / "data" / ERROR).exists()


async def test_a_stop_ends_the_one_that_is_being_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()
    start: Callable[..., object] = asyncio.create_subprocess_exec
    endless = (sys.executable, "-c", "import signal; signal.pause()")
    processes = []

    async def started(*_: str, **options: object) -> object:
        # The stubs give create_subprocess_exec one type for each option; these are whatever the server passes.
        processes.append(await start(*endless, **options))  # type: ignore[misc]
        begun.set()
        return processes[-1]

    monkeypatch.setattr("asyncio.create_subprocess_exec", started)
    server = await a_server(tmp_path / "data", tmp_path / "backups", SetClock(NIGHT))
    server.start()
    await begun.wait()
    await server.stop()
    assert [process.returncode for process in processes] == [-9]
    assert not (tmp_path / "data" / ERROR).exists(), "nothing has failed"
