"""Links of the owners of commitments: each opens the page on which its owner says what became of one commitment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class OwnerLink:
    """A link of a commitment's owner. `key` is the digest of its key; `revoked_at` is "" while it works."""

    id: str
    commitment: str
    key: str
    made_at: str
    revoked_at: str = ""


class Owners(Protocol):
    """Owners' links."""

    async def add_owner_link(self, link: OwnerLink) -> None:
        """Adds a link, whose key no other has."""

    async def owner_link(self, key: str) -> OwnerLink:
        """Returns the link with this digest, whether it works or not. Raises NotFound."""

    async def working_owner_link(self, commitment: str) -> OwnerLink | None:
        """Returns the link of a commitment's owner that works, or None."""

    async def revoke_owner_links(self, commitment: str, at: str) -> int:
        """Makes the working links of a commitment stop; returns how many there were."""
