"""Work list of those who decide. Each section is one SELECT, so that a page costs as much with thousands of decisions
as with ten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa

from forum.ports.work_list import SEALED, Section, Wanted, WorkLine
from forum.sessions.session import SessionKind
from forum.store.base import Area, made
from forum.store.tables import (
    answer_move,
    commission,
    commission_version,
    commitment,
    commitment_update,
    decision,
    decision_correction,
    decision_draft,
    prediction,
    round_,
    session,
)
from forum.store.tables.schema import Words
from forum.voting.commitment import FINISHED, QUIET_DAYS, SOON_DAYS, CommitmentState
from forum.voting.decision import UNANSWERING, DecisionState
from forum.voting.round import DECIDED_ON, RoundState

Lines: TypeAlias = sa.Select[Any]
_NOTHING = sa.literal("")


class _Asked(msgspec.Struct, frozen=True):
    """Everything that makes one SELECT differ from another; values are passed as parameters."""

    section: Section
    postgresql: bool
    some: bool  # of some commissions only
    one: bool  # of one commission
    words: int
    rehearsals: bool
    by_commission: bool


class SqlWorkList(Area):
    """The database's work list. The contract is ports.work_list.WorkList."""

    async def lines(self, section: Section, wanted: Wanted, start: int, most: int) -> tuple[int, list[WorkLine]]:
        """Returns the number of lines of a section, and at most so many of them from the line `start` (0 is the
        first)."""
        asked = _Asked(
            section,
            self._link.postgresql,
            wanted.commissions is not None,
            bool(wanted.commission),
            len(wanted.words),
            wanted.rehearsals,
            wanted.by_commission,
        )
        values = values_of(wanted)
        rows = await self._link.rows(_page(asked), values | {"start": start, "most": max(most, 1)})
        if not rows and start:
            return (await self.lines(section, wanted, 0, 1))[0], []
        return rows[0]["number"] if rows else 0, [made(row, WorkLine) for row in rows[:most]]

    async def titles(self, wanted: Wanted) -> list[tuple[str, str]]:
        """Returns the id and the title of every commission that the person may see, by title."""
        chosen = sa.select(commission.c.id, commission.c.title).where(sa.not_(commission.c.draft))
        if wanted.commissions is not None:
            chosen = chosen.where(self._link.among(commission.c.id, wanted.commissions))
        rows = await self._link.rows(chosen.order_by(commission.c.title, commission.c.seq))
        return [(row["id"], row["title"]) for row in rows]


def values_of(wanted: Wanted) -> dict[str, object]:
    """Returns the parameters of every SELECT."""
    today = date.fromisoformat(wanted.today)
    soon, quiet = ((today + timedelta(days=days)).isoformat() for days in (SOON_DAYS, -QUIET_DAYS))
    values: dict[str, object] = {"person": f"%{wanted.person}%", "today": wanted.today, "soon": soon, "quiet": quiet}
    if wanted.commissions is not None:
        values["commissions"] = list(wanted.commissions)
    if wanted.commission:
        values["commission"] = wanted.commission
    for number, word in enumerate(wanted.words):
        plain = "".join("/" + one if one in "/%_" else one for one in word.lower())
        values[f"word_{number}"] = f"%{plain}%"
    return values


def counted(section: Section, postgresql: bool, some: bool) -> Lines:
    """Returns the lines of a section to be counted, of every commission or of `some`, without rehearsals."""
    return _SECTIONS[section](_Asked(section, postgresql, some, False, 0, False, False))


# Building such a SELECT takes SQLAlchemy longer than the database takes to run it.
@lru_cache(maxsize=200)
def _page(asked: _Asked) -> sa.Select[Any]:
    """Returns the SELECT of some lines of a section, each with the number of all."""
    within = _SECTIONS[asked.section](asked).subquery()
    line = within.c
    number: sa.ColumnElement[int] = sa.func.count().over()
    if asked.section in (Section.WAITING, Section.PROMISES):
        order: list[sa.ColumnElement[Any]] = [line.day == "", line.day, line.since, line.seq]
    else:
        # Where the lines wanted are found without looking at the others, these are counted quicker by themselves.
        order, every = [line.seq.desc()], _SECTIONS[asked.section](asked).subquery()
        number = sa.select(sa.func.count()).select_from(every).scalar_subquery()
    if asked.by_commission:
        order = [line.commission_title, line.commission, *order]
    lines = sa.select(within, number.label("number")).order_by(*order)
    return lines.offset(sa.bindparam("start", type_=sa.Integer)).limit(sa.bindparam("most", type_=sa.Integer))


