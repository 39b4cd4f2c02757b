"""Counts of what waits for somebody, each set of them by one SELECT of numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from forum.ports.work_list import Counts, Duty, FirstSteps, Section, Wanted
from forum.sessions.session import SessionKind
from forum.store.base import Area, made
from forum.store.drafts import OPEN_QUESTION
from forum.store.tables import (
    appeal,
    commission,
    decision,
    evidence,
    help_pledge,
    minority_statement,
    moderation,
    report,
    round_,
    session,
    story,
    suggestion,
)
from forum.store.tables.schema import Words
from forum.store.work_list import counted, values_of
from forum.stories.moderation import AppealOutcome, ModerationAction, ReportAnswer
from forum.stories.submission import StoryStatus
from forum.voting.help_pledge import HelpState
from forum.voting.minority_statement import StatementState
from forum.voting.round import RoundState

_KEPT_BACK = (ModerationAction.RETURNED, ModerationAction.HELD, ModerationAction.TAKEN_DOWN)


class SqlYourWork(Area):
    """The database's counts of work. The contract is ports.work_list.YourWork."""

    async def moderating(self, within: Collection[str] | None, person: str) -> Counts:
        """Counts what a moderator has to read."""
        return await self._counts(_moderating(within is not None), {"person": person}, within)

    async def deciding(self, within: Collection[str] | None, person: str, today: str) -> Counts:
        """Counts votes to answer, promises that are due, and drafts."""
        return await self._counts(_deciding(self._link.postgresql, within is not None), _asked(person, today), within)

    async def reading(self, within: Collection[str] | None, person: str, today: str) -> Counts:
        """Counts the drafts that wait for a second reader."""
        return await self._counts(_reading(self._link.postgresql, within is not None), _asked(person, today), within)

    async def organising(self, within: Collection[str] | None) -> Counts:
        """Counts sessions ahead or going on, and open asynchronous rounds."""
        return await self._counts(_organising(within is not None), {}, within)

    async def first_steps(self, of: str = "") -> FirstSteps:
        """Returns how far the newest commission, or the one `of` this id, has come."""
        [row] = await self._link.rows(_first_steps(bool(of)), {"of": of} if of else {})
        return made(row, FirstSteps)

    async def _counts(
        self, numbers: sa.Select[Any], values: Mapping[str, object], within: Collection[str] | None
    ) -> Counts:
        where = {} if within is None else {"commissions": list(within)}
        [row] = await self._link.rows(numbers, {**values, **where})
        return {Duty(name): int(number) for name, number in row.items()}


def _asked(person: str, today: str) -> Mapping[str, object]:
    return values_of(Wanted(None, person, today))


def _numbers(found: Mapping[Duty, sa.Select[Any]]) -> sa.Select[Any]:
    """Returns one SELECT of how many lines each of these has."""
    each = [
        sa.select(sa.func.count()).select_from(lines.subquery()).scalar_subquery().label(duty)
        for duty, lines in found.items()
    ]
    return sa.select(*each)


def _of(lines: sa.Select[Any], column: sa.ColumnElement[str], some: bool) -> sa.Select[Any]:
    """Keeps the lines of the wanted commissions."""
    return lines.where(column.in_(sa.bindparam("commissions", expanding=True))) if some else lines


