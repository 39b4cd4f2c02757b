"""Data whose time is over: found and removed a few rows at a time, so that votes wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from forum.store.base import Area
from forum.store.drafts import OPEN_QUESTION
from forum.store.tables import (
    also,
    appeal,
    casting,
    draft,
    evidence,
    last_act,
    metadata,
    moderation,
    participant,
    report,
    round_,
    session,
    sign_in,
    staff_act,
    story,
    suggestion,
    version,
    voter,
)
from forum.stories.submission import StoryStatus


class _Old(msgspec.Struct, frozen=True):
    """Rows of one table whose time is over: the condition, and the columns that are emptied; () deletes the rows."""

    table: sa.Table
    over: Callable[[str], sa.ColumnElement[bool]]
    emptied: Sequence[str] = ()


def _of_ended(before: str) -> sa.ColumnElement[bool]:
    its = sa.select(participant.c.id).join(session, session.c.id == participant.c.session)
    return also.c.participant.in_(its.where(session.c.ended, session.c.ended_at < before))


def _of_closed(before: str) -> sa.ColumnElement[bool]:
    its = sa.select(round_.c.id)
    shown = (round_.c.revealed_at != "") & (round_.c.revealed_at < before)
    return casting.c.round.in_(its.where(shown | ((round_.c.annulled_at != "") & (round_.c.annulled_at < before))))


def _after(column: sa.Column[Any], before: str) -> sa.ColumnElement[bool]:
    return (column != "") & (column < before)


_OLD: Mapping[str, Sequence[_Old]] = {
    "marks": (
        _Old(suggestion, lambda before: (suggestion.c.by != "") & (suggestion.c.at < before), ("by",)),
        _Old(version, lambda before: (version.c.by != "") & (version.c.at < before), ("by",)),
    ),
    "notes": (
        _Old(report, lambda before: (report.c.words != "") & _after(report.c.answered_at, before), ("words",)),
        _Old(
            appeal,
            lambda before: (appeal.c.words + appeal.c.because != "") & _after(appeal.c.answered_at, before),
            ("words", "because"),
        ),
        _Old(
            moderation,
            lambda before: (moderation.c.because != "") & sa.not_(moderation.c.public) & (moderation.c.at < before),
            ("because",),
        ),
        _Old(
            evidence,
            lambda before: (evidence.c.because != "") & _after(evidence.c.declined_at, before),
            ("because",),
        ),
    ),
    "attendance": (
        _Old(also, _of_ended),
        _Old(casting, _of_closed),
        _Old(voter, lambda before: voter.c.at < before),
    ),
    "sign_ins": (_Old(sign_in, lambda before: sign_in.c.until < before),),
    "staff_acts": (_Old(staff_act, lambda before: staff_act.c.at < before),),
    "undo": (_Old(last_act, lambda before: last_act.c.at < before),),
}


class SqlRetention(Area):
    """The database's retention. The contract is ports.retention.Retention."""

    async def unsent(self, before: str, most: int, *, only: str | None = None) -> list[tuple[str, str]]:
        """Returns the id and link digest of at most `most` stories (or of `only` this one) that were never sent,
        unchanged since `before`.
        """
        wanted = sa.select(story.c.id, story.c.link).join(draft, draft.c.story == story.c.id)
        wanted = wanted.where(story.c.status == StoryStatus.WRITING, draft.c.changed_at < before).limit(most)
        if only is not None:
            wanted = wanted.where(story.c.id == only)
        return [(row["id"], row["link"]) for row in await self._link.rows(wanted)]

    async def returned(self, before: str, most: int, *, only: str | None = None) -> list[str]:
        """Returns the ids of at most `most` stories (or of `only` this one) that wait for their writer since before
        this time: they were returned, or the newest question proposed for them has no answer."""
        newest = sa.select(sa.func.max(suggestion.c.at)).where(suggestion.c.story == story.c.id, *OPEN_QUESTION)
        returned = sa.and_(story.c.status == StoryStatus.RETURNED, story.c.moderated_at < before)
        proposed = sa.and_(story.c.status == StoryStatus.SUBMITTED, story.c.to_shape, newest.scalar_subquery() < before)
        wanted = sa.select(story.c.id).where(sa.or_(returned, proposed)).limit(most)
        if only is not None:
            wanted = wanted.where(story.c.id == only)
        return [row["id"] for row in await self._link.rows(wanted)]

    async def delete_story(self, story: str) -> None:
        """Deletes a story that was never sent, with every row of every table that refers to it."""
        for statement in _deletions():
            await self._link.run(statement, {"story": story})

    async def remove(self, period: str, before: str, most: int) -> int:
        """Removes at most `most` pieces of data of a period; see ports.retention.Retention.remove."""
        gone = 0
        for old in _OLD[period]:
            if gone >= most:
                break
            key = list(old.table.primary_key)
            some = sa.select(*key).where(old.over(before)).limit(most - gone)
            these = sa.tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)
            emptied = dict.fromkeys(old.emptied, "")
            change = sa.update(old.table).values(emptied) if emptied else sa.delete(old.table)
            gone += await self._link.run(change.where(these))
        return gone


@cache
def _deletions() -> tuple[sa.Delete, ...]:
    """Returns the statements that delete a story (parameter "story") and all that refers to it, in their order; made
    once, since making them takes longer than running them."""
    made: list[sa.Delete] = []

    def delete(table: sa.Table, ids: sa.ColumnElement[str] | sa.Select[tuple[str]]) -> None:
        for other in reversed(metadata.sorted_tables):
            for key in other.foreign_keys:
                if key.column.table is table and other is not table:
                    mine = key.parent.in_(ids) if isinstance(ids, sa.Select) else key.parent == ids
                    if "id" in other.c:
                        delete(other, sa.select(other.c.id).where(mine))
                    made.append(sa.delete(other).where(mine))

    delete(story, sa.bindparam("story"))
    return (*made, sa.delete(story).where(story.c.id == sa.bindparam("story")))
