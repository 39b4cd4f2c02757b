"""Commissions: storing and listing them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from forum.voting.commission import Commission


class Commissions(Protocol):
    """Commissions with their groups and support lines."""

    async def add_commission(self, commission: Commission) -> None:
        """Adds a commission."""

    async def get_commission(self, commission: str, *, lock: bool = False) -> Commission:
        """Returns a commission. `lock` makes other units that lock it wait until this one ends. Raises NotFound."""

    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """Returns the titles of these commissions by id; unknown ids are left out."""

    async def list_commissions(self) -> list[Commission]:
        """Returns all commissions, newest first."""
