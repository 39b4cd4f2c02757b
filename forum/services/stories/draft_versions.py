"""Keeps the versions of a draft, in the unit of work that changes it.

Ten minutes of writing in one browser make one version, so that people can read the list of them. A new version begins
where words were taken out, and where somebody else goes on writing, so that every text that somebody could miss stays
in a version.

Where a story has many versions they are thinned, so that saving cannot fill the disk: of those that one browser wrote
and overwrote itself, one stays for each minute of the last hour, each hour of the last day, and each day before. A
story with more than MOST_BYTES of versions loses others in the same way, except those that were public, and then the
oldest. The store keeps most versions as differences, so that one takes as much as its writer wrote and not the size
of the story.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from forum.ports import Work
from forum.stories.draft import Draft, fields
from forum.stories.draft_delta import alike
from forum.stories.submission import Kept, Version, VersionKind

_SITTING = timedelta(minutes=10)
FEW = 20  # versions of a story that are never thinned
EACH = 10  # new versions between two looks at whether there are too many
MOST_BYTES = 4 * 1024 * 1024
LEAST = 2048  # bytes that a version counts for at least
_TRIMMED = 20  # characters of a field that may be lost without a new version


async def keep(work: Work, story: str, draft: Draft, at: str, kind: VersionKind, by: str = "") -> Version:
    """Keeps the draft as a version of `kind`, written by the browser `by`, and returns it; a
    sitting that goes on replaces its own last version."""
    last = await work.drafts.last_version(story)
    version = Version(story, last.number + 1 if last else 1, at, kind, draft, by)
    if last and _goes_on(last, version):
        version = Version(story, last.number, last.at, kind, draft, by)
    await work.drafts.put_version(version)
    if version.number > FEW and version.number % EACH == 0:
        await thin(work, story, at)
    return version


async def thin(work: Work, story: str, at: str) -> None:
    """Drops the versions of a story that `dropped` names at this time."""
    history = await work.drafts.history(story)
    # A version that leans on a dropped one takes more bytes afterwards, so it is counted again until nothing is too
    # much.
    while gone := dropped(history, _counted(await work.drafts.sizes(story)), at):
        await work.drafts.drop_versions(story, gone)
        history = [version for version in history if version.number not in gone]


def _counted(sizes: Mapping[int, int]) -> dict[int, int]:
    """Returns the bytes that each version counts for, LEAST at least, so that there are at most MOST_BYTES / LEAST
    of them."""
    return {number: max(LEAST, size) for number, size in sizes.items()}


def dropped(history: Sequence[Kept], sizes: Mapping[int, int], at: str) -> set[int]:
    """Returns the numbers of the versions that need not be kept. `history` is oldest first, `sizes` are bytes by
    number.

    The newest is always kept, and so is every one that was public. A version from which somebody else went on holds
    words that its writer could miss: it goes only where the versions together are larger than MOST_BYTES.
    """
    now = _time(at)
    gone = _too_close(history, now, {version.number for version, after in pairwise(history) if _own(version, after)})
    left = [version for version in history if version.number not in gone]
    others = {version.number for version in left[:-1] if version.kind != VersionKind.PUBLISHED}
    if sum(sizes[version.number] for version in left) > MOST_BYTES:
        gone |= _too_close(left, now, others)
    total = sum(size for number, size in sizes.items() if number not in gone)
    for version in history:
        if total > MOST_BYTES and version.number in others - gone:
            gone.add(version.number)
            total -= sizes[version.number]
    return gone


def _own(version: Kept, after: Kept) -> bool:
    """Tells whether only one writer's own changes lie between two versions, so that the earlier one can be missed.

    Bringing an earlier version back is no such change: its writer counts on finding the present one again.
    """
    same = bool(version.by) and version.by == after.by
    return same and (version.kind, after.kind) in {
        (VersionKind.WRITTEN, VersionKind.WRITTEN),
        (VersionKind.BROUGHT_BACK, VersionKind.WRITTEN),
        (VersionKind.BROUGHT_BACK,) * 2,
    }


def _too_close(history: Sequence[Kept], now: datetime, may_go: Collection[int]) -> set[int]:
    """Returns the numbers among `may_go` that have a later version in the same minute (in the last hour), hour (in
    the last day), or day."""
    taken: set[str] = set()
    gone = set()
    for version in reversed(history):
        age = now - _time(version.at)
        # A time is written as 2026-11-28T11:46:02; this cuts it after the minute, the hour or the day.
        span = version.at[: 16 if age < timedelta(hours=1) else 13 if age < timedelta(days=1) else 10]
        if span in taken and version.number in may_go:
            gone.add(version.number)
        taken.add(span)
    return gone


def _goes_on(last: Version, new: Version) -> bool:
    """Tells whether a version continues the same writer's sitting in the last one, with nothing taken out."""
    same = last.kind == new.kind == VersionKind.WRITTEN and last.by and last.by == new.by
    return bool(same) and _time(new.at) - _time(last.at) < _SITTING and _only_grew(last.draft, new.draft)


def _only_grew(before: Draft, after: Draft) -> bool:
    """Tells whether every text of `before` is still in the same field of `after` (`_kept`)."""
    there = dict(fields(after))
    return all(path in there and _kept(text, there[path]) for path, text in fields(before))


def _kept(before: str, after: str) -> bool:
    """Tells whether a text is still there, but for at most _TRIMMED characters; a longer text can be quite another
    one."""
    if after.startswith(before):
        return True
    begin = alike(before, after)
    return begin + alike(before[begin:][::-1], after[begin:][::-1]) >= len(before) - _TRIMMED


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)
