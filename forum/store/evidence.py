"""Evidence beside stories. Files' content has a table of its own, so that lists never read it."""

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
    """The database's evidences. The contract is ports.stories.Evidences."""

    async def add_evidence(self, item: Evidence, content: bytes = b"") -> None:
        """Adds a link, or a file with its content. Raises BadInput(field="item") where the id is taken."""
        if not await self._link.add(items, plain(item)):
            raise BadInput("This form was used before. Open the page again and send it once more.", field="item")
        if content:
            await self._link.run(sa.insert(contents).values(evidence=item.id, content=content))

    async def get_evidence(self, item: str) -> Evidence:
        """Returns a piece of evidence without its content. Raises NotFound."""
        return _item(await self._link.one(sa.select(items).where(items.c.id == item), _NOTHING))

    async def content(self, item: str) -> bytes:
        """Returns a file's bytes. Raises NotFound for a link, and for a file that is no longer kept."""
        wanted = sa.select(contents.c.content).where(contents.c.evidence == item)
        return bytes((await self._link.one(wanted, _NOTHING))["content"])

    async def list_evidence(self, story: str) -> list[Evidence]:
        """Returns the evidence of a story in the order it was added."""
        rows = await self._link.rows(having(items.c.story, order=items.c.seq), {"story": story})
        return [_item(row) for row in rows]

    async def waiting(self) -> Mapping[str, int]:
        """Returns how many pieces wait for a moderator, by story id; the longest waiting story first."""
        counted = sa.select(items.c.story, sa.func.count().label("number")).where(
            items.c.shown_at == "", items.c.declined_at == ""
        )
        rows = await self._link.rows(counted.group_by(items.c.story).order_by(sa.func.min(items.c.seq)))
        return {row["story"]: row["number"] for row in rows}

    async def save_evidence(self, item: Evidence, before: Evidence) -> None:
        """Writes changed evidence; declined evidence loses its content and url. Raises IllegalMove where it was shown
        or declined since `before` was read.
        """
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
        """Deletes one piece of evidence with its content."""
        await self._link.run(sa.delete(contents).where(contents.c.evidence == item))
        await self._link.run(sa.delete(items).where(items.c.id == item))

    async def erase_story(self, story: str) -> None:
        """Deletes all evidence of a story with its content."""
        its = sa.select(items.c.id).where(items.c.story == story)
        await self._link.run(sa.delete(contents).where(contents.c.evidence.in_(its)))
        await self._link.run(sa.delete(items).where(items.c.story == story))


def _item(row: Row) -> Evidence:
    return made(row, Evidence)
