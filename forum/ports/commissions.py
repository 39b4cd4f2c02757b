"""Commissions: storing and listing them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from forum.sessions.session import LiveSession
from forum.voting.commission import Commission, CommissionVersion
from forum.voting.stage import Closing, StageMove, StageNote


class Commissions(Protocol):
    """Commissions with their groups and support lines."""

    async def add_commission(self, commission: Commission) -> None:
        """Adds a commission; one that is no draft with its first version, which no entry tells of."""

    async def get_commission(self, commission: str, *, lock: bool = False, draft: bool = False) -> Commission:
        """Returns a commission with its newest terms; a draft only with `draft`. `lock` makes other units that lock it
        wait until this one ends. Raises NotFound.
        """

    async def of_session(self, session: LiveSession, *, lock: bool = False) -> Commission:
        """Returns the commission of a session with the terms and the stage that the session was made under. `lock` as
        in `get_commission`. Raises NotFound.
        """

    async def save_commission(self, commission: Commission) -> None:
        """Writes a changed commission, of which no terms were changed unless it is a draft. Raises NotFound."""

    async def add_version(self, version: CommissionVersion) -> None:
        """Adds a version, the newest from now on, and writes the commission with its terms."""

    async def versions(self, commission: str) -> list[CommissionVersion]:
        """Returns the versions of a commission, oldest first."""

    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """Returns the titles of these commissions by id; unknown ids are left out."""

    async def some_commissions(self, commissions: Collection[str]) -> list[Commission]:
        """Returns these commissions with their newest terms, newest first; unknown ids and drafts are left out."""

    async def newest_commissions(self, most: int) -> list[Commission]:
        """Returns the newest commissions with their newest terms, newest first; without drafts and rehearsals."""

    async def list_commissions(self, *, drafts: bool = False) -> list[Commission]:
        """Returns all commissions with their newest terms, newest first; drafts only with `drafts`."""


class Stages(Protocol):
    """Moves of commissions between stages, answers to the questions of a stage, and closings."""

    async def add_move(self, move: StageMove) -> None:
        """Adds a move."""

    async def moves(self, commission: str) -> list[StageMove]:
        """Returns the moves of a commission, oldest first."""

    async def add_note(self, note: StageNote) -> None:
        """Adds an answer to a question of a stage."""

    async def notes(self, commission: str) -> list[StageNote]:
        """Returns the answers to the questions of a commission's stages, oldest first."""

    async def add_closing(self, closing: Closing) -> None:
        """Adds the closing of a commission."""

    async def save_closing(self, closing: Closing) -> None:
        """Writes a changed closing. Raises NotFound."""

    async def closings(self, commission: str) -> list[Closing]:
        """Returns the closings of a commission, oldest first."""
