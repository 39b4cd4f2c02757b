"""The plan by which a server backs itself up, as the settings say it: folder, when, and how many are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from forum.errors import StartupProblem

_NAME = re.compile(r"forum-(\d{8}T\d{6})Z\.zip")
_STAMP = "%Y%m%dT%H%M%S"


class BackupPlan(msgspec.Struct, frozen=True):
    """A folder, the time of day (in `zone`) or the hours between two backups, and how many of them are kept."""

    folder: Path
    at: time | timedelta
    kept: int
    zone: ZoneInfo

    def due(self, now: datetime) -> datetime:
        """Returns the last moment, up to now, for which there should be a backup. Both are UTC."""
        if isinstance(self.at, timedelta):
            return now - self.at
        here = now.astimezone(self.zone)
        today = here.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        return (today if today <= here else today - timedelta(days=1)).astimezone(UTC)

    def made(self) -> list[tuple[datetime, Path]]:
        """Lists the backups that the folder has by this plan, the newest first, each with its time. Raises OSError."""
        if not self.folder.is_dir():
            return []
        found = [(_NAME.fullmatch(path.name), path) for path in self.folder.iterdir()]
        return sorted(
            ((datetime.strptime(at[1], _STAMP).replace(tzinfo=UTC), path) for at, path in found if at), reverse=True
        )

    def file(self, now: datetime) -> Path:
        """Returns the file of a backup that is made now."""
        return self.folder / f"forum-{now.strftime(_STAMP)}Z.zip"


def backup_plan(raw: Mapping[str, str], zone: ZoneInfo) -> BackupPlan | None:
    """Reads the plan from the settings, None for none. Raises StartupProblem."""
    text, kept = raw["FORUM_BACKUP_AT"], raw["FORUM_BACKUPS_KEPT"]
    if hours := re.fullmatch(r"([1-9][0-9]{0,2})h", text, re.ASCII):
        at: time | timedelta = timedelta(hours=int(hours[1]))
    elif re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        at = time.fromisoformat(text)
    else:
        raise StartupProblem("FORUM_BACKUP_AT must be a time as 02:00, or hours as 6h, not %(value)s.", value=text)
    if not re.fullmatch(r"[1-9][0-9]{0,3}", kept, re.ASCII):
        raise StartupProblem("FORUM_BACKUPS_KEPT must be a number from 1 to 9999, not %(value)s.", value=kept)
    if not raw["FORUM_BACKUPS"]:
        return None
    return BackupPlan(Path(raw["FORUM_BACKUPS"]).expanduser().absolute(), at, int(kept), zone)
