"""The statements that count a batch of ballots: each is one round trip, however many ballots there are.

A batch goes over as one parameter (SQLite: a JSON array of arrays, read by json_each) or one a column (PostgreSQL:
arrays, read by unnest), never row by row: an executemany in a thread beside a busy event loop waits for the
interpreter's lock at every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from forum.store.base import Quick
from forum.store.tables import ballot, casting, participant, round_

ROUND = ("round",)
KEY = ("round", "participant", "cast")
FRESH = (*KEY, "session")
BALLOT = ("round", "participant", "choice", "reason", "ballot", "salt", "group_salt", "at", "condition")


@dataclass(frozen=True)
class Statements:
    """What counting a batch takes, in this order.

    `asked` reads and holds the rounds; `fresh` keeps the ids of casts and returns the new ones; `count` writes ballots
    and returns each with the random id it has; `known` looks up the casts that were not fresh; `voted` counts.
    """

    asked: Quick
    fresh: Quick
    count: Quick
    known: Quick
    voted: Quick


def values(*, postgresql: bool, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, object]:
    """The parameters that carry `rows` into a statement over a batch with these columns."""
    rows = list(rows)
    if postgresql:
        return {f"{name}_s": [row[i] for row in rows] for i, name in enumerate(columns)}
    return {"batch": msgspec.json.encode(rows).decode()}


@cache
def statements(*, postgresql: bool) -> Statements:
    """The statements for one of the two databases."""
    return Statements(
        asked=_asked(of_postgresql=postgresql),
        fresh=_fresh(of_postgresql=postgresql),
        count=_count(of_postgresql=postgresql),
        known=_known(of_postgresql=postgresql),
        voted=_voted(of_postgresql=postgresql),
    )


def _batch(columns: Sequence[str], *, of_postgresql: bool) -> sa.FromClause:
    if of_postgresql:
        arrays = (sa.bindparam(f"{name}_s", type_=postgresql.ARRAY(sa.Text)) for name in columns)
        return sa.func.unnest(*arrays).table_valued(*columns, name="batch").render_derived()
    each = sa.func.json_each(sa.bindparam("batch")).table_valued("value")
    return sa.select(
        *(
            sa.func.json_extract(each.c.value, sa.literal_column(f"'$[{i}]'")).label(name)
            for i, name in enumerate(columns)
        )
    ).subquery("batch")


def _asked(*, of_postgresql: bool) -> Quick:
    # FOR SHARE (nothing on SQLite, which has one writer): a round that is being closed keeps us waiting here, and one
    # that we read as open stays open until our ballots are committed.
    batch = _batch(ROUND, of_postgresql=of_postgresql)
    return (
        sa.select(
            round_.c.id,
            round_.c.session,
            round_.c.state,
            round_.c.method,
            sa.cast(round_.c.responses, sa.Text),
            round_.c.closes_at,
        )
        .where(round_.c.id.in_(sa.select(batch.c.round)))
        .order_by(round_.c.id)
        .with_for_update(read=True)
    )


def _voted(*, of_postgresql: bool) -> Quick:
    batch = _batch(ROUND, of_postgresql=of_postgresql)
    return (
        sa.select(ballot.c.round, sa.func.count())
        .where(ballot.c.round.in_(sa.select(batch.c.round)))
        .group_by(ballot.c.round)
    )


# What is asked of a participant below is asked in subqueries that look one row up by its id, never in joins: where a
# database knows little of its tables' sizes, as in the first minutes of an event, PostgreSQL has joined a batch with
# everybody in the session, at seconds a batch.


def _fresh(*, of_postgresql: bool) -> Quick:
    # Only from participants of the round's own session, and not from observers. In (round, participant, cast) order,
    # so that two processes that commit overlapping batches wait for each other in one direction only and never in a
    # circle.
    batch = _batch(FRESH, of_postgresql=of_postgresql)
    key = [batch.c[name] for name in KEY]
    here = sa.select(participant.c.session).where(
        participant.c.id == batch.c.participant, sa.not_(participant.c.observer)
    )
    chosen = sa.select(*key).where(here.scalar_subquery() == batch.c.session).order_by(*key)
    if of_postgresql:
        inserted = postgresql.insert(casting).from_select(KEY, chosen).on_conflict_do_nothing()
        return inserted.returning(*casting.c)
    return sqlite.insert(casting).from_select(KEY, chosen).on_conflict_do_nothing().returning(*casting.c)


def _count(*, of_postgresql: bool) -> Quick:
    # At most one row a participant and round, all of them known. What a later cast may change is the choice, the
    # reason and the time; the group and the random numbers stay those of the first.
    batch = _batch(BALLOT, of_postgresql=of_postgresql)
    chosen = (
        sa.select(*batch.c, _of(batch, participant.c.group_id))
        .where(sa.true())  # SQLite would take the ON of "ON CONFLICT" for a join's
        .order_by(batch.c.round, batch.c.participant)
    )
    columns = (*BALLOT, "group_id")
    back = (ballot.c.round, ballot.c.participant, ballot.c.ballot)
    key = ["round", "participant"]
    changing = ("choice", "reason", "at", "condition")
    if of_postgresql:
        there = postgresql.insert(ballot).from_select(columns, chosen)
        return there.on_conflict_do_update(
            index_elements=key, set_={name: there.excluded[name] for name in changing}
        ).returning(*back)
    here = sqlite.insert(ballot).from_select(columns, chosen)
    return here.on_conflict_do_update(
        index_elements=key, set_={name: here.excluded[name] for name in changing}
    ).returning(*back)


def _known(*, of_postgresql: bool) -> Quick:
    # Of the casts that were not fresh: which session their participant is in, whether they were counted before, and
    # what counts for that participant now.
    batch = _batch(KEY, of_postgresql=of_postgresql)
    same = (casting.c[name] == batch.c[name] for name in KEY)
    counted = sa.select(sa.literal_column("1")).select_from(casting).where(*same).scalar_subquery()
    mine = (ballot.c.round == batch.c.round, ballot.c.participant == batch.c.participant)
    choice = sa.select(ballot.c.choice).where(*mine).scalar_subquery()
    return sa.select(*batch.c, _of(batch, participant.c.session), _of(batch, participant.c.observer), counted, choice)


def _of(batch: sa.FromClause, what: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(what).where(participant.c.id == batch.c.participant).scalar_subquery()
