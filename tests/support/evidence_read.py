"""Reading of a piece of evidence, as a moderator does before acting on it."""

from __future__ import annotations

from forum.ports import Store
from forum.services.stories import evidence


async def read_piece(store: Store, item: str) -> str:
    """Returns the fingerprint of a piece of evidence as it is now."""
    async with store.read() as work:
        return await evidence.fingerprint(work, await work.evidence.get_evidence(item))
