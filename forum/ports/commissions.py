"""Commissions as services keep them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from forum.voting.commission import Commission


class Commissions(Protocol):
    """Commissions with their groups and support lines."""

    async def add_commission(self, commission: Commission) -> None: ...
    async def get_commission(self, commission: str) -> Commission: ...
    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """The titles of those of them that there are, by id."""
        ...

    async def list_commissions(self) -> list[Commission]:
        """Newest first."""
