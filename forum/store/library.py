"""The library of accepted stories, and its full-text index.

`library` and `library_note` hold the values that stories are filtered by. `library_words` is the index, made by the
migration: a virtual table of SQLite's FTS5 (unicode61), or a tsvector with a GIN index on PostgreSQL. It holds tokens
made by stories/search_terms.py, and queries are built here from such tokens; typed text never is a query by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from forum.errors import StoryProblems
from forum.ports.long_work import within
from forum.store.base import Area, Link, made
from forum.store.commissions import SqlCommissions
from forum.store.tables import commission as commissions
from forum.store.tables import library, library_note
from forum.store.tables import story as stories
from forum.stories import scenario, scenario_twee, search_terms
from forum.stories.search_terms import Offered, Query, Shelf, Wanted
from forum.stories.submission import StoryStatus, Submission

INDEX = "library_words"

Step: TypeAlias = tuple[sa.Executable, Mapping[str, object]]

# The highest position that PostgreSQL keeps; of one word it keeps 256 (documentation, 12.11 "Limitations").
_LAST_POSITION = 16_383
_SQLITE_ADD = sa.text("INSERT INTO library_words (rowid, title, setting, body) VALUES (:seq, :title, :setting, :body)")
_POSTGRESQL_ADD = sa.text("INSERT INTO library_words (seq, words) VALUES (:seq, CAST(:words AS tsvector))")
_SQLITE_DROP = sa.text("DELETE FROM library_words WHERE rowid = :seq")
_POSTGRESQL_DROP = sa.text("DELETE FROM library_words WHERE seq = :seq")
# FTS5 only marks a row as deleted until it merges its segments; withdrawn words must be gone at once.
_SQLITE_FORGET = sa.text("INSERT INTO library_words (library_words) VALUES ('optimize')")

# Weights of title, setting and body. bm25 is smaller for a better match.
_SQLITE_RANK = sa.text("bm25(library_words, 12.0, 4.0, 1.0)")
_POSTGRESQL_RANK = sa.text("ts_rank('{0.05, 0.05, 0.4, 1.0}', words, CAST(:asked AS tsquery), 1) DESC")
_SQLITE_FITS = sa.text("library_words MATCH :asked")
_POSTGRESQL_FITS = sa.text("words @@ CAST(:asked AS tsquery)")


class SqlLibrary(Area):
    """The database's library. The contract is ports.stories.Library."""

    async def find(self, wanted: Wanted, *, start: int = 0, most: int = 10) -> Shelf:
        """Returns the matching stories: best match first where words are given, else newest first. Never raises for any
        input.
        """
        asked = _asked(wanted, postgresql=self._link.postgresql)
        source = stories.join(library, library.c.story == stories.c.id).join(
            commissions, commissions.c.id == stories.c.commission
        )
        fits: list[sa.ColumnElement[bool] | sa.TextClause] = [
            stories.c.status == StoryStatus.ACCEPTED,
            *_filters(wanted),
        ]
        order: list[sa.ColumnElement[object] | sa.TextClause] = [
            stories.c.moderated_at.desc(),
            stories.c.seq.desc(),
        ]
        values: dict[str, object] = {}
        if asked:
            key = "seq" if self._link.postgresql else "rowid"
            index = sa.table(INDEX, sa.column(key))
            source = source.join(index, index.c[key] == stories.c.seq)
            values["asked"] = asked
            fits.append(_POSTGRESQL_FITS if self._link.postgresql else _SQLITE_FITS)
            if wanted.words:
                order.insert(0, _POSTGRESQL_RANK if self._link.postgresql else _SQLITE_RANK)
        counted = sa.select(sa.func.count().label("total")).select_from(source).where(*fits)
        total = int((await self._link.rows(counted, values))[0]["total"])
        listed = sa.select(stories, library.c.told_by.label("told_by_group")).select_from(source).where(*fits)
        rows = await self._link.rows(listed.order_by(*order).offset(start).limit(most), values) if total else []
        return Shelf(
            tuple(made(row, Submission) for row in rows), total, {row["id"]: row["told_by_group"] for row in rows}
        )

    async def offered(self) -> Offered:
        """Returns the groups and content notes that accepted stories can be filtered by."""
        shown = stories.join(library, library.c.story == stories.c.id)
        groups = sa.select(sa.func.min(library.c.told_by).label("label"), sa.func.count().label("number"))
        groups = groups.select_from(shown).where(stories.c.status == StoryStatus.ACCEPTED, library.c.told_by_key != "")
        noted = shown.join(library_note, library_note.c.story == stories.c.id)
        notes = sa.select(sa.func.min(library_note.c.note).label("label"), sa.func.count().label("number"))
        notes = notes.select_from(noted).where(stories.c.status == StoryStatus.ACCEPTED)
        return Offered(
            groups=await self._labels(groups.group_by(library.c.told_by_key)),
            notes=await self._labels(notes.group_by(library_note.c.key)),
        )

    async def _labels(self, counted: sa.Select[str, int]) -> tuple[str, ...]:
        rows = await self._link.rows(counted.order_by(sa.desc("number"), sa.asc("label")))
        return tuple(row["label"] for row in rows)


