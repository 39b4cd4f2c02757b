"""Moves of commissions between stages, answers to the questions of a stage, and closings."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area, having, made, plain
from forum.store.tables import closing as closings
from forum.store.tables import stage_move as moves
from forum.store.tables import stage_note as notes
from forum.voting.stage import Closing, StageMove, StageNote

_MOVES = having(moves.c.commission).order_by(moves.c.seq)
_NOTES = having(notes.c.commission).order_by(notes.c.seq)
_CLOSINGS = having(closings.c.commission).order_by(closings.c.seq)


class SqlStages(Area):
    """The database's stages. The contract is ports.commissions.Stages."""

    async def add_move(self, move: StageMove) -> None:
        """Adds a move."""
        await self._link.run(sa.insert(moves).values(plain(move)))

    async def moves(self, commission: str) -> list[StageMove]:
        """Returns the moves of a commission, oldest first."""
        return [made(row, StageMove) for row in await self._link.rows(_MOVES, {"commission": commission})]

    async def add_note(self, note: StageNote) -> None:
        """Adds an answer to a question of a stage."""
        await self._link.run(sa.insert(notes).values(plain(note)))

    async def notes(self, commission: str) -> list[StageNote]:
        """Returns the answers to the questions of a commission's stages, oldest first."""
        return [made(row, StageNote) for row in await self._link.rows(_NOTES, {"commission": commission})]

    async def add_closing(self, closing: Closing) -> None:
        """Adds the closing of a commission."""
        await self._link.run(sa.insert(closings).values(plain(closing)))

    async def save_closing(self, closing: Closing) -> None:
        """Writes a changed closing. Raises NotFound."""
        wanted = sa.update(closings).where(closings.c.id == closing.id).values(plain(closing))
        await self._link.change(wanted, "There is no such closing.")

    async def closings(self, commission: str) -> list[Closing]:
        """Returns the closings of a commission, oldest first."""
        return [made(row, Closing) for row in await self._link.rows(_CLOSINGS, {"commission": commission})]
