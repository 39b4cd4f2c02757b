"""Stories of every status."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.store.base import Area, Row, having, made, plain
from forum.store.library import keep
from forum.store.tables import commission as commissions
from forum.store.tables import story as table
from forum.stories.submission import StoryStatus, Submission

_NO_STORY = "There is no such story."
PERMISSIONS = ("may_perform", "may_publish", "may_quote")


class SqlStories(Area):
    """The database's stories. The contract is ports.stories.Stories."""

    async def add_story(self, story: Submission) -> bool:
        """Adds a story. Returns False, and stores nothing, where its private link is taken."""
        if not await self._link.add(table, plain(story)):
            return False
        await keep(self._link, story)
        return True

    async def get_story(self, story: str, *, lock: bool = False) -> Submission:
        """Returns a story. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """
        wanted = having(table.c.id)
        if lock:
            # FOR NO KEY UPDATE: writes that only refer to the story go on. SQLite has one writer anyway.
            wanted = wanted.with_for_update(key_share=True)
        return _story(await self._link.one(wanted, _NO_STORY, {"id": story}))

    async def by_link(self, link: str, *, lock: bool = False) -> Submission:
        """Returns the story whose private link has this key (a SHA-256); `lock` as in `get_story`. Raises NotFound."""
        wanted = sa.select(table).where(table.c.link == link, table.c.link != "")
        return _story(await self._link.one(wanted.with_for_update(key_share=True) if lock else wanted, _NO_STORY))

    async def save_story(self, story: Submission, expected_status: str) -> None:
        """Writes everything of a story except its private link and permissions. Raises IllegalMove where its status is
        no longer `expected_status`, or where it would become accepted without its writer's permission to publish.
        """
        update = sa.update(table).where(table.c.id == story.id, table.c.status == expected_status)
        if story.status == StoryStatus.ACCEPTED:
            update = update.where(table.c.may_publish)
        values = plain(story)
        # A link or permission that was changed since the story was read must not be written back.
        for name in ("link", *PERMISSIONS):
            del values[name]
        if await self._link.run(update.values(values)) == 0:
            await self.get_story(story.id)
            raise IllegalMove("Somebody else dealt with this story a moment ago. Look at it again.")
        await keep(self._link, story)

    async def allow(self, story: Submission) -> None:
        """Writes only the three permissions (`may_...`). Raises IllegalMove where the stored status is not that of
        `story`.
        """
        update = sa.update(table).where(table.c.id == story.id, table.c.status == story.status)
        if await self._link.run(update.values({name: getattr(story, name) for name in PERMISSIONS})) == 0:
            await self.get_story(story.id)
            raise IllegalMove("Somebody else dealt with this story a moment ago. Look at it again.")

    async def relink(self, old: str, new: str) -> None:
        """Replaces the private link `old` (a SHA-256) by `new`; "" is no link. Raises NotFound where no story has the
        old one.
        """
        wanted = sa.update(table).where(table.c.link == old, table.c.link != "")
        await self._link.change(wanted.values(link=new), _NO_STORY)

    async def some_stories(self, stories: Collection[str]) -> list[Submission]:
        """Returns these stories in the order in which they are asked for; unknown ids are left out."""
        if not stories:
            return []
        rows = await self._link.rows(sa.select(table).where(self._link.among(table.c.id, list(stories))))
        found = {one.id: one for one in map(_story, rows)}
        return [found[one] for one in stories if one in found]

    async def titles(self, stories: Collection[str]) -> dict[str, str]:
        """Returns the titles of those of these stories that are public, by id."""
        if not stories:
            return {}
        wanted = sa.select(table.c.id, table.c.title).where(self._link.among(table.c.id, list(stories)))
        return {
            row["id"]: row["title"]
            for row in await self._link.rows(wanted.where(table.c.status == StoryStatus.ACCEPTED))
        }

    async def public_of(self, commission: str) -> dict[str, tuple[str, str | None]]:
        """Returns the title and the group of the writer of each public story of a commission, by its id."""
        here = (table.c.commission == commission, table.c.status == StoryStatus.ACCEPTED)
        wanted = sa.select(table.c.id, table.c.title, table.c.told_by).where(*here)
        return {
            row["id"]: (row["title"], row["told_by"]) for row in await self._link.rows(wanted.order_by(table.c.seq))
        }

    async def newest_public(self, most: int) -> list[Submission]:
        """Returns the newest public stories, newest first; none of a rehearsal or a draft."""
        shown = sa.select(commissions.c.id).where(sa.not_(commissions.c.rehearsal), sa.not_(commissions.c.draft))
        wanted = sa.select(table).where(table.c.status == StoryStatus.ACCEPTED, table.c.commission.in_(shown))
        return [_story(row) for row in await self._link.rows(wanted.order_by(table.c.seq.desc()).limit(most))]

    async def list_stories(
        self, commission: str | None = None, status: str | None = None, newest: int | None = None
    ) -> list[Submission]:
        """Returns stories, oldest first; only those of a commission or with a status where given, and only so many of
        the newest."""
        wanted = sa.select(table).order_by(table.c.seq if newest is None else table.c.seq.desc())
        if commission is not None:
            wanted = wanted.where(table.c.commission == commission)
        if status is not None:
            wanted = wanted.where(table.c.status == status)
        if newest is not None:
            wanted = wanted.limit(newest)
        found = [_story(row) for row in await self._link.rows(wanted)]
        return found if newest is None else found[::-1]

    async def queue(
        self,
        within: Collection[str] | None,
        *,
        status: str | None = None,
        only: Collection[str] | None = None,
        but: Collection[str] = (),
        start: int = 0,
        most: int | None = None,
    ) -> tuple[list[Submission], int]:
        """Returns a page of stories, those sent first first, and how many there are; see ports.stories.Stories."""
        which = [] if status is None else [table.c.status == status]
        which += [] if within is None else [self._link.among(table.c.commission, within)]
        which += [] if only is None else [self._link.among(table.c.id, only)]
        which += [sa.not_(self._link.among(table.c.id, but))] if but else []
        [counted] = await self._link.rows(sa.select(sa.func.count().label("number")).select_from(table).where(*which))
        wanted = sa.select(table).where(*which).order_by(table.c.submitted_at, table.c.seq).offset(start).limit(most)
        rows = await self._link.rows(wanted)
        return [_story(row) for row in rows], int(counted["number"])

    async def revised(self) -> list[Submission]:
        """Returns the accepted stories with a new version that waits for a moderator, the longest waiting first."""
        wanted = sa.select(table).where(table.c.status == StoryStatus.ACCEPTED, table.c.revision != "")
        return [_story(row) for row in await self._link.rows(wanted.order_by(table.c.revised_at, table.c.seq))]


def _story(row: Row) -> Submission:
    return made(row, Submission)