async def keep(link: Link, story: Submission) -> None:
    """Brings the library in step with a story just written: in it exactly while the story is accepted.

    Called after the write, in the same unit of work.
    """
    seq = (await link.one(sa.select(stories.c.seq).where(stories.c.id == story.id), "There is no such story."))["seq"]
    await link.run(sa.delete(library_note).where(library_note.c.story == story.id))
    if await link.run(sa.delete(library).where(library.c.story == story.id)):
        await link.run(_POSTGRESQL_DROP if link.postgresql else _SQLITE_DROP, {"seq": seq})
        if not link.postgresql:
            await link.run(_SQLITE_FORGET)
    if story.status == StoryStatus.ACCEPTED:
        group = (await SqlCommissions(link).get_commission(story.commission)).group_label(story.told_by)
        steps = shelved(seq, story.id, story.title, story.twee, group, postgresql=link.postgresql)
        for statement, values in await within(len(story.twee), list, steps):
            await link.run(statement, values)


def shelved(seq: int, story: str, title: str, twee: str, group: str | None, *, postgresql: bool) -> Iterator[Step]:
    """Yields the statements that put a story into the library. The migration that makes the library uses them too."""
    try:
        told = scenario_twee.parse(twee)
    except StoryProblems:
        # Only stories that can be parsed are accepted here; one from an older version is found by its title.
        told = scenario.Scenario(title, "", "", ())
    yield sa.insert(library), {"story": story, "told_by": group or "", "told_by_key": key_of(group or "")}
    for key, note in {key_of(note): note for note in told.content_notes}.items():
        yield sa.insert(library_note), {"story": story, "key": key, "note": note}
    fields = [
        search_terms.tokens(title),
        search_terms.tokens(told.setting),
        search_terms.tokens("\n".join([*search_terms.text_of(told), group or ""])),
    ]
    if postgresql:
        yield _POSTGRESQL_ADD, {"seq": seq, "words": _tsvector(fields)}
    else:
        title_words, setting_words, body_words = map(" ".join, fields)
        yield _SQLITE_ADD, {"seq": seq, "title": title_words, "setting": setting_words, "body": body_words}


async def index_all(link: Link) -> None:
    """Makes the index of words anew, from the stories that are in the library."""
    await link.run(sa.delete(sa.table(INDEX)))
    shown = sa.select(stories.c.seq, stories, library.c.told_by.label("group"))
    shown = shown.join_from(stories, library, library.c.story == stories.c.id).order_by(stories.c.seq)
    for row in await link.rows(shown):
        group = row["group"] or None
        steps = shelved(row["seq"], row["id"], row["title"], row["twee"], group, postgresql=link.postgresql)
        *_, (statement, values) = await within(len(row["twee"]), list, steps)
        await link.run(statement, values)


def key_of(label: str) -> str:
    """Returns a group's or content note's name as it is compared: without case, accents, signs and spaces."""
    return " ".join(search_terms.tokens(label)) or label.strip()


def _tsvector(fields: Sequence[Sequence[str]]) -> str:
    """Returns a tsvector of title, setting and body with weights A, B and D.

    A gap of one position between the fields keeps a phrase from matching across them.
    """
    places: dict[str, list[str]] = {}
    position = 0
    for weight, words in zip("ABD", fields, strict=True):
        position += 1
        for word in words:
            position += 1
            places.setdefault(word, []).append(f"{min(position, _LAST_POSITION)}{weight}")
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def _asked(wanted: Wanted, *, postgresql: bool) -> str:
    """Returns the query in the database's own syntax; "" where no words are looked for."""
    if postgresql:
        parts = [_tsquery(wanted.words, ""), _tsquery(wanted.setting, "B")]
        return " & ".join(part for part in parts if part)
    setting = _fts5(wanted.setting)
    parts = [_fts5(wanted.words), f"setting : ({setting})" if setting else ""]
    return " AND ".join(f"({part})" if not part.startswith("setting") else part for part in parts if part)


def _fts5(query: Query) -> str:
    """Returns a query for FTS5 (https://www.sqlite.org/fts5.html, 3. "Full-text Query Syntax"); tokens in quotes are a
    phrase.
    """
    return " AND ".join(
        "(" + " OR ".join(f'"{" ".join(row)}"{" *" if term.prefix else ""}' for row in term.alternatives) + ")"
        for term in query.terms
    )


def _tsquery(query: Query, weight: str) -> str:
    """Returns a query for PostgreSQL (documentation, 8.11.2 "tsquery"); <-> is "followed by"."""
    terms = []
    for term in query.terms:
        rows = []
        for row in term.alternatives:
            marks = [weight] * len(row)
            marks[-1] = ("*" if term.prefix else "") + weight
            rows.append(
                " <-> ".join(f"'{word}'{':' if mark else ''}{mark}" for word, mark in zip(row, marks, strict=True))
            )
        terms.append("(" + " | ".join(f"({row})" for row in rows) + ")")
    return " & ".join(terms)


def _filters(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.stage:
        yield commissions.c.stage == wanted.stage
    if wanted.group:
        yield library.c.told_by_key == key_of(wanted.group)
        yield library.c.told_by != ""
    if wanted.note:
        yield _noted(wanted.note)
    if wanted.without:
        yield ~_noted(wanted.without)


def _noted(note: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(library_note.c.story == stories.c.id, library_note.c.key == key_of(note))
