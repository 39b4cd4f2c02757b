"""The ledger of promises: what follows from days and updates is worked out here, in one statement for each question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import sqlalchemy as sa

from forum.ports.promises import Counted, Place, Sought
from forum.sessions.proposal import Pledge, PledgeState
from forum.store.base import Area, made
from forum.store.tables import commission as commissions
from forum.store.tables import commitment as commitments
from forum.store.tables import commitment_update as updates
from forum.store.tables import decision as decisions
from forum.store.tables import decision_correction as corrections
from forum.store.tables import pledge as pledges
from forum.store.tables import round_ as rounds
from forum.store.tables import session as sessions
from forum.voting.commitment import FINISHED, OVERDUE, QUIET, QUIET_DAYS, SETTLED, TO_COME, CommitmentState
from forum.voting.round import RoundState

_latest, _handed, _replaced = updates.alias("latest"), updates.alias("handed"), corrections.alias("replaced")
_each, _change = updates.alias("each_update"), corrections.alias("each_correction")
_LAST = sa.select(sa.func.max(_each.c.seq)).where(_each.c.commitment == commitments.c.id)
_CHANGED = sa.select(sa.func.max(_change.c.seq)).where(_change.c.decision == decisions.c.id)
_LEDGER = (
    commitments.join(decisions, decisions.c.id == commitments.c.decision)
    .join(commissions, commissions.c.id == decisions.c.commission)
    .outerjoin(_latest, _latest.c.seq == _LAST.scalar_subquery())
    .outerjoin(_handed, _handed.c.seq == _LAST.where(_each.c.handed_to != "").scalar_subquery())
    .outerjoin(_replaced, _replaced.c.seq == _CHANGED.where(_change.c.replaced_by != "").scalar_subquery())
)
_state = sa.func.coalesce(_latest.c.state, CommitmentState.NO_NEWS.value)
_owner = sa.func.coalesce(_handed.c.handed_to, commitments.c.role)
_news_at = sa.func.coalesce(_latest.c.at, commitments.c.at)
_stands = _replaced.c.seq.is_(None)
_open = _state.not_in(FINISHED) & _stands
_recorded = decisions.c.entry.is_not(None) & sa.not_(commissions.c.draft)
_every = sa.not_(commissions.c.rehearsal)
_PLACE = sa.select(
    commitments.c.id.label("commitment"), commitments.c.decision, decisions.c.commission.label("commission")
).select_from(_LEDGER)
_IN_ORDER = (decisions.c.seq.desc(), commitments.c.seq)
_TEXTS = (commissions.c.title, commitments.c.what, commitments.c.role, commitments.c.answers, commitments.c.noticed)
_TOLD = (_each.c.said, _each.c.because, _each.c.handed_to)


class SqlPromises(Area):
    """The database's ledger. The contract is ports.promises.Promises."""

    async def count_promises(self, sought: Sought, today: str) -> Counted:
        """Returns how many promises there are, and how many were sought."""
        of = _of(sought.commission)
        told = of if sought.commission else of & sa.not_(commissions.c.demonstration)
        several: list[tuple[str, list[sa.ColumnElement[bool]]]] = [
            ("every", [_every]),
            ("listed", [of]),
            ("late", [told, _overdue(today)]),
            ("done", [told, _state == CommitmentState.DONE]),
            ("not_done", [told, _state == CommitmentState.NOT_DONE]),
            ("found", [of, *self._fits(sought, today)]),
        ]
        counts = [sa.func.count().filter(*conditions).label(name) for name, conditions in several]
        [row] = await self._link.rows(sa.select(*counts).select_from(_LEDGER).where(_recorded, _every | of))
        return made(row, Counted)

    async def find_promises(self, sought: Sought, today: str, start: int, most: int) -> list[Place]:
        """Returns a page of the promises that were sought, in the order of `by_urgency`."""
        overdue = _overdue(today)
        part = sa.case((overdue, 0), (_open, 1), else_=2)
        order = (part, sa.case((part < 2, commitments.c.by)), sa.case((part == 2, _news_at)).desc(), *_IN_ORDER)
        wanted = _PLACE.where(_recorded, _of(sought.commission), *self._fits(sought, today)).order_by(*order)
        return [made(row, Place) for row in await self._link.rows(wanted.offset(start).limit(most))]

    async def newest_promises(self, commission: str, most: int) -> list[Place]:
        """Returns the promises of a commission, or of all, of which there was news last."""
        wanted = _PLACE.where(_recorded, _of(commission)).order_by(_news_at.desc(), *_IN_ORDER)
        return [made(row, Place) for row in await self._link.rows(wanted.limit(most))]

    async def promising(self, most: int) -> list[tuple[str, str]]:
        """Returns id and title of the commissions in which something was promised, the newest first."""
        promised = decisions.join(commitments, commitments.c.decision == decisions.c.id)
        its = sa.select(decisions.c.commission).select_from(promised).where(decisions.c.entry.is_not(None))
        wanted = sa.select(commissions.c.id, commissions.c.title).where(
            commissions.c.id.in_(its), _every, sa.not_(commissions.c.draft)
        )
        rows = await self._link.rows(wanted.order_by(commissions.c.seq.desc()).limit(most))
        return [(row["id"], row["title"]) for row in rows]

    async def owners(self, most: int) -> list[str]:
        """Returns the roles that have to keep a promise, those with the most of them first."""
        owner = _owner.label("owner")
        wanted = sa.select(owner).select_from(_LEDGER).where(_recorded, _every).group_by(owner)
        rows = await self._link.rows(wanted.order_by(sa.func.count().desc(), owner).limit(most))
        return [row["owner"] for row in rows]

    async def offered(self, commission: str, most: int) -> tuple[list[Pledge], int]:
        """Returns the first of the pledges in a commission's sessions that nobody has confirmed, and how many there
        are."""
        said = pledges.join(sessions, sessions.c.id == pledges.c.session).join(rounds, rounds.c.id == pledges.c.round)
        wanted = (
            sa.select(pledges, sa.func.count().over().label("number"))
            .select_from(said)
            .where(sessions.c.commission == commission, sessions.c.recorded, rounds.c.state == RoundState.REVEALED)
            .where(pledges.c.state == PledgeState.WAITING, sa.func.length(pledges.c.what) > 0)
        )
        rows = await self._link.rows(wanted.order_by(pledges.c.at, pledges.c.seq).limit(most))
        return [made(row, Pledge) for row in rows], rows[0]["number"] if rows else 0

    def _fits(self, sought: Sought, today: str) -> Iterator[sa.ColumnElement[bool]]:
        """Yields the conditions of a choice, but for that of the commission."""
        if sought.owner:
            yield self._alike(_owner, sought.owner, whole=True)
        if sought.standing == OVERDUE:
            yield _overdue(today)
        elif sought.standing == QUIET:
            day = (date.fromisoformat(today) - timedelta(days=QUIET_DAYS)).isoformat()
            yield _open & (_news_at != "") & (sa.func.substr(_news_at, 1, 10) <= day)
        elif sought.standing == TO_COME:
            yield _state.not_in(FINISHED)
        elif sought.standing:
            yield _state == sought.standing
        for word in sought.words:
            later = sa.or_(*(self._alike(text, word) for text in _TOLD))
            told = sa.exists().where(_each.c.commitment == commitments.c.id, later)
            yield sa.or_(*(self._alike(text, word) for text in _TEXTS), told)

    def _alike(self, text: sa.ColumnElement[str], word: str, *, whole: bool = False) -> sa.ColumnElement[bool]:
        """Returns the condition that a text has a word somewhere in it, or is it (`whole`), without regard to case."""
        # Each letter as a class of itself in either case: neither database folds the letters of every language.
        signs = "".join(_class(sign, "\\" if self._link.postgresql else "[") for sign in word)
        if self._link.postgresql:
            return text.op("~", is_comparison=True)(f"^{signs}$" if whole else signs)
        return sa.func.glob(signs if whole else f"*{signs}*", text) == 1


def _class(sign: str, escape: str) -> str:
    """Returns a sign of a pattern that fits it in either case; signs with a meaning in patterns lose it."""
    either = sorted({one for one in (sign, sign.lower(), sign.upper(), sign.casefold()) if len(one) == 1})
    if len(either) > 1:
        return f"[{''.join(either)}]"
    if sign.isascii() and not sign.isalnum():
        return f"\\{sign}" if escape == "\\" else f"[{sign}]" if sign in "*?[" else sign
    return sign


def _of(commission: str) -> sa.ColumnElement[bool]:
    return decisions.c.commission == commission if commission else _every


def _overdue(today: str) -> sa.ColumnElement[bool]:
    return (commitments.c.by < today) & _state.not_in(SETTLED) & _stands
