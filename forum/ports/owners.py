"""Links of the owners of commitments, and the addresses that these are mailed to.

A link opens the page on which its owner says what became of one commitment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from forum.ports.mail import MailState


class OwnerLink(msgspec.Struct, frozen=True):
    """A link of a commitment's owner. `key` is the digest of its key; `revoked_at` is "" while it works."""

    id: str
    commitment: str
    key: str
    made_at: str
    revoked_at: str = ""


@dataclass(frozen=True)
class OwnerMail:
    """An address that gets the link of a commitment's owner, and reminders; at most one for each commitment.

    "asked": the mail with the link is still to be sent. "confirmed": it was sent, and reminders follow. "refused": a
    mail server took none for good, and `address` is empty. `written_at` is when it was given, and then when the last
    mail went to it. `told` are the reminders that were sent, each as a word of
    services/mail/owner_desk.py. `link` is the digest of the link that was mailed last, "" before. `key` is part of the
    links to stop in its mails and can do nothing else.
    """

    id: str
    commitment: str
    address: str
    key: str
    state: MailState
    reminders: bool
    written_at: str
    not_before: str
    told: str = ""
    link: str = ""
    tries: int = 0


class Owners(Protocol):
    """Owners' links, and the addresses that they are mailed to."""

    async def add_owner_link(self, link: OwnerLink) -> None:
        """Adds a link, whose key no other has."""

    async def owner_link(self, key: str) -> OwnerLink:
        """Returns the link with this digest, whether it works or not. Raises NotFound."""

    async def working_owner_link(self, commitment: str) -> OwnerLink | None:
        """Returns the link of a commitment's owner that works, or None."""

    async def revoke_owner_links(self, commitment: str, at: str) -> int:
        """Makes the working links of a commitment stop; returns how many there were."""

    async def put_owner_mail(self, mail: OwnerMail) -> None:
        """Stores an address, in the place of any that its commitment has."""

    async def owner_mail(self, commitment: str) -> OwnerMail | None:
        """Returns the address of a commitment's owner, or None."""

    async def owner_mail_by_key(self, key: str) -> OwnerMail:
        """Returns the address whose mails hold this key. Raises NotFound."""

    async def due_owner_mails(self, at: str) -> list[OwnerMail]:
        """Returns the addresses to be looked at now, the longest waiting first."""

    async def save_owner_mail(self, mail: OwnerMail, before: OwnerMail) -> bool:
        """Stores a changed address. Returns False, and stores nothing, where it is gone or its state is not that of
        `before`."""

    async def erase_owner_mail(self, commitment: str) -> bool:
        """Deletes the address of a commitment's owner. Returns True where one was deleted."""

    async def erase_owner_mails_at(self, address: str) -> int:
        """Deletes every such address that is this one, whatever its case; returns how many there were."""
