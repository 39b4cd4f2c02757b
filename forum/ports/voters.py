"""Browsers that voted in a session that is over, so that they can be asked whether they were understood."""

from __future__ import annotations

from typing import Protocol

from forum.voting.check_back import Voter


class Voters(Protocol):
    """Marks of the browsers that voted, by session. No mark leads to a participant or a ballot."""

    async def remember_voters(self, session: str, threshold: int, at: str) -> None:
        """Keeps a mark of every browser that voted in a session, in the place of those kept before: in votes that are
        decided on, and stand. A browser's group is kept with it where at least `threshold` of those who voted are of
        it. Changes nothing once the session's devices are forgotten."""

    async def voter(self, session: str, device: str) -> Voter | None:
        """Returns this device (a SHA-256) as one that voted in a session, or None."""

    async def count_voters(self, session: str) -> int:
        """Returns how many marks are kept of a session."""

    async def voted_with(self, device: str) -> list[Voter]:
        """Returns what is kept of this device (a SHA-256), one for each session."""

    async def forget_voter(self, device: str) -> int:
        """Deletes the marks of this device (a SHA-256); returns how many there were."""