@lru_cache(maxsize=4)
def _moderating(some: bool) -> sa.Select[Any]:
    stories = _of(sa.select(story.c.id), story.c.commission, some)
    public = stories.where(story.c.status == StoryStatus.ACCEPTED)
    beside = sa.select(evidence.c.story).where(evidence.c.shown_at == "", evidence.c.declined_at == "")
    reported = sa.select(report.c.story).where(report.c.answer == ReportAnswer.OPEN)
    # A story whose teller is asked about a question waits for its teller.
    asked = sa.select(suggestion.c.story).where(*OPEN_QUESTION)
    acts = moderation.alias("newer")
    newest = sa.select(sa.func.max(acts.c.seq)).where(acts.c.story == story.c.id, acts.c.action.in_(_KEPT_BACK))
    appealed = (
        stories.join(appeal, appeal.c.story == story.c.id)
        .join(moderation, appeal.c.act == moderation.c.id)
        .where(appeal.c.outcome == AppealOutcome.OPEN, story.c.status.in_((StoryStatus.RETURNED, StoryStatus.HELD)))
        .where(moderation.c.seq == newest.scalar_subquery(), moderation.c.by != sa.bindparam("person", type_=Words))
    )
    statements = (
        sa.select(minority_statement.c.id)
        .join(decision, minority_statement.c.decision == decision.c.id)
        .where(minority_statement.c.state == StatementState.WAITING)
    )
    offered = sa.select(help_pledge.c.id).where(help_pledge.c.state == HelpState.WAITING)
    return _numbers(
        {
            Duty.STORIES: stories.where(
                story.c.status == StoryStatus.SUBMITTED, sa.not_(story.c.to_shape) | story.c.id.not_in(asked)
            ),
            Duty.VERSIONS: public.where(story.c.revision != ""),
            Duty.APPEALS: appealed,
            Duty.REPORTS: public.where(story.c.id.in_(reported)),
            Duty.EVIDENCE: stories.where(story.c.status != StoryStatus.WRITING, story.c.id.in_(beside)),
            Duty.STATEMENTS: _of(statements, decision.c.commission, some),
            Duty.PLEDGES: _of(offered, help_pledge.c.commission, some),
        }
    )


@lru_cache(maxsize=8)
def _deciding(postgresql: bool, some: bool) -> sa.Select[Any]:
    sections = {Duty.ANSWERS: Section.WAITING, Duty.PROMISES: Section.PROMISES, Duty.DRAFTS: Section.DRAFTS}
    return _numbers({duty: counted(section, postgresql, some) for duty, section in sections.items()})


@lru_cache(maxsize=8)
def _reading(postgresql: bool, some: bool) -> sa.Select[Any]:
    return _numbers({Duty.TO_READ: counted(Section.TO_READ, postgresql, some)})


@lru_cache(maxsize=4)
def _organising(some: bool) -> sa.Select[Any]:
    going = (
        sa.select(session.c.id)
        .join(commission, session.c.commission == commission.c.id)
        .where(sa.not_(session.c.ended), sa.not_(session.c.rehearsal), sa.not_(commission.c.rehearsal))
    )
    going = _of(going, session.c.commission, some)
    open_rounds = sa.select(round_.c.session).where(round_.c.state == RoundState.OPEN)
    asynchronous = going.where(session.c.kind == SessionKind.ASYNCHRONOUS)
    return _numbers(
        {
            Duty.SESSIONS: going.where(session.c.kind == SessionKind.ROOM),
            Duty.ROUNDS: asynchronous.where(session.c.id.in_(open_rounds)),
        }
    )


@lru_cache(maxsize=2)
def _first_steps(one: bool) -> sa.Select[Any]:
    real = sa.and_(sa.not_(commission.c.demonstration), sa.not_(commission.c.rehearsal))
    chosen = sa.select(commission.c.id).where(real, sa.not_(commission.c.draft), commission.c.closed_at == "")
    newest = chosen.order_by(commission.c.seq.desc()).limit(1).scalar_subquery()
    wanted = sa.bindparam("of", type_=Words) if one else sa.func.coalesce(newest, "")
    stories = sa.select(sa.func.count()).where(
        story.c.commission == wanted, story.c.status == StoryStatus.ACCEPTED, story.c.may_perform
    )
    sessions = sa.select(session.c.id).where(
        session.c.commission == wanted,
        session.c.kind == SessionKind.ROOM,
        sa.not_(session.c.rehearsal),
        session.c.called_off_at == "",
    )
    latest = sessions.order_by(session.c.seq.desc()).limit(1)
    rehearsals = (
        sa.select(session.c.id)
        .join(commission, session.c.commission == commission.c.id)
        .where(session.c.rehearsal, sa.not_(commission.c.demonstration))
    )
    decisions = sa.select(decision.c.id).join(commission, decision.c.commission == commission.c.id).where(real)
    return sa.select(
        wanted.label("commission"),
        stories.scalar_subquery().label("stories"),
        sa.func.coalesce(latest.scalar_subquery(), "").label("session"),
        sa.func.coalesce(latest.with_only_columns(session.c.ended).scalar_subquery(), sa.false()).label("over"),
        rehearsals.exists().label("rehearsed"),
        decisions.exists().label("decided"),
    )
