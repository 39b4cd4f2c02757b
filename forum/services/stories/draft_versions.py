"""Keeps the versions of a draft, in the unit of work that changes it.

One browser's writing over ten minutes is one version, so that a list of them can be read; but never where something
was taken out, and never across somebody else's writing: every text that somebody else could miss stays in a version.

Where there are many they are thinned, so that nobody fills the disk by saving: of what one browser wrote and wrote over
itself one stays for each minute of the last hour, each hour of the last day, and each day. Beyond MOST_BYTES a story
the same is done to all others but those that were public, and then the oldest go. The store keeps most of them as what
they changed, so that a version takes what its writer wrote and not the whole story once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from forum.ports import Work
from forum.stories.draft import Draft, fields
from forum.stories.draft_delta import alike
from forum.stories.submission import BROUGHT_BACK, PUBLISHED, WRITTEN, Kept, Version

_SITTING = timedelta(minutes=10)
FEW = 20  # so many are never thinned
EACH = 10  # new versions after which it is looked whether there are too many
MOST_BYTES = 4 * 1024 * 1024
LEAST = 2048  # bytes that a version counts for
_TRIMMED = 20  # characters of a field that may go without a version of their own


async def keep(work: Work, story: str, draft: Draft, at: str, kind: str, by: str = "") -> Version:
    """Keeps the draft as a version of `kind` (ports.VERSIONS), written by `by`; returns it."""
    last = await work.drafts.last_version(story)
    version = Version(story, last.number + 1 if last else 1, at, kind, draft, by)
    if last and _goes_on(last, version):
        version = Version(story, last.number, last.at, kind, draft, by)
    await work.drafts.put_version(version)
    if version.number > FEW and version.number % EACH == 0:
        await thin(work, story, at)
    return version


async def thin(work: Work, story: str, at: str) -> None:
    """Drops the versions of a story that are too many at this time (`dropped`)."""
    history = await work.drafts.history(story)
    # What leans on a version that goes takes more afterwards: it is looked again, until nothing is too much.
    while gone := dropped(history, _counted(await work.drafts.sizes(story)), at):
        await work.drafts.drop_versions(story, gone)
        history = [one for one in history if one.number not in gone]


def _counted(sizes: Mapping[int, int]) -> dict[int, int]:
    """What versions count for: a small one too, so that there are MOST_BYTES / LEAST of them at most."""
    return {number: max(LEAST, size) for number, size in sizes.items()}


def dropped(history: Sequence[Kept], sizes: Mapping[int, int], at: str) -> set[int]:
    """The numbers of the versions that need not be kept. `history` is oldest first, `sizes` are bytes by number.

    The newest is always kept, and so is every one that was public. A version that somebody else went on from holds
    words that its writer could miss: it goes only where the story's versions are larger than MOST_BYTES together.
    """
    now = _time(at)
    gone = _too_close(history, now, {one.number for one, after in pairwise(history) if _own(one, after)})
    left = [one for one in history if one.number not in gone]
    others = {one.number for one in left[:-1] if one.kind != PUBLISHED}
    if sum(sizes[one.number] for one in left) > MOST_BYTES:
        gone |= _too_close(left, now, others)
    total = sum(size for number, size in sizes.items() if number not in gone)
    for one in history:
        if total > MOST_BYTES and one.number in others - gone:
            gone.add(one.number)
            total -= sizes[one.number]
    return gone


def _own(version: Kept, after: Kept) -> bool:
    """Whether whatever went between two versions was taken out by its own writer, word by word.

    Who brings an earlier version back counts on finding the present one again: that is no taking out.
    """
    same = bool(version.by) and version.by == after.by
    return same and (version.kind, after.kind) in {(WRITTEN, WRITTEN), (BROUGHT_BACK, WRITTEN), (BROUGHT_BACK,) * 2}


def _too_close(history: Sequence[Kept], now: datetime, may_go: Collection[int]) -> set[int]:
    """Those that may go and have a later one in the same minute (of the last hour), hour (of the last day), or day."""
    taken: set[str] = set()
    gone = set()
    for one in reversed(history):
        age = now - _time(one.at)
        # A time is written as 2026-11-28T11:46:02: as far as the minute, the hour, the day.
        span = one.at[: 16 if age < timedelta(hours=1) else 13 if age < timedelta(days=1) else 10]
        if span in taken and one.number in may_go:
            gone.add(one.number)
        taken.add(span)
    return gone


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
    begin = alike(before, after)
    return begin + alike(before[begin:][::-1], after[begin:][::-1]) >= len(before) - _TRIMMED


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)
