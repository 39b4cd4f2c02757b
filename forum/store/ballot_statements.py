"""SQL statements that count a batch of ballots: one round trip each, however many ballots there are.

A batch is passed as one parameter (SQLite: a JSON array of arrays, read by json_each) or one array a column
(PostgreSQL: read by unnest), never row by row: an executemany in a thread beside a busy event loop waits for the
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
    """The statements that count a batch, in the order they are run.

    `asked` reads and locks the rounds; `fresh` stores the ids of casts and returns the new ones; `count` writes ballots
    and returns each with its random id; `known` looks up the casts that were not fresh; `voted` counts the ballots of
    rounds.
    """

    asked: Quick
    fresh: Quick
    count: Quick
    known: Quick
    voted: Quick


def values(*, postgresql: bool, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, object]:
    """Returns the parameters that pass `rows` to a statement over a batch with these columns."""
    rows = list(rows)
    if postgresql:
        return {f"{name}_s": [row[i] for row in rows] for i, name in enumerate(columns)}
    return {"batch": msgspec.json.encode(rows).decode()}


@cache
def statements(*, postgresql: bool) -> Statements:
    """Returns the statements in the dialect of PostgreSQL or SQLite; they are built once."""
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
    # FOR SHARE (ignored on SQLite, which has one writer): this waits while another unit closes one of the rounds, and
    # a round read as open stays open until our ballots are committed.
    batch = _batch(ROUND, of_postgresql=of_postgresql)
    asked = round_.c.id.in_(sa.select(batch.c.round))
    # In the order of ids, as every unit that takes several rounds.
    turns = sa.select(round_.c.id).where(asked).order_by(round_.c.id).subquery("asked")
    taken = sa.select(sa.func.pg_advisory_xact_lock_shared(_turn(turns.c.id))).cte("turns")
    # It depends on no row, so that PostgreSQL evaluates it once, before it reads and locks the first one.
    after_turns = sa.select(sa.func.count()).select_from(taken).scalar_subquery() >= 0
    return (
        sa.select(
            round_.c.id,
            round_.c.session,
            round_.c.state,
            round_.c.method,
            sa.cast(round_.c.responses, sa.Text),
            round_.c.closes_at,
        )
        .where(asked, *([after_turns] if of_postgresql else []))
        .order_by(round_.c.id)
        .with_for_update(read=True)
    )


def _turn(round_id: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Returns the number of PostgreSQL's advisory lock in which units that want a round wait in one queue.

    A row lock alone has no such queue: ballots that share it let others in past a unit that waits to close the round,
    and an unbroken stream of them, from several servers, would hold the closing back for ever.
    """
    return sa.func.hashtextextended(round_id, 0)


def waits_its_turn(ids: sa.Select[tuple[str]]) -> Quick:
    """Returns the statement with which a unit waits, on PostgreSQL, until no batch of ballots holds any of the rounds
    with these `ids`; batches that come later wait until it ends. `ids` are selected in their order."""
    wanted = ids.subquery("wanted")
    return sa.select(sa.func.pg_advisory_xact_lock(_turn(wanted.c[0])))


def _voted(*, of_postgresql: bool) -> Quick:
    batch = _batch(ROUND, of_postgresql=of_postgresql)
    return (
        sa.select(ballot.c.round, sa.func.count())
        .where(ballot.c.round.in_(sa.select(batch.c.round)))
        .group_by(ballot.c.round)
    )


# The statements below look participants up in subqueries by id, never in joins: before PostgreSQL has statistics of
# its tables, as in the first minutes of an event, it joined a batch with everybody in the session, which took seconds.


def _fresh(*, of_postgresql: bool) -> Quick:
    # Only participants of the round's own session, without observers. Sorted by (round, participant, cast), so that
    # two processes with overlapping batches take row locks in one order and cannot deadlock.
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
    # The batch has at most one row a participant and round, and all participants exist. A later cast changes choice,
    # reason, condition and time; the group and the random numbers stay those of the first.
    batch = _batch(BALLOT, of_postgresql=of_postgresql)
    chosen = (
        sa.select(*batch.c, _of(batch, participant.c.group_id))
        .where(sa.true())  # without a WHERE, SQLite reads the ON of "ON CONFLICT" as a join's
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
    # For each cast that was not fresh: its participant's session, whether the cast was counted before, and the choice
    # that counts for the participant now.
    batch = _batch(KEY, of_postgresql=of_postgresql)
    same = (casting.c[name] == batch.c[name] for name in KEY)
    counted = sa.select(sa.literal_column("1")).select_from(casting).where(*same).scalar_subquery()
    mine = (ballot.c.round == batch.c.round, ballot.c.participant == batch.c.participant)
    choice = sa.select(ballot.c.choice).where(*mine).scalar_subquery()
    return sa.select(*batch.c, _of(batch, participant.c.session), _of(batch, participant.c.observer), counted, choice)


def _of(batch: sa.FromClause, what: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(what).where(participant.c.id == batch.c.participant).scalar_subquery()
