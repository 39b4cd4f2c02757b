"""Evidence beside stories. The content of files has a table of its own: lists never read it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from forum.errors import BadInput, IllegalMove
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import evidence as items
from forum.store.tables import evidence_file as contents
from forum.stories.moderation import Evidence

_NOTHING = "There is nothing at this address."


class SqlEvidence(Area):
    """ports.Evidences."""

    async def add_evidence(self, item: Evidence, content: bytes = b"") -> None:
        """Keeps a piece of evidence, with its content where it is a file. Raises BadInput for a known id."""
        if not await self._link.add(items, plain(item)):
            raise BadInput("This form was used before. Open the page again and send it once more.", field="item")
        if content:
            await self._link.run(sa.insert(contents).values(evidence=item.id, content=content))

    async def get_evidence(self, item: str) -> Evidence:
        """Raises NotFound."""
        return _item(await self._link.one(sa.select(items).where(items.c.id == item), _NOTHING))

    async def content(self, item: str) -> bytes:
        """A file's bytes. Raises NotFound for a link, and for a file that is no longer kept."""
        wanted = sa.select(contents.c.content).where(contents.c.evidence == item)
        return bytes((await self._link.one(wanted, _NOTHING))["content"])

    async def list_evidence(self, story: str) -> list[Evidence]:
        """Of one story, in the order in which it was added."""
        rows = await self._link.rows(having(items.c.story, order=items.c.seq), {"story": story})
        return [_item(row) for row in rows]

    async def waiting(self) -> Mapping[str, int]:
        """How many pieces no moderator has dealt with, by story; the story that waits longest first."""
        counted = sa.select(items.c.story, sa.func.count().label("number")).where(
            items.c.shown_at == "", items.c.declined_at == ""
        )
        rows = await self._link.rows(counted.group_by(items.c.story).order_by(sa.func.min(items.c.seq)))
        return {row["story"]: row["number"] for row in rows}

    async def save_evidence(self, item: Evidence, before: Evidence) -> None:
        """Raises IllegalMove where it is no longer as `before`. What was declined loses its content and its link."""
        update = sa.update(items).where(
            items.c.id == item.id, items.c.shown_at == before.shown_at, items.c.declined_at == before.declined_at
        )
        values = plain(item) | ({"url": ""} if item.declined_at else {})
        if await self._link.run(update.values(values)) == 0:
            await self.get_evidence(item.id)
            raise IllegalMove("Somebody else dealt with this a moment ago. Look at it again.")
        if item.declined_at:
            await self._link.run(sa.delete(contents).where(contents.c.evidence == item.id))

    async def remove_evidence(self, item: str) -> None:
        """Deletes one, content and all."""
        await self._link.run(sa.delete(contents).where(contents.c.evidence == item))
        await self._link.run(sa.delete(items).where(items.c.id == item))

    async def erase_story(self, story: str) -> None:
        """Deletes all of a story."""
        its = sa.select(items.c.id).where(items.c.story == story)
        await self._link.run(sa.delete(contents).where(contents.c.evidence.in_(its)))
        await self._link.run(sa.delete(items).where(items.c.story == story))


def _item(row: Row) -> Evidence:
    return made(row, Evidence)
