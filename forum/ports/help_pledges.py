"""Pledges of help, apart from everything that tells who was in a session."""

from __future__ import annotations

from typing import Protocol

from forum.voting.help_pledge import HelpPledge, HelpState


class HelpPledges(Protocol):
    """Pledges of help. Lists are in the order of the random ids, which tells nothing."""

    async def add_help_pledge(self, pledge: HelpPledge) -> bool:
        """Adds a pledge. Returns False where another has its key."""

    async def help_pledge(self, pledge: str, *, lock: bool = False) -> HelpPledge:
        """Returns a pledge by its id; `lock` holds it until this unit of work ends. Raises NotFound."""

    async def help_pledge_by_key(self, key: str) -> HelpPledge:
        """Returns the pledge whose private link has this digest. Raises NotFound."""

    async def save_help_pledge(self, pledge: HelpPledge) -> None:
        """Saves the state, the words and the entry of a pledge that is there. Raises NotFound."""

    async def list_help_pledges(
        self, state: HelpState, commission: str | None = None, most: int | None = None
    ) -> list[HelpPledge]:
        """Returns the pledges in a state, of a commission or of all, in the order of their ids; at most so many."""

    async def count_help_pledges(self, state: HelpState, commission: str | None = None) -> int:
        """Returns how many pledges are in a state, of a commission or of all."""