def _chosen(asked: _Asked, lines: Lines, session: sa.FromClause, *texts: sa.ColumnElement[str]) -> Lines:
    """Adds to the lines of a section, each of a session, what is wanted of them; the words are looked for in `texts`
    and in the title of the commission."""
    lines = lines.add_columns(
        commission.c.id.label("commission"),
        commission.c.title.label("commission_title"),
        sa.or_(commission.c.rehearsal, session.c.rehearsal).label("rehearsal"),
        commission.c.demonstration,
        (session.c.kind == SessionKind.ASYNCHRONOUS).label("asynchronous"),
    )
    if asked.some:
        lines = lines.where(commission.c.id.in_(sa.bindparam("commissions", expanding=True)))
    if asked.one:
        lines = lines.where(commission.c.id == sa.bindparam("commission"))
    if not asked.rehearsals:
        lines = lines.where(sa.not_(commission.c.rehearsal), sa.not_(session.c.rehearsal))
    where = [sa.func.lower(text) for text in (*texts, commission.c.title)]
    for number in range(asked.words):
        word = sa.bindparam(f"word_{number}", type_=Words)
        lines = lines.where(sa.or_(*(text.like(word, escape="/") for text in where)))
    return lines


def _votes_of(asked: _Asked, column: sa.Column[Any], *also: sa.ColumnElement[Any]) -> Lines:
    """Selects the votes that stand in a column of the decisions, as `vote`, each with `also`."""
    each = _each(column, asked)
    votes = sa.select(each.c.value.label("vote"), *also).select_from(decision.join(each, sa.true()))
    if column is decision.c.votes:
        # Most decisions rest on every vote on their question: those are the same in both columns.
        return votes.where(sa.cast(column, sa.Text) != sa.cast(decision.c.rounds, sa.Text))
    return votes


def _postponed(asked: _Asked) -> sa.Subquery:
    """Selects each vote with the last day that it was put off to, or moved to, in the order of the record."""
    entry = sa.func.coalesce(decision.c.entry, 0)
    days = (decision.c.until.label("went_to"), entry.label("entry"))
    put_off = [
        _votes_of(asked, column, *days).where(decision.c.until != "")
        for column in (decision.c.rounds, decision.c.votes)
    ]
    moved = sa.select(answer_move.c.round.label("vote"), answer_move.c.went_to, answer_move.c.entry)
    every = sa.union(*put_off, moved).subquery()
    place = sa.func.row_number().over(partition_by=every.c.vote, order_by=(every.c.entry.desc(), every.c.went_to))
    placed = sa.select(every.c.vote, every.c.went_to, place.label("place")).subquery()
    return sa.select(placed.c.vote, placed.c.went_to).where(placed.c.place == 1).subquery()


def _each(column: sa.Column[Any], asked: _Asked) -> sa.TableValuedAlias:
    """Returns the values of a list that is stored as JSON, as a table to be joined to that of the list."""
    of = sa.func.json_array_elements_text if asked.postgresql else sa.func.json_each
    return of(column).table_valued("value")


def _day_after(at: sa.ColumnElement[str], days: sa.ColumnElement[int], asked: _Asked) -> sa.ColumnElement[str]:
    """Returns the ISO date of the day so many days after a stored time."""
    day = sa.func.substr(at, 1, 10)
    if asked.postgresql:
        return sa.func.to_char(sa.cast(day, sa.Date) + days, "YYYY-MM-DD")
    return sa.func.date(day, sa.cast(days, sa.Text) + " days")


class _Vote:
    """A vote in a SELECT, with its session and what its version of the commission declared."""

    def __init__(self, name: str) -> None:
        self.round, self.session = round_.alias(name), session.alias(f"{name}_session")
        self.version = commission_version.alias(f"{name}_version")
        self.days = self.version.c.terms["power"]["answer_by_days"].as_integer()
        recorded = sa.and_(self.session.c.recorded, sa.not_(self.session.c.rehearsal))
        self.is_due = sa.and_(recorded, self.days.is_not(None))
        self.is_held = sa.func.coalesce(sa.cast(self.session.c.held, sa.Text), "").contains(self.round.c.id)

    def joined(self, lines: Lines) -> Lines:
        """Adds it to a SELECT: those votes that closed and stand, and are due an answer or were shown."""
        about, vote = self.version.c, self.round.c
        terms = sa.and_(about.commission == self.session.c.commission, about.number == self.session.c.terms)
        is_shown = sa.and_(vote.state == RoundState.REVEALED, sa.not_(self.is_held))
        return (
            lines.select_from(self.round)
            .join(self.session, vote.session == self.session.c.id)
            .outerjoin(self.version, terms)
            .where(vote.closed_at != "", vote.state != RoundState.ANNULLED, vote.kind.in_(DECIDED_ON))
            .where(sa.or_(self.is_due, is_shown))
        )


def _waiting(asked: _Asked) -> Lines:
    one, again, first = _Vote("vote"), _Vote("again"), round_.alias("first")
    vote, postponed = one.round.c, _postponed(asked)
    answers = decision.c.outcome.not_in(UNANSWERING)
    votes = (_votes_of(asked, column).where(answers) for column in (decision.c.rounds, decision.c.votes))
    repeated = again.joined(sa.select(again.round.c.second_of)).where(again.round.c.second_of.is_not(None))
    declared = sa.case((one.is_due, _day_after(vote.closed_at, one.days, asked)))
    was_shown = sa.and_(
        first.c.state == RoundState.REVEALED,
        sa.not_(sa.func.coalesce(sa.cast(one.session.c.held, sa.Text), "").contains(first.c.id)),
    )
    lines = sa.select(
        vote.seq,
        vote.id,
        vote.question.label("title"),
        sa.func.coalesce(postponed.c.went_to, declared, "").label("day"),
        sa.func.substr(vote.closed_at, 1, 10).label("since"),
        vote.state,
        one.is_held.label("held"),
        sa.case((was_shown, first.c.id), else_=_NOTHING).label("first"),
    )
    lines = (
        one.joined(lines)
        .join(commission, one.session.c.commission == commission.c.id)
        .outerjoin(first, vote.second_of == first.c.id)
        .outerjoin(postponed, postponed.c.vote == vote.id)
        .where(vote.id.not_in(sa.union_all(*votes)), vote.id.not_in(repeated))
    )
    return _chosen(asked, lines, one.session, vote.question, one.session.c.title)


