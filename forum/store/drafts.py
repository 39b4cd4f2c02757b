"""Drafts of stories with their versions, and what others suggest for them.

A version is kept whole, or as its difference to the version before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from forum.errors import IllegalMove, NotFound
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import draft as drafts
from forum.store.tables import suggestion as suggestions
from forum.store.tables import version as versions
from forum.stories.draft import Draft
from forum.stories.draft_delta import delta, patched, written
from forum.stories.submission import Kept, Version
from forum.stories.suggestion import Suggestion

_NO_DRAFT = "There is no draft of this story."
_NO_LINK = "There is no story at this link."
_NO_VERSION = "There is no such version of this story."
_NO_SUGGESTION = "There is no such suggestion."
# From a whole version to the last that leans on it: so many steps, and so many characters in all of them, which is as
# much as a story may have. So reading a version takes no longer than reading two stories.
MOST_STEPS = 20
MOST_WRITTEN = 100_000
_HISTORY = (
    sa.select(versions.c.number, versions.c.at, versions.c.kind, versions.c.by)
    .where(versions.c.story == sa.bindparam("story"))
    .order_by(versions.c.number)
)


class SqlDrafts(Area):
    """ports.Drafts."""

    async def open_draft(self, story: str, draft: Draft, at: str) -> bool:
        """False, and nothing is kept, where the story has a draft."""
        return await self._link.add(drafts, {"story": story, "words": draft.to_json(), "build": "", "changed_at": at})

    async def get_draft(self, story: str, *, lock: bool = False) -> Draft:
        """Raises NotFound."""
        wanted = sa.select(drafts.c.words).where(drafts.c.story == story)
        # SQLite has one writer at a time, and no FOR UPDATE.
        row = await self._link.one(wanted.with_for_update() if lock else wanted, _NO_DRAFT)
        return Draft.from_json(row["words"])

    async def save_draft(self, story: str, draft: Draft, at: str) -> None:
        """Raises NotFound."""
        update = sa.update(drafts).where(drafts.c.story == story)
        await self._link.change(update.values(words=draft.to_json(), changed_at=at), _NO_DRAFT)

    async def versions(self, story: str) -> list[Version]:
        """Oldest first."""
        wanted = sa.select(versions).where(versions.c.story == story).order_by(versions.c.number)
        found: list[Version] = []
        for row in await self._link.rows(wanted):
            found.append(_version(row, patched(found[-1].draft, [row["words"]]) if row["leans"] else _whole(row)))
        return found

    async def history(self, story: str) -> list[Kept]:
        """Oldest first, without words."""
        rows = await self._link.rows(_HISTORY, {"story": story})
        return [made(row, Kept) for row in rows]

    async def version(self, story: str, number: int) -> Version:
        """Raises NotFound."""
        rows = await self._up_to(story, number)
        if not rows or rows[-1]["number"] != number:
            raise NotFound(_NO_VERSION)
        return _version(rows[-1], _draft(rows))

    async def last_version(self, story: str) -> Version | None:
        """None where there is no version yet."""
        rows = await self._up_to(story)
        return _version(rows[-1], _draft(rows)) if rows else None

    async def put_version(self, version: Version) -> None:
        """Keeps a version, in the place of one with its number."""
        later = sa.select(versions.c.number, versions.c.leans).where(versions.c.story == version.story)
        later = later.where(versions.c.number > version.number).order_by(versions.c.number).limit(1)
        # What leans on the one whose place this takes is written again, to lean on this one.
        after = [row["number"] for row in await self._link.rows(later) if row["leans"]]
        for one in (version, *[await self.version(version.story, number) for number in after]):
            row = {name: getattr(one, name) for name in ("story", "number", "at", "kind", "by")}
            before = await self._up_to(one.story, one.number - 1)
            await self._link.put(versions, row | _kept(one.draft, before))

    async def sizes(self, story: str) -> dict[int, int]:
        """In characters, by the number."""
        size = sa.func.length(sa.cast(versions.c.words, sa.Text)).label("size")
        rows = await self._link.rows(sa.select(versions.c.number, size).where(versions.c.story == story))
        return {row["number"]: row["size"] for row in rows}

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions of a story. What leans on one of them leans on the version before that from now on."""
        wanted = sa.select(versions.c.number, versions.c.leans).where(versions.c.story == story)
        # What is to be written again: the number, and on which it leans then; None for a whole one.
        again: list[tuple[int, int | None]] = []
        before, steps, lost = None, 0, False
        for row in await self._link.rows(wanted.order_by(versions.c.number)):
            number = row["number"]
            if number in numbers:
                lost = True
                continue
            steps = steps + 1 if row["leans"] else 0
            if row["leans"] and (before is None or steps > MOST_STEPS):
                again.append((number, None))
                steps = 0
            elif row["leans"] and lost:
                again.append((number, before))
            before, lost = number, False
        # The newest first: each is still read by way of those before it.
        for number, base in reversed(again):
            draft = (await self.version(story, number)).draft
            words = _kept(draft, await self._up_to(story, base) if base is not None else ())
            theirs = sa.and_(versions.c.story == story, versions.c.number == number)
            await self._link.run(sa.update(versions).where(theirs).values(words))
        theirs = sa.and_(versions.c.story == story, versions.c.number.in_(numbers))
        await self._link.run(sa.delete(versions).where(theirs))

    async def _up_to(self, story: str, number: int | None = None) -> Sequence[Row]:
        """The last version up to a number (None: of all), behind those that it leans on: the first one is whole."""
        earlier = sa.and_(versions.c.story == story, sa.true() if number is None else versions.c.number <= number)
        whole = sa.select(sa.func.max(versions.c.number)).where(earlier, versions.c.leans.is_(sa.false()))
        wanted = sa.select(versions).where(earlier, versions.c.number >= whole.scalar_subquery())
        return await self._link.rows(wanted.order_by(versions.c.number))

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
        wanted = having(suggestions.c.story, order=suggestions.c.seq)
        return [_suggestion(row) for row in await self._link.rows(wanted, {"story": story})]

    async def answer(self, suggestion: Suggestion) -> None:
        """Raises IllegalMove where it was answered already."""
        unanswered = sa.update(suggestions).where(suggestions.c.id == suggestion.id, suggestions.c.outcome == "")
        answer = {name: getattr(suggestion, name) for name in ("outcome", "because", "answered_at")}
        if await self._link.run(unanswered.values(answer)) == 0:
            raise IllegalMove("This suggestion was answered a moment ago. Look at it again.")

    async def erase_story(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""
        # The draft first: whoever is writing holds its row, and what they add is there once it can be deleted.
        for table in (drafts, versions, suggestions):
            await self._link.run(sa.delete(table).where(table.c.story == story))


def _whole(row: Row) -> Draft:
    return Draft.from_json(row["words"])


def _draft(rows: Sequence[Row]) -> Draft:
    """The draft of the last of these rows: the first one is whole, each other leans on the one before it."""
    return patched(_whole(rows[0]), [row["words"] for row in rows[1:]])


def _kept(draft: Draft, before: Sequence[Row]) -> dict[str, object]:
    """The columns that hold a draft: its difference to the last of the rows before it, or all of it."""
    change = delta(_draft(before), draft) if 0 < len(before) <= MOST_STEPS else None
    if change and sum(written(one) for one in (*(row["words"] for row in before[1:]), change)) > MOST_WRITTEN:
        change = None
    return {"words": draft.to_json() if change is None else change, "leans": change is not None}


def _version(row: Row, draft: Draft) -> Version:
    return made(row, Version, draft=draft)


def _suggestion(row: Row) -> Suggestion:
    return made(row, Suggestion, group=row["group_id"])
