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
    return all(path in there and _kept(text, there[path]) for path, text in fields(before))


def _kept(before: str, after: str) -> bool:
    """Whether a text is still there, all but _TRIMMED of it: what is longer can be another text altogether."""
    if after.startswith(before):
        return True
    begin = _alike(before, after)
    return begin + _alike(before[begin:][::-1], after[begin:][::-1]) >= len(before) - _TRIMMED


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    both = min(len(one), len(other))
    return next((at for at in range(both) if one[at] != other[at]), both)


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)
