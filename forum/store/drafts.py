"""Drafts of stories with their versions, and what others suggest for them."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.draft import Draft
from forum.errors import IllegalMove
from forum.ports import Kept, Suggestion, Version
from forum.store.area import Area, Row, made, plain
from forum.store.tables import draft as drafts
from forum.store.tables import suggestion as suggestions
from forum.store.tables import version as versions

_NO_DRAFT = "There is no draft of this story."
_NO_LINK = "There is no story at this link."
_NO_VERSION = "There is no such version of this story."
_NO_SUGGESTION = "There is no such suggestion."


class SqlDrafts(Area):
    """ports.Drafts."""

    async def add(self, story: str, draft: Draft, at: str) -> bool:
        """False, and nothing is kept, where the story has a draft."""
        return await self._link.add(drafts, {"story": story, "words": draft.to_json(), "build": "", "changed_at": at})

    async def get(self, story: str, *, lock: bool = False) -> Draft:
        """Raises NotFound."""
        wanted = sa.select(drafts.c.words).where(drafts.c.story == story)
        # SQLite has one writer at a time, and no FOR UPDATE.
        row = await self._link.one(wanted.with_for_update() if lock else wanted, _NO_DRAFT)
        return Draft.from_json(row["words"])

    async def save(self, story: str, draft: Draft, at: str) -> None:
        """Raises NotFound."""
        update = sa.update(drafts).where(drafts.c.story == story)
        await self._link.change(update.values(words=draft.to_json(), changed_at=at), _NO_DRAFT)

    async def versions(self, story: str) -> list[Version]:
        """Oldest first."""
        wanted = sa.select(versions).where(versions.c.story == story).order_by(versions.c.number)
        return [_version(row) for row in await self._link.rows(wanted)]

    async def history(self, story: str) -> list[Kept]:
        """Oldest first, without words."""
        wanted = sa.select(versions.c.number, versions.c.at, versions.c.kind, versions.c.by)
        rows = await self._link.rows(wanted.where(versions.c.story == story).order_by(versions.c.number))
        return [made(row, Kept) for row in rows]

    async def version(self, story: str, number: int) -> Version:
        """Raises NotFound."""
        wanted = sa.select(versions).where(versions.c.story == story, versions.c.number == number)
        return _version(await self._link.one(wanted, _NO_VERSION))

    async def last_version(self, story: str) -> Version | None:
        """None where there is no version yet."""
        wanted = sa.select(versions).where(versions.c.story == story).order_by(versions.c.number.desc()).limit(1)
        return next((_version(row) for row in await self._link.rows(wanted)), None)

    async def put_version(self, version: Version) -> None:
        """Keeps a version, in the place of one with its number."""
        row = {name: getattr(version, name) for name in ("story", "number", "at", "kind", "by")}
        await self._link.put(versions, row | {"words": version.draft.to_json()})

    async def sizes(self, story: str) -> dict[int, int]:
        """In characters, by the number."""
        size = sa.func.length(sa.cast(versions.c.words, sa.Text)).label("size")
        rows = await self._link.rows(sa.select(versions.c.number, size).where(versions.c.story == story))
        return {row["number"]: row["size"] for row in rows}

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions of a story."""
        theirs = sa.and_(versions.c.story == story, versions.c.number.in_(numbers))
        await self._link.run(sa.delete(versions).where(theirs))

    async def build_key(self, story: str) -> str:
        """The key of the build link. Raises NotFound."""
        return str((await self._link.one(sa.select(drafts.c.build).where(drafts.c.story == story), _NO_DRAFT))["build"])

    async def share(self, story: str, key: str) -> None:
        """Sets the key of the build link. Raises NotFound."""
        await self._link.change(sa.update(drafts).where(drafts.c.story == story).values(build=key), _NO_DRAFT)

    async def by_build_key(self, key: str) -> str:
        """The story's id. Raises NotFound; "" is the key of no story."""
        wanted = sa.select(drafts.c.story).where(drafts.c.build == key, drafts.c.build != "")
        return str((await self._link.one(wanted, _NO_LINK))["story"])

    async def suggest(self, suggestion: Suggestion) -> bool:
        """False, and nothing is kept, where there is one with this id."""
        row = plain(suggestion)
        row["group_id"] = row.pop("group")
        return await self._link.add(suggestions, row)

    async def suggestion(self, suggestion: str) -> Suggestion:
        """Raises NotFound."""
        wanted = sa.select(suggestions).where(suggestions.c.id == suggestion)
        return _suggestion(await self._link.one(wanted, _NO_SUGGESTION))

    async def suggestions(self, story: str) -> list[Suggestion]:
        """Oldest first."""
        wanted = sa.select(suggestions).where(suggestions.c.story == story).order_by(suggestions.c.seq)
        return [_suggestion(row) for row in await self._link.rows(wanted)]

    async def answer(self, suggestion: Suggestion) -> None:
        """Raises IllegalMove where it was answered already."""
        unanswered = sa.update(suggestions).where(suggestions.c.id == suggestion.id, suggestions.c.outcome == "")
        answer = {name: getattr(suggestion, name) for name in ("outcome", "because", "answered_at")}
        if await self._link.run(unanswered.values(answer)) == 0:
            raise IllegalMove("This suggestion was answered a moment ago. Look at it again.")

    async def forget(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""
        # The draft first: whoever is writing holds its row, and what they add is there once it can be deleted.
        for table in (drafts, versions, suggestions):
            await self._link.run(sa.delete(table).where(table.c.story == story))


def _version(row: Row) -> Version:
    return made(row, Version, draft=Draft.from_json(row["words"]))


def _suggestion(row: Row) -> Suggestion:
    return made(row, Suggestion, group=row["group_id"])
