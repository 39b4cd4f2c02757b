"""SQL statements that count a batch of ballots: one round trip each, however many ballots there are.

`base.Batch` says how a batch is passed: never row by row.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from forum.store.base import Batch
from forum.store.tables import ballot, casting, participant, round_
from forum.voting.ballot import Ballot

ROUND = ("round",)
KEY = ("round", "participant", "cast")
FRESH = (*KEY, "session")
BALLOT = ("round", "participant", "choice", "reason", "ballot", "salt", "group_salt", "at", "condition")

_KIND = (ballot.c.group_id, ballot.c.choice)
_BY = (ballot.c.participant, ballot.c.choice)
# In the order of Ballot's fields.
_WHOLE = tuple(ballot.c["group_id" if field.name == "group" else field.name] for field in fields(Ballot))


class Statements(msgspec.Struct, frozen=True):
    """The statements that count a batch, in the order they are run.

    `asked` reads and locks the rounds; `fresh` stores the ids of casts and returns the new ones; `count` writes ballots
    and returns each that it wrote with its random id; `known` looks up the casts that were not fresh; `voted` counts
    the ballots of rounds. `whole` reads the ballots of rounds, `given` counts those that are alike, `choices_by` gives
    who chose what.
    """

    asked: Batch
    fresh: Batch
    count: Batch
    known: Batch
    voted: Batch
    whole: Batch
    given: Batch
    choices_by: Batch


@cache
def statements(*, postgresql: bool) -> Statements:
    """Returns the statements in the dialect of PostgreSQL or SQLite; they are built once."""
    return Statements(
        asked=Batch(_asked(of_postgresql=postgresql), ROUND),
        fresh=_fresh(of_postgresql=postgresql),
        count=_count(of_postgresql=postgresql),
        known=Batch(_known(of_postgresql=postgresql), KEY),
        voted=Batch(_voted(of_postgresql=postgresql), ROUND),
        whole=Batch(_of_rounds(*_WHOLE, of_postgresql=postgresql).order_by(ballot.c.ballot), ROUND),
        given=Batch(
            _of_rounds(*_KIND, sa.func.count(), of_postgresql=postgresql).group_by(*_KIND).order_by(*_KIND), ROUND
        ),
        choices_by=Batch(_of_rounds(*_BY, of_postgresql=postgresql).order_by(ballot.c.participant), ROUND),
    )


def _asked(*, of_postgresql: bool) -> sa.Select[Any] | sa.UpdateBase:
    # FOR SHARE (ignored on SQLite, which has one writer): this waits while another unit closes one of the rounds, and
    # a round read as open stays open until our ballots are committed.
    batch = Batch.of(ROUND, of_postgresql=of_postgresql)
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


def waits_its_turn(ids: sa.Select[tuple[str]]) -> sa.Select[Any] | sa.UpdateBase:
    """Returns the statement with which a unit waits, on PostgreSQL, until no batch of ballots holds any of the rounds
    with these `ids`; batches that come later wait until it ends. `ids` are selected in their order."""
    wanted = ids.subquery("wanted")
    return sa.select(sa.func.pg_advisory_xact_lock(_turn(wanted.c[0])))


def _of_rounds(*columns: sa.ColumnElement[Any], of_postgresql: bool) -> sa.Select[Any]:
    batch = Batch.of(ROUND, of_postgresql=of_postgresql)
    return sa.select(*columns).where(ballot.c.round.in_(sa.select(batch.c.round)))


def _voted(*, of_postgresql: bool) -> sa.Select[Any] | sa.UpdateBase:
    return _of_rounds(ballot.c.round, sa.func.count(), of_postgresql=of_postgresql).group_by(ballot.c.round)


# The statements below look participants up in subqueries by id, never in joins: before PostgreSQL has statistics of
# its tables, as in the first minutes of an event, it joined a batch with everybody in the session, which took seconds.


def _fresh(*, of_postgresql: bool) -> Batch:
    # Only participants of the round's own session, without observers. Sorted by (round, participant, cast), so that
    # two processes with overlapping batches take row locks in one order and cannot deadlock.
    batch = Batch.of(FRESH, of_postgresql=of_postgresql)
    key = [batch.c[name] for name in KEY]
    here = sa.select(participant.c.session).where(
        participant.c.id == batch.c.participant, sa.not_(participant.c.observer)
    )
    chosen = sa.select(*key).where(here.scalar_subquery() == batch.c.session).order_by(*key)
    if of_postgresql:
        inserted = postgresql.insert(casting).from_select(KEY, chosen).on_conflict_do_nothing()
        return Batch(inserted.returning(*casting.c), FRESH)
    there = sa.exists().where(*(casting.c[name] == batch.c[name] for name in KEY))
    return Batch(
        sqlite.insert(casting).from_select(KEY, chosen).on_conflict_do_nothing(),
        FRESH,
        foretold=_in_one(chosen.where(~there)),
    )


def _count(*, of_postgresql: bool) -> Batch:
    # The batch has at most one row a participant and round, and all participants exist. A later cast changes choice,
    # reason, condition and time; the group and the random numbers stay those of the first. One that came earlier than
    # what is there, and waited in another server while that was counted, changes and returns nothing. SQLite has one
    # server: there the order of commits is the true one, whatever a clock says that was put back.
    batch = Batch.of(BALLOT, of_postgresql=of_postgresql)
    chosen = (
        sa.select(*batch.c, _of(batch, participant.c.group_id))
        .where(sa.true())  # without a WHERE, SQLite reads the ON of "ON CONFLICT" as a join's
        .order_by(batch.c.round, batch.c.participant)
    )
    columns = (*BALLOT, "group_id")
    key = ["round", "participant"]
    changing = ("choice", "reason", "at", "condition")
    if of_postgresql:
        there = postgresql.insert(ballot).from_select(columns, chosen)
        return Batch(
            there.on_conflict_do_update(
                index_elements=key,
                set_={name: there.excluded[name] for name in changing},
                where=_gives_way(there.excluded.at),
            ).returning(ballot.c.round, ballot.c.participant, ballot.c.ballot),
            BALLOT,
        )
    here = sqlite.insert(ballot).from_select(columns, chosen)
    before = sa.select(ballot.c.ballot).where(*(ballot.c[name] == batch.c[name] for name in key)).scalar_subquery()
    return Batch(
        here.on_conflict_do_update(index_elements=key, set_={name: here.excluded[name] for name in changing}),
        BALLOT,
        foretold=_in_one(sa.select(*(batch.c[name] for name in key), sa.func.coalesce(before, batch.c.ballot))),
    )


def _gives_way(at: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Returns PostgreSQL's condition that a ballot that is there gives way to a cast that came `at`.

    So does one that is further ahead than any cast waits for its commit: it was timed by a clock that is wrong, and
    nobody could change that vote until the other clocks had come so far.
    """
    there, here = (sa.cast(one, sa.DateTime(timezone=True)) for one in (ballot.c.at, at))
    return sa.or_(at >= ballot.c.at, there - here > sa.literal_column("interval '1 minute'"))


def _in_one(rows: sa.Select[Any]) -> sa.Select[Any]:
    """Returns the statement that gives rows as one text of JSON, a list of lists."""
    each = rows.order_by(None).subquery("each")
    return sa.select(sa.func.json_group_array(sa.func.json_array(*each.c)))


def _known(*, of_postgresql: bool) -> sa.Select[Any] | sa.UpdateBase:
    # For each cast that was not fresh: its participant's session, whether the cast was counted before, and the choice
    # that counts for the participant now.
    batch = Batch.of(KEY, of_postgresql=of_postgresql)
    same = (casting.c[name] == batch.c[name] for name in KEY)
    counted = sa.select(sa.literal_column("1")).select_from(casting).where(*same).scalar_subquery()
    mine = (ballot.c.round == batch.c.round, ballot.c.participant == batch.c.participant)
    choice = sa.select(ballot.c.choice).where(*mine).scalar_subquery()
    return sa.select(*batch.c, _of(batch, participant.c.session), _of(batch, participant.c.observer), counted, choice)


def _of(batch: sa.FromClause, what: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(what).where(participant.c.id == batch.c.participant).scalar_subquery()
