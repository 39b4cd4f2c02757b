"""Backups that a server makes of itself by its plan: `forum backup` as a process of its own, after all others."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from forum.adapters import machine
from forum.ports.clock import Clock
from forum.services.backup_plan import BackupPlan
from forum.services.periodic import Periodic
from forum.settings import Settings

EVERY = 60.0  # seconds between two looks whether it is time
AGAIN = timedelta(hours=1)  # after one that failed
LATE = timedelta(hours=3)  # for a backup that is being made, or was tried again
ERROR = "last_backup_error"  # the file in the data folder that says why the last one failed; gone once one did not
_PACKAGE = Path(__file__).parents[2]

log = structlog.get_logger()


class BackupState(msgspec.Struct, frozen=True):
    """State of the backups in the plan's folder: the newest with its time (None for none) and how many there are; why
    and when the last try failed ("" where it did not), and True where one should have been there for long."""

    newest: tuple[datetime, Path] | None
    number: int
    why: str
    failed_at: str
    late: bool

    @property
    def in_trouble(self) -> bool:
        """Tells whether somebody has to look after it."""
        return bool(self.why) or self.late


def state_of(settings: Settings, now: datetime) -> BackupState | None:
    """Looks at the backups that a plan should have made by now (UTC); None where there is no plan. Raises OSError."""
    plan, error = settings.backups, settings.data / ERROR
    if plan is None:
        return None
    made = plan.made()
    failed_at, _, why = error.read_text("utf-8").partition(" ") if error.exists() else ("", "", "")
    late = bool(made) and made[0][0] < plan.due(now) - LATE
    return BackupState(made[0] if made else None, len(made), why, failed_at, late)


class Backups:
    """Backups of one server, one after another; none where its settings have no plan, or while this process may
    not: of several on one database one makes them.
    """

    def __init__(self, settings: Settings, clock: Clock, may: Callable[[], bool] = lambda: True) -> None:
        self._settings = settings
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._not_before: datetime | None = None
        self._looks = Periodic(self.look, EVERY, _failed, may)

    def start(self) -> None:
        """Starts the task, where there is a plan."""
        if self._settings.backups is not None:
            self._looks.start()

    async def stop(self) -> None:
        """Ends the task; a backup that is being made is given up."""
        self._looks.stopping = True
        self._kill()
        await self._looks.stop()

    async def look(self) -> None:
        """Makes a backup where it is time, and deletes those that are more than the plan keeps."""
        plan = self._settings.backups
        now = datetime.fromisoformat(self._clock.now())
        if plan is None or self._ending() or (self._not_before is not None and now < self._not_before):
            return
        if await asyncio.to_thread(_is_there, plan, now):
            return
        self._not_before = now + AGAIN
        why = await self._made(plan, plan.file(now))
        if self._ending():
            return
        await asyncio.to_thread(_tell, self._settings.data / ERROR, f"{self._clock.now()} {why}" if why else "")
        if why:
            log.error("no backup was made; it is tried again in an hour", why=why)
            return
        self._not_before = None
        log.info("a backup was made", file=plan.file(now).name)
        await asyncio.to_thread(_tidy, plan)

    async def _made(self, plan: BackupPlan, file: Path) -> str:
        """Makes a backup. Returns why it could not be made, "" where it was."""
        try:
            await asyncio.to_thread(plan.folder.mkdir, 0o700, parents=True, exist_ok=True)
        except OSError as error:
            return f"{plan.folder}: {error.strerror}"
        paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        settings = {"FORUM_DATABASE_URL": self._settings.database_url, "PYTHONPATH": os.pathsep.join(paths)}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "forum", "backup", str(file), "--data", str(self._settings.data)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | settings,
        )
        try:
            machine.give_way_to_others(self._process.pid)
            if self._ending():
                self._kill()
            _, said = await self._process.communicate()
        finally:
            self._kill()
            await asyncio.to_thread(_clear, plan.folder, f".{file.name}.*")
        lines = said.decode(errors="replace").strip().splitlines()
        return "" if self._process.returncode == 0 else (lines or [f"it ended with {self._process.returncode}"])[-1]

    def _ending(self) -> bool:
        return self._looks.stopping

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()


def _is_there(plan: BackupPlan, now: datetime) -> bool:
    """Returns whether there is a backup for the last moment of the plan."""
    made = plan.made()
    return bool(made) and made[0][0] >= plan.due(now)


def _tell(file: Path, why: str) -> None:
    if why:
        machine.replace_file(file, why.encode())
    else:
        file.unlink(missing_ok=True)


def _tidy(plan: BackupPlan) -> None:
    """Deletes backups that are more than are kept, and what one that was killed left."""
    for _, path in plan.made()[plan.kept :]:
        path.unlink(missing_ok=True)
    _clear(plan.folder, ".forum-*Z.zip.*")


def _clear(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _failed(error: Exception) -> None:
    log.error("no backup was made", exc_info=error)
