"""Dress rehearsals that this server plays: their rows, and whoever plays them."""

from __future__ import annotations

from typing import Protocol

from forum.sessions.rehearsal import Progress, Rehearsal, RehearsalForm


class RehearsalRows(Protocol):
    """Rehearsals of live sessions, one row for each copy that was played."""

    async def add_rehearsal(self, rehearsal: Rehearsal) -> None:
        """Adds a rehearsal whose copy is there already."""

    async def rehearsal_in(self, session: str) -> Rehearsal | None:
        """Returns the rehearsal that is played in this copy; None for a session that is no copy."""

    async def rehearsals_of(self, session: str, most: int) -> list[Rehearsal]:
        """Returns the newest rehearsals of a session, newest first."""

    async def running_rehearsals(self) -> list[Rehearsal]:
        """Returns the rehearsals that have not ended."""

    async def save_rehearsal(self, rehearsal: Rehearsal) -> None:
        """Writes a changed rehearsal."""


class Rehearsing(Protocol):
    """Plays rehearsals on this server, one at a time."""

    async def running(self) -> Rehearsal | None:
        """Returns the rehearsal that is played now, on this server or another one of its database."""

    async def progress(self, session: str) -> Progress | None:
        """Returns how far the rehearsal in this copy is; None where it is not played now."""

    async def start(self, session: str, form: RehearsalForm) -> Rehearsal:
        """Makes a copy of a session, sends made-up people into it, and returns at once.

        Raises FormErrors, NotFound; IllegalMove where another one is played, or there is nothing to play.
        """

    async def stop(self, session: str) -> None:
        """Stops the rehearsal in this copy, and returns when its report is written; does nothing after its end."""

    async def recover(self) -> None:
        """Ends the rehearsals that were being played when the server went down. Call it before any is started."""
