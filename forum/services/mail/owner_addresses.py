"""The end of an owner's link: it stops, and the address that it was mailed to is erased with it."""

from __future__ import annotations

from forum.ports import Work
from forum.services import scrub


async def end_links(work: Work, commitment: str, at: str) -> None:
    """Makes the links of a commitment's owner stop, and erases the address that they were mailed to."""
    await work.owners.revoke_owner_links(commitment, at)
    await forget_address(work, commitment, at)


async def forget_address(work: Work, commitment: str, at: str) -> None:
    """Erases the address of a commitment's owner; a link that was mailed to it still works."""
    if await work.owners.erase_owner_mail(commitment):
        await scrub.to_do(work, at)
