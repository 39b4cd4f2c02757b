"""The link of a commitment's owner: made or mailed, replaced and switched off by a commissioner; it needs no account.

Only a digest of its key is kept. Whoever has the link can say what became of that one commitment, and nothing else. It
stops where the commitment is handed on.
"""

from __future__ import annotations

import secrets

import msgspec

from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.ports.mail import MailState
from forum.ports.owners import OwnerLink, OwnerMail
from forum.services import commitments, permissions, scrub
from forum.services.commitments import Promise, UpdateForm
from forum.services.keys import digest, is_key, new_key
from forum.services.mail import owner_addresses
from forum.services.mail.addresses import checked
from forum.services.sent_before import changed, unchanged
from forum.services.update_files import SentFile
from forum.voting.commitment import Giver, Update, is_open

REVOKED = (
    "This link was switched off, so nothing was published. Ask whoever gave it to you for a new one, and copy what you "
    "wrote from here."
)

_MAIL_ANOTHER = message("Send it once more to mail another link; the first one stops then.")


class Owned(msgspec.Struct, frozen=True):
    """A commitment as its owner's link opens it; `works` is False where the link was switched off."""

    promise: Promise
    works: bool


async def make(store: Store, clock: Clock, person: Person, commitment: str, new: str) -> OwnerLink:
    """Gives the owner of a commitment a link, in the place of any that there is, and returns it.

    `new` is a key made by `keys.new_key` when the page was shown, so that the same form sent twice makes one link.
    Raises NotAllowed, NotFound, and BadInput(field="new") for a `new` that is no key or is in use elsewhere.
    """
    async with store.begin() as work:
        await _may(work, person, commitment)
        await work.decisions.get_commitment(commitment, lock=True)
        there = await _link_of(work, new) if is_key(new) else None
        if there is not None and (there.commitment, there.revoked_at) == (commitment, ""):
            return there
        if not is_key(new) or there is not None:
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        await owner_addresses.end_links(work, commitment, clock.now())
        link = OwnerLink(secrets.token_hex(16), commitment, digest(new), clock.now())
        await work.owners.add_owner_link(link)
        return link


async def revoke(store: Store, clock: Clock, person: Person, commitment: str) -> None:
    """Switches the link of a commitment's owner off; does nothing where none works. Raises NotAllowed, NotFound."""
    async with store.begin() as work:
        await _may(work, person, commitment)
        await work.decisions.get_commitment(commitment, lock=True)
        await owner_addresses.end_links(work, commitment, clock.now())
    await scrub.scrub(store)


async def mail(
    store: Store, clock: Clock, person: Person, commitment: str, new: str, address: str, *, reminders: bool
) -> None:
    """Has a link mailed to the owner of a commitment (`mail/owner_desk.py`), in the place of any that there is.

    With `reminders` more letters follow. `new` is as in `make`: the same form sent twice mails one link. Raises
    NotAllowed, NotFound, BadInput(field="address"), SentBefore where it says something else by now or a mail server
    refused its address, and IllegalMove where there is nothing to be done any more.
    """
    address = checked(address)
    async with store.begin() as work:
        await _may(work, person, commitment)
        standing = await work.decisions.get_commitment(commitment, lock=True)
        there, id_ = await work.owners.owner_mail(commitment), digest(new)[:32]
        if there is not None and there.id == id_:
            # None is left where a mail server took none: nobody can tell whether it is another one now.
            if not there.address:
                raise changed(_MAIL_ANOTHER)
            unchanged(there, _MAIL_ANOTHER, address=address, reminders=reminders)
            return
        if not is_open(standing):
            raise IllegalMove("It is done, or given up: nobody has to be reminded of it.")
        now = clock.now()
        await owner_addresses.end_links(work, commitment, now)
        await work.owners.put_owner_mail(
            OwnerMail(id_, commitment, address, new_key(), MailState.ASKED, reminders, now, now)
        )


async def forget_address(store: Store, clock: Clock, person: Person, commitment: str) -> None:
    """Erases the address of a commitment's owner: no more reminders go out, and their link still works. Raises
    NotAllowed."""
    async with store.begin() as work:
        await _may(work, person, commitment)
        await owner_addresses.forget_address(work, commitment, clock.now())
    await scrub.scrub(store)


async def owned(work: Work, key: str) -> Owned:
    """Returns the commitment that a link with this key is for, also where it was switched off. Raises NotFound."""
    link = await work.owners.owner_link(digest(key))
    return Owned(await commitments.promise_of(work, link.commitment), not link.revoked_at)


async def update(store: Store, clock: Clock, key: str, form: UpdateForm, file: SentFile | None = None) -> Update:
    """Adds an update as the owner's, with the `file` beside it, and returns it; the same form sent twice is one.

    Raises NotFound for an unknown key, IllegalMove (REVOKED) where the link was switched off, and as
    commitments.update does.
    """
    async with store.begin() as work:
        link = await work.owners.owner_link(digest(key))
        # The commitment first: whoever switches the link off holds it, so that the update is before or after that.
        standing = await work.decisions.get_commitment(link.commitment, lock=True)
        # Sent twice, a form that hands the commitment on comes again when its link has stopped.
        known = any(one.id == form.id for one in standing.updates)
        if not known and (await work.owners.owner_link(digest(key))).revoked_at:
            raise IllegalMove(REVOKED)
        return await commitments.add(work, clock, link.commitment, form, Giver.OWNER, file)


async def _link_of(work: Work, key: str) -> OwnerLink | None:
    try:
        return await work.owners.owner_link(digest(key))
    except NotFound:
        return None


async def _may(work: Work, person: Person, commitment: str) -> None:
    if await commitments.commission_of(work, commitment) not in permissions.reach(person, "decide"):
        raise NotAllowed("Only a commissioner can give the owner of a promise a link.")
