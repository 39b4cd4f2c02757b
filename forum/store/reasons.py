"""Reasons, from the reveal of their round on, and their "me too"."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import ballot, me_too, round_
from forum.store.tables import reason as reasons
from forum.voting.reason import Given, Reason, ReasonState

_NO_REASON = "There is no such reason. Its writer may have taken it back."


class SqlReasons(Area):
    """The database's reasons. The contract is ports.voting.Reasons."""

    async def add_reasons(self, reasons_: Sequence[Reason]) -> None:
        """Adds reasons; where a participant has one in the round already, that one stays."""
        for reason in reasons_:
            await self._link.add(reasons, _row(reason))

    async def put_reason(self, reason: Reason) -> None:
        """Stores a reason and replaces the one its participant gave in the round, whose "me too" are deleted."""
        before = await self.reason_by(reason.participant, reason.round)
        if before is not None:
            await self._delete(before.id)
        await self._link.run(sa.insert(reasons).values(_row(reason)))

    async def get_reason(self, reason: str) -> Reason:
        """Returns a reason. Raises NotFound."""
        return _reason(await self._link.one(sa.select(reasons).where(reasons.c.id == reason), _NO_REASON))

    async def list_reasons(self, round_id: str) -> list[Reason]:
        """Returns the reasons of a round in the order of their random ids, which does not show who wrote first."""
        wanted = sa.select(reasons).where(reasons.c.round == round_id).order_by(reasons.c.id)
        return [_reason(row) for row in await self._link.rows(wanted)]

    async def reason_by(self, participant: str, round_id: str) -> Reason | None:
        """Returns the reason that a participant gave in a round, or None."""
        mine = having(reasons.c.participant, reasons.c.round)
        rows = await self._link.rows(mine, {"participant": participant, "round": round_id})
        return _reason(rows[0]) if rows else None

    async def move_reason(self, reason: str, state: ReasonState) -> None:
        """Sets a reason's state. Raises NotFound."""
        await self._link.change(sa.update(reasons).where(reasons.c.id == reason).values(state=state), _NO_REASON)

    async def show_due_reasons(self, session: str, at: str) -> int:
        """Shows every waiting reason of the session's rounds that is due at this time. Returns how many."""
        its = sa.select(round_.c.id).where(round_.c.session == session)
        ready = (reasons.c.state == ReasonState.WAITING, reasons.c.due_at != "", reasons.c.due_at <= at)
        return await self._link.run(
            sa.update(reasons).where(reasons.c.round.in_(its), *ready).values(state=ReasonState.SHOWN)
        )

    async def next_due(self, round_id: str) -> str:
        """Returns the time at which the next reason of a round is due, "" for none."""
        waiting = (reasons.c.round == round_id, reasons.c.state == ReasonState.WAITING, reasons.c.due_at != "")
        [row] = await self._link.rows(sa.select(sa.func.min(reasons.c.due_at).label("at")).where(*waiting))
        return row["at"] or ""

    async def remove_reason(self, round_id: str, participant: str) -> None:
        """Deletes the reason and condition that a participant wrote in a round, also those stored with the ballot."""
        before = await self.reason_by(participant, round_id)
        if before is not None:
            await self._delete(before.id)
        mine = (ballot.c.round == round_id, ballot.c.participant == participant)
        await self._link.run(sa.update(ballot).where(*mine).values(reason="", condition=""))

    async def too(self, reason: str, participant: str, *, on: bool) -> None:
        """Adds or removes a participant's "me too"; adding it twice counts once."""
        if on:
            await self._link.add(me_too, {"reason": reason, "participant": participant})
        else:
            mine = (me_too.c.reason == reason, me_too.c.participant == participant)
            await self._link.run(sa.delete(me_too).where(*mine))

    async def counts(self, round_id: str) -> dict[str, int]:
        """Returns how many say "me too" to each reason of a round; reasons without any are left out."""
        counted = sa.select(me_too.c.reason, sa.func.count().label("people")).where(me_too.c.reason.in_(_of(round_id)))
        return {row["reason"]: row["people"] for row in await self._link.rows(counted.group_by(me_too.c.reason))}

    async def shown(self, rounds: Sequence[str], most: int) -> dict[str, tuple[tuple[Given, ...], int]]:
        """Returns for each of these rounds the reasons that everybody may read, at most so many of each; see
        ports.voting.Reasons.shown."""
        too = sa.select(sa.func.count()).where(me_too.c.reason == reasons.c.id).scalar_subquery()
        said = (reasons.c.words != "") | (reasons.c.condition != "")
        every = (
            sa.select(
                *(reasons.c[name] for name in ("round", "id", "choice", "words", "condition")),
                too.label("too"),
                sa.func.count().over(partition_by=reasons.c.round).label("in_all"),
                sa.func.row_number()
                .over(partition_by=reasons.c.round, order_by=(too.desc(), reasons.c.words, reasons.c.id))
                .label("place"),
            )
            .where(self._link.among(reasons.c.round, rounds), reasons.c.state == ReasonState.SHOWN, said)
            .subquery()
        )
        wanted = sa.select(every).where(every.c.place <= most).order_by(every.c.round, every.c.place)
        rows = await self._link.rows(wanted)
        return {
            round_id: (tuple(_given(row) for row in its), its[0]["in_all"] - len(its))
            for round_id in dict.fromkeys(row["round"] for row in rows)
            if (its := [row for row in rows if row["round"] == round_id])
        }

    async def said(self, participant: str, round_id: str) -> set[str]:
        """Returns the ids of the reasons of a round to which this participant says "me too"."""
        mine = (me_too.c.participant == participant, me_too.c.reason.in_(_of(round_id)))
        return {row["reason"] for row in await self._link.rows(sa.select(me_too.c.reason).where(*mine))}

    async def erase_story(self, story: str) -> None:
        """Deletes the reasons of every round about a story."""
        its = sa.select(round_.c.id).where(round_.c.scenario == story)
        gone = sa.select(reasons.c.id).where(reasons.c.round.in_(its))
        await self._link.run(sa.delete(me_too).where(me_too.c.reason.in_(gone)))
        await self._link.run(sa.delete(reasons).where(reasons.c.round.in_(its)))

    async def _delete(self, reason: str) -> None:
        await self._link.run(sa.delete(me_too).where(me_too.c.reason == reason))
        await self._link.run(sa.delete(reasons).where(reasons.c.id == reason))


def _given(row: Row) -> Given:
    return Given(row["choice"], row["words"], row["condition"], row["too"])


def _of(round_id: str) -> sa.Select[tuple[str]]:
    return sa.select(reasons.c.id).where(reasons.c.round == round_id)


def _row(reason: Reason) -> dict[str, object]:
    row = plain(reason)
    return {name: value for name, value in row.items() if name != "group"} | {"group_id": reason.group}


def _reason(row: Row) -> Reason:
    return made(row, Reason, group=row["group_id"])
