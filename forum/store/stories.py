"""Submitted stories, whatever their status."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.ports import Submission
from forum.store.area import Area, Row, plain
from forum.store.tables import story

_NO_STORY = "There is no such story."


class SqlStories(Area):
    """ports.Stories."""

    async def add(self, new: Submission) -> None:
        """Keeps a new story."""
        await self._link.run(sa.insert(story).values(plain(new)))

    async def get(self, story_id: str) -> Submission:
        """Raises NotFound."""
        return _story(await self._link.one(sa.select(story).where(story.c.id == story_id), _NO_STORY))

    async def by_link(self, link: str) -> Submission:
        """By the SHA-256 of the private link's key. Raises NotFound; a story without a link is found by none."""
        return _story(
            await self._link.one(sa.select(story).where(story.c.link == link, story.c.link != ""), _NO_STORY)
        )

    async def save(self, changed: Submission, expected_status: str) -> None:
        """Raises IllegalMove where the story's status is no longer `expected_status` (somebody was faster)."""
        update = sa.update(story).where(story.c.id == changed.id, story.c.status == expected_status)
        if await self._link.run(update.values(plain(changed))) == 0:
            await self.get(changed.id)
            raise IllegalMove("Somebody else dealt with this story a moment ago. Look at it again.")

    async def of(self, commission: str | None = None, status: str | None = None) -> list[Submission]:
        """Oldest submission first."""
        wanted = sa.select(story).order_by(story.c.seq)
        if commission is not None:
            wanted = wanted.where(story.c.commission == commission)
        if status is not None:
            wanted = wanted.where(story.c.status == status)
        return [_story(row) for row in await self._link.rows(wanted)]


def _story(row: Row) -> Submission:
    return msgspec.convert({**row}, Submission)
