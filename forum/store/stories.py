"""Submitted stories, whatever their status."""

from __future__ import annotations

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.ports import Submission
from forum.store.area import Area, Row, made, plain
from forum.store.tables import story as stories

_NO_STORY = "There is no such story."


class SqlStories(Area):
    """ports.Stories."""

    async def add(self, story: Submission) -> None:
        """Keeps a new story."""
        await self._link.run(sa.insert(stories).values(plain(story)))

    async def get(self, story: str) -> Submission:
        """Raises NotFound."""
        return _story(await self._link.one(sa.select(stories).where(stories.c.id == story), _NO_STORY))

    async def by_link(self, link: str) -> Submission:
        """By the SHA-256 of the private link's key. Raises NotFound; a story without a link is found by none."""
        return _story(
            await self._link.one(sa.select(stories).where(stories.c.link == link, stories.c.link != ""), _NO_STORY)
        )

    async def save(self, story: Submission, expected_status: str) -> None:
        """Raises IllegalMove where the story's status is no longer `expected_status` (somebody was faster)."""
        update = sa.update(stories).where(stories.c.id == story.id, stories.c.status == expected_status)
        if await self._link.run(update.values(plain(story))) == 0:
            await self.get(story.id)
            raise IllegalMove("Somebody else dealt with this story a moment ago. Look at it again.")

    async def of(self, commission: str | None = None, status: str | None = None) -> list[Submission]:
        """Oldest submission first."""
        wanted = sa.select(stories).order_by(stories.c.seq)
        if commission is not None:
            wanted = wanted.where(stories.c.commission == commission)
        if status is not None:
            wanted = wanted.where(stories.c.status == status)
        return [_story(row) for row in await self._link.rows(wanted)]


def _story(row: Row) -> Submission:
    return made(row, Submission)
