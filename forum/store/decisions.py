"""Decisions with their commitments, and the updates of these."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

import sqlalchemy as sa

from forum.store.base import Row, having, made, plain
from forum.store.tables import answer_move as answer_moves
from forum.store.tables import commission as commissions
from forum.store.tables import commitment as commitments
from forum.store.tables import commitment_update as updates
from forum.store.tables import decision as decisions
from forum.store.tables import decision_correction as corrections
from forum.store.tables import update_file as files
from forum.store.update_files import SqlUpdateFiles
from forum.voting.answer_due import AnswerMove
from forum.voting.commitment import Commitment, Update
from forum.voting.condition import ConditionsAnswered
from forum.voting.decision import Correction, Decision
from forum.voting.update_file import UpdateFile

_PIECE = 200  # rows converted before the event loop gets a turn
_ALL = sa.select(decisions).order_by(decisions.c.seq.desc())
_OF_FILES = ("shows", "media", "size", "sha256", "withdrawn_at")
_TOLD = sa.select(updates, *(files.c[name].label(f"file_{name}") for name in _OF_FILES)).select_from(
    updates.outerjoin(files, files.c.id == updates.c.id)
)
_OF = having(decisions.c.commission).order_by(decisions.c.seq.desc())


class SqlDecisions(SqlUpdateFiles):
    """The database's decisions. The contract is ports.voting.Decisions."""

    async def add_decision(self, decision: Decision) -> None:
        """Adds a decision with its commitments, in their order."""
        values = plain(decision)
        for kept_apart in ("commitments", "corrections", "replaces"):
            values.pop(kept_apart)
        await self._link.run(sa.insert(decisions).values(values))
        for one in decision.commitments:
            await self.commit(one)

    async def commit(self, commitment: Commitment) -> None:
        """Adds a commitment to an existing decision."""
        values = plain(commitment)
        values.pop("updates")
        values.pop("replaced_at")
        await self._link.run(sa.insert(commitments).values(values))

    async def get_commitment(self, commitment: str, *, lock: bool = False) -> Commitment:
        """Returns a commitment with its updates; with `lock` no other unit of work locks it meanwhile. Raises
        NotFound."""
        wanted = having(commitments.c.id)
        if lock:
            # Updates refer to this row: FOR NO KEY UPDATE lets that be checked, and keeps other writers of them out.
            wanted = wanted.with_for_update(key_share=True)
        row = await self._link.one(wanted, "There is no such promise.", {"id": commitment})
        replaced = await self._corrections([row["decision"]])
        return (await self._with_updates([row], replaced))[0]

    async def some_commitments(self, commitments_: Collection[str]) -> list[Commitment]:
        """Returns these commitments with their updates, in no order that matters; unknown ids are left out."""
        rows = await self._link.rows(sa.select(commitments).where(self._link.among(commitments.c.id, commitments_)))
        replaced = await self._corrections(list({row["decision"] for row in rows})) if rows else []
        return await self._with_updates(rows, replaced)

    async def heads(self, decisions_: Collection[str]) -> list[Decision]:
        """Returns these decisions without their commitments, newest first; unknown ids are left out."""
        rows = await self._link.rows(_ALL.where(self._link.among(decisions.c.id, decisions_))) if decisions_ else []
        return await self._decisions(rows, {})

    async def newest_heads(self, most: int) -> list[Decision]:
        """Returns the newest decisions without their commitments, newest first; none of a rehearsal or a draft."""
        shown = sa.select(commissions.c.id).where(sa.not_(commissions.c.rehearsal), sa.not_(commissions.c.draft))
        recorded = decisions.c.entry.is_not(None)
        rows = await self._link.rows(_ALL.where(decisions.c.commission.in_(shown), recorded).limit(most))
        return await self._decisions(rows, {})

    async def answering(self, story: str) -> list[str]:
        """Returns the ids of the commitments that answer a story, in the order in which they were made."""
        wanted = sa.select(commitments.c.id).where(commitments.c.answers == story).order_by(commitments.c.seq)
        return [row["id"] for row in await self._link.rows(wanted)]

    async def add_update(self, update: Update) -> None:
        """Adds an update of a commitment."""
        values = plain(update)
        values.pop("file")
        await self._link.run(sa.insert(updates).values(values))

    async def take_back_differences(self, decisions_: Collection[str]) -> None:
        """Empties what these decisions say of what they differ from."""
        await self._link.run(
            sa.update(decisions).where(self._link.among(decisions.c.id, list(decisions_))).values(differences=[])
        )

    async def add_answer_move(self, move: AnswerMove) -> None:
        """Adds a move of the day until which a vote is answered."""
        await self._link.run(sa.insert(answer_moves).values(plain(move)))

    async def answer_moves(self, rounds: Collection[str]) -> list[AnswerMove]:
        """Returns the moves of the days until which these votes are answered, oldest first."""
        if not rounds:
            return []
        wanted = sa.select(answer_moves).where(self._link.among(answer_moves.c.round, list(rounds)))
        return [made(row, AnswerMove) for row in await self._link.rows(wanted.order_by(answer_moves.c.seq))]

    async def answer_conditions(self, decision: str, conditions: ConditionsAnswered) -> None:
        """Puts these conditions in the place of those that a decision answers."""
        await self._link.run(
            sa.update(decisions).where(decisions.c.id == decision).values(conditions=asdict(conditions))
        )

    async def correct(self, correction: Correction) -> None:
        """Adds a correction of a decision, or the decision that takes its place."""
        await self._link.run(sa.insert(corrections).values(plain(correction)))

    async def get_decision(self, decision: str, *, lock: bool = False) -> Decision:
        """Returns a decision with its commitments and corrections; with `lock` no other unit of work locks it
        meanwhile. Raises NotFound."""
        wanted = having(decisions.c.id).with_for_update(key_share=True) if lock else having(decisions.c.id)
        row = await self._link.one(wanted, "There is no such decision.", {"id": decision})
        return (await self._with_commitments([row]))[0]

    async def some_decisions(self, decisions_: Collection[str]) -> list[Decision]:
        """Returns these decisions, newest first; unknown ids are left out."""
        if not decisions_:
            return []
        return await self._with_commitments(
            await self._link.rows(_ALL.where(self._link.among(decisions.c.id, list(decisions_))))
        )

    async def list_decisions(
        self, commission: str | None = None, newest: int | None = None, *, recorded: bool = False
    ) -> list[Decision]:
        """Returns the decisions of a commission, or all, newest first; only so many where given, and with `recorded`
        only those that are in the record."""
        whole = commission is None
        wanted = _ALL if whole else _OF
        if recorded:
            wanted = wanted.where(decisions.c.entry.is_not(None))
        return await self._with_commitments(
            await self._link.rows(
                wanted if newest is None else wanted.limit(newest), None if whole else {"commission": commission}
            )
        )

    async def _with_commitments(self, rows: Sequence[Row]) -> list[Decision]:
        if not rows:
            return []
        by_decision: dict[str, list[Commitment]] = {row["id"]: [] for row in rows}
        promised = await self._link.rows(
            sa.select(commitments)
            .where(self._link.among(commitments.c.decision, list(by_decision)))
            .order_by(commitments.c.seq)
        )
        corrected = await self._corrections(list(by_decision))
        for one in await self._with_updates(promised, corrected):
            by_decision[one.decision].append(one)
        return await self._decisions(rows, by_decision, corrected)

    async def _decisions(
        self,
        rows: Sequence[Row],
        commitments_: Mapping[str, Sequence[Commitment]],
        corrected: Sequence[Correction] | None = None,
    ) -> list[Decision]:
        """Returns decisions in the order of the rows, with these commitments and corrections of theirs; without
        `corrected` their corrections are read."""
        if corrected is None:
            corrected = await self._corrections([row["id"] for row in rows]) if rows else []
        of: dict[str, list[Correction]] = {}
        replaces: dict[str, list[str]] = {}
        for correction in corrected:
            of.setdefault(correction.decision, []).append(correction)
            replaces.setdefault(correction.replaced_by or "", []).append(correction.decision)
        found = []
        for number, row in enumerate(rows, 1):
            more = {name: row[name] or [] for name in ("differences", "votes")} | {"told": row["told"] or {}}
            more |= {"corrections": of.get(row["id"], []), "replaces": replaces.get(row["id"], [])}
            found.append(made(row, Decision, commitments=commitments_.get(row["id"], ()), **more))
            if number % _PIECE == 0:
                await asyncio.sleep(0)
        return found

    async def _corrections(self, of: Sequence[str]) -> list[Correction]:
        """Returns the corrections of these decisions and those by which one of them took another's place, in the order
        in which they were made."""
        about = self._link.among(corrections.c.decision, of) | self._link.among(corrections.c.replaced_by, of)
        rows = await self._link.rows(sa.select(corrections).where(about).order_by(corrections.c.seq))
        return [made(row, Correction) for row in rows]

    async def _with_updates(self, rows: Sequence[Row], corrected: Sequence[Correction]) -> list[Commitment]:
        """Returns commitments with their updates, in the order of the rows; `corrected` are the corrections of their
        decisions."""
        if not rows:
            return []
        by_commitment: dict[str, list[Update]] = {row["id"]: [] for row in rows}
        told = await self._link.rows(
            _TOLD.where(self._link.among(updates.c.commitment, list(by_commitment))).order_by(updates.c.seq)
        )
        for number, row in enumerate(told, 1):
            if number % _PIECE == 0:
                await asyncio.sleep(0)
            by_commitment[row["commitment"]].append(made(row, Update, file=_file_of(row)))
        replaced = {one.decision: one.at for one in corrected if one.replaced_by}
        found = []
        for number, row in enumerate(rows, 1):
            at = replaced.get(row["decision"], "")
            found.append(made(row, Commitment, updates=by_commitment[row["id"]], replaced_at=at))
            if number % _PIECE == 0:
                await asyncio.sleep(0)
        return found


def _file_of(row: Row) -> UpdateFile | None:
    """Returns the file of the update in a row, None where it has none."""
    if row["file_media"] is None:
        return None
    return UpdateFile(row["id"], row["commitment"], *(row[f"file_{name}"] for name in _OF_FILES))
