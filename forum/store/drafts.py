"""Drafts of stories with their versions, and suggestions for them.

A version is stored whole, or as its difference to the version before it (it "leans" on that one).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile

import sqlalchemy as sa

from forum.errors import IllegalMove, NotFound
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import draft as drafts
from forum.store.tables import suggestion as suggestions
from forum.store.tables import version as versions
from forum.stories.draft import Draft
from forum.stories.draft_delta import delta, patched, written
from forum.stories.submission import Kept, Version
from forum.stories.suggestion import Suggestion, SuggestionKind, SuggestionOutcome

_NO_DRAFT = "There is no draft of this story."
_NO_LINK = "There is no story at this link."
_NO_VERSION = "There is no such version of this story."
_NO_SUGGESTION = "There is no such suggestion."
# The longest chain of differences after a whole version, in steps and in characters. The characters are those of the
# longest story, so reading a version takes no longer than reading two stories.
MOST_STEPS = 20
MOST_WRITTEN = 100_000
OPEN_QUESTION = (
    suggestions.c.kind == SuggestionKind.QUESTION,
    suggestions.c.outcome == SuggestionOutcome.WAITING,
)
_HISTORY = (
    sa.select(versions.c.number, versions.c.at, versions.c.kind, versions.c.by)
    .where(versions.c.story == sa.bindparam("story"))
    .order_by(versions.c.number)
)


class SqlDrafts(Area):
    """The database's drafts. The contract is ports.stories.Drafts."""

    async def open_draft(self, story: str, draft: Draft, at: str) -> bool:
        """Opens a draft. Returns False, and stores nothing, where the story has one."""
        return await self._link.add(
            drafts, {"story": story, "words": draft.to_json(), "build": "", "changed_at": at, "step": ""}
        )

    async def get_draft(self, story: str, *, lock: bool = False) -> Draft:
        """Returns a story's draft. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """
        wanted = sa.select(drafts.c.words).where(drafts.c.story == story)
        # SQLite has one writer at a time, and no FOR UPDATE.
        row = await self._link.one(wanted.with_for_update() if lock else wanted, _NO_DRAFT)
        return Draft.from_json(row["words"])

    async def save_draft(self, story: str, draft: Draft, at: str) -> None:
        """Writes a changed draft. Raises NotFound."""
        update = sa.update(drafts).where(drafts.c.story == story)
        await self._link.change(update.values(words=draft.to_json(), changed_at=at), _NO_DRAFT)

    async def step(self, story: str) -> str:
        """Returns the page on which a story's writer was last, "" for none. Raises NotFound."""
        return str((await self._link.one(sa.select(drafts.c.step).where(drafts.c.story == story), _NO_DRAFT))["step"])

    async def save_step(self, story: str, step: str) -> None:
        """Writes down the page on which a story's writer is. Raises NotFound."""
        await self._link.change(sa.update(drafts).where(drafts.c.story == story).values(step=step), _NO_DRAFT)

    async def versions(self, story: str) -> list[Version]:
        """Returns the versions of a story, oldest first."""
        wanted = sa.select(versions).where(versions.c.story == story).order_by(versions.c.number)
        read: list[Version] = []
        for row in await self._link.rows(wanted):
            read.append(_version(row, patched(read[-1].draft, [row["words"]]) if row["leans"] else _whole(row)))
        return read

    async def history(self, story: str) -> list[Kept]:
        """Returns the versions of a story without their words, oldest first."""
        rows = await self._link.rows(_HISTORY, {"story": story})
        return [made(row, Kept) for row in rows]

    async def version(self, story: str, number: int) -> Version:
        """Returns a version exactly as it was put, whatever was put or dropped since. Raises NotFound."""
        rows = await self._up_to(story, number)
        if not rows or rows[-1]["number"] != number:
            raise NotFound(_NO_VERSION)
        return _version(rows[-1], _draft(rows))

    async def last_version(self, story: str) -> Version | None:
        """Returns the newest version, or None."""
        rows = await self._up_to(story)
        return _version(rows[-1], _draft(rows)) if rows else None

    async def put_version(self, version: Version) -> None:
        """Stores a version and replaces the one with the same number. The later versions that lean on it, directly or
        by those between, are written again, so that no chain of differences becomes too long.
        """
        later = sa.select(versions.c.number, versions.c.leans).where(versions.c.story == version.story)
        later = later.where(versions.c.number > version.number).order_by(versions.c.number)
        leaning = takewhile(lambda row: row["leans"], await self._link.rows(later))
        # All are read before the first is written: each is a difference to the one before it.
        again = [await self.version(version.story, row["number"]) for row in leaning]
        for one in (version, *again):
            row = {name: getattr(one, name) for name in ("story", "number", "at", "kind", "by")}
            before = await self._up_to(one.story, one.number - 1)
            await self._link.put(versions, row | _kept(one.draft, before))

    async def sizes(self, story: str) -> dict[int, int]:
        """Returns the stored size of each version in characters, by number. Dropping a version may enlarge another."""
        size = sa.func.length(sa.cast(versions.c.words, sa.Text)).label("size")
        rows = await self._link.rows(sa.select(versions.c.number, size).where(versions.c.story == story))
        return {row["number"]: row["size"] for row in rows}

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions of a story. A version that leans on a deleted one is rewritten to lean on the one
        before that.
        """
        wanted = sa.select(versions.c.number, versions.c.leans).where(versions.c.story == story)
        # Versions to rewrite: the number, and the number of the version to lean on; None for a whole one.
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
        # Newest first, because reading a version needs those before it as they were.
        for number, base in reversed(again):
            draft = (await self.version(story, number)).draft
            words = _kept(draft, await self._up_to(story, base) if base is not None else ())
            theirs = sa.and_(versions.c.story == story, versions.c.number == number)
            await self._link.run(sa.update(versions).where(theirs).values(words))
        gone = self._link.among(versions.c.number, numbers)
        await self._link.run(sa.delete(versions).where(versions.c.story == story, gone))

    async def _up_to(self, story: str, number: int | None = None) -> Sequence[Row]:
        """Returns the rows needed to read the last version up to `number` (None: of all): a whole one, then its
        differences.
        """
        earlier = sa.and_(versions.c.story == story, sa.true() if number is None else versions.c.number <= number)
        whole = sa.select(sa.func.max(versions.c.number)).where(earlier, versions.c.leans.is_(sa.false()))
        wanted = sa.select(versions).where(earlier, versions.c.number >= whole.scalar_subquery())
        return await self._link.rows(wanted.order_by(versions.c.number))

    async def build_key(self, story: str) -> str:
        """Returns the key of the build link, "" where the story is not shared. Raises NotFound."""
        return str((await self._link.one(sa.select(drafts.c.build).where(drafts.c.story == story), _NO_DRAFT))["build"])

    async def share(self, story: str, key: str) -> None:
        """Sets the key of the build link; "" removes the link. Raises NotFound."""
        await self._link.change(sa.update(drafts).where(drafts.c.story == story).values(build=key), _NO_DRAFT)

    async def by_build_key(self, key: str) -> str:
        """Returns the id of the story whose build link has this key. Raises NotFound."""
        wanted = sa.select(drafts.c.story).where(drafts.c.build == key, drafts.c.build != "")
        return str((await self._link.one(wanted, _NO_LINK))["story"])

    async def suggest(self, suggestion: Suggestion) -> bool:
        """Adds a suggestion. Returns False, and stores nothing, where its id is taken."""
        row = plain(suggestion)
        row["group_id"] = row.pop("group")
        return await self._link.add(suggestions, row)

    async def suggestion(self, suggestion: str) -> Suggestion:
        """Returns a suggestion. Raises NotFound."""
        wanted = sa.select(suggestions).where(suggestions.c.id == suggestion)
        return _suggestion(await self._link.one(wanted, _NO_SUGGESTION))

    async def suggestions(self, story: str) -> list[Suggestion]:
        """Returns the suggestions for a story, oldest first."""
        wanted = having(suggestions.c.story, order=suggestions.c.seq)
        return [_suggestion(row) for row in await self._link.rows(wanted, {"story": story})]

    async def proposed(self) -> dict[str, str]:
        """Returns the time of the newest question that waits for an answer, by the id of its story."""
        newest = sa.func.max(suggestions.c.at).label("at")
        wanted = sa.select(suggestions.c.story, newest).where(*OPEN_QUESTION).group_by(suggestions.c.story)
        return {row["story"]: row["at"] for row in await self._link.rows(wanted)}

    async def agree(self, suggestion: str, agreed: str, by: str) -> None:
        """Writes down that a moderator (`by`) agrees to the story of this fingerprint with the question. Raises
        IllegalMove where the suggestion was answered already.
        """
        update = sa.update(suggestions).where(suggestions.c.id == suggestion, *OPEN_QUESTION)
        if await self._link.run(update.values(agreed=agreed, agreed_by=by)) == 0:
            raise IllegalMove("This suggestion was answered a moment ago. Look at it again.")

    async def answer(self, suggestion: Suggestion) -> None:
        """Writes outcome, reason and time of the answer. Raises IllegalMove where the suggestion was answered
        already.
        """
        unanswered = sa.update(suggestions).where(
            suggestions.c.id == suggestion.id, suggestions.c.outcome == SuggestionOutcome.WAITING
        )
        answer = {name: getattr(suggestion, name) for name in ("outcome", "because", "answered_at")}
        if await self._link.run(unanswered.values(answer)) == 0:
            raise IllegalMove("This suggestion was answered a moment ago. Look at it again.")

    async def erase_story(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""
        # The draft first: a unit that adds a version holds the draft's row, so its version exists when we go on.
        for table in (drafts, versions, suggestions):
            await self._link.run(sa.delete(table).where(table.c.story == story))


def _whole(row: Row) -> Draft:
    return Draft.from_json(row["words"])


def _draft(rows: Sequence[Row]) -> Draft:
    """Returns the draft of the last row: the first row is whole, each other is a difference to the one before it."""
    return patched(_whole(rows[0]), [row["words"] for row in rows[1:]])


def _kept(draft: Draft, before: Sequence[Row]) -> dict[str, object]:
    """Returns the columns that store a draft: its difference to the last of the rows before it, or all of it."""
    change = delta(_draft(before), draft) if 0 < len(before) <= MOST_STEPS else None
    if change and sum(written(one) for one in (*(row["words"] for row in before[1:]), change)) > MOST_WRITTEN:
        change = None
    return {"words": draft.to_json() if change is None else change, "leans": change is not None}


def _version(row: Row, draft: Draft) -> Version:
    return made(row, Version, draft=draft)


def _suggestion(row: Row) -> Suggestion:
    return made(row, Suggestion, group=row["group_id"])
