"""Keeps the versions of a draft, in the unit of work that changes it.

One browser's writing over ten minutes is one version, so that a list of them can be read; but never where something
was taken out, and never across somebody else's writing: every text that somebody else could miss stays in a version.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forum.draft import Draft, fields
from forum.ports import WRITTEN, Version, Work

_SITTING = timedelta(minutes=10)
_TRIMMED = 20  # characters of a field that may go without a version of their own


async def keep(work: Work, story: str, draft: Draft, at: str, kind: str, by: str = "") -> Version:
    """Keeps the draft as a version of `kind` (ports.VERSIONS), written by `by`; returns it."""
    last = await work.drafts.last_version(story)
    version = Version(story, last.number + 1 if last else 1, at, kind, draft, by)
    if last and _goes_on(last, version):
        version = Version(story, last.number, last.at, kind, draft, by)
    await work.drafts.put_version(version)
    return version


def _goes_on(last: Version, new: Version) -> bool:
    """Whether a version is the same sitting of the same writer as the last one, with nothing taken out."""
    same = last.kind == new.kind == WRITTEN and last.by and last.by == new.by
    return bool(same) and _time(new.at) - _time(last.at) < _SITTING and _only_grew(last.draft, new.draft)


def _only_grew(before: Draft, after: Draft) -> bool:
    there = dict(fields(after))
    return all(path in there and len(there[path]) >= len(text) - _TRIMMED for path, text in fields(before))


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)