def _of_votes(lines: Lines, table: sa.Table) -> Lines:
    """Joins a draft or a decision to its commission, and to its first vote with the session of that."""
    return (
        lines.join(commission, table.c.commission == commission.c.id)
        .join(round_, table.c.rounds[0].as_string() == round_.c.id)
        .join(session, round_.c.session == session.c.id)
    )


def _some_drafts(asked: _Asked, *, to_read: bool) -> Lines:
    mine = sa.cast(decision_draft.c.writers, sa.Text).like(sa.bindparam("person"))
    reads = sa.and_(decision_draft.c.state == DecisionState.WITH_READER, sa.not_(mine))
    lines = sa.select(
        decision_draft.c.seq,
        decision_draft.c.id,
        round_.c.question.label("title"),
        decision_draft.c.saved_at.label("day"),
        decision_draft.c.state,
        mine.label("mine"),
    ).where(reads if to_read else sa.not_(reads))
    return _chosen(
        asked, _of_votes(lines.select_from(decision_draft), decision_draft), session, round_.c.question, session.c.title
    )


def _is_replaced() -> sa.ColumnElement[bool]:
    by = decision_correction.c
    return sa.exists().where(by.decision == decision.c.id, by.replaced_by != "")


def _promises(asked: _Asked) -> Lines:
    told = commitment_update
    any_ = told.alias("any_update")
    newest = sa.select(sa.func.max(any_.c.seq)).where(any_.c.commitment == commitment.c.id).scalar_subquery()
    state = sa.func.coalesce(told.c.state, str(CommitmentState.NO_NEWS))
    news = sa.func.substr(sa.func.coalesce(told.c.at, commitment.c.at), 1, 10)
    today, soon, quiet = (sa.bindparam(name, type_=Words) for name in ("today", "soon", "quiet"))
    is_late = sa.and_(commitment.c.by < today, state != CommitmentState.HANDED_ON)
    is_near = commitment.c.by.between(today, soon)
    is_quiet = sa.and_(news != "", news <= quiet)
    lines: Lines = (
        sa.select(
            commitment.c.seq,
            commitment.c.id,
            commitment.c.what.label("title"),
            commitment.c.by.label("day"),
            state.label("state"),
            news.label("since"),
        )
        .select_from(commitment)
        .outerjoin(told, told.c.seq == newest)
        .join(decision, commitment.c.decision == decision.c.id)
        .where(state.not_in(FINISHED), sa.or_(is_late, is_near, is_quiet), sa.not_(_is_replaced()))
    )
    lines = _of_votes(lines, decision)
    if not asked.one:
        # Nobody will ever keep them: they would stand among real ones for good.
        lines = lines.where(sa.not_(commission.c.demonstration))
    return _chosen(asked, lines, session, commitment.c.what, commitment.c.role)


def _published(asked: _Asked) -> Lines:
    lines: Lines = sa.select(
        decision.c.seq,
        decision.c.id,
        round_.c.question.label("title"),
        decision.c.decided_at.label("day"),
        decision.c.outcome.label("state"),
        _is_replaced().label("replaced"),
    )
    return _chosen(
        asked,
        _of_votes(lines.select_from(decision), decision),
        session,
        round_.c.question,
        decision.c.rationale,
        session.c.title,
    )


def _ahead(asked: _Asked) -> Lines:
    votes = round_.alias("any_vote")
    begun = sa.exists().where(votes.c.session == session.c.id, votes.c.opened_at != "")
    lines: Lines = (
        sa.select(
            session.c.seq,
            session.c.id,
            session.c.title,
            session.c.opened_at.label("day"),
            sa.case((prediction.c.session.is_not(None), SEALED), else_="").label("state"),
        )
        .select_from(session)
        .join(commission, session.c.commission == commission.c.id)
        .outerjoin(prediction, prediction.c.session == session.c.id)
        .where(sa.not_(session.c.ended), session.c.opened_at != "", sa.not_(begun))
    )
    return _chosen(asked, lines, session, session.c.title)


_SECTIONS: Mapping[Section, Callable[[_Asked], Lines]] = {
    Section.WAITING: _waiting,
    Section.DRAFTS: partial(_some_drafts, to_read=False),
    Section.TO_READ: partial(_some_drafts, to_read=True),
    Section.PROMISES: _promises,
    Section.PUBLISHED: _published,
    Section.AHEAD: _ahead,
}
